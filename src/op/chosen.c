/* Messages are counted by their chosen parts, so that `by: user, turn: 1` is the first question
 * whether or not a system prompt stands before it. */
#include "op/chosen.h"

/* The next part from p on that the selectors name and that is of another message than the last. */
static uint32_t next_message(const tm_choice *c, const tm_batch *b, uint32_t p, uint32_t end,
                             const tm_part *last)
{
    for (; p < end; p++) {
        const tm_part *part = &b->part[p];
        if (!tm_part_in(part, c->by)) continue;
        if (!last || part->answer != last->answer || part->turn != last->turn) break;
    }
    return p;
}

bool tm_choose(const tm_choice *c, const tm_batch *b, uint32_t r, tm_chosen *out)
{
    uint32_t begin = b->first_part[r], end = b->first_part[r + 1];
    int64_t messages = 0, want = c->turn;
    *out = (tm_chosen){.by = c->by, .all = !c->turn};
    if (begin < end && b->part[begin].flags & TM_PART_ANY) return true;
    if (!c->turn) return true;
    for (int go = 0; go < 2; go++) {
        const tm_part *last = NULL;
        messages = 0;
        for (uint32_t p = begin; (p = next_message(c, b, p, end, last)) < end;) {
            last = &b->part[p];
            out->answer = last->answer;
            out->turn = last->turn;
            if (++messages == want) return true;
        }
        if (want > 0 || messages + want < 0) return false;
        want += messages + 1; /* from behind: now that they are counted */
    }
    return false;
}

bool tm_stands_beside(tm_str key)
{
    static const tm_str names[] = {
        TM_STR_INIT("images"), TM_STR_INIT("image"), TM_STR_INIT("videos"), TM_STR_INIT("video"),
        TM_STR_INIT("audios"), TM_STR_INIT("audio"), TM_STR_INIT("tools")};
    if (key.n < 5 || key.n > 6) return false;
    for (size_t i = 0; i < TM_COUNT(names); i++)
        if (tm_str_eq(key, names[i])) return true;
    return false;
}

static bool says_something(const tm_json_node *v, tm_str raw)
{
    if (v->kind == TM_JSON_NULL) return false;
    tm_str inside = tm_str_trim(tm_str_slice(raw, 1, raw.n - 1)); /* of [] {} "" */
    bool holds = v->kind == TM_JSON_ARRAY || v->kind == TM_JSON_OBJECT || v->kind == TM_JSON_STRING;
    return !holds || inside.n;
}

uint32_t tm_chosen_beside(const tm_chosen *c, const tm_batch *b, uint32_t r, uint32_t at)
{
    const tm_json_node *node = b->json.node;
    uint32_t top = b->top[r];
    if (!c->all || !(c->by & (TM_SEL_ALL | TM_SEL_PROMPT | TM_SEL_USER))) return TM_NONE;
    if (top == TM_NONE || node[top].kind != TM_JSON_OBJECT) return TM_NONE;
    for (uint32_t k = at == TM_NONE ? top + 1 : node[at + 1].next; k < node[top].next;
         k = node[k + 1].next) {
        if (!tm_stands_beside(tm_json_inside(node, b->raw[r].p, k))) continue;
        if (says_something(&node[k + 1], tm_json_raw(node, b->raw[r].p, k + 1))) return k;
    }
    return TM_NONE;
}

tm_str tm_chosen_weight(const tm_batch *b, uint32_t p, uint32_t *at)
{
    static const tm_str none = {"", 0};
    const tm_json_node *node = b->json.node;
    uint32_t r = b->part[p].record, end = b->first_turn[r + 1];
    double number;
    if (b->part[p].role != TM_ASSISTANT) return none;
    *at = TM_MAX(*at, b->first_turn[r]);
    while (*at < end && p >= b->turn[*at].first_part + b->turn[*at].parts) ++*at;
    uint32_t message = *at < end ? b->turn[*at].node : TM_NONE;
    if (message == TM_NONE || node[message].kind != TM_JSON_OBJECT) return none;
    uint32_t v = tm_json_get(node, b->raw[r].p, message, TM_STR("weight"));
    if (v == TM_NONE || node[v].kind == TM_JSON_NULL) return none;
    tm_str text = tm_json_raw(node, b->raw[r].p, v);
    return tm_str_to_f64(text, &number) && number >= 1 && number <= 1 ? none : text;
}

/* An index has the hash of its record's own in hexadecimal. */
static uint64_t carried_by_index(tm_str hex)
{
    uint64_t all = 0;
    for (size_t i = 0; i < hex.n && i < 16; i++) {
        unsigned c = (unsigned char)hex.p[i];
        all = all << 4 | ((c & 15) + (c > '9' ? 9 : 0));
    }
    return all;
}

/* Of the value, not of its blanks and escapes. */
static uint64_t hash_value(tm_batch *b, tm_str json, uint64_t seed)
{
    tm_buf_clear(&b->scratch);
    tm_json_plain(json, &b->scratch);
    return tm_hash64(b->scratch.p, b->scratch.n, seed);
}

uint64_t tm_chosen_carries(const tm_chosen *c, tm_batch *b, uint32_t r)
{
    uint64_t all = 0;
    uint32_t turn = 0;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        tm_str weight = tm_chosen_weight(b, p, &turn);
        if (tm_part_is_text(part) && !part->name.p && !weight.n) continue;
        if (!tm_is_chosen(c, part)) continue;
        if (weight.n) all = tm_hash64(weight.p, weight.n, all + 4);
        if (part->flags & TM_PART_ANY) return carried_by_index(part->name);
        tm_str other = tm_part_other(b, p);
        if (part->name.p) all = tm_hash64(part->name.p, part->name.n, all + 1);
        if (other.n) all = hash_value(b, other, all + 2);
    }
    for (uint32_t k = TM_NONE; (k = tm_chosen_beside(c, b, r, k)) != TM_NONE;) {
        tm_str beside = tm_json_raw(b->json.node, b->raw[r].p, k + 1);
        all = hash_value(b, beside, all + 3);
    }
    return all;
}
