/* Compression of single Parquet pages: zstd and gzip, with the compressor state kept between pages.
 * A zeroed tm_pq_codec is ready; tm_pq_codec_release gives its state back. */
#ifndef TM_IO_PARQUET_CODEC_H
#define TM_IO_PARQUET_CODEC_H

#include "base/buf.h"

typedef struct tm_pq_codec {
    struct ZSTD_CCtx_s *squeeze;
    struct ZSTD_DCtx_s *expand;
} tm_pq_codec;

/* Appends `page` as one zstd frame. */
tm_status tm_pq_compress(tm_pq_codec *c, tm_str page, tm_buf *out, tm_err *err);
/* Fills exactly `bytes` at `out`; TM_EINPUT when the page holds more, less or something else. `id`
 * is a number of tm_pq_codec_id; those that this build cannot read are refused by name. */
tm_status tm_pq_expand(tm_pq_codec *c, int32_t id, tm_str page, char *out, size_t bytes,
                       tm_err *err);
/* TM_EUNSUPPORTED with the codec's name and what to do, unless this build reads it. */
tm_status tm_pq_codec_known(int32_t id, tm_err *err);
void tm_pq_codec_release(tm_pq_codec *c);

/* CRC-32 of the gzip polynomial, which pages may carry. */
uint32_t tm_pq_crc(tm_str page);

#endif
