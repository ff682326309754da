/* An item is an expression and a direction; longest and shortest are the characters of all texts
 * (what is compared is equal, or nearly), source_order is the number of the record's source. A
 * record's key is the ranks of its items one behind another (tm_evalue_rank: comparable by memcmp,
 * unknown last), so nothing is compared twice and nothing but bytes crosses the exchange. */
#include "op/keep.h"

#include "record/identity.h"
#include "text/words.h"

enum { ITEMS_MAX = 16 };

typedef struct item {
    tm_expr *expr; /* NULL: the source, or the length of the parts */
    bool descending, source;
} item;

struct tm_keep {
    item item[ITEMS_MAX];
    uint32_t items;
    bool none;
    bool by_place; /* ties: the list ends in first, or it is an order */
};

struct tm_keep_scratch {
    const tm_keep *keep;
    tm_expr_scratch *expr[ITEMS_MAX];
    tm_buf key;
};

bool tm_keep_parse(tm_str text, bool bare, tm_keep_item *out)
{
    tm_str word, rest;
    *out = (tm_keep_item){.none = !bare && tm_str_is(text, "none")};
    text = tm_str_trim(text);
    out->first = tm_str_is(text, "first");
    out->source = tm_str_is(text, "source_order");
    if (out->none || out->first || out->source) return true;
    if (tm_str_is(text, "longest") || tm_str_is(text, "shortest")) {
        *out = (tm_keep_item){.lengths = true, .descending = tm_str_is(text, "longest")};
        return true;
    }
    bool two = tm_str_cut(text, ' ', &word, &rest);
    bool most = two && (tm_str_is(word, "max") || tm_str_is(word, "newest"));
    bool directed = most || (two && tm_str_is(word, "min"));
    *out = (tm_keep_item){.expr = directed ? tm_str_trim(rest) : text, .descending = most};
    return directed || bare;
}

static tm_status add_item(tm_arena *mem, tm_str text, const tm_expr_env *env, bool bare, tm_keep *k,
                          tm_err *err)
{
    tm_keep_item parsed;
    if (!tm_keep_parse(text, bare, &parsed))
        return tm_fail(
            err, TM_ERECIPE,
            "\"%.*s\" is not a way to choose who is kept: use max EXPR, min EXPR, newest "
            "EXPR, longest, shortest, source_order, first or none",
            TM_FMT(text));
    if (k->by_place && !bare)
        return tm_fail(err, TM_ERECIPE,
                       "\"%.*s\" stands behind \"first\", which decides between any two records",
                       TM_FMT(text));
    k->none |= parsed.none;
    k->by_place |= parsed.first;
    if (!parsed.expr.n && !parsed.lengths && !parsed.source) return TM_OK;
    if (k->items == ITEMS_MAX) return tm_fail(err, TM_ERECIPE, "%d items at most", ITEMS_MAX);
    item *it = &k->item[k->items];
    it->descending = parsed.descending;
    it->source = parsed.source;
    if (parsed.expr.n) TM_TRY(tm_expr_compile(mem, parsed.expr, env, TM_E_ANY, &it->expr, err));
    k->items++;
    return TM_OK;
}

tm_status tm_keep_compile(tm_arena *mem, const tm_texts *list, const tm_expr_env *env, bool bare,
                          tm_keep **out, tm_err *err)
{
    tm_keep *k = TM_NEW(mem, tm_keep, 1);
    if (!k) return tm_fail_memory(err, "a keep list", sizeof *k);
    tm_status status = TM_OK;
    k->by_place = bare;
    for (uint32_t i = 0; status == TM_OK && i < list->count; i++)
        status = add_item(mem, list->item[i], env, bare, k, err);
    if (status == TM_OK && k->none && list->count > 1)
        status = tm_fail(err, TM_ERECIPE, "\"none\" stands alone in a keep list: nobody is kept");
    if (status == TM_OK && bare && !k->items)
        status =
            tm_fail(err, TM_ERECIPE, "\"%.*s\" is no order by itself: records stay as they stood",
                    TM_FMT(list->item[0]));
    if (status != TM_OK) tm_keep_release(k);
    *out = k;
    return status;
}

bool tm_keep_measures(const tm_keep *k)
{
    for (uint32_t i = 0; i < k->items; i++)
        if (!k->item[i].expr && !k->item[i].source) return true;
    return false;
}

bool tm_keep_is_none(const tm_keep *k)
{
    return k->none;
}

uint8_t tm_keep_verdict(const tm_keep *k, uint32_t then)
{
    if (then != TM_V_NONE) return (uint8_t)then;
    return k->none ? TM_V_DROP : TM_V_MERGE;
}

void tm_keep_release(const tm_keep *k)
{
    for (uint32_t i = 0; k && i < k->items; i++)
        if (k->item[i].expr) tm_expr_release(k->item[i].expr);
}

tm_keep_scratch *tm_keep_scratch_new(const tm_keep *k)
{
    tm_keep_scratch *s = tm_alloc_zero(1, sizeof *s);
    if (!s) return NULL;
    s->keep = k;
    for (uint32_t i = 0; i < k->items; i++) {
        if (!k->item[i].expr) continue;
        s->expr[i] = tm_expr_scratch_new(k->item[i].expr);
        if (s->expr[i]) continue;
        tm_keep_scratch_free(s);
        return NULL;
    }
    return s;
}

void tm_keep_scratch_free(tm_keep_scratch *s)
{
    if (!s) return;
    for (uint32_t i = 0; i < s->keep->items; i++) tm_expr_scratch_free(s->expr[i]);
    tm_buf_release(&s->key);
    tm_free(s);
}

static void sources(const tm_batch *b, tm_evalue *values)
{
    for (uint32_t r = 0; r < b->records; r++)
        values[r] = (tm_evalue){.type = TM_E_NUMBER, .number = TM_PLACE_SOURCE(b->rid[r].place)};
}

/* Characters of all texts, as a value for the key. */
static tm_status lengths(tm_batch *b, tm_evalue *values, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++) {
        double chars = 0;
        for (uint32_t p = b->first_part[r]; tm_live(b, r) && p < b->first_part[r + 1]; p++) {
            tm_str text;
            if (!tm_part_in(&b->part[p], TM_SEL_ALL)) continue;
            if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
            chars += (double)tm_text_chars(text);
        }
        values[r] = (tm_evalue){.type = TM_E_NUMBER, .number = chars};
    }
    return TM_OK;
}

/* Records of one id are told apart by their bytes, which leaves the rid to decide between lines
 * that are the same. */
static tm_status add_tie(const tm_step_view *step, tm_batch *b, uint32_t r, tm_buf *key,
                         tm_err *err)
{
    tm_id id, bytes = tm_hash128(b->raw[r].p, b->raw[r].n);
    char chance[16];
    if (!tm_record_id(b, step->layouts, r, &id)) return tm_fail_memory(err, "a keep list", 0);
    tm_be64_put(tm_chance(step->seed, id, step->stream), chance);
    tm_be64_put(tm_chance(step->seed, bytes, step->stream), chance + 8);
    tm_buf_add(key, chance, sizeof chance);
    return TM_OK;
}

tm_status tm_keep_keys(const tm_keep *k, tm_keep_scratch *s, const tm_step_view *step, tm_batch *b,
                       tm_str *keys, tm_err *err)
{
    tm_evalue *values = TM_NEW(b->mem, tm_evalue, (size_t)k->items * b->records + 1);
    if (!values) return tm_fail_memory(err, "a keep list", b->records);
    for (uint32_t i = 0; i < k->items; i++) {
        tm_evalue *column = values + (size_t)i * b->records;
        if (k->item[i].expr)
            TM_TRY(tm_expr_values(k->item[i].expr, s->expr[i], b, column, err));
        else if (k->item[i].source)
            sources(b, column);
        else
            TM_TRY(lengths(b, column, err));
    }
    for (uint32_t r = 0; r < b->records; r++) {
        keys[r] = (tm_str){0};
        if (!tm_live(b, r) || (k->by_place && !k->items)) continue;
        tm_buf_clear(&s->key);
        for (uint32_t i = 0; i < k->items; i++)
            tm_evalue_rank(&values[(size_t)i * b->records + r], k->item[i].descending, &s->key);
        if (!k->by_place) TM_TRY(add_tie(step, b, r, &s->key, err));
        TM_TRY(tm_buf_ok(&s->key, err));
        keys[r] = tm_arena_str(b->mem, tm_buf_view(&s->key));
        if (!keys[r].p) return tm_fail_memory(err, "a keep list", s->key.n);
    }
    return TM_OK;
}
