/* One step on one batch: the operator looks, the rules act, the counts are kept.
 *
 * The only place where a fate is written. A finding's code carries the verdict (or the step's
 * `then:` does); of several findings on one record the first that drops or parks is the reason. */
#include "flow/quiet.h"
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

/* A step that routes by groups tells how large each is with one of its records. */
static void note_route(const tm_worker *w, tm_piece *piece, const tm_plan_step *step, tm_batch *b,
                       uint32_t r, const tm_decision *d)
{
    b->route[r] = d->route;
    bool group = d->set & TM_D_VALUE && w->run->routes && step->index == w->run->router;
    if (group) piece->largest_group = TM_MAX(piece->largest_group, (uint64_t)d->value);
}

/* Joins the decisions of a finished set step by rid. */
static tm_status apply_decisions(tm_worker *w, tm_piece *piece, const tm_plan_step *step,
                                 tm_batch *b, tm_err *err)
{
    const tm_verdict_range *range = &w->range[step->index];
    bool weighed = w->pass->kind == TM_PASS_WRITE && step->op->finds;
    for (uint32_t r = 0; r < b->records; r++) {
        const tm_decision *d = tm_verdict_of(range, b->rid[r]);
        if (d && d->set & TM_D_REFUSED) d = NULL;
        if (b->decision) b->decision[r] = d;
        if (!tm_live(b, r)) continue;
        if (weighed)
            tm_matches_seen(&piece->matches, w->run, w->block.source, step->index, 1,
                            tm_text_chars(b->raw[r]));
        if (!d) continue;
        if (d->set & TM_D_ORDER) b->order[r] = d->order;
        if (d->set & TM_D_ROUTE) note_route(w, piece, step, b, r, d);
        if (d->set & TM_D_COPIES) b->copies[r] = d->copies;
        tm_fate fate = fate_of(d->verdict);
        if (step->op->codes && d->verdict != TM_V_NONE)
            piece->found[w->run->code_at[step->index] + d->rule]++;
        if (d->verdict == TM_V_FLAG && step->op->codes) TM_TRY(flag(b, r, step->index, d, err));
        if (fate == TM_LIVE) continue;
        bool first = (d->set & TM_D_FIRST) != 0, lost;
        fall(b, r, fate, (tm_reason){step->index, d->rule, d->value, d->other, first});
        if (w->pass->kind != TM_PASS_WRITE || fate != TM_MERGED) continue;
        TM_TRY(
            tm_lost_fields_find(b, r, step->op, step->index, d, &piece->lost_fields, &lost, err));
        if (lost) piece->found[w->run->code_at[step->index] + step->op->lost_code]++;
    }
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
bool tm_step_is_idle(const tm_worker *w, const tm_plan_step *step)
{
    const tm_run *run = w->run;
    if (!only_measures(step->op)) return false;
    bool writes = w->pass->kind == TM_PASS_WRITE;
    bool kept = run->folder && run->recipe->output.ledger >= 3;
    bool shown = run->options.on_batch || run->options.shown.on_kept;
    if (writes && (kept || shown)) return false;
    return !is_read(run->plan, step, writes ? run->plan->steps : w->pass->step);
}

/* Records that a fan-out replaces. Their children are made when all before them are written. */
static tm_status mark_parents(tm_worker *w, const tm_plan_step *step, tm_batch *b, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++) {
        uint32_t children = 0;
        if (!tm_live(b, r)) continue;
        TM_TRY(step->op->children(&w->view[step->index], b, r, &children, err));
        if (children > TM_CHILDREN_MAX)
            return tm_fail(err, TM_EBUG, "step %.*s gives too many children", TM_FMT(step->name));
        if (children) fall(b, r, TM_REPLACED, (tm_reason){step->index, 0, 0, {0, 0}, false});
    }
    return TM_OK;
}

static tm_status step_on_batch(tm_worker *w, tm_piece *piece, const tm_plan_step *step, tm_batch *b,
                               tm_err *err)
{
    const tm_op *op = step->op;
    fates was = fates_of(b);
    if (op->shape == TM_SET) TM_TRY(apply_decisions(w, piece, step, b, err));
    uint32_t first = b->findings;
    if (op->shape == TM_FANOUT)
        TM_TRY(mark_parents(w, step, b, err));
    else if (op->each && !tm_step_is_idle(w, step)) {
        bool hidden = tm_quiet_hide(w, step, b);
        TM_TRY(op->each(&w->view[step->index], b, NULL, err));
        if (hidden) tm_quiet_show(w, b);
    }
    apply_rules(w, piece, step, b, first);
    fates is = fates_of(b);
    count_step(&piece->step_counts[step->index], &was, &is);
    return TM_OK;
}

tm_status tm_steps_apply(tm_worker *w, tm_piece *piece, tm_batch *b, uint32_t from, tm_err *err)
{
    tm_run *run = w->run;
    for (uint32_t s = from; s < w->pass->steps; s++) {
        const tm_plan_step *step = &run->plan->step[s];
        double began = tm_now();
        if (w->pass->kind != TM_PASS_WRITE && step->op->shape == TM_MEASURE &&
            tm_step_is_idle(w, step))
            continue;
        TM_TRY(step_on_batch(w, piece, step, b, err));
        piece->step_seconds[s] += tm_now() - began;
    }
    return TM_OK;
}

tm_status tm_steps_measure(tm_worker *w, tm_batch *b, tm_err *err)
{
    const uint32_t both = TM_REFERENCES | TM_EACH_MEASURES;
    for (uint32_t s = 0; s < w->pass->steps; s++) {
        const tm_plan_step *step = &w->run->plan->step[s];
        const tm_op *op = step->op;
        if (op->shape != TM_SET || (op->flags & both) != both || tm_step_is_idle(w, step)) continue;
        for (uint32_t r = 0; r < b->records; r++)
            b->decision[r] = tm_verdict_of(&w->range[s], b->rid[r]);
        TM_TRY(op->each(&w->view[s], b, NULL, err));
    }
    return TM_OK;
}
