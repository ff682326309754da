/* within: records are only compared with those for which these expressions have the same values. */
#ifndef TM_OP_DEDUP_WITHIN_H
#define TM_OP_DEDUP_WITHIN_H

#include "op/dedup/scope.h"
#include "op/exprs.h"
#include "op/op.h"

/* The parameters by which two records may not be compared: across, within, against. args.across is
 * a uint8_t, the others are tm_texts. */
#define TM_SCOPE_PARAMS                                                                           \
    {                                                                                             \
        .name = "across",                                                                         \
        .type = TM_P_CHOICE,                                                                      \
        .at = offsetof(args, across),                                                             \
        .choices = tm_across_names,                                                               \
        .fallback = "all",                                                                        \
        .help = "which records of the stream are compared with each other: all, those of "        \
                "different inputs (the earlier input wins), or none",                             \
    },                                                                                            \
        {                                                                                         \
            .name = "within",                                                                     \
            .type = TM_P_EXPRS,                                                                   \
            .at = offsetof(args, within),                                                         \
            .help =                                                                               \
                "only records whose values of these are equal are compared: a field, a signal, "  \
                "kind, label (those without a value with one another)",                           \
        },                                                                                        \
    {                                                                                             \
        .name = "against", .type = TM_P_TEXTS, .at = offsetof(args, against),                     \
        .flags = TM_P_REFERENCE,                                                                  \
        .help = "references whose records win over any other, of the first 64 of the recipe; as " \
                "an option, their files or run folders",                                          \
    }

/* Fails when a signal is named and references are compared with: they are measured by no step. */
tm_status tm_within_compile(tm_prep *prep, const tm_texts *fields, const tm_texts *against,
                            tm_exprs *out, tm_err *err);
/* A hash of the values of record r (tm_exprs_values), 0 where there is no expression. Two values
 * that differ have one by a chance of 2^-64. */
tm_status tm_within_hash(const tm_exprs *within, const tm_evalue *value, const tm_batch *b,
                         uint32_t r, tm_buf *scratch, uint64_t *hash, tm_err *err);

#endif
