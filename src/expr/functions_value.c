/* Functions of fields, numbers and dates.
 *
 * All of them follow one rule: what cannot be said of this record's value (a text where a number is
 * needed, a field that is not there) is unknown. A result that is not finite is unknown too, so the
 * language knows no NaN and no infinity of its own making. */
#include <math.h>

#include "expr/dates.h"
#include "expr/decimal.h"
#include "expr/functions.h"
#include "text/words.h"

/* Whether a record has a text that the selectors name; how many. */
static uint32_t count_texts(const tm_batch *b, uint32_t r, uint32_t selectors)
{
    uint32_t count = 0;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        if (part->present != TM_IS_TEXT || (part->flags & TM_PART_NOT_TEXT)) continue;
        count += tm_part_in(part, selectors);
    }
    return count;
}

tm_status tm_ef_has(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    const tm_node *arg = call->kid[0];
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        tm_field field;
        if (arg->kind == TM_N_PARTS) {
            out->truth[r] = count_texts(x->b, r, arg->selectors) > 0;
            continue;
        }
        if (!tm_field_get(x->b, r, arg->path, &field)) return tm_eval_memory(x);
        out->truth[r] = field.present != TM_ABSENT;
    }
    return TM_OK;
}

static double count_field(const tm_field *field)
{
    if (field->present != TM_IS_TEXT) return (double)NAN;
    switch (field->kind) {
    case TM_JSON_ARRAY:
    case TM_JSON_OBJECT: return field->count;
    case TM_JSON_STRING: return (double)tm_text_chars(field->text);
    default: return (double)NAN;
    }
}

tm_status tm_ef_count(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    const tm_node *arg = call->kid[0];
    tm_evec v = {0};
    bool text = arg->kind != TM_N_PARTS && arg->kind != TM_N_FIELD;
    if (text) TM_TRY(tm_enode_eval(x, arg, rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        tm_field field;
        if (text) {
            tm_evalue value = tm_evec_get(&v, r);
            bool known = value.type == TM_E_TEXT && value.text.p;
            out->number[r] = known ? (double)tm_text_chars(value.text) : (double)NAN;
        } else if (arg->kind == TM_N_PARTS) {
            out->number[r] = count_texts(x->b, r, arg->selectors);
        } else {
            if (!tm_field_get(x->b, r, arg->path, &field)) return tm_eval_memory(x);
            out->number[r] = count_field(&field);
        }
    }
    return TM_OK;
}

tm_status tm_ef_length(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return tm_ef_count(x, call, rows, out);
}

/* ---- conversions ----------------------------------------------------------------------------- */

tm_status tm_ef_date(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    tm_evec v;
    TM_TRY(tm_enode_eval(x, call->kid[0], rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        out->number[rows.at[i]] = tm_evalue_date(&value);
    }
    return TM_OK;
}

static double number_of(const tm_evalue *v)
{
    double number = (double)NAN;
    if (!tm_evalue_known(v)) return number;
    if (v->type == TM_E_TRUTH) return v->truth;
    if (v->type != TM_E_TEXT) return v->number;
    if (!tm_decimal_to_f64(tm_str_trim(v->text), &number)) return (double)NAN;
    return number;
}

tm_status tm_ef_number(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    tm_evec v;
    TM_TRY(tm_enode_eval(x, call->kid[0], rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        out->number[rows.at[i]] = number_of(&value);
    }
    return TM_OK;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static double number_only(const tm_evalue *v)
{
    return v->type == TM_E_NUMBER ? v->number : (double)NAN;
}

tm_status tm_ef_abs(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    tm_evec v;
    TM_TRY(tm_enode_eval(x, call->kid[0], rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        out->number[rows.at[i]] = fabs(number_only(&value));
    }
    return TM_OK;
}

tm_status tm_ef_round(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    double scale = 1, digits = call->kids > 1 ? call->kid[1]->value.number : 0;
    tm_evec v;
    for (int i = 0; i < (int)digits; i++) scale *= 10;
    TM_TRY(tm_enode_eval(x, call->kid[0], rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        double number = number_only(&value), scaled = number * scale;
        /* From 2^52 on a double has no decimals that could be rounded. */
        bool whole = !(fabs(scaled) < 4503599627370496.0);
        out->number[rows.at[i]] = whole ? number : round(scaled) / scale;
    }
    return TM_OK;
}

/* The least (sign 1) or the greatest (sign -1) of all arguments. */
static tm_status extreme(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out, double sign)
{
    for (uint32_t k = 0; k < call->kids; k++) {
        tm_arena_mark here = tm_arena_here(&x->s->columns);
        tm_evec v;
        TM_TRY(tm_enode_eval(x, call->kid[k], rows, &v));
        for (uint32_t i = 0; i < rows.count; i++) {
            double *best = &out->number[rows.at[i]];
            tm_evalue value = tm_evec_get(&v, rows.at[i]);
            double number = call->type == TM_E_DATE ? tm_evalue_date(&value) : number_only(&value);
            if (k == 0 || isnan(number) || (!isnan(*best) && sign * number < sign * *best))
                *best = number;
        }
        tm_arena_rewind(&x->s->columns, here);
    }
    return TM_OK;
}

tm_status tm_ef_min(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return extreme(x, call, rows, out, 1);
}

tm_status tm_ef_max(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return extreme(x, call, rows, out, -1);
}

/* Writes v to the column if it is known and of the column's type. */
static bool put_known(tm_evec *out, uint32_t r, const tm_evalue *v)
{
    bool fits = tm_evalue_known(v) && (v->type == out->type || out->type == TM_E_ANY);
    switch (out->type) {
    case TM_E_TRUTH: out->truth[r] = fits ? v->truth : TM_UNKNOWN; break;
    case TM_E_NUMBER: out->number[r] = fits ? v->number : (double)NAN; break;
    case TM_E_DATE: out->number[r] = tm_evalue_date(v); return !isnan(out->number[r]);
    case TM_E_TEXT: out->text[r] = fits ? v->text : (tm_str){NULL, 0}; break;
    default: out->any[r] = fits ? *v : (tm_evalue){.type = TM_E_ANY}; break;
    }
    return fits;
}

tm_status tm_ef_coalesce(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    uint32_t *left = tm_arena_alloc(&x->s->columns, (rows.count + 1) * sizeof *left, 16);
    if (!left) return tm_eval_memory(x);
    for (uint32_t k = 0; k < call->kids && rows.count; k++) {
        tm_arena_mark here = tm_arena_here(&x->s->columns);
        uint32_t count = 0;
        tm_evec v;
        TM_TRY(tm_enode_eval(x, call->kid[k], rows, &v));
        for (uint32_t i = 0; i < rows.count; i++) {
            uint32_t r = rows.at[i];
            tm_evalue value = tm_evec_get(&v, r);
            if (!put_known(out, r, &value)) left[count++] = r;
        }
        rows = (tm_rows){left, count};
        tm_arena_rewind(&x->s->columns, here);
    }
    return TM_OK;
}
