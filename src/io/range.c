/* A stretch of a JSONL file, so that several machines can read one file: the lines that begin in
 * [from, to). Stretches that lie side by side give every line once, whatever the bytes are cut at.
 *
 * Reading begins at the byte before `from`: the stretch's first line is the one behind the first
 * newline from there on, which is at `from` itself when that byte is a newline. It ends behind the
 * newline of the last line that begins before `to`, however long that line is. A stretch in the
 * middle of a long line holds none. Blocks are those of the container, cut short by the end. */
#include "io/reader.h"

bool tm_source_cuts(const tm_source *source)
{
    bool utf8 = source->encoding == TM_UTF8 || source->encoding == TM_UTF8_BOM;
    return source->container == TM_JSONL && source->codec == TM_PLAIN && utf8 && source->seekable;
}

tm_status tm_range_begin(tm_reader *r, uint64_t from, tm_err *err)
{
    tm_buf *carry = &r->carry;
    r->at = from - 1;
    if (!tm_buf_grow(carry, TM_READ_CHUNK)) return tm_fail_memory(err, "a block", TM_READ_CHUNK);
    while (!tm_reader_ended(r)) {
        size_t got = 0;
        TM_TRY(tm_stream_read(r->stream, carry->p, TM_READ_CHUNK, &got, err));
        const char *newline = got ? memchr(carry->p, '\n', got) : NULL;
        size_t next = newline ? (size_t)(newline - carry->p) + 1 : got;
        r->at += next;
        if (!newline) continue;
        carry->n = got - next;
        memmove(carry->p, carry->p + next, carry->n);
        break;
    }
    return TM_OK;
}

void tm_range_end(tm_reader *r, tm_block *b)
{
    if (r->at < r->to) return;
    b->last = true;
    size_t n = b->at < r->to ? b->bytes.n : 0;
    if (n && b->at + n > r->to) {
        size_t from = (size_t)(r->to - 1 - b->at);
        const char *newline = memchr(b->bytes.p + from, '\n', n - from);
        if (newline) n = (size_t)(newline - b->bytes.p) + 1;
    }
    b->bytes.n = n;
    memset(b->bytes.p + n, 0, TM_BLOCK_SLACK);
    if (!b->damage.code || b->damage.at < r->to) return;
    b->damage = (tm_damage){0};
    tm_buf_clear(&b->torn);
    b->dropped_lines = 0;
}
