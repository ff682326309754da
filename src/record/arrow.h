/* The Arrow C data interface: batches of columns handed to other programs without copying them
 * (pyarrow, polars, DuckDB, Spark's Python workers).
 *
 * A builder takes rows as io/parquet.h's writer does: one call a column in order, then
 * tm_arrow_row. tm_arrow_take moves the rows so far into an ArrowArray (a struct array with a child
 * a column) and the builder begins anew; tm_arrow_schema describes them. What was exported owns
 * itself: whoever received it calls its `release` once, after the builder has gone if need be and
 * on any thread. tm_arrow_stream makes an ArrowArrayStream that fills a builder for every batch.
 *
 * The three structs are the ABI of arrow.apache.org/docs/format/CDataInterface.html and
 * CStreamInterface.html, which asks for them to be copied, under these names and guards. */
#ifndef TM_RECORD_ARROW_H
#define TM_RECORD_ARROW_H

#include "base/err.h"

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

typedef enum tm_arrow_type {
    TM_ARROW_U64,
    TM_ARROW_I64,
    TM_ARROW_F64,
    TM_ARROW_BOOL,
    TM_ARROW_TEXT,       /* utf8: at most 2 GiB in a batch */
    TM_ARROW_LARGE_TEXT, /* large_utf8 */
    TM_ARROW_BYTES,      /* binary: at most 2 GiB in a batch */
    TM_ARROW_LARGE_BYTES /* large_binary */
} tm_arrow_type;

typedef struct tm_arrow_column {
    const char *name;
    tm_arrow_type type;
    bool optional; /* may hold nulls */
} tm_arrow_column;

typedef struct tm_arrow_builder tm_arrow_builder;
tm_status tm_arrow_open(tm_arrow_builder **out, const tm_arrow_column *columns, uint32_t count,
                        tm_err *err);
void tm_arrow_u64(tm_arrow_builder *b, uint64_t value); /* U64, I64, BOOL by the column's type */
void tm_arrow_f64(tm_arrow_builder *b, double value);
/* In TEXT and LARGE_TEXT what is not UTF-8 becomes U+FFFD: receivers trust it. */
void tm_arrow_text(tm_arrow_builder *b, tm_str value);
void tm_arrow_null(tm_arrow_builder *b);
/* Ends a row. Failure is sticky and drops what was not taken. */
tm_status tm_arrow_row(tm_arrow_builder *b, tm_err *err);
uint64_t tm_arrow_rows(const tm_arrow_builder *b);  /* not taken yet */
uint64_t tm_arrow_bytes(const tm_arrow_builder *b); /* of their values: when to take a batch */
tm_status tm_arrow_schema(const tm_arrow_builder *b, struct ArrowSchema *out, tm_err *err);
/* All rows so far, also none. On failure *out is left released. */
tm_status tm_arrow_take(tm_arrow_builder *b, struct ArrowArray *out, tm_err *err);
void tm_arrow_close(tm_arrow_builder *b);

/* Adds the rows of the next batch; *more = false: there is none behind it. */
typedef tm_status (*tm_arrow_fill)(void *arg, tm_arrow_builder *b, bool *more, tm_err *err);
/* `done` (may be NULL) is called with `arg` when the stream is released, and not at all when
 * tm_arrow_stream fails. */
tm_status tm_arrow_stream(struct ArrowArrayStream *out, const tm_arrow_column *columns,
                          uint32_t count, tm_arrow_fill fill, void (*done)(void *arg), void *arg,
                          tm_err *err);
/* Takes a stream apart that nobody has seen yet, without calling `done`. */
void tm_arrow_stream_forget(struct ArrowArrayStream *s);

#endif
