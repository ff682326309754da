/* The head of an index: what its records were made of, said in each of them.
 *
 *   "tamis_rules":"2 by prompt,response turn 0"
 *
 * An index holds the chosen texts as one text and nothing of the others, so only a step that
 * chooses the same ones may be held against it: with others nothing would be found and nothing
 * would tell. Rules of n-grams and sketches are no part of it: an index holds whole texts, and keys
 * made with other rules are made anew (band_keys.h). It stands in every record and not in a first
 * one, because files are sorted, split, joined and sampled. */
#ifndef TM_OP_DEDUP_INDEX_HEAD_H
#define TM_OP_DEDUP_INDEX_HEAD_H

#include "op/chosen.h"
#include "op/op.h"

/* The field, behind what stands in *json of the record. */
void tm_index_head_write(const tm_choice *choice, tm_buf *json);
/* Fails when a record of the batch is of an index that was made by other rules than `step` has, or
 * that does not say by which; other records are passed over. */
tm_status tm_index_check(const tm_choice *choice, const char *step, const tm_batch *b, tm_err *err);
/* Fails when a record of the batch is of an index: `why` says what the step would need. */
tm_status tm_index_refuse(const tm_batch *b, const char *why, tm_err *err);

#endif
