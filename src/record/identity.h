/* Identity: a 128-bit name of a record's content that outlives files and runs.
 *
 * Version 1: XXH3-128 over the example kind, then for every part in order its role, kind, answer,
 * presence and text as read (lengths first, so nothing runs together), then labels and scores as
 * read. Key order, spacing and unknown fields do not count; the layout does not either, so the same
 * conversation as sharegpt and as messages has the same id. For map: and text layouts alike. A
 * record without any part (unreadable) is named by its raw bytes. */
#ifndef TM_RECORD_IDENTITY_H
#define TM_RECORD_IDENTITY_H

#include "record/batch.h"
#include "record/layout.h"

#define TM_IDENTITY_VERSION 1

/* Computes batch->id[r] at first use. False when memory is exhausted. */
bool tm_record_id(tm_batch *b, const tm_layout_set *layouts, uint32_t record, tm_id *out);

#endif
