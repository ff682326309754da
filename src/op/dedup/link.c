/* Everything that is compared stays in memory: the sets of those that are kept (of all distinct
 * ones, for chains), and a hash table from band keys to them. What one group may hold is limited;
 * a group that is larger ends the run with the memory it would need, rather than being cut. */
#include "op/dedup/link.h"

#include <stdlib.h>

#include "base/vec.h"
#include "text/terms.h"

const char *const tm_measure_names[] = {"jaccard", "containment", NULL};
const char *const tm_link_names[] = {"representative", "chain", NULL};

enum { FIRST_SLOTS = 64 };

typedef struct head { /* before a fact's set */
    uint64_t digest;
    uint64_t kind;
} head;

typedef struct node { /* one set that others are compared with */
    tm_rid rid;
    tm_str set;
    uint64_t digest;
    uint32_t rank, parent; /* parent: chains, a union-find whose roots come first */
    uint32_t seen;         /* the last record it was a candidate of */
    uint8_t kind;
} node;

typedef struct entry { /* a node in a key's list; next: entry + 1 */
    uint32_t node, next;
} entry;

typedef struct key { /* nodes that have this key, those kept first in front; full at compare_most */
    uint64_t key;
    uint32_t first, last, count;
} key;

typedef struct twin { /* a record equal to a node: chains decide at the end */
    tm_rid rid;
    uint32_t node, rank;
} twin;

typedef struct linker {
    const tm_link_rules *rules;
    const tm_step_view *step;
    tm_decisions *out;
    tm_err *err;
    tm_arena mem;
    uint64_t held;
    tm_buf at_hand; /* the set of the record at hand, aligned */
    node *node;
    entry *entry;
    twin *twin;
    uint32_t nodes, node_room, entries, entry_room, twins, twin_room;
    key *slot; /* open addressing; first 0: free */
    uint32_t slots, slots_used;
    bool limited; /* the record at hand met a full list */
    uint32_t *found, found_room, founds;
    uint64_t *band, *work; /* keys of the record at hand; its digest's key last */
    uint32_t *sketch, keys;
    uint32_t number; /* of the record at hand, from 1 */
} linker;

tm_status tm_link_fact(tm_str group, tm_str order, tm_rid rid, tm_gram_kind kind, tm_str set,
                       tm_facts *out, tm_err *err)
{
    head h = {tm_hash64(set.p, set.n, kind), kind};
    tm_fact f = {.key = group, .order = order, .rid = rid};
    tm_buf data = {0};
    tm_buf_add(&data, &h, sizeof h);
    tm_buf_str(&data, set);
    tm_status status = tm_buf_ok(&data, err);
    f.data = tm_buf_view(&data);
    if (status == TM_OK) status = tm_facts_add(out, &f, err);
    tm_buf_release(&data);
    return status;
}

static tm_status hold(linker *l, uint64_t bytes)
{
    l->held += bytes;
    if (l->held <= l->step->memory) return TM_OK;
    return tm_fail(l->err, TM_ELIMIT,
                   "%u different records are candidates of each other: comparing them needs a "
                   "larger --memory, a higher threshold or more rows",
                   l->nodes);
}

static bool is_set(const node *n)
{
    return n->kind == TM_GRAM_WORDS || n->kind == TM_GRAM_CHARS;
}

static size_t set_count(tm_str set)
{
    return set.n / sizeof(uint64_t);
}

static const uint64_t *set_grams(tm_str set)
{
    return (const uint64_t *)(const void *)set.p;
}

/* -1: not of one kind, or below what could reach the threshold. */
static double similarity(const tm_link_rules *rules, const node *a, const node *b)
{
    if (a->kind != b->kind) return -1;
    if (a->digest == b->digest && tm_str_eq(a->set, b->set)) return 1;
    if (!is_set(a)) return -1;
    size_t n = set_count(a->set), m = set_count(b->set), few = TM_MIN(n, m);
    bool jaccard = rules->measure == TM_MEASURE_JACCARD;
    if (jaccard && (double)few < rules->threshold * (double)TM_MAX(n, m)) return -1;
    size_t both = tm_grams_common(set_grams(a->set), n, set_grams(b->set), m);
    return (double)both / (double)(jaccard ? n + m - both : few);
}

static double exact_similarity(const tm_link_rules *rules, const node *a, const node *b)
{
    tm_link_rules any = *rules;
    any.threshold = 0;
    return similarity(&any, a, b);
}

/* The keys of a record: a band each, and its digest. */
static uint32_t make_keys(linker *l, const node *n)
{
    const tm_sketch *s = &l->rules->sketch;
    uint32_t keys = 0;
    if (is_set(n)) {
        tm_sketch_make(s, set_grams(n->set), set_count(n->set), l->work, l->sketch);
        tm_sketch_bands(s, l->sketch, n->kind, l->band);
        keys = s->bands;
    }
    l->band[keys++] = tm_mix64(n->digest ^ n->kind);
    return keys;
}

static key *slot_of(const linker *l, uint64_t of)
{
    uint32_t at = (uint32_t)of & (l->slots - 1); /* keys are mixed */
    while (l->slot[at].first && l->slot[at].key != of) at = (at + 1) & (l->slots - 1);
    return &l->slot[at];
}

static tm_status grow_slots(linker *l)
{
    linker was = *l;
    l->slots = was.slots ? was.slots * 2 : FIRST_SLOTS;
    TM_TRY(hold(l, l->slots * sizeof *l->slot));
    l->slot = TM_NEW(&l->mem, key, l->slots);
    if (!l->slot) return tm_fail_memory(l->err, "a group", l->slots * sizeof *l->slot);
    for (uint32_t i = 0; i < was.slots; i++)
        if (was.slot[i].first) *slot_of(l, was.slot[i].key) = was.slot[i];
    return TM_OK;
}

static tm_status add_entry(linker *l, uint64_t of, uint32_t with)
{
    if (l->slots_used * 2 >= l->slots) TM_TRY(grow_slots(l));
    key *k = slot_of(l, of);
    if (k->count >= l->rules->compare_most) return TM_OK;
    if (!TM_ROOM(&l->mem, l->entry, l->entries, l->entry_room, 1))
        return tm_fail_memory(l->err, "a group", l->entries * sizeof *l->entry);
    l->entry[l->entries++] = (entry){with, 0};
    if (k->first)
        l->entry[k->last - 1].next = l->entries;
    else
        l->slots_used++, k->key = of, k->first = l->entries;
    k->last = l->entries;
    k->count++;
    return TM_OK;
}

/* The record becomes one that others are compared with. */
static tm_status add_node(linker *l, const node *n)
{
    uint32_t of = l->nodes;
    TM_TRY(hold(l, n->set.n + 2 * (sizeof *n + l->keys * sizeof(entry))));
    if (!TM_ROOM(&l->mem, l->node, l->nodes, l->node_room, 1))
        return tm_fail_memory(l->err, "a group", l->nodes * sizeof *n);
    char *set = tm_arena_alloc(&l->mem, n->set.n + 1, 8);
    if (!set) return tm_fail_memory(l->err, "a group", n->set.n);
    memcpy(set, n->set.p, n->set.n);
    l->node[of] = *n;
    l->node[of].set.p = set;
    l->node[of].parent = of;
    l->nodes++;
    for (uint32_t k = 0; k < l->keys; k++) TM_TRY(add_entry(l, l->band[k], of));
    return TM_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static tm_status add_found(linker *l, uint32_t of)
{
    if (l->node[of].seen == l->number) return TM_OK;
    l->node[of].seen = l->number;
    if (!TM_ROOM(&l->mem, l->found, l->founds, l->found_room, 1))
        return tm_fail_memory(l->err, "a group", l->founds);
    l->found[l->founds++] = of;
    return TM_OK;
}

/* Nodes that share a key with the record, each once, those kept first in front. */
static tm_status find_candidates(linker *l)
{
    l->founds = 0;
    l->limited = false;
    for (uint32_t k = 0; l->slots && k < l->keys; k++) {
        const key *list = slot_of(l, l->band[k]);
        l->limited |= list->count >= l->rules->compare_most;
        for (uint32_t e = list->first; e; e = l->entry[e - 1].next)
            TM_TRY(add_found(l, l->entry[e - 1].node));
    }
    if (l->founds > 1) qsort(l->found, l->founds, sizeof *l->found, by_number);
    return TM_OK;
}

static tm_status decide(linker *l, tm_rid rid, uint32_t rank, uint32_t into, double value)
{
    tm_decision d = {.rid = rid,
                     .step = l->step->step,
                     .rule = l->rules->rule,
                     .verdict = l->rules->verdict,
                     .set = TM_D_OTHER | TM_D_VALUE,
                     .other = l->node[into].rid,
                     .value = value};
    return rank ? tm_decide(l->out, &d, l->err) : TM_OK; /* references are only looked at */
}

/* A record that had more candidates than it was compared with, and matched none of those. */
static tm_status note_limited(linker *l, const node *n)
{
    tm_decision d = {.rid = n->rid,
                     .step = l->step->step,
                     .rule = l->rules->rule_limited,
                     .verdict = TM_V_FLAG,
                     .set = TM_D_VALUE,
                     .value = l->founds};
    return n->rank ? tm_decide(l->out, &d, l->err) : TM_OK;
}

static bool may_merge(const linker *l, const node *into, const node *n)
{
    return !n->rank ? !into->rank : tm_scope_merges(&l->rules->scope, into->rank, n->rank);
}

static tm_status link_representative(linker *l, const node *n)
{
    for (uint32_t i = 0; i < l->founds; i++) {
        const node *into = &l->node[l->found[i]];
        if (!may_merge(l, into, n)) continue;
        double s = similarity(l->rules, into, n);
        if (s >= l->rules->threshold) return decide(l, n->rid, n->rank, l->found[i], s);
    }
    if (l->limited) TM_TRY(note_limited(l, n));
    return add_node(l, n);
}

static uint32_t root_of(linker *l, uint32_t v)
{
    while (l->node[v].parent != v) v = l->node[v].parent = l->node[l->node[v].parent].parent;
    return v;
}

static void join(linker *l, uint32_t a, uint32_t b)
{
    a = root_of(l, a), b = root_of(l, b);
    if (a < b)
        l->node[b].parent = a;
    else
        l->node[a].parent = b;
}

/* Equal sets are one node: the first of them is compared, the others follow it. */
static tm_status add_twin(linker *l, const node *n, uint32_t of)
{
    TM_TRY(hold(l, 2 * sizeof *l->twin));
    if (!TM_ROOM(&l->mem, l->twin, l->twins, l->twin_room, 1))
        return tm_fail_memory(l->err, "a group", l->twins * sizeof *l->twin);
    l->twin[l->twins++] = (twin){n->rid, of, n->rank};
    return TM_OK;
}

static tm_status link_chain(linker *l, const node *n)
{
    for (uint32_t i = 0; i < l->founds; i++) {
        const node *other = &l->node[l->found[i]];
        bool equal = other->digest == n->digest && other->rank == n->rank &&
                     other->kind == n->kind && tm_str_eq(other->set, n->set);
        if (equal && may_merge(l, other, n)) return add_twin(l, n, l->found[i]);
    }
    uint32_t of = l->nodes;
    TM_TRY(add_node(l, n));
    for (uint32_t i = 0; i < l->founds; i++) {
        const node *other = &l->node[l->found[i]];
        if (!may_merge(l, other, n)) continue;
        if (similarity(l->rules, other, n) >= l->rules->threshold) join(l, l->found[i], of);
    }
    return l->limited && root_of(l, of) == of ? note_limited(l, n) : TM_OK;
}

static tm_status decide_chains(linker *l)
{
    for (uint32_t v = 0; v < l->nodes; v++) {
        uint32_t root = root_of(l, v);
        const node *n = &l->node[v], *into = &l->node[root];
        if (root == v || !may_merge(l, into, n)) continue;
        TM_TRY(decide(l, n->rid, n->rank, root, exact_similarity(l->rules, into, n)));
    }
    for (uint32_t t = 0; t < l->twins; t++) {
        uint32_t root = root_of(l, l->twin[t].node);
        double s = exact_similarity(l->rules, &l->node[root], &l->node[l->twin[t].node]);
        TM_TRY(decide(l, l->twin[t].rid, l->twin[t].rank, root, s));
    }
    return TM_OK;
}

static tm_status link_one(linker *l, const tm_fact *f)
{
    head h;
    TM_ASSERT(f->data.n >= sizeof h);
    memcpy(&h, f->data.p, sizeof h);
    tm_str set = {f->data.p + sizeof h, f->data.n - sizeof h};
    tm_buf_clear(&l->at_hand);
    tm_buf_str(&l->at_hand, set);
    TM_TRY(tm_buf_ok(&l->at_hand, l->err));
    node n = {.rid = f->rid,
              .set = tm_buf_view(&l->at_hand),
              .digest = h.digest,
              .rank = tm_scope_rank_get(f->order),
              .kind = (uint8_t)h.kind};
    l->number++;
    l->keys = make_keys(l, &n);
    TM_TRY(find_candidates(l));
    return l->rules->link == TM_LINK_CHAIN ? link_chain(l, &n) : link_representative(l, &n);
}

static tm_status make_room(linker *l)
{
    const tm_sketch *s = &l->rules->sketch;
    uint32_t slots = tm_sketch_slots(s);
    l->band = TM_NEW(&l->mem, uint64_t, s->bands + 1);
    l->work = TM_NEW(&l->mem, uint64_t, slots);
    l->sketch = TM_NEW(&l->mem, uint32_t, slots);
    if (!l->band || !l->work || !l->sketch) return tm_fail_memory(l->err, "a group", slots);
    return TM_OK;
}

tm_status tm_link_group(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                        tm_decisions *out, tm_err *err)
{
    tm_fact f;
    linker l = {.rules = rules, .step = step, .out = out, .err = err};
    tm_status status = make_room(&l);
    while (status == TM_OK && group->next(group, &f)) status = link_one(&l, &f);
    if (status == TM_OK) status = decide_chains(&l);
    tm_arena_release(&l.mem);
    tm_buf_release(&l.at_hand);
    return status;
}
