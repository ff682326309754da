/* Identity: a 128-bit name of a record's content that outlives files and runs.
 *
 * Version 2: XXH3-128 over the example kind, then for every part in order its role, kind, answer,
 * presence, text as read and, of a call, the name of the function (lengths first, so nothing runs
 * together), then labels and scores as read. (Version 1 had no names: records without calls have
 * the same id in both.) Key order, spacing and unknown fields do not count; the layout does not
 * either, so the same conversation as sharegpt and as messages has the same id. For map: and text
 * layouts alike. A record without any part (it is unreadable, or fits no layout where none is asked
 * for) is named by its raw bytes. */
#ifndef TM_RECORD_IDENTITY_H
#define TM_RECORD_IDENTITY_H

#include "record/batch.h"
#include "record/layout.h"

#define TM_IDENTITY_VERSION 2

/* Computes batch->id[r] at first use. False when memory is exhausted. */
bool tm_record_id(tm_batch *b, const tm_layout_set *layouts, uint32_t record, tm_id *out);

#endif
