/* Keys come mostly in the order of the record before, so each is looked for behind the last one
 * first. Where there are more than KEYS_MOST on a level, or longer ones together, no more is known
 * of it: such objects are tables of something. */
#include "flow/seen.h"

#include <stdlib.h>

#include "io/source.h"

enum { KEYS_MOST = 256, KEY_BYTES = 64 << 10 };

/* What the recipe's steps ask for. */
static void note_needs(tm_seer *s, const tm_recipe *recipe)
{
    for (uint32_t i = 0; i < recipe->steps; i++) {
        const tm_recipe_step *step = &recipe->step[i];
        const tm_param *params = step->op->params, *turn;
        turn = params ? tm_params_find(params, TM_STR("turn")) : NULL;
        int64_t nth = turn ? *(const int64_t *)((const char *)step->args + turn->at) : 0;
        for (const tm_param *p = params; p && p->name; p++) {
            if (p->type != TM_P_SELECTOR) continue;
            uint32_t by = *(const uint32_t *)((const char *)step->args + p->at);
            uint32_t need = nth ? (uint32_t)llabs(nth) : 1;
            for (uint32_t k = 0; k < TM_SELECTORS; k++)
                if (by >> k & 1) s->need[k] = TM_MAX(s->need[k], need), s->seen.looked |= 1u << k;
        }
    }
}

tm_status tm_seer_begin(tm_seer *s, const tm_recipe *recipe, const tm_recipe_input *from,
                        const tm_mapping *mapping, tm_err *err)
{
    tm_batch_init(&s->batch, &s->mem);
    note_needs(s, recipe);
    if (mapping) {
        s->layouts = (tm_layout_set){.mapping = mapping, .count = 1};
        s->layouts.layout[0] = tm_layout_named(TM_STR("map"));
        return TM_OK;
    }
    if (from->layout.n) return tm_layouts_named(from->layout, &s->layouts, err);
    for (uint32_t i = 0; tm_layouts[i] && i < TM_COUNT(s->layouts.layout); i++)
        s->layouts.layout[s->layouts.count++] = tm_layouts[i];
    return TM_OK;
}

static bool wants_more(const tm_seer *s)
{
    for (uint32_t k = 0; k < TM_SELECTORS; k++)
        if (s->seen.messages[k] < s->need[k]) return true;
    return false;
}

static bool says_something(const tm_batch *b, uint32_t p)
{
    const tm_part *part = &b->part[p];
    bool text = tm_part_is_text(part) && part->raw_bytes;
    return text || part->name.p || tm_part_other(b, p).n;
}

static void count_messages(tm_seer *s)
{
    const tm_batch *b = &s->batch;
    for (uint32_t k = 0; k < TM_SELECTORS; k++) {
        const tm_part *last = NULL;
        uint32_t messages = 0;
        for (uint32_t p = b->first_part[0]; p < b->first_part[1]; p++) {
            const tm_part *part = &b->part[p];
            if (!tm_part_in(part, 1u << k) || !says_something(b, p)) continue;
            if (part->flags & TM_PART_ANY) messages = UINT16_MAX; /* whatever it was made of */
            messages += !last || part->turn != last->turn || part->answer != last->answer;
            last = part;
        }
        s->seen.messages[k] = TM_MAX(s->seen.messages[k], messages);
    }
}

static tm_status bind(tm_seer *s, tm_str raw)
{
    tm_read_rules rules = {.layouts = &s->layouts, .binding = TM_BIND_ALWAYS};
    tm_arena_reset(&s->mem);
    TM_TRY(tm_batch_reset(&s->batch, 1, NULL, 0, NULL));
    char *copy = tm_arena_alloc(&s->mem, raw.n + TM_BLOCK_SLACK, 16);
    if (!copy) return TM_EMEMORY;
    memcpy(copy, raw.p, raw.n);
    memset(copy + raw.n, 0, TM_BLOCK_SLACK);
    raw.p = copy;
    TM_TRY(tm_batch_add(&s->batch, &rules, (tm_rid){0}, 1, raw, false, TM_BLOCK_SLACK, NULL, NULL));
    if (s->batch.fate[0] != TM_LIVE) return TM_OK;
    s->seen.bound++;
    count_messages(s);
    return TM_OK;
}

static bool stands_at(const tm_seer_keys *in, size_t at, tm_str key)
{
    return at + key.n < in->names.n && !memcmp(in->names.p + at, key.p, key.n) &&
           !in->names.p[at + key.n];
}

/* Which of the keys it is, from 0; TM_NONE: it has no room any more. *bytes: of the keys that share
 * the room. */
static uint32_t note_key(tm_seer_keys *in, tm_str key, size_t *bytes)
{
    size_t at = in->next;
    uint32_t nth = in->nth;
    if (!stands_at(in, at, key))
        for (at = 0, nth = 0; at < in->names.n && !stands_at(in, at, key); nth++)
            at += strlen(in->names.p + at) + 1;
    in->next = at + key.n + 1;
    in->nth = nth + 1;
    if (at < in->names.n) return nth;
    in->open |= nth == KEYS_MOST || *bytes + key.n >= KEY_BYTES;
    if (in->open) return TM_NONE;
    tm_buf_str(&in->names, key);
    tm_buf_char(&in->names, '\0');
    *bytes += key.n + 1;
    in->count++;
    return nth;
}

/* The key at node k; false: it is one that no name of C can be. */
static bool read_key(tm_seer *s, const tm_doc *doc, uint32_t k, tm_str *key)
{
    tm_str inside = tm_json_inside(doc->node, doc->raw.p, k);
    tm_buf *text = &s->batch.scratch;
    tm_buf_clear(text);
    tm_json_unescape(inside, text);
    *key = text->n ? tm_buf_view(text) : TM_STR("");
    return tm_str_find_char(*key, '\0') == key->n;
}

/* Paths go on into a text that holds JSON. */
static bool may_hold_object(const tm_doc *doc, uint32_t node)
{
    if (doc->node[node].kind != TM_JSON_STRING) return false;
    tm_str text = tm_str_trim(tm_json_inside(doc->node, doc->raw.p, node));
    return text.n && (text.p[0] == '{' || text.p[0] == '\\');
}

static void note_inside(tm_seer *s, tm_seer_keys *in, const tm_doc *doc, uint32_t value)
{
    const tm_json_node *node = doc->node;
    in->open |= may_hold_object(doc, value);
    if (node[value].kind != TM_JSON_OBJECT) return;
    in->next = in->nth = 0;
    for (uint32_t k = value + 1; !in->open && k < node[value].next; k = node[k + 1].next) {
        tm_str key;
        if (read_key(s, doc, k, &key)) note_key(in, key, &s->inside_bytes);
    }
}

static void note_keys(tm_seer *s, const tm_doc *doc)
{
    const tm_json_node *node = doc->node;
    if (node[doc->top].kind != TM_JSON_OBJECT || s->failed) return;
    if (!s->inside) s->inside = tm_alloc_zero(KEYS_MOST, sizeof *s->inside);
    s->failed = !s->inside;
    s->top.next = s->top.nth = 0;
    for (uint32_t k = doc->top + 1; !s->top.open && !s->failed && k < node[doc->top].next;
         k = node[k + 1].next) {
        tm_str key;
        if (!read_key(s, doc, k, &key)) continue;
        uint32_t nth = note_key(&s->top, key, &s->top_bytes);
        if (nth != TM_NONE) note_inside(s, &s->inside[nth], doc, k + 1);
        s->failed |= s->batch.scratch.failed || s->top.names.failed;
        if (nth != TM_NONE) s->failed |= s->inside[nth].names.failed;
    }
}

void tm_seer_look(tm_seer *s, const tm_doc *doc)
{
    s->seen.records++;
    note_keys(s, doc);
    if (wants_more(s) && bind(s, doc->raw) != TM_OK) s->failed = true;
}

static tm_status tell_keys(const tm_seer_keys *in, tm_arena *mem, tm_seen_keys *out, tm_err *err)
{
    *out = (tm_seen_keys){.open = in->open};
    if (in->open || !in->count) return TM_OK;
    const char **name = TM_NEW(mem, const char *, in->count);
    tm_str all = tm_arena_str(mem, tm_buf_view(&in->names));
    if (!name || !all.p) return tm_fail_memory(err, "the plan", in->names.n);
    for (size_t at = 0; out->count < in->count; at += strlen(all.p + at) + 1)
        name[out->count++] = all.p + at;
    out->name = name;
    return TM_OK;
}

tm_status tm_seer_tell(const tm_seer *s, tm_arena *mem, tm_seen *out, tm_err *err)
{
    *out = s->seen;
    if (s->failed) *out = (tm_seen){0};
    if (s->failed) return TM_OK;
    TM_TRY(tell_keys(&s->top, mem, &out->top, err));
    out->top.open |= !out->top.count; /* no object was there: records are something else */
    tm_seen_keys *inside = TM_NEW(mem, tm_seen_keys, out->top.count + 1);
    if (!inside) return tm_fail_memory(err, "the plan", out->top.count);
    for (uint32_t k = 0; k < out->top.count; k++)
        TM_TRY(tell_keys(&s->inside[k], mem, &inside[k], err));
    out->inside = inside;
    return TM_OK;
}

void tm_seer_end(tm_seer *s)
{
    for (uint32_t k = 0; s->inside && k < KEYS_MOST; k++) tm_buf_release(&s->inside[k].names);
    tm_free(s->inside);
    tm_buf_release(&s->top.names);
    tm_batch_release(&s->batch);
    tm_arena_release(&s->mem);
}
