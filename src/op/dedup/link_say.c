/* A fact's set begins behind a head; facts are not aligned, so a set is copied to be read. */
#include "op/dedup/link_say.h"

#include "op/dedup/cluster.h"

typedef struct head { /* before a fact's set */
    uint64_t digest;
    uint32_t kind, limited;
} head;

tm_status tm_link_fact(tm_str group, tm_str order, tm_rid rid, tm_gram_kind kind, tm_str set,
                       bool limited, tm_facts *out, tm_err *err)
{
    head h = {tm_hash64(set.p, set.n, kind), kind, limited};
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

tm_status tm_link_fact_read(const tm_fact *f, tm_buf *set, tm_link_set *out, tm_err *err)
{
    head h;
    TM_ASSERT(f->data.n >= sizeof h);
    memcpy(&h, f->data.p, sizeof h);
    tm_buf_clear(set);
    tm_buf_add(set, f->data.p + sizeof h, f->data.n - sizeof h);
    *out = (tm_link_set){.rid = f->rid,
                         .set = tm_buf_view(set),
                         .digest = h.digest,
                         .rank = tm_scope_rank_get(f->order),
                         .kind = (uint8_t)h.kind,
                         .limited = h.limited};
    return tm_buf_ok(set, err);
}

double tm_link_similarity(const tm_link_rules *rules, const tm_link_set *a, const tm_link_set *b,
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

bool tm_link_may_merge(const tm_link_rules *rules, uint32_t into, uint32_t rank)
{
    return !rank ? !into : tm_scope_merges(&rules->scope, into, rank);
}

tm_decision tm_link_merge(const tm_link_rules *rules, const tm_step_view *step, tm_rid rid,
                          tm_rid into, double value)
{
    return (tm_decision){.rid = rid,
                         .step = step->step,
                         .rule = rules->rule,
                         .verdict = rules->verdict,
                         .set = TM_D_OTHER | (rules->unlike ? 0 : TM_D_VALUE),
                         .other = into,
                         .value = value};
}

tm_status tm_link_say(const tm_decision *merge, uint32_t rank, tm_decisions *out, tm_err *err)
{
    tm_step_view step = {.step = merge->step};
    if (rank) return tm_decide(out, merge, err);
    return tm_cluster_join(&step, merge->rid, merge->other, out, err);
}

tm_status tm_link_limited(const tm_link_rules *rules, const tm_step_view *step, tm_rid rid,
                          uint32_t rank, const tm_rid *cluster, tm_decisions *out, tm_err *err)
{
    tm_decision d = {.rid = rid,
                     .step = step->step,
                     .rule = rules->rule_limited,
                     .verdict = TM_V_FLAG,
                     .set = TM_D_VALUE,
                     .value = (double)rules->compare_most};
    char data[TM_CLUSTER_DATA];
    tm_cluster_put(&d, cluster, 0, data);
    return rank ? tm_decide(out, &d, err) : TM_OK;
}
