/* What it means that two values are equal or that one is less, and membership in lists.
 *
 * Values of different types do not compare: the answer is unknown, as it is with an unknown value.
 * The one exception is a date, which reads the other side as a date if that came from a record.
 * Numbers compare as doubles; where two doubles beyond 2^53 are equal and both sides are known as
 * decimals (they stand in the record or in the expression), the decimals decide, so identifiers of
 * twenty digits keep apart. Texts compare by bytes, which for UTF-8 is the order of code points.
 *
 * A list is sorted once per type at compile time and searched by halving: 10,000 members cost 14
 * comparisons. */
#include <math.h>
#include <stdlib.h>

#include "expr/dates.h"
#include "expr/decimal.h"
#include "expr/evaluate.h"

tm_evalue tm_evalue_of_field(const tm_field *field)
{
    tm_evalue v = {.type = TM_E_ANY};
    if (field->present != TM_IS_TEXT) return v;
    switch (field->kind) {
    case TM_JSON_FALSE:
    case TM_JSON_TRUE:
        v.type = TM_E_TRUTH;
        v.truth = field->kind == TM_JSON_TRUE;
        break;
    case TM_JSON_NUMBER:
        v.type = TM_E_NUMBER;
        v.text = field->raw;
        if (!tm_decimal_to_f64(field->raw, &v.number)) v.number = (double)NAN;
        break;
    case TM_JSON_STRING:
        v.type = TM_E_TEXT;
        v.text = field->text.p ? field->text : (tm_str){"", 0};
        break;
    default: break;
    }
    return v;
}

double tm_evalue_date(const tm_evalue *v)
{
    double seconds;
    if (v->type == TM_E_DATE) return v->number;
    if (v->type == TM_E_NUMBER) return tm_date_has(v->number) ? v->number : (double)NAN;
    if (v->type == TM_E_TEXT && v->text.p && tm_date_parse(v->text, &seconds)) return seconds;
    return (double)NAN;
}

static bool order_numbers(const tm_evalue *a, const tm_evalue *b, int *order)
{
    if (isnan(a->number) || isnan(b->number)) return false;
    *order = (a->number > b->number) - (a->number < b->number);
    if (!*order && fabs(a->number) >= TM_DECIMAL_EXACT && a->text.n && b->text.n)
        *order = tm_decimal_cmp(a->text, b->text);
    return true;
}

bool tm_evalue_order(const tm_evalue *a, const tm_evalue *b, int *order)
{
    if (a->type == TM_E_DATE || b->type == TM_E_DATE) {
        double x = tm_evalue_date(a), y = tm_evalue_date(b);
        *order = (x > y) - (x < y);
        return !isnan(x) && !isnan(y);
    }
    if (a->type != b->type) return false;
    switch (a->type) {
    case TM_E_NUMBER: return order_numbers(a, b, order);
    case TM_E_TEXT:
        if (!a->text.p || !b->text.p) return false;
        *order = tm_str_cmp(a->text, b->text);
        return true;
    case TM_E_TRUTH:
        *order = (int)a->truth - (int)b->truth;
        return a->truth != TM_UNKNOWN && b->truth != TM_UNKNOWN;
    default: return false;
    }
}

uint8_t tm_evalue_compare(const tm_evalue *a, const tm_evalue *b, unsigned op)
{
    int order;
    if (!tm_evalue_order(a, b, &order)) return TM_UNKNOWN;
    if (a->type == TM_E_TRUTH && op != TM_T_EQ && op != TM_T_NE) return TM_UNKNOWN;
    switch (op) {
    case TM_T_EQ: return order == 0;
    case TM_T_NE: return order != 0;
    case TM_T_LT: return order < 0;
    case TM_T_LE: return order <= 0;
    case TM_T_GT: return order > 0;
    default: return order >= 0;
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    int order = 0;
    (void)tm_evalue_order(a, b, &order);
    return order;
}

static bool search(const tm_evalue *sorted, uint32_t count, const tm_evalue *v)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = 1;
        if (!tm_evalue_order(v, &sorted[middle], &order)) return false;
        if (!order) return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

uint8_t tm_elist_has(const tm_elist *l, const tm_evalue *v)
{
    bool truths = l->has_true || l->has_false, others = false, in = false;
    if (!tm_evalue_known(v)) return TM_UNKNOWN;
    if (l->dates) { /* the other members of such a list were made dates, if they could be */
        tm_evalue date = {.type = TM_E_DATE, .number = tm_evalue_date(v)};
        others = isnan(date.number);
        in = !others && search(l->date, l->dates, &date);
    }
    switch (v->type) {
    case TM_E_TEXT:
        in = in || search(l->text, l->texts, v);
        others = others || l->numbers || truths;
        break;
    case TM_E_NUMBER:
        in = in || search(l->number, l->numbers, v);
        others = others || l->texts || truths;
        break;
    case TM_E_TRUTH:
        in = v->truth ? l->has_true : l->has_false;
        others = l->texts || l->numbers || l->dates;
        break;
    default: others = others || l->texts || l->numbers || truths; break;
    }
    return in ? TM_TRUE : others ? TM_UNKNOWN : TM_FALSE;
}

const tm_elist *tm_elist_new(tm_arena *mem, tm_node *const *member, uint32_t count)
{
    tm_elist *l = TM_NEW(mem, tm_elist, 1);
    tm_evalue *text = TM_NEW(mem, tm_evalue, count), *number = TM_NEW(mem, tm_evalue, count);
    tm_evalue *date = TM_NEW(mem, tm_evalue, count);
    if (!l || !text || !number || !date) return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const tm_evalue *v = &member[i]->value;
        if (v->type == TM_E_TEXT)
            text[l->texts++] = *v;
        else if (v->type == TM_E_NUMBER)
            number[l->numbers++] = *v;
        else if (v->type == TM_E_DATE)
            date[l->dates++] = *v;
        else if (v->truth)
            l->has_true = true;
        else
            l->has_false = true;
    }
    qsort(text, l->texts, sizeof *text, by_value);
    qsort(number, l->numbers, sizeof *number, by_value);
    qsort(date, l->dates, sizeof *date, by_value);
    l->text = text;
    l->number = number;
    l->date = date;
    return l;
}
