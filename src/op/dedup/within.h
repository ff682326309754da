/* within: records are only compared with those for which these expressions have the same values. */
#ifndef TM_OP_DEDUP_WITHIN_H
#define TM_OP_DEDUP_WITHIN_H

#include "op/exprs.h"
#include "op/op.h"

#define TM_WITHIN_HELP                                                                           \
    "only records whose values of these are equal are compared: a field, a signal, kind, label " \
    "(those without a value with one another)"

/* Fails when a signal is named and references are compared with: they are measured by no step. */
tm_status tm_within_compile(tm_prep *prep, const tm_texts *fields, const tm_texts *against,
                            tm_exprs *out, tm_err *err);
/* A hash of the values of record r (tm_exprs_values), 0 where there is no expression. Two values
 * that differ have one by a chance of 2^-64. */
tm_status tm_within_hash(const tm_exprs *within, const tm_evalue *value, const tm_batch *b,
                         uint32_t r, tm_buf *scratch, uint64_t *hash, tm_err *err);

#endif
