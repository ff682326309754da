/* What one split leaves behind in RUN/.tamis: a folder with its shards and parked records, written
 * by the same emitter that writes a run's, and with `pieces`, what that emitter leaves out: ledger
 * rows, findings, unreadable records and counts, block by block, for whoever keeps the books.
 *
 * A part's folder has a name of its own while it is written and takes the part's name when it is
 * complete. Two attempts at one split write the same bytes, so the first to finish wins and the
 * other throws its own away.
 *
 *   pieces: (u32 packed bytes | u32 bytes | one zstd frame)*   the last frame is the tail: what was
 *                                                               written, and digests
 * Frames are structs as they lie in memory: both sides are the same build (stage_ticket.c). */
#include <stdio.h>

#include "base/system.h"
#include "flow/piece.h"
#include "flow/stage.h"

struct tm_part_writer {
    tm_run *run;
    tm_emitter *emitter;
    tm_out pieces;
    tm_buf frame, packed;
    tm_packer *packer;
    char *folder; /* the run's, which the part's stands in for */
    char temp[4096], final[4096];
    tm_source_result source;
};

typedef struct frame_head {
    uint32_t tail, source;
    uint64_t lines, records, written, parked_records, largest_group;
    tm_counts counts;
    uint64_t layouts[17];
    tm_damage damage;
    char damage_code[8]; /* where damage has a pointer */
    uint64_t rows, findings, lost, unreadable, repeats, torn,
        lost_fields; /* bytes that follow, behind counts by step and code */
} frame_head;

typedef struct output_head { /* behind it: name, route */
    uint64_t records, file_bytes, decoded_bytes, name_bytes, route_bytes;
    char sha256[65];
} output_head;

static tm_status part_path(const char *folder, const char *kind, uint32_t number, const char *tail,
                           char out[4096], tm_err *err)
{
    int n = snprintf(out, 4096, "%s/" TM_WORK_NAME "/%s-%08u%s", folder, kind, number, tail);
    return n > 0 && n < 4000 ? TM_OK : tm_fail(err, TM_EUSAGE, "the run folder's path is too long");
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A name that no other attempt has, on this machine or another. */
static void own_tail(const void *own, char tail[40])
{
    struct {
        char host[72];
        uint64_t process, place;
        double now;
    } who = {.process = tm_process_id(), .place = (uint64_t)(uintptr_t)own, .now = tm_now()};
    tm_host_name(who.host);
    snprintf(tail, 40, ".tmp-%016llx", (unsigned long long)tm_hash64(&who, sizeof who, 0));
}

static tm_status begin(tm_part_writer *w, const char *kind, uint32_t number, tm_err *err)
{
    char tail[40], path[4200];
    tm_run *run = w->run;
    own_tail(w, tail);
    TM_TRY(part_path(run->folder, kind, number, "", w->final, err));
    TM_TRY(part_path(run->folder, kind, number, tail, w->temp, err));
    TM_TRY(tm_folder_make(w->temp, err));
    snprintf(path, sizeof path, "%s/pieces", w->temp);
    TM_TRY(tm_out_begin(&w->pieces, path, true, err));
    w->packer = tm_packer_new();
    if (!w->packer) return tm_fail_memory(err, "a part", 0);
    w->folder = run->folder;
    run->folder = w->temp;
    run->options.emits = TM_EMITS_FILES;
    run->result.counts = (tm_counts){0};
    run->result.outputs = 0;
    return tm_emitter_open(&w->emitter, run, err);
}

tm_status tm_part_begin(tm_part_writer **out, tm_stages *s, const char *kind, uint32_t number,
                        tm_err *err)
{
    if (!s->run->folder) return tm_fail(err, TM_EUSAGE, "stages write into a run folder: name one");
    tm_part_writer *w = tm_alloc_zero(1, sizeof *w);
    if (!w) return tm_fail_memory(err, "a part", sizeof *w);
    w->run = s->run;
    *out = w;
    tm_status status = begin(w, kind, number, err);
    if (status != TM_OK) tm_part_abandon(out);
    return status;
}

static tm_status put_frame(tm_part_writer *w, tm_err *err)
{
    uint32_t head[2] = {0, (uint32_t)w->frame.n};
    TM_TRY(tm_buf_ok(&w->frame, err));
    tm_buf_clear(&w->packed);
    tm_buf_add(&w->packed, head, sizeof head);
    TM_TRY(tm_pack(w->packer, TM_ZSTD, 1, tm_buf_view(&w->frame), &w->packed, err));
    head[0] = (uint32_t)(w->packed.n - sizeof head);
    memcpy(w->packed.p, head, sizeof head);
    return tm_out_write(&w->pieces, w->packed.p, w->packed.n, err);
}

tm_status tm_part_add(tm_part_writer *w, tm_piece *p, tm_err *err)
{
    const tm_run *run = w->run;
    uint32_t steps = run->plan->steps;
    frame_head head = {.source = p->source,
                       .lines = p->lines,
                       .records = p->records,
                       .written = p->written,
                       .parked_records = p->parked_records,
                       .largest_group = p->largest_group,
                       .counts = p->counts,
                       .damage = p->damage,
                       .rows = p->rows.n,
                       .findings = p->findings.n,
                       .lost = p->lost.n,
                       .unreadable = p->unreadable.n,
                       .repeats = p->repeats.n,
                       .torn = p->torn.n,
                       .lost_fields = p->lost_fields.n};
    memcpy(head.layouts, p->layouts, sizeof head.layouts);
    if (p->damage.code) snprintf(head.damage_code, sizeof head.damage_code, "%s", p->damage.code);
    head.damage.code = NULL;
    tm_buf_clear(&w->frame);
    tm_buf_add(&w->frame, &head, sizeof head);
    tm_buf_add(&w->frame, p->step_counts, steps * sizeof *p->step_counts);
    tm_buf_add(&w->frame, p->step_seconds, steps * sizeof *p->step_seconds);
    tm_buf_add(&w->frame, p->found, (run->code_at[steps] + TM_READER_CODES) * sizeof *p->found);
    tm_buf_add(&w->frame, p->matches.count, tm_matches_cells(run) * sizeof *p->matches.count);
    const tm_buf *parts[] = {&p->rows,    &p->findings, &p->lost,       &p->unreadable,
                             &p->repeats, &p->torn,     &p->lost_fields};
    for (size_t i = 0; i < TM_COUNT(parts); i++) tm_buf_str(&w->frame, tm_buf_view(parts[i]));
    TM_TRY(put_frame(w, err));
    if (p->deferred) p->written = 0; /* another stage writes them */
    return tm_emit(w->emitter, p, err);
}

tm_status tm_part_source(tm_part_writer *w, const tm_source_result *source, tm_err *err)
{
    TM_UNUSED(err);
    w->source = *source;
    return TM_OK;
}

static tm_status put_tail(tm_part_writer *w, tm_err *err)
{
    const tm_run_result *result = &w->run->result;
    frame_head head = {.tail = 1};
    tm_buf_clear(&w->frame);
    tm_buf_add(&w->frame, &head, sizeof head);
    tm_buf_add(&w->frame, &w->source, sizeof w->source);
    for (uint32_t i = 0; i < result->outputs; i++) {
        const tm_sink_info *o = &result->output[i];
        tm_str name = tm_str_slice(o->path, strlen(w->temp) + 1, o->path.n);
        output_head output = {
            o->records, o->file_bytes, o->decoded_bytes, name.n, result->output_route[i].n, ""};
        memcpy(output.sha256, o->sha256, sizeof output.sha256);
        tm_buf_add(&w->frame, &output, sizeof output);
        tm_buf_str(&w->frame, name);
        tm_buf_str(&w->frame, result->output_route[i]);
    }
    return put_frame(w, err);
}

static tm_status commit(tm_part_writer *w, tm_err *err)
{
    tm_emitter *emitter = w->emitter;
    w->emitter = NULL;
    TM_TRY(tm_emitter_commit(emitter, err));
    TM_TRY(put_tail(w, err));
    TM_TRY(tm_out_commit(&w->pieces, err));
    if (tm_fs_now.rename(w->temp, w->final) == 0) {
        w->temp[0] = 0;
        return TM_OK;
    }
    bool there;
    TM_TRY(tm_file_there(w->final, &there, err));
    if (there) return TM_OK; /* another attempt was sooner, with the same bytes */
    return tm_fail(err, TM_EIO, "%s cannot be given its name", w->temp);
}

tm_status tm_part_commit(tm_part_writer **w, tm_err *err)
{
    tm_status status = commit(*w, err);
    tm_part_abandon(w);
    return status;
}

void tm_part_abandon(tm_part_writer **out)
{
    tm_part_writer *w = *out;
    *out = NULL;
    if (!w) return;
    tm_emitter_abandon(w->emitter);
    tm_out_abandon(&w->pieces);
    if (w->folder) w->run->folder = w->folder;
    if (w->temp[0]) (void)tm_folder_remove(w->temp, NULL);
    tm_packer_free(w->packer);
    tm_buf_release(&w->frame);
    tm_buf_release(&w->packed);
    tm_free(w);
}

/* ---- reading --------------------------------------------------------------------------------- */

tm_status tm_part_open(tm_part_reader *r, tm_stages *s, const char *kind, uint32_t number,
                       bool *there, tm_err *err)
{
    char path[4200];
    tm_file_info info;
    *r = (tm_part_reader){.run = s->run, .file = -1};
    TM_TRY(part_path(s->run->folder, kind, number, "", r->folder, err));
    snprintf(path, sizeof path, "%s/pieces", r->folder);
    TM_TRY(tm_file_look(path, &info, there, err));
    if (!*there) return TM_OK;
    r->bytes = info.bytes;
    return tm_file_open(path, &r->file, err);
}

static tm_status not_whole(const tm_part_reader *r, tm_err *err)
{
    return tm_fail(err, TM_EINPUT, "%s is not whole: run again", r->folder);
}

static tm_status read_frame(tm_part_reader *r, tm_err *err)
{
    uint32_t head[2];
    if (r->bytes - r->at < sizeof head) return not_whole(r, err);
    TM_TRY(tm_file_read_at(r->file, r->folder, head, sizeof head, r->at, err));
    r->at += sizeof head;
    if (r->bytes - r->at < head[0]) return not_whole(r, err);
    tm_buf_clear(&r->packed);
    if (!tm_buf_grow(&r->packed, head[0])) return tm_fail_memory(err, "a part", head[0]);
    TM_TRY(tm_file_read_at(r->file, r->folder, r->packed.p, head[0], r->at, err));
    r->at += head[0];
    tm_buf_clear(&r->frame);
    return tm_unpack(TM_ZSTD, (tm_str){r->packed.p, head[0]}, head[1], &r->frame, err);
}

static bool take(tm_str *from, void *to, size_t n)
{
    if (from->n < n) return false;
    if (n) memcpy(to, from->p, n);
    *from = tm_str_slice(*from, n, from->n);
    return true;
}

static bool take_buf(tm_str *from, tm_buf *to, uint64_t n)
{
    if (from->n < n) return false;
    tm_buf_str(to, tm_str_slice(*from, 0, (size_t)n));
    *from = tm_str_slice(*from, (size_t)n, from->n);
    return true;
}

static tm_status read_tail(tm_part_reader *r, tm_str left, tm_err *err)
{
    tm_arena *mem = &r->run->mem;
    output_head head;
    uint32_t room = (uint32_t)(left.n / sizeof head) + 1;
    if (!take(&left, &r->source, sizeof r->source)) return not_whole(r, err);
    r->output = TM_NEW(mem, tm_sink_info, room);
    r->route = TM_NEW(mem, tm_str, room);
    if (!r->output || !r->route) return tm_fail_memory(err, "a part", room);
    while (left.n) {
        if (!take(&left, &head, sizeof head) || left.n < head.name_bytes ||
            left.n - head.name_bytes < head.route_bytes)
            return not_whole(r, err);
        tm_str name = tm_str_slice(left, 0, (size_t)head.name_bytes);
        tm_str route = tm_str_slice(left, name.n, name.n + (size_t)head.route_bytes);
        left = tm_str_slice(left, name.n + route.n, left.n);
        tm_sink_info *o = &r->output[r->outputs];
        *o = (tm_sink_info){.path = tm_arena_str(mem, name),
                            .records = head.records,
                            .file_bytes = head.file_bytes,
                            .decoded_bytes = head.decoded_bytes};
        memcpy(o->sha256, head.sha256, sizeof o->sha256);
        r->route[r->outputs] = tm_arena_str(mem, route);
        if (!o->path.p || !r->route[r->outputs].p) return tm_fail_memory(err, "a part", name.n);
        r->outputs++;
    }
    return TM_OK;
}

tm_status tm_part_next(tm_part_reader *r, tm_piece *p, bool *more, tm_err *err)
{
    frame_head head;
    const tm_run *run = r->run;
    uint32_t steps = run->plan->steps;
    TM_TRY(read_frame(r, err));
    tm_str left = tm_buf_view(&r->frame);
    if (!take(&left, &head, sizeof head)) return not_whole(r, err);
    *more = !head.tail;
    if (head.tail) return read_tail(r, left, err);
    tm_piece_clear(p, run);
    p->source = head.source;
    p->lines = head.lines;
    p->records = head.records;
    p->written = head.written;
    p->parked_records = head.parked_records;
    p->largest_group = head.largest_group;
    p->counts = head.counts;
    p->damage = head.damage;
    if (head.source == 0 || head.source > run->sources) return not_whole(r, err);
    memcpy(r->damage_code, head.damage_code, sizeof r->damage_code);
    p->damage.code = r->damage_code[0] ? r->damage_code : NULL;
    memcpy(p->layouts, head.layouts, sizeof head.layouts);
    bool well =
        take(&left, p->step_counts, steps * sizeof *p->step_counts) &&
        take(&left, p->step_seconds, steps * sizeof *p->step_seconds) &&
        take(&left, p->found, (run->code_at[steps] + TM_READER_CODES) * sizeof *p->found) &&
        take(&left, p->matches.count, tm_matches_cells(run) * sizeof *p->matches.count) &&
        take_buf(&left, &p->rows, head.rows) && take_buf(&left, &p->findings, head.findings) &&
        take_buf(&left, &p->lost, head.lost) && take_buf(&left, &p->unreadable, head.unreadable) &&
        take_buf(&left, &p->repeats, head.repeats) && take_buf(&left, &p->torn, head.torn) &&
        take_buf(&left, &p->lost_fields, head.lost_fields);
    if (!well || left.n) return not_whole(r, err);
    const tm_buf *parts[] = {&p->rows,    &p->findings, &p->lost,       &p->unreadable,
                             &p->repeats, &p->torn,     &p->lost_fields};
    for (size_t i = 0; i < TM_COUNT(parts); i++) TM_TRY(tm_buf_ok(parts[i], err));
    return TM_OK;
}

void tm_part_close(tm_part_reader *r)
{
    if (r->file >= 0) (void)tm_file_close(r->file, r->folder, NULL);
    tm_buf_release(&r->packed);
    tm_buf_release(&r->frame);
    r->file = -1;
}
