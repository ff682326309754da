/* Tables of other programs, taken over through the Arrow C stream interface: what the columns are,
 * and the arrays as they lie in the other program's memory. Nothing is copied; they are given back
 * with tm_table_free. Read-only once taken, so any number of threads may look at it.
 *
 * The memory is trusted as far as the interface says nothing of its size. What can be checked is
 * checked: the shape here, lengths and indices by whoever reads the values (io/table_json.c). */
#ifndef TM_RECORD_TABLE_H
#define TM_RECORD_TABLE_H

#include "base/arena.h"
#include "record/arrow.h"

typedef enum tm_table_kind {
    TM_TABLE_NULL,
    TM_TABLE_BOOL,
    TM_TABLE_INT,
    TM_TABLE_FLOAT,
    TM_TABLE_DECIMAL,
    TM_TABLE_TEXT,
    TM_TABLE_BYTES,
    TM_TABLE_DATE,
    TM_TABLE_TIME,
    TM_TABLE_TIMESTAMP,
    TM_TABLE_DURATION,
    TM_TABLE_LIST,
    TM_TABLE_STRUCT,
    TM_TABLE_MAP,       /* a list of entries: one child, a struct of key and value */
    TM_TABLE_DICTIONARY /* indices as TM_TABLE_INT; one child, the values */
} tm_table_kind;

typedef enum tm_table_form {                   /* how texts, bytes and lists lie there */
                             TM_TABLE_OFFSETS, /* width 4 or 8 */
                             /* texts: 16 bytes each; lists: offset and size, width 4 or 8 */
                             TM_TABLE_VIEWS,
                             TM_TABLE_FIXED /* of `size` each */
} tm_table_form;

typedef struct tm_table_column {
    tm_str name;
    tm_str key; /* as it stands in a JSON object, with its colon */
    uint8_t kind, form;
    uint8_t width;  /* bytes of a number, an index or an offset */
    bool is_signed; /* integers; times are */
    bool zoned;     /* timestamps: instants, counted from 1970-01-01T00:00:00Z */
    uint8_t digits; /* times: decimals of a second, 0, 3, 6 or 9 */
    int32_t scale;  /* decimals: digits behind the point */
    int64_t size;   /* TM_TABLE_FIXED: bytes or elements of one */
    uint32_t children;
    struct tm_table_column *child;
} tm_table_column;

typedef struct tm_table {
    tm_arena mem;
    tm_str name;
    tm_table_column row;      /* a struct: its children are the columns */
    struct ArrowArray *chunk; /* none is empty */
    uint64_t *first;          /* rows before each chunk; behind the last: all */
    uint32_t chunks, room;
    uint64_t rows;
} tm_table;

/* Reads the stream to its end. Takes it over, also when it fails. TM_EUNSUPPORTED: a column's type
 * has no JSON form. */
tm_status tm_table_take(tm_table **out, tm_str name, struct ArrowArrayStream *stream, tm_err *err);
void tm_table_free(tm_table *table); /* NULL is fine */
/* The chunk that row stands in (rows of them all are counted from 0). */
uint32_t tm_table_chunk_of(const tm_table *table, uint64_t row);

/* table_type.c: the column that a schema describes, in mem. */
tm_status tm_table_type(tm_arena *mem, const struct ArrowSchema *schema, tm_table_column *out,
                        tm_err *err);
/* Whether an array has the buffers and children that the column says. */
bool tm_table_fits(const tm_table_column *column, const struct ArrowArray *array);

#endif
