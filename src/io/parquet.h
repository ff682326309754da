/* Flat Parquet of our own: what ledgers and findings are kept in, open to DuckDB, polars, pyarrow.
 *
 * Writer: columns of INT64 (signed or unsigned), DOUBLE, INT32, BOOLEAN and BYTE_ARRAY (UTF8 or
 * binary), each optional or required. Row groups of TM_PARQUET_ROWS rows (fewer when their values
 * pass 32 MiB); a column of a row group is stored as a dictionary, as differences or plainly,
 * whichever is smallest; data page v1 with checksums; zstd; min/max/null statistics. Format: Apache
 * Parquet (parquet.thrift 2.10, Encodings.md). The same rows give the same bytes. Order of calls:
 * tm_pq_create, (a call a column, tm_pq_row) for every row, tm_pq_note, tm_pq_commit.
 *
 * Reader: flat schemas, all encodings but BIT_PACKED levels, v1 and v2 pages, uncompressed, zstd
 * and gzip: enough to read back our own and most others'. Dates and times come as the numbers they
 * are stored as; DECIMAL, INT96 and nested columns are refused by name. Hostile bytes give an
 * error, never a crash (fuzzed). Order of calls: tm_pq_open, (tm_pq_limit, tm_pq_want), tm_pq_next
 * until it gives no more, tm_pq_close. */
#ifndef TM_IO_PARQUET_H
#define TM_IO_PARQUET_H

#include "base/fs.h"

#define TM_PARQUET_ROWS 131072

typedef enum tm_pq_type {
    TM_PQ_I64,
    TM_PQ_U64,
    TM_PQ_F64,
    TM_PQ_TEXT,
    TM_PQ_BYTES,
    TM_PQ_I32,
    TM_PQ_BOOL
} tm_pq_type;
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
/* TEXT columns: what is not UTF-8 becomes U+FFFD, or no other program could open the file. */
void tm_pq_text(tm_pq_writer *w, tm_str value);
void tm_pq_null(tm_pq_writer *w);
tm_status tm_pq_row(tm_pq_writer *w, tm_err *err);
void tm_pq_note(tm_pq_writer *w, const char *key, tm_str value); /* file metadata; before commit */
/* Closes and frees. sum: of the file, or NULL. */
tm_status tm_pq_commit(tm_pq_writer *w, tm_file_sum *sum, tm_err *err);
void tm_pq_abandon(tm_pq_writer *w);

typedef struct tm_pq_reader tm_pq_reader;
tm_status tm_pq_open(tm_pq_reader **out, const char *path, tm_err *err);
uint32_t tm_pq_columns(const tm_pq_reader *r, const tm_pq_column **columns);
uint64_t tm_pq_rows(const tm_pq_reader *r);
uint32_t tm_pq_column_named(const tm_pq_reader *r, const char *name); /* or TM_NONE */
tm_str tm_pq_note_of(const tm_pq_reader *r, const char *key);         /* empty if absent */
/* Memory that a loaded row group may take; 1 GiB unless said otherwise. */
void tm_pq_limit(tm_pq_reader *r, uint64_t bytes);
/* Only these columns are loaded from now on; all are unless said otherwise. */
void tm_pq_want(tm_pq_reader *r, const uint32_t *columns, uint32_t count);
/* Loads the next row group; false in *more at the end. */
tm_status tm_pq_next(tm_pq_reader *r, bool *more, uint32_t *rows, tm_err *err);
/* Values of the loaded row group; slices live until the next tm_pq_next. u64: I64, U64, I32 (with
 * the sign spread) and BOOL by the column's type. Null is 0 or empty. Text is as stored: it may be
 * anything but UTF-8 in files that are not ours. */
bool tm_pq_is_null(const tm_pq_reader *r, uint32_t column, uint32_t row);
uint64_t tm_pq_get_u64(const tm_pq_reader *r, uint32_t column, uint32_t row);
double tm_pq_get_f64(const tm_pq_reader *r, uint32_t column, uint32_t row);
tm_str tm_pq_get_text(const tm_pq_reader *r, uint32_t column, uint32_t row);
void tm_pq_close(tm_pq_reader *r);

#endif
