/* Open addressing over keys that are hashes already; lists are walked side by side, least node
 * first, so candidates come in order and the walk can stop whenever the caller has seen enough. */
#include "op/dedup/link_table.h"

#include "base/vec.h"
#include "text/terms.h"

enum { FIRST_SLOTS = 64 };

tm_status tm_link_table_open(tm_link_table *t, const tm_sketch *s, uint64_t most, uint64_t memory,
                             tm_err *err)
{
    uint32_t slots = tm_sketch_slots(s), keys = s->bands + 1;
    *t = (tm_link_table){
        .sketch = s, .most = (uint32_t)TM_MIN(most, (uint64_t)TM_NONE), .memory = memory};
    t->key = tm_alloc(keys * sizeof *t->key);
    t->head = tm_alloc(keys * sizeof *t->head);
    t->walked = tm_alloc(keys * sizeof *t->walked);
    t->open = tm_alloc(keys * sizeof *t->open);
    t->work = tm_alloc(2 * slots * sizeof *t->work);
    t->slot_values = tm_alloc(slots * sizeof *t->slot_values);
    if (t->key && t->head && t->walked && t->open && t->work && t->slot_values) return TM_OK;
    tm_link_table_close(t);
    return tm_fail_memory(err, "a group", slots);
}

static tm_link_key *slot_of(const tm_link_table *t, uint64_t key)
{
    uint32_t at = (uint32_t)key & (t->slots - 1);
    while (t->slot[at].first && t->slot[at].key != key) at = (at + 1) & (t->slots - 1);
    return &t->slot[at];
}

uint32_t tm_link_table_keys(const tm_link_table *t, uint8_t kind)
{
    return kind == TM_GRAM_WORDS || kind == TM_GRAM_CHARS ? t->sketch->bands + 1 : 1;
}

void tm_link_table_look(tm_link_table *t, const tm_link_set *r, const uint32_t *walked)
{
    t->keys = tm_link_table_keys(t, r->kind);
    if (t->keys > 1) {
        const uint64_t *gram = (const uint64_t *)(const void *)r->set.p;
        tm_sketch_make(t->sketch, gram, r->set.n / sizeof *gram, t->work, t->slot_values);
        tm_sketch_bands(t->sketch, t->slot_values, r->kind, t->key);
    }
    t->key[t->keys - 1] = tm_mix64(r->digest ^ r->kind);
    t->opens = 0;
    for (uint32_t k = 0; k < t->keys; k++) {
        t->head[k] = t->slots ? slot_of(t, t->key[k])->first : 0;
        t->walked[k] = walked ? walked[k] : 0;
        if (t->head[k]) t->open[t->opens++] = k;
    }
}

static void give(tm_link_table *t, uint32_t node, tm_link_set *out)
{
    t->at = node;
    *out = t->node[node].of;
    out->set.p = t->sets.p + t->node[node].at;
}

bool tm_link_is_equal(const tm_link_set *a, const tm_link_set *b)
{
    return a->kind == b->kind && a->digest == b->digest && tm_str_eq(a->set, b->set);
}

bool tm_link_table_equal(tm_link_table *t, const tm_link_set *r, tm_link_set *out)
{
    for (uint32_t e = t->head[t->keys - 1]; e; e = t->entry[e - 1].next) {
        give(t, t->entry[e - 1].node, out);
        if (out->rank == r->rank && tm_link_is_equal(r, out)) return true;
    }
    return false;
}

tm_candidate tm_link_table_next(tm_link_table *t, tm_link_set *out)
{
    uint32_t least = TM_NONE;
    bool met = false, left_out = false;
    for (uint32_t i = 0; i < t->opens; i++)
        least = TM_MIN(least, t->entry[t->head[t->open[i]] - 1].node);
    if (least == TM_NONE) return TM_CANDIDATE_NONE;
    for (uint32_t i = t->opens; i-- > 0;) {
        uint32_t k = t->open[i], e = t->head[k];
        if (t->entry[e - 1].node != least) continue;
        bool more = t->walked[k] < t->most;
        t->walked[k] += more;
        t->head[k] = more ? t->entry[e - 1].next : 0;
        if (!t->head[k]) t->open[i] = t->open[--t->opens];
        met |= more;
        left_out |= !more;
    }
    give(t, least, out);
    if (!met) return TM_CANDIDATE_LEFT_OUT;
    return left_out ? TM_CANDIDATE_BOTH : TM_CANDIDATE_MET;
}

bool tm_link_table_fits(const tm_link_table *t, const tm_link_set *r)
{
    uint64_t slots = t->slots;
    if ((t->slots_used + t->keys) * 4ull >= slots * 3) slots = TM_MAX(slots, FIRST_SLOTS) * 3;
    uint64_t bytes = slots * sizeof *t->slot + (t->nodes + 1) * 2ull * sizeof *t->node +
                     (t->entries + t->keys) * 2ull * sizeof *t->entry + t->sets.n + r->set.n;
    return bytes <= t->memory;
}

static tm_status grow_slots(tm_link_table *t, tm_err *err)
{
    uint32_t slots = t->slots ? t->slots * 2 : FIRST_SLOTS;
    tm_link_key *was = t->slot, *fresh = tm_alloc_zero(slots, sizeof *fresh);
    uint32_t count = t->slots;
    if (!fresh) return tm_fail_memory(err, "a group", slots * sizeof *fresh);
    t->slot = fresh;
    t->slots = slots;
    for (uint32_t i = 0; i < count; i++)
        if (was[i].first) *slot_of(t, was[i].key) = was[i];
    tm_free(was);
    return TM_OK;
}

static tm_status add_entry(tm_link_table *t, uint64_t key, uint32_t node, tm_err *err)
{
    if ((uint64_t)t->slots_used * 4 >= (uint64_t)t->slots * 3) TM_TRY(grow_slots(t, err));
    if (!TM_ROOM_HEAP(t->entry, t->entries, t->entry_room, 1))
        return tm_fail_memory(err, "a group", t->entries * sizeof *t->entry);
    tm_link_key *k = slot_of(t, key);
    t->entry[t->entries++] = (tm_link_entry){node, 0};
    if (k->first)
        t->entry[k->last - 1].next = t->entries;
    else
        t->slots_used++, k->key = key, k->first = t->entries;
    k->last = t->entries;
    return TM_OK;
}

tm_status tm_link_table_add(tm_link_table *t, const tm_link_set *r, tm_err *err)
{
    static const char zeros[8];
    uint32_t node = t->nodes;
    if (!TM_ROOM_HEAP(t->node, t->nodes, t->node_room, 1))
        return tm_fail_memory(err, "a group", t->nodes * sizeof *t->node);
    t->node[t->nodes++] = (tm_link_node){*r, t->sets.n, node};
    tm_buf_str(&t->sets, r->set);
    tm_buf_add(&t->sets, zeros, -r->set.n & 7);
    TM_TRY(tm_buf_ok(&t->sets, err));
    for (uint32_t k = 0; k < t->keys; k++) TM_TRY(add_entry(t, t->key[k], node, err));
    return TM_OK;
}

uint32_t tm_link_table_tree(tm_link_table *t, uint32_t node)
{
    tm_link_node *n = t->node;
    while (n[node].parent != node) node = n[node].parent = n[n[node].parent].parent;
    return node;
}

uint32_t tm_link_table_join(tm_link_table *t, uint32_t a, uint32_t b)
{
    a = tm_link_table_tree(t, a), b = tm_link_table_tree(t, b);
    return t->node[TM_MAX(a, b)].parent = TM_MIN(a, b);
}

void tm_link_table_empty(tm_link_table *t)
{
    if (t->slots) memset(t->slot, 0, t->slots * sizeof *t->slot);
    t->nodes = t->entries = t->slots_used = 0;
    tm_buf_clear(&t->sets);
}

void tm_link_table_close(tm_link_table *t)
{
    tm_buf_release(&t->sets);
    tm_free(t->node);
    tm_free(t->entry);
    tm_free(t->slot);
    tm_free(t->key);
    tm_free(t->head);
    tm_free(t->walked);
    tm_free(t->open);
    tm_free(t->work);
    tm_free(t->slot_values);
    *t = (tm_link_table){0};
}
