/* The doors of the module: compile, release, and one worker's evaluation of a batch.
 *
 * A compiled expression is a tree in the caller's arena and is never written to again, so threads
 * share it; what changes while a batch is looked at is in the scratch a worker owns. */
#include "expr/evaluate.h"
#include "expr/regex.h"
#include "text/kernel.h"

tm_status tm_expr_compile(tm_arena *mem, tm_str text, const tm_expr_env *env, tm_etype want,
                          tm_expr **out, tm_err *err)
{
    static const tm_expr_env nothing = {0};
    if (text.n > TM_EXPR_MAX_BYTES)
        return tm_fail(err, TM_ERECIPE,
                       "an expression has at most %d bytes, this one has %zu; put "
                       "long lists into a file and mark the records by a step",
                       TM_EXPR_MAX_BYTES, text.n);
    size_t bad = text.n ? tm_kernel_now()->utf8_valid(text.p, text.n) : 0;
    if (bad < text.n) return TM_EFAIL(err, text, (uint32_t)bad, "the expression is not UTF-8 here");
    tm_expr *e = TM_NEW(mem, tm_expr, 1);
    if (!e) return tm_fail_memory(err, "an expression", sizeof *e);
    e->text = tm_arena_str(mem, text);
    if (!e->text.p) return tm_fail_memory(err, "an expression", text.n);
    if (!env) env = &nothing;
    e->layouts = env->layouts;
    tm_status status = tm_eparse(mem, e->text, &e->root, err);
    if (status == TM_OK) status = tm_echeck(e, mem, env, &e->root, want, err);
    if (status != TM_OK) {
        tm_expr_release(e);
        return status;
    }
    e->type = e->root->type;
    if (e->type == TM_E_ANY && want == TM_E_TRUTH) e->type = TM_E_TRUTH;
    *out = e;
    return TM_OK;
}

void tm_expr_release(tm_expr *e)
{
    tm_regex_release(e->regexes);
    e->regexes = NULL;
}

tm_etype tm_expr_type(const tm_expr *e)
{
    return (tm_etype)e->type;
}

tm_expr_scratch *tm_expr_scratch_new(const tm_expr *e)
{
    tm_expr_scratch *s = tm_alloc_zero(1, sizeof *s);
    if (!s || !e->regexes) return s;
    s->regex = tm_regex_state_new();
    if (s->regex) return s;
    tm_free(s);
    return NULL;
}

void tm_expr_scratch_free(tm_expr_scratch *s)
{
    if (!s) return;
    tm_regex_state_free(s->regex);
    tm_arena_release(&s->columns);
    tm_arena_release(&s->texts);
    tm_buf_release(&s->buf);
    tm_json_release(&s->json);
    tm_free(s);
}

/* Evaluates the root over the live records. */
static tm_status eval_live(tm_eval *x, tm_rows *rows, tm_evec *out)
{
    uint32_t *live, count = 0;
    tm_arena_reset(&x->s->columns);
    tm_arena_reset(&x->s->texts);
    live = tm_arena_alloc(&x->s->columns, (x->b->records + (size_t)1) * sizeof *live, 16);
    if (!live) return tm_eval_memory(x);
    for (uint32_t r = 0; r < x->b->records; r++) {
        live[count] = r;
        count += tm_live(x->b, r);
    }
    *rows = (tm_rows){live, count};
    return tm_enode_eval(x, x->e->root, *rows, out);
}

tm_status tm_expr_truth(const tm_expr *e, tm_expr_scratch *s, tm_batch *b, uint8_t *truth,
                        tm_err *err)
{
    tm_eval x = {.e = e, .s = s, .b = b, .texts = &s->texts, .err = err};
    tm_rows rows;
    tm_evec v;
    TM_TRY(eval_live(&x, &rows, &v));
    memset(truth, TM_UNKNOWN, b->records);
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        truth[rows.at[i]] = value.type == TM_E_TRUTH ? value.truth : TM_UNKNOWN;
    }
    return TM_OK;
}

tm_status tm_expr_values(const tm_expr *e, tm_expr_scratch *s, tm_batch *b, tm_evalue *values,
                         tm_err *err)
{
    tm_eval x = {.e = e, .s = s, .b = b, .texts = b->mem, .err = err};
    tm_rows rows;
    tm_evec v;
    TM_TRY(eval_live(&x, &rows, &v));
    for (uint32_t r = 0; r < b->records; r++) values[r] = (tm_evalue){.type = TM_E_ANY};
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        if (tm_evalue_known(&value)) values[rows.at[i]] = value;
    }
    return TM_OK;
}
