/* Decides every set step, one after another: for each round a pass that looks (or the facts that
 * the round before left), the exchange, the reduction, and the decisions sorted by rid.
 *
 * A step's final decisions are named by the hash of the plan up to that step. A resumed or changed
 * run finds those it can use under .tamis/ and does not make them again. */
#include <stdio.h>

#include "flow/cache.h"
#include "flow/components.h"

enum { EDGES = 256 }; /* as many are added at once */

typedef struct step_rounds { /* state while one set step is being decided */
    tm_run *run;
    const tm_plan_step *step;
    tm_verdicts *earlier; /* of the last round */
    tm_exchange *next;    /* facts for the next round */
    tm_components *edges; /* the next round's, when it is COMPONENTS: edges need no sorting */
    tm_lock lock;         /* guards `edges` */
    tm_buf told;
    tm_verdicts *making;
} step_rounds;

static tm_edge edge_of(const tm_fact *f)
{
    tm_edge edge = {.a = f->rid};
    TM_ASSERT(f->data.n == sizeof edge.b);
    memcpy(&edge.b, f->data.p, sizeof edge.b);
    return edge;
}

static tm_status add_edges(step_rounds *r, const tm_facts *facts, tm_err *err)
{
    tm_fact f;
    tm_edge edge[EDGES];
    tm_status status = TM_OK;
    for (size_t at = 0, n; status == TM_OK && at < facts->bytes.n;) {
        for (n = 0; n < EDGES && tm_facts_next(facts, &at, &f);) edge[n++] = edge_of(&f);
        tm_lock_take(&r->lock);
        status = tm_components_edges(r->edges, edge, n, err);
        tm_lock_drop(&r->lock);
    }
    return status;
}

static tm_status take(void *arg, tm_facts *next, tm_decisions *out, tm_err *err)
{
    step_rounds *r = arg;
    tm_cache_fit(r->run);
    if (out->count) TM_TRY(tm_verdicts_add(r->making, out, err));
    tm_buf_clear(&out->bytes);
    out->count = 0;
    if (!next || !next->count) return TM_OK;
    TM_TRY(r->edges ? add_edges(r, next, err) : tm_exchange_add(r->next, next, err));
    tm_buf_clear(&next->bytes);
    next->count = 0;
    return TM_OK;
}

static tm_status take_decisions(void *arg, tm_decisions *out, tm_err *err)
{
    return take(arg, NULL, out, err);
}

static tm_pass pass_of(step_rounds *r, const tm_round *round, tm_pass_kind kind)
{
    tm_pass pass = {.run = r->run,
                    .kind = kind,
                    .steps = r->step->index,
                    .step = r->step->index,
                    .round = round,
                    .earlier = r->earlier,
                    .told = tm_buf_view(&r->told),
                    .lock = TM_LOCK_INIT};
    pass.doing = tm_arena_printf(&r->run->mem, "%.*s: %s", TM_FMT(r->step->name), round->name);
    if (!pass.doing) pass.doing = round->name; /* words only: no reason to fail */
    return pass;
}

static tm_step_view view_of(const step_rounds *r)
{
    return (tm_step_view){.shared = r->step->shared,
                          .told = r->told.n ? r->told.p : NULL,
                          .stream = r->step->stream,
                          .seed = r->run->recipe->seed,
                          .memory = r->run->exchange_budget / r->run->threads,
                          .spill = &r->run->spill,
                          .step = r->step->index,
                          .column = r->step->column,
                          .layouts = &r->run->plan->layouts};
}

/* Half of what there is above the least, for the next round's facts are gathered while these are
 * reduced; most of it where the next round is edges alone, which come of facts without more. */
static uint64_t budget_of(const step_rounds *r, const tm_round *round)
{
    bool edges = round[1].how == TM_COMPONENTS && !round[1].observe && !round[1].adds;
    uint64_t half = r->run->exchange_budget, more = half - TM_EXCHANGE_BYTES;
    return edges ? half + more / 4 * 3 : half;
}

static tm_status look(const step_rounds *r, tm_pass *pass, tm_err *err)
{
    return tm_round_idle(pass->round, r->step->shared) ? TM_OK : tm_pass_run(pass, err);
}

/* Facts of a round: observed in a pass, or left by the round before. */
static tm_status gather(step_rounds *r, const tm_round *round, tm_exchange **out, tm_err *err)
{
    if (!round->observe) {
        *out = r->next;
        r->next = NULL;
        TM_ASSERT(*out); /* the first round of an operator observes */
        return TM_OK;
    }
    *out = tm_exchange_new(&r->run->spill, budget_of(r, round));
    if (!*out) return tm_fail_memory(err, "the exchange", 0);
    tm_pass pass = pass_of(r, round, TM_PASS_OBSERVE);
    pass.exchange = *out;
    return look(r, &pass, err);
}

static tm_status reduce_facts(step_rounds *r, const tm_reducer *reducer, tm_exchange *facts,
                              unsigned threads, tm_err *err)
{
    const tm_run_options *options = &r->run->options;
    if (options->reduce) return options->reduce(options->reduce_arg, reducer, facts, err);
    return tm_exchange_reduce(facts, threads, reducer, err);
}

/* Where the facts go that this round leaves for the next. */
static tm_status open_next(step_rounds *r, const tm_round *round, tm_err *err)
{
    const tm_round *next = round + 1;
    uint64_t quarter = r->run->exchange_budget / 4;
    tm_exchange_free(r->next);
    r->next = NULL;
    if (next->how == TM_NO_ROUND || next->observe) return TM_OK; /* the reducer leaves none */
    if (next->how == TM_COMPONENTS)
        r->edges =
            tm_components_new(&r->run->spill, next->adds ? quarter : r->run->exchange_budget);
    else
        r->next = tm_exchange_new(&r->run->spill, r->run->exchange_budget);
    return r->edges || r->next ? TM_OK : tm_fail_memory(err, "the exchange", 0);
}

static tm_status run_group(step_rounds *r, const tm_round *round, tm_err *err)
{
    tm_exchange *facts = NULL;
    tm_step_view view = view_of(r);
    if (round[1].adds) view.memory -= view.memory / 4; /* that is for the edges that it leaves */
    tm_reducer reducer = {.reduce = round->reduce,
                          .step = &view,
                          .pairs_only = round->pairs_only,
                          .take = take,
                          .arg = r};
    tm_status status = gather(r, round, &facts, err);
    if (status == TM_OK) status = open_next(r, round, err);
    if (status == TM_OK) status = reduce_facts(r, &reducer, facts, r->run->threads, err);
    tm_exchange_free(facts);
    return status;
}

/* As a reducer: every fact of the group is an edge; `scratch` is the union-find. */
static tm_status take_edges(const tm_step_view *step, tm_group *group, tm_facts *next,
                            tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(next);
    TM_UNUSED(out);
    for (bool more = true; more;) {
        tm_edge edge[EDGES];
        size_t n = 0;
        while (n < EDGES && (more = group->next(group, &f))) edge[n++] = edge_of(&f);
        TM_TRY(tm_components_edges(step->scratch, edge, n, err));
    }
    return TM_OK;
}

/* Edges of a pass of its own, for a round that observes. */
static tm_status observe_edges(step_rounds *r, const tm_round *round, tm_err *err)
{
    tm_exchange *facts = NULL;
    tm_step_view view = view_of(r);
    r->edges = tm_components_new(&r->run->spill, r->run->exchange_budget);
    if (!r->edges) return tm_fail_memory(err, "components", 0);
    view.scratch = r->edges;
    tm_reducer reducer = {.reduce = take_edges, .step = &view, .take = take, .arg = r};
    tm_status status = gather(r, round, &facts, err);
    if (status == TM_OK) status = tm_exchange_reduce(facts, 1, &reducer, err);
    tm_exchange_free(facts);
    return status;
}

static tm_status run_components(step_rounds *r, const tm_round *round, tm_err *err)
{
    if (round->observe) TM_TRY(observe_edges(r, round, err));
    TM_ASSERT(r->edges); /* the first round of an operator observes */
    TM_TRY(tm_components_decide(r->edges, r->step->index, take_decisions, r, err));
    tm_components_free(r->edges);
    r->edges = NULL;
    return TM_OK;
}

static tm_status rank(step_rounds *r, tm_sorter *sorter, tm_err *err)
{
    tm_fact f;
    bool more = true;
    tm_decisions out = {0};
    tm_status status = tm_sorter_finish(sorter, err);
    for (uint64_t order = 0; status == TM_OK; order++) {
        status = tm_sorter_next(sorter, &f, &more, err);
        if (status != TM_OK || !more) break;
        tm_decision d = {.rid = f.rid, .step = r->step->index, .set = TM_D_ORDER, .order = order};
        status = tm_decide(&out, &d, err);
        if (status == TM_OK && out.bytes.n > TM_BLOCK_BYTES) status = take_decisions(r, &out, err);
    }
    if (status == TM_OK) status = take_decisions(r, &out, err);
    tm_buf_release(&out.bytes);
    return status;
}

static tm_status run_sort(step_rounds *r, const tm_round *round, tm_err *err)
{
    tm_pass pass = pass_of(r, round, TM_PASS_OBSERVE);
    pass.sorter = tm_sorter_new(&r->run->spill, r->run->exchange_budget);
    if (!pass.sorter) return tm_fail_memory(err, "sorting", 0);
    tm_status status = tm_pass_run(&pass, err);
    if (status == TM_OK) status = rank(r, pass.sorter, err);
    tm_sorter_free(pass.sorter);
    return status;
}

static tm_status run_fold(step_rounds *r, const tm_round *round, tm_err *err)
{
    tm_pass pass = pass_of(r, round, TM_PASS_FOLD);
    if (!tm_buf_grow(&pass.fold_state, round->state_bytes))
        return tm_fail_memory(err, "a fold", round->state_bytes);
    memset(pass.fold_state.p, 0, round->state_bytes);
    pass.fold_state.n = round->state_bytes;
    tm_status status = tm_pass_run(&pass, err);
    if (status == TM_OK) {
        tm_buf_clear(&r->told);
        tm_buf_str(&r->told, tm_buf_view(&pass.fold_state));
        status = tm_buf_ok(&r->told, err);
    }
    tm_buf_release(&pass.fold_state);
    return status;
}

typedef struct teller { /* as a reducer: the one group of all facts becomes what is told */
    const tm_round *round;
    const tm_step_view *step;
    tm_buf *told;
} teller;

static tm_status tell_group(const tm_step_view *step, tm_group *group, tm_facts *next,
                            tm_decisions *out, tm_err *err)
{
    const teller *t = step->scratch;
    TM_UNUSED(next);
    TM_UNUSED(out);
    TM_ASSERT(!t->told->n); /* all facts of a table have one key */
    return t->round->tell(t->step, group, t->told, err);
}

static tm_status pull_sorted(void *from, tm_fact *out, bool *more, tm_err *err)
{
    return tm_sorter_next(from, out, more, err);
}

static tm_status tell(step_rounds *r, const tm_round *round, tm_sorter *sorter, tm_err *err)
{
    tm_buf told = {0};
    tm_step_view view = view_of(r);
    view.memory = tm_run_table_room(r->run, r->step);
    view.ceiling = r->run->recipe->limits.memory;
    tm_step_view seen = view;
    teller t = {.round = round, .step = &view, .told = &told};
    seen.scratch = &t;
    tm_reducer reducer = {.reduce = tell_group, .step = &seen, .take = take, .arg = r};
    tm_status status = tm_sorter_finish(sorter, err);
    if (status == TM_OK) status = tm_reduce_sorted(&reducer, pull_sorted, sorter, err);
    if (status == TM_OK) status = tm_buf_ok(&told, err);
    if (status != TM_OK) {
        tm_buf_release(&told);
        return status;
    }
    tm_buf_release(&r->told);
    r->told = told;
    return TM_OK;
}

static tm_status run_table(step_rounds *r, const tm_round *round, tm_err *err)
{
    tm_pass pass = pass_of(r, round, TM_PASS_OBSERVE);
    pass.sorter = tm_sorter_new(&r->run->spill, TM_EXCHANGE_BYTES); /* the rest is the table's */
    if (!pass.sorter) return tm_fail_memory(err, "a table", 0);
    tm_status status = look(r, &pass, err);
    if (status == TM_OK) status = tell(r, round, pass.sorter, err);
    tm_sorter_free(pass.sorter);
    return status;
}

static tm_status run_round(step_rounds *r, const tm_round *round, tm_err *err)
{
    switch (round->how) {
    case TM_GROUP: return run_group(r, round, err);
    case TM_COMPONENTS: return run_components(r, round, err);
    case TM_SORT: return run_sort(r, round, err);
    case TM_FOLD: return run_fold(r, round, err);
    case TM_TABLE: return run_table(r, round, err);
    case TM_NO_ROUND: break;
    }
    return tm_fail(err, TM_EBUG, "a round of no kind");
}

char *tm_decisions_path(const tm_run *run, const tm_plan_step *step, const char *tail, tm_err *err)
{
    char hex[33];
    tm_hash_hex(step->prefix, hex);
    tm_arena *mem = &((tm_run *)(uintptr_t)run)->mem;
    char *path = tm_arena_printf(mem, "%s/decisions-%02u-%s%s", run->work, step->index, hex, tail);
    if (!path) tm_fail_memory(err, "a path", 0);
    return path;
}

static tm_status add_refused(step_rounds *r, tm_err *err)
{
    tm_decisions out = {0};
    tm_status status = tm_long_decisions(r->run, r->step->index, &out, err);
    if (status == TM_OK) status = tm_verdicts_add(r->making, &out, err);
    tm_buf_release(&out.bytes);
    return status;
}

static tm_status run_rounds(step_rounds *r, char *path, tm_err *err)
{
    const tm_round *rounds = r->step->rounds;
    for (uint32_t i = 0; rounds[i].how != TM_NO_ROUND; i++) {
        char tail[32];
        bool last = rounds[i + 1].how == TM_NO_ROUND;
        snprintf(tail, sizeof tail, ".round%u", i);
        char *to = last ? path : tm_decisions_path(r->run, r->step, tail, err);
        if (!to) return TM_EMEMORY;
        bool tells = rounds[i].how == TM_FOLD || rounds[i].how == TM_TABLE;
        if (tells && !last) {
            TM_TRY(run_round(r, &rounds[i], err));
            continue;
        }
        if (rounds[i].adds)
            tm_verdicts_turn(r->making);
        else
            r->making = tm_verdicts_begin(&r->run->spill, r->run->exchange_budget / 4);
        if (!r->making) return tm_fail_memory(err, "decisions", 0);
        TM_TRY(run_round(r, &rounds[i], err));
        if (rounds[i + 1].adds) continue; /* they are not whole yet */
        TM_TRY(add_refused(r, err));
        bool lasts = r->run->folder != NULL; /* else nobody goes on from it */
        TM_TRY(tm_verdicts_finish(r->making, to, lasts, tm_buf_view(&r->told), err));
        tm_verdicts_free(r->earlier);
        r->earlier = r->making;
        r->making = NULL;
    }
    return TM_OK;
}

static tm_status charge_table(tm_run *run, const tm_plan_step *step, tm_err *err)
{
    const tm_round *round = step->rounds;
    while (round[1].how != TM_NO_ROUND) round++;
    if (round->how != TM_TABLE) return TM_OK;
    return tm_run_charge_table(run, step, tm_verdicts_told(run->state[step->index].verdicts).n,
                               err);
}

static tm_status decide_set(tm_run *run, const tm_plan_step *step, tm_err *err)
{
    step_rounds r = {.run = run, .step = step, .lock = TM_LOCK_INIT};
    char *path = tm_decisions_path(run, step, ".bin", err);
    if (!path) return TM_EMEMORY;
    tm_err why = {0};
    tm_status status = tm_verdicts_open(&run->state[step->index].verdicts, path, &why);
    if (status == TM_OK) run->result.resumed = true;
    if (status != TM_EINPUT) { /* that one is absent or not whole, and made anew */
        if (status != TM_OK && err) *err = why;
        return status;
    }
    status = run_rounds(&r, path, err);
    if (status == TM_OK) {
        run->state[step->index].verdicts = r.earlier;
        r.earlier = NULL;
    }
    tm_verdicts_free(r.earlier);
    tm_verdicts_free(r.making);
    tm_exchange_free(r.next);
    tm_components_free(r.edges);
    tm_buf_release(&r.told);
    return status;
}

static tm_status decide_head(tm_run *run, const tm_plan_step *step, tm_err *err)
{
    tm_step_state *state = &run->state[step->index];
    uint64_t limit = step->op->head(step->shared);
    if (limit == 0) {
        state->has_cut = true;
        return TM_OK;
    }
    tm_pass pass = {.run = run,
                    .kind = TM_PASS_HEAD,
                    .steps = step->index,
                    .step = step->index,
                    .lock = TM_LOCK_INIT,
                    .head_limit = limit};
    pass.doing = tm_arena_printf(&run->mem, "%.*s: count", TM_FMT(step->name));
    if (!pass.doing) return tm_fail_memory(err, "a round", 0);
    TM_TRY(tm_pass_run(&pass, err));
    if (pass.head_found) tm_cache_end(run);
    state->has_cut = pass.head_found;
    state->cut = pass.head_cut;
    return TM_OK;
}

tm_status tm_rounds_run(tm_run *run, tm_err *err)
{
    for (uint32_t s = 0; s < run->plan->steps; s++) {
        const tm_plan_step *step = &run->plan->step[s];
        if (step->op->shape == TM_SET) {
            TM_TRY(decide_set(run, step, err));
            TM_TRY(charge_table(run, step, err));
        }
        if (step->op->shape == TM_HEAD) TM_TRY(decide_head(run, step, err));
    }
    return TM_OK;
}
