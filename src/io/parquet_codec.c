/* Pages in and out of zstd and gzip, by libzstd and zlib, one call a page.
 *
 * Sizes are known on both sides: the page header states them, so a page that expands to anything
 * else is damaged, and a bomb cannot grow past what the caller was ready to hold. gzip pages may
 * hold several members (parquet-mr writes one, the format allows more). snappy, LZ4 and brotli are
 * not read yet; their names are in the sentence, and so is the way out. */
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "io/parquet_codec.h"
#include "io/parquet_format.h"

#define ZSTD_LEVEL 1 /* behind dictionaries and differences the higher ones gain nothing */

static const char *const codec_name[] = {
    "none", "snappy", "gzip", "LZO", "brotli", "LZ4", "zstd", "LZ4_RAW",
};

static tm_status damaged(tm_err *err, const char *codec)
{
    return tm_fail(err, TM_EINPUT, "a %s page does not expand to what its header states", codec);
}

static tm_status expand_zstd(tm_pq_codec *c, tm_str page, char *out, size_t bytes, tm_err *err)
{
    if (!c->expand) c->expand = ZSTD_createDCtx();
    if (!c->expand) return tm_fail_memory(err, "zstd", 0);
    size_t n = ZSTD_decompressDCtx(c->expand, out, bytes, page.p, page.n);
    if (ZSTD_isError(n) || n != bytes) return damaged(err, "zstd");
    return TM_OK;
}

static void *zlib_alloc(void *opaque, uInt count, uInt bytes)
{
    TM_UNUSED(opaque);
    return tm_alloc_zero(count, bytes);
}

static void zlib_free(void *opaque, void *p)
{
    TM_UNUSED(opaque);
    tm_free(p);
}

static tm_status expand_gzip(tm_str page, char *out, size_t bytes, tm_err *err)
{
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free};
    if (page.n > UINT32_MAX || bytes > UINT32_MAX) return damaged(err, "gzip");
    if (inflateInit2(&z, 15 + 32) != Z_OK) return tm_fail_memory(err, "gzip", 0);
    char none;
    z.next_in = (const Bytef *)page.p;
    z.avail_in = (uInt)page.n;
    z.next_out = (Bytef *)(bytes ? out : &none);
    z.avail_out = (uInt)bytes;
    int code = Z_STREAM_END;
    do {
        if (code == Z_STREAM_END && z.total_in && inflateReset(&z) != Z_OK) break;
        code = inflate(&z, Z_FINISH);
    } while (code == Z_STREAM_END && z.avail_in);
    bool whole = code == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return whole ? TM_OK : damaged(err, "gzip");
}

tm_status tm_pq_compress(tm_pq_codec *c, tm_str page, tm_buf *out, tm_err *err)
{
    if (!c->squeeze) c->squeeze = ZSTD_createCCtx();
    size_t bound = ZSTD_compressBound(page.n);
    if (!c->squeeze || !tm_buf_grow(out, bound)) return tm_fail_memory(err, "a page", bound);
    size_t n = ZSTD_compressCCtx(c->squeeze, out->p + out->n, bound, page.p, page.n, ZSTD_LEVEL);
    if (ZSTD_isError(n)) return tm_fail_memory(err, "zstd", page.n);
    out->n += n;
    return TM_OK;
}

tm_status tm_pq_codec_known(int32_t id, tm_err *err)
{
    if (id == TM_PQC_UNCOMPRESSED || id == TM_PQC_ZSTD || id == TM_PQC_GZIP) return TM_OK;
    if (id < 0 || id >= (int32_t)TM_COUNT(codec_name)) {
        return tm_fail(err, TM_EINPUT, "pages are compressed with an unknown codec (number %d)",
                       id);
    }
    return tm_fail(err, TM_EUNSUPPORTED,
                   "pages are compressed with %s, which this build does not read; write the file "
                   "again with zstd, gzip or no compression",
                   codec_name[id]);
}

tm_status tm_pq_expand(tm_pq_codec *c, int32_t id, tm_str page, char *out, size_t bytes,
                       tm_err *err)
{
    if (id == TM_PQC_ZSTD) return expand_zstd(c, page, out, bytes, err);
    if (id == TM_PQC_GZIP) return expand_gzip(page, out, bytes, err);
    TM_TRY(tm_pq_codec_known(id, err));
    if (page.n != bytes) return damaged(err, "plain");
    if (bytes) memcpy(out, page.p, bytes);
    return TM_OK;
}

void tm_pq_codec_release(tm_pq_codec *c)
{
    ZSTD_freeCCtx(c->squeeze);
    ZSTD_freeDCtx(c->expand);
    *c = (tm_pq_codec){0};
}

uint32_t tm_pq_crc(tm_str page)
{
    uLong crc = crc32(0, NULL, 0);
    for (size_t at = 0; at < page.n; at += UINT32_MAX / 2) {
        size_t n = TM_MIN(page.n - at, (size_t)UINT32_MAX / 2);
        crc = crc32(crc, (const Bytef *)page.p + at, (uInt)n);
    }
    return (uint32_t)crc;
}
