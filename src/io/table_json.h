/* Rows of a table of another program (record/table.h) as JSON, one object a row: columns in the
 * order of the schema, nulls as null, nothing left out. Which type takes which form is said in
 * docs/guide/library.md. Internal to io/. */
#ifndef TM_IO_TABLE_JSON_H
#define TM_IO_TABLE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "io/source.h"
#include "record/table.h"

typedef struct tm_row_writer {
    tm_buf *out;
    size_t most;                   /* a row that makes `out` longer ends anywhere */
    uint32_t lost;                 /* NaN and infinities so far: null in JSON */
    const tm_table_column *broken; /* an array whose offsets or indices lead outside */
} tm_row_writer;

/* Element `index` of an array, counted from the array's own offset. */
void tm_row_value(tm_row_writer *w, const tm_table_column *column, const struct ArrowArray *array,
                  int64_t index);
/* table_extent.c: what row `index` is as JSON, without it being written. */
tm_status tm_row_extent_of(const tm_table_column *row, const struct ArrowArray *array,
                           int64_t index, tm_buf *scratch, tm_row_extent *out, tm_err *err);
/* About how many bytes the elements [from, to) take: no more than eight times as many do. Adds up:
 * the size of two stretches is that of both together. */
uint64_t tm_rows_size(const tm_table_column *column, const struct ArrowArray *array, int64_t from,
                      int64_t to);

/* table_values.c: where a value lies. */
static inline bool tm_table_null(const struct ArrowArray *array, int64_t index)
{
    const uint8_t *valid = array->buffers[0];
    uint64_t at = (uint64_t)(index + array->offset);
    return valid && !(valid[at / 8] >> at % 8 & 1);
}
/* False: what is there leads outside. */
bool tm_table_bytes(const tm_table_column *column, const struct ArrowArray *array, int64_t index,
                    tm_str *out);
/* A text, or one that a dictionary holds; false as well when it is neither, or null. */
bool tm_table_text(const tm_table_column *column, const struct ArrowArray *array, int64_t index,
                   tm_str *out);
bool tm_table_range(const tm_table_column *column, const struct ArrowArray *array, int64_t index,
                    int64_t *from, int64_t *to);
bool tm_table_index(const tm_table_column *column, const struct ArrowArray *array, int64_t index,
                    int64_t *out);
int64_t tm_table_int(const tm_table_column *column, const struct ArrowArray *array, int64_t index);

/* table_scalar.c: numbers, dates and times, bytes in base64; not null. */
void tm_row_scalar(tm_row_writer *w, const tm_table_column *column, const struct ArrowArray *array,
                   int64_t index);
void tm_row_base64(tm_row_writer *w, tm_str bytes);

#endif
