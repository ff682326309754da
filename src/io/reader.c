/* Blocks: room for them, what is carried from one to the next, and who cuts them.
 *
 * The stream is read straight into the block. The bytes behind the last record's end are kept in
 * the reader and begin the next block: a copy of half a record on average. A block is
 * TM_BLOCK_BYTES long at most, unless one record is longer; room that a long record took is given
 * back with the next block, so memory stays near one block per holder plus the longest record.
 *
 * How the end of a block follows from the bytes alone: a block begins where the last one ended; it
 * ends behind the last record that ends within TM_BLOCK_BYTES; if there is none it is the next
 * record alone. Read sizes play no part in that. */
#include "io/reader.h"

#include <stdio.h>

static bool make_room(tm_buf *b, size_t room)
{
    if (b->room >= room) return true;
    char *p = tm_realloc(b->p, room);
    if (!p) return false;
    b->p = p;
    b->room = room;
    return true;
}

tm_status tm_reader_begin(tm_reader *r, tm_block *b, tm_err *err)
{
    size_t room = TM_BLOCK_BYTES + TM_BLOCK_SLACK;
    if (b->bytes.room > 4 * room) tm_buf_release(&b->bytes);
    tm_buf_clear(&b->bytes);
    if (!make_room(&b->bytes, TM_MAX(room, r->carry.n + TM_BLOCK_SLACK)))
        return tm_fail_memory(err, "a block", room);
    if (r->carry.n) memcpy(b->bytes.p, r->carry.p, r->carry.n);
    b->bytes.n = r->carry.n;
    r->carry.n = 0;
    b->at = r->at;
    b->spans = 0;
    b->lines = 0;
    b->dropped_lines = 0;
    b->damage = (tm_damage){0};
    tm_buf_clear(&b->torn);
    b->last = false;
    return TM_OK;
}

tm_status tm_reader_fill(tm_reader *r, tm_block *b, size_t bytes, tm_err *err)
{
    size_t got = 0, need = bytes + TM_BLOCK_SLACK;
    if (b->bytes.n >= bytes || tm_reader_ended(r)) return TM_OK;
    if (b->bytes.room < need && !make_room(&b->bytes, need + need / 4))
        return tm_fail_memory(err, "a long record", need);
    TM_TRY(tm_stream_read(r->stream, b->bytes.p + b->bytes.n, bytes - b->bytes.n, &got, err));
    b->bytes.n += got;
    return TM_OK;
}

tm_status tm_reader_cut(tm_reader *r, tm_block *b, size_t end, size_t next, tm_err *err)
{
    size_t left = b->bytes.n - next;
    tm_buf_clear(&r->carry);
    if (!make_room(&r->carry, TM_MAX(left, (size_t)TM_READ_CHUNK)))
        return tm_fail_memory(err, "a block", left);
    if (left) memcpy(r->carry.p, b->bytes.p + next, left);
    r->carry.n = left;
    b->bytes.n = end;
    memset(b->bytes.p + end, 0, TM_BLOCK_SLACK);
    r->at += next;
    b->last = tm_reader_ended(r) && !left && (!r->stream->damage.code || r->damage_told);
    return TM_OK;
}

void tm_reader_forget(tm_reader *r, tm_block *b, size_t n)
{
    memmove(b->bytes.p, b->bytes.p + n, b->bytes.n - n);
    b->bytes.n -= n;
    b->at += n;
    r->at += n;
}

void tm_block_keep(tm_block *b, const char *p, size_t n)
{
    size_t room = TM_TORN_BYTES - TM_MIN(b->torn.n, (size_t)TM_TORN_BYTES);
    tm_buf_add(&b->torn, p, TM_MIN(n, room));
}

static unsigned long long mib(uint64_t bytes) /* rounded up */
{
    return (bytes + TM_MIB - 1) / TM_MIB;
}

/* What would do is named for both limits: who follows the one would else meet the other. A raised
 * max_line is made room for as a whole. */
void tm_reader_too_long(const tm_reader *r, tm_block *b, uint64_t at, uint64_t bytes)
{
    unsigned long long long_as = bytes, most = r->max_line, line = mib(bytes);
    bool raise = r->line_limit && bytes > r->line_limit;
    uint64_t length = raise ? line * TM_MIB : bytes;
    uint64_t needed = r->memory + (length - r->max_line) * r->memory_a_byte;
    char both[48] = "";
    if (raise) snprintf(both, sizeof both, "--max-line %lluMiB and ", line);
    if (r->memory)
        tm_damage_set(&b->damage, TM_DAMAGE_ROOM,
                      "a record of %llu bytes is longer than the %llu that --memory %lluMiB has "
                      "room for; it needs %s--memory %lluMiB at least",
                      long_as, most, (unsigned long long)(r->memory / TM_MIB), both, mib(needed));
    else
        tm_damage_set(&b->damage, TM_DAMAGE_LONG,
                      "a record of %llu bytes is longer than the limit of %llu; raise --max-line "
                      "to %lluMiB",
                      long_as, most, line);
    b->damage.at = at;
    b->damage.bytes = bytes;
}

void tm_reader_tell(tm_reader *r, tm_block *b, uint64_t at, uint64_t bytes)
{
    if (!r->stream->damage.code || r->damage_told) return;
    b->damage = r->stream->damage;
    b->damage.at = at;
    b->damage.bytes = bytes;
    r->damage_told = true;
}

static tm_status open_stream(tm_reader *r, tm_read_limits own, tm_str before, tm_err *err)
{
    const tm_source *source = r->source;
    if (source->encoding == TM_UTF8_BOM && source->container != TM_FOLDER) r->at = 3;
    if (own.from <= r->at) own.from = 0; /* the first line begins behind the mark */
    if (source->taken.n) before = source->taken;
    if (source->open_as.n) before = (tm_str){0};
    TM_TRY(tm_stream_open(&r->stream, source, &own, before, err));
    r->to = own.to;
    return own.from ? tm_range_begin(r, own.from, err) : TM_OK;
}

static tm_status open_table(tm_reader *r, const tm_read_limits *own, tm_err *err)
{
    r->digest = own->digest ? tm_sha256_new() : NULL;
    return r->digest || !own->digest ? TM_OK : tm_fail_memory(err, "a digest", 0);
}

tm_status tm_reader_open(tm_reader **out, const tm_source *source, const tm_read_limits *limits,
                         tm_str pushed_back, tm_err *err)
{
    tm_read_limits own = limits ? *limits : (tm_read_limits){0};
    tm_reader *r = tm_alloc_zero(1, sizeof *r);
    if (!r) return tm_fail_memory(err, "a reader", sizeof *r);
    r->source = source;
    uint64_t most = 4 * TM_GIB - 64 * TM_MIB; /* spans are 32 bits wide */
    r->max_line = TM_MIN(own.max_line ? own.max_line : TM_MAX_LINE_DEFAULT, most);
    r->memory = own.memory;
    r->memory_a_byte = own.memory_a_byte;
    r->line_limit = own.line_limit;
    tm_status status =
        source->table ? open_table(r, &own, err) : open_stream(r, own, pushed_back, err);
    if (status != TM_OK)
        tm_reader_close(r);
    else
        *out = r;
    return tm_source_failed(source, status, err);
}

tm_status tm_reader_next(tm_reader *r, tm_block *block, tm_err *err)
{
    tm_status status;
    block->source = r->source->number;
    block->span_lines = r->source->container == TM_JSON;
    block->of_rows = r->source->table != NULL;
    if (block->of_rows) return tm_arrow_next(r, block, err);
    if (r->source->container == TM_JSON)
        status = tm_json_next_block(r, block, err);
    else
        status = tm_jsonl_next(r, block, err);
    if (status == TM_OK) status = tm_buf_ok(&block->torn, err);
    if (status == TM_OK && r->to) tm_range_end(r, block);
    if (status == TM_OK && block->last && r->stream->feed.digest && !r->stream->folder)
        status = tm_feed_drain(&r->stream->feed, err);
    if (status == TM_EIO) tm_err_at(err, r->source->path, 0, 0, r->at);
    return tm_source_failed(r->source, status, err);
}

void tm_reader_summary(const tm_reader *r, char sha256[65], uint64_t *file_bytes,
                       uint64_t *decoded_bytes)
{
    const tm_stream *s = r->stream;
    tm_sha256 *digest = s ? s->feed.digest : r->digest;
    if (sha256) sha256[0] = 0;
    if (sha256 && digest) tm_sha256_hex(digest, sha256);
    if (!s) {
        if (file_bytes) *file_bytes = r->digested;
        if (decoded_bytes) *decoded_bytes = r->digested;
        return;
    }
    if (file_bytes) *file_bytes = s->folder ? tm_folder_bytes_read(s->folder) : s->feed.bytes;
    if (decoded_bytes) *decoded_bytes = s->at;
}

uint64_t tm_reader_taken(const tm_reader *r)
{
    const tm_stream *s = r->stream;
    if (!s) return r->digested;
    return s->folder ? tm_folder_bytes_read(s->folder) : s->feed.bytes - (s->feed.n - s->feed.at);
}

uint64_t tm_reader_spoiled(const tm_reader *r)
{
    const tm_stream *s = r->stream;
    if (!s) return 0;
    return s->folder ? tm_folder_spoiled(s->folder) : s->wide.spoiled;
}

void tm_reader_close(tm_reader *r)
{
    if (!r) return;
    tm_stream_close(r->stream);
    tm_buf_release(&r->carry);
    tm_sha256_free(r->digest);
    tm_free(r);
}

void tm_block_release(tm_block *b)
{
    if (b->holder) {
        b->bytes = (tm_buf){0};
        b->span = NULL;
        b->holder = NULL;
    }
    tm_buf_release(&b->bytes);
    tm_buf_release(&b->torn);
    tm_free(b->span);
    b->span = NULL;
    b->spans = b->span_room = 0;
}
