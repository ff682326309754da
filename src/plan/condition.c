/* First form: only the words true and false. */
#include "plan/condition.h"

tm_status tm_condition_known(tm_str text, const tm_expr_env *env, tm_truth_known *out, tm_err *err)
{
    TM_UNUSED(env);
    TM_UNUSED(err);
    tm_str bare = tm_str_trim(text);
    *out = tm_str_is(bare, "true")    ? TM_ALWAYS_TRUE
           : tm_str_is(bare, "false") ? TM_NEVER_TRUE
                                      : TM_DEPENDS;
    return TM_OK;
}
