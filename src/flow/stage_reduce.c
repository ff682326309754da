/* What happens to the sorted facts of a stage, wherever they were sorted: the round's reducer over
 * its groups, ranks, the names of components, or records put into files in their order. */
#include "flow/piece.h"
#include "flow/stage.h"

enum { TAKE_BYTES = 256 << 10 };

static tm_step_view view_of(const tm_stages *s, const tm_stage *stage)
{
    const tm_run *run = s->run;
    const tm_plan_step *step = &run->plan->step[stage->step];
    tm_str told = tm_stages_told(s, stage->step, (uint32_t)(stage - s->stage));
    return (tm_step_view){.shared = step->shared,
                          .told = told.n ? told.p : NULL,
                          .stream = step->stream,
                          .seed = run->recipe->seed,
                          .memory = run->exchange_budget / run->threads,
                          .spill = &s->run->spill,
                          .step = step->index,
                          .column = step->column,
                          .layouts = &run->plan->layouts};
}

static tm_status reduce_groups(tm_stages *s, const tm_stage *stage, tm_pull pull, void *from,
                               const tm_stage_taker *taker, tm_err *err)
{
    tm_step_view view = view_of(s, stage);
    tm_reducer reducer = {.reduce = stage->round->reduce,
                          .step = &view,
                          .pairs_only = stage->round->pairs_only,
                          .take = taker->take,
                          .arg = taker->arg};
    return tm_reduce_sorted(&reducer, pull, from, err);
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
    if (t->told->n) return tm_fail(err, TM_EUSAGE, "the facts of a table come in one stream");
    return t->round->tell(t->step, group, t->told, err);
}

static tm_status reduce_table(tm_stages *s, const tm_stage *stage, tm_pull pull, void *from,
                              tm_stage_taker *taker, tm_err *err)
{
    tm_step_view view = view_of(s, stage), seen = view;
    view.memory = tm_run_table_room(s->run, &s->run->plan->step[stage->step]);
    view.ceiling = s->run->recipe->limits.memory;
    teller t = {.round = stage->round, .step = &view, .told = &taker->told};
    seen.scratch = &t;
    tm_reducer reducer = {
        .reduce = tell_group, .step = &seen, .take = taker->take, .arg = taker->arg};
    TM_TRY(tm_reduce_sorted(&reducer, pull, from, err));
    return tm_buf_ok(&taker->told, err);
}

/* Facts that decide by themselves: SORT gives each its rank; of COMPONENTS the key is the lowest
 * rid of the component, as 16 bytes big-endian. */
static tm_status decide(tm_stages *s, const tm_stage *stage, uint64_t rank, tm_pull pull,
                        void *from, const tm_stage_taker *taker, tm_err *err)
{
    tm_fact f;
    tm_facts none = {0};
    tm_decisions out = {0};
    tm_status status = TM_OK;
    bool more = true, sorts = stage->how == TM_STAGE_SORT;
    TM_UNUSED(s);
    while (status == TM_OK) {
        status = pull(from, &f, &more, err);
        if (status != TM_OK || !more) break;
        tm_decision d = {.rid = f.rid, .step = (uint16_t)stage->step};
        if (sorts) {
            d.set = TM_D_ORDER;
            d.order = rank++;
        } else if (f.key.n == sizeof(tm_rid)) {
            d.set = TM_D_OTHER;
            d.other = (tm_rid){tm_be64_get(f.key.p), tm_be64_get(f.key.p + 8)};
        } else {
            status = tm_fail(err, TM_EINPUT, "a component is named by a rid of 16 bytes");
            break;
        }
        status = tm_decide(&out, &d, err);
        if (status == TM_OK && out.bytes.n > TAKE_BYTES)
            status = taker->take(taker->arg, &none, &out, err);
    }
    if (status == TM_OK) status = taker->take(taker->arg, &none, &out, err);
    tm_buf_release(&out.bytes);
    return status;
}

/* ---- records in their order ------------------------------------------------------------------ */

static tm_status put_piece(tm_part_writer *part, tm_piece *piece, tm_err *err)
{
    TM_TRY(tm_part_add(part, piece, err));
    tm_buf_clear(&piece->data);
    tm_buf_clear(&piece->order);
    piece->written = 0;
    return TM_OK;
}

static tm_status put_records(tm_part_writer *part, tm_piece *piece, tm_pull pull, void *from,
                             tm_err *err)
{
    tm_fact f;
    bool more = true;
    for (;;) {
        TM_TRY(pull(from, &f, &more, err));
        if (!more) return piece->data.n ? put_piece(part, piece, err) : TM_OK;
        tm_piece_order entry = tm_order_of(&f);
        tm_buf_str(&piece->data, f.data);
        tm_buf_add(&piece->order, &entry, sizeof entry);
        TM_TRY(tm_buf_ok(&piece->data, err));
        TM_TRY(tm_buf_ok(&piece->order, err));
        piece->written += entry.copies;
        if (piece->data.n >= TM_BLOCK_BYTES) TM_TRY(put_piece(part, piece, err));
    }
}

static tm_status put(tm_stages *s, uint32_t number, tm_pull pull, void *from, tm_err *err)
{
    tm_piece piece = {.source = 1};
    tm_part_writer *part = NULL;
    tm_status status = tm_piece_init(&piece, s->run, err);
    if (status == TM_OK) status = tm_part_begin(&part, s, "sorted", number, err);
    if (status == TM_OK) status = put_records(part, &piece, pull, from, err);
    if (status == TM_OK) status = tm_part_commit(&part, err);
    tm_part_abandon(&part);
    tm_piece_release(&piece);
    return status;
}

tm_status tm_stage_reduce(tm_stages *s, uint32_t stage, uint64_t first, tm_pull pull, void *from,
                          tm_stage_taker *taker, tm_err *err)
{
    const tm_stage *of = stage < s->count ? &s->stage[stage] : NULL;
    switch (of ? of->how : TM_STAGE_DIGEST) {
    case TM_STAGE_GROUP: return reduce_groups(s, of, pull, from, taker, err);
    case TM_STAGE_TABLE: return reduce_table(s, of, pull, from, taker, err);
    case TM_STAGE_SORT:
    case TM_STAGE_COMPONENTS: return decide(s, of, first, pull, from, taker, err);
    case TM_STAGE_PUT: return put(s, (uint32_t)first, pull, from, err);
    case TM_STAGE_FOLD:
    case TM_STAGE_HEAD:
    case TM_STAGE_WRITE:
    case TM_STAGE_DIGEST: break;
    }
    return tm_fail(err, TM_EUSAGE, "stage %u brings nothing together", stage);
}

tm_status tm_stage_fold(const tm_stages *s, uint32_t stage, void *into, tm_str from, tm_err *err)
{
    const tm_stage *of = stage < s->count ? &s->stage[stage] : NULL;
    if (!of || of->how != TM_STAGE_FOLD || from.n != of->round->state_bytes)
        return tm_fail(err, TM_EUSAGE, "this is no state of stage %u", stage);
    of->round->fold(into, from.p);
    return TM_OK;
}
