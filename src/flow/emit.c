/* Takes the pieces of the writing pass in order and puts them into files: data by shards, parked
 * records, unreadable bytes with their index, ledger and findings; and adds up the counts.
 *
 * Every file is temporary until tm_emitter_commit, so a run that ends early leaves nothing that
 * could be taken for a result. Shards are cut between pieces: a piece depends on bytes of the
 * source alone, so the cut is the same for any number of threads. */
#include "flow/emit.h"
#include "flow/counts_json.h"

static const tm_pq_column FINDING_COLUMNS[] = {
    {"place", TM_PQ_U64, false},      {"path", TM_PQ_U64, false},      {"step", TM_PQ_TEXT, true},
    {"code", TM_PQ_TEXT, false},      {"part", TM_PQ_TEXT, true},      {"at", TM_PQ_U64, false},
    {"bytes", TM_PQ_U64, false},      {"value", TM_PQ_F64, true},      {"keyed", TM_PQ_U64, true},
    {"other_place", TM_PQ_U64, true}, {"other_path", TM_PQ_U64, true},
};

static tm_status in_folder(const tm_emitter *e, const char *name, char out[4096], tm_err *err)
{
    int n = snprintf(out, 4096, "%s/%s", e->run->folder, name);
    return n > 0 && n < 4096 ? TM_OK : tm_fail(err, TM_EUSAGE, "the run folder's path is too long");
}

static tm_status open_shard(tm_emitter *e, tm_lane *lane, tm_err *err)
{
    char name[128];
    const tm_run_options *options = &e->run->options;
    bool digest = e->run->folder != NULL;
    if (options->file.n) {
        snprintf(lane->path, sizeof lane->path, "%.*s", TM_FMT(options->file));
    } else {
        snprintf(name, sizeof name, "%.*s-%05u.%s", TM_FMT(lane->name), lane->shard,
                 tm_format_name(e->format));
        TM_TRY(in_folder(e, name, lane->path, err));
    }
    lane->shard_bytes = 0;
    lane->shard++;
    return tm_sink_open(&lane->sink, lane->path, e->format, digest, false, err);
}

static tm_status open_lanes(tm_emitter *e, tm_err *err)
{
    const tm_run *run = e->run;
    for (uint32_t i = 0; i < e->lanes; i++) {
        e->lane[i].name = run->routes ? run->route[i].name : TM_STR("data");
        TM_TRY(open_shard(e, &e->lane[i], err));
    }
    return TM_OK;
}

static tm_status open_ledger(tm_emitter *e, tm_err *err)
{
    char path[4096];
    tm_run *run = e->run;
    TM_TRY(tm_ledger_open(e, err));
    if (run->recipe->output.ledger < 2) return TM_OK;
    TM_TRY(in_folder(e, "findings.parquet", path, err));
    return tm_pq_create(&e->findings, path, FINDING_COLUMNS, TM_COUNT(FINDING_COLUMNS), false, err);
}

static tm_status open_all(tm_emitter *e, tm_err *err)
{
    tm_run *run = e->run;
    TM_TRY(tm_format_parse(run->recipe->output.format, &e->format, err));
    e->found = TM_NEW(&run->mem, uint64_t, run->code_at[run->plan->steps] + TM_READER_CODES);
    e->matches = TM_NEW(&run->mem, uint64_t, tm_matches_cells(run) + 1);
    e->lanes = TM_MAX(run->routes, 1u);
    e->lane = tm_alloc_zero(e->lanes, sizeof *e->lane);
    if (!e->found || !e->matches || !e->lane)
        return tm_fail_memory(err, "the counts of findings", 0);
    bool files = run->options.emits != TM_EMITS_BOOKS, books = run->options.emits != TM_EMITS_FILES;
    if (run->reorders && files && books) {
        e->sorter = tm_sorter_new(&run->spill, run->exchange_budget);
        if (!e->sorter) return tm_fail_memory(err, "reordering", 0);
    }
    if (run->wants_repeats && books) {
        e->clustering = tm_clustering_new(run);
        if (!e->clustering) return tm_fail_memory(err, "clusters", 0);
    }
    if (run->routes && books && run->folder && run->recipe->output.ledger)
        TM_TRY(tm_same_sides_open(&e->same, run, err));
    bool writes = !run->options.measure_only && (run->folder || run->options.file.n);
    if (writes && files) TM_TRY(open_lanes(e, err));
    return books && run->folder && run->recipe->output.ledger ? open_ledger(e, err) : TM_OK;
}

tm_status tm_emitter_open(tm_emitter **out, tm_run *run, tm_err *err)
{
    tm_emitter *e = tm_alloc_zero(1, sizeof *e);
    if (!e) return tm_fail_memory(err, "the writer", sizeof *e);
    e->run = run;
    tm_status status = open_all(e, err);
    if (status != TM_OK)
        tm_emitter_abandon(e);
    else
        *out = e;
    return status;
}

/* ---- data ------------------------------------------------------------------------------------ */

static tm_status note_output(tm_emitter *e, tm_sink *sink, const char *opened, tm_str route,
                             tm_err *err)
{
    tm_run_result *result = &e->run->result;
    tm_arena *mem = &e->run->mem;
    uint32_t n = result->outputs;
    tm_sink_info *outputs = TM_NEW(mem, tm_sink_info, n + 1);
    tm_str *routes = TM_NEW(mem, tm_str, n + 1);
    if (!outputs || !routes) {
        tm_sink_abandon(sink);
        return tm_fail_memory(err, "the list of outputs", n);
    }
    if (n) memcpy(outputs, result->output, n * sizeof *outputs);
    if (n) memcpy(routes, result->output_route, n * sizeof *routes);
    tm_str path = tm_arena_str(mem, tm_str_of(opened));
    if (!path.p) {
        tm_sink_abandon(sink);
        return tm_fail_memory(err, "a path", 0);
    }
    TM_TRY(tm_sink_commit(sink, &outputs[n], err));
    outputs[n].path = path; /* the sink's own went with it */
    routes[n] = route;
    result->output = outputs;
    result->output_route = routes;
    result->outputs = n + 1;
    return TM_OK;
}

static tm_status close_shard(tm_emitter *e, tm_lane *lane, tm_err *err)
{
    tm_sink *sink = lane->sink;
    lane->sink = NULL;
    return sink ? note_output(e, sink, lane->path, lane->name, err) : TM_OK;
}

static tm_status write_data(tm_emitter *e, tm_lane *lane, tm_str decoded, tm_str packed,
                            uint64_t records, tm_err *err)
{
    uint64_t limit = e->run->recipe->output.shard_bytes;
    bool shards = limit && e->run->folder && !e->run->options.file.n;
    if (!decoded.n || !lane->sink) return TM_OK;
    if (shards && lane->shard_bytes >= limit) {
        TM_TRY(close_shard(e, lane, err));
        TM_TRY(open_shard(e, lane, err));
    }
    lane->shard_bytes += decoded.n;
    return tm_sink_write(lane->sink, decoded, packed, records, err);
}

static void to_lane(tm_emitter *e, const tm_piece_order *entry, tm_str data)
{
    tm_lane *lane = &e->lane[entry->route];
    TM_ASSERT(entry->route < e->lanes);
    tm_buf_str(&lane->data, data);
    lane->records += entry->copies;
}

static tm_status write_lanes(tm_emitter *e, tm_err *err)
{
    for (uint32_t i = 0; i < e->lanes; i++) {
        tm_lane *lane = &e->lane[i];
        TM_TRY(tm_buf_ok(&lane->data, err));
        TM_TRY(write_data(e, lane, tm_buf_view(&lane->data), (tm_str){0}, lane->records, err));
        tm_buf_clear(&lane->data);
        lane->records = 0;
    }
    return TM_OK;
}

/* The records of a piece, each into the files of its route. */
static tm_status write_routed(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    size_t at = 0;
    tm_piece_order entry;
    for (size_t i = 0; i + sizeof entry <= p->order.n; i += sizeof entry) {
        memcpy(&entry, p->order.p + i, sizeof entry);
        to_lane(e, &entry, (tm_str){p->data.p + at, (size_t)entry.bytes});
        at += (size_t)entry.bytes;
    }
    TM_ASSERT(at == p->data.n);
    return write_lanes(e, err);
}

/* A reordering run: records go into a sorter by rank, and from there into shards at the end. */
static tm_status keep_for_sorting(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    size_t at = 0;
    tm_piece_order entry;
    for (size_t i = 0; i + sizeof entry <= p->order.n; i += sizeof entry) {
        char rank[8];
        memcpy(&entry, p->order.p + i, sizeof entry);
        tm_be64_put(entry.rank, rank);
        tm_fact f = {.order = {rank, 8},
                     .data = {p->data.p + at, (size_t)entry.bytes},
                     .rid = tm_order_rid(0, e->sorted++, &entry)};
        TM_TRY(tm_sorter_add(e->sorter, &f, err));
        at += (size_t)entry.bytes;
    }
    TM_ASSERT(at == p->data.n);
    return TM_OK;
}

static tm_status write_sorted(tm_emitter *e, tm_err *err)
{
    tm_fact f;
    bool more = true;
    uint64_t bytes = 0;
    tm_status status = tm_sorter_finish(e->sorter, err);
    while (status == TM_OK && more) {
        status = tm_sorter_next(e->sorter, &f, &more, err);
        if (status == TM_OK && more) {
            tm_piece_order entry = tm_order_of(&f);
            to_lane(e, &entry, f.data);
            bytes += f.data.n;
        }
        if (status == TM_OK && (bytes >= TM_BLOCK_BYTES || !more)) {
            status = write_lanes(e, err);
            bytes = 0;
        }
        if (tm_cancelled(e->run)) return tm_fail(err, TM_ECANCELLED, "interrupted");
    }
    return status;
}

static tm_status write_parked(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    char name[64], *path = e->parked_path;
    if (!p->parked.n || !e->run->folder) return TM_OK;
    if (!e->parked) {
        snprintf(name, sizeof name, "parked-00000.%s", tm_format_name(e->format));
        TM_TRY(in_folder(e, name, path, err));
        TM_TRY(tm_sink_open(&e->parked, path, e->format, true, true, err));
    }
    return tm_sink_write(e->parked, tm_buf_view(&p->parked), (tm_str){0}, p->parked_records, err);
}

/* ---- unreadable ------------------------------------------------------------------------------ */

static tm_status open_unreadable(tm_emitter *e, tm_err *err)
{
    char path[4096];
    TM_TRY(in_folder(e, "unreadable.bin", path, err));
    TM_TRY(tm_out_begin(&e->lost_bytes, path, true, err));
    TM_TRY(tm_out_digest(&e->lost_bytes, err));
    TM_TRY(in_folder(e, "unreadable.jsonl", path, err));
    TM_TRY(tm_out_begin(&e->lost_index, path, true, err));
    return tm_out_digest(&e->lost_index, err);
}

static tm_status write_lost(tm_emitter *e, const tm_lost *lost, tm_str sentence, tm_str raw,
                            tm_err *err)
{
    const tm_source *source = &e->run->source[e->source - 1];
    uint64_t line = e->lines + lost->line + 1;
    const tm_run_options *options = &e->run->options;
    tm_finding_view view = {.source = source->path,
                            .line = line,
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
    if (!e->run->folder) return TM_OK;
    if (!e->lost_bytes.open) TM_TRY(open_unreadable(e, err));
    tm_buf *row = &e->line;
    tm_buf_clear(row);
    tm_buf_print(row,
                 "{\"place\":%llu,\"path\":%llu,\"source\":", (unsigned long long)lost->rid.place,
                 (unsigned long long)lost->rid.path);
    tm_buf_json(row, source->path);
    tm_buf_print(row, ",\"line\":%llu,\"column\":%llu,\"offset\":%llu,\"bytes\":%llu,\"at\":%llu",
                 (unsigned long long)line, (unsigned long long)lost->column,
                 (unsigned long long)TM_PLACE_OFFSET(lost->rid.place),
                 (unsigned long long)lost->raw_bytes, (unsigned long long)e->lost_bytes.bytes);
    tm_buf_print(row, ",\"left_out\":%llu,\"code\":\"%s\",\"message\":",
                 (unsigned long long)lost->left_out, lost->code);
    tm_buf_json(row, sentence);
    tm_buf_z(row, "}\n");
    TM_TRY(tm_buf_ok(row, err));
    TM_TRY(tm_out_write(&e->lost_index, row->p, row->n, err));
    return tm_out_write(&e->lost_bytes, raw.p, raw.n, err);
}

/* What a source could not give: one unreadable record, so that the sums tell of it. */
static tm_status take_damage(tm_emitter *e, const tm_piece *p, tm_err *err)
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

static void show_finding(tm_emitter *e, const tm_found *f, const tm_code *code, tm_str step,
                         tm_str path)
{
    tm_finding_view view = {.source = e->run->source[e->source - 1].path,
                            .line = e->lines + f->line + 1,
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
    if (e->run->options.on_finding) show_finding(e, f, code, step, path);
    return e->findings ? store_finding(e->findings, f, code, step, path, err) : TM_OK;
}

/* Findings and unreadable records, in rid order together: people read them as one list. */
static tm_status take_findings(tm_emitter *e, const tm_piece *p, tm_err *err)
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

/* ---- pieces ---------------------------------------------------------------------------------- */

static void add_counts(tm_counts *into, const tm_counts *from)
{
    into->read += from->read;
    into->made += from->made;
    into->kept += from->kept;
    into->dropped += from->dropped;
    into->merged += from->merged;
    into->parked += from->parked;
    into->replaced += from->replaced;
    into->unreadable += from->unreadable;
    into->written += from->written;
}

static void take_counts(tm_emitter *e, const tm_piece *p)
{
    tm_run *run = e->run;
    tm_run_result *result = &run->result;
    add_counts(&result->counts, &p->counts);
    result->counts.written += p->written;
    for (uint32_t s = 0; s < run->plan->steps; s++) {
        add_counts(&result->step[s].counts, &p->step_counts[s]);
        result->step[s].seconds += p->step_seconds[s];
    }
    for (size_t c = tm_matches_cells(run); c-- > 0;) e->matches[c] += p->matches.count[c];
    uint32_t codes = run->code_at[run->plan->steps] + TM_READER_CODES;
    for (uint32_t c = 0; c < codes; c++) e->found[c] += p->found[c];
    tm_source_result *source = &result->source_result[p->source - 1];
    source->records += p->records;
    source->unreadable += p->counts.unreadable;
    if (p->row_bytes) { /* of a table; of files the reader counts them, and tells at their end */
        source->file_bytes += p->row_bytes;
        source->decoded_bytes += p->row_bytes;
    }
    for (size_t l = 0; l < TM_COUNT(p->layouts); l++) source->layouts[l] += p->layouts[l];
}

static tm_status take_rows(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    for (size_t at = 0; e->ledger && at < p->rows.n;) {
        tm_row row;
        memcpy(&row, p->rows.p + at, sizeof row);
        tm_str signals = {p->rows.p + at + sizeof row, row.signals_bytes};
        TM_TRY(tm_ledger_add(e, &row, signals, err));
        if (e->same.sorter && (row.fate == TM_LIVE || row.fate == TM_KEPT))
            TM_TRY(tm_same_sides_add(&e->same, row.id, row.route, err));
        at += sizeof row + row.signals_bytes;
    }
    return TM_OK;
}

tm_status tm_emit(tm_emitter *e, tm_piece *p, tm_err *err)
{
    if (p->source != e->source) e->source = p->source, e->lines = 0;
    take_counts(e, p);
    if (e->sorter)
        TM_TRY(keep_for_sorting(e, p, err));
    else if (e->run->routes && !p->deferred)
        TM_TRY(write_routed(e, p, err));
    else if (!p->deferred) /* else somebody else puts them into their order */
        TM_TRY(write_data(e, &e->lane[0], tm_buf_view(&p->data), tm_buf_view(&p->packed),
                          p->written, err));
    TM_TRY(write_parked(e, p, err));
    if (e->run->options.emits == TM_EMITS_FILES) return TM_OK;
    TM_TRY(take_rows(e, p, err));
    TM_TRY(take_findings(e, p, err));
    if (e->clustering) TM_TRY(tm_clustering_add(e->clustering, tm_buf_view(&p->repeats), err));
    TM_TRY(take_damage(e, p, err));
    const tm_shown *shown = &e->run->options.shown;
    if (shown->on_rows && p->shown.n)
        TM_TRY(shown->on_rows(shown->arg, tm_buf_view(&p->shown), e->lines, err));
    e->lines += p->lines;
    return TM_OK;
}

tm_status tm_emitter_source(tm_emitter *e, uint32_t source, const char *sha256, uint64_t file_bytes,
                            uint64_t decoded_bytes, tm_err *err)
{
    TM_UNUSED(err);
    tm_source_result *result = &e->run->result.source_result[source];
    memcpy(result->sha256, sha256, sizeof result->sha256);
    if (e->run->source[source].table) return TM_OK;
    result->file_bytes = file_bytes;
    result->decoded_bytes = decoded_bytes;
    return TM_OK;
}

static void note_file(tm_emitter *e, const char *name, tm_file_sum sum)
{
    tm_run_result *result = &e->run->result;
    TM_ASSERT(result->files < TM_COUNT(result->file));
    result->file[result->files++] = (tm_kept_file){name, sum};
}

static tm_status commit_parquet(tm_emitter *e, tm_pq_writer **w, const char *name, tm_err *err)
{
    tm_pq_writer *writer = *w;
    tm_file_sum sum;
    *w = NULL;
    if (!writer) return TM_OK;
    tm_pq_note(writer, "tamis.version", TM_STR(TM_VERSION));
    TM_TRY(tm_pq_commit(writer, &sum, err));
    note_file(e, name, sum);
    return TM_OK;
}

static tm_status commit_out(tm_emitter *e, tm_out *out, const char *name, tm_err *err)
{
    if (!out->open) return TM_OK;
    tm_file_sum sum = tm_out_sum(out);
    TM_TRY(tm_out_commit(out, err));
    note_file(e, name, sum);
    return TM_OK;
}

/* With the ledger at its place. */
static tm_status count_duplicates(tm_emitter *e, bool ledger, tm_err *err)
{
    char path[4096];
    tm_run *run = e->run;
    if (ledger) TM_TRY(in_folder(e, "ledger.parquet", path, err));
    if (e->clustering) TM_TRY(tm_clustering_finish(e->clustering, run, ledger ? path : NULL, err));
    tm_clustering_free(e->clustering);
    e->clustering = NULL;
    if (!e->same.sorter) return TM_OK;
    uint64_t *same = TM_NEW(&run->mem, uint64_t, (size_t)run->routes * run->routes);
    if (!same) return tm_fail_memory(err, "the sides of a split", run->routes);
    run->result.same_sides = same;
    return tm_same_sides_finish(&e->same, same, err);
}

static tm_status commit_all(tm_emitter *e, tm_err *err)
{
    tm_run *run = e->run;
    bool ledger = e->ledger != NULL;
    if (e->sorter) TM_TRY(write_sorted(e, err));
    TM_TRY(commit_parquet(e, &e->ledger, "ledger.parquet", err));
    TM_TRY(commit_parquet(e, &e->findings, "findings.parquet", err));
    TM_TRY(commit_out(e, &e->lost_bytes, "unreadable.bin", err));
    TM_TRY(commit_out(e, &e->lost_index, "unreadable.jsonl", err));
    bool wrote = e->lane[0].sink != NULL;
    for (uint32_t i = 0; i < e->lanes; i++) TM_TRY(close_shard(e, &e->lane[i], err));
    tm_sink *parked = e->parked;
    e->parked = NULL;
    if (parked) TM_TRY(note_output(e, parked, e->parked_path, TM_STR("parked"), err));
    /* Law 1 to the last byte: what was counted as written is what the files were given. */
    uint64_t given = 0;
    for (uint32_t i = 0; i < run->result.outputs; i++)
        if (!tm_str_is(run->result.output_route[i], "parked"))
            given += run->result.output[i].records;
    if (wrote && given != run->result.counts.written)
        return tm_fail(err, TM_EBUG,
                       "%llu records were to be written and %llu were: a bug in Tamis",
                       (unsigned long long)run->result.counts.written, (unsigned long long)given);
    for (uint32_t s = 0; s < run->plan->steps; s++)
        run->result.step[s].found = e->found + run->code_at[s];
    run->result.matches = e->matches;
    run->result.reader_found = e->found + run->code_at[run->plan->steps];
    return count_duplicates(e, ledger, err);
}

tm_status tm_emitter_commit(tm_emitter *e, tm_err *err)
{
    tm_status status = commit_all(e, err);
    tm_emitter_abandon(e);
    return status;
}

void tm_emitter_abandon(tm_emitter *e)
{
    if (!e) return;
    for (uint32_t i = 0; e->lane && i < e->lanes; i++) {
        if (e->lane[i].sink) tm_sink_abandon(e->lane[i].sink);
        tm_buf_release(&e->lane[i].data);
    }
    tm_free(e->lane);
    if (e->parked) tm_sink_abandon(e->parked);
    if (e->ledger) tm_pq_abandon(e->ledger);
    if (e->findings) tm_pq_abandon(e->findings);
    tm_out_abandon(&e->lost_bytes);
    tm_out_abandon(&e->lost_index);
    tm_sorter_free(e->sorter);
    tm_clustering_free(e->clustering);
    tm_same_sides_close(&e->same);
    tm_buf_release(&e->line);
    tm_buf_release(&e->piece);
    tm_free(e);
}
