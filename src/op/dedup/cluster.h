/* The signal `cluster`: the record that stands for this one, by its place as the ledger and explain
 * write it (PLACE, or PLACE/PATH of a child). Records of one cluster have one value, so a later
 * step can keep them together; one that nothing is like has none.
 *
 * Names hold among the records of one run (tm_signal.of_run). Records of references have them too,
 * so that an earlier split can bind the clusters of a new one. */
#ifndef TM_OP_DEDUP_CLUSTER_H
#define TM_OP_DEDUP_CLUSTER_H

#include "op/op.h"

/* Fills the column from the step's decisions, of every readable record. */
tm_status tm_cluster_names(tm_batch *b, uint32_t column, tm_err *err);

/* Decides that the record is of that cluster, and no more: one that stands for others (its own
 * name), one of a reference, one that the scope lets nobody merge. */
tm_status tm_cluster_join(const tm_step_view *step, tm_rid rid, tm_rid name, tm_decisions *out,
                          tm_err *err);
/* The same within a decision that says something else; `name` may be NULL. `lost`: which of the
 * record's fields its representative does not have so, bit by bit; 0: none. `data` has to live
 * until the decision is made. */
enum { TM_CLUSTER_DATA = sizeof(tm_rid) + sizeof(uint64_t) };
void tm_cluster_put(tm_decision *d, const tm_rid *name, uint64_t lost, char data[TM_CLUSTER_DATA]);
/* With keep: none who stands for others falls with them, but not one of a reference. */
bool tm_cluster_stays(uint32_t rank, bool none);
/* It falls: with the first that it stood for (whose decision this is), and as that one does. */
tm_status tm_cluster_fall(const tm_decision *second, tm_decisions *out, tm_err *err);
uint64_t tm_cluster_lost(const tm_decision *d);

#define TM_CLUSTER_SIGNAL                                                                       \
    {                                                                                           \
        .name = "cluster", .type = TM_WORD,                                                     \
        .help = "the place of the record that stands for this one and those like it, its own "  \
                "too; null when nothing is like it. With then: flag a split can keep clusters " \
                "on one side",                                                                  \
        .of_run = true,                                                                         \
    }

#endif
