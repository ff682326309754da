/* Evaluation of the tree, a node at a time over a column of records (evaluate.h says how).
 *
 * and/or keep a list of the records that are not decided yet and ask each further condition only
 * about those: the cheap condition in front spares the dear one behind it. Unknown follows Kleene's
 * strong logic (S. C. Kleene, Introduction to Metamathematics, 1952, section 64), which is SQL's:
 * false and unknown is false, true or unknown is true, everything else with unknown is unknown. */
#include "expr/evaluate.h"

#include <math.h>

#include "expr/dates.h"
#include "expr/functions.h"
#include "record/label.h"

tm_status tm_eval_memory(tm_eval *x)
{
    return tm_fail_memory(x->err, "the evaluation of an expression", x->b->records);
}

bool tm_evec_room(tm_eval *x, unsigned type, tm_evec *out)
{
    size_t rows = (size_t)x->b->records + 1;
    tm_arena *mem = &x->s->columns;
    *out = (tm_evec){.type = (uint8_t)type};
    switch (type) {
    case TM_E_TRUTH: return (out->truth = tm_arena_alloc(mem, rows, 16)) != NULL;
    case TM_E_NUMBER:
    case TM_E_DATE: return (out->number = tm_arena_alloc(mem, rows * sizeof(double), 16)) != NULL;
    case TM_E_TEXT: return (out->text = tm_arena_alloc(mem, rows * sizeof(tm_str), 16)) != NULL;
    default: return (out->any = tm_arena_alloc(mem, rows * sizeof(tm_evalue), 16)) != NULL;
    }
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static tm_status eval_field(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    tm_field field;
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        if (!tm_field_get(x->b, r, n->path, &field)) return tm_eval_memory(x);
        out->any[r] = tm_evalue_of_field(&field);
    }
    return TM_OK;
}

static tm_status eval_fact(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    const tm_layout_set *layouts = x->e->layouts;
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i], layout = x->b->layout[r];
        const char *word = NULL;
        if (n->op == TM_FACT_LABEL) {
            out->text[r] = tm_record_label_text(x->b, r);
            if (!out->text[r].p && x->b->label[r].p) return tm_eval_memory(x);
            continue;
        }
        if (n->op == TM_FACT_KIND)
            word = tm_example_kind_name((tm_example_kind)x->b->kind[r]);
        else if (layout < layouts->count)
            word = layouts->layout[layout]->name;
        out->text[r] = word ? tm_str_of(word) : (tm_str){NULL, 0};
    }
    return TM_OK;
}

static void eval_signal(tm_eval *x, const tm_node *n, tm_evec *out)
{
    const tm_column *column = &x->b->column[n->column];
    *out = (tm_evec){.type = n->type, .number = column->number, .text = column->word};
}

/* ---- truth ----------------------------------------------------------------------------------- */

static uint8_t truth_of(const tm_evec *v, uint32_t r)
{
    if (!v->constant && v->type == TM_E_TRUTH) return v->truth[r];
    tm_evalue value = tm_evec_get(v, r);
    return value.type == TM_E_TRUTH ? value.truth : TM_UNKNOWN;
}

static uint8_t opposite(uint8_t truth)
{
    return truth == TM_UNKNOWN ? truth : !truth;
}

/* and, or: `decides` is the answer that ends the chain for a record. */
static tm_status eval_chain(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    uint8_t decides = n->kind == TM_N_AND ? TM_FALSE : TM_TRUE;
    uint32_t *left = tm_arena_alloc(&x->s->columns, (rows.count + (size_t)1) * sizeof *left, 16);
    if (!left) return tm_eval_memory(x);
    for (uint32_t i = 0; i < rows.count; i++) out->truth[rows.at[i]] = !decides;
    for (uint32_t k = 0; k < n->kids && rows.count; k++) {
        tm_arena_mark here = tm_arena_here(&x->s->columns);
        uint32_t count = 0;
        tm_evec v;
        TM_TRY(tm_enode_eval(x, n->kid[k], rows, &v));
        for (uint32_t i = 0; i < rows.count; i++) {
            uint32_t r = rows.at[i];
            uint8_t truth = truth_of(&v, r);
            if (truth == TM_UNKNOWN || truth == decides) out->truth[r] = truth;
            left[count] = r;
            count += truth != decides;
        }
        rows = (tm_rows){left, count};
        tm_arena_rewind(&x->s->columns, here);
    }
    return TM_OK;
}

static tm_status eval_not(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    tm_evec v;
    TM_TRY(tm_enode_eval(x, n->kid[0], rows, &v));
    for (uint32_t i = 0; i < rows.count; i++)
        out->truth[rows.at[i]] = opposite(truth_of(&v, rows.at[i]));
    return TM_OK;
}

/* `is null` of a field: arrays and objects have no value here, but they are not null. */
static tm_status eval_is_field(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    tm_field field;
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        if (!tm_field_get(x->b, r, n->kid[0]->path, &field)) return tm_eval_memory(x);
        out->truth[r] = (field.present != TM_IS_TEXT) != n->negated;
    }
    return TM_OK;
}

static tm_status eval_is(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    tm_evec v;
    if (n->op == TM_IS_UNKNOWN && n->kid[0]->kind == TM_N_FIELD)
        return eval_is_field(x, n, rows, out);
    TM_TRY(tm_enode_eval(x, n->kid[0], rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        tm_evalue value = tm_evec_get(&v, r);
        bool is = n->op == TM_IS_UNKNOWN ? !tm_evalue_known(&value)
                                         : truth_of(&v, r) == (n->op == TM_IS_TRUE);
        out->truth[r] = is != n->negated;
    }
    return TM_OK;
}

/* ---- comparisons ----------------------------------------------------------------------------- */

/* Both sides are numbers (or dates) by type, and at most one is a literal: doubles decide. Bit
 * order + 1 of `holds` says whether the comparison holds. */
static void compare_numbers(const tm_evec *a, const tm_evec *b, unsigned holds, tm_rows rows,
                            uint8_t *truth)
{
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        double x = a->constant ? a->constant->number : a->number[r];
        double y = b->constant ? b->constant->number : b->number[r];
        unsigned order = (unsigned)((x > y) - (x < y) + 1);
        truth[r] = isnan(x) || isnan(y) ? TM_UNKNOWN : (uint8_t)(holds >> order & 1);
    }
}

static bool has_doubles(const tm_evec *v)
{
    return v->type == TM_E_NUMBER || v->type == TM_E_DATE;
}

static tm_status eval_compare(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    /* = != < <= > >=: bit 0 less, bit 1 equal, bit 2 greater */
    static const uint8_t holds[] = {2, 5, 1, 3, 4, 6};
    tm_evec a, b;
    TM_TRY(tm_enode_eval(x, n->kid[0], rows, &a));
    TM_TRY(tm_enode_eval(x, n->kid[1], rows, &b));
    if (has_doubles(&a) && a.type == b.type && !(a.constant && b.constant)) {
        compare_numbers(&a, &b, holds[n->op - TM_T_EQ], rows, out->truth);
        return TM_OK;
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        tm_evalue left = tm_evec_get(&a, r), right = tm_evec_get(&b, r);
        out->truth[r] = tm_evalue_compare(&left, &right, n->op);
    }
    return TM_OK;
}

static uint8_t both(uint8_t a, uint8_t b)
{
    if (a == TM_FALSE || b == TM_FALSE) return TM_FALSE;
    return a == TM_UNKNOWN || b == TM_UNKNOWN ? TM_UNKNOWN : TM_TRUE;
}

static tm_status eval_between(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    tm_evec v, low, high;
    TM_TRY(tm_enode_eval(x, n->kid[0], rows, &v));
    TM_TRY(tm_enode_eval(x, n->kid[1], rows, &low));
    TM_TRY(tm_enode_eval(x, n->kid[2], rows, &high));
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        tm_evalue value = tm_evec_get(&v, r);
        tm_evalue from = tm_evec_get(&low, r), to = tm_evec_get(&high, r);
        uint8_t truth = both(tm_evalue_compare(&value, &from, TM_T_GE),
                             tm_evalue_compare(&value, &to, TM_T_LE));
        out->truth[r] = n->negated ? opposite(truth) : truth;
    }
    return TM_OK;
}

/* One element of an array field as a value; texts are decoded into the scratch buffer. */
static tm_evalue element_value(tm_expr_scratch *s, const char *raw, uint32_t node)
{
    const tm_json_node *nodes = s->json.node;
    tm_field field = {.present = TM_IS_TEXT, .kind = nodes[node].kind};
    field.raw = tm_json_raw(nodes, raw, node);
    if (field.kind == TM_JSON_STRING) {
        field.text = tm_json_inside(nodes, raw, node);
        if (nodes[node].flags & TM_JSON_ESCAPED) {
            tm_buf_clear(&s->buf);
            tm_json_unescape(field.text, &s->buf);
            field.text = tm_buf_view(&s->buf);
        }
    }
    return tm_evalue_of_field(&field);
}

/* Whether v equals an element of the array: true, false, unknown, or -1: memory. */
static int in_array(tm_expr_scratch *s, const tm_field *field, const tm_evalue *v)
{
    int truth = TM_FALSE;
    if (field->present != TM_IS_TEXT || field->kind != TM_JSON_ARRAY) return TM_UNKNOWN;
    if (!field->count) return TM_FALSE;
    if (!tm_json_scan(&s->json, field->raw.p, field->raw.n, 0, (tm_json_limits){0}))
        return s->json.trouble == TM_JSON_MEMORY ? -1 : TM_UNKNOWN;
    uint32_t e = tm_json_first(s->json.node, 0);
    for (; e != TM_NONE; e = tm_json_after(s->json.node, 0, e)) {
        tm_evalue element = element_value(s, field->raw.p, e);
        if (s->buf.failed) return -1;
        uint8_t one = tm_evalue_compare(v, &element, TM_T_EQ);
        if (one == TM_TRUE) return TM_TRUE;
        if (one == TM_UNKNOWN) truth = TM_UNKNOWN;
    }
    return truth;
}

static tm_status eval_in(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    tm_evec v;
    TM_TRY(tm_enode_eval(x, n->kid[0], rows, &v));
    tm_buf_clear(&x->s->buf);
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        tm_evalue value = tm_evec_get(&v, r);
        tm_field field;
        int truth;
        if (n->list) {
            truth = tm_elist_has(n->list, &value);
        } else {
            if (!tm_field_get(x->b, r, n->kid[1]->path, &field)) return tm_eval_memory(x);
            truth = in_array(x->s, &field, &value);
        }
        if (truth < 0) return tm_eval_memory(x);
        out->truth[r] = n->negated ? opposite((uint8_t)truth) : (uint8_t)truth;
    }
    return TM_OK;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static double calculate(double a, uint8_t sign, double b)
{
    switch (sign) {
    case TM_T_PLUS: return a + b;
    case TM_T_MINUS: return a - b;
    case TM_T_TIMES: return a * b;
    case TM_T_OVER: return a / b;
    default: return fmod(a, b); /* exact; the sign is that of a, as in SQL and C */
    }
}

static tm_status eval_arithmetic(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    for (uint32_t k = 0; k < n->kids; k++) {
        tm_arena_mark here = tm_arena_here(&x->s->columns);
        tm_evec v;
        TM_TRY(tm_enode_eval(x, n->kid[k], rows, &v));
        for (uint32_t i = 0; i < rows.count; i++) {
            uint32_t r = rows.at[i];
            tm_evalue value = tm_evec_get(&v, r);
            bool number = value.type == TM_E_NUMBER || value.type == TM_E_DATE;
            double operand = number ? value.number : (double)NAN;
            if (k) operand = calculate(out->number[r], n->sign[k], operand);
            out->number[r] = n->kind == TM_N_NEGATE ? -operand : operand;
        }
        tm_arena_rewind(&x->s->columns, here);
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        double *result = &out->number[rows.at[i]];
        bool holds = n->type == TM_E_DATE ? tm_date_has(*result) : (bool)isfinite(*result);
        if (!holds) *result = (double)NAN;
    }
    return TM_OK;
}

/* ---- any node -------------------------------------------------------------------------------- */

static tm_status eval_inner(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    switch (n->kind) {
    case TM_N_FIELD: return eval_field(x, n, rows, out);
    case TM_N_FACT: return eval_fact(x, n, rows, out);
    case TM_N_CALL: return n->function->run(x, n, rows, out);
    case TM_N_NOT: return eval_not(x, n, rows, out);
    case TM_N_AND:
    case TM_N_OR: return eval_chain(x, n, rows, out);
    case TM_N_NEGATE:
    case TM_N_SUM:
    case TM_N_PRODUCT: return eval_arithmetic(x, n, rows, out);
    case TM_N_COMPARE: return eval_compare(x, n, rows, out);
    case TM_N_IN: return eval_in(x, n, rows, out);
    case TM_N_BETWEEN: return eval_between(x, n, rows, out);
    case TM_N_IS: return eval_is(x, n, rows, out);
    default: return tm_fail(x->err, TM_EBUG, "an expression holds a node of kind %u", n->kind);
    }
}

tm_status tm_enode_eval(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out)
{
    if (n->kind == TM_N_LITERAL) {
        *out = (tm_evec){.type = n->type, .constant = &n->value};
        return TM_OK;
    }
    if (n->kind == TM_N_SIGNAL) {
        eval_signal(x, n, out);
        return TM_OK;
    }
    if (!tm_evec_room(x, n->type, out)) return tm_eval_memory(x);
    tm_arena_mark here = tm_arena_here(&x->s->columns);
    TM_TRY(eval_inner(x, n, rows, out));
    tm_arena_rewind(&x->s->columns, here);
    return TM_OK;
}
