/* tm_queue: a priority queue of pairs of rids that may be larger than memory.
 *
 *   tm_queue_new, tm_queue_put*, tm_queue_begin,
 *   tm_queue_put*, tm_queue_look* and tm_queue_drop* in any order, tm_queue_free
 *
 * The least pair (by key, then value) comes first; equal ones come as often as they were put. */
#ifndef TM_FLOW_QUEUE_H
#define TM_FLOW_QUEUE_H

#include "flow/sorter.h"

typedef struct tm_pair {
    tm_rid key, value;
} tm_pair;

typedef struct tm_queue tm_queue;
TM_MUST_USE tm_queue *tm_queue_new(tm_spill *spill, uint64_t budget_bytes); /* NULL: memory */
tm_status tm_queue_put(tm_queue *q, tm_rid key, tm_rid value, tm_err *err);
/* From now on the least may be looked at. */
tm_status tm_queue_begin(tm_queue *q, tm_err *err);
/* The least one, which stays; false: there is none. */
bool tm_queue_look(const tm_queue *q, tm_pair *out);
/* Takes that one away; there is one. */
tm_status tm_queue_drop(tm_queue *q, tm_err *err);
void tm_queue_free(tm_queue *q);

#endif
