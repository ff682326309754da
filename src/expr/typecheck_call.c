/* Calls: whether a function exists, how many arguments it takes and of which kind.
 *
 * What a function accepts stands in its row of the table (functions.c); here are the sentences for
 * what it does not. Selectors are joined where one is taken (words(user, assistant)), and become
 * text(selector) where a text is; a date('...') that is constant becomes the date; a pattern is
 * compiled, and what is wrong in it is shown at its place inside the quotes. */
#include <math.h>

#include "expr/checker.h"
#include "expr/regex.h"

/* "a selector such as response, a field or a text" */
static void describe(unsigned accepts, tm_buf *out)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } kinds[] = {{TM_ARG_PARTS, "a selector such as response"},
                 {TM_ARG_FIELD, "a field such as $.meta.lang"},
                 {TM_ARG_TEXT, "a text"},
                 {TM_ARG_NUMBER, "a number"},
                 {TM_ARG_DATE, "a date"},
                 {TM_ARG_TRUTH, "a condition"}};
    if (accepts & TM_ARG_LITERAL) {
        tm_buf_z(out, accepts & TM_ARG_TEXT ? "a pattern in quotes" : "a number from 0 to 15");
        return;
    }
    const char *between = "";
    for (size_t i = 0; i < TM_COUNT(kinds); i++) {
        if (!(accepts & kinds[i].bit)) continue;
        accepts &= ~(unsigned)kinds[i].bit;
        tm_buf_z(out, between);
        tm_buf_z(out, kinds[i].name);
        between = accepts & (accepts - 1) ? ", " : " or ";
    }
}

static tm_status wrong_argument(tm_checker *c, const tm_node *call, const tm_node *arg,
                                unsigned accepts)
{
    tm_buf takes = {0};
    describe(accepts, &takes);
    tm_str what = tm_buf_view(&takes);
    const char *given = tm_etype_name(arg->type);
    if (arg->type == TM_E_ANY && arg->kind != TM_N_FIELD) given = "a value";
    tm_status status = takes.failed
                           ? tm_echeck_memory(c)
                           : TM_EFAIL(c->err, c->text, arg->at, "%.*s() takes %.*s, not %s",
                                      TM_FMT(call->name), TM_FMT(what), given);
    tm_buf_release(&takes);
    return status;
}

static tm_status wrong_count(tm_checker *c, const tm_node *call, const tm_efunction_impl *f)
{
    const tm_efunction *doc = &tm_efunctions[f - tm_efunction_impls];
    return TM_EFAIL(c->err, c->text, call->at,
                    "%.*s(%s) takes %s %u argument%s, not %u; for "
                    "example %s",
                    TM_FMT(call->name), doc->arguments,
                    f->least == f->most     ? "exactly"
                    : call->kids < f->least ? "at least"
                                            : "at most",
                    call->kids < f->least ? f->least : f->most,
                    (call->kids < f->least ? f->least : f->most) == 1 ? "" : "s", call->kids,
                    doc->example);
}

tm_status tm_echeck_text(tm_checker *c, tm_node **slot)
{
    tm_node *call = TM_NEW(c->mem, tm_node, 1), **kid = TM_NEW(c->mem, tm_node *, 1);
    if (!call || !kid) return tm_echeck_memory(c);
    kid[0] = *slot;
    *call = (tm_node){.kind = TM_N_CALL,
                      .type = TM_E_TEXT,
                      .at = kid[0]->at,
                      .end = kid[0]->end,
                      .kids = 1,
                      .kid = kid,
                      .name = TM_STR("text"),
                      .function = &tm_efunction_impls[tm_efunction_find(TM_STR("text"))]};
    *slot = call;
    return TM_OK;
}

/* words(user, assistant): several selectors are one, and no part counts twice. */
static void join_selectors(tm_node *call, const tm_efunction_impl *f)
{
    if (f->most != 1 || call->kids < 2) return;
    for (uint32_t i = 0; i < call->kids; i++) {
        if (call->kid[i]->type != TM_E_PARTS) return;
    }
    for (uint32_t i = 1; i < call->kids; i++) call->kid[0]->selectors |= call->kid[i]->selectors;
    call->kids = 1;
}

static tm_status check_pattern(tm_checker *c, tm_node *call)
{
    const tm_node *arg = call->kid[1];
    size_t wrong_at = 0;
    tm_status status =
        tm_regex_compile(c->mem, arg->value.text, &c->e->regexes, &call->regex, &wrong_at, c->err);
    if (status != TM_ERECIPE) return status;
    tm_str quoted = tm_str_slice(c->text, arg->at, arg->end);
    return tm_elex_place(c->err, c->text, arg->at + tm_elex_text_at(quoted, wrong_at));
}

/* The type of min, max and coalesce: that of their arguments, which is one. */
static tm_status common_type(tm_checker *c, tm_node *call)
{
    bool numbers = call->function->run != tm_ef_coalesce;
    const tm_node *first = NULL;
    for (uint32_t i = 0; i < call->kids; i++) {
        const tm_node *arg = call->kid[i];
        if (arg->type == TM_E_ANY) continue;
        if (first && first->type != arg->type)
            return TM_EFAIL(c->err, c->text, arg->at,
                            "the arguments of %.*s() are of one type, but "
                            "here is %s behind %s",
                            TM_FMT(call->name), tm_etype_name(arg->type),
                            tm_etype_name(first->type));
        first = arg;
    }
    call->type = first ? first->type : numbers ? TM_E_NUMBER : TM_E_ANY;
    return TM_OK;
}

static tm_status check_arguments(tm_checker *c, tm_node *call, const tm_efunction_impl *f)
{
    for (uint32_t i = 0; i < call->kids; i++) {
        unsigned accepts = i ? f->other : f->first;
        tm_node *arg = call->kid[i];
        if (arg->type == TM_E_PARTS && !(accepts & TM_ARG_PARTS) && (accepts & TM_ARG_TEXT) &&
            !(accepts & TM_ARG_LITERAL))
            TM_TRY(tm_echeck_text(c, &call->kid[i]));
        arg = call->kid[i];
        if (!(tm_echeck_bit(arg) & accepts)) return wrong_argument(c, call, arg, accepts);
        if ((accepts & TM_ARG_LITERAL) && arg->kind != TM_N_LITERAL)
            return wrong_argument(c, call, arg, accepts);
    }
    return TM_OK;
}

tm_status tm_echeck_call(tm_checker *c, tm_node **slot)
{
    tm_node *call = *slot;
    int index = tm_efunction_find(call->name);
    if (index < 0) return tm_echeck_no_function(c, call);
    const tm_efunction_impl *f = &tm_efunction_impls[index];
    call->function = f;
    call->type = f->gives;
    for (uint32_t i = 0; i < call->kids; i++) TM_TRY(tm_echeck_value(c, &call->kid[i]));
    join_selectors(call, f);
    if (call->kids < f->least || call->kids > f->most) return wrong_count(c, call, f);
    TM_TRY(check_arguments(c, call, f));
    tm_node *first = call->kids ? call->kid[0] : NULL;
    if (!first && (f->first & TM_ARG_PARTS) && c->env->binds)
        *c->env->binds = true; /* turns(): of all parts */
    if (f->run == tm_ef_matches) return check_pattern(c, call);
    if (f->gives == TM_E_ANY) return common_type(c, call);
    if (f->run == tm_ef_has && first->kind != TM_N_FIELD && first->kind != TM_N_PARTS)
        return wrong_argument(c, call, first, f->first);
    if (f->run == tm_ef_round && call->kids > 1) {
        double digits = call->kid[1]->value.number;
        if (!(digits >= 0 && digits <= 15) || floor(digits) < digits)
            return TM_EFAIL(c->err, c->text, call->kid[1]->at, "round() takes 0 to 15 digits");
    }
    /* lower(response), trim(response): the texts joined. */
    if ((f->run == tm_ef_lower || f->run == tm_ef_trim) && first->type == TM_E_PARTS)
        return tm_echeck_text(c, &call->kid[0]);
    if (f->run == tm_ef_date && first->kind == TM_N_LITERAL) {
        TM_TRY(tm_echeck_to_date(c, first));
        first->at = call->at;
        first->end = call->end;
        *slot = first;
    }
    return TM_OK;
}
