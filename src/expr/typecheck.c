/* From names to meanings, and the type of every node.
 *
 * One walk, children first. A name is a signal (`step.signal`, or `signal` alone where only one step
 * has it), a fact of the record (layout, kind) or a selector; the full name of a signal wins. Fields
 * have no type before a record is read (TM_E_ANY): whatever is done with them is allowed here and is
 * unknown at run time where it makes no sense. Everything else is checked: a comparison of a number
 * with a text, a condition that is none, a function that gets what it does not take.
 *
 * The tree is completed on the way: a selector where a text belongs becomes text(selector), a text
 * beside a date becomes the date it spells, patterns are compiled, lists are sorted. */
#include <math.h>

#include "base/param.h"
#include "expr/dates.h"
#include "expr/decimal.h"
#include "expr/functions.h"
#include "expr/regex.h"

const char *const tm_fact_names[] = {"layout", "kind", NULL};

typedef struct checker {
    tm_expr *e;
    tm_arena *mem;
    const tm_expr_env *env;
    tm_str text;
    tm_err *err;
} checker;

static tm_status check_value(checker *c, tm_node **slot);
static tm_status check_truth(checker *c, tm_node **slot);

static tm_status no_memory(checker *c)
{
    return tm_fail_memory(c->err, "an expression", c->text.n);
}

const char *tm_etype_name(unsigned type)
{
    switch (type) {
    case TM_E_TRUTH: return "a condition";
    case TM_E_NUMBER: return "a number";
    case TM_E_TEXT: return "a text";
    case TM_E_DATE: return "a date";
    case TM_E_PARTS: return "a selector";
    case TM_E_NULL: return "null";
    default: return "a field";
    }
}

static bool is_open(const tm_node *n)
{
    return n->type == TM_E_ANY;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* The part of a signal's name behind the last dot. */
static const char *bare_name(const char *name)
{
    const char *bare = strrchr(name, '.');
    return bare ? bare + 1 : name;
}

static void become_signal(tm_node *n, const tm_expr_env *env, uint32_t i)
{
    n->kind = TM_N_SIGNAL;
    n->name = tm_str_of(env->name[i]);
    n->column = env->column[i];
    n->type = env->signal[i]->type == TM_WORD ? TM_E_TEXT : TM_E_NUMBER;
}

/* A signal by its full name, or by what stands behind its step where that is enough. */
static tm_status find_signal(checker *c, tm_node *n, bool whole, bool *found)
{
    const char *other = NULL;
    uint32_t at = 0;
    *found = false;
    for (uint32_t i = 0; i < c->env->signals; i++) {
        tm_str name = tm_str_of(c->env->name[i]);
        bool is = tm_str_eq(name, n->name);
        if (!whole && name.n > n->name.n && tm_str_ends(name, n->name))
            is = name.p[name.n - n->name.n - 1] == '.';
        if (!is) continue;
        if (other)
            return TM_EFAIL(c->err, c->text, n->at, "\"%.*s\" may be %s or %s; write which",
                            TM_FMT(tm_elex_clip(n->name)), other, c->env->name[i]);
        other = c->env->name[i];
        at = i;
        *found = true;
    }
    if (*found) become_signal(n, c->env, at);
    return TM_OK;
}

static tm_status unknown_name(checker *c, const tm_node *n)
{
    tm_str name = tm_elex_clip(n->name);
    uint32_t signals = c->env->signals, count = 0, room = 2 * signals + 32;
    const char **known = TM_NEW(c->mem, const char *, room);
    if (!known) return no_memory(c);
    if (tm_efunction_find(n->name) >= 0)
        return TM_EFAIL(c->err, c->text, n->at, "%.*s is a function; write %s", TM_FMT(name),
                        tm_efunctions[tm_efunction_find(n->name)].example);
    for (uint32_t i = 0; i < signals; i++) {
        known[count++] = c->env->name[i];
        known[count++] = bare_name(c->env->name[i]);
    }
    for (uint32_t i = 0; tm_selector_names[i] && count < room - 2; i++)
        known[count++] = tm_selector_names[i];
    for (uint32_t i = 0; tm_fact_names[i]; i++) known[count++] = tm_fact_names[i];
    const char *near = tm_str_suggest(n->name, known, count);
    if (near)
        return TM_EFAIL(c->err, c->text, n->at, "there is no \"%.*s\" here; did you mean %s?",
                        TM_FMT(name), near);
    return TM_EFAIL(c->err, c->text, n->at,
                    "there is no \"%.*s\" here; a field of the record is "
                    "written $.%.*s, a text '%.*s', a signal of an earlier step step.signal",
                    TM_FMT(name), TM_FMT(name), TM_FMT(name));
}

static tm_status resolve_name(checker *c, tm_node *n)
{
    bool found;
    TM_TRY(find_signal(c, n, true, &found));
    if (found) return TM_OK;
    for (uint32_t i = 0; tm_fact_names[i]; i++) {
        if (!tm_str_is(n->name, tm_fact_names[i])) continue;
        if (i == TM_FACT_LAYOUT && !c->e->layouts)
            return TM_EFAIL(c->err, c->text, n->at,
                            "the layouts of the records are not known here");
        n->kind = TM_N_FACT;
        n->op = (uint8_t)i;
        n->type = TM_E_TEXT;
        return TM_OK;
    }
    for (uint32_t i = 0; tm_selector_names[i]; i++) {
        if (!tm_str_is(n->name, tm_selector_names[i])) continue;
        n->kind = TM_N_PARTS;
        n->selectors = (uint32_t)1 << i;
        n->type = TM_E_PARTS;
        return TM_OK;
    }
    TM_TRY(find_signal(c, n, false, &found));
    return found ? TM_OK : unknown_name(c, n);
}

/* ---- literals -------------------------------------------------------------------------------- */

static tm_status check_literal(checker *c, tm_node *n)
{
    if (n->type != TM_E_NUMBER) return TM_OK;
    if (!tm_decimal_to_f64(n->value.text, &n->value.number))
        return TM_EFAIL(c->err, c->text, n->at, "this is not a number");
    return TM_OK;
}

/* A literal text or number becomes the date it spells. */
static tm_status literal_to_date(checker *c, tm_node *n)
{
    double seconds = tm_evalue_date(&n->value);
    if (isnan(seconds))
        return TM_EFAIL(c->err, c->text, n->at,
                        "this is not a date; write 2026-01-31 or "
                        "2026-01-31T10:00:00Z in quotes, or seconds since 1970");
    n->value = (tm_evalue){.type = TM_E_DATE, .number = seconds};
    n->type = TM_E_DATE;
    return TM_OK;
}

/* ---- calls ----------------------------------------------------------------------------------- */

static tm_status unknown_function(checker *c, const tm_node *n)
{
    static const struct {
        const char *name, *ours;
    } elsewhere[] = {
        {"len", "length"},        {"size", "length"},        {"strlen", "chars"},
        {"char_length", "chars"}, {"characters", "chars"},   {"word_count", "words"},
        {"startswith", "starts"}, {"starts_with", "starts"}, {"endswith", "ends"},
        {"ends_with", "ends"},    {"includes", "contains"},  {"regex", "matches"},
        {"regexp", "matches"},    {"search", "matches"},     {"rlike", "matches"},
        {"exists", "has"},        {"isnull", "x is null"},   {"is_null", "x is null"},
        {"strip", "trim"},        {"lowercase", "lower"},    {"casefold", "lower"},
        {"int", "number"},        {"float", "number"},       {"str", "text"},
        {"string", "text"},       {"timestamp", "date"},     {"datetime", "date"},
        {"ifnull", "coalesce"},   {"least", "min"},          {"greatest", "max"},
        {"default", "coalesce"},  {"num", "number"},
    };
    const char *names[64], *near = NULL;
    size_t count = 0;
    tm_str name = tm_elex_clip(n->name);
    for (size_t i = 0; i < TM_COUNT(elsewhere); i++) {
        if (tm_str_is(n->name, elsewhere[i].name)) near = elsewhere[i].ours;
    }
    for (; tm_efunctions[count].name && count < TM_COUNT(names); count++)
        names[count] = tm_efunctions[count].name;
    if (!near) near = tm_str_suggest(n->name, names, count);
    if (near)
        return TM_EFAIL(c->err, c->text, n->at, "there is no function %.*s; did you mean %s?",
                        TM_FMT(name), near);
    return TM_EFAIL(c->err, c->text, n->at,
                    "there is no function %.*s; there are words, chars, "
                    "lines, turns, text, lower, trim, contains, starts, ends, matches, has, count, "
                    "length, date, number, abs, min, max, round, coalesce",
                    TM_FMT(name));
}

static unsigned argument_bit(const tm_node *n)
{
    switch (n->type) {
    case TM_E_TRUTH: return TM_ARG_TRUTH;
    case TM_E_NUMBER: return TM_ARG_NUMBER;
    case TM_E_TEXT: return TM_ARG_TEXT;
    case TM_E_DATE: return TM_ARG_DATE;
    case TM_E_PARTS: return TM_ARG_PARTS;
    case TM_E_ANY: return TM_ARG_FIELD;
    default: return 0;
    }
}

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

static tm_status wrong_argument(checker *c, const tm_node *call, const tm_node *arg,
                                unsigned accepts)
{
    tm_buf takes = {0};
    describe(accepts, &takes);
    tm_str what = tm_buf_view(&takes);
    const char *given = tm_etype_name(arg->type);
    if (arg->type == TM_E_ANY && arg->kind != TM_N_FIELD) given = "a value";
    tm_status status = takes.failed
                           ? no_memory(c)
                           : TM_EFAIL(c->err, c->text, arg->at, "%.*s() takes %.*s, not %s",
                                      TM_FMT(call->name), TM_FMT(what), given);
    tm_buf_release(&takes);
    return status;
}

static tm_status wrong_count(checker *c, const tm_node *call, const tm_efunction_impl *f)
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

static tm_status wrap_text(checker *c, tm_node **slot)
{
    tm_node *call = TM_NEW(c->mem, tm_node, 1), **kid = TM_NEW(c->mem, tm_node *, 1);
    if (!call || !kid) return no_memory(c);
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

static tm_status check_pattern(checker *c, tm_node *call)
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
static tm_status common_type(checker *c, tm_node *call)
{
    bool numbers = call->function->run != tm_ef_coalesce;
    const tm_node *first = NULL;
    for (uint32_t i = 0; i < call->kids; i++) {
        const tm_node *arg = call->kid[i];
        if (is_open(arg)) continue;
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

static tm_status check_arguments(checker *c, tm_node *call, const tm_efunction_impl *f)
{
    for (uint32_t i = 0; i < call->kids; i++) {
        unsigned accepts = i ? f->other : f->first;
        tm_node *arg = call->kid[i];
        if (arg->type == TM_E_PARTS && !(accepts & TM_ARG_PARTS) && (accepts & TM_ARG_TEXT) &&
            !(accepts & TM_ARG_LITERAL))
            TM_TRY(wrap_text(c, &call->kid[i]));
        arg = call->kid[i];
        if (!(argument_bit(arg) & accepts)) return wrong_argument(c, call, arg, accepts);
        if ((accepts & TM_ARG_LITERAL) && arg->kind != TM_N_LITERAL)
            return wrong_argument(c, call, arg, accepts);
    }
    return TM_OK;
}

static tm_status check_call(checker *c, tm_node **slot)
{
    tm_node *call = *slot;
    int index = tm_efunction_find(call->name);
    if (index < 0) return unknown_function(c, call);
    const tm_efunction_impl *f = &tm_efunction_impls[index];
    call->function = f;
    call->type = f->gives;
    for (uint32_t i = 0; i < call->kids; i++) TM_TRY(check_value(c, &call->kid[i]));
    join_selectors(call, f);
    if (call->kids < f->least || call->kids > f->most) return wrong_count(c, call, f);
    TM_TRY(check_arguments(c, call, f));
    tm_node *first = call->kids ? call->kid[0] : NULL;
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
        return wrap_text(c, &call->kid[0]);
    if (f->run == tm_ef_date && first->kind == TM_N_LITERAL) {
        TM_TRY(literal_to_date(c, first));
        first->at = call->at;
        first->end = call->end;
        *slot = first;
    }
    return TM_OK;
}

/* ---- operators ------------------------------------------------------------------------------- */

/* A value where one is read: selectors become texts, null is refused. */
static tm_status check_operand(checker *c, tm_node **slot)
{
    TM_TRY(check_value(c, slot));
    if ((*slot)->type == TM_E_NULL)
        return TM_EFAIL(c->err, c->text, (*slot)->at,
                        "null compares with nothing; write x is null "
                        "or x is not null");
    return (*slot)->type == TM_E_PARTS ? wrap_text(c, slot) : TM_OK;
}

static tm_status not_comparable(checker *c, const tm_node *a, const tm_node *b)
{
    const char *advice = "";
    unsigned both = argument_bit(a) | argument_bit(b);
    if (both == (TM_ARG_DATE | TM_ARG_TEXT) || both == (TM_ARG_DATE | TM_ARG_NUMBER))
        advice = "; write date(x)";
    else if (both == (TM_ARG_NUMBER | TM_ARG_TEXT))
        advice = a->kind == TM_N_LITERAL || b->kind == TM_N_LITERAL
                     ? "; numbers stand without quotes, texts in quotes"
                     : "; write number(x) or text(x)";
    return TM_EFAIL(c->err, c->text, b->at, "%s and %s do not compare%s", tm_etype_name(a->type),
                    tm_etype_name(b->type), advice);
}

static tm_status comparable(checker *c, tm_node *a, tm_node *b)
{
    if (a->type == TM_E_DATE && b->type == TM_E_TEXT && b->kind == TM_N_LITERAL)
        return literal_to_date(c, b);
    if (b->type == TM_E_DATE && a->type == TM_E_TEXT && a->kind == TM_N_LITERAL)
        return literal_to_date(c, a);
    if (is_open(a) || is_open(b) || a->type == b->type) return TM_OK;
    return not_comparable(c, a, b);
}

static tm_status check_compare(checker *c, tm_node *n)
{
    TM_TRY(check_operand(c, &n->kid[0]));
    TM_TRY(check_operand(c, &n->kid[1]));
    TM_TRY(comparable(c, n->kid[0], n->kid[1]));
    bool truth = n->kid[0]->type == TM_E_TRUTH || n->kid[1]->type == TM_E_TRUTH;
    if (truth && n->op != TM_T_EQ && n->op != TM_T_NE)
        return TM_EFAIL(c->err, c->text, n->kid[1]->at,
                        "true and false have no order; compare them "
                        "with = or !=");
    n->type = TM_E_TRUTH;
    return TM_OK;
}

static tm_status check_between(checker *c, tm_node *n)
{
    for (uint32_t i = 0; i < 3; i++) {
        TM_TRY(check_operand(c, &n->kid[i]));
        if (n->kid[i]->type == TM_E_TRUTH)
            return TM_EFAIL(c->err, c->text, n->kid[i]->at, "true and false have no order");
        if (i) TM_TRY(comparable(c, n->kid[0], n->kid[i]));
    }
    n->type = TM_E_TRUTH;
    return TM_OK;
}

static tm_status check_list(checker *c, tm_node *n)
{
    tm_node *left = n->kid[0];
    bool dates = left->type == TM_E_DATE;
    for (uint32_t i = 1; i < n->kids; i++) {
        tm_node *m;
        TM_TRY(check_value(c, &n->kid[i]));
        m = n->kid[i];
        if (m->type == TM_E_NULL)
            return TM_EFAIL(c->err, c->text, m->at, "null is in no list; write x is null or ...");
        if (m->kind != TM_N_LITERAL)
            return TM_EFAIL(c->err, c->text, m->at,
                            "a list holds texts in quotes, numbers, dates, "
                            "true and false; to look into an array write x in $.path");
        dates = dates || m->type == TM_E_DATE;
    }
    for (uint32_t i = 1; i < n->kids; i++) {
        tm_node *m = n->kid[i];
        if (dates && m->type == TM_E_TEXT) TM_TRY(literal_to_date(c, m));
        if (!is_open(left) && left->type != m->type) return not_comparable(c, left, m);
    }
    n->list = tm_elist_new(c->mem, n->kid + 1, n->kids - 1);
    return n->list ? TM_OK : no_memory(c);
}

static tm_status check_in(checker *c, tm_node *n)
{
    n->type = TM_E_TRUTH;
    TM_TRY(check_operand(c, &n->kid[0]));
    return n->op ? check_list(c, n) : TM_OK;
}

static tm_status check_is(checker *c, tm_node *n)
{
    n->type = TM_E_TRUTH;
    if (n->op != TM_IS_UNKNOWN) return check_truth(c, &n->kid[0]);
    return check_operand(c, &n->kid[0]);
}

/* The type of `left sign right`. */
static tm_status sum_type(checker *c, unsigned left, const tm_node *right, uint8_t sign,
                          uint8_t *out)
{
    bool number = right->type == TM_E_NUMBER || is_open(right);
    *out = TM_E_NUMBER;
    if (left == TM_E_DATE && right->type == TM_E_DATE && sign == TM_T_MINUS) return TM_OK;
    if (left == TM_E_DATE && number) {
        *out = TM_E_DATE;
        return TM_OK;
    }
    if ((left == TM_E_NUMBER || left == TM_E_ANY) && number) return TM_OK;
    if (left == TM_E_DATE || right->type == TM_E_DATE)
        return TM_EFAIL(c->err, c->text, right->at,
                        "dates are subtracted (date - date: seconds) or "
                        "moved by seconds (date + number), nothing else");
    return TM_EFAIL(c->err, c->text, right->at, "%s is no number to calculate with%s",
                    tm_etype_name(right->type),
                    right->type == TM_E_TEXT ? "; write number(x) if it spells one" : "");
}

static tm_status check_arithmetic(checker *c, tm_node *n)
{
    uint8_t type;
    for (uint32_t i = 0; i < n->kids; i++) TM_TRY(check_operand(c, &n->kid[i]));
    type = n->kid[0]->type;
    bool date = n->kind == TM_N_SUM && type == TM_E_DATE;
    if (!date) TM_TRY(sum_type(c, TM_E_NUMBER, n->kid[0], TM_T_PLUS, &type));
    for (uint32_t i = 1; i < n->kids; i++)
        TM_TRY(sum_type(c, type, n->kid[i], n->kind == TM_N_SUM ? n->sign[i] : TM_T_TIMES, &type));
    n->type = n->kind == TM_N_SUM ? type : TM_E_NUMBER;
    return TM_OK;
}

static tm_status check_value(checker *c, tm_node **slot)
{
    tm_node *n = *slot;
    switch (n->kind) {
    case TM_N_LITERAL: return check_literal(c, n);
    case TM_N_NULL: n->type = TM_E_NULL; return TM_OK;
    case TM_N_NAME: return resolve_name(c, n);
    case TM_N_CALL: return check_call(c, slot);
    case TM_N_AND:
    case TM_N_OR:
    case TM_N_NOT:
        for (uint32_t i = 0; i < n->kids; i++) TM_TRY(check_truth(c, &n->kid[i]));
        n->type = TM_E_TRUTH;
        return TM_OK;
    case TM_N_NEGATE:
    case TM_N_SUM:
    case TM_N_PRODUCT: return check_arithmetic(c, n);
    case TM_N_COMPARE: return check_compare(c, n);
    case TM_N_IN: return check_in(c, n);
    case TM_N_BETWEEN: return check_between(c, n);
    case TM_N_IS: return check_is(c, n);
    default: return TM_OK; /* a field */
    }
}

/* A condition, or a field that may hold true or false. */
static tm_status check_truth(checker *c, tm_node **slot)
{
    TM_TRY(check_value(c, slot));
    const tm_node *n = *slot;
    if (n->type == TM_E_TRUTH || is_open(n)) return TM_OK;
    const char *advice = n->type == TM_E_NUMBER ? "compare it, as in x >= 3"
                         : n->type == TM_E_NULL ? "write x is null"
                         : n->type == TM_E_DATE
                             ? "compare it, as in x >= date('2026-01-31')"
                             : "compare it, as in x = 'yes', or ask contains(x, 'y')";
    return TM_EFAIL(c->err, c->text, n->at, "%s stands where a condition should; %s",
                    tm_etype_name(n->type), advice);
}

tm_status tm_echeck(tm_expr *e, tm_arena *mem, const tm_expr_env *env, tm_node **root,
                    tm_etype want, tm_err *err)
{
    checker c = {.e = e, .mem = mem, .env = env, .text = e->text, .err = err};
    if (want == TM_E_TRUTH) return check_truth(&c, root);
    TM_TRY(check_operand(&c, root));
    if (want == TM_E_ANY || is_open(*root) || (*root)->type == want) return TM_OK;
    return TM_EFAIL(err, e->text, (*root)->at, "%s is wanted here, and this is %s",
                    tm_etype_name(want), tm_etype_name((*root)->type));
}
