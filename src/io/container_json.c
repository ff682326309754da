/* JSON that is not cut at lines: an array of records, one object, or values one after another,
 * pretty printed or not, of any size.
 *
 * A cutter follows strings and brackets and finds where each value begins and ends; it never looks
 * at a byte twice, and its state is carried from block to block, so a file costs one pass. Whether
 * a value is JSON is for the scanner to say: one bad element is one unreadable record, and reading
 * goes on with the next. What stands between the values is checked here: in an array one comma
 * between two elements and white space, and white space alone behind the closing bracket. When that
 * is broken nobody knows any more where a record begins: all from there to the end is one damage.
 *
 * Space between values is not kept, so neither a gap nor an element longer than max_line can make a
 * block grow: memory holds a block and one record. */
#include "base/vec.h"
#include "io/reader.h"
#include "text/kernel.h"

enum state {
    BEFORE, /* nothing seen yet */
    FIRST,  /* behind '[' */
    VALUE,  /* in a value */
    BEHIND, /* behind an element: a comma or the closing bracket */
    NEXT,   /* behind a comma */
    TOP,    /* behind a value, no array */
    CLOSED  /* behind the closing bracket */
};

enum event { MORE, ENDED_VALUE, BROKEN };

typedef struct cut { /* one block in the making */
    tm_reader *r;
    tm_block *b;
    size_t end;     /* behind the last record taken */
    size_t counted; /* newlines before it are in b->lines */
    bool single;    /* no record ended within TM_BLOCK_BYTES: the next one is the block */
    bool done;
} cut;

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* What the byte at the walk's place means between values; true while the walk may go on. */
static bool between(tm_json_walk *w, char c)
{
    bool starts = c != ',' && c != ']' && c != '}' && c != ':';
    switch (w->state) {
    case BEFORE:
        w->array = c == '[';
        if (w->array)
            w->state = FIRST, w->scanned++;
        else if (starts)
            w->state = VALUE;
        break;
    case FIRST:
    case BEHIND:
        if (c == ']')
            w->state = CLOSED, w->scanned++;
        else if (c == ',' && w->state == BEHIND)
            w->state = NEXT, w->scanned++;
        else if (starts && w->state == FIRST)
            w->state = VALUE;
        else
            return false;
        return true;
    case NEXT:
    case TOP:
        if (starts) w->state = VALUE;
        break;
    default: return false; /* CLOSED */
    }
    return w->state == VALUE || w->state == FIRST;
}

/* Goes on through p[scanned..n) to the end of the next value, the end, or the first byte that
 * cannot stand where it does. */
static enum event walk(tm_json_walk *w, const char *p, size_t n)
{
    while (w->scanned < n) {
        if (w->state == VALUE) {
            size_t begin = 0, eaten = 0;
            tm_json_cut got =
                tm_json_cutter_feed(&w->cutter, p + w->scanned, n - w->scanned, &begin, &eaten);
            w->scanned += eaten;
            if (got == TM_CUT_MORE) return MORE;
            if (got != TM_CUT_VALUE) return BROKEN;
            w->state = w->array ? BEHIND : TOP;
            return ENDED_VALUE;
        }
        if (is_space(p[w->scanned])) {
            w->scanned++;
            continue;
        }
        if (!between(w, p[w->scanned])) return BROKEN;
        if (w->state == VALUE) {
            w->begin = w->scanned;
            w->cutter = (tm_json_cutter){0};
        }
    }
    return MORE;
}

static void count_lines(cut *c, size_t to)
{
    if (to <= c->counted) return;
    const tm_kernel *kernel = tm_kernel_now();
    const char *p = c->b->bytes.p + c->counted;
    size_t n = to - c->counted, lines = kernel->count_newlines(p, n);
    const char *newline = lines ? memrchr(p, '\n', n) : NULL;
    size_t begun = newline ? (size_t)(newline - p) + 1 : 0;
    if (newline) c->r->walk.column = 0;
    c->r->walk.column += kernel->utf8_count(p + begun, n - begun);
    c->b->lines += lines;
    c->counted = to;
}

/* What is damaged begins where counting has come to. */
static void place_damage(cut *c)
{
    c->b->damage.line = c->b->lines;
    c->b->damage.column = c->r->walk.column;
}

/* Ends the block: its records end at c->end, what comes next begins at `next`. */
static tm_status finish(cut *c, size_t next, tm_err *err)
{
    tm_json_walk *w = &c->r->walk;
    count_lines(c, next);
    c->done = true;
    TM_TRY(tm_reader_cut(c->r, c->b, c->end, next, err));
    w->scanned -= TM_MIN(next, w->scanned);
    w->begin -= TM_MIN(next, w->begin);
    return TM_OK;
}

static tm_status add_span(cut *c, size_t begin, size_t end, tm_err *err)
{
    tm_block *b = c->b;
    if (!TM_ROOM_HEAP(b->span, b->spans, b->span_room, 1))
        return tm_fail_memory(err, "the records of a block", b->spans * sizeof *b->span);
    count_lines(c, begin);
    b->span[b->spans++] = (tm_span){.at = (uint32_t)begin,
                                    .bytes = (uint32_t)(end - begin),
                                    .line = (uint32_t)b->lines,
                                    .column = (uint32_t)TM_MIN(c->r->walk.column, UINT32_MAX)};
    c->end = end;
    return TM_OK;
}

static tm_status value_ended(cut *c, tm_err *err)
{
    tm_json_walk *w = &c->r->walk;
    if (w->scanned - w->begin > c->r->max_line) {
        count_lines(c, w->begin);
        tm_reader_too_long(c->r, c->b, c->b->at + w->begin, w->scanned - w->begin);
        tm_block_keep(c->b, c->b->bytes.p + w->begin, w->scanned - w->begin);
        place_damage(c);
        return finish(c, w->scanned, err);
    }
    TM_TRY(add_span(c, w->begin, w->scanned, err));
    return c->single ? finish(c, c->end, err) : TM_OK;
}

/* Lines that each hold an array are read as one when the first is broken. */
static void tell_broken(const tm_reader *r, tm_block *b, const char *sentence)
{
    tm_codec_id codec;
    bool lines = tm_container_named(r->source->path, &codec) == TM_JSONL;
    tm_damage_set(&b->damage, TM_DAMAGE_ARRAY, "%s%s", sentence,
                  lines ? "; if each line is a record, read the file with --container jsonl" : "");
}

/* From byte `at` of the block to the end of the stream nothing can be told apart. */
static tm_status broken(cut *c, size_t at, const char *sentence, tm_err *err)
{
    tm_reader *r = c->r;
    tm_block *b = c->b;
    size_t end = c->end;
    count_lines(c, at);
    uint64_t place = b->at + at, bytes = b->bytes.n - at, line = b->lines, column = r->walk.column;
    char rest[32 << 10];
    tm_block_keep(b, b->bytes.p + at, b->bytes.n - at);
    while (!tm_reader_ended(r)) {
        size_t got = 0;
        TM_TRY(tm_stream_read(r->stream, rest, sizeof rest, &got, err));
        tm_block_keep(b, rest, got);
        bytes += got;
    }
    r->damage_told = true; /* one damage is enough: it is behind this one */
    tell_broken(r, b, sentence);
    b->damage.at = place;
    b->damage.bytes = bytes;
    b->damage.line = line;
    b->damage.column = column;
    c->end = end;
    r->walk.state = CLOSED;
    return finish(c, b->bytes.n, err);
}

static const char *why_broken(const tm_json_walk *w, char c)
{
    switch (w->state) {
    case BEHIND: return "a comma or the closing bracket of the array is missing here";
    case CLOSED: return "there is something behind the closing bracket of the array";
    case NEXT: return "an element of the array is missing behind the comma";
    case TOP:
        if (c == ',') return "a comma stands between two values, but no array was opened";
        return "no value can begin here";
    default: return "no value can begin here";
    }
}

/* The stream has ended and all of it has been looked at. */
static tm_status at_end(cut *c, tm_err *err)
{
    tm_reader *r = c->r;
    tm_json_walk *w = &r->walk;
    size_t n = c->b->bytes.n;
    bool open = w->state == VALUE, torn = tm_damage_cuts(&r->stream->damage);
    if (torn || (r->stream->damage.code && w->array && w->state != CLOSED)) {
        size_t at = open ? w->begin : n;
        count_lines(c, at);
        tm_reader_tell(r, c->b, c->b->at + at, n - at);
        tm_block_keep(c->b, c->b->bytes.p + at, n - at);
        place_damage(c);
        w->state = CLOSED;
        return finish(c, n, err);
    }
    if (open && w->array)
        return broken(c, w->begin, "the file ends inside an element of the array", err);
    if (open) {
        size_t end = n;
        while (end > w->begin && is_space(c->b->bytes.p[end - 1])) end--;
        TM_TRY(add_span(c, w->begin, end, err));
        w->state = TOP;
    }
    if (w->array && w->state != CLOSED)
        return broken(c, n, "the closing bracket of the array is missing", err);
    count_lines(c, n);
    tm_reader_tell(r, c->b, c->b->at + n, 0);
    place_damage(c);
    return finish(c, n, err);
}

/* The block holds nothing but the first bytes of a value longer than the limit: reads on to its end
 * without keeping it. */
static tm_status drop_value(cut *c, tm_err *err)
{
    tm_reader *r = c->r;
    tm_block *b = c->b;
    tm_json_walk *w = &r->walk;
    uint64_t bytes = b->bytes.n, place = b->at, line = b->lines, column = w->column;
    enum event got = MORE;
    count_lines(c, b->bytes.n);
    tm_block_keep(b, b->bytes.p, b->bytes.n);
    tm_reader_forget(r, b, b->bytes.n);
    while (got == MORE && !tm_reader_ended(r)) {
        tm_reader_forget(r, b, b->bytes.n);
        TM_TRY(tm_reader_fill(r, b, TM_READ_CHUNK, err));
        w->scanned = w->begin = c->counted = 0;
        got = walk(w, b->bytes.p, b->bytes.n);
        bytes += w->scanned;
        tm_block_keep(b, b->bytes.p, w->scanned);
        count_lines(c, w->scanned);
    }
    c->end = 0;
    if (got == ENDED_VALUE || !w->array) {
        tm_reader_too_long(r, b, place, bytes);
        if (got != ENDED_VALUE) w->state = TOP;
    } else {
        tell_broken(r, b, "an element of the array is never closed");
        b->damage.at = place;
        b->damage.bytes = bytes;
        w->state = CLOSED;
    }
    b->damage.line = line;
    b->damage.column = column;
    return finish(c, w->scanned, err);
}

/* All bytes at hand are looked at and no value has ended since the last one taken. */
static tm_status more(cut *c, tm_err *err)
{
    tm_reader *r = c->r;
    tm_block *b = c->b;
    tm_json_walk *w = &r->walk;
    if (tm_reader_ended(r)) return at_end(c, err);
    if (b->spans && b->bytes.n >= TM_BLOCK_BYTES) return finish(c, c->end, err);
    if (b->bytes.n < TM_BLOCK_BYTES && !c->single) return tm_reader_fill(r, b, TM_BLOCK_BYTES, err);
    size_t gap = w->state == VALUE ? w->begin : b->bytes.n;
    c->single = true;
    count_lines(c, gap);
    tm_reader_forget(r, b, gap);
    c->counted -= gap;
    w->scanned -= gap;
    w->begin = 0;
    if (b->bytes.n > r->max_line) return drop_value(c, err);
    return tm_reader_fill(r, b, b->bytes.n + TM_READ_CHUNK, err);
}

tm_status tm_json_next_block(tm_reader *r, tm_block *b, tm_err *err)
{
    cut c = {.r = r, .b = b};
    TM_TRY(tm_reader_begin(r, b, err));
    while (!c.done) {
        tm_json_walk *w = &r->walk;
        switch (walk(w, b->bytes.p, b->bytes.n)) {
        case MORE: TM_TRY(more(&c, err)); break;
        case ENDED_VALUE: TM_TRY(value_ended(&c, err)); break;
        case BROKEN:
            TM_TRY(broken(&c, w->scanned, why_broken(w, b->bytes.p[w->scanned]), err));
            break;
        }
    }
    return TM_OK;
}
