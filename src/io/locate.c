/* From an offset back to its record, and from a line and column to it: what `explain` asks.
 *
 * Reads the source from its start with the same reader as a run, so places mean the same thing.
 * That costs a pass over what lies before the record; an index would have to be kept up to date. */
#include "io/source.h"
#include "text/json.h"

typedef struct search { /* by line, and column if not 0; or by offset */
    bool by_line;
    uint64_t offset, line, column; /* line from 0, column from 1; of the record once it is found */
    bool found;
    tm_buf *raw; /* NULL: nobody asks for the bytes, and a record without any has a line, too */
    bool behind; /* a damage begins before the place: it is meant if no record is */
    uint64_t damaged_at;
} search;

static void take(search *s, const tm_block *b, const tm_span *span, uint64_t lines)
{
    if (s->raw) tm_buf_clear(s->raw);
    if (s->raw) tm_buf_add(s->raw, b->bytes.p + span->at, span->bytes);
    s->offset = tm_span_offset(b, span);
    s->line = lines + span->line;
    s->column = b->span_lines ? (uint64_t)span->column + 1 : 0;
    s->found = true;
}

/* A record has a line for itself, unless its container has it otherwise. */
static bool is_meant(const search *s, const tm_block *b, const tm_span *span, uint64_t lines)
{
    uint64_t first = lines + span->line, rows, end, begin = 1;
    if (!s->by_line) return tm_span_offset(b, span) == s->offset;
    if (!b->span_lines || s->line < first) return s->line == first;
    tm_text_position(b->bytes.p + span->at, span->bytes, span->bytes, &rows, &end);
    if (rows == 1) end += span->column;
    if (s->line == first) begin += span->column;
    if (s->line > first + rows - 1) return false;
    return !s->column || (s->column >= begin && (s->line < first + rows - 1 || s->column < end));
}

/* lines: newlines before the block. */
static void look(search *s, const tm_block *b, uint64_t lines)
{
    for (uint32_t i = 0; i < b->spans && !s->found; i++)
        if (is_meant(s, b, &b->span[i], lines)) take(s, b, &b->span[i], lines);
}

static tm_status in_damage(search *s, const tm_block *b, uint64_t lines, tm_err *err)
{
    const tm_damage *d = &b->damage;
    if (!d->code || s->found) return TM_OK;
    uint64_t line = lines + d->line;
    bool here =
        s->by_line ? s->line == line || (d->ends_source && s->line >= line) : d->at == s->offset;
    if (here && s->by_line && s->column && s->line == line) here = s->column > d->column;
    if (!here) return TM_OK;
    if (!s->raw && s->by_line) { /* records may come behind it on the same line */
        s->behind = true;
        s->damaged_at = d->at;
        return TM_OK;
    }
    if (!s->raw) {
        s->found = true;
        s->line = line;
        s->column = b->span_lines ? d->column + 1 : 0;
        return TM_OK;
    }
    tm_fail(err, TM_EINPUT, "%s", d->sentence);
    if (err) memcpy(err->code, d->code, TM_MIN(strlen(d->code) + 1, sizeof err->code));
    return TM_EINPUT;
}

static tm_status find(const tm_source *source, const tm_read_limits *limits, search *s, tm_err *err)
{
    tm_reader *r;
    tm_block b = {0};
    uint64_t lines = 0;
    if (!source->seekable && !source->open_as.n)
        return tm_fail(err, TM_EINPUT, "this source cannot be read a second time");
    TM_TRY(tm_reader_open(&r, source, limits, (tm_str){0}, err));
    tm_status status = TM_OK;
    while (status == TM_OK && !s->found && !b.last) {
        status = tm_reader_next(r, &b, err);
        if (status == TM_OK) status = tm_block_records(&b, source, err);
        if (status != TM_OK) break;
        if (!s->by_line && b.at > s->offset) break;
        look(s, &b, lines);
        status = in_damage(s, &b, lines, err);
        lines += b.lines;
    }
    tm_block_release(&b);
    tm_reader_close(r);
    TM_TRY(status);
    if (s->raw) TM_TRY(tm_buf_ok(s->raw, err));
    if (!s->found && s->behind) s->found = true, s->offset = s->damaged_at;
    if (s->found) return TM_OK;
    if (s->by_line)
        return tm_fail(err, TM_EINPUT,
                       s->line > lines ? "there is no line %llu: the file has %llu lines"
                                       : "there is no record on line %llu (of %llu)",
                       (unsigned long long)s->line + 1, (unsigned long long)lines);
    return tm_fail(err, TM_EINPUT, "no record begins at byte %llu", (unsigned long long)s->offset);
}

tm_status tm_source_record(const tm_source *source, const tm_read_limits *limits, uint64_t offset,
                           tm_buf *raw, uint64_t *line, tm_err *err)
{
    search s = {.offset = offset, .raw = raw};
    tm_status status = find(source, limits, &s, err);
    if (status != TM_OK) return tm_err_at(err, source->path, 0, 0, offset), status;
    *line = s.line + 1;
    return TM_OK;
}

tm_status tm_source_place(const tm_source *source, const tm_read_limits *limits, uint64_t offset,
                          uint64_t *line, uint64_t *column, tm_err *err)
{
    search s = {.offset = offset};
    TM_TRY(find(source, limits, &s, err));
    *line = s.line + 1;
    *column = s.column;
    return TM_OK;
}

tm_status tm_source_line(const tm_source *source, const tm_read_limits *limits, uint64_t line,
                         uint64_t column, tm_buf *raw, uint64_t *offset, tm_err *err)
{
    if (!line) return tm_fail(err, TM_EUSAGE, "lines are counted from 1");
    search s = {.by_line = true, .line = line - 1, .column = column, .raw = raw};
    tm_status status = find(source, limits, &s, err);
    if (status != TM_OK) return tm_err_at(err, source->path, line, column, UINT64_MAX), status;
    *offset = s.offset;
    return TM_OK;
}
