/* Compiles in order and releases what was compiled when one fails; values lie column by column. */
#include "op/exprs.h"

tm_status tm_exprs_add(tm_arena *mem, tm_str text, const tm_expr_env *env, tm_exprs *out,
                       tm_err *err)
{
    if (out->count == TM_EXPRS_MAX)
        return tm_fail(err, TM_ERECIPE, "%d expressions at most", TM_EXPRS_MAX);
    TM_TRY(tm_expr_compile(mem, text, env, TM_E_ANY, &out->expr[out->count], err));
    out->count++;
    return TM_OK;
}

tm_status tm_exprs_compile(tm_arena *mem, const tm_texts *texts, const tm_expr_env *env,
                           tm_exprs *out, tm_err *err)
{
    tm_status status = TM_OK;
    for (uint32_t i = 0; status == TM_OK && i < texts->count; i++)
        status = tm_exprs_add(mem, tm_str_trim(texts->item[i]), env, out, err);
    if (status != TM_OK) {
        tm_exprs_release(out);
        out->count = 0;
    }
    return status;
}

void tm_exprs_release(const tm_exprs *e)
{
    for (uint32_t i = 0; i < e->count; i++) tm_expr_release(e->expr[i]);
}

tm_status tm_exprs_begin(const tm_exprs *e, tm_exprs_scratch *s, tm_err *err)
{
    for (; s->count < e->count; s->count++) {
        s->expr[s->count] = tm_expr_scratch_new(e->expr[s->count]);
        if (!s->expr[s->count]) return tm_fail_memory(err, "an expression", 0);
    }
    return TM_OK;
}

void tm_exprs_end(tm_exprs_scratch *s)
{
    for (uint32_t i = 0; i < s->count; i++) tm_expr_scratch_free(s->expr[i]);
    s->count = 0;
}

tm_status tm_exprs_values(const tm_exprs *e, tm_exprs_scratch *s, tm_batch *b, tm_evalue **values,
                          tm_err *err)
{
    *values = TM_NEW(b->mem, tm_evalue, (size_t)e->count * b->records + 1);
    if (!*values) return tm_fail_memory(err, "values", b->records);
    for (uint32_t i = 0; i < e->count; i++)
        TM_TRY(tm_expr_values(e->expr[i], s->expr[i], b, *values + (size_t)i * b->records, err));
    return TM_OK;
}

void tm_exprs_key(const tm_exprs *e, const tm_evalue *values, const tm_batch *b, uint32_t r,
                  tm_buf *out)
{
    for (uint32_t i = 0; i < e->count; i++) tm_evalue_key(&values[(size_t)i * b->records + r], out);
}
