/* Who is kept of one chain: the first, in the order in which records would be kept, and the others
 * are merged into it. They stream by, and nothing is held but the first: a chain may be as long as
 * the data. How alike a record is to the first, which it may have been linked to through many, is
 * measured here.
 *
 * What the scope does not let be merged into the first (of the same input) is only of its cluster,
 * and kept. A record that is nobody's is here alone, for what the linker said of it. */
#include "op/dedup/cluster.h"
#include "op/dedup/link_say.h"

typedef struct chain {
    const tm_link_rules *rules;
    const tm_step_view *step;
    tm_decisions *out;
    tm_err *err;
    tm_buf first_set, at_hand;
    tm_link_set first;  /* leads: others are of its cluster */
    tm_decision second; /* the first that was merged into it */
    bool merged;        /* there is one */
} chain;

static tm_status merge_member(chain *c, const tm_link_set *m)
{
    double value = c->rules->unlike ? TM_NO_VALUE : tm_link_similarity(c->rules, m, &c->first, 0);
    tm_decision d = tm_link_merge(c->rules, c->step, m->rid, c->first.rid, value);
    if (!c->merged) c->second = d;
    c->merged = true;
    return tm_link_say(&d, m->rank, c->out, c->err);
}

/* It is kept. */
static tm_status tell_kept(chain *c, const tm_link_set *r)
{
    const tm_rid *cluster = c->first.leads ? &c->first.rid : NULL;
    if (r->limited && r->rank)
        return tm_link_limited(c->rules, c->step, r->rid, r->rank, cluster, c->out, c->err);
    return cluster ? tm_cluster_join(c->step, r->rid, *cluster, c->out, c->err) : TM_OK;
}

static tm_status tell_first(chain *c)
{
    bool falls = c->merged && !tm_cluster_stays(c->first.rank, c->rules->none);
    return falls ? tm_cluster_fall(&c->second, c->out, c->err) : tell_kept(c, &c->first);
}

static tm_status read_all(chain *c, tm_group *group)
{
    tm_fact f;
    if (!group->next(group, &f)) return TM_OK;
    TM_TRY(tm_link_fact_read(&f, &c->first_set, &c->first, c->err));
    while (group->next(group, &f)) {
        tm_link_set m;
        TM_TRY(tm_link_fact_read(&f, &c->at_hand, &m, c->err));
        c->first.leads = true;
        bool merges = tm_link_may_merge(c->rules, c->first.rank, m.rank);
        TM_TRY(merges ? merge_member(c, &m) : tell_kept(c, &m));
    }
    return tell_first(c);
}

tm_status tm_chain_group(const tm_link_rules *rules, const tm_step_view *step, tm_group *group,
                         tm_decisions *out, tm_err *err)
{
    chain c = {.rules = rules, .step = step, .out = out, .err = err};
    tm_status status = read_all(&c, group);
    tm_buf_release(&c.first_set);
    tm_buf_release(&c.at_hand);
    return status;
}
