/* Rows of tables in a round that looks at nothing but texts: they are bound where they lie in the
 * arrays (record/row_model.h) and are not written as JSON.
 *
 * That is so in an observing pass whose round says it (tm_round.texts_only) when no step before it
 * has anything to look at, and for rows that are well: whatever is to be said about a row by the
 * reader, it says of the JSON, as ever. So findings, places and messages are the same. */
#ifndef TM_FLOW_TEXTS_H
#define TM_FLOW_TEXTS_H

#include "flow/engine.h"

#define TM_PICKED_TEXTS ((uint32_t)1 << 31) /* in worker->picked */

/* Before the rows of a block: are there such among them? */
tm_status tm_texts_begin(tm_worker *w, const tm_read_rules *rules, tm_err *err);
/* Whether the row of a span is one, and how long it were. */
tm_status tm_texts_look(tm_worker *w, uint32_t span, bool *is, tm_row_extent *extent, tm_err *err);
/* Adds it to the batch as read. */
tm_status tm_texts_add(tm_worker *w, uint32_t span, tm_err *err);
void tm_texts_release(tm_worker *w);

#endif
