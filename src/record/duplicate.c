/* Keys that stand twice in the objects a layout reads.
 *
 * Small objects (nearly all): each key sets one of 64 bits by its length and two of its bytes; only
 * when a bit is set already is the key compared with those before it. The factor was searched for:
 * it gives the keys of the usual layouts a bit each. Large objects go through a
 * hash table on the heap, so ten thousand columns, or keys made to collide in other hashes, stay
 * linear. */
#include "base/alloc.h"
#include "base/hash.h"
#include "record/layout.h"

#define SMALL 32

typedef struct twice {
    const tm_json_node *node;
    const char *raw;
    uint32_t count, first_at;
} twice;

static void note(twice *t, uint32_t key)
{
    t->first_at = TM_MIN(t->first_at, t->node[key].at);
    t->count++;
}

static bool same_key(const twice *t, uint32_t a, uint32_t b)
{
    const tm_json_node *x = &t->node[a], *y = &t->node[b];
    if (!((x->flags | y->flags) & TM_JSON_ESCAPED))
        return tm_str_eq(tm_json_raw(t->node, t->raw, a), tm_json_raw(t->node, t->raw, b));
    tm_str s = tm_json_inside(t->node, t->raw, a);
    tm_buf text = {0};
    tm_json_unescape(s, &text);
    bool same = !text.failed && tm_json_text_is(t->node, t->raw, b, tm_buf_view(&text));
    tm_buf_release(&text);
    return same;
}

static void small_object(twice *t, uint32_t object)
{
    const tm_json_node *node = t->node;
    uint64_t seen = 0;
    for (uint32_t k = object + 1; k < node[object].next; k = node[k + 1].next) {
        uint32_t n = node[k].end - node[k].at;
        const char *p = t->raw + node[k].at;
        uint32_t ends = n | (uint32_t)(uint8_t)p[1] << 8 | (uint32_t)(uint8_t)p[n - 2] << 16;
        uint32_t sign = ends * 0xC2CE6F45u >> 26;
        if (node[k].flags & TM_JSON_ESCAPED) seen = UINT64_MAX;
        bool perhaps = (seen >> sign) & 1;
        seen |= (uint64_t)1 << sign;
        if (!perhaps) continue;
        for (uint32_t other = object + 1; other < k; other = node[other + 1].next) {
            bool plain = !((node[other].flags | node[k].flags) & TM_JSON_ESCAPED);
            if (plain && node[other].end - node[other].at != n) continue;
            if (!same_key(t, other, k)) continue;
            note(t, k);
            break;
        }
    }
}

static void large_object(twice *t, uint32_t object, uint32_t keys)
{
    const tm_json_node *node = t->node;
    size_t room = 64;
    while (room < 2 * (size_t)keys) room *= 2;
    uint32_t *table = tm_alloc_zero(room, sizeof *table);
    tm_buf text = {0};
    if (!table) { /* slower, and as right */
        small_object(t, object);
        return;
    }
    for (uint32_t k = object + 1; k < node[object].next; k = node[k + 1].next) {
        tm_str key = tm_json_inside(node, t->raw, k);
        if (node[k].flags & TM_JSON_ESCAPED) {
            tm_buf_clear(&text);
            tm_json_unescape(key, &text);
            key = tm_buf_view(&text);
        }
        size_t at = tm_hash64(key.p, key.n, 0) & (room - 1);
        while (table[at] && !same_key(t, table[at], k)) at = (at + 1) & (room - 1);
        if (table[at])
            note(t, k);
        else
            table[at] = k;
    }
    tm_buf_release(&text);
    tm_free(table);
}

static void object_of(twice *t, uint32_t object)
{
    if (t->node[object].kind != TM_JSON_OBJECT) return;
    twice one = *t;
    uint32_t keys = 0;
    one.count = 0;
    one.first_at = UINT32_MAX;
    if (t->node[object].next - object > 2 * SMALL) keys = tm_json_count(t->node, object);
    if (keys > SMALL)
        large_object(&one, object, keys);
    else
        small_object(&one, object);
    t->count += one.count;
    t->first_at = TM_MIN(t->first_at, one.first_at);
}

uint32_t tm_record_duplicate_keys(const tm_batch *b, uint32_t record, uint32_t *first_at)
{
    twice t = {b->json.node, b->raw[record].p, 0, UINT32_MAX};
    if (first_at) *first_at = 0;
    if (b->top[record] == TM_NONE) return 0;
    object_of(&t, b->top[record]);
    uint32_t last = b->top[record];
    for (uint32_t i = b->first_turn[record]; i < b->first_turn[record + 1]; i++) {
        uint32_t node = b->turn[i].node;
        if (node == TM_NONE || node == last) continue; /* a pair's two turns have one object */
        object_of(&t, node);
        last = node;
    }
    if (t.count && first_at) *first_at = t.first_at;
    return t.count;
}
