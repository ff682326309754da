/* Keys come mostly in the order of the record before, so each is looked for behind the last one
 * first. Of more than KEYS_MOST, or of longer ones together,
 * nothing is known: such objects are tables of something. */
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

static bool stands_at(const tm_seer *s, size_t at, tm_str key)
{
    return at + key.n < s->keys.n && !memcmp(s->keys.p + at, key.p, key.n) &&
           !s->keys.p[at + key.n];
}

static void note_key(tm_seer *s, tm_str key)
{
    size_t at = s->next;
    if (!stands_at(s, at, key))
        for (at = 0; at < s->keys.n && !stands_at(s, at, key);) at += strlen(s->keys.p + at) + 1;
    s->next = at + key.n + 1;
    if (at < s->keys.n) return;
    s->seen.keys = s->keys.n + key.n < KEY_BYTES ? s->seen.keys + 1 : KEYS_MOST + 1;
    if (s->seen.keys > KEYS_MOST) return;
    tm_buf_str(&s->keys, key);
    tm_buf_char(&s->keys, '\0');
}

static void note_keys(tm_seer *s, const tm_doc *doc)
{
    const tm_json_node *node = doc->node;
    if (node[doc->top].kind != TM_JSON_OBJECT) return;
    s->next = 0;
    for (uint32_t k = doc->top + 1; s->seen.keys <= KEYS_MOST && k < node[doc->top].next;
         k = node[k + 1].next) {
        tm_str inside = tm_json_inside(node, doc->raw.p, k);
        tm_buf_clear(&s->batch.scratch);
        tm_json_unescape(inside, &s->batch.scratch);
        note_key(s, tm_buf_view(&s->batch.scratch));
    }
    s->failed |= s->batch.scratch.failed || s->keys.failed;
}

void tm_seer_look(tm_seer *s, const tm_doc *doc)
{
    s->seen.records++;
    note_keys(s, doc);
    if (wants_more(s) && bind(s, doc->raw) != TM_OK) s->failed = true;
}

tm_status tm_seer_tell(const tm_seer *s, tm_arena *mem, tm_seen *out, tm_err *err)
{
    *out = s->seen;
    if (s->failed) *out = (tm_seen){0};
    uint32_t keys = out->keys <= KEYS_MOST ? out->keys : 0;
    out->keys = 0;
    if (!keys) return TM_OK;
    const char **key = TM_NEW(mem, const char *, keys);
    tm_str all = tm_arena_str(mem, tm_buf_view(&s->keys));
    if (!key || !all.p) return tm_fail_memory(err, "the plan", s->keys.n);
    for (size_t at = 0; out->keys < keys; at += strlen(all.p + at) + 1)
        key[out->keys++] = all.p + at;
    out->key = key;
    return TM_OK;
}

void tm_seer_end(tm_seer *s)
{
    tm_batch_release(&s->batch);
    tm_arena_release(&s->mem);
    tm_buf_release(&s->keys);
}
