/* The two ends of a run in stages: its folder is taken at the beginning, and at the end the parts
 * become one run folder, as one process would have left it.
 *
 * The books (ledger, findings, unreadable records, counts) are kept by one emitter that is given
 * the pieces of all parts in order: lines are counted on from split to split, and the same rows in
 * the same order make the same files. Data are not touched again: shards only get their names. So
 * joining reads about what the ledger holds, in one process; it can be done twice, should the first
 * attempt have died. */
#include <stdio.h>

#include "base/vec.h"
#include "flow/stage.h"
#include "io/stream.h"

static const char *work_path(tm_run *run, const char *kind, uint32_t number, tm_err *err)
{
    char *path =
        tm_arena_printf(&run->mem, "%s/" TM_WORK_NAME "/%s-%08u", run->folder, kind, number);
    if (!path) tm_fail_memory(err, "a path", 0);
    return path;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static bool of_stages(tm_str name)
{
    static const char *const KINDS[] = {"part-", "sorted-", "digest-"};
    for (size_t i = 0; i < TM_COUNT(KINDS); i++)
        if (tm_str_starts(name, tm_str_of(KINDS[i]))) return true;
    return false;
}

static tm_status clear_parts(tm_run *run, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    TM_TRY(tm_folder_list(&run->mem, run->work, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        tm_file_info info;
        if (!of_stages(names[i])) continue;
        const char *path = tm_path_join(&run->mem, run->work, names[i].p);
        if (!path) return tm_fail_memory(err, "a path", names[i].n);
        TM_TRY(tm_file_info_of(path, &info, err));
        if (info.is_folder)
            TM_TRY(tm_folder_remove(path, err));
        else
            tm_file_remove(path);
    }
    return TM_OK;
}

tm_status tm_stages_begin(tm_stages *s, tm_err *err)
{
    tm_run *run = s->run;
    if (!run->folder) return tm_fail(err, TM_EUSAGE, "stages write into a run folder: name one");
    TM_TRY(tm_run_folder_take(run, err));
    TM_TRY(tm_run_folder_clear(run, err));
    return clear_parts(run, err);
}

/* ---- digests --------------------------------------------------------------------------------- */

static tm_status digest_file(const tm_source *source, tm_buf *out, tm_err *err)
{
    size_t got = 1;
    tm_stream *stream = NULL;
    tm_read_limits limits = {.digest = true};
    char *piece = tm_alloc(TM_BLOCK_BYTES), hex[65];
    if (!piece) return tm_fail_memory(err, "a digest", TM_BLOCK_BYTES);
    tm_status status = tm_stream_open(&stream, source, &limits, (tm_str){0}, err);
    while (status == TM_OK && got)
        status = tm_stream_read(stream, piece, TM_BLOCK_BYTES, &got, err);
    if (status == TM_OK) {
        tm_sha256_hex(stream->feed.digest, hex);
        tm_buf_print(out, "%s %llu", hex, (unsigned long long)stream->at);
        status = tm_buf_ok(out, err);
    }
    tm_stream_close(stream);
    tm_free(piece);
    return tm_source_failed(source, status, err);
}

/* Of a source that was cut, its first split only: a digest reads all of it. */
tm_status tm_stages_digest(tm_stages *s, uint32_t number, tm_err *err)
{
    tm_buf out = {0};
    tm_run *run = s->run;
    const tm_split *split = &s->split[number];
    if (!split->to || split->from) return TM_OK;
    const char *path = run->folder ? work_path(run, "digest", number, err) : NULL;
    if (!path) return tm_fail(err, TM_EUSAGE, "stages write into a run folder: name one");
    tm_status status = digest_file(&run->source[split->source - 1], &out, err);
    if (status == TM_OK) status = tm_file_save(path, tm_buf_view(&out), false, err);
    tm_buf_release(&out);
    return status;
}

static tm_status take_digest(tm_stages *s, tm_emitter *e, uint32_t number, tm_err *err)
{
    bool there;
    uint64_t bytes = 0;
    tm_buf text = {0};
    tm_str hex, count;
    char sha256[65] = "";
    const tm_split *split = &s->split[number];
    const char *path = work_path(s->run, "digest", number, err);
    if (!path) return TM_EMEMORY;
    TM_TRY(tm_file_there(path, &there, err));
    if (!there) bytes = s->run->source[split->source - 1].bytes;
    tm_status status = there ? tm_file_load(path, 4096, &text, err) : TM_OK;
    if (status == TM_OK && there && tm_str_cut(tm_buf_view(&text), ' ', &hex, &count) &&
        hex.n == 64 && tm_str_to_u64(count, &bytes))
        memcpy(sha256, hex.p, 64);
    tm_buf_release(&text);
    TM_TRY(status);
    return tm_emitter_source(e, split->source - 1, sha256, bytes, bytes, err);
}

/* ---- joining --------------------------------------------------------------------------------- */

typedef struct rename_list { /* files of parts, and what they are called in the run folder */
    const char **from, **to;
    uint32_t count, room, to_room;
} rename_list;

typedef struct joining {
    tm_stages *s;
    tm_run *run;
    tm_emitter *emitter;
    tm_piece piece;
    rename_list files;
    uint32_t output_room, route_room;
    tm_sink_info **spare; /* by route: an output without records, should there be no other */
    const char **spare_folder;
} joining;

static tm_str tail_of(tm_str name) /* "data-00000.jsonl.zst": ".jsonl.zst" */
{
    size_t dot = tm_str_find_char(name, '.');
    return tm_str_slice(name, dot, name.n);
}

static tm_str prefix_of(tm_str name) /* "data" */
{
    tm_str head = tm_str_slice(name, 0, tm_str_find_char(name, '.'));
    return tm_str_slice(head, 0, tm_str_rfind_char(head, '-'));
}

/* How many files of this prefix there are so far: the number of the next. */
static uint32_t number_of(const joining *j, tm_str prefix)
{
    uint32_t n = 0;
    const tm_run_result *result = &j->run->result;
    for (uint32_t i = result->outputs; i-- > 0 && !n;) {
        tm_str name = result->output[i].path, stem;
        name = tm_str_slice(name, strlen(j->run->folder) + 1, name.n);
        if (!tm_str_eq(prefix_of(name), prefix)) continue;
        uint64_t last = 0;
        stem = tm_str_slice(name, prefix.n + 1, tm_str_find_char(name, '.'));
        if (tm_str_to_u64(stem, &last)) n = (uint32_t)last + 1;
    }
    return n;
}

static tm_status add_output(joining *j, const char *folder, const tm_sink_info *info, tm_str route,
                            tm_err *err)
{
    tm_run *run = j->run;
    tm_run_result *result = &run->result;
    tm_str prefix = prefix_of(info->path);
    const char *from = tm_path_join(&run->mem, folder, info->path.p);
    char *to = tm_arena_printf(&run->mem, "%s/%.*s-%05u%.*s", run->folder, TM_FMT(prefix),
                               number_of(j, prefix), TM_FMT(tail_of(info->path)));
    rename_list *files = &j->files;
    if (!from || !to || !TM_ROOM(&run->mem, result->output, result->outputs, j->output_room, 1) ||
        !TM_ROOM(&run->mem, result->output_route, result->outputs, j->route_room, 1) ||
        !TM_ROOM(&run->mem, files->from, files->count, files->room, 1) ||
        !TM_ROOM(&run->mem, files->to, files->count, files->to_room, 1))
        return tm_fail_memory(err, "the list of outputs", result->outputs);
    files->from[files->count] = from;
    files->to[files->count++] = to;
    result->output[result->outputs] = *info;
    result->output[result->outputs].path = tm_str_of(to);
    result->output_route[result->outputs++] = route;
    return TM_OK;
}

static uint32_t lane_of(const tm_run *run, tm_str route)
{
    uint32_t lane = 0;
    while (lane < run->routes && !tm_str_eq(run->route[lane].name, route)) lane++;
    return lane < run->routes ? lane : 0;
}

/* Outputs of a part that hold something; of the others one is kept for a run that writes
 * nothing. */
static tm_status add_outputs(joining *j, const tm_part_reader *r, tm_err *err)
{
    for (uint32_t i = 0; i < r->outputs; i++) {
        if (r->output[i].records) {
            const char *folder = tm_arena_printf(&j->run->mem, "%s", r->folder);
            if (!folder) return tm_fail_memory(err, "a path", 0);
            TM_TRY(add_output(j, folder, &r->output[i], r->route[i], err));
        } else if (!tm_str_is(r->route[i], "parked")) {
            uint32_t lane = lane_of(j->run, r->route[i]);
            j->spare[lane] = &r->output[i];
            j->spare_folder[lane] = tm_arena_printf(&j->run->mem, "%s", r->folder);
            if (!j->spare_folder[lane]) return tm_fail_memory(err, "a path", 0);
        }
    }
    return TM_OK;
}

static tm_status join_part(joining *j, const char *kind, uint32_t number, bool books, bool *there,
                           tm_err *err)
{
    tm_part_reader r;
    bool more = true;
    tm_status status = tm_part_open(&r, j->s, kind, number, there, err);
    while (status == TM_OK && *there && more) {
        status = tm_part_next(&r, &j->piece, &more, err);
        if (status == TM_OK && more && books) status = tm_emit(j->emitter, &j->piece, err);
    }
    if (status == TM_OK && *there) status = add_outputs(j, &r, err);
    if (status == TM_OK && *there && books && !j->s->split[number].to)
        status = tm_emitter_source(j->emitter, j->s->split[number].source - 1, r.source.sha256,
                                   r.source.file_bytes, r.source.decoded_bytes, err);
    tm_part_close(&r);
    return status;
}

/* Stretches of the sorted data by their numbers, which may have gaps: an empty one need not be
 * written. */
static tm_status join_sorted(joining *j, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    const tm_str kind = TM_STR_INIT("sorted-");
    TM_TRY(tm_folder_list(&j->run->mem, j->run->work, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        bool there;
        uint64_t number;
        if (!tm_str_starts(names[i], kind)) continue;
        tm_str digits = tm_str_slice(names[i], kind.n, names[i].n);
        if (!tm_str_to_u64(digits, &number) || number > UINT32_MAX) continue;
        TM_TRY(join_part(j, "sorted", (uint32_t)number, false, &there, err));
    }
    return TM_OK;
}

/* A route to which nothing went has its one empty file. */
static tm_status add_spares(joining *j, tm_err *err)
{
    const tm_run *run = j->run;
    const tm_run_result *result = &run->result;
    for (uint32_t lane = 0; lane < TM_MAX(run->routes, 1u); lane++) {
        bool there = false;
        tm_str name = run->routes ? run->route[lane].name : TM_STR("data");
        for (uint32_t i = 0; i < result->outputs; i++)
            there |= tm_str_eq(result->output_route[i], name);
        if (!there && j->spare[lane])
            TM_TRY(add_output(j, j->spare_folder[lane], j->spare[lane], name, err));
    }
    return TM_OK;
}

static tm_status join_parts(joining *j, tm_err *err)
{
    bool there = true;
    for (uint32_t i = 0; i < j->s->of_stream; i++) {
        const tm_split *split = &j->s->split[i];
        TM_TRY(join_part(j, "part", i, true, &there, err));
        if (!there) return tm_fail(err, TM_EINPUT, "split %u has not been written", i);
        if (split->to && !split->from) TM_TRY(take_digest(j->s, j->emitter, i, err));
    }
    if (j->run->reorders) TM_TRY(join_sorted(j, err));
    return add_spares(j, err);
}

/* An attempt that died may have renamed some already. */
static tm_status name_files(const joining *j, tm_err *err)
{
    bool there;
    for (uint32_t i = 0; i < j->files.count; i++) {
        if (tm_fs_now.rename(j->files.from[i], j->files.to[i]) == 0) continue;
        TM_TRY(tm_file_there(j->files.to[i], &there, err));
        if (!there) return tm_fail(err, TM_EIO, "%s cannot be given its name", j->files.from[i]);
    }
    return tm_folder_sync(j->run->folder, err);
}

static tm_status check_written(const tm_run_result *result, tm_err *err)
{
    uint64_t given = 0;
    for (uint32_t i = 0; i < result->outputs; i++)
        if (!tm_str_is(result->output_route[i], "parked")) given += result->output[i].records;
    if (given == result->counts.written) return TM_OK;
    return tm_fail(err, TM_EBUG, "%llu records were to be written and %llu were",
                   (unsigned long long)result->counts.written, (unsigned long long)given);
}

static void forget_results(tm_run *run)
{
    tm_run_result *result = &run->result;
    uint32_t steps = run->plan->steps;
    result->counts = (tm_counts){0};
    memset(result->step, 0, steps * sizeof *result->step);
    memset(result->source_result, 0, run->sources * sizeof *result->source_result);
    result->lost_codes = 0;
    result->largest_group = 0;
    result->output = NULL;
    result->output_route = NULL;
    result->outputs = 0;
    result->files = 0;
    result->damaged = false;
}

static tm_status look_at_references(const tm_stages *s, tm_err *err)
{
    tm_run *run = s->run;
    tm_str *told = TM_NEW(&run->mem, tm_str, run->plan->steps + 1);
    if (!told) return tm_fail_memory(err, "the references", 0);
    for (uint32_t i = 0; i < run->plan->steps; i++) told[i] = tm_stages_told(s, i, s->count);
    return tm_references_look(run, told, err);
}

tm_status tm_stages_join(tm_stages *s, tm_err *err)
{
    tm_run *run = s->run;
    joining j = {.s = s, .run = run};
    if (!run->folder) return tm_fail(err, TM_EUSAGE, "stages write into a run folder: name one");
    j.spare = TM_NEW(&run->mem, tm_sink_info *, run->routes + 1);
    j.spare_folder = TM_NEW(&run->mem, const char *, run->routes + 1);
    if (!j.spare || !j.spare_folder) return tm_fail_memory(err, "joining", run->routes);
    forget_results(run);
    run->options.emits = TM_EMITS_BOOKS;
    tm_status status = tm_piece_init(&j.piece, run, err);
    if (status == TM_OK) status = tm_emitter_open(&j.emitter, run, err);
    if (status == TM_OK) status = join_parts(&j, err);
    if (status == TM_OK) status = check_written(&run->result, err);
    tm_piece_release(&j.piece);
    if (status != TM_OK) {
        tm_emitter_abandon(j.emitter);
        return status;
    }
    TM_TRY(tm_emitter_commit(j.emitter, err));
    TM_TRY(name_files(&j, err));
    TM_TRY(look_at_references(s, err));
    run->result.seconds = tm_now() - run->began;
    run->result.peak_memory = tm_peak_rss();
    return tm_manifest_write(run, err);
}

/* Everything was read from the same bytes only if no source changed under the run. */
tm_status tm_stages_end(tm_stages *s, tm_err *err)
{
    tm_run *run = s->run;
    tm_status status = tm_sources_unchanged(run, err);
    if (status != TM_OK) {
        const char *manifest = tm_path_join(&run->mem, run->folder, "manifest.json");
        if (manifest) tm_file_remove(manifest); /* no finished run */
        return status;
    }
    return tm_run_folder_done(run, err);
}
