/* From names to meanings, and the type of every node.
 *
 * One walk, children first. A name is a signal (`step.signal`, or `signal` alone where only one
 * step has it), a fact of the record (layout, kind) or a selector; the full name of a signal wins.
 * Fields have no type before a record is read (TM_E_ANY): whatever is done with them is allowed
 * here and is unknown at run time where it makes no sense. Everything else is checked: a
 * comparison of a number with a text, a condition that is none, a function that gets what it does
 * not take.
 *
 * The tree is completed on the way: a selector where a text belongs becomes text(selector), a text
 * beside a date becomes the date it spells, patterns are compiled, lists are sorted. */
#include <math.h>

#include "expr/checker.h"
#include "expr/dates.h"
#include "expr/decimal.h"

static tm_status check_truth(tm_checker *c, tm_node **slot);

tm_status tm_echeck_memory(tm_checker *c)
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

/* ---- literals -------------------------------------------------------------------------------- */

static tm_status check_literal(tm_checker *c, tm_node *n)
{
    if (n->type != TM_E_NUMBER) return TM_OK;
    if (!tm_decimal_to_f64(n->value.text, &n->value.number))
        return TM_EFAIL(c->err, c->text, n->at, "this is not a number");
    return TM_OK;
}

/* A literal text or number becomes the date it spells. */
tm_status tm_echeck_to_date(tm_checker *c, tm_node *n)
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

unsigned tm_echeck_bit(const tm_node *n)
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

/* ---- operators ------------------------------------------------------------------------------- */

/* A value where one is read: selectors become texts, null is refused. */
static tm_status check_operand(tm_checker *c, tm_node **slot)
{
    TM_TRY(tm_echeck_value(c, slot));
    if ((*slot)->type == TM_E_NULL)
        return TM_EFAIL(c->err, c->text, (*slot)->at,
                        "null compares with nothing; write x is null "
                        "or x is not null");
    return (*slot)->type == TM_E_PARTS ? tm_echeck_text(c, slot) : TM_OK;
}

static bool is_label(const tm_node *n)
{
    return n->kind == TM_N_FACT && n->op == TM_FACT_LABEL;
}

static tm_status not_comparable(tm_checker *c, const tm_node *a, const tm_node *b)
{
    const char *advice = "";
    unsigned both = tm_echeck_bit(a) | tm_echeck_bit(b);
    if (both == (TM_ARG_DATE | TM_ARG_TEXT) || both == (TM_ARG_DATE | TM_ARG_NUMBER))
        advice = "; write date(x)";
    else if (both == (TM_ARG_NUMBER | TM_ARG_TEXT))
        advice = a->kind == TM_N_LITERAL || b->kind == TM_N_LITERAL
                     ? "; numbers stand without quotes, texts in quotes"
                     : "; write number(x) or text(x)";
    else if (both == (TM_ARG_TRUTH | TM_ARG_TEXT) && (is_label(a) || is_label(b)))
        advice = "; label is a text, as in label = 'true'; the field is $.label";
    return TM_EFAIL(c->err, c->text, b->at, "%s and %s do not compare%s", tm_etype_name(a->type),
                    tm_etype_name(b->type), advice);
}

static tm_status comparable(tm_checker *c, tm_node *a, tm_node *b)
{
    if (a->type == TM_E_DATE && b->type == TM_E_TEXT && b->kind == TM_N_LITERAL)
        return tm_echeck_to_date(c, b);
    if (b->type == TM_E_DATE && a->type == TM_E_TEXT && a->kind == TM_N_LITERAL)
        return tm_echeck_to_date(c, a);
    if (is_open(a) || is_open(b) || a->type == b->type) return TM_OK;
    return not_comparable(c, a, b);
}

static tm_status check_compare(tm_checker *c, tm_node *n)
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

static tm_status check_between(tm_checker *c, tm_node *n)
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

static tm_status check_list(tm_checker *c, tm_node *n)
{
    tm_node *left = n->kid[0];
    bool dates = left->type == TM_E_DATE;
    for (uint32_t i = 1; i < n->kids; i++) {
        tm_node *m;
        TM_TRY(tm_echeck_value(c, &n->kid[i]));
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
        if (dates && m->type == TM_E_TEXT) TM_TRY(tm_echeck_to_date(c, m));
        if (!is_open(left) && left->type != m->type) return not_comparable(c, left, m);
    }
    n->list = tm_elist_new(c->mem, n->kid + 1, n->kids - 1);
    return n->list ? TM_OK : tm_echeck_memory(c);
}

static tm_status check_in(tm_checker *c, tm_node *n)
{
    n->type = TM_E_TRUTH;
    TM_TRY(check_operand(c, &n->kid[0]));
    return n->op ? check_list(c, n) : TM_OK;
}

static tm_status check_is(tm_checker *c, tm_node *n)
{
    n->type = TM_E_TRUTH;
    if (n->op != TM_IS_UNKNOWN) return check_truth(c, &n->kid[0]);
    return check_operand(c, &n->kid[0]);
}

/* The type of `left sign right`. */
static tm_status sum_type(tm_checker *c, unsigned left, const tm_node *right, uint8_t sign,
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

static tm_status check_arithmetic(tm_checker *c, tm_node *n)
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

tm_status tm_echeck_value(tm_checker *c, tm_node **slot)
{
    tm_node *n = *slot;
    switch (n->kind) {
    case TM_N_LITERAL: return check_literal(c, n);
    case TM_N_NULL: n->type = TM_E_NULL; return TM_OK;
    case TM_N_NAME: return tm_echeck_name(c, n);
    case TM_N_CALL: return tm_echeck_call(c, slot);
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
static tm_status check_truth(tm_checker *c, tm_node **slot)
{
    TM_TRY(tm_echeck_value(c, slot));
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
    tm_checker c = {.e = e, .mem = mem, .env = env, .text = e->text, .err = err};
    if (want == TM_E_TRUTH) return check_truth(&c, root);
    TM_TRY(check_operand(&c, root));
    if (want == TM_E_ANY || is_open(*root) || (*root)->type == want) return TM_OK;
    return TM_EFAIL(err, e->text, (*root)->at, "%s is wanted here, and this is %s",
                    tm_etype_name(want), tm_etype_name((*root)->type));
}
