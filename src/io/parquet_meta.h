/* What a Parquet file's footer says: its columns, and where their chunks lie. */
#ifndef TM_IO_PARQUET_META_H
#define TM_IO_PARQUET_META_H

#include "base/arena.h"
#include "io/parquet.h"
#include "io/parquet_format.h"

typedef struct tm_pq_leaf { /* how a column is stored */
    tm_pq_physical physical;
    uint32_t fixed_bytes; /* of TM_PQP_FIXED */
    bool no_sign;         /* INT32 and INT64 that are unsigned */
    const char *cannot;   /* why its values cannot be read, or NULL */
} tm_pq_leaf;

typedef struct tm_pq_place { /* a column chunk */
    uint64_t at, bytes;
    int32_t codec;
} tm_pq_place;

typedef struct tm_pq_group {
    uint64_t rows;
    tm_pq_place *place; /* one a column */
} tm_pq_group;

typedef struct tm_pq_meta {
    tm_pq_column *column; /* columns of them; names end in NUL */
    tm_pq_leaf *leaf;
    tm_str (*note)[2]; /* key, value */
    tm_pq_group *group;
    uint32_t columns, notes, groups;
    uint64_t rows;
} tm_pq_meta;

/* Reads FileMetaData. Everything comes from `mem` or is a slice of `footer`. data_end: where the
 * footer begins; no chunk may reach past it. */
tm_status tm_pq_meta_read(tm_arena *mem, tm_str footer, uint64_t data_end, tm_pq_meta *out,
                          tm_err *err);

#endif
