/* The rounds of dedup.near: how records whose chosen texts are nearly the same find each other.
 *
 * `bands`: every record gives a key a band of its sketch; records that share one are candidates.
 * `groups`: connected components of candidates. `link`: the n-gram sets of candidates alone travel,
 * and within a group, in the order in which records would be kept, each is compared exactly
 * (op/dedup/link.h). So nothing is merged on the word of a sketch, and texts of records without a
 * candidate are read once and never carried. What a record carries beside its texts is in the key,
 * as are its values of within: other pictures, calls of other functions and other fields make no
 * candidate.
 *
 * With `link: chain` those that were found alike are edges: `chains` are their connected
 * components, and in `merge` the sets of linked records travel once more, each to the first of its
 * chain, so that no chain has to be held. Another tool's sketch compares nothing: its groups are
 * chains. */
#include "op/dedup/cluster.h"
#include "op/dedup/index_head.h"
#include "op/dedup/near.h"
#include "op/minhash/band_keys.h"

typedef tm_near_shared shared;
typedef tm_near_scratch scratch;

/* Records of an index hold their keys, and are apart from none. */
static tm_status keys_of(const shared *s, tm_band_scratch *own, tm_batch *b, uint32_t r,
                         uint64_t apart, uint32_t *keys, tm_err *err)
{
    if (b->reference && tm_band_read(&s->rules, b, r, own, keys)) return TM_OK;
    TM_TRY(tm_grams_of(&s->rules.grams, b, r, &own->grams, err));
    tm_band_keys(&s->rules, own, keys);
    for (uint32_t i = 0; i < *keys; i++) own->key[i] ^= apart;
    return TM_OK;
}

static tm_status check_index(const shared *s, const tm_batch *b, tm_err *err)
{
    if (!b->reference || !tm_scope_sees(&s->link.scope, b)) return TM_OK;
    if (s->within.count)
        return tm_index_refuse(b,
                               "within: asks for fields, which an index does not hold: name the "
                               "earlier files themselves",
                               err);
    if (!s->like) return tm_index_check(&s->rules.grams.choice, "dedup.near", b, err);
    return tm_index_refuse(b,
                           "the tool that sketch: names cuts texts into words its own way, which "
                           "an index does not hold: name the earlier files themselves",
                           err);
}

static tm_status observe_bands(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *within;
    TM_TRY(check_index(s, b, err));
    if (!tm_scope_sees(&s->link.scope, b)) return TM_OK;
    TM_TRY(tm_exprs_values(&s->within, &own->within, b, &within, err));
    for (uint32_t r = 0; r < b->records; r++) {
        uint64_t apart;
        uint32_t keys;
        if (!tm_live(b, r)) continue;
        TM_TRY(tm_within_hash(&s->within, within, b, r, &own->value, &apart, err));
        if (s->like) {
            TM_TRY(tm_like_observe(s->like, &s->rules.grams.choice, &own->like, b, r, apart, out,
                                   err));
            continue;
        }
        TM_TRY(keys_of(s, &own->band, b, r, apart, &keys, err));
        TM_TRY(tm_facts_add_lean(out, own->band.key, keys, b->rid[r], err));
    }
    return TM_OK;
}

static bool bands_of_texts(const void *of)
{
    return !((const shared *)of)->within.count;
}

/* The n-grams that records are compared by; none where nothing is compared. */
static tm_status set_of(const shared *s, tm_band_scratch *own, tm_batch *b, uint32_t r, tm_str *set,
                        tm_err *err)
{
    *set = (tm_str){"", 0};
    if (s->like) return TM_OK;
    TM_TRY(tm_grams_of(&s->rules.grams, b, r, &own->grams, err));
    return tm_grams_set(&own->grams, set, err);
}

/* Keyed by what was decided in the round before: a group, a chain, or that it is flagged alone. */
static tm_status observe_links(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_str *keys = TM_NEW(b->mem, tm_str, b->records + 1), set;
    if (!keys) return tm_fail_memory(err, "dedup.near", b->records);
    if (!tm_scope_sees(&s->link.scope, b)) return TM_OK;
    if (!b->reference) TM_TRY(tm_keep_keys(s->keep, own->keep, step, b, keys, err));
    uint32_t rank = tm_scope_rank(&s->link.scope, b);
    for (uint32_t r = 0; r < b->records; r++) {
        const tm_decision *d = b->decision[r];
        char of_rank[TM_RANK_BYTES], key[16];
        if (!d || !tm_live(b, r)) continue;
        tm_scope_rank_put(rank, of_rank);
        tm_buf_clear(&own->order);
        tm_buf_add(&own->order, of_rank, sizeof of_rank);
        tm_buf_str(&own->order, keys[r]);
        TM_TRY(tm_buf_ok(&own->order, err));
        TM_TRY(set_of(s, &own->band, b, r, &set, err));
        tm_rid_put(d->set & TM_D_OTHER ? d->other : b->rid[r], key);
        TM_TRY(tm_link_fact((tm_str){key, sizeof key}, tm_buf_view(&own->order), b->rid[r],
                            own->band.grams.kind, set, d->verdict == TM_V_FLAG, out, err));
    }
    return TM_OK;
}

static tm_status reduce_links(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    if (s->like) return tm_chain_group(&s->link, step, group, out, err);
    return tm_link_group(&s->link, step, group, next, out, err);
}

static tm_status reduce_chains(const tm_step_view *step, tm_group *group, tm_facts *next,
                               tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    TM_UNUSED(next);
    return tm_chain_group(&s->link, step, group, out, err);
}

static bool by_chains(const void *of)
{
    const shared *s = of;
    return s->link.link == TM_LINK_CHAIN;
}

const tm_round tm_near_rounds[] = {
    {
        .name = "bands",
        .how = TM_GROUP,
        .pairs_only = true,
        .texts_only = bands_of_texts,
        .observe = observe_bands,
        .reduce = tm_reduce_to_edges,
    },
    {.name = "groups", .how = TM_COMPONENTS},
    {
        .name = "link",
        .how = TM_GROUP,
        .decided_only = true,
        .pairs_only = true,
        .observe = observe_links,
        .reduce = reduce_links,
    },
    {.name = "chains", .how = TM_COMPONENTS, .needed = by_chains, .adds = true},
    {
        .name = "merge",
        .how = TM_GROUP,
        .needed = by_chains,
        .decided_only = true,
        .observe = observe_links,
        .reduce = reduce_chains,
    },
    {0},
};
