/* A filled column becomes the pages of a column chunk. One encoder serves all columns of a file. */
#ifndef TM_IO_PARQUET_ENCODE_H
#define TM_IO_PARQUET_ENCODE_H

#include "io/parquet_codec.h"
#include "io/parquet_dict.h"

typedef struct tm_pq_encoder { /* zeroed is ready */
    tm_pq_codec codec;
    tm_pq_dict dict;
    uint64_t *lengths; /* of text, as numbers */
    tm_buf pages;      /* the chunk being made: headers and bodies */
    tm_buf body;       /* one page before compression */
    tm_buf indices;    /* dictionary indices, encoded */
    tm_buf squeezed;   /* one page after compression */
} tm_pq_encoder;

typedef struct tm_pq_chunk { /* what the footer says about it */
    tm_pq_encoding encoding;
    tm_pq_codec_id codec;
    uint32_t values, nulls, data_pages;
    uint64_t first_data_page; /* offset in the chunk; 0 = there is no dictionary page before it */
    uint64_t plain_bytes;     /* with headers, before compression */
    bool has_range;
    tm_pq_range range; /* text is sliced from the column */
} tm_pq_chunk;

/* Leaves the chunk's bytes in e->pages. */
tm_status tm_pq_encode(tm_pq_encoder *e, const tm_pq_build *column, tm_pq_chunk *out, tm_err *err);
void tm_pq_encoder_release(tm_pq_encoder *e);

#endif
