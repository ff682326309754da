/* The possible values of a condition, found by walking its tree with sets instead of values.
 *
 * Every truth node gets the set of values it might have: true, false, unknown. The three
 * connectives combine sets as they combine values; a comparison looks at the ranges of its two
 * sides (a literal is one number, a count of words is never below zero); and in a chain of `and`
 * the limits on one and the same thing are intersected: words(response) > 9 and words(response)
 * < 5 is never true. A chain of `or` is false where all its denials hold, so the same says when it
 * never is. Where nothing is known the set is all three, so a result may be too wide
 * and is never too narrow: nothing is said that is not certain.
 *
 * It reads the compiled tree of expr/ (ast.h); a kind of node it does not know is just not
 * known. */
#include "plan/condition.h"

#include <math.h>

#include "expr/ast.h"

enum { CAN_FALSE = 1, CAN_TRUE = 2, CAN_UNKNOWN = 4, CAN_ALL = 7 };

#define LIMITS_MAX 64 /* comparisons of one chain that are held against each other */

typedef struct range {
    double low, high;
    bool low_open, high_open;
    bool sure; /* the value is never unknown */
} range;

typedef struct limit { /* what a chain of `and` says of one thing */
    const tm_node *of;
    range range;
    const tm_str *text; /* must equal this text, or NULL */
} limit;

static bool is_literal(const tm_node *n, unsigned type)
{
    return n->kind == TM_N_LITERAL && n->value.type == type;
}

static bool gives_a_count(tm_str function)
{
    static const char *const names[] = {"words", "chars", "lines", "turns", "count", "length"};
    for (size_t i = 0; i < TM_COUNT(names); i++)
        if (tm_str_is(function, names[i])) return true;
    return false;
}

static range range_of(const tm_node *n)
{
    range r = {-(double)INFINITY, (double)INFINITY, false, false, false};
    if (is_literal(n, TM_E_NUMBER))
        r = (range){n->value.number, n->value.number, false, false, true};
    if (n->kind == TM_N_CALL && gives_a_count(n->name)) {
        r.low = 0; /* of the record itself: a selector without any text has 0 */
        r.sure = !n->kids || n->kid[0]->kind == TM_N_PARTS;
    }
    if (n->kind == TM_N_SIGNAL && n->count) r.low = 0;
    return r;
}

/* A division by a zero that is written there: unknown for every record. */
static bool never_known(const tm_node *n)
{
    if (n->kind != TM_N_PRODUCT) return false;
    for (uint32_t i = 1; i < n->kids; i++)
        if (n->sign[i] != TM_T_TIMES && is_literal(n->kid[i], TM_E_NUMBER) &&
            n->kid[i]->value.number == 0)
            return true;
    return false;
}

/* a < b, both as ranges. */
static unsigned less(range a, range b, bool or_equal)
{
    unsigned set = a.sure && b.sure ? 0 : CAN_UNKNOWN;
    if (a.low < b.high || (or_equal && a.low == b.high)) set |= CAN_TRUE;
    if (or_equal ? a.high > b.low : a.high >= b.low) set |= CAN_FALSE;
    return set;
}

static unsigned equal(range a, range b)
{
    unsigned set = a.sure && b.sure ? 0 : CAN_UNKNOWN;
    bool points = a.low == a.high && b.low == b.high;
    if (a.low <= b.high && b.low <= a.high) set |= CAN_TRUE;
    if (!points || a.low != b.low) set |= CAN_FALSE;
    return set;
}

static unsigned negate(unsigned set)
{
    return (set & CAN_UNKNOWN) | (set & CAN_TRUE ? CAN_FALSE : 0) |
           (set & CAN_FALSE ? CAN_TRUE : 0);
}

static unsigned compare_texts(const tm_node *n)
{
    bool same = tm_str_eq(n->kid[0]->value.text, n->kid[1]->value.text);
    if (n->op == TM_T_EQ) return same ? CAN_TRUE : CAN_FALSE;
    if (n->op == TM_T_NE) return same ? CAN_FALSE : CAN_TRUE;
    return CAN_ALL;
}

static bool is_number(const tm_node *n)
{
    return n->type == TM_E_NUMBER;
}

static unsigned compare(const tm_node *n)
{
    const tm_node *left = n->kid[0], *right = n->kid[1];
    if (is_literal(left, TM_E_TEXT) && is_literal(right, TM_E_TEXT)) return compare_texts(n);
    if (!is_number(left) || !is_number(right)) return CAN_ALL;
    if (never_known(left) || never_known(right)) return CAN_UNKNOWN;
    range a = range_of(left), b = range_of(right);
    switch (n->op) {
    case TM_T_LT: return less(a, b, false);
    case TM_T_LE: return less(a, b, true);
    case TM_T_GT: return less(b, a, false);
    case TM_T_GE: return less(b, a, true);
    case TM_T_EQ: return equal(a, b);
    case TM_T_NE: return negate(equal(a, b));
    default: return CAN_ALL;
    }
}

/* Surely the same thing of the same record. */
static bool same_thing(const tm_node *a, const tm_node *b)
{
    if (a->kind != b->kind || a->type != b->type || a->op != b->op || a->kids != b->kids)
        return false;
    switch (a->kind) {
    case TM_N_FIELD: return tm_str_eq(tm_fieldpath_text(a->path), tm_fieldpath_text(b->path));
    case TM_N_SIGNAL: return a->column == b->column;
    case TM_N_FACT: return true;
    case TM_N_PARTS: return a->selectors == b->selectors;
    case TM_N_CALL:
        if (a->function != b->function || a->regex || b->regex) return false;
        for (uint32_t i = 0; i < a->kids; i++)
            if (!same_thing(a->kid[i], b->kid[i])) return false;
        return true;
    default: return false;
    }
}

static uint8_t mirrored(uint8_t op)
{
    switch (op) {
    case TM_T_LT: return TM_T_GT;
    case TM_T_LE: return TM_T_GE;
    case TM_T_GT: return TM_T_LT;
    case TM_T_GE: return TM_T_LE;
    default: return op;
    }
}

/* Narrows `l` by "of OP number"; false when nothing is left. */
static bool narrow_number(limit *l, uint8_t op, double v)
{
    range *r = &l->range;
    if (op == TM_T_LT || op == TM_T_LE || op == TM_T_EQ)
        if (v < r->high || (v == r->high && op == TM_T_LT))
            r->high = v, r->high_open = op == TM_T_LT;
    if (op == TM_T_GT || op == TM_T_GE || op == TM_T_EQ)
        if (v > r->low || (v == r->low && op == TM_T_GT)) r->low = v, r->low_open = op == TM_T_GT;
    return r->low < r->high || (r->low == r->high && !r->low_open && !r->high_open);
}

static bool narrow_text(limit *l, uint8_t op, const tm_str *text)
{
    if (op != TM_T_EQ) return true;
    if (l->text) return tm_str_eq(*l->text, *text);
    l->text = text;
    return true;
}

static limit *limit_on(limit *list, uint32_t *count, const tm_node *of)
{
    for (uint32_t i = 0; i < *count; i++)
        if (same_thing(list[i].of, of)) return &list[i];
    if (*count == LIMITS_MAX) return NULL;
    list[*count] = (limit){.of = of, .range = range_of(of)};
    return &list[(*count)++];
}

static uint8_t denied(uint8_t op)
{
    switch (op) {
    case TM_T_LT: return TM_T_GE;
    case TM_T_LE: return TM_T_GT;
    case TM_T_GT: return TM_T_LE;
    case TM_T_GE: return TM_T_LT;
    case TM_T_EQ: return TM_T_NE;
    case TM_T_NE: return TM_T_EQ;
    default: return op;
    }
}

/* Whether the limits in a chain exclude each other, or what denies them (`denials`). A field has no
 * type beforehand: a number and a text about it are not held against each other. */
static bool contradicts_itself(const tm_node *chain, bool denials)
{
    limit list[LIMITS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < chain->kids; i++) {
        const tm_node *n = chain->kid[i];
        if (n->kind != TM_N_COMPARE) continue;
        bool turned = n->kid[0]->kind == TM_N_LITERAL;
        const tm_node *of = n->kid[turned], *value = n->kid[!turned];
        uint8_t op = turned ? mirrored(n->op) : n->op;
        if (denials) op = denied(op);
        bool number = is_literal(value, TM_E_NUMBER), text = is_literal(value, TM_E_TEXT);
        if ((!number && !text) || !same_thing(of, of)) continue;
        limit *l = limit_on(list, &count, of);
        if (l && number && !narrow_number(l, op, value->value.number)) return true;
        if (l && text && !narrow_text(l, op, &value->value.text)) return true;
    }
    return false;
}

static unsigned possible(const tm_node *n);

static unsigned all_of(const tm_node *chain)
{
    unsigned set = 0;
    bool all_true = true;
    for (uint32_t i = 0; i < chain->kids; i++) {
        unsigned one = possible(chain->kid[i]);
        if (one == CAN_FALSE) return CAN_FALSE;
        set |= one & (CAN_FALSE | CAN_UNKNOWN);
        all_true = all_true && one & CAN_TRUE;
    }
    if (all_true && contradicts_itself(chain, false)) return set | CAN_FALSE;
    return set | (all_true ? CAN_TRUE : 0);
}

static unsigned any_of(const tm_node *chain)
{
    unsigned set = 0;
    bool all_false = true;
    for (uint32_t i = 0; i < chain->kids; i++) {
        unsigned one = possible(chain->kid[i]);
        if (one == CAN_TRUE) return CAN_TRUE;
        set |= one & (CAN_TRUE | CAN_UNKNOWN);
        all_false = all_false && one & CAN_FALSE;
    }
    if (all_false && contradicts_itself(chain, true)) return set;
    return set | (all_false ? CAN_FALSE : 0);
}

static unsigned within(const tm_node *n)
{
    if (!is_number(n->kid[1]) || !is_number(n->kid[2])) return CAN_ALL;
    range of = range_of(n->kid[0]), low = range_of(n->kid[1]), high = range_of(n->kid[2]);
    unsigned above = less(low, of, true), below = less(of, high, true);
    unsigned set = (above | below) & (CAN_FALSE | CAN_UNKNOWN);
    if (low.low > high.high) set |= CAN_FALSE;
    if (above & below & CAN_TRUE && low.low <= high.high) set |= CAN_TRUE;
    return n->negated ? negate(set) : set;
}

/* `is` is never unknown itself. */
static unsigned is_this(const tm_node *n)
{
    unsigned is = CAN_TRUE | CAN_FALSE;
    if (n->op == TM_IS_UNKNOWN) {
        if (is_number(n->kid[0]) && range_of(n->kid[0]).sure) is = CAN_FALSE;
    } else {
        unsigned set = possible(n->kid[0]), wanted = n->op == TM_IS_TRUE ? CAN_TRUE : CAN_FALSE;
        is = (set & wanted ? CAN_TRUE : 0) | (set & ~wanted ? CAN_FALSE : 0);
    }
    return n->negated ? negate(is) : is;
}

static unsigned possible(const tm_node *n)
{
    switch (n->kind) {
    case TM_N_LITERAL:
        if (n->value.type != TM_E_TRUTH) return CAN_ALL;
        return n->value.truth == TM_TRUE    ? CAN_TRUE
               : n->value.truth == TM_FALSE ? CAN_FALSE
                                            : CAN_ALL;
    case TM_N_NOT: return negate(possible(n->kid[0]));
    case TM_N_AND: return all_of(n);
    case TM_N_OR: return any_of(n);
    case TM_N_COMPARE: return compare(n);
    case TM_N_BETWEEN: return within(n);
    case TM_N_IS: return is_this(n);
    default: return CAN_ALL;
    }
}

tm_status tm_condition_known(tm_str text, const tm_expr_env *env, tm_truth_known *out, tm_err *err)
{
    tm_arena mem = {0};
    tm_expr *e = NULL;
    tm_err own = {0};
    *out = TM_DEPENDS;
    tm_status status = tm_expr_compile(&mem, text, env, TM_E_TRUTH, &e, &own);
    if (status == TM_OK) {
        unsigned set = possible(e->root);
        if (!(set & CAN_TRUE)) *out = TM_NEVER_TRUE;
        if (set == CAN_TRUE) *out = TM_ALWAYS_TRUE;
        tm_expr_release(e);
    }
    tm_arena_release(&mem);
    if (status != TM_EMEMORY) return TM_OK;
    if (err) *err = own;
    return status;
}
