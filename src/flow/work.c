/* One block through the steps of a pass, batch by batch, in one worker.
 *
 * A batch is 64 KiB of raw records, or 4,096 of them: it stays in the processor's cache, with the
 * nodes of its JSON (often more bytes than the records), while every step looks at it. In an
 * observing pass the steps before the set step are replayed and the round looks at what is left; in
 * the writing pass all steps run and the piece takes what remains. */
#include "flow/cache.h"
#include "flow/piece.h"
#include "flow/quiet.h"
#include "flow/sound.h"
#include "flow/texts.h"
#include "record/fieldpath.h"
#include "text/kernel.h"
#include "text/utf8.h"

const tm_code tm_reader_codes[] = {
    [TM_READER_UTF8_REPLACED] =
        {.code = "T1008",
         .name = "utf8-replaced",
         .sentence = "bytes that are not UTF-8 were read as U+FFFD",
         .help =
             "The input was read with utf8: replace. Each ill-formed sequence became one U+FFFD "
             "and the record is written that way.",
         .verdict = TM_V_FIX,
         .fixed_verdict = true},
    [TM_READER_DUPLICATE_KEY] =
        {.code = "T1030",
         .name = "duplicate-key",
         .sentence = "a key stands twice in one object; the last one binds",
         .help = "Both stay in the record as they are, and the last is the one that is read. Other "
                 "programs may read the first. The record itself and its messages are looked at, "
                 "not the objects inside other fields.",
         .verdict = TM_V_FLAG,
         .fixed_verdict = true},
    [TM_READER_TAG_BLOCKED] =
        {.code = "T1031",
         .name = "tag-blocked",
         .sentence = "a tag of the input cannot be set: its parent is not an object",
         .help = "Something on the way to the field is a string, a number or an array. The record "
                 "goes on without that tag.",
         .verdict = TM_V_FLAG,
         .fixed_verdict = true},
    [TM_READER_NOT_FINITE] =
        {.code = "T1032",
         .name = "not-finite",
         .sentence = "a NaN or an infinity of a table became null: JSON has no such number",
         .help = "The value is how many numbers of the row they were. Steps see null in their "
                 "place; whoever takes the row from the table itself still has them.",
         .verdict = TM_V_FLAG,
         .fixed_verdict = true},
    [TM_READER_TAG_SET] = {.code = "T1033",
                           .name = "tag-set",
                           .sentence = "a tag of the input was added",
                           .help = "The recipe gives every record of this input a field, which "
                                   "the record did not have.",
                           .verdict = TM_V_FIX,
                           .fixed_verdict = true},
    [TM_READER_TAG_REPLACED] = {.code = "T1034",
                                .name = "tag-replaced",
                                .sentence = "a tag of the input has replaced a field's value",
                                .help = "The recipe gives every record of this input a field, "
                                        "which the record had with another value.",
                                .verdict = TM_V_FIX,
                                .fixed_verdict = true},
    [TM_READER_CODES] = {0},
};

tm_status tm_worker_init(tm_worker *w, tm_run *run, tm_pass *pass, unsigned number, tm_err *err)
{
    uint32_t steps = run->plan->steps;
    w->run = run;
    w->pass = pass;
    w->number = number;
    for (size_t k = 0; k < TM_COUNT(w->level); k++)
        tm_batch_init(&w->level[k].batch, &w->level[k].mem);
    w->scratch = tm_alloc_zero(steps + 1, sizeof *w->scratch);
    w->view = tm_alloc_zero(steps + 1, sizeof *w->view);
    w->range = tm_alloc_zero(steps + 1, sizeof *w->range);
    w->packer = tm_packer_new();
    w->quiet.span = tm_alloc(tm_batch_most(run) * sizeof *w->quiet.span);
    if (!w->scratch || !w->view || !w->range || !w->packer || !w->quiet.span)
        return tm_fail_memory(err, "a worker", steps * sizeof *w->view);
    for (uint32_t s = 0; s <= pass->steps && s < steps; s++) {
        const tm_plan_step *step = &run->plan->step[s];
        w->scratch[s] = tm_alloc_zero(1, step->op->scratch_bytes + 1);
        if (!w->scratch[s]) return tm_fail_memory(err, "a step", step->op->scratch_bytes);
        tm_verdicts *verdicts = run->state[s].verdicts;
        tm_str told = verdicts ? tm_verdicts_told(verdicts) : (tm_str){0};
        if (s == pass->step && pass->kind != TM_PASS_WRITE) told = pass->told;
        w->view[s] = (tm_step_view){.shared = step->shared,
                                    .scratch = w->scratch[s],
                                    .told = told.n ? told.p : NULL,
                                    .stream = step->stream,
                                    .seed = run->recipe->seed,
                                    .step = (uint16_t)s,
                                    .column = step->column,
                                    .layouts = &run->plan->layouts};
        if (step->op->begin) TM_TRY(step->op->begin(step->shared, w->scratch[s], err));
    }
    if (pass->kind == TM_PASS_FOLD) {
        w->fold_state = tm_alloc_zero(1, pass->round->state_bytes + 1);
        if (!w->fold_state) return tm_fail_memory(err, "a fold", pass->round->state_bytes);
    }
    return TM_OK;
}

/* A worker's fold state goes into the pass's when the worker is done. */
static void fold_in(tm_worker *w)
{
    if (!w->fold_state) return;
    tm_lock_take(&w->pass->lock);
    w->pass->round->fold(w->pass->fold_state.p, w->fold_state);
    tm_lock_drop(&w->pass->lock);
    tm_free(w->fold_state);
}

void tm_worker_release(tm_worker *w)
{
    fold_in(w);
    for (uint32_t s = 0; w->scratch && s < w->run->plan->steps; s++) {
        const tm_op *op = w->run->plan->step[s].op;
        if (w->scratch[s] && op->end) op->end(w->scratch[s]);
        tm_free(w->scratch[s]);
        if (w->range) tm_verdict_range_release(&w->range[s]);
    }
    for (size_t k = 0; k < TM_COUNT(w->level); k++) {
        tm_batch_release(&w->level[k].batch);
        tm_arena_release(&w->level[k].mem);
    }
    tm_free(w->scratch);
    tm_free(w->view);
    tm_free(w->range);
    tm_verdict_range_release(&w->earlier);
    tm_cache_let_go(w->run, &w->block);
    tm_block_release(&w->block);
    tm_packer_free(w->packer);
    tm_buf_release(&w->facts.bytes);
    tm_buf_release(&w->line);
    tm_buf_release(&w->picked);
    tm_texts_release(w);
    tm_buf_release(&w->path);
    tm_buf_release(&w->refused);
    tm_buf_release(&w->quiet.known);
    tm_buf_release(&w->quiet.bits);
    tm_free(w->quiet.span);
    tm_locator_release(&w->locator);
}

/* raw: as it was read. */
static tm_status find_replaced(tm_batch *b, tm_str raw, uint32_t replaced, bool wide, tm_err *err)
{
    tm_wide_unit unit;
    size_t first = tm_kernel_now()->utf8_valid(raw.p, raw.n), left = raw.n - first;
    size_t bytes = wide && left ? tm_wide_unit_at(raw.p + first, left, &unit) : 0;
    if (!bytes && left) bytes = tm_utf8_ill_formed(raw.p + first, left);
    return tm_find(b, b->records - 1, TM_NONE, (uint32_t)first, (uint32_t)bytes, TM_NO_STEP,
                   TM_READER_UTF8_REPLACED, replaced, err);
}

static tm_status reader_findings(tm_batch *b, uint32_t lost, bool quiet, tm_err *err)
{
    uint32_t r = b->records - 1, at = 0;
    if (lost) TM_TRY(tm_find(b, r, TM_NONE, 0, 0, TM_NO_STEP, TM_READER_NOT_FINITE, lost, err));
    if (b->fate[r] != TM_LIVE || quiet) return TM_OK;
    uint32_t twice = tm_record_duplicate_keys(b, r, &at);
    if (twice)
        TM_TRY(tm_find(b, r, TM_NONE, at, 0, TM_NO_STEP, TM_READER_DUPLICATE_KEY, twice, err));
    return TM_OK;
}

static tm_status set_tags(tm_worker *w, tm_batch *b, tm_err *err)
{
    uint32_t r = b->records - 1;
    const tm_input_tag *tag = w->run->tags[w->run->input_of[w->block.source - 1]];
    for (; tag && tag->path && b->fate[r] == TM_LIVE; tag++) {
        tm_field_change done;
        TM_TRY(tm_field_set(b, r, tag->path, tag->json, TM_NO_STEP, &done, err));
        if (!done.blocked && !done.changed) continue;
        uint16_t code = done.blocked ? TM_READER_TAG_BLOCKED
                        : done.there ? TM_READER_TAG_REPLACED
                                     : TM_READER_TAG_SET;
        TM_TRY(tm_find(b, r, TM_NONE, done.at, 0, TM_NO_STEP, code, TM_NO_VALUE, err));
    }
    return TM_OK;
}

static tm_status add_span(tm_worker *w, uint32_t i, const tm_read_rules *rules, tm_err *err)
{
    const tm_span *span = &w->block.span[i];
    tm_batch *b = &w->level[0].batch;
    uint64_t offset = tm_span_offset(&w->block, span);
    tm_str raw = {w->block.bytes.p + span->at, span->bytes};
    uint32_t replaced = 0;
    size_t slack = w->block.bytes.n - span->at - span->bytes + TM_BLOCK_SLACK;
    tm_rid rid = {TM_PLACE(w->block.source, offset), 0};
    if (w->refused.n)
        return tm_batch_refuse(b, rid, span->line, raw, tm_buf_view(&w->refused), err);
    TM_TRY(tm_batch_add(b, rules, rid, span->line, raw, span->ascii, slack, &replaced, err));
    if (replaced) TM_TRY(find_replaced(b, raw, replaced, rules->wide, err));
    TM_TRY(reader_findings(b, span->lost, tm_quiet_is(w, i), err));
    return set_tags(w, b, err);
}

static tm_status observe(tm_worker *w, tm_batch *b, tm_err *err)
{
    tm_pass *pass = w->pass;
    const tm_step_view *view = &w->view[pass->step];
    tm_quiet_look(w, b);
    /* A first round sees no decisions: not those of the step before it either. */
    for (uint32_t r = 0; r < b->records; r++) {
        b->decision[r] = pass->earlier ? tm_verdict_of(&w->earlier, b->rid[r]) : NULL;
        bool shown = b->decision[r] || !pass->round->decided_only;
        if (!shown && tm_live(b, r)) b->fate[r] = TM_KEPT;
    }
    TM_TRY(tm_long_observed(w, err));
    if (pass->kind == TM_PASS_FOLD) return pass->round->observe_state(view, b, w->fold_state, err);
    TM_TRY(pass->round->observe(view, b, &w->facts, err));
    TM_TRY(tm_long_facts(w, err));
    if (pass->exchange) TM_TRY(tm_exchange_add(pass->exchange, &w->facts, err));
    if (pass->sorter) {
        tm_fact f;
        tm_status status = TM_OK;
        tm_lock_take(&pass->lock);
        for (size_t at = 0; status == TM_OK && tm_facts_next(&w->facts, &at, &f);)
            status = tm_sorter_add(pass->sorter, &f, err);
        tm_lock_drop(&pass->lock);
        TM_TRY(status);
    }
    if (pass->facts) {
        tm_buf_str(&pass->facts->bytes, tm_buf_view(&w->facts.bytes));
        pass->facts->count += w->facts.count;
        TM_TRY(tm_buf_ok(&pass->facts->bytes, err));
    }
    tm_buf_clear(&w->facts.bytes);
    w->facts.count = 0;
    return TM_OK;
}

/* Nothing would tell of a reference that was read in part: it is whole, or the run ends. */
static tm_status check_reference(tm_worker *w, tm_err *err)
{
    const tm_batch *b = &w->level[0].batch;
    for (uint32_t r = 0; r < b->records; r++)
        if (b->fate[r] == TM_UNREADABLE)
            return tm_bad_reference(w, TM_PLACE_OFFSET(b->rid[r].place), &b->trouble[r], r, err);
    return TM_OK;
}

static tm_status bad_source(tm_worker *w, const tm_damage *d, tm_err *err)
{
    tm_trouble why = {.code = d->code, .sentence = tm_str_of(d->sentence)};
    if (d->advises) why.advice = (uint32_t)why.sentence.n;
    return tm_bad_reference(w, d->at, &why, TM_NONE, err);
}

/* Lint: no head stands behind a fan-out. */
static tm_status work_heads(tm_worker *w, tm_piece *piece, tm_err *err)
{
    tm_batch *b = &w->level[0].batch;
    TM_TRY(tm_steps_apply(w, piece, b, 0, err));
    for (uint32_t r = 0; r < b->records; r++)
        if (tm_live(b, r)) tm_buf_add(&piece->heads, &b->rid[r], sizeof b->rid[r]);
    return tm_buf_ok(&piece->heads, err);
}

/* References are read as they are: the steps are for the stream. */
static tm_status work_reference(tm_worker *w, tm_err *err)
{
    tm_batch *b = &w->level[0].batch;
    TM_TRY(check_reference(w, err));
    TM_TRY(tm_steps_measure(w, b, err));
    tm_status status = observe(w, b, err);
    bool refused = status == TM_EINPUT || status == TM_ERECIPE;
    if (refused) tm_err_at(err, w->run->source[w->block.source - 1].path, 0, 0, 0);
    return status;
}

static tm_status finish_batch(tm_worker *w, tm_piece *piece, tm_err *err)
{
    if (w->pass->kind == TM_PASS_HEAD) return work_heads(w, piece, err);
    if (w->level[0].batch.reference) return work_reference(w, err);
    return tm_levels_work(w, piece, observe, err);
}

static tm_status begin_batch(tm_worker *w, uint32_t records, tm_err *err)
{
    tm_arena_reset(&w->level[0].mem);
    uint32_t input = w->run->input_of[w->block.source - 1];
    TM_TRY(tm_batch_reset(&w->level[0].batch, records, w->run->plan->signal, w->run->plan->columns,
                          err));
    if (input >= w->run->inputs)
        w->level[0].batch.reference = input - w->run->inputs + 1;
    else
        w->level[0].batch.input = input;
    return TM_OK;
}

static tm_status load_ranges(tm_worker *w, tm_err *err)
{
    const tm_run *run = w->run;
    uint64_t from = TM_PLACE(w->block.source, w->block.at);
    uint64_t to = TM_PLACE(w->block.source, tm_block_end(&w->block));
    for (uint32_t s = 0; s < w->pass->steps; s++)
        if (run->state[s].verdicts)
            TM_TRY(tm_verdicts_range(run->state[s].verdicts, from, to, &w->range[s], err));
    if (w->pass->earlier) TM_TRY(tm_verdicts_range(w->pass->earlier, from, to, &w->earlier, err));
    return TM_OK;
}

static bool wanted(const tm_worker *w, const tm_span *span)
{
    uint64_t place = TM_PLACE(w->block.source, tm_span_offset(&w->block, span));
    tm_rid cut;
    bool of_stream = w->block.source <= w->run->sources;
    if (tm_sound_passes_one(w, place)) return false;
    if (of_stream && tm_run_cut(w->run, &cut) && place > cut.place) return false;
    return !w->pass->earlier || !w->pass->round->decided_only ||
           tm_verdict_touches(&w->earlier, place);
}

/* A row is written when it is picked: until the batch is read its bytes may move. */
static tm_status pick_row(tm_worker *w, uint32_t i, uint64_t *bytes, tm_err *err)
{
    bool texts;
    tm_row_extent extent;
    TM_TRY(tm_texts_look(w, i, &texts, &extent, err));
    if (!texts) TM_TRY(tm_block_row(&w->block, &w->run->source[w->block.source - 1], i, err));
    tm_sound_row(w, i, texts ? &extent : NULL);
    *bytes += texts ? extent.bytes : w->block.span[i].bytes;
    i |= texts ? TM_PICKED_TEXTS : 0;
    tm_buf_add(&w->picked, &i, sizeof i);
    return TM_OK;
}

/* What a run tells of its inputs counts rows that nobody reads, too: those behind a head. */
static tm_status leave_row(tm_worker *w, uint32_t i, tm_err *err)
{
    tm_row_extent extent;
    const tm_source *source = &w->run->source[w->block.source - 1];
    if (w->pass->kind != TM_PASS_WRITE || w->sound.passes) return TM_OK;
    TM_TRY(tm_block_row_extent(&w->block, source, i, &w->line, &extent, err));
    if (!extent.readable) TM_TRY(tm_block_row(&w->block, source, i, err));
    tm_sound_row(w, i, extent.readable ? &extent : NULL);
    return TM_OK;
}

bool tm_pass_sees_all(const tm_pass *pass)
{
    tm_rid cut;
    bool looks = pass->kind == TM_PASS_OBSERVE || pass->kind == TM_PASS_FOLD;
    return looks && !(pass->earlier && pass->round->decided_only) && !tm_run_cut(pass->run, &cut);
}

/* What goes into the next batch, from span *i on. */
static tm_status pick(tm_worker *w, uint32_t *i, uint32_t most, tm_err *err)
{
    tm_block *block = &w->block;
    uint64_t bytes = 0;
    tm_buf_clear(&w->picked);
    if (block->of_rows && !block->written) tm_buf_clear(&block->bytes);
    for (; *i < block->spans && w->picked.n < most * sizeof *i && bytes < TM_BATCH_BYTES; ++*i) {
        if (!wanted(w, &block->span[*i])) {
            if (block->of_rows) TM_TRY(leave_row(w, *i, err));
            continue;
        }
        if (block->of_rows) {
            TM_TRY(pick_row(w, *i, &bytes, err));
            continue;
        }
        bytes += block->span[*i].bytes;
        tm_buf_add(&w->picked, i, sizeof *i);
    }
    return tm_buf_ok(&w->picked, err);
}

static tm_status add_picked(tm_worker *w, const tm_read_rules *rules, tm_err *err)
{
    for (size_t at = 0; at < w->picked.n; at += sizeof(uint32_t)) {
        uint32_t i;
        memcpy(&i, w->picked.p + at, sizeof i);
        bool texts = i & TM_PICKED_TEXTS;
        i &= ~TM_PICKED_TEXTS;
        TM_TRY(texts ? tm_texts_add(w, i, err) : add_span(w, i, rules, err));
        tm_quiet_read(w, i);
    }
    return TM_OK;
}

/* Texts of a folder are transcoded one by one. */
static bool is_wide(const tm_source *source)
{
    return tm_encoding_is_wide(source->encoding) || source->container == TM_FOLDER;
}

static tm_status work_spans(tm_worker *w, tm_piece *piece, tm_err *err)
{
    tm_run *run = w->run;
    const tm_plan_input *input = &run->input[run->input_of[w->block.source - 1]];
    tm_read_rules rules = {.layouts = &input->layouts,
                           .max_depth = (uint32_t)run->recipe->limits.max_depth,
                           .max_parts = (uint32_t)run->recipe->limits.max_parts,
                           .replace_utf8 = input->from->replace_utf8,
                           .wide = is_wide(&run->source[w->block.source - 1]),
                           .binding = run->binding};
    uint32_t most = tm_batch_most(run);
    tm_sound_begin(w);
    tm_sound_passes(w);
    TM_TRY(tm_quiet_begin(w, err));
    TM_TRY(tm_texts_begin(w, &rules, err));
    for (uint32_t i = 0; i < w->block.spans;) {
        if (tm_cancelled(run)) return tm_fail(err, TM_ECANCELLED, "interrupted");
        TM_TRY(pick(w, &i, most, err));
        TM_TRY(begin_batch(w, TM_MAX((uint32_t)(w->picked.n / sizeof i), 1), err));
        TM_TRY(add_picked(w, &rules, err));
        tm_sound_look(w, &w->level[0].batch);
        TM_TRY(finish_batch(w, piece, err));
    }
    tm_sound_end(w);
    tm_quiet_end(w);
    return tm_sound_pass_to(w, piece, w->block.spans, err);
}

static void name_piece(const tm_worker *w, tm_piece *piece)
{
    piece->number = w->block.number;
    piece->source = w->block.source;
}

static void count_records(tm_run *run, const tm_piece *piece)
{
    atomic_fetch_add(&run->records, piece->counts.read);
    atomic_fetch_add(&run->kept, piece->counts.kept);
    atomic_fetch_add(&run->unreadable, piece->counts.unreadable);
    atomic_fetch_add(&run->fallen,
                     piece->counts.dropped + piece->counts.merged + piece->counts.parked);
}

tm_status tm_worker_seal(tm_worker *w, tm_piece *piece, tm_err *err)
{
    tm_run *run = w->run;
    tm_format format;
    TM_TRY(tm_format_parse(run->recipe->output.format, &format, err));
    bool pack = w->pass->kind == TM_PASS_WRITE && !run->reorders && !run->routes &&
                format.container == TM_JSONL && format.codec != TM_PLAIN;
    if (pack)
        TM_TRY(tm_pack(w->packer, format.codec, (int)run->recipe->output.level,
                       tm_buf_view(&piece->data), &piece->packed, err));
    count_records(run, piece);
    tm_alloc_meter_end(); /* what is given away is not taken back */
    return TM_OK;
}

void tm_worker_empty(const tm_worker *w, tm_piece *piece)
{
    tm_piece_clear(piece, w->run);
    name_piece(w, piece);
}

static tm_status fill_piece(tm_worker *w, tm_piece *piece, tm_err *err)
{
    TM_TRY(work_spans(w, piece, err));
    piece->last = w->block.last;
    piece->row_bytes = w->block.of_rows ? w->sound.bytes : 0;
    piece->damage = w->block.damage;
    piece->lines = w->block.lines;
    if (w->run->folder && piece->damage.code) tm_buf_str(&piece->torn, tm_buf_view(&w->block.torn));
    TM_TRY(tm_buf_ok(&piece->torn, err));
    return tm_worker_seal(w, piece, err);
}

tm_status tm_worker_block(tm_worker *w, tm_piece *piece, tm_err *err)
{
    tm_run *run = w->run;
    const tm_source *source = &run->source[w->block.source - 1];
    if (!w->block.holder) TM_TRY(tm_block_begin(&w->block, source, err));
    if (w->keeps) tm_cache_keep(run, &w->block);
    TM_TRY(load_ranges(w, err));
    name_piece(w, piece);
    if (w->block.source > run->sources && w->block.damage.code)
        return bad_source(w, &w->block.damage, err);
    return tm_block_long(&w->block) ? tm_long_work(w, piece, fill_piece, err)
                                    : fill_piece(w, piece, err);
}
