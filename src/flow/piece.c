/* Turns the batches of a block into what is kept of them: records written, ledger rows, findings,
 * and the raw bytes of what was parked or unreadable. Runs in the workers; the emitter only copies.
 *
 * A piece that has grown beyond TM_PIECE_BYTES is handed on before its block is done: a block of
 * very short records, or one that gives many children, leaves more behind than it is long. When
 * that happens depends on the bytes alone. */
#include "flow/piece.h"

#include "flow/sound.h"

tm_status tm_piece_init(tm_piece *p, const tm_run *run, tm_err *err)
{
    uint32_t steps = run->plan->steps;
    p->step_counts = tm_alloc_zero(steps + 1, sizeof *p->step_counts);
    p->step_seconds = tm_alloc_zero(steps + 1, sizeof *p->step_seconds);
    p->found = tm_alloc_zero(run->code_at[steps] + TM_READER_CODES, sizeof *p->found);
    TM_TRY(tm_matches_init(&p->matches, run, err));
    if (p->step_counts && p->step_seconds && p->found) return TM_OK;
    return tm_fail_memory(err, "a block's counts", run->code_at[steps] * sizeof *p->found);
}

enum { BUFS = 14 };

static void bufs_of(tm_piece *p, tm_buf *out[BUFS])
{
    tm_buf *bufs[BUFS] = {&p->data,   &p->packed,     &p->order, &p->shown,      &p->shown_order,
                          &p->parked, &p->unreadable, &p->rows,  &p->findings,   &p->lost,
                          &p->heads,  &p->repeats,    &p->torn,  &p->lost_fields};
    memcpy(out, bufs, sizeof bufs);
}

/* Room that a long record took is given back. */
static void empty(tm_buf *b)
{
    if (b->room > TM_PIECE_BYTES) tm_buf_release(b);
    tm_buf_clear(b);
}

void tm_piece_clear(tm_piece *p, const tm_run *run)
{
    tm_buf *bufs[BUFS];
    bufs_of(p, bufs);
    for (size_t i = 0; i < TM_COUNT(bufs); i++) empty(bufs[i]);
    uint32_t steps = run->plan->steps;
    memset(p->step_counts, 0, steps * sizeof *p->step_counts);
    memset(p->step_seconds, 0, steps * sizeof *p->step_seconds);
    memset(p->found, 0, (run->code_at[steps] + TM_READER_CODES) * sizeof *p->found);
    memset(p->layouts, 0, sizeof p->layouts);
    tm_matches_clear(&p->matches, run);
    p->counts = (tm_counts){0};
    p->damage = (tm_damage){0};
    p->deferred = p->last = false;
    p->row_bytes = 0;
    p->records = p->written = p->parked_records = p->lines = 0;
    p->largest_group = 0;
}

void tm_piece_give_back(tm_piece *p)
{
    tm_buf *bufs[BUFS];
    bufs_of(p, bufs);
    for (size_t i = 0; i < TM_COUNT(bufs); i++) tm_buf_release(bufs[i]);
}

void tm_piece_release(tm_piece *p)
{
    tm_piece_give_back(p);
    tm_matches_release(&p->matches);
    tm_free(p->step_counts);
    tm_free(p->step_seconds);
    tm_free(p->found);
}

static bool is_large(const tm_piece *p)
{
    return p->data.n + p->rows.n + p->findings.n + p->lost.n + p->unreadable.n + p->parked.n +
               p->shown.n + p->shown_order.n + p->order.n + p->repeats.n + p->lost_fields.n >
           TM_PIECE_BYTES;
}

/* Where byte `at` of the record at hand, r, stands in its source. A record that is an element of an
 * array may begin in the middle of a line; its span knows where. */
static void position(tm_worker *w, const tm_batch *b, uint32_t r, size_t at, uint64_t *line,
                     uint64_t *column)
{
    const tm_block *block = &w->block;
    tm_locator_position(&w->locator, at, line, column);
    if (block->span_lines && *line == 1) {
        uint64_t offset = TM_PLACE_OFFSET(b->rid[r].place) - block->at;
        uint32_t low = 0, high = block->spans;
        while (low + 1 < high) {
            uint32_t middle = low + (high - low) / 2;
            if (block->span[middle].at <= offset)
                low = middle;
            else
                high = middle;
        }
        if (block->spans && block->span[low].at == offset) *column += block->span[low].column;
    }
    *line += b->line[r] - 1;
}

void tm_worker_position(tm_worker *w, const tm_batch *b, uint32_t r, size_t at, uint64_t *line,
                        uint64_t *column)
{
    tm_locator_begin(&w->locator, b, r);
    position(w, b, r, at, line, column);
}

/* A record of a folder of texts stands for a file, and its places are those in that file: `below`
 * lines are above the byte, and its column is counted in the text. What comes later in a record
 * goes on from where the last one was found. */
static void position_in_text(tm_worker *w, tm_str raw, size_t at, uint32_t *below, uint64_t *column)
{
    static const char TEXT[] = "\",\"text\":\"";
    tm_text_place *t = &w->text_place;
    if (t->raw != raw.p || t->at > at) {
        size_t begin = tm_str_find(raw, tm_str_of(TEXT));
        *t = (tm_text_place){.raw = raw.p, .at = begin + sizeof TEXT - 1, .column = 1};
    }
    while (t->at < at && t->at < raw.n) {
        char c = raw.p[t->at], escaped = c == '\\' && t->at + 1 < raw.n ? raw.p[t->at + 1] : 0;
        size_t bytes = !escaped ? 1 : escaped == 'u' ? 6 : 2;
        if (t->at + bytes > at) break;
        t->at += bytes;
        if (escaped == 'n')
            t->below++, t->column = 1;
        else if (escaped || ((uint8_t)c & 0xc0) != 0x80)
            t->column++;
    }
    *below = t->below;
    *column = t->column;
}

static bool is_text_file(const tm_worker *w, tm_rid rid)
{
    return w->run->source[w->block.source - 1].container == TM_FOLDER && !rid.path;
}

/* An element of an array may span lines; as a line of JSONL it must not. Its line breaks stand
 * between tokens, since it is JSON, and never between two that would grow together. */
static void to_one_line(tm_buf *b, size_t from)
{
    size_t kept = from;
    for (size_t i = from; i < b->n; i++)
        if (b->p[i] != '\n' && b->p[i] != '\r') b->p[kept++] = b->p[i];
    b->n = kept;
}

static tm_status show_kept(tm_worker *w, tm_piece *p, tm_batch *b, uint32_t r, tm_str text,
                           tm_err *err)
{
    const tm_run *run = w->run;
    const tm_shown *shown = &run->options.shown;
    tm_kept_view view = {.batch = b,
                         .record = r,
                         .text = text,
                         .locator = &w->locator,
                         .source = &run->source[w->block.source - 1],
                         .layouts = &run->input[run->input_of[w->block.source - 1]].layouts};
    size_t from = p->shown.n;
    TM_TRY(shown->on_kept(shown->arg, &view, &p->shown, err));
    TM_TRY(tm_buf_ok(&p->shown, err));
    if (!run->reorders) return TM_OK;
    tm_piece_order entry = {b->order[r], p->shown.n - from, b->copies[r], b->route[r]};
    tm_buf_add(&p->shown_order, &entry, sizeof entry);
    return tm_buf_ok(&p->shown_order, err);
}

static tm_status add_kept(tm_worker *w, tm_piece *p, tm_batch *b, uint32_t r, tm_err *err)
{
    size_t from = p->data.n;
    p->counts.kept++;
    bool shown = w->run->options.shown.on_kept != NULL, silent = w->run->options.measure_only;
    if (silent && !shown) return TM_OK;
    if (b->raw[r].n > TM_BLOCK_BYTES && !tm_buf_grow(&p->data, b->raw[r].n + 1)) /* its newline */
        return tm_buf_ok(&p->data, err);
    TM_TRY(tm_record_write(b, r, &p->data, err));
    if (w->block.span_lines) to_one_line(&p->data, from);
    if (shown)
        TM_TRY(show_kept(w, p, b, r, tm_str_slice(tm_buf_view(&p->data), from, p->data.n), err));
    if (silent) {
        p->data.n = from;
        return TM_OK;
    }
    tm_buf_char(&p->data, '\n');
    uint16_t copies = b->copies[r];
    size_t bytes = p->data.n - from;
    for (uint16_t c = 1; c < copies; c++) {
        if (!tm_buf_grow(&p->data, bytes)) break;
        tm_buf_add(&p->data, p->data.p + from, bytes);
    }
    p->written += copies;
    if (w->run->reorders || w->run->routes) {
        tm_piece_order entry = {b->order[r], p->data.n - from, copies, b->route[r]};
        tm_buf_add(&p->order, &entry, sizeof entry);
        TM_TRY(tm_buf_ok(&p->order, err));
    }
    return tm_buf_ok(&p->data, err);
}

static tm_status add_unreadable(tm_worker *w, tm_piece *p, const tm_batch *b, uint32_t r,
                                tm_err *err)
{
    const tm_trouble *t = &b->trouble[r];
    uint64_t line, column;
    p->counts.unreadable++;
    position(w, b, r, t->at, &line, &column);
    tm_lost lost = {.rid = b->rid[r],
                    .line = line,
                    .column = column,
                    .raw_bytes = b->raw[r].n,
                    .at = t->at,
                    .ill_formed = tm_str_is(tm_str_of(t->code), "T1008") ? t->bytes : 0,
                    .sentence_bytes = (uint32_t)t->sentence.n};
    tm_str code = tm_str_of(t->code);
    memcpy(lost.code, code.p, TM_MIN(code.n, sizeof lost.code - 1));
    if (is_text_file(w, lost.rid)) position_in_text(w, b->raw[r], t->at, &lost.below, &lost.column);
    tm_buf_add(&p->lost, &lost, sizeof lost);
    tm_buf_str(&p->lost, t->sentence);
    tm_buf_str(&p->unreadable, b->raw[r]);
    TM_TRY(tm_buf_ok(&p->lost, err));
    return tm_buf_ok(&p->unreadable, err);
}

static tm_status add_fate(tm_worker *w, tm_piece *p, tm_batch *b, uint32_t r, tm_err *err)
{
    size_t from;
    switch ((tm_fate)b->fate[r]) {
    case TM_LIVE:
    case TM_KEPT: return add_kept(w, p, b, r, err);
    case TM_DROPPED: p->counts.dropped++; return TM_OK;
    case TM_MERGED: p->counts.merged++; return TM_OK;
    case TM_REPLACED: p->counts.replaced++; return TM_OK;
    case TM_UNREADABLE: return add_unreadable(w, p, b, r, err);
    case TM_PARKED:
        p->counts.parked++;
        p->parked_records++;
        from = p->parked.n;
        tm_buf_str(&p->parked, b->raw[r]);
        if (w->block.span_lines) to_one_line(&p->parked, from);
        tm_buf_char(&p->parked, '\n');
        return tm_buf_ok(&p->parked, err);
    }
    return TM_OK;
}

static void add_signals(const tm_run *run, tm_buf *rows, const tm_batch *b, uint32_t r)
{
    for (uint32_t c = 0; c < run->plan->columns; c++) {
        const tm_column *column = &b->column[c];
        if (column->signal->type == TM_NUMBER) {
            tm_buf_add(rows, &column->number[r], sizeof(double));
            continue;
        }
        tm_str word = column->word[r];
        uint32_t n = word.p ? (uint32_t)word.n : TM_NONE;
        tm_buf_add(rows, &n, sizeof n);
        if (word.p) tm_buf_str(rows, word);
    }
}

static tm_status add_row(tm_worker *w, tm_piece *p, tm_batch *b, uint32_t r, tm_err *err)
{
    tm_run *run = w->run;
    tm_row row = {.rid = b->rid[r],
                  .other = b->reason[r].other,
                  .line = b->line[r],
                  .value = b->reason[r].value,
                  .step = b->reason[r].step,
                  .rule = b->reason[r].rule,
                  .route = b->route[r],
                  .copies = b->copies[r],
                  .fate = b->fate[r]};
    const tm_layout_set *set = &run->input[run->input_of[w->block.source - 1]].layouts;
    if (!tm_record_id(b, set, r, &row.id)) return tm_fail_memory(err, "a record's identity", 0);
    if (b->fate[r] == TM_LIVE) row.step = TM_NO_STEP;
    size_t at = p->rows.n;
    tm_buf_add(&p->rows, &row, sizeof row);
    if (run->recipe->output.ledger >= 3) add_signals(run, &p->rows, b, r);
    TM_TRY(tm_buf_ok(&p->rows, err));
    row.signals_bytes = (uint32_t)(p->rows.n - at - sizeof row);
    memcpy(p->rows.p + at, &row, sizeof row);
    return TM_OK;
}

static uint8_t shown_verdict(const tm_run *run, const tm_finding *f)
{
    if (f->step == TM_NO_STEP) return tm_reader_codes[f->code].verdict;
    const tm_plan_step *step = &run->plan->step[f->step];
    const tm_code *code = &step->op->codes[f->code];
    bool own = code->fixed_verdict || code->verdict == TM_V_NONE || step->then == TM_V_NONE;
    return own ? code->verdict : (uint8_t)step->then;
}

static tm_status add_finding(tm_worker *w, tm_piece *p, const tm_batch *b, const tm_finding *f,
                             tm_err *err)
{
    uint32_t r = f->record;
    uint32_t raw_at = f->at;
    if (f->part != TM_NONE)
        raw_at = b->part[f->part].raw_at + tm_part_raw_offset(b, f->part, f->at, &w->part_place);
    tm_found found = {.rid = b->rid[r],
                      .other = f->other,
                      .keyed = f->keyed,
                      .value = f->value,
                      .at = f->at,
                      .bytes = f->bytes,
                      .step = f->step,
                      .code = f->code,
                      .verdict = shown_verdict(w->run, f)};
    position(w, b, r, raw_at, &found.line, &found.column);
    if (is_text_file(w, found.rid))
        position_in_text(w, b->raw[r], raw_at, &found.below, &found.column);
    tm_buf_clear(&w->path);
    if (f->field) /* it was taken out, or was not there before */
        tm_buf_str(&w->path, tm_fieldpath_text(f->field));
    else
        tm_locator_path(&w->locator, raw_at, &w->path);
    found.path_bytes = (uint32_t)w->path.n;
    tm_buf_add(&p->findings, &found, sizeof found);
    tm_buf_str(&p->findings, tm_buf_view(&w->path));
    TM_TRY(tm_buf_ok(&w->path, err));
    return tm_buf_ok(&p->findings, err);
}

/* A step says that record r repeats or holds another. */
static tm_status add_match(const tm_worker *w, tm_piece *p, const tm_batch *b, uint32_t r,
                           const tm_reason *why, tm_err *err)
{
    const tm_run *run = w->run;
    uint32_t source = w->block.source;
    uint16_t step = why->step;
    if (step == TM_NO_STEP || !why->other.place) return TM_OK;
    tm_matches_note(&p->matches, run, source, step, why->other);
    if (!run->plan->step[step].op->finds) return TM_OK;
    bool by_this = b->fate[r] != TM_LIVE && b->reason[r].step == step;
    bool merged = by_this && b->fate[r] == TM_MERGED;
    if (!tm_matches_found(&p->matches, run, source, step, b->raw[r], merged)) return TM_OK;
    if (!run->wants_repeats || why->first) return TM_OK; /* the others name it */
    tm_repeat pair = {.rid = b->rid[r],
                      .other = why->other,
                      .value = why->value,
                      .step = step,
                      .route = b->route[r],
                      .end = b->fate[r] == TM_LIVE ? TM_REPEAT_KEPT
                             : by_this             ? TM_REPEAT_FELL
                                                   : TM_REPEAT_FELL_LATER};
    tm_buf_add(&p->repeats, &pair, sizeof pair);
    return tm_buf_ok(&p->repeats, err);
}

/* Findings of a batch by record: `first` and `next` link them so that they come in rid order. */
static tm_status link_findings(tm_level *level, tm_err *err)
{
    const tm_batch *b = &level->batch;
    uint32_t *first = TM_NEW(&level->mem, uint32_t, b->records + 1);
    uint32_t *next = TM_NEW(&level->mem, uint32_t, b->findings + 1);
    if (!first || !next) return tm_fail_memory(err, "findings", b->findings * sizeof *next);
    for (uint32_t r = 0; r < b->records; r++) first[r] = TM_NONE;
    for (uint32_t i = b->findings; i-- > 0;) {
        next[i] = first[b->finding[i].record];
        first[b->finding[i].record] = i;
    }
    level->first = first;
    level->next = next;
    return TM_OK;
}

static tm_status show_batch(tm_worker *w, tm_batch *b, tm_err *err)
{
    tm_run *run = w->run;
    if (!run->options.on_batch) return TM_OK;
    tm_batch_view view = {.batch = b,
                          .source = &run->source[w->block.source - 1],
                          .layouts = &run->input[run->input_of[w->block.source - 1]].layouts,
                          .plan = run->plan};
    tm_lock_take(&run->batch_lock);
    tm_status status = run->options.on_batch(run->options.batch_arg, &view, err);
    tm_lock_drop(&run->batch_lock);
    return status;
}

tm_status tm_piece_hand_on(tm_worker *w, tm_piece *p, tm_err *err)
{
    return w->hand_on && is_large(p) ? w->hand_on(w->hand_on_arg, w, p, err) : TM_OK;
}

tm_status tm_piece_begin(tm_worker *w, tm_level *level, tm_err *err)
{
    level->first = level->next = NULL;
    level->written = 0;
    level->plain = level == &w->level[0] && tm_plain(w, &level->batch);
    return show_batch(w, &level->batch, err);
}

tm_status tm_piece_add(tm_worker *w, tm_piece *p, tm_level *level, uint32_t r, tm_err *err)
{
    const tm_run *run = w->run;
    tm_batch *b = &level->batch;
    if (!level->first) TM_TRY(link_findings(level, err));
    TM_TRY(tm_sound_pass_to(w, p, (uint32_t)b->line[r], err));
    if (b->rid[r].path)
        p->counts.made++;
    else
        p->counts.read++, p->records++;
    tm_locator_begin(&w->locator, b, r);
    w->part_place = (tm_part_place){0};
    TM_TRY(add_fate(w, p, b, r, err));
    if (b->layout[r] < TM_COUNT(p->layouts)) p->layouts[b->layout[r]]++;
    if (run->folder && run->recipe->output.ledger) TM_TRY(add_row(w, p, b, r, err));
    tm_matches_next(&p->matches);
    if (b->fate[r] != TM_LIVE) TM_TRY(add_match(w, p, b, r, &b->reason[r], err));
    bool wanted = run->options.on_finding || (run->folder && run->recipe->output.ledger >= 2);
    for (uint32_t i = level->first[r]; i != TM_NONE; i = level->next[i]) {
        const tm_finding *f = &b->finding[i];
        if (f->step == TM_NO_STEP) p->found[run->code_at[run->plan->steps] + f->code]++;
        tm_reason why = {f->step, f->code, f->value, f->other, f->first};
        TM_TRY(add_match(w, p, b, r, &why, err));
        if (wanted) TM_TRY(add_finding(w, p, b, f, err));
    }
    return tm_piece_hand_on(w, p, err);
}
