/* JSONL: one JSON value a line.
 *
 * Only LF ends a line (U+2028 and its kin are text); a CR right before it is not part of the
 * record. Lines of nothing but space, tab and CR are no records but count as lines. The last line
 * needs no newline. The reader only looks for the last newline of a block, backwards; where the
 * lines of the block lie is found by whoever works on it.
 *
 * A line longer than max_line is dropped while it streams by: memory never holds more of it than
 * the limit and a chunk. Its first bytes go with the damage. Reading goes on behind its newline.
 *
 * When the stream ends in damage, what stands behind the last newline is a torn line: it goes with
 * the damage. When only the checksum is wrong the data were all there, and the last line is one. */
#include "base/vec.h"
#include "io/reader.h"
#include "text/kernel.h"

static bool is_blank(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r') return false;
    return true;
}

bool tm_is_ascii(const char *p, size_t n)
{
    uint64_t all = 0, word;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&word, p + i, 8);
        all |= word;
    }
    for (; i < n; i++) all |= (uint64_t)(uint8_t)p[i];
    return !(all & 0x8080808080808080u);
}

/* The first line of p[0..n) that is longer than max: its start in *from, its end (without the
 * newline) as the result; n + 1 when there is none. Only needed when max is less than a block. */
static size_t long_line(const char *p, size_t n, uint64_t max, size_t *from)
{
    for (size_t at = 0; at < n;) {
        const char *end = memchr(p + at, '\n', n - at);
        size_t stop = end ? (size_t)(end - p) : n;
        if (stop - at > max) {
            *from = at;
            return stop;
        }
        at = stop + 1;
    }
    return n + 1;
}

/* The block begins with a line longer than the limit, and holds its first bytes: reads on to its
 * newline without keeping it. */
static tm_status drop_line(tm_reader *r, tm_block *b, tm_err *err)
{
    uint64_t at = r->at, bytes = b->bytes.n;
    r->at += b->bytes.n;
    tm_block_keep(b, b->bytes.p, b->bytes.n);
    for (;;) {
        b->bytes.n = 0;
        if (tm_reader_ended(r)) break;
        TM_TRY(tm_reader_fill(r, b, TM_READ_CHUNK, err));
        const char *newline = b->bytes.n ? memchr(b->bytes.p, '\n', b->bytes.n) : NULL;
        if (newline) {
            size_t n = (size_t)(newline - b->bytes.p);
            bytes += n;
            tm_block_keep(b, b->bytes.p, n);
            b->dropped_lines = 1;
            tm_reader_too_long(r, b, at, bytes);
            return tm_reader_cut(r, b, 0, n + 1, err);
        }
        bytes += b->bytes.n;
        r->at += b->bytes.n;
        tm_block_keep(b, b->bytes.p, b->bytes.n);
    }
    tm_reader_too_long(r, b, at, bytes);
    return tm_reader_cut(r, b, 0, 0, err);
}

/* No newline in the first TM_BLOCK_BYTES: the block is this one line. */
static tm_status one_line(tm_reader *r, tm_block *b, tm_err *err)
{
    for (;;) {
        size_t seen = b->bytes.n;
        if (seen > r->max_line) return drop_line(r, b, err);
        if (tm_reader_ended(r)) {
            bool torn = tm_damage_cuts(&r->stream->damage);
            if (torn) tm_reader_tell(r, b, r->at, seen);
            if (torn) tm_block_keep(b, b->bytes.p, seen);
            return tm_reader_cut(r, b, torn ? 0 : seen, seen, err);
        }
        TM_TRY(tm_reader_fill(r, b, seen + TM_READ_CHUNK, err));
        size_t more = b->bytes.n - seen;
        const char *newline = more ? memchr(b->bytes.p + seen, '\n', more) : NULL;
        if (!newline) continue;
        size_t n = (size_t)(newline - b->bytes.p);
        if (n > r->max_line) {
            tm_reader_too_long(r, b, r->at, n);
            tm_block_keep(b, b->bytes.p, n);
            b->dropped_lines = 1;
            return tm_reader_cut(r, b, 0, n + 1, err);
        }
        return tm_reader_cut(r, b, n + 1, n + 1, err);
    }
}

tm_status tm_jsonl_next(tm_reader *r, tm_block *b, tm_err *err)
{
    TM_TRY(tm_reader_begin(r, b, err));
    TM_TRY(tm_reader_fill(r, b, TM_BLOCK_BYTES, err));
    size_t n = b->bytes.n, from = 0;
    const char *newline = n ? memrchr(b->bytes.p, '\n', n) : NULL;
    size_t end = newline ? (size_t)(newline - b->bytes.p) + 1 : 0;
    bool ended = tm_reader_ended(r);
    bool torn = tm_damage_cuts(&r->stream->damage);
    if (!ended && !end) return one_line(r, b, err);
    if (ended && !torn) end = n;
    if (r->max_line < TM_BLOCK_BYTES) {
        size_t looked = ended ? n : end;
        size_t stop = long_line(b->bytes.p, looked, r->max_line, &from);
        if (stop <= looked && !(torn && stop == n)) {
            tm_reader_too_long(r, b, r->at + from, stop - from);
            tm_block_keep(b, b->bytes.p + from, stop - from);
            b->damage.line = tm_kernel_now()->count_newlines(b->bytes.p, from);
            b->dropped_lines = stop < n;
            return tm_reader_cut(r, b, from, TM_MIN(stop + 1, n), err);
        }
    }
    if (!ended) return tm_reader_cut(r, b, end, end, err);
    tm_reader_tell(r, b, r->at + end, n - end);
    if (b->damage.code) tm_block_keep(b, b->bytes.p + end, n - end);
    if (b->damage.code) b->damage.line = tm_kernel_now()->count_newlines(b->bytes.p, end);
    return tm_reader_cut(r, b, end, n, err);
}

static bool add_line(tm_block *b, size_t at, size_t end, uint32_t line, bool ascii)
{
    const char *p = b->bytes.p;
    if (end > at && p[end - 1] == '\r') end--;
    if (end == at || (p[at] <= ' ' && is_blank(p + at, end - at))) return true;
    if (!TM_ROOM_HEAP(b->span, b->spans, b->span_room, 1)) return false;
    b->span[b->spans++] =
        (tm_span){.at = (uint32_t)at, .bytes = (uint32_t)(end - at), .line = line, .ascii = ascii};
    return true;
}

tm_status tm_jsonl_records(tm_block *b, tm_err *err)
{
    const tm_kernel *kernel = tm_kernel_now();
    const uint64_t offset = ((uint64_t)1 << 63) - 1;
    uint64_t ends[512];
    size_t n = b->bytes.n, at = 0, begin = 0;
    uint32_t line = 0;
    b->spans = 0;
    while (at < n) {
        size_t eaten = 0;
        size_t got = kernel->lines(b->bytes.p + at, n - at, ends, TM_COUNT(ends), &eaten);
        for (size_t i = 0; i < got; i++) {
            size_t end = at + (size_t)(ends[i] & offset);
            if (!add_line(b, begin, end - 1, line++, !(ends[i] >> 63)))
                return tm_fail_memory(err, "the lines of a block", n);
            begin = end;
        }
        at += eaten;
        if (!got) break;
    }
    if (begin < n && !add_line(b, begin, n, line, tm_is_ascii(b->bytes.p + begin, n - begin)))
        return tm_fail_memory(err, "the lines of a block", n);
    b->lines = line + b->dropped_lines;
    return TM_OK;
}

tm_status tm_block_records(tm_block *block, const tm_source *source, tm_err *err)
{
    if (source->table) return tm_arrow_records(block, source->table, err);
    if (source->container != TM_JSON) return tm_jsonl_records(block, err);
    for (uint32_t i = 0; i < block->spans; i++)
        block->span[i].ascii =
            tm_is_ascii(block->bytes.p + block->span[i].at, block->span[i].bytes);
    return TM_OK;
}
