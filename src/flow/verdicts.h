/* tm_verdicts: the decisions of one round, sorted by rid, looked up block by block.
 *
 *   tm_verdicts_begin, tm_verdicts_add* (any thread), tm_verdicts_finish   then
 *   tm_verdicts_range (any thread)                                         the decisions of a block
 *
 * A finished store lies in one file (sorted rows, checked by a digest in its head) with a sparse
 * index in memory; small ones are kept in memory whole. A file left by an earlier attempt at the
 * same plan is opened instead of being made again: that is what resuming is. */
#ifndef TM_FLOW_VERDICTS_H
#define TM_FLOW_VERDICTS_H

#include "flow/sorter.h"

typedef struct tm_verdicts tm_verdicts;

TM_MUST_USE tm_verdicts *tm_verdicts_begin(tm_spill *spill,
                                           uint64_t budget_bytes); /* NULL: memory */
tm_status tm_verdicts_add(tm_verdicts *v, const tm_decisions *decisions, tm_err *err);
/* From now on what is added of a record that something was decided of gives that one its `other`
 * (tm_round.adds). Of no thread that adds. */
void tm_verdicts_turn(tm_verdicts *v);
/* Sorts and writes to path. lasts: it outlives the process, so it is made sure of. told (may be
 * empty): fold state or head cut-off kept with it. */
tm_status tm_verdicts_finish(tm_verdicts *v, const char *path, bool lasts, tm_str told,
                             tm_err *err);
/* Opens a finished file; TM_EINPUT when it is absent, cut or corrupt. */
tm_status tm_verdicts_open(tm_verdicts **out, const char *path, tm_err *err);
/* Those of one stretch of the data, given by somebody else's exchange: framed rows, sorted by rid
 * and then by all their bytes. TM_EINPUT when they are not. */
tm_status tm_verdicts_take(tm_verdicts **out, tm_str rows, tm_str told, tm_err *err);
/* Rows of two turns, each as above, become those of one. */
tm_status tm_verdicts_join(tm_str first, tm_str second, tm_buf *out, tm_err *err);
tm_str tm_verdicts_told(const tm_verdicts *v);
uint64_t tm_verdicts_count(const tm_verdicts *v);

typedef struct tm_verdict_range { /* one worker's lookup; reused */
    tm_buf bytes;
    tm_decision *list;
    uint32_t count, room;
} tm_verdict_range;
/* All decisions with from.place <= place <= to.place, in rid order. */
tm_status tm_verdicts_range(const tm_verdicts *v, uint64_t from_place, uint64_t to_place,
                            tm_verdict_range *out, tm_err *err);
/* The decision for rid, or NULL. */
const tm_decision *tm_verdict_of(const tm_verdict_range *range, tm_rid rid);
/* Whether anything is decided about a record read at `place` or a child of it. */
bool tm_verdict_touches(const tm_verdict_range *range, uint64_t place);
void tm_verdict_range_release(tm_verdict_range *range);
void tm_verdicts_free(tm_verdicts *v);

#endif
