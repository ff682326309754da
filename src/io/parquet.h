/* Flat Parquet of our own: what ledgers and findings are kept in, open to DuckDB, polars, pyarrow.
 *
 * Writer: columns of INT64 (signed or unsigned), DOUBLE and BYTE_ARRAY (UTF8 or binary), each
 * optional or required; dictionary pages with RLE_DICTIONARY where they pay, else PLAIN; data page
 * v1; zstd; min/max/null statistics; row groups of TM_PARQUET_ROWS rows. Format: Apache Parquet
 * (parquet.thrift 2.10, Encodings.md). The same rows give the same bytes.
 *
 * Reader: flat schemas, PLAIN, RLE, PLAIN_DICTIONARY and RLE_DICTIONARY, v1 and v2 pages,
 * uncompressed, zstd and gzip: enough to read back our own and most others'. Hostile bytes give an
 * error, never a crash (fuzzed). */
#ifndef TM_IO_PARQUET_H
#define TM_IO_PARQUET_H

#include "base/fs.h"

#define TM_PARQUET_ROWS 131072

typedef enum tm_pq_type { TM_PQ_I64, TM_PQ_U64, TM_PQ_F64, TM_PQ_TEXT, TM_PQ_BYTES, TM_PQ_I32, TM_PQ_BOOL } tm_pq_type;
typedef struct tm_pq_column {
    const char *name;
    tm_pq_type type;
    bool optional;
} tm_pq_column;

typedef struct tm_pq_writer tm_pq_writer;
tm_status tm_pq_create(tm_pq_writer **out, const char *path, const tm_pq_column *columns,
                       uint32_t count, bool only_owner, tm_err *err);
/* One row: one call a column in order, then tm_pq_row. Failure is sticky and comes out of tm_pq_row
 * and tm_pq_commit. */
void tm_pq_u64(tm_pq_writer *w, uint64_t value); /* I64, U64, I32, BOOL by the column's type */
void tm_pq_f64(tm_pq_writer *w, double value);
void tm_pq_text(tm_pq_writer *w, tm_str value);
void tm_pq_null(tm_pq_writer *w);
tm_status tm_pq_row(tm_pq_writer *w, tm_err *err);
void tm_pq_note(tm_pq_writer *w, const char *key, tm_str value); /* file metadata; before commit */
tm_status tm_pq_commit(tm_pq_writer *w, uint64_t *bytes, tm_err *err); /* closes and frees */
void tm_pq_abandon(tm_pq_writer *w);

typedef struct tm_pq_reader tm_pq_reader;
tm_status tm_pq_open(tm_pq_reader **out, const char *path, tm_err *err);
uint32_t tm_pq_columns(const tm_pq_reader *r, const tm_pq_column **columns);
uint64_t tm_pq_rows(const tm_pq_reader *r);
uint32_t tm_pq_column_named(const tm_pq_reader *r, const char *name); /* or TM_NONE */
tm_str tm_pq_note_of(const tm_pq_reader *r, const char *key);         /* empty if absent */
/* Loads the next row group; false in *more at the end. */
tm_status tm_pq_next(tm_pq_reader *r, bool *more, uint32_t *rows, tm_err *err);
/* Values of the loaded row group; slices live until the next tm_pq_next. */
bool tm_pq_is_null(const tm_pq_reader *r, uint32_t column, uint32_t row);
uint64_t tm_pq_get_u64(const tm_pq_reader *r, uint32_t column, uint32_t row);
double tm_pq_get_f64(const tm_pq_reader *r, uint32_t column, uint32_t row);
tm_str tm_pq_get_text(const tm_pq_reader *r, uint32_t column, uint32_t row);
void tm_pq_close(tm_pq_reader *r);

#endif
