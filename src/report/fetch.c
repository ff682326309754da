/* Records come in the order of their places, as the sorted wants do, so one walk meets them all. */
#include "report/fetch.h"

#include <stdlib.h>

#include "io/stream.h"
#include "report/record_text.h"

enum { SHARES = 8 }; /* of the room for long records that each text shown may take */

static int by_place(const void *a, const void *b)
{
    const tm_want *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static tm_status give(tm_fetch *f, tm_arena *mem, uint64_t at, tm_str raw, uint64_t line,
                      uint64_t column, tm_err *err)
{
    while (f->given < f->count && f->list[f->given].at < at) f->given++;
    for (; f->given < f->count && f->list[f->given].at == at; f->given++) {
        const tm_want *want = &f->list[f->given];
        if (want->line) *want->line = line;
        if (want->column) *want->column = column;
        if (!want->to) continue;
        *want->to = tm_arena_str(mem, tm_str_slice(raw, 0, TM_MIN(raw.n, f->most)));
        if (!want->to->p) return tm_fail_memory(err, "a record's text", raw.n);
    }
    return TM_OK;
}

static uint64_t column_of(const tm_block *b, uint64_t column)
{
    return b->span_lines ? column + 1 : 0;
}

tm_status tm_fetch_records(tm_fetch *f, tm_arena *mem, const tm_source *source,
                           const tm_read_limits *limits, tm_err *err)
{
    tm_reader *reader = NULL;
    tm_block block = {0};
    uint64_t number = 0, lines = 0, far = f->far ? f->far : UINT64_MAX;
    if (!f->count) return TM_OK;
    qsort(f->list, f->count, sizeof *f->list, by_place);
    tm_status status = tm_reader_open(&reader, source, limits, (tm_str){0}, err);
    while (status == TM_OK && f->given < f->count && !block.last && block.at < far) {
        status = tm_reader_next(reader, &block, err);
        if (status == TM_OK) status = tm_block_records(&block, source, err);
        for (uint32_t i = 0; status == TM_OK && i < block.spans; i++, number++) {
            const tm_span *span = &block.span[i];
            tm_str raw = {block.bytes.p + span->at, span->bytes};
            status = give(f, mem, f->by_number ? number : block.at + span->at, raw,
                          lines + span->line + 1, column_of(&block, span->column), err);
        }
        if (status == TM_OK && block.damage.code) { /* too long: where it begins is known */
            status =
                give(f, mem, f->by_number ? number : block.damage.at, tm_buf_view(&block.torn),
                     lines + block.damage.line + 1, column_of(&block, block.damage.column), err);
            number++;
        }
        lines += block.lines;
    }
    tm_block_release(&block);
    if (reader) tm_reader_close(reader);
    return status;
}

/* Of a folder of texts a line is a file. */
static tm_status name_files(const tm_source *source, tm_arena *mem, const tm_rid *rid,
                            tm_excerpt *out, uint32_t count, tm_err *err)
{
    tm_folder_stream *files;
    TM_TRY(tm_folder_open(&files, source->path.p, err));
    tm_status status = TM_OK;
    for (uint32_t i = 0; i < count && status == TM_OK; i++) {
        bool here = TM_PLACE_SOURCE(rid[i].place) == source->number && out[i].line;
        tm_str file = here ? tm_folder_file(files, out[i].line - 1) : (tm_str){0};
        if (!file.n) continue;
        out[i].source = tm_str_of(tm_path_join(mem, source->path.p, file.p));
        out[i].line = 1;
        if (!out[i].source.p) status = tm_fail_memory(err, "a path", file.n);
    }
    tm_folder_close(files);
    return status;
}

static tm_status fetch_source(const tm_run *run, tm_arena *mem, uint32_t number, const tm_rid *rid,
                              tm_excerpt *out, uint32_t count, tm_err *err)
{
    const tm_source *source = &tm_run_result_of(run)->source[number - 1];
    const tm_room *room = &tm_run_plan(run)->room;
    uint64_t most = TM_MAX(room->bytes / (SHARES * (uint64_t)count), (uint64_t)TM_BLOCK_BYTES);
    tm_read_limits limits = {.max_line = TM_MIN(room->longest, most)};
    tm_fetch f = {.list = TM_NEW(mem, tm_want, count), .most = SIZE_MAX};
    if (!f.list) return tm_fail_memory(err, "records", count);
    for (uint32_t i = 0; i < count; i++) {
        if (TM_PLACE_SOURCE(rid[i].place) != number) continue;
        out[i].source = source->path;
        f.list[f.count++] =
            (tm_want){TM_PLACE_OFFSET(rid[i].place), &out[i].text, &out[i].line, &out[i].column};
    }
    bool again = source->seekable || source->open_as.n;
    if (again) TM_TRY(tm_fetch_records(&f, mem, source, &limits, err));
    return source->container == TM_FOLDER ? name_files(source, mem, rid, out, count, err) : TM_OK;
}

tm_status tm_fetch_excerpts(const tm_run *run, tm_arena *mem, const tm_rid *rid, uint32_t count,
                            uint32_t selectors, tm_excerpt *out, tm_err *err)
{
    const tm_layout_set *layouts = &tm_run_plan(run)->layouts;
    memset(out, 0, count * sizeof *out);
    for (uint32_t i = 0; i < count; i++)
        if (!out[i].source.p)
            TM_TRY(fetch_source(run, mem, TM_PLACE_SOURCE(rid[i].place), rid, out, count, err));
    for (uint32_t i = 0; i < count; i++)
        if (out[i].text.p)
            TM_TRY(tm_record_text(layouts, out[i].text, selectors, mem, &out[i].text, err));
    return TM_OK;
}
