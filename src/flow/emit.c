/* Takes the pieces of the writing pass in order and puts them into files: data by shards and parked
 * records here, what was noticed and what could not be read in emit_findings.c, a row a record in
 * ledger.c; and adds up the counts.
 *
 * Every file is temporary until tm_emitter_commit, so a run that ends early leaves nothing that
 * could be taken for a result. Shards are cut between records, each as full as the size that was
 * asked for allows, so the cut depends on the records alone. A piece that a cut goes through is
 * packed once more, here. */
#include "flow/emit.h"
#include "io/stream.h"

/* What an array has beyond lines: a bracket or comma with a line end before each record, which has
 * none of its own then; and the end. */
enum { ARRAY_RECORD = 1, ARRAY_END = 3 };

tm_status tm_emit_path(const tm_emitter *e, const char *name, char out[4096], tm_err *err)
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
        TM_TRY(tm_emit_path(e, name, lane->path, err));
    }
    lane->shard_bytes = 0;
    lane->shard++;
    tm_sink_place place = !options->file.n     ? TM_SINK_OURS
                          : options->overwrite ? TM_SINK_REPLACES
                                               : TM_SINK_NEW;
    return tm_sink_open(&lane->sink, lane->path, e->format, digest, place, err);
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

static tm_status open_all(tm_emitter *e, tm_err *err)
{
    tm_run *run = e->run;
    TM_TRY(tm_format_parse(run->recipe->output.format, &e->format, err));
    e->found = TM_NEW(&run->mem, uint64_t, run->code_at[run->plan->steps] + TM_READER_CODES);
    e->matches = TM_NEW(&run->mem, uint64_t, tm_matches_cells(run) + 1);
    tm_buf_clear(&run->result.lost_fields);
    e->lanes = TM_MAX(run->routes, 1u);
    e->lane = tm_alloc_zero(e->lanes, sizeof *e->lane);
    if (!e->found || !e->matches || !e->lane)
        return tm_fail_memory(err, "the counts of findings", 0);
    bool files = run->options.emits != TM_EMITS_BOOKS, books = run->options.emits != TM_EMITS_FILES;
    if (run->reorders && files && books) TM_TRY(tm_order_open(e, err));
    if (run->wants_repeats && books) {
        e->clustering = tm_clustering_new(run);
        if (!e->clustering) return tm_fail_memory(err, "clusters", 0);
    }
    if (run->routes && books && run->folder && run->recipe->output.ledger)
        TM_TRY(tm_same_sides_open(&e->same, run, err));
    bool writes = !run->options.measure_only && (run->folder || run->options.file.n);
    if (writes && files) TM_TRY(open_lanes(e, err));
    if (!books || !run->folder || !run->recipe->output.ledger) return TM_OK;
    TM_TRY(tm_ledger_open(e, err));
    return run->recipe->output.ledger >= 2 ? tm_findings_open(e, err) : TM_OK;
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

static tm_status put_data(tm_emitter *e, tm_lane *lane, tm_str decoded, tm_str packed,
                          uint64_t records, tm_err *err)
{
    bool array = e->format.container == TM_JSON;
    if (!decoded.n) return TM_OK;
    lane->shard_bytes += decoded.n + (array ? records * ARRAY_RECORD : 0);
    return tm_sink_write(lane->sink, decoded, packed, records, err);
}

/* A line at a time: one that does not fit begins the next file. */
static tm_status cut_data(tm_emitter *e, tm_lane *lane, tm_str lines, tm_str packed, uint64_t limit,
                          tm_err *err)
{
    bool array = e->format.container == TM_JSON;
    uint64_t more = array ? ARRAY_RECORD : 0, end = array ? ARRAY_END : 0, held = 0, records = 0;
    size_t from = 0;
    for (size_t at = 0; at < lines.n;) {
        size_t n = tm_str_find_char(tm_str_slice(lines, at, lines.n), '\n') + 1;
        uint64_t there = lane->shard_bytes + held;
        if (there && there + n + more + end > limit) {
            TM_TRY(put_data(e, lane, tm_str_slice(lines, from, at), (tm_str){0}, records, err));
            TM_TRY(close_shard(e, lane, err));
            TM_TRY(open_shard(e, lane, err));
            from = at;
            held = records = 0;
        }
        held += n + more;
        records++;
        at += n;
    }
    /* the frame that a worker packed is that of the whole */
    return put_data(e, lane, tm_str_slice(lines, from, lines.n), from ? (tm_str){0} : packed,
                    records, err);
}

static tm_status write_data(tm_emitter *e, tm_lane *lane, tm_str decoded, tm_str packed,
                            uint64_t records, tm_err *err)
{
    uint64_t limit = e->run->recipe->output.shard_bytes;
    bool shards = limit && e->run->folder && !e->run->options.file.n;
    if (!decoded.n || !lane->sink) return TM_OK;
    if (shards) return cut_data(e, lane, decoded, packed, limit, err);
    return put_data(e, lane, decoded, packed, records, err);
}

void tm_emit_to_lane(tm_emitter *e, const tm_piece_order *entry, tm_str data)
{
    tm_lane *lane = &e->lane[entry->route];
    TM_ASSERT(entry->route < e->lanes);
    tm_buf_str(&lane->data, data);
    lane->records += entry->copies;
}

tm_status tm_emit_lanes(tm_emitter *e, tm_err *err)
{
    for (uint32_t i = 0; i < e->lanes; i++) {
        tm_lane *lane = &e->lane[i];
        TM_TRY(tm_buf_ok(&lane->data, err));
        TM_TRY(write_data(e, lane, tm_buf_view(&lane->data), (tm_str){0}, lane->records, err));
        if (lane->data.room > TM_PIECE_BYTES) tm_buf_release(&lane->data); /* of a long record */
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
        tm_emit_to_lane(e, &entry, (tm_str){p->data.p + at, (size_t)entry.bytes});
        at += (size_t)entry.bytes;
    }
    TM_ASSERT(at == p->data.n);
    return tm_emit_lanes(e, err);
}

static tm_status write_parked(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    char name[64], *path = e->parked_path;
    if (!p->parked.n || !e->run->folder) return TM_OK;
    if (!e->parked) {
        snprintf(name, sizeof name, "parked-00000.%s", tm_format_name(e->format));
        TM_TRY(tm_emit_path(e, name, path, err));
        TM_TRY(tm_sink_open(&e->parked, path, e->format, true, TM_SINK_PRIVATE, err));
    }
    return tm_sink_write(e->parked, tm_buf_view(&p->parked), (tm_str){0}, p->parked_records, err);
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
    result->largest_group = TM_MAX(result->largest_group, p->largest_group);
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
        TM_TRY(tm_order_data(e, p, err));
    else if (e->run->routes && !p->deferred)
        TM_TRY(write_routed(e, p, err));
    else if (!p->deferred) /* else somebody else puts them into their order */
        TM_TRY(write_data(e, &e->lane[0], tm_buf_view(&p->data), tm_buf_view(&p->packed),
                          p->written, err));
    TM_TRY(write_parked(e, p, err));
    if (e->run->options.emits == TM_EMITS_FILES) return TM_OK;
    TM_TRY(take_rows(e, p, err));
    TM_TRY(tm_lost_fields_merge(&e->run->result.lost_fields, &p->lost_fields, err));
    TM_TRY(tm_findings_add(e, p, err));
    if (e->clustering) TM_TRY(tm_clustering_add(e->clustering, tm_buf_view(&p->repeats), err));
    TM_TRY(tm_findings_damage(e, p, err));
    const tm_shown *shown = &e->run->options.shown;
    if (e->shown)
        TM_TRY(tm_order_shown(e, p, err));
    else if (shown->on_rows && p->shown.n)
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
    if (ledger) TM_TRY(tm_emit_path(e, "ledger.parquet", path, err));
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
    TM_TRY(tm_order_finish(e, err));
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
    tm_order_close(e);
    tm_clustering_free(e->clustering);
    tm_same_sides_close(&e->same);
    tm_buf_release(&e->line);
    tm_buf_release(&e->piece);
    tm_buf_release(&e->path);
    tm_folder_close(e->files);
    tm_free(e);
}
