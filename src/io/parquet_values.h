/* The values of one Parquet page, in any encoding that a flat column may have. */
#ifndef TM_IO_PARQUET_VALUES_H
#define TM_IO_PARQUET_VALUES_H

#include "base/arena.h"
#include "io/parquet_meta.h"

typedef struct tm_pq_values { /* dense: nulls are not among them */
    uint64_t *number;         /* doubles by their bits */
    tm_str *text;             /* slices of the page, of the dictionary or of the arena */
} tm_pq_values;

typedef struct tm_pq_decoding {
    tm_arena *mem;
    const tm_pq_leaf *leaf;
    tm_pq_values dictionary;
    uint32_t entries; /* of the dictionary */
    bool has_dictionary;
    uint32_t *index; /* scratch, room for the rows of the group */
} tm_pq_decoding;

static inline bool tm_pq_leaf_is_text(const tm_pq_leaf *leaf)
{
    return leaf->physical == TM_PQP_BYTE_ARRAY || leaf->physical == TM_PQP_FIXED;
}

/* Room for `count` values; TM_ELIMIT when the arena's limit is too small for them. */
tm_status tm_pq_values_room(const tm_pq_decoding *d, uint32_t count, tm_pq_values *out,
                            tm_err *err);
/* Decodes exactly `count` values of `bytes` to out[at ...]. */
tm_status tm_pq_values_read(tm_pq_decoding *d, int64_t encoding, tm_str bytes, tm_pq_values out,
                            uint32_t at, uint32_t count, tm_err *err);
/* What "does not fit" means everywhere in the reader. */
tm_status tm_pq_too_big(const tm_arena *mem, uint64_t bytes, tm_err *err);

#endif
