/* Zstandard: frames one behind the other, skippable frames, checksums (RFC 8878), by libzstd.
 *
 * The decoder is fed exactly as many bytes as it asks for, one block a call, and nothing while it
 * still holds decoded bytes. So when a call fails,
 * all blocks before the bad one have been given already (a call that fails gives nothing of what it
 * decoded), and what comes out before damage does not depend on how the file was read. Decoding
 * goes straight into the caller's room.
 *
 * Limits: a frame whose window is larger than max_window is refused, because a frame can make its
 * reader allocate that much; dictionaries are not known. */
#include <zstd.h>
#include <zstd_errors.h>

#include "io/codec.h"

typedef struct zstd_decoder {
    ZSTD_DCtx *zstd;
    size_t want; /* bytes it asks for next; 0 = at the end of a frame */
    bool full;   /* the last call filled its room: more may be inside */
    bool begun;  /* a frame was there */
    uint64_t max_window;
} zstd_decoder;

static const uint8_t frame_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};

static tm_status zstd_open(tm_decoder **out, const tm_read_limits *limits, tm_err *err)
{
    zstd_decoder *d = tm_alloc_zero(1, sizeof *d);
    if (!d) return tm_fail_memory(err, "a zstd decoder", sizeof *d);
    d->zstd = ZSTD_createDCtx();
    if (!d->zstd) {
        tm_free(d);
        return tm_fail_memory(err, "a zstd decoder", 0);
    }
    d->max_window = limits->max_window ? limits->max_window : TM_MAX_WINDOW_DEFAULT;
    ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    int log = bounds.lowerBound;
    while (log < bounds.upperBound && ((uint64_t)2 << log) <= d->max_window) log++;
    ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, log);
    *out = (tm_decoder *)d;
    return TM_OK;
}

static void zstd_close(tm_decoder *decoder)
{
    zstd_decoder *d = (zstd_decoder *)decoder;
    if (!d) return;
    ZSTD_freeDCtx(d->zstd);
    tm_free(d);
}

static bool is_magic(const char *p)
{
    const uint8_t *u = (const uint8_t *)p;
    bool skippable = (u[0] & 0xf0) == 0x50 && u[1] == 0x2a && u[2] == 0x4d && u[3] == 0x18;
    return skippable || memcmp(p, frame_magic, sizeof frame_magic) == 0;
}

/* Between two frames: *more = false at the end of the file. */
static tm_status next_frame(zstd_decoder *d, tm_feed *feed, bool *more, tm_damage *damage,
                            tm_err *err)
{
    *more = false;
    if (feed->n - feed->at < 4) TM_TRY(tm_feed_fill(feed, err));
    size_t left = feed->n - feed->at;
    if (!left) {
        if (!d->begun) tm_damage_set(damage, TM_DAMAGE_CUT, TM_NO_BYTES, "zstd");
        return TM_OK;
    }
    const char *p = feed->p + feed->at;
    if (left >= 4 && is_magic(p)) {
        d->begun = true;
        d->want = 5; /* ZSTD_startingInputLength: what says how long the header is */
        *more = true;
    } else if (left < 4 && memcmp(p, frame_magic, left) == 0) {
        tm_damage_set(damage, TM_DAMAGE_CUT, NULL);
    } else {
        tm_damage_set(
            damage, TM_DAMAGE_TRAILING,
            "there is something behind the end of the zstd data that is not a zstd frame");
    }
    return TM_OK;
}

static tm_status failed(const zstd_decoder *d, size_t result, tm_damage *damage, tm_err *err)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation: return tm_fail_memory(err, "zstd", d->max_window);
    case ZSTD_error_checksum_wrong:
        tm_damage_set(damage, TM_DAMAGE_CHECKSUM,
                      "the checksum of a zstd frame does not match its data");
        return TM_OK;
    case ZSTD_error_frameParameter_windowTooLarge:
        tm_damage_set(damage, TM_DAMAGE_WINDOW,
                      "a zstd frame needs a window of more than %llu MiB to be read; compress it "
                      "again without --long: zstd -d --long=31 -c FILE | zstd > NEW",
                      (unsigned long long)(d->max_window >> 20));
        return TM_OK;
    case ZSTD_error_dictionary_wrong:
        tm_damage_set(damage, TM_DAMAGE_CORRUPT,
                      "a zstd frame was made with a dictionary; decompress it with zstd -D first");
        damage->advises = true;
        return TM_OK;
    default:
        tm_damage_set(damage, TM_DAMAGE_CORRUPT, "the zstd data are corrupt (%s)",
                      ZSTD_getErrorName(result));
        return TM_OK;
    }
}

static tm_status zstd_read(tm_decoder *decoder, tm_feed *feed, char *to, size_t room, size_t *got,
                           tm_damage *damage, tm_err *err)
{
    zstd_decoder *d = (zstd_decoder *)decoder;
    ZSTD_outBuffer out = {to, room, 0};
    bool more = true;
    *got = 0;
    while (out.pos < out.size) {
        if (!d->want) TM_TRY(next_frame(d, feed, &more, damage, err));
        if (!more || damage->code) break;
        if (feed->at == feed->n) TM_TRY(tm_feed_fill(feed, err));
        bool dry = feed->at == feed->n;
        if (dry && !d->full) {
            tm_damage_set(damage, TM_DAMAGE_CUT, "the zstd data end in the middle of a frame");
            break;
        }
        size_t most = d->full ? 0 : d->want; /* what is inside comes out before more goes in */
        ZSTD_inBuffer in = {feed->p + feed->at, TM_MIN(most, feed->n - feed->at), 0};
        size_t result = ZSTD_decompressStream(d->zstd, &out, &in);
        feed->at += in.pos;
        d->full = out.pos == out.size;
        if (ZSTD_isError(result)) {
            TM_TRY(failed(d, result, damage, err));
            break;
        }
        d->want = result;
    }
    *got = out.pos;
    return TM_OK;
}

const tm_decoder_ops tm_decode_zstd = {zstd_open, zstd_read, zstd_close};
