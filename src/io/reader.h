/* What the readers of containers share: the stream, what is carried from block to block, and the
 * walk through JSON that is not cut at lines. Internal to io/. */
#ifndef TM_IO_READER_H
#define TM_IO_READER_H

#include "io/stream.h"
#include "text/json.h"

enum { TM_READ_CHUNK = 256 << 10 }; /* a record longer than a block grows by this much */

typedef struct tm_json_walk { /* container_json.c */
    tm_json_cutter cutter;
    uint8_t state;
    bool array;
    size_t scanned; /* of the bytes at hand: looked at */
    size_t begin;   /* where the value that is open began */
    size_t column;  /* of the first byte not counted yet, in characters, from 0 */
} tm_json_walk;

struct tm_reader {
    const tm_source *source;
    tm_stream *stream;                                    /* NULL: a table */
    uint64_t max_line, memory, memory_a_byte, line_limit; /* as of tm_read_limits */
    uint64_t to;  /* lines that begin there and behind are not ours; 0 = none */
    uint64_t at;  /* offset of the first byte carried (or of the next one read) */
    tm_buf carry; /* bytes behind the last block's end */
    bool damage_told;
    tm_json_walk walk;
    tm_sha256 *digest; /* of a table's records; or NULL */
    uint64_t digested; /* bytes of them */
};

/* Empties the block, begins it at r->at with what was carried. */
tm_status tm_reader_begin(tm_reader *r, tm_block *b, tm_err *err);
/* Reads until the block holds `bytes` bytes or the stream ends. */
tm_status tm_reader_fill(tm_reader *r, tm_block *b, size_t bytes, tm_err *err);
/* Ends the block at `end`; carries bytes from `next` on. */
tm_status tm_reader_cut(tm_reader *r, tm_block *b, size_t end, size_t next, tm_err *err);
/* Forgets the block's first n bytes. */
void tm_reader_forget(tm_reader *r, tm_block *b, size_t n);
/* Keeps bytes that the block's damage stands for, as far as there is room; whether that failed is
 * looked at when the block is done. */
void tm_block_keep(tm_block *b, const char *p, size_t n);
/* Notes a record of `bytes` bytes at `at` (in the decoded stream) as too long. */
void tm_reader_too_long(const tm_reader *r, tm_block *b, uint64_t at, uint64_t bytes);
/* The stream's own damage, once, if any; its place is at, and it stands for `bytes`. */
void tm_reader_tell(tm_reader *r, tm_block *b, uint64_t at, uint64_t bytes);

static inline bool tm_reader_ended(const tm_reader *r)
{
    return r->stream->ended;
}

/* range.c: a stretch of lines. */
tm_status tm_range_begin(tm_reader *r, uint64_t from, tm_err *err);
void tm_range_end(tm_reader *r, tm_block *b);

/* The containers. */
tm_status tm_jsonl_next(tm_reader *r, tm_block *b, tm_err *err);
tm_status tm_jsonl_records(tm_block *b, tm_err *err);
tm_status tm_json_next_block(tm_reader *r, tm_block *b, tm_err *err);
tm_status tm_arrow_next(tm_reader *r, tm_block *b, tm_err *err);
tm_status tm_arrow_records(tm_block *b, const tm_table *table, tm_err *err);

bool tm_is_ascii(const char *p, size_t n); /* container_jsonl.c */

#endif
