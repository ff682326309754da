/* Records of a group come in the order in which they would be kept, and each is compared with those
 * kept before it. These lie in a table that has a budget.
 *
 * A group whose table is full is linked in several goes: a record that is near to none of those in
 * the table, and finds no room there, is put by; when the group is at its end, the table is emptied
 * and those put by are a group of their own. A record put by is compared with the same others in
 * the same order as in one go, so memory decides the time a group takes and nothing else.
 *
 * What equals a record of the table is near to whatever that one is near to, and was compared with
 * it, so it is looked for first.
 *
 * Of chains only links are found here, as edges, and what the flag says of those that were not
 * compared with all; who is of one chain is the next round's to find, and who is kept of it that of
 * chain.c. What is linked in the table already is not compared: it would change nothing, and so
 * there are about as many edges as records. */
#include "op/dedup/link.h"

#include "base/store.h"
#include "op/dedup/cluster.h"
#include "op/dedup/link_say.h"
#include "op/dedup/link_table.h"

const char *const tm_measure_names[] = {"jaccard", "containment", NULL};
const char *const tm_link_names[] = {"representative", "chain", NULL};

typedef struct put_by { /* records for the next go, as a queue */
    tm_store store;
    uint64_t count;
} put_by;

typedef struct linker {
    const tm_link_rules *rules;
    const tm_step_view *step;
    tm_group *group;
    tm_facts *edges;
    tm_decisions *out;
    tm_err *err;
    tm_link_table table;
    bool full;
    put_by next;
    tm_buf at_hand; /* the set of the record at hand, aligned */
    tm_buf walked;  /* what the table said of it when it was put by */
} linker;

/* Who stands for others, kept or of a reference, names its cluster. */
static tm_status join_own(linker *l, tm_rid rid)
{
    return tm_cluster_join(l->step, rid, rid, l->out, l->err);
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
    tm_decision d = tm_link_merge(l->rules, l->step, r->rid, into->rid, value);
    TM_TRY(tm_link_say(&d, r->rank, l->out, l->err));
    of->leads = true;
    if (into->fallen || tm_cluster_stays(into->rank, l->rules->none)) return TM_OK;
    of->fallen = true;
    return tm_cluster_fall(&d, l->out, l->err);
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
        if (!tm_link_may_merge(l->rules, out->rank, r->rank)) return false;
        r->limited |= c != TM_CANDIDATE_MET;
        if (c != TM_CANDIDATE_LEFT_OUT) return true;
    }
    return false;
}

static bool has_equal(linker *l, const tm_link_set *r, tm_link_set *into)
{
    return tm_link_may_merge(l->rules, r->rank, r->rank) && tm_link_table_equal(&l->table, r, into);
}

static tm_status link_representative(linker *l, tm_link_set *r)
{
    tm_link_set into;
    if (has_equal(l, r, &into)) return merge_into(l, r, &into, 1);
    while (next_candidate(l, r, &into)) {
        double s = tm_link_similarity(l->rules, r, &into, l->rules->threshold);
        if (s >= l->rules->threshold) return merge_into(l, r, &into, s);
    }
    return settle(l, r);
}

/* The group is at its end: it gives nothing more, but what was made is taken away. */
static void let_take(linker *l)
{
    tm_fact none;
    bool more = l->group->next(l->group, &none);
    TM_ASSERT(!more);
}

static tm_status tell_limited(linker *l, const tm_link_set *r)
{
    return tm_link_limited(l->rules, l->step, r->rid, r->rank, r->leads ? &r->rid : NULL, l->out,
                           l->err);
}

/* Representatives in the table are kept, unless nobody is. Of chains that is known at their end. */
static tm_status tell_kept(linker *l)
{
    if (l->rules->link == TM_LINK_CHAIN) return TM_OK;
    for (uint32_t i = 0; i < l->table.nodes; i++) {
        const tm_link_set *r = &l->table.node[i].of;
        if (r->fallen) continue;
        if (r->limited)
            TM_TRY(tell_limited(l, r));
        else if (r->leads)
            TM_TRY(join_own(l, r->rid));
        let_take(l);
    }
    return TM_OK;
}

/* ---- chains ---------------------------------------------------------------------------------- */

static tm_status add_edge(linker *l, const tm_link_set *r, const tm_link_set *to)
{
    tm_fact edge = {.rid = r->rid, .data = {(const char *)&to->rid, sizeof to->rid}};
    return tm_facts_add(l->edges, &edge, l->err);
}

/* The candidate at hand and the record, whose tree in the table this is so far. */
static tm_status join_trees(linker *l, const tm_link_set *r, const tm_link_set *to, uint32_t *tree)
{
    *tree = tm_link_table_join(&l->table, l->table.at, *tree == TM_NONE ? l->table.at : *tree);
    return add_edge(l, r, to);
}

/* What equals a record of the table needs no place there: that one stands for it. */
static tm_status link_chain(linker *l, tm_link_set *r)
{
    tm_link_set other;
    uint32_t tree = TM_NONE;
    if (has_equal(l, r, &other)) return add_edge(l, r, &other);
    while (next_candidate(l, r, &other)) {
        if (tree != TM_NONE && tm_link_table_tree(&l->table, l->table.at) == tree) continue;
        double s = tm_link_similarity(l->rules, r, &other, l->rules->threshold);
        if (s >= l->rules->threshold) TM_TRY(join_trees(l, r, &other, &tree));
    }
    TM_TRY(settle(l, r));
    if (l->full) return TM_OK;
    if (tree != TM_NONE) tm_link_table_join(&l->table, l->table.nodes - 1, tree);
    return r->limited ? tell_limited(l, r) : TM_OK;
}

/* ---- goes ------------------------------------------------------------------------------------ */

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

static tm_status link_facts(linker *l)
{
    tm_fact f;
    while (l->group->next(l->group, &f)) {
        tm_link_set r;
        TM_TRY(tm_link_fact_read(&f, &l->at_hand, &r, l->err));
        r.limited = false; /* that is found here */
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
        let_take(l);
    }
    tm_buf_release(&scratch);
    return status;
}

static tm_store new_store(const linker *l)
{
    return (tm_store){.spill = l->step->spill, .budget = l->step->memory / 8};
}

static tm_status link_all(linker *l)
{
    l->next.store = new_store(l);
    TM_TRY(link_facts(l));
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
    return tell_kept(l);
}

tm_status tm_link_group(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                        tm_facts *edges, tm_decisions *out, tm_err *err)
{
    linker l = {
        .rules = rules, .step = step, .group = group, .edges = edges, .out = out, .err = err};
    TM_TRY(
        tm_link_table_open(&l.table, &rules->sketch, rules->compare_most, step->memory / 2, err));
    tm_status status = link_all(&l);
    tm_link_table_close(&l.table);
    tm_store_release(&l.next.store);
    tm_buf_release(&l.at_hand);
    tm_buf_release(&l.walked);
    return status;
}
