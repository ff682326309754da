/* tm_sweep: connected components of more records than fit into memory.
 *
 *   tm_sweep_new, tm_sweep_edge*, tm_sweep_solve, tm_sweep_free
 *
 * The answer is that of tm_components, which hands over to it. */
#ifndef TM_FLOW_SWEEP_H
#define TM_FLOW_SWEEP_H

#include "flow/queue.h"

enum { TM_SWEEP_QUEUES = 3 }; /* of its budget a share each; before it solves, it takes one */
typedef struct tm_sweep tm_sweep;
TM_MUST_USE tm_sweep *tm_sweep_new(tm_spill *spill, uint64_t budget_bytes); /* NULL: memory */
/* An edge of a record to itself: it is one of the records, and maybe alone. */
tm_status tm_sweep_edge(tm_sweep *s, tm_rid a, tm_rid b, tm_err *err);
/* Calls tell for every record that has an edge, by rid, with the lowest of its component. */
tm_status tm_sweep_solve(tm_sweep *s,
                         tm_status (*tell)(void *arg, tm_rid rid, tm_rid lowest, tm_err *err),
                         void *arg, tm_err *err);
void tm_sweep_free(tm_sweep *s);

#endif
