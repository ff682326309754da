/* Functions that read texts: of parts, of fields, of text expressions.
 *
 * Over a selector they walk the record's parts and never copy a text; only text(), lower() and
 * trim() of several parts make one. A part whose value is null or no text has no text here: words()
 * of nothing is 0, contains() in nothing is false, text() of nothing is unknown. A field that holds
 * no string makes the result unknown. */
#include <math.h>

#include "expr/dates.h"
#include "expr/functions.h"
#include "expr/regex.h"
#include "text/utf8.h"
#include "text/words.h"

typedef enum next_result { NO_MORE, ONE_MORE, NO_MEMORY } next_result;

/* The next text among the record's parts that the selectors name. */
static next_result next_text(tm_eval *x, uint32_t record, uint32_t selectors, uint32_t *part,
                             tm_str *out)
{
    tm_batch *b = x->b;
    for (uint32_t end = b->first_part[record + 1]; *part < end;) {
        uint32_t p = (*part)++;
        if (b->part[p].present != TM_IS_TEXT || (b->part[p].flags & TM_PART_NOT_TEXT)) continue;
        if (!tm_part_in(&b->part[p], selectors)) continue;
        if (!tm_part_text(b, p, out)) return NO_MEMORY;
        if (!out->p) *out = (tm_str){"", 0};
        return ONE_MORE;
    }
    return NO_MORE;
}

/* The first argument as a column of values; for all but selectors. */
static tm_status eval_first(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return tm_enode_eval(x, call->kid[0], rows, out);
}

/* ---- counting -------------------------------------------------------------------------------- */

static tm_status measure(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out,
                         size_t (*of)(tm_str))
{
    const tm_node *arg = call->kid[0];
    tm_evec v;
    if (arg->kind != TM_N_PARTS) {
        TM_TRY(eval_first(x, call, rows, &v));
        for (uint32_t i = 0; i < rows.count; i++) {
            tm_evalue value = tm_evec_get(&v, rows.at[i]);
            bool text = value.type == TM_E_TEXT && value.text.p;
            out->number[rows.at[i]] = text ? (double)of(value.text) : (double)NAN;
        }
        return TM_OK;
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i], part = x->b->first_part[r];
        uint64_t sum = 0;
        next_result next;
        tm_str text;
        while ((next = next_text(x, r, arg->selectors, &part, &text)) == ONE_MORE) sum += of(text);
        if (next == NO_MEMORY) return tm_eval_memory(x);
        out->number[r] = (double)sum;
    }
    return TM_OK;
}

tm_status tm_ef_words(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return measure(x, call, rows, out, tm_text_words);
}

tm_status tm_ef_chars(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return measure(x, call, rows, out, tm_text_chars);
}

tm_status tm_ef_lines(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return measure(x, call, rows, out, tm_text_lines);
}

/* A turn counts when its role is named or one of its parts is; one that only repeats another turn,
 * or was taken out, does not. */
static bool turn_counts(const tm_batch *b, const tm_turn *turn, uint32_t selectors)
{
    static const uint32_t by_role[] = {TM_SEL_SYSTEM, TM_SEL_USER,     TM_SEL_ASSISTANT,
                                       TM_SEL_TOOL,   TM_SEL_DOCUMENT, 0};
    bool there = turn->parts == 0, named = false;
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++) {
        there = there || !(b->part[p].flags & (TM_PART_COPY | TM_PART_GONE));
        named = named || tm_part_in(&b->part[p], selectors);
    }
    uint32_t all = TM_SEL_ALL | TM_SEL_EVERYTHING;
    uint32_t role = turn->role < TM_COUNT(by_role) ? by_role[turn->role] : 0;
    return there && (named || (selectors & (all | role)));
}

tm_status tm_ef_turns(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    uint32_t selectors = call->kids ? call->kid[0]->selectors : TM_SEL_ALL;
    const tm_batch *b = x->b;
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i], count = 0;
        for (uint32_t t = b->first_turn[r]; t < b->first_turn[r + 1]; t++)
            count += turn_counts(b, &b->turn[t], selectors);
        out->number[r] = count;
    }
    return TM_OK;
}

/* ---- making texts ---------------------------------------------------------------------------- */

/* The texts of a record's parts, joined by line breaks; .p NULL when there is none. One text is not
 * copied. */
static tm_status join_parts(tm_eval *x, uint32_t record, uint32_t selectors, tm_str *out)
{
    uint32_t part = x->b->first_part[record], texts = 0;
    next_result next;
    tm_str text;
    *out = (tm_str){NULL, 0};
    while ((next = next_text(x, record, selectors, &part, &text)) == ONE_MORE) {
        if (texts++ == 0) {
            *out = text;
            continue;
        }
        if (texts == 2) {
            tm_buf_clear(&x->s->buf);
            tm_buf_str(&x->s->buf, *out);
        }
        tm_buf_char(&x->s->buf, '\n');
        tm_buf_str(&x->s->buf, text);
    }
    if (next == NO_MEMORY) return tm_eval_memory(x);
    if (texts < 2) return TM_OK;
    if (x->s->buf.failed) return tm_eval_memory(x);
    *out = tm_arena_str(x->texts, tm_buf_view(&x->s->buf));
    return out->p ? TM_OK : tm_eval_memory(x);
}

/* Any known value as text: a field's arrays and objects as the JSON they are. */
static tm_status value_text(tm_eval *x, const tm_node *arg, uint32_t r, const tm_evalue *v,
                            tm_str *out)
{
    tm_buf *buf = &x->s->buf;
    tm_field field;
    *out = (tm_str){NULL, 0};
    if (!tm_evalue_known(v)) {
        if (arg->kind != TM_N_FIELD) return TM_OK;
        if (!tm_field_get(x->b, r, arg->path, &field)) return tm_eval_memory(x);
        bool container = field.kind == TM_JSON_ARRAY || field.kind == TM_JSON_OBJECT;
        if (field.present == TM_IS_TEXT && container) *out = field.raw;
        return TM_OK;
    }
    if (v->type == TM_E_TRUTH) {
        *out = v->truth ? TM_STR("true") : TM_STR("false");
        return TM_OK;
    }
    if (v->text.p && v->text.n) { /* a text, or a number as it is written */
        *out = v->text;
        return TM_OK;
    }
    if (v->type == TM_E_TEXT) {
        *out = (tm_str){"", 0};
        return TM_OK;
    }
    tm_buf_clear(buf);
    if (v->type == TM_E_DATE)
        tm_date_print(v->number, buf);
    else
        tm_buf_f64(buf, v->number);
    if (!buf->failed) *out = tm_arena_str(x->texts, tm_buf_view(buf));
    return out->p ? TM_OK : tm_eval_memory(x);
}

tm_status tm_ef_text(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    const tm_node *arg = call->kid[0];
    tm_evec v = {0};
    if (arg->kind != TM_N_PARTS) TM_TRY(eval_first(x, call, rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        if (arg->kind == TM_N_PARTS) {
            TM_TRY(join_parts(x, r, arg->selectors, &out->text[r]));
            continue;
        }
        tm_evalue value = tm_evec_get(&v, r);
        TM_TRY(value_text(x, arg, r, &value, &out->text[r]));
    }
    return TM_OK;
}

static bool lower_text(tm_eval *x, tm_str *text)
{
    tm_buf *buf = &x->s->buf;
    tm_buf_clear(buf);
    tm_text_lower(*text, buf);
    if (buf->failed) return false;
    *text = tm_arena_str(x->texts, tm_buf_view(buf));
    return text->p != NULL;
}

static bool trim_text(tm_eval *x, tm_str *text)
{
    size_t from = 0, to = text->n;
    TM_UNUSED(x);
    while (from < to) {
        size_t at = from;
        if (!tm_is_space(tm_utf8_next(*text, &at))) break;
        from = at;
    }
    while (to > from) {
        size_t back = tm_utf8_back(*text, to), at = back;
        if (!tm_is_space(tm_utf8_next(*text, &at))) break;
        to = back;
    }
    *text = (tm_str){text->p + from, to - from};
    return true;
}

/* The first argument, which the checker has made a text or a field, changed text by text. */
static tm_status change(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out,
                        bool (*how)(tm_eval *, tm_str *))
{
    tm_evec v;
    TM_TRY(eval_first(x, call, rows, &v));
    for (uint32_t i = 0; i < rows.count; i++) {
        tm_evalue value = tm_evec_get(&v, rows.at[i]);
        tm_str text = value.type == TM_E_TEXT ? value.text : (tm_str){NULL, 0};
        if (text.p && !how(x, &text)) return tm_eval_memory(x);
        out->text[rows.at[i]] = text;
    }
    return TM_OK;
}

tm_status tm_ef_lower(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return change(x, call, rows, out, lower_text);
}

tm_status tm_ef_trim(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return change(x, call, rows, out, trim_text);
}

/* ---- looking into texts ---------------------------------------------------------------------- */

/* TM_FALSE, TM_TRUE, TM_UNKNOWN, or -1: memory. */
typedef int text_test(tm_eval *x, const tm_node *call, tm_str text, tm_str wanted);

static int test_contains(tm_eval *x, const tm_node *call, tm_str text, tm_str wanted)
{
    TM_UNUSED(x);
    TM_UNUSED(call);
    return !wanted.n || tm_str_find(text, wanted) < text.n;
}

static int test_starts(tm_eval *x, const tm_node *call, tm_str text, tm_str wanted)
{
    TM_UNUSED(x);
    TM_UNUSED(call);
    return tm_str_starts(text, wanted);
}

static int test_ends(tm_eval *x, const tm_node *call, tm_str text, tm_str wanted)
{
    TM_UNUSED(x);
    TM_UNUSED(call);
    return tm_str_ends(text, wanted);
}

static int test_matches(tm_eval *x, const tm_node *call, tm_str text, tm_str wanted)
{
    TM_UNUSED(wanted);
    return tm_regex_match(call->regex, x->s->regex, text);
}

/* True if any text passes, else unknown if any was unknown, else false; -1: memory. */
static int test_parts(tm_eval *x, const tm_node *call, uint32_t r, tm_str wanted, text_test *test)
{
    uint32_t part = x->b->first_part[r];
    int truth = TM_FALSE;
    next_result next;
    tm_str text;
    while ((next = next_text(x, r, call->kid[0]->selectors, &part, &text)) == ONE_MORE) {
        int one = test(x, call, text, wanted);
        if (one == TM_TRUE || one < 0) return one;
        if (one == TM_UNKNOWN) truth = one;
    }
    return next == NO_MEMORY ? -1 : truth;
}

static tm_status look(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out, text_test *test)
{
    bool parts = call->kid[0]->kind == TM_N_PARTS;
    tm_evec texts = {0}, wants;
    TM_TRY(tm_enode_eval(x, call->kid[1], rows, &wants));
    if (!parts) TM_TRY(eval_first(x, call, rows, &texts));
    for (uint32_t i = 0; i < rows.count; i++) {
        uint32_t r = rows.at[i];
        int truth = TM_UNKNOWN;
        tm_evalue wanted = tm_evec_get(&wants, r), text;
        if (wanted.type == TM_E_TEXT && wanted.text.p) {
            if (parts) {
                truth = test_parts(x, call, r, wanted.text, test);
            } else {
                text = tm_evec_get(&texts, r);
                if (text.type == TM_E_TEXT && text.text.p)
                    truth = test(x, call, text.text, wanted.text);
            }
        }
        if (truth < 0) return tm_eval_memory(x);
        out->truth[r] = (uint8_t)truth;
    }
    return TM_OK;
}

tm_status tm_ef_contains(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return look(x, call, rows, out, test_contains);
}

tm_status tm_ef_starts(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return look(x, call, rows, out, test_starts);
}

tm_status tm_ef_ends(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return look(x, call, rows, out, test_ends);
}

tm_status tm_ef_matches(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out)
{
    return look(x, call, rows, out, test_matches);
}
