/* tm_exchange: brings facts with one key together. The local form of the seam's shuffle.
 *
 * Any worker adds facts; tm_exchange_reduce then hands every group, sorted, to the reducer, several
 * partitions at a time. A tm_shuffle can stand in its place (tests put a hostile one there: other
 * processes, shuffled, re-partitioned), because reducers may rely on nothing but the order inside a
 * group. */
#ifndef TM_FLOW_EXCHANGE_H
#define TM_FLOW_EXCHANGE_H

#include "flow/sorter.h"

typedef struct tm_exchange tm_exchange;

typedef struct tm_reducer {
    tm_status (*reduce)(const tm_step_view *step, tm_group *group, tm_facts *next,
                        tm_decisions *out, tm_err *err);
    const tm_step_view *step;
    bool pairs_only; /* groups of one fact are not shown to reduce */
    /* Takes what one partition made; called by several threads at once. */
    tm_status (*take)(void *arg, tm_facts *next, tm_decisions *out, tm_err *err);
    void *arg;
} tm_reducer;

TM_MUST_USE tm_exchange *tm_exchange_new(tm_spill *spill, uint64_t budget_bytes); /* NULL: memory */
tm_status tm_exchange_add(tm_exchange *x, const tm_facts *facts, tm_err *err);    /* any thread */
/* From now on it takes no more memory than that; what is above it is spilled. */
tm_status tm_exchange_limit(tm_exchange *x, uint64_t budget_bytes, tm_err *err);
tm_status tm_exchange_reduce(tm_exchange *x, unsigned threads, const tm_reducer *reducer,
                             tm_err *err);
/* All facts, in any order, into `sink`; for exchanges that run elsewhere. The exchange is then
 * empty, and takes no more (nor does one that was reduced). */
tm_status tm_exchange_drain(tm_exchange *x,
                            tm_status (*sink)(void *arg, const tm_fact *f, tm_err *err), void *arg,
                            tm_err *err);
uint64_t tm_exchange_count(tm_exchange *x);
void tm_exchange_free(tm_exchange *x);

/* Streams the groups of sorted facts into a reducer; `pull` gives the facts. Pure: what a cluster's
 * reduce task runs too. */
typedef tm_status (*tm_pull)(void *from, tm_fact *out, bool *more, tm_err *err);
tm_status tm_reduce_sorted(const tm_reducer *reducer, tm_pull pull, void *from, tm_err *err);

#endif
