/* The keys of values are their order (tm_evalue_key): equal values have equal keys, and all that is
 * unknown has one. */
#include "op/dedup/within.h"

tm_status tm_within_compile(tm_prep *prep, const tm_texts *fields, const tm_texts *against,
                            tm_exprs *out, tm_err *err)
{
    tm_expr_env env = prep->env;
    env.used = TM_NEW(prep->mem, uint8_t, env.signals + 1);
    if (!env.used) return tm_fail_memory(err, "within", env.signals);
    TM_TRY(tm_exprs_compile(prep->mem, fields, &env, out, err));
    for (uint32_t i = 0; i < env.signals; i++) {
        if (!env.used[i]) continue;
        if (prep->env.used) prep->env.used[i] = 1;
        if (!against->count) continue;
        tm_exprs_release(out);
        out->count = 0;
        return tm_fail(err, TM_ERECIPE,
                       "within: names the signal %s, which the records of against: do not have",
                       env.name[i]);
    }
    return TM_OK;
}

tm_status tm_within_hash(const tm_exprs *within, const tm_evalue *value, const tm_batch *b,
                         uint32_t r, tm_buf *scratch, uint64_t *hash, tm_err *err)
{
    *hash = 0;
    for (uint32_t i = 0; i < within->count; i++) {
        tm_buf_clear(scratch);
        tm_evalue_key(&value[(size_t)i * b->records + r], scratch);
        TM_TRY(tm_buf_ok(scratch, err));
        *hash = tm_hash64(scratch->p, scratch->n, *hash + 1);
    }
    return TM_OK;
}
