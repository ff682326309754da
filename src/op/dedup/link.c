/* Records of a group come in the order in which they would be kept, and each is compared with those
 * kept before it. These lie in a table that has a budget.
 *
 * A group whose table is full is linked in several goes: a record that is near to none of those in
 * the table, and finds no room there, is put by; when the group is at its end, the table is emptied
 * and those put by are a group of their own. A record put by is compared with the same others in
 * the same order as in one go, so memory decides the time a group takes and nothing else.
 *
 * What equals a record of the table is near to whatever that one is near to, and was compared with
 * it, so it is looked for first. */
#include "op/dedup/link.h"

#include "base/store.h"
#include "base/vec.h"
#include "op/dedup/cluster.h"
#include "op/dedup/link_table.h"

const char *const tm_measure_names[] = {"jaccard", "containment", NULL};
const char *const tm_link_names[] = {"representative", "chain", NULL};

typedef struct head { /* before a fact's set */
    uint64_t digest;
    uint64_t kind;
} head;

typedef struct member { /* of a chain: every record of the group */
    tm_rid rid;
    uint64_t at, digest; /* at: of its set, in linker.sets */
    uint32_t bytes, rank, parent;
    uint8_t kind;
    bool limited;
    bool leads;   /* others are of its cluster */
    bool decided; /* it is not kept */
} member;

typedef struct put_by { /* records for the next go, as a queue */
    tm_store store;
    uint64_t count;
} put_by;

typedef struct linker {
    const tm_link_rules *rules;
    const tm_step_view *step;
    tm_decisions *out;
    tm_err *err;
    tm_link_table table;
    bool full;
    put_by next;
    tm_buf at_hand; /* the set of the record at hand, aligned */
    tm_buf walked;  /* what the table said of it when it was put by */
    /* chains */
    tm_store sets;
    member *member;
    uint32_t members, member_room;
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

/* -1 when they are not of one kind, or cannot reach `least`. */
static double similarity(const tm_link_rules *rules, const tm_link_set *a, const tm_link_set *b,
                         double least)
{
    bool jaccard = rules->measure == TM_MEASURE_JACCARD;
    if (a->kind != b->kind) return -1;
    if (tm_link_is_equal(a, b)) return 1;
    if (a->kind != TM_GRAM_WORDS && a->kind != TM_GRAM_CHARS) return -1;
    const uint64_t *x = (const uint64_t *)(const void *)a->set.p,
                   *y = (const uint64_t *)(const void *)b->set.p;
    size_t n = a->set.n / sizeof *x, m = b->set.n / sizeof *y, few = TM_MIN(n, m);
    /* divided as below, so that rounding takes no pair that just reaches it */
    if (jaccard && (double)few / (double)TM_MAX(n, m) < least) return -1;
    size_t both = tm_grams_common(x, n, y, m);
    return (double)both / (double)(jaccard ? n + m - both : few);
}

static tm_status decide(linker *l, tm_rid rid, uint32_t rank, tm_rid into, double value,
                        uint8_t more)
{
    tm_decision d = {.rid = rid,
                     .step = l->step->step,
                     .rule = l->rules->rule,
                     .verdict = l->rules->verdict,
                     .set = TM_D_OTHER | TM_D_VALUE | more,
                     .other = into,
                     .value = value};
    if (rank) return tm_decide(l->out, &d, l->err);
    return tm_cluster_join(l->step, rid, into, l->out, l->err); /* it is only looked at */
}

/* Who stands for others, kept or of a reference, names its cluster. */
static tm_status join_own(linker *l, tm_rid rid)
{
    return tm_cluster_join(l->step, rid, rid, l->out, l->err);
}

/* A record that is kept without having been compared with all that it could be near to: one that
 * was left out has been met. Said when it is certain that it is kept, for a record has one
 * decision. */
static tm_status tell_limited(linker *l, tm_rid rid, uint32_t rank, const tm_rid *cluster)
{
    tm_decision d = {.rid = rid,
                     .step = l->step->step,
                     .rule = l->rules->rule_limited,
                     .verdict = TM_V_FLAG,
                     .set = TM_D_VALUE,
                     .value = (double)l->rules->compare_most};
    char data[TM_CLUSTER_DATA];
    tm_cluster_put(&d, cluster, 0, data);
    return rank ? tm_decide(l->out, &d, l->err) : TM_OK;
}

static bool may_merge(const linker *l, uint32_t into, uint32_t rank)
{
    return !rank ? !into : tm_scope_merges(&l->rules->scope, into, rank);
}

static tm_status put_record_by(linker *l, const tm_link_set *r)
{
    uint64_t at;
    tm_link_set copy = *r;
    const tm_link_table *t = &l->table;
    tm_str walked = {(const char *)t->walked, t->keys * sizeof *t->walked};
    copy.set.p = NULL;
    TM_TRY(tm_store_put(&l->next.store, (tm_str){(const char *)&copy, sizeof copy}, &at, l->err));
    TM_TRY(tm_store_put(&l->next.store, walked, &at, l->err));
    TM_TRY(tm_store_put(&l->next.store, r->set, &at, l->err));
    l->next.count++;
    return TM_OK;
}

/* The record is one that later ones are compared with: now, or in the next go. The first that has
 * no room makes all behind it wait, so that the order stays. */
static tm_status settle(linker *l, const tm_link_set *r)
{
    if (l->table.nodes) l->full |= !tm_link_table_fits(&l->table, r);
    return l->full ? put_record_by(l, r) : tm_link_table_add(&l->table, r, l->err);
}

/* The candidate at hand stands for the record. */
static tm_status merge_into(linker *l, const tm_link_set *r, const tm_link_set *into, double value)
{
    tm_link_set *of = &l->table.node[l->table.at].of;
    bool falls = l->rules->none && into->rank && !into->fallen;
    TM_TRY(decide(l, r->rid, r->rank, into->rid, value, 0));
    of->leads = true;
    if (!falls) return TM_OK;
    of->fallen = true;
    return decide(l, into->rid, into->rank, r->rid, value, TM_D_FIRST);
}

/* Those of a reference all stay, so that each stands for what it is near to; but equal ones are
 * one. */
static tm_status link_reference(linker *l, tm_link_set *r)
{
    tm_link_set into;
    if (tm_link_table_equal(&l->table, r, &into)) return merge_into(l, r, &into, 1);
    return settle(l, r);
}

/* The next that the record may be merged into. Those it may not come behind all others, for ranks
 * rise. */
static bool next_candidate(linker *l, tm_link_set *r, tm_link_set *out)
{
    tm_candidate c;
    while ((c = tm_link_table_next(&l->table, out)) != TM_CANDIDATE_NONE) {
        if (!may_merge(l, out->rank, r->rank)) return false;
        r->limited |= c != TM_CANDIDATE_MET;
        if (c != TM_CANDIDATE_LEFT_OUT) return true;
    }
    return false;
}

static bool has_equal(linker *l, const tm_link_set *r, tm_link_set *into)
{
    return may_merge(l, r->rank, r->rank) && tm_link_table_equal(&l->table, r, into);
}

static tm_status link_representative(linker *l, tm_link_set *r)
{
    tm_link_set into;
    if (has_equal(l, r, &into)) return merge_into(l, r, &into, 1);
    while (next_candidate(l, r, &into)) {
        double s = similarity(l->rules, r, &into, l->rules->threshold);
        if (s >= l->rules->threshold) return merge_into(l, r, &into, s);
    }
    return settle(l, r);
}

/* Representatives in the table are kept, unless nobody is. Of chains that is known at their end. */
static tm_status tell_kept(linker *l)
{
    if (l->rules->link == TM_LINK_CHAIN) return TM_OK;
    for (uint32_t i = 0; i < l->table.nodes; i++) {
        const tm_link_set *r = &l->table.node[i].of;
        if (r->fallen) continue;
        if (r->limited)
            TM_TRY(tell_limited(l, r->rid, r->rank, r->leads ? &r->rid : NULL));
        else if (r->leads)
            TM_TRY(join_own(l, r->rid));
    }
    return TM_OK;
}

static uint32_t root_of(linker *l, uint32_t v)
{
    member *m = l->member;
    while (m[v].parent != v) v = m[v].parent = m[m[v].parent].parent;
    return v;
}

static void join(linker *l, uint32_t a, uint32_t b)
{
    a = root_of(l, a), b = root_of(l, b);
    l->member[TM_MAX(a, b)].parent = TM_MIN(a, b);
}

static tm_status add_member(linker *l, tm_link_set *r)
{
    member m = {.rid = r->rid,
                .digest = r->digest,
                .bytes = (uint32_t)r->set.n,
                .rank = r->rank,
                .parent = l->members,
                .kind = r->kind};
    if ((uint64_t)l->members * sizeof m > l->step->memory)
        return tm_fail(l->err, TM_ELIMIT,
                       "one chain may hold more than %u records: that needs a larger --memory, or "
                       "link: representative",
                       l->members);
    TM_TRY(tm_store_put(&l->sets, r->set, &m.at, l->err));
    if (!TM_ROOM_HEAP(l->member, l->members, l->member_room, 1))
        return tm_fail_memory(l->err, "a group", l->members * sizeof m);
    r->number = l->members;
    l->member[l->members++] = m;
    return TM_OK;
}

/* What equals a record of the table needs no place there: that one stands for it. */
static tm_status link_chain(linker *l, tm_link_set *r)
{
    tm_link_set other;
    if (r->number == TM_NONE) TM_TRY(add_member(l, r));
    if (has_equal(l, r, &other)) return join(l, other.number, r->number), TM_OK;
    while (next_candidate(l, r, &other)) {
        double s = similarity(l->rules, r, &other, l->rules->threshold);
        if (s >= l->rules->threshold) join(l, other.number, r->number);
    }
    l->member[r->number].limited |= r->limited;
    return settle(l, r);
}

static tm_status load_member(linker *l, const member *m, tm_buf *to, tm_link_set *out)
{
    tm_str set;
    TM_TRY(tm_store_get(&l->sets, m->at, m->bytes, to, &set, l->err));
    if (set.p != to->p) {
        tm_buf_clear(to);
        tm_buf_str(to, set);
        TM_TRY(tm_buf_ok(to, l->err));
    }
    *out = (tm_link_set){.set = {to->p, m->bytes}, .digest = m->digest, .kind = m->kind};
    return TM_OK;
}

static tm_status decide_member(linker *l, const member *m, member *root, tm_buf *spare)
{
    tm_link_set a, b;
    TM_TRY(load_member(l, m, &l->at_hand, &a));
    TM_TRY(load_member(l, root, spare, &b));
    double value = similarity(l->rules, &a, &b, 0);
    TM_TRY(decide(l, m->rid, m->rank, root->rid, value, 0));
    if (!l->rules->none || !root->rank || root->decided) return TM_OK;
    root->decided = true;
    return decide(l, root->rid, root->rank, m->rid, value, TM_D_FIRST);
}

/* Members that nothing else was decided of: roots, and what may not be merged into its root. */
static tm_status tell_member(linker *l, const member *m, const member *root)
{
    const tm_rid *cluster = root->leads ? &root->rid : NULL;
    if (m->decided) return TM_OK;
    if (m->limited && m->rank) return tell_limited(l, m->rid, m->rank, cluster);
    return cluster ? tm_cluster_join(l->step, m->rid, *cluster, l->out, l->err) : TM_OK;
}

static tm_status decide_chains(linker *l)
{
    tm_buf spare = {0};
    tm_status status = TM_OK;
    for (uint32_t v = 0; status == TM_OK && v < l->members; v++) {
        member *m = &l->member[v], *root = &l->member[root_of(l, v)];
        root->leads |= root != m;
        if (root == m || !may_merge(l, root->rank, m->rank)) continue;
        status = decide_member(l, m, root, &spare);
        m->decided = true;
    }
    tm_buf_release(&spare);
    for (uint32_t v = 0; status == TM_OK && v < l->members; v++)
        status = tell_member(l, &l->member[v], &l->member[root_of(l, v)]);
    return status;
}

static tm_status link_one(linker *l, tm_link_set *r, const uint32_t *walked)
{
    tm_link_table_look(&l->table, r, walked);
    if (l->rules->link == TM_LINK_CHAIN) return link_chain(l, r);
    return r->rank ? link_representative(l, r) : link_reference(l, r);
}

static tm_status take_at_hand(linker *l, tm_str set, tm_link_set *r)
{
    tm_buf_clear(&l->at_hand);
    tm_buf_str(&l->at_hand, set);
    r->set = tm_buf_view(&l->at_hand);
    return tm_buf_ok(&l->at_hand, l->err);
}

static tm_status link_facts(linker *l, tm_group *group)
{
    tm_fact f;
    head h;
    while (group->next(group, &f)) {
        TM_ASSERT(f.data.n >= sizeof h);
        memcpy(&h, f.data.p, sizeof h);
        tm_link_set r = {.rid = f.rid,
                         .digest = h.digest,
                         .rank = tm_scope_rank_get(f.order),
                         .number = TM_NONE,
                         .kind = (uint8_t)h.kind};
        tm_str set = {f.data.p + sizeof h, f.data.n - sizeof h};
        TM_TRY(take_at_hand(l, set, &r)); /* the fact's bytes are not aligned */
        TM_TRY(link_one(l, &r, NULL));
    }
    return TM_OK;
}

/* The next of a store, n bytes; lives as tm_store_get says. */
static tm_status take(linker *l, put_by *from, uint64_t *at, size_t n, tm_buf *scratch, tm_str *out)
{
    TM_TRY(tm_store_get(&from->store, *at, n, scratch, out, l->err));
    *at += (n + 7) & ~(uint64_t)7;
    return TM_OK;
}

static tm_status take_put_by(linker *l, put_by *from, uint64_t *at, tm_buf *scratch, tm_link_set *r)
{
    tm_str bytes;
    TM_TRY(take(l, from, at, sizeof *r, scratch, &bytes));
    memcpy(r, bytes.p, sizeof *r);
    size_t keys = tm_link_table_keys(&l->table, r->kind);
    TM_TRY(take(l, from, at, keys * sizeof *l->table.walked, scratch, &bytes));
    tm_buf_clear(&l->walked);
    tm_buf_str(&l->walked, bytes);
    TM_TRY(tm_buf_ok(&l->walked, l->err));
    TM_TRY(take(l, from, at, r->set.n, scratch, &bytes));
    return take_at_hand(l, bytes, r);
}

static tm_status link_put_by(linker *l, put_by *from)
{
    tm_buf scratch = {0};
    tm_status status = TM_OK;
    for (uint64_t i = 0, at = 0; status == TM_OK && i < from->count; i++) {
        tm_link_set r;
        status = take_put_by(l, from, &at, &scratch, &r);
        if (status == TM_OK) status = link_one(l, &r, (const uint32_t *)(void *)l->walked.p);
    }
    tm_buf_release(&scratch);
    return status;
}

static tm_store new_store(const linker *l)
{
    return (tm_store){.spill = l->step->spill, .budget = l->step->memory / 8};
}

static tm_status link_all(linker *l, tm_group *group)
{
    l->next.store = new_store(l);
    TM_TRY(link_facts(l, group));
    while (l->next.count) {
        put_by now = l->next;
        l->next = (put_by){.store = new_store(l)};
        l->full = false;
        tm_status status = tell_kept(l);
        tm_link_table_empty(&l->table);
        if (status == TM_OK) status = link_put_by(l, &now);
        tm_store_release(&now.store);
        TM_TRY(status);
    }
    return l->rules->link == TM_LINK_CHAIN ? decide_chains(l) : tell_kept(l);
}

tm_status tm_link_group(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                        tm_decisions *out, tm_err *err)
{
    linker l = {.rules = rules, .step = step, .out = out, .err = err};
    l.sets = new_store(&l);
    TM_TRY(
        tm_link_table_open(&l.table, &rules->sketch, rules->compare_most, step->memory / 2, err));
    tm_status status = link_all(&l, group);
    tm_link_table_close(&l.table);
    tm_store_release(&l.next.store);
    tm_store_release(&l.sets);
    tm_buf_release(&l.at_hand);
    tm_buf_release(&l.walked);
    tm_free(l.member);
    return status;
}
