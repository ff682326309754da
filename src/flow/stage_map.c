/* One split through one stage: what a pass does with all sources, done with a stretch of one.
 *
 * Reading, replaying the steps before and observing are those of a pass (work.c, steps.c); only the
 * loop is another: the caller asks for block after block, so nothing but a block's facts is held,
 * and no thread is started. Decisions are those of the split; they come as the rows a reducer gave
 * and are looked up as a pass looks them up. */
#include "flow/piece.h"
#include "flow/stage.h"

static bool is_write(const tm_stage_map *m)
{
    return m->stages->stage[m->stage].how == TM_STAGE_WRITE;
}

tm_status tm_stage_map_open(tm_stage_map *m, tm_stages *s, uint32_t stage, uint32_t split,
                            tm_err *err)
{
    *m = (tm_stage_map){.stages = s, .stage = stage, .split = split};
    if (stage >= s->count || split >= s->splits || !s->stage[stage].observes)
        return tm_fail(err, TM_EUSAGE, "there is no split %u of stage %u to map", split, stage);
    if (split >= s->of_stream && !s->stage[stage].references)
        return tm_fail(err, TM_EUSAGE, "stage %u does not look at references", stage);
    if (split < s->of_stream && s->stage[stage].references_only)
        return tm_fail(err, TM_EUSAGE, "stage %u looks at references only", stage);
    m->rows = tm_alloc_zero(s->count, sizeof *m->rows);
    return m->rows ? TM_OK : tm_fail_memory(err, "a stage", s->count * sizeof *m->rows);
}

tm_status tm_stage_map_decision(tm_stage_map *m, uint32_t stage, tm_str row, tm_err *err)
{
    if (stage >= m->stages->count || !tm_stages_joins(m->stages, m->stage, stage))
        return tm_fail(err, TM_EUSAGE, "stage %u has no use for decisions of stage %u", m->stage,
                       stage);
    tm_buf_str(&m->rows[stage], row);
    return tm_buf_ok(&m->rows[stage], err);
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* What the round sees of its step: rows of the stage before it, or of two that are one. */
static tm_status take_earlier(tm_stage_map *m, tm_err *err)
{
    tm_buf joined = {0};
    const tm_stage *stage = &m->stages->stage[m->stage];
    if (stage->earlier == TM_NONE) return TM_OK;
    tm_str rows = tm_buf_view(&m->rows[stage->earlier]);
    tm_status status = TM_OK;
    if (stage->before != TM_NONE) {
        tm_str first = tm_buf_view(&m->rows[stage->before]);
        status = tm_verdicts_join(first, rows, &joined, err);
        rows = tm_buf_view(&joined);
    }
    if (status == TM_OK) status = tm_verdicts_take(&m->earlier, rows, (tm_str){0}, err);
    tm_buf_release(&joined);
    return status;
}

static tm_status take_decisions(tm_stage_map *m, tm_err *err)
{
    tm_stages *s = m->stages;
    const tm_stage *stage = &s->stage[m->stage];
    for (uint32_t i = 0; i < m->stage; i++) {
        if (!tm_stages_joins(s, m->stage, i)) continue;
        if (i == stage->earlier || i == stage->before) continue;
        uint32_t step = s->stage[i].step;
        tm_verdicts **to = &s->run->state[step].verdicts;
        tm_str told = tm_stages_told(s, step, s->count);
        TM_TRY(tm_verdicts_take(to, tm_buf_view(&m->rows[i]), told, err));
        tm_buf_release(&m->rows[i]);
    }
    TM_TRY(take_earlier(m, err));
    if (stage->earlier != TM_NONE) tm_buf_release(&m->rows[stage->earlier]);
    if (stage->before != TM_NONE) tm_buf_release(&m->rows[stage->before]);
    return TM_OK;
}

static tm_pass pass_of(tm_stage_map *m)
{
    tm_run *run = m->stages->run;
    const tm_stage *stage = &m->stages->stage[m->stage];
    bool writes = is_write(m);
    tm_pass pass = {.run = run,
                    .kind = writes                        ? TM_PASS_WRITE
                            : stage->how == TM_STAGE_HEAD ? TM_PASS_HEAD
                            : stage->how == TM_STAGE_FOLD ? TM_PASS_FOLD
                                                          : TM_PASS_OBSERVE,
                    .doing = tm_stage_how_name(stage->how),
                    .steps = writes ? run->plan->steps : stage->step,
                    .step = stage->step,
                    .round = stage->round,
                    .earlier = m->earlier,
                    .facts = &m->facts,
                    .lock = TM_LOCK_INIT};
    if (!writes) pass.told = tm_stages_told(m->stages, stage->step, m->stage);
    return pass;
}

/* The source is as it was when the ticket was written, as far as its size tells. */
static tm_status same_source(const tm_source *source, tm_err *err)
{
    uint64_t bytes, modified;
    TM_TRY(tm_source_stamp(source, &bytes, &modified, err));
    if (bytes == source->bytes) return TM_OK;
    return tm_fail(err, TM_EINPUT, "%.*s has %llu bytes here and %llu where the run was planned",
                   TM_FMT(source->path), (unsigned long long)bytes,
                   (unsigned long long)source->bytes);
}

static tm_status open_reader(tm_stage_map *m, tm_err *err)
{
    tm_rid cut;
    const tm_run *run = m->stages->run;
    const tm_split *split = &m->stages->split[m->split];
    const tm_source *source = &run->source[split->source - 1];
    bool of_stream = m->split < m->stages->of_stream;
    if (of_stream && tm_run_cut(run, &cut) && TM_PLACE(split->source, split->from) > cut.place)
        return TM_OK; /* behind the head */
    tm_read_limits limits = tm_long_limits(run);
    limits.digest = is_write(m) && !split->to;
    limits.from = split->from;
    limits.to = split->to;
    TM_TRY(same_source(source, err));
    return tm_reader_open(&m->reader, source, &limits, (tm_str){0}, err);
}

static tm_status begin(tm_stage_map *m, tm_err *err)
{
    tm_run *run = m->stages->run;
    const tm_stage *stage = &m->stages->stage[m->stage];
    m->begun = true;
    TM_TRY(take_decisions(m, err));
    m->pass = pass_of(m);
    if (stage->how == TM_STAGE_FOLD) {
        uint32_t bytes = stage->round->state_bytes;
        if (!tm_buf_grow(&m->pass.fold_state, bytes)) return tm_fail_memory(err, "a fold", bytes);
        memset(m->pass.fold_state.p, 0, bytes);
        m->pass.fold_state.n = bytes;
    }
    TM_TRY(tm_piece_init(&m->piece, run, err));
    TM_TRY(tm_worker_init(&m->worker, run, &m->pass, 0, err));
    if (is_write(m)) TM_TRY(tm_part_begin(&m->part, m->stages, "part", m->split, err));
    return open_reader(m, err);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A record of a reordering run as a fact: in the order of ranks its data come together again. */
static tm_status facts_of_piece(tm_stage_map *m, tm_err *err)
{
    size_t at = 0;
    tm_piece_order entry;
    const tm_piece *p = &m->piece;
    for (size_t i = 0; i + sizeof entry <= p->order.n; i += sizeof entry) {
        char rank[8];
        memcpy(&entry, p->order.p + i, sizeof entry);
        tm_be64_put(entry.rank, rank);
        tm_fact f = {.order = {rank, 8},
                     .data = {p->data.p + at, (size_t)entry.bytes},
                     .rid = tm_order_rid(m->split, m->seen++, &entry)};
        TM_TRY(tm_facts_add(&m->facts, &f, err));
        at += (size_t)entry.bytes;
    }
    return TM_OK;
}

static tm_status take_heads(tm_stage_map *m, tm_err *err)
{
    uint64_t live = m->piece.heads.n / sizeof(tm_rid), wanted = 0;
    if (m->told.n == sizeof wanted) memcpy(&wanted, m->told.p, sizeof wanted);
    if (wanted > m->seen && wanted <= m->seen + live) {
        const char *at = m->piece.heads.p + (wanted - m->seen - 1) * sizeof(tm_rid);
        tm_buf_add(&m->state, at, sizeof(tm_rid));
    }
    m->seen += live;
    return tm_buf_ok(&m->state, err);
}

static tm_status take_piece(tm_stage_map *m, tm_err *err)
{
    switch (m->pass.kind) {
    case TM_PASS_OBSERVE:
    case TM_PASS_FOLD: return TM_OK;
    case TM_PASS_HEAD: return take_heads(m, err);
    case TM_PASS_WRITE:
        m->piece.deferred = m->stages->run->reorders;
        if (m->piece.deferred) TM_TRY(facts_of_piece(m, err));
        return tm_part_add(m->part, &m->piece, err);
    }
    return TM_OK;
}

static tm_status end_source(tm_stage_map *m, bool whole, tm_err *err)
{
    tm_source_result result = {0};
    if (!m->reader || m->stages->split[m->split].to) return TM_OK;
    tm_reader_summary(m->reader, result.sha256, &result.file_bytes, &result.decoded_bytes);
    if (!whole) result.sha256[0] = 0;
    return m->part ? tm_part_source(m->part, &result, err) : TM_OK;
}

static tm_status end_map(tm_stage_map *m, bool whole, tm_err *err)
{
    m->ended = true;
    TM_TRY(end_source(m, whole, err));
    if (m->part) return tm_part_commit(&m->part, err);
    if (m->pass.kind == TM_PASS_FOLD) {
        m->pass.round->fold(m->pass.fold_state.p, m->worker.fold_state);
        tm_free(m->worker.fold_state);
        m->worker.fold_state = NULL;
        tm_buf_str(&m->state, tm_buf_view(&m->pass.fold_state));
    }
    if (m->pass.kind == TM_PASS_HEAD && !m->told.n) tm_buf_add(&m->state, &m->seen, sizeof m->seen);
    return tm_buf_ok(&m->state, err);
}

tm_status tm_stage_map_next(tm_stage_map *m, bool *more, tm_err *err)
{
    tm_rid cut;
    tm_run *run = m->stages->run;
    tm_buf_clear(&m->facts.bytes);
    m->facts.count = 0;
    *more = false;
    if (m->ended) return TM_OK;
    if (m->stages->stage[m->stage].how == TM_STAGE_DIGEST) {
        m->ended = true;
        return tm_stages_digest(m->stages, m->split, err);
    }
    if (!m->begun) TM_TRY(begin(m, err));
    if (!m->reader) return end_map(m, false, err);
    tm_block *block = &m->worker.block;
    TM_TRY(tm_reader_next(m->reader, block, err));
    block->source = m->stages->split[m->split].source;
    tm_piece_clear(&m->piece, run);
    TM_TRY(tm_worker_block(&m->worker, &m->piece, err));
    block->number++;
    TM_TRY(take_piece(m, err));
    bool behind = m->split < m->stages->of_stream && tm_run_cut(run, &cut) &&
                  TM_PLACE(block->source, block->at + block->bytes.n) > cut.place;
    *more = !block->last && !behind;
    return *more ? TM_OK : end_map(m, block->last, err);
}

void tm_stage_map_close(tm_stage_map *m)
{
    tm_run *run = m->stages->run;
    if (m->begun) {
        tm_free(m->worker.fold_state); /* of a map that failed: nobody wants it */
        m->worker.fold_state = NULL;
        if (m->worker.run) tm_worker_release(&m->worker);
        tm_piece_release(&m->piece);
        tm_buf_release(&m->pass.fold_state);
        tm_part_abandon(&m->part);
    }
    if (m->reader) tm_reader_close(m->reader);
    for (uint32_t i = 0; m->rows && i < m->stages->count; i++) tm_buf_release(&m->rows[i]);
    for (uint32_t i = 0; i < run->plan->steps; i++) {
        tm_verdicts_free(run->state[i].verdicts);
        run->state[i].verdicts = NULL;
    }
    tm_verdicts_free(m->earlier);
    tm_buf_release(&m->facts.bytes);
    tm_buf_release(&m->told);
    tm_buf_release(&m->state);
    tm_free(m->rows);
    *m = (tm_stage_map){.stages = m->stages};
}
