/* What can be known of a condition without looking at any record: whether it may ever be true, and
 * whether it may ever be anything else. Used by lint; said only when it is certain. */
#ifndef TM_PLAN_CONDITION_H
#define TM_PLAN_CONDITION_H

#include "expr/expr.h"

typedef enum tm_truth_known {
    TM_DEPENDS, /* on the record, as far as can be seen */
    TM_ALWAYS_TRUE,
    TM_NEVER_TRUE /* false or unknown for every record */
} tm_truth_known;

/* TM_DEPENDS also when the text does not compile in `env`. Only memory can fail. */
tm_status tm_condition_known(tm_str text, const tm_expr_env *env, tm_truth_known *out, tm_err *err);

#endif
