/* tm_components: connected components of records over edges between rids. The lowest rid of a
 * component names it, so the answer does not depend on the order of the edges. */
#ifndef TM_FLOW_COMPONENTS_H
#define TM_FLOW_COMPONENTS_H

#include "op/seam.h"

typedef struct tm_components tm_components;
/* NULL: memory. Of more records than the budget has room for, edges go to disk. */
TM_MUST_USE tm_components *tm_components_new(tm_spill *spill, uint64_t budget_bytes);
typedef struct tm_edge {
    tm_rid a, b;
} tm_edge;
/* Many at once: memory that one of them has to wait for is fetched for the others meanwhile. */
tm_status tm_components_edges(tm_components *c, const tm_edge *edge, size_t n, tm_err *err);
/* One decision a record that has an edge: `other` is its component's lowest rid (its own for that
 * one). Sticky into out; call take when it has grown. */
tm_status tm_components_decide(tm_components *c, uint16_t step,
                               tm_status (*take)(void *arg, tm_decisions *out, tm_err *err),
                               void *arg, tm_err *err);
void tm_components_free(tm_components *c);

#endif
