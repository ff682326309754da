/* A column chunk of a Parquet file, its pages decompressed and decoded, becomes an array of values,
 * one a row. */
#ifndef TM_IO_PARQUET_CHUNK_H
#define TM_IO_PARQUET_CHUNK_H

#include "io/parquet_codec.h"
#include "io/parquet_values.h"

typedef struct tm_pq_loaded { /* a column of a row group; nulls are 0 or empty */
    tm_pq_values values;
    uint64_t *valid; /* a bit a row; NULL = no nulls */
} tm_pq_loaded;

/* Decodes the pages in `bytes` into `rows` rows. Everything comes from `mem`, whose limit bounds
 * it; text points there. index: scratch with room for `rows`. */
tm_status tm_pq_chunk_read(tm_arena *mem, tm_pq_codec *codec, uint32_t *index,
                           const tm_pq_leaf *leaf, bool optional, int32_t codec_id, tm_str bytes,
                           uint32_t rows, tm_pq_loaded *out, tm_err *err);

#endif
