/* What the emitter writes of findings and of what could not be read: findings.parquet, and
 * unreadable.bin with its index unreadable.jsonl; and who is told of them meanwhile.
 *
 * The bytes of an unreadable record are kept as they are, and their index says where they stood and
 * why, so nothing is lost that a person or a later version might read. Both are for their owner
 * alone, and there only when something was unreadable; findings hold places and no texts.
 *
 * A place that is shown is a file with line and column. Of a folder of texts, whose stream is a
 * line a file, it is that file; so its list of files is made once more here. */
#include "flow/counts_json.h"
#include "flow/emit.h"
#include "io/stream.h"

static const tm_pq_column FINDING_COLUMNS[] = {
    {"place", TM_PQ_U64, false},      {"path", TM_PQ_U64, false},      {"step", TM_PQ_TEXT, true},
    {"code", TM_PQ_TEXT, false},      {"part", TM_PQ_TEXT, true},      {"at", TM_PQ_U64, false},
    {"bytes", TM_PQ_U64, false},      {"value", TM_PQ_F64, true},      {"keyed", TM_PQ_U64, true},
    {"other_place", TM_PQ_U64, true}, {"other_path", TM_PQ_U64, true},
};

/* ---- places ---------------------------------------------------------------------------------- */

static tm_status open_files(tm_emitter *e, const tm_source *source, tm_err *err)
{
    if (e->files && e->files_of == source->number) return TM_OK;
    tm_folder_close(e->files);
    e->files = NULL;
    TM_TRY(tm_folder_open(&e->files, source->path.p, err));
    e->files_of = source->number;
    return TM_OK;
}

tm_status tm_emit_place(tm_emitter *e, uint64_t line, uint32_t below, tm_shown_place *out,
                        tm_err *err)
{
    const tm_source *source = &e->run->source[e->source - 1];
    *out = (tm_shown_place){source->path, line + 1};
    if (source->container != TM_FOLDER) return TM_OK;
    TM_TRY(open_files(e, source, err));
    tm_str file = tm_folder_file(e->files, line), root = source->path;
    if (!file.n) return TM_OK; /* the folder has changed, which is told at the end */
    tm_buf_clear(&e->path);
    tm_buf_str(&e->path, root);
    if (!tm_str_ends(root, TM_STR("/"))) tm_buf_char(&e->path, '/');
    tm_buf_str(&e->path, file);
    *out = (tm_shown_place){tm_buf_view(&e->path), (uint64_t)below + 1};
    return tm_buf_ok(&e->path, err);
}

tm_status tm_findings_open(tm_emitter *e, tm_err *err)
{
    char path[4096];
    TM_TRY(tm_emit_path(e, "findings.parquet", path, err));
    return tm_pq_create(&e->findings, path, FINDING_COLUMNS, TM_COUNT(FINDING_COLUMNS), false, err);
}

/* ---- unreadable ------------------------------------------------------------------------------ */

static tm_status open_unreadable(tm_emitter *e, tm_err *err)
{
    char path[4096];
    TM_TRY(tm_emit_path(e, "unreadable.bin", path, err));
    TM_TRY(tm_out_begin(&e->lost_bytes, path, true, err));
    TM_TRY(tm_out_digest(&e->lost_bytes, err));
    TM_TRY(tm_emit_path(e, "unreadable.jsonl", path, err));
    TM_TRY(tm_out_begin(&e->lost_index, path, true, err));
    return tm_out_digest(&e->lost_index, err);
}

/* ,"ill_formed":"0xED 0xA0" */
static void name_ill_formed(tm_buf *row, tm_str raw, const tm_lost *lost)
{
    if (!lost->ill_formed) return;
    tm_str bytes = tm_str_slice(raw, lost->at, lost->at + lost->ill_formed);
    tm_buf_z(row, ",\"ill_formed\":\"");
    for (size_t i = 0; i < bytes.n; i++)
        tm_buf_print(row, "%s0x%02X", i ? " " : "", (unsigned)(uint8_t)bytes.p[i]);
    tm_buf_char(row, '"');
}

static void note_first(tm_run_result *result, const tm_finding_view *view)
{
    tm_err *first = &result->lost_first;
    if (first->code[0]) return;
    (void)tm_fail(first, TM_EINPUT, "%.*s", TM_FMT(view->sentence));
    snprintf(first->code, sizeof first->code, "%s", view->code);
    tm_err_at(first, view->source, view->line, view->column, UINT64_MAX);
}

static tm_status write_lost(tm_emitter *e, const tm_lost *lost, tm_str sentence, tm_str raw,
                            tm_err *err)
{
    tm_shown_place place;
    const tm_run_options *options = &e->run->options;
    TM_TRY(tm_emit_place(e, e->lines + lost->line, lost->below, &place, err));
    tm_finding_view view = {.source = place.path,
                            .line = place.line,
                            .column = lost->column,
                            .offset = TM_PLACE_OFFSET(lost->rid.place),
                            .rid = lost->rid,
                            .code = lost->code,
                            .name = "unreadable",
                            .sentence = sentence,
                            .value = (double)NAN,
                            .verdict = TM_V_DROP};
    if (options->on_unreadable) options->on_unreadable(options->unreadable_arg, &view);
    if (options->on_finding) options->on_finding(options->finding_arg, &view);
    tm_count_lost(&e->run->result, lost->code);
    note_first(&e->run->result, &view);
    if (!e->run->folder) return TM_OK;
    if (!e->lost_bytes.open) TM_TRY(open_unreadable(e, err));
    tm_buf *row = &e->line;
    tm_buf_clear(row);
    tm_buf_print(row,
                 "{\"place\":%llu,\"path\":%llu,\"source\":", (unsigned long long)lost->rid.place,
                 (unsigned long long)lost->rid.path);
    tm_buf_json(row, place.path);
    tm_buf_print(row, ",\"line\":%llu,\"column\":%llu,\"offset\":%llu,\"bytes\":%llu,\"at\":%llu",
                 (unsigned long long)place.line, (unsigned long long)lost->column,
                 (unsigned long long)TM_PLACE_OFFSET(lost->rid.place),
                 (unsigned long long)lost->raw_bytes, (unsigned long long)e->lost_bytes.bytes);
    tm_buf_print(row, ",\"left_out\":%llu,\"byte\":%llu", (unsigned long long)lost->left_out,
                 (unsigned long long)TM_PLACE_OFFSET(lost->rid.place) + lost->at);
    name_ill_formed(row, raw, lost);
    tm_buf_print(row, ",\"code\":\"%s\",\"message\":", lost->code);
    tm_buf_json(row, sentence);
    tm_buf_z(row, "}\n");
    TM_TRY(tm_buf_ok(row, err));
    TM_TRY(tm_out_write(&e->lost_index, row->p, row->n, err));
    return tm_out_write(&e->lost_bytes, raw.p, raw.n, err);
}

/* ---- findings -------------------------------------------------------------------------------- */

static const tm_code *code_of(const tm_run *run, const tm_found *f, tm_str *step)
{
    if (f->step == TM_NO_STEP) {
        *step = (tm_str){0};
        return &tm_reader_codes[f->code];
    }
    *step = run->plan->step[f->step].name;
    return &run->plan->step[f->step].op->codes[f->code];
}

static tm_status show_finding(tm_emitter *e, const tm_found *f, const tm_code *code, tm_str step,
                              tm_str path, tm_err *err)
{
    tm_shown_place place;
    TM_TRY(tm_emit_place(e, e->lines + f->line, f->below, &place, err));
    tm_finding_view view = {.source = place.path,
                            .line = place.line,
                            .column = f->column,
                            .offset = TM_PLACE_OFFSET(f->rid.place),
                            .rid = f->rid,
                            .other = f->other,
                            .code = code->code,
                            .name = code->name,
                            .sentence = tm_str_of(code->sentence),
                            .step = step,
                            .path = path,
                            .value = f->value,
                            .verdict = f->verdict};
    e->run->options.on_finding(e->run->options.finding_arg, &view);
    return TM_OK;
}

static tm_status store_finding(tm_pq_writer *w, const tm_found *f, const tm_code *code, tm_str step,
                               tm_str path, tm_err *err)
{
    tm_pq_u64(w, f->rid.place);
    tm_pq_u64(w, f->rid.path);
    step.n ? tm_pq_text(w, step) : tm_pq_null(w);
    tm_pq_text(w, tm_str_of(code->code));
    path.n ? tm_pq_text(w, path) : tm_pq_null(w);
    tm_pq_u64(w, f->at);
    tm_pq_u64(w, f->bytes);
    tm_pq_f64_or_null(w, f->value);
    f->keyed ? tm_pq_u64(w, f->keyed) : tm_pq_null(w);
    tm_pq_rid_or_null(w, f->other);
    return tm_pq_row(w, err);
}

static tm_status take_finding(tm_emitter *e, const tm_found *f, tm_str path, tm_err *err)
{
    tm_str step;
    const tm_code *code = code_of(e->run, f, &step);
    if (e->run->options.on_finding) TM_TRY(show_finding(e, f, code, step, path, err));
    return e->findings ? store_finding(e->findings, f, code, step, path, err) : TM_OK;
}

/* Findings and unreadable records, in rid order together: people read them as one list. */
tm_status tm_findings_add(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    tm_found f;
    tm_lost lost;
    size_t raw = 0, at = 0, gone = 0;
    while (at < p->findings.n || gone < p->lost.n) {
        bool more = at < p->findings.n, less = gone < p->lost.n;
        if (more) memcpy(&f, p->findings.p + at, sizeof f);
        if (less) memcpy(&lost, p->lost.p + gone, sizeof lost);
        if (more && (!less || tm_rid_cmp(f.rid, lost.rid) <= 0)) {
            TM_TRY(take_finding(e, &f, (tm_str){p->findings.p + at + sizeof f, f.path_bytes}, err));
            at += sizeof f + f.path_bytes;
            continue;
        }
        tm_str sentence = {p->lost.p + gone + sizeof lost, lost.sentence_bytes};
        TM_TRY(write_lost(e, &lost, sentence,
                          (tm_str){p->unreadable.p + raw, (size_t)lost.raw_bytes}, err));
        gone += sizeof lost + lost.sentence_bytes;
        raw += (size_t)lost.raw_bytes;
    }
    return TM_OK;
}

/* What a source could not give: one unreadable record, so that the sums tell of it. */
tm_status tm_findings_damage(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    tm_rid cut;
    tm_run *run = e->run;
    if (!p->damage.code) return TM_OK;
    if (tm_run_cut(run, &cut) && TM_PLACE(p->source, p->damage.at) > cut.place) return TM_OK;
    tm_lost lost = {.rid = {TM_PLACE(p->source, p->damage.at), 0},
                    .line = p->damage.line,
                    .column = p->damage.column + 1,
                    .raw_bytes = p->torn.n,
                    .left_out = p->damage.bytes - TM_MIN(p->damage.bytes, p->torn.n),
                    .sentence_bytes = (uint32_t)strlen(p->damage.sentence)};
    memcpy(lost.code, p->damage.code, TM_MIN(strlen(p->damage.code), sizeof lost.code - 1));
    run->result.counts.read++;
    run->result.counts.unreadable++;
    run->result.source_result[p->source - 1].records++;
    run->result.source_result[p->source - 1].unreadable++;
    atomic_fetch_add(&run->records, 1);
    atomic_fetch_add(&run->unreadable, 1);
    if (p->damage.ends_source) run->result.damaged = true;
    if (e->ledger) {
        tm_row row = {.rid = lost.rid,
                      .line = p->damage.line,
                      .fate = TM_UNREADABLE,
                      .value = (double)NAN,
                      .step = TM_NO_STEP,
                      .copies = 1};
        TM_TRY(tm_ledger_add(e, &row, (tm_str){0}, err));
    }
    return write_lost(e, &lost, tm_str_of(p->damage.sentence), tm_buf_view(&p->torn), err);
}
