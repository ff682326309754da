/* tm_sorter: facts in, facts out sorted by (key, order, rid, data), within a memory budget.
 *
 *   tm_sorter_new, tm_sorter_add*, tm_sorter_finish, tm_sorter_next*, tm_sorter_free
 *
 * One owner at a time. What the order is does not depend on the budget, on the order of adding, or
 * on who added: comparison covers the whole fact. */
#ifndef TM_FLOW_SORTER_H
#define TM_FLOW_SORTER_H

#include "base/spill.h"
#include "flow/lean.h"

typedef struct tm_sorter tm_sorter;
TM_MUST_USE tm_sorter *tm_sorter_new(tm_spill *spill, uint64_t budget_bytes); /* NULL: memory */
tm_status tm_sorter_add(tm_sorter *s, const tm_fact *fact, tm_err *err);
/* The same as tm_sorter_add of the tm_lean_fact of each of n, without a frame in between. */
tm_status tm_sorter_add_lean(tm_sorter *s, const tm_lean *lean, size_t n, tm_err *err);
/* From now on it takes no more memory than that; what is above it is spilled. */
tm_status tm_sorter_limit(tm_sorter *s, uint64_t budget_bytes, tm_err *err);
tm_status tm_sorter_finish(tm_sorter *s, tm_err *err);
/* The same, with all of it in one file: then it holds no more than a chunk of that. */
tm_status tm_sorter_finish_on_disk(tm_sorter *s, tm_err *err);
/* Slices live until the next call. *more = false at the end. */
tm_status tm_sorter_next(tm_sorter *s, tm_fact *out, bool *more, tm_err *err);
/* After finish: facts whose key no other has may be left out. Only saves time; those that come all
 * the same are the caller's to skip. */
void tm_sorter_leave_out_single(tm_sorter *s);
/* Some of its facts are of a long record, so merging them takes a lot. */
bool tm_sorter_is_long(const tm_sorter *s);
uint64_t tm_sorter_count(const tm_sorter *s);
void tm_sorter_free(tm_sorter *s);

#endif
