/* One step on one batch: the operator looks, the rules act, the counts are kept.
 *
 * The only place where a fate is written. A finding's code carries the verdict (or the step's
 * `then:` does); of several findings on one record the first that drops or parks is the reason. */
#include "flow/engine.h"
#include "text/words.h"

static void fall(tm_batch *b, uint32_t r, tm_fate fate, tm_reason reason)
{
    TM_ASSERT(b->fate[r] == TM_LIVE);
    b->fate[r] = (uint8_t)fate;
    b->reason[r] = reason;
}

static uint8_t verdict_of(const tm_plan_step *step, const tm_code *code)
{
    if (code->fixed_verdict || code->verdict == TM_V_NONE || step->then == TM_V_NONE)
        return code->verdict;
    return (uint8_t)step->then;
}

/* Acts on the findings that the step has just added. */
static void apply_rules(tm_worker *w, tm_piece *piece, const tm_plan_step *step, tm_batch *b,
                        uint32_t first)
{
    for (uint32_t i = first; i < b->findings; i++) {
        const tm_finding *f = &b->finding[i];
        piece->found[w->run->code_at[step->index] + f->code]++;
        uint8_t verdict = verdict_of(step, &step->op->codes[f->code]);
        if (b->fate[f->record] != TM_LIVE) continue;
        tm_reason reason = {step->index, f->code, f->value, f->other, f->first};
        if (verdict == TM_V_DROP) fall(b, f->record, TM_DROPPED, reason);
        if (verdict == TM_V_PARK) fall(b, f->record, TM_PARKED, reason);
    }
}

static tm_fate fate_of(uint8_t verdict)
{
    return verdict == TM_V_MERGE  ? TM_MERGED
           : verdict == TM_V_DROP ? TM_DROPPED
           : verdict == TM_V_PARK ? TM_PARKED
                                  : TM_LIVE;
}

/* A decision that only flags leaves no reason behind: it becomes a finding. */
static tm_status flag(tm_batch *b, uint32_t r, uint16_t step, const tm_decision *d, tm_err *err)
{
    TM_TRY(tm_find(b, r, TM_NONE, 0, 0, step, d->rule, d->value, err));
    b->finding[b->findings - 1].other = d->other;
    b->finding[b->findings - 1].first = (d->set & TM_D_FIRST) != 0;
    return TM_OK;
}

/* Joins the decisions of a finished set step by rid. */
static tm_status apply_decisions(tm_worker *w, tm_piece *piece, const tm_plan_step *step,
                                 tm_batch *b, tm_err *err)
{
    const tm_verdict_range *range = &w->range[step->index];
    bool weighed = w->pass->kind == TM_PASS_WRITE && tm_finds_duplicates(step->op);
    for (uint32_t r = 0; r < b->records; r++) {
        const tm_decision *d = tm_verdict_of(range, b->rid[r]);
        if (b->decision) b->decision[r] = d;
        if (!tm_live(b, r)) continue;
        if (weighed)
            tm_matches_seen(&piece->matches, w->run, w->block.source, step->index,
                            tm_text_chars(b->raw[r]));
        if (!d) continue;
        if (d->set & TM_D_ORDER) b->order[r] = d->order;
        if (d->set & TM_D_ROUTE) b->route[r] = d->route;
        if (d->set & TM_D_COPIES) b->copies[r] = d->copies;
        tm_fate fate = fate_of(d->verdict);
        if (step->op->codes && d->verdict != TM_V_NONE)
            piece->found[w->run->code_at[step->index] + d->rule]++;
        if (d->verdict == TM_V_FLAG && step->op->codes) TM_TRY(flag(b, r, step->index, d, err));
        if (fate == TM_LIVE) continue;
        bool first = (d->set & TM_D_FIRST) != 0;
        fall(b, r, fate, (tm_reason){step->index, d->rule, d->value, d->other, first});
    }
    return TM_OK;
}

typedef struct children { /* the engine's side of tm_children */
    tm_children face;
    tm_worker *w;
    tm_batch *into;
    const tm_plan_step *step;
    uint32_t parent, ordinal;
    uint64_t made;
} children;

static tm_status children_add(tm_children *self, tm_batch *parent_batch, uint32_t parent,
                              tm_str raw, tm_err *err)
{
    children *c = (children *)self;
    tm_run *run = c->w->run;
    tm_rid rid;
    if (parent != c->parent) c->parent = parent, c->ordinal = 0;
    if (!tm_rid_child(parent_batch->rid[parent], ++c->ordinal, &rid))
        return tm_fail(err, TM_ELIMIT, "a record gives more than 65,535 children in step %.*s",
                       TM_FMT(c->step->name));
    char *copy = tm_arena_alloc(&c->w->mem, raw.n + TM_BLOCK_SLACK, 16);
    if (!copy) return tm_fail_memory(err, "a child record", raw.n);
    memcpy(copy, raw.p, raw.n);
    memset(copy + raw.n, 0, TM_BLOCK_SLACK);
    uint32_t input = run->input_of[c->w->block.source - 1];
    tm_read_rules rules = {.layouts = &run->input[input].layouts,
                           .max_depth = (uint32_t)run->recipe->limits.max_depth,
                           .max_parts = (uint32_t)run->recipe->limits.max_parts};
    TM_TRY(tm_batch_add(c->into, &rules, rid, parent_batch->line[parent], (tm_str){copy, raw.n},
                        false, TM_BLOCK_SLACK, NULL, err));
    uint32_t child = c->into->records - 1; /* what was said of where the parent goes holds for it */
    c->into->route[child] = parent_batch->route[parent];
    c->into->copies[child] = parent_batch->copies[parent];
    c->into->order[child] = parent_batch->order[parent];
    if (tm_live(parent_batch, parent))
        fall(parent_batch, parent, TM_REPLACED, (tm_reason){c->step->index, 0, 0, {0, 0}, false});
    c->made++;
    return TM_OK;
}

static uint64_t count_fate(const tm_batch *b, tm_fate fate)
{
    uint64_t count = 0;
    for (uint32_t r = 0; r < b->records; r++) count += b->fate[r] == fate;
    return count;
}

typedef struct fates {
    uint64_t live, dropped, parked, merged, replaced, unreadable;
} fates;

static fates fates_of(const tm_batch *b)
{
    return (fates){count_fate(b, TM_LIVE),     count_fate(b, TM_DROPPED),
                   count_fate(b, TM_PARKED),   count_fate(b, TM_MERGED),
                   count_fate(b, TM_REPLACED), count_fate(b, TM_UNREADABLE)};
}

static void count_step(tm_counts *c, const fates *was, const fates *is)
{
    c->read += was->live;
    c->kept += is->live;
    c->dropped += is->dropped - was->dropped;
    c->parked += is->parked - was->parked;
    c->merged += is->merged - was->merged;
    c->replaced += is->replaced - was->replaced;
}

/* The next batch of the chain, made at the first child. */
static tm_status open_children(tm_worker *w, children *c, tm_err *err)
{
    if (w->chain > TM_PATH_LEVELS)
        return tm_fail(err, TM_ELIMIT, "a recipe may fan out %d times", TM_PATH_LEVELS);
    c->into = &w->batch[w->chain];
    TM_TRY(tm_batch_reset(c->into, 64, w->run->plan->signal, w->run->plan->columns, err));
    c->into->input = w->batch[0].input;
    return TM_OK;
}

static bool is_read(const tm_plan *plan, const tm_plan_step *measure, uint32_t until)
{
    for (uint32_t s = measure->index + 1u; s <= until && s < plan->steps; s++)
        for (uint32_t c = 0; c < measure->columns; c++)
            if (plan->step[s].reads[measure->column + c]) return true;
    return false;
}

static bool only_measures(const tm_op *op)
{
    bool finds = op->codes && op->codes[0].code;
    return (op->shape == TM_MEASURE && !finds) || op->flags & TM_EACH_MEASURES;
}

/* Measures that no later step looks at, nobody is shown and no ledger keeps are not made; in an
 * observing pass none but those that a step up to its own looks at. */
static bool is_idle(const tm_worker *w, const tm_plan_step *step)
{
    const tm_run *run = w->run;
    if (!only_measures(step->op)) return false;
    bool writes = w->pass->kind == TM_PASS_WRITE;
    bool kept = run->folder && run->recipe->output.ledger >= 3;
    bool shown = run->options.on_batch || run->options.shown.on_kept;
    if (writes && (kept || shown)) return false;
    return !is_read(run->plan, step, writes ? run->plan->steps : w->pass->step);
}

static tm_status step_on_batch(tm_worker *w, tm_piece *piece, const tm_plan_step *step, tm_batch *b,
                               children *kids, tm_err *err)
{
    const tm_op *op = step->op;
    tm_counts *counts = &piece->step_counts[step->index];
    fates was = fates_of(b);
    if (op->shape == TM_SET) TM_TRY(apply_decisions(w, piece, step, b, err));
    uint32_t first = b->findings;
    uint64_t made = kids->made, lost = kids->into ? count_fate(kids->into, TM_UNREADABLE) : 0;
    if (op->each && !is_idle(w, step)) TM_TRY(op->each(&w->view[step->index], b, &kids->face, err));
    apply_rules(w, piece, step, b, first);
    fates is = fates_of(b);
    count_step(counts, &was, &is);
    made = kids->made - made;
    counts->made += made;
    if (kids->into) {
        lost = count_fate(kids->into, TM_UNREADABLE) - lost;
        counts->kept += made - lost;
        counts->unreadable += lost;
    }
    return TM_OK;
}

tm_status tm_steps_apply(tm_worker *w, tm_piece *piece, tm_err *err)
{
    tm_run *run = w->run;
    for (uint32_t s = 0; s < w->pass->steps; s++) {
        const tm_plan_step *step = &run->plan->step[s];
        children kids = {.face.add = children_add, .w = w, .step = step, .parent = TM_NONE};
        uint32_t batches = w->chain;
        double began = tm_now();
        if (w->pass->kind != TM_PASS_WRITE && step->op->shape == TM_MEASURE && is_idle(w, step))
            continue;
        if (step->op->shape == TM_FANOUT) TM_TRY(open_children(w, &kids, err));
        for (uint32_t k = 0; k < batches; k++)
            TM_TRY(step_on_batch(w, piece, step, &w->batch[k], &kids, err));
        if (kids.made) w->chain++;
        piece->step_seconds[s] += tm_now() - began;
    }
    return TM_OK;
}
