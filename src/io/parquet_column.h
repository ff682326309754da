/* One column of the row group that is being filled: its values as they were given, without nulls.
 *
 * tm_pq_build_* append; the encoder (parquet_encode.h) reads the fields; tm_pq_build_clear begins
 * the next row group and keeps the memory. */
#ifndef TM_IO_PARQUET_COLUMN_H
#define TM_IO_PARQUET_COLUMN_H

#include "base/vec.h"
#include "io/parquet.h"
#include "io/parquet_format.h"

typedef struct tm_pq_build {
    tm_pq_column is;
    uint32_t rows, present; /* present: rows that are not null */
    uint64_t *value;        /* numbers; doubles by their bits, I32 with the sign spread */
    uint32_t value_room;
    uint32_t *length; /* text */
    uint32_t length_room;
    tm_buf bytes;    /* text, one after another */
    uint64_t *valid; /* a bit a row, optional columns only */
} tm_pq_build;

static inline bool tm_pq_is_text(tm_pq_type type)
{
    return type == TM_PQ_TEXT || type == TM_PQ_BYTES;
}
tm_pq_physical tm_pq_physical_of(tm_pq_type type);
/* Bytes of a number as it is stored plainly (0: single bits). */
unsigned tm_pq_number_bytes(tm_pq_type type);

tm_status tm_pq_build_init(tm_pq_build *c, tm_arena *mem, const tm_pq_column *is, tm_err *err);
void tm_pq_build_release(tm_pq_build *c);
void tm_pq_build_clear(tm_pq_build *c);

static inline void tm_pq_build_null(tm_pq_build *c)
{
    c->rows++; /* the bit is zero already */
}
/* False: out of memory. */
static inline bool tm_pq_build_number(tm_pq_build *c, uint64_t value)
{
    if (!TM_ROOM_HEAP(c->value, c->present, c->value_room, 1)) return false;
    c->value[c->present++] = value;
    if (c->valid) c->valid[c->rows / 64] |= UINT64_C(1) << c->rows % 64;
    c->rows++;
    return true;
}
static inline bool tm_pq_build_text(tm_pq_build *c, tm_str value)
{
    if (!TM_ROOM_HEAP(c->length, c->present, c->length_room, 1)) return false;
    tm_buf_str(&c->bytes, value);
    if (c->bytes.failed) return false;
    c->length[c->present++] = (uint32_t)value.n;
    if (c->valid) c->valid[c->rows / 64] |= UINT64_C(1) << c->rows % 64;
    c->rows++;
    return true;
}

/* The least and the greatest value as Parquet's statistics want them: plain bytes, ordered by the
 * column's logical type. NaN takes no part; -0 and +0 widen to both. `least` and `most` hold
 * numbers; text is sliced from the column. False: there are none (no value, or text above
 * TM_PQ_RANGE_BYTES). */
#define TM_PQ_RANGE_BYTES 64
typedef struct tm_pq_range {
    tm_str min, max;
    uint64_t least, most;
} tm_pq_range;
bool tm_pq_build_range(const tm_pq_build *c, tm_pq_range *out);
/* The same of a list of texts (a dictionary has them all, and far fewer). count > 0. */
bool tm_pq_range_of_texts(const tm_str *text, uint32_t count, tm_pq_range *out);

#endif
