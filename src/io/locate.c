/* From a place back to its record, and from a line to its place: what `explain` asks.
 *
 * Reads the source from its start with the same reader as a run, so places mean the same thing.
 * That costs a pass over what lies before the record; an index would have to be kept up to date. */
#include "io/source.h"

typedef struct search { /* one of the two is given */
    bool by_line;
    uint64_t offset, line; /* line from 0 */
    bool found;
    tm_buf *raw; /* NULL: nobody asks for the bytes, and a record without any has a line, too */
} search;

static void take(search *s, const tm_block *b, const tm_span *span, uint64_t lines)
{
    if (s->raw) tm_buf_clear(s->raw);
    if (s->raw) tm_buf_add(s->raw, b->bytes.p + span->at, span->bytes);
    s->offset = tm_span_offset(b, span);
    s->line = lines + span->line;
    s->found = true;
}

/* lines: newlines before the block. */
static void look(search *s, const tm_block *b, uint64_t lines)
{
    for (uint32_t i = 0; i < b->spans && !s->found; i++) {
        const tm_span *span = &b->span[i];
        uint64_t first = lines + span->line, last = first;
        if (s->by_line && b->span_lines)
            for (uint32_t k = 0; k < span->bytes; k++) last += b->bytes.p[span->at + k] == '\n';
        bool here =
            s->by_line ? s->line >= first && s->line <= last : tm_span_offset(b, span) == s->offset;
        if (here) take(s, b, span, lines);
    }
}

static tm_status in_damage(search *s, const tm_block *b, uint64_t lines, tm_err *err)
{
    const tm_damage *d = &b->damage;
    if (!d->code || s->found) return TM_OK;
    uint64_t line = lines + d->line;
    bool here =
        s->by_line ? s->line == line || (d->ends_source && s->line >= line) : d->at == s->offset;
    if (!here) return TM_OK;
    if (!s->raw) {
        s->found = true;
        s->line = line;
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

tm_status tm_source_line_of(const tm_source *source, const tm_read_limits *limits, uint64_t offset,
                            uint64_t *line, tm_err *err)
{
    search s = {.offset = offset};
    TM_TRY(find(source, limits, &s, err));
    *line = s.line + 1;
    return TM_OK;
}

tm_status tm_source_line(const tm_source *source, const tm_read_limits *limits, uint64_t line,
                         tm_buf *raw, uint64_t *offset, tm_err *err)
{
    if (!line) return tm_fail(err, TM_EUSAGE, "lines are counted from 1");
    search s = {.by_line = true, .line = line - 1, .raw = raw};
    tm_status status = find(source, limits, &s, err);
    if (status != TM_OK) return tm_err_at(err, source->path, line, 0, UINT64_MAX), status;
    *offset = s.offset;
    return TM_OK;
}
