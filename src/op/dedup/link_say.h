/* What the linker and the end of a chain have in common: how a record travels, how alike two are,
 * and what is said of them. */
#ifndef TM_OP_DEDUP_LINK_SAY_H
#define TM_OP_DEDUP_LINK_SAY_H

#include "op/dedup/link.h"
#include "op/dedup/link_table.h"

/* The record of a fact (tm_link_fact); its set lies in `set`, aligned. */
tm_status tm_link_fact_read(const tm_fact *f, tm_buf *set, tm_link_set *out, tm_err *err);
/* -1 when they are not of one kind, or cannot reach `least`. */
double tm_link_similarity(const tm_link_rules *rules, const tm_link_set *a, const tm_link_set *b,
                          double least);
/* Whether the scope lets a record of this rank be merged into one of rank `into`; of references
 * (rank 0) only each other's: it gives them a common cluster. */
bool tm_link_may_merge(const tm_link_rules *rules, uint32_t into, uint32_t rank);

tm_decision tm_link_merge(const tm_link_rules *rules, const tm_step_view *step, tm_rid rid,
                          tm_rid into, double value);
/* Says that, of a record of the stream; one of a reference (rank 0) only shares the cluster. */
tm_status tm_link_say(const tm_decision *merge, uint32_t rank, tm_decisions *out, tm_err *err);
/* A record that is kept without having been compared with all that it could be near to. Said when
 * it is certain that it is kept, for a record has one decision. cluster: its name, or NULL. */
tm_status tm_link_limited(const tm_link_rules *rules, const tm_step_view *step, tm_rid rid,
                          uint32_t rank, const tm_rid *cluster, tm_decisions *out, tm_err *err);

#endif
