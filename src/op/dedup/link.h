/* Links the near duplicates of one group: candidates that may stand for each other, in the order in
 * which they would be kept.
 *
 *   representative  a record is merged into an equal one kept so far, else into the first that it
 *                   reaches the threshold with; else it is kept itself. No merged record is below
 *                   the threshold with the one that stands for it, however long the group.
 *   chain           records that reach the threshold are linked; the first of each connected chain
 *                   is kept. Ends of a chain may differ widely; `value` says how much.
 *
 * Only pairs that share a band, or are equal, are compared: the answer for two records does not
 * depend on who else is in the group, but for who is kept. */
#ifndef TM_OP_DEDUP_LINK_H
#define TM_OP_DEDUP_LINK_H

#include "op/dedup/scope.h"
#include "op/minhash/grams.h"
#include "op/minhash/sketch.h"

enum { TM_MEASURE_JACCARD, TM_MEASURE_CONTAINMENT };
extern const char *const tm_measure_names[]; /* NULL-terminated */
enum { TM_LINK_REPRESENTATIVE, TM_LINK_CHAIN };
extern const char *const tm_link_names[]; /* NULL-terminated */

typedef struct tm_link_rules {
    tm_sketch sketch;
    tm_scope scope;
    double threshold;
    uint64_t compare_most; /* candidates of one band that a record is compared with at most */
    uint8_t measure, link, verdict;
    bool none;                   /* who stands for others falls with them */
    bool unlike;                 /* records of a chain are merged without being compared */
    uint16_t rule, rule_limited; /* codes: merged; kept, but not compared with all */
} tm_link_rules;

/* What a fact of a record carries: its order (rank, then the keep key), its set, and whether the
 * linker said of it that it was not compared with all. `set` is sorted (tm_grams_sort), or the
 * bytes of a text that is compared exactly. */
tm_status tm_link_fact(tm_str group, tm_str order, tm_rid rid, tm_gram_kind kind, tm_str set,
                       bool limited, tm_facts *out, tm_err *err);
/* A reducer: facts of one group in; out come the decisions or, of chains, their edges and who was
 * not compared with all. */
tm_status tm_link_group(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                        tm_facts *edges, tm_decisions *out, tm_err *err);
/* A reducer: facts of one chain in, decisions out (chain.c). */
tm_status tm_chain_group(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                         tm_decisions *out, tm_err *err);

#endif
