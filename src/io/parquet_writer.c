/* The writer: rows in, row groups out, the footer at the end.
 *
 * Values are kept column by column until the row group is full (TM_PARQUET_ROWS rows, or
 * GROUP_BYTES of values, whichever comes first: both depend on the rows alone), then every column
 * is encoded and appended to the file. What the footer must say about a row group is serialised at
 * once, so memory does not grow with the file but for some hundred bytes a column and row group.
 * The file appears under its name only when tm_pq_commit has written all of it (tm_out). */
#include <inttypes.h>

#include "io/parquet_encode.h"
#include "io/thrift.h"
#include "text/kernel.h"
#include "text/utf8.h"

#define GROUP_BYTES (32 * TM_MIB)
#define TEXT_MOST (512 * TM_MIB) /* a page's size is a signed 32-bit number */
#ifndef TM_VERSION
#define TM_VERSION "0"
#endif
/* Readers parse "NAME version X.Y.Z"; parquet-mr (Spark) ignores statistics of other spellings. */
#define CREATED_BY "tamis version " TM_VERSION

typedef struct note {
    struct note *next;
    tm_str key, value;
} note;

struct tm_pq_writer {
    tm_arena mem;
    tm_out out;
    tm_pq_build *column;
    uint32_t columns, at; /* at: the column the next value goes to */
    uint32_t rows;        /* of the row group being filled */
    uint32_t groups;
    uint64_t buffered, total;
    tm_buf group_list; /* RowGroup structs, serialised */
    tm_buf repaired;   /* text that was not UTF-8 */
    note *first_note, **last_note;
    tm_pq_encoder encoder;
    tm_err failure; /* sticky */
};

static void put_statistics(tm_thrift_out *o, const tm_pq_chunk *chunk)
{
    tm_thrift_begin(o, 12);
    tm_thrift_put_i64(o, 3, chunk->nulls);
    if (chunk->has_range) {
        tm_thrift_put_text(o, 5, chunk->range.max);
        tm_thrift_put_text(o, 6, chunk->range.min);
    }
    tm_thrift_end(o);
}

static void put_encoding_stats(tm_thrift_out *o, const tm_pq_chunk *chunk)
{
    tm_thrift_list(o, 13, TM_THRIFT_STRUCT, chunk->first_data_page ? 2 : 1);
    if (chunk->first_data_page) {
        tm_thrift_begin_item(o);
        tm_thrift_put_i32(o, 1, TM_PQ_PAGE_DICTIONARY);
        tm_thrift_put_i32(o, 2, TM_PQE_PLAIN);
        tm_thrift_put_i32(o, 3, 1);
        tm_thrift_end(o);
    }
    tm_thrift_begin_item(o);
    tm_thrift_put_i32(o, 1, TM_PQ_PAGE_DATA);
    tm_thrift_put_i32(o, 2, (int32_t)chunk->encoding);
    tm_thrift_put_i32(o, 3, (int32_t)chunk->data_pages);
    tm_thrift_end(o);
}

/* The ColumnChunk struct of a chunk of `bytes` bytes that begins at `start` of the file. */
static void put_chunk(tm_thrift_out *o, const tm_pq_build *c, const tm_pq_chunk *chunk,
                      uint64_t start, uint64_t bytes)
{
    bool dictionary = chunk->first_data_page > 0;
    tm_thrift_begin_item(o);
    tm_thrift_put_i64(o, 2, (int64_t)start);
    tm_thrift_begin(o, 3);
    tm_thrift_put_i32(o, 1, (int32_t)tm_pq_physical_of(c->is.type));
    tm_thrift_list(o, 2, TM_THRIFT_I32, dictionary ? 3 : 2);
    tm_thrift_item_int(o, TM_PQE_RLE);
    if (dictionary) tm_thrift_item_int(o, TM_PQE_PLAIN);
    tm_thrift_item_int(o, chunk->encoding);
    tm_thrift_list(o, 3, TM_THRIFT_TEXT, 1);
    tm_thrift_item_text(o, tm_str_of(c->is.name));
    tm_thrift_put_i32(o, 4, (int32_t)chunk->codec);
    tm_thrift_put_i64(o, 5, chunk->values);
    tm_thrift_put_i64(o, 6, (int64_t)chunk->plain_bytes);
    tm_thrift_put_i64(o, 7, (int64_t)bytes);
    tm_thrift_put_i64(o, 9, (int64_t)(start + chunk->first_data_page));
    if (dictionary) tm_thrift_put_i64(o, 11, (int64_t)start);
    put_statistics(o, chunk);
    put_encoding_stats(o, chunk);
    tm_thrift_end(o);
    tm_thrift_end(o);
}

static tm_status flush_group(tm_pq_writer *w, tm_err *err)
{
    if (w->rows == 0) return TM_OK;
    tm_thrift_out o = {.buf = &w->group_list};
    uint64_t start = w->out.bytes, plain = 0;
    tm_thrift_begin_item(&o);
    tm_thrift_list(&o, 1, TM_THRIFT_STRUCT, w->columns);
    for (uint32_t i = 0; i < w->columns; i++) {
        tm_pq_chunk chunk;
        TM_TRY(tm_pq_encode(&w->encoder, &w->column[i], &chunk, err));
        uint64_t at = w->out.bytes;
        TM_TRY(tm_out_write(&w->out, w->encoder.pages.p, w->encoder.pages.n, err));
        put_chunk(&o, &w->column[i], &chunk, at, w->encoder.pages.n);
        plain += chunk.plain_bytes;
        tm_pq_build_clear(&w->column[i]);
    }
    tm_thrift_put_i64(&o, 2, (int64_t)plain);
    tm_thrift_put_i64(&o, 3, w->rows);
    tm_thrift_put_i64(&o, 5, (int64_t)start);
    tm_thrift_put_i64(&o, 6, (int64_t)(w->out.bytes - start));
    tm_thrift_end(&o);
    w->total += w->rows;
    w->groups++;
    w->rows = 0;
    w->buffered = 0;
    return tm_buf_ok(&w->group_list, err);
}

static void put_schema_column(tm_thrift_out *o, const tm_pq_column *is)
{
    bool text = is->type == TM_PQ_TEXT, whole = is->type == TM_PQ_I64 || is->type == TM_PQ_U64;
    tm_thrift_begin_item(o);
    tm_thrift_put_i32(o, 1, (int32_t)tm_pq_physical_of(is->type));
    tm_thrift_put_i32(o, 3, is->optional ? TM_PQR_OPTIONAL : TM_PQR_REQUIRED);
    tm_thrift_put_text(o, 4, tm_str_of(is->name));
    if (text) {
        tm_thrift_put_i32(o, 6, TM_PQ_CONVERTED_UTF8);
        tm_thrift_begin(o, 10);
        tm_thrift_begin(o, TM_PQ_LOGICAL_STRING);
        tm_thrift_end(o);
        tm_thrift_end(o);
    } else if (whole) {
        bool sign = is->type == TM_PQ_I64;
        tm_thrift_put_i32(o, 6, sign ? TM_PQ_CONVERTED_INT64 : TM_PQ_CONVERTED_UINT64);
        tm_thrift_begin(o, 10);
        tm_thrift_begin(o, TM_PQ_LOGICAL_INTEGER);
        tm_thrift_put_i8(o, 1, 64);
        tm_thrift_put_bool(o, 2, sign);
        tm_thrift_end(o);
        tm_thrift_end(o);
    }
    tm_thrift_end(o);
}

static void put_notes(tm_thrift_out *o, const note *first)
{
    uint32_t count = 0;
    for (const note *n = first; n; n = n->next) count++;
    if (count == 0) return;
    tm_thrift_list(o, 5, TM_THRIFT_STRUCT, count);
    for (const note *n = first; n; n = n->next) {
        tm_thrift_begin_item(o);
        tm_thrift_put_text(o, 1, n->key);
        tm_thrift_put_text(o, 2, n->value);
        tm_thrift_end(o);
    }
}

/* FileMetaData, its length and the closing magic. */
static tm_status write_footer(tm_pq_writer *w, tm_err *err)
{
    tm_buf *b = &w->encoder.body;
    tm_buf_clear(b);
    tm_thrift_out o = {.buf = b};
    tm_thrift_begin(&o, 0);
    tm_thrift_put_i32(&o, 1, 2);
    tm_thrift_list(&o, 2, TM_THRIFT_STRUCT, w->columns + 1);
    tm_thrift_begin_item(&o);
    tm_thrift_put_text(&o, 4, TM_STR("schema"));
    tm_thrift_put_i32(&o, 5, (int32_t)w->columns);
    tm_thrift_end(&o);
    for (uint32_t i = 0; i < w->columns; i++) put_schema_column(&o, &w->column[i].is);
    tm_thrift_put_i64(&o, 3, (int64_t)w->total);
    tm_thrift_list(&o, 4, TM_THRIFT_STRUCT, w->groups);
    tm_buf_str(b, tm_buf_view(&w->group_list));
    put_notes(&o, w->first_note);
    tm_thrift_put_text(&o, 6, TM_STR(CREATED_BY));
    tm_thrift_list(&o, 7, TM_THRIFT_STRUCT, w->columns);
    for (uint32_t i = 0; i < w->columns; i++) { /* TypeDefinedOrder: what the statistics follow */
        tm_thrift_begin_item(&o);
        tm_thrift_begin(&o, 1);
        tm_thrift_end(&o);
        tm_thrift_end(&o);
    }
    tm_thrift_end(&o);
    uint32_t bytes = (uint32_t)b->n;
    tm_buf_add(b, &bytes, 4);
    tm_buf_add(b, TM_PQ_MAGIC, 4);
    TM_TRY(tm_buf_ok(b, err));
    if (b->n > INT32_MAX) return tm_fail(err, TM_ELIMIT, "the footer is above 2 GiB");
    return tm_out_write(&w->out, b->p, b->n, err);
}

static void free_writer(tm_pq_writer *w)
{
    for (uint32_t i = 0; w->column && i < w->columns; i++) tm_pq_build_release(&w->column[i]);
    tm_pq_encoder_release(&w->encoder);
    tm_buf_release(&w->group_list);
    tm_buf_release(&w->repaired);
    tm_arena_release(&w->mem);
    tm_free(w);
}

static tm_pq_build *next_column(tm_pq_writer *w)
{
    TM_ASSERT(w->at < w->columns);
    return &w->column[w->at++];
}

static void keep_failure(tm_pq_writer *w, bool done)
{
    if (TM_UNLIKELY(!done) && w->failure.status == TM_OK) {
        tm_fail_memory(&w->failure, "rows of a Parquet file", w->buffered);
    }
}

static tm_status report(const tm_pq_writer *w, tm_err *err)
{
    if (err && w->failure.status != TM_OK) *err = w->failure;
    return w->failure.status;
}

/* A failed writer keeps nothing, so that an owner who goes on does not fill the memory. */
static tm_status refuse_row(tm_pq_writer *w, tm_err *err)
{
    for (uint32_t i = 0; i < w->columns; i++) tm_pq_build_clear(&w->column[i]);
    return report(w, err);
}

/* Bytes that are not UTF-8 would make the file unreadable elsewhere. */
static tm_str as_utf8(tm_pq_writer *w, tm_str s)
{
    uint64_t any = 0, word = 0;
    size_t i = 0;
    for (; s.n - i >= 8; i += 8) {
        memcpy(&word, s.p + i, 8);
        any |= word;
    }
    for (; i < s.n; i++) any |= (uint8_t)s.p[i];
    if (TM_LIKELY(!(any & UINT64_C(0x8080808080808080)))) return s;
    if (tm_kernel_now()->utf8_valid(s.p, s.n) == s.n) return s;
    tm_buf_clear(&w->repaired);
    tm_utf8_repair(s, &w->repaired);
    keep_failure(w, !w->repaired.failed);
    return w->repaired.failed ? TM_STR("") : tm_buf_view(&w->repaired);
}

tm_status tm_pq_create(tm_pq_writer **out, const char *path, const tm_pq_column *columns,
                       uint32_t count, bool only_owner, tm_err *err)
{
    TM_ASSERT(count > 0);
    *out = NULL;
    tm_pq_writer *w = tm_alloc_zero(1, sizeof *w);
    if (!w) return tm_fail_memory(err, "a Parquet writer", sizeof *w);
    w->last_note = &w->first_note;
    w->columns = count;
    w->column = TM_NEW(&w->mem, tm_pq_build, count);
    tm_status status = w->column ? TM_OK : tm_fail_memory(err, "Parquet columns", count);
    for (uint32_t i = 0; status == TM_OK && i < count; i++) {
        status = tm_pq_build_init(&w->column[i], &w->mem, &columns[i], err);
    }
    if (status == TM_OK) status = tm_out_begin(&w->out, path, only_owner, err);
    if (status == TM_OK) status = tm_out_digest(&w->out, err);
    if (status == TM_OK) status = tm_out_write(&w->out, TM_PQ_MAGIC, 4, err);
    if (status != TM_OK) {
        tm_pq_abandon(w);
        return status;
    }
    *out = w;
    return TM_OK;
}

void tm_pq_u64(tm_pq_writer *w, uint64_t value)
{
    tm_pq_build *c = next_column(w);
    if (c->is.type == TM_PQ_I32) value = (uint64_t)(int64_t)(int32_t)(uint32_t)value;
    if (c->is.type == TM_PQ_BOOL) value = value != 0;
    TM_ASSERT(!tm_pq_is_text(c->is.type) && c->is.type != TM_PQ_F64);
    w->buffered += 8;
    keep_failure(w, tm_pq_build_number(c, value));
}

void tm_pq_f64(tm_pq_writer *w, double value)
{
    tm_pq_build *c = next_column(w);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    TM_ASSERT(c->is.type == TM_PQ_F64);
    w->buffered += 8;
    keep_failure(w, tm_pq_build_number(c, bits));
}

void tm_pq_text(tm_pq_writer *w, tm_str value)
{
    tm_pq_build *c = next_column(w);
    TM_ASSERT(tm_pq_is_text(c->is.type));
    if (value.n > TEXT_MOST) {
        if (w->failure.status == TM_OK) {
            tm_fail(&w->failure, TM_ELIMIT,
                    "a value of column %s has %zu bytes; %" PRIu64
                    " are the most a Parquet file takes",
                    c->is.name, value.n, TEXT_MOST);
        }
        value.n = 0;
    }
    if (c->is.type == TM_PQ_TEXT) value = as_utf8(w, value);
    w->buffered += value.n + 4;
    keep_failure(w, tm_pq_build_text(c, value));
}

void tm_pq_null(tm_pq_writer *w)
{
    tm_pq_build *c = next_column(w);
    TM_ASSERT(c->is.optional);
    tm_pq_build_null(c);
}

tm_status tm_pq_row(tm_pq_writer *w, tm_err *err)
{
    TM_ASSERT(w->at == w->columns);
    w->at = 0;
    if (TM_UNLIKELY(w->failure.status != TM_OK)) return refuse_row(w, err);
    w->rows++;
    if (w->rows < TM_PARQUET_ROWS && w->buffered < GROUP_BYTES) return TM_OK;
    if (flush_group(w, &w->failure) == TM_OK) return TM_OK;
    return refuse_row(w, err);
}

void tm_pq_note(tm_pq_writer *w, const char *key, tm_str value)
{
    note *n = TM_NEW(&w->mem, note, 1);
    if (n) {
        *n = (note){NULL, tm_arena_str(&w->mem, tm_str_of(key)), tm_arena_str(&w->mem, value)};
        *w->last_note = n;
        w->last_note = &n->next;
    }
    keep_failure(w, n && n->key.p && n->value.p);
}

tm_status tm_pq_commit(tm_pq_writer *w, tm_file_sum *sum, tm_err *err)
{
    TM_ASSERT(w->at == 0);
    tm_status status = report(w, err);
    if (status == TM_OK) status = flush_group(w, err);
    if (status == TM_OK) status = write_footer(w, err);
    if (sum) *sum = tm_out_sum(&w->out);
    if (status == TM_OK) status = tm_out_commit(&w->out, err);
    tm_pq_abandon(w);
    return status;
}

void tm_pq_abandon(tm_pq_writer *w)
{
    if (!w) return;
    tm_out_abandon(&w->out);
    free_writer(w);
}
