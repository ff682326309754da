/* gzip: members one behind the other (RFC 1952), by zlib, and by libdeflate where a member is at
 * hand as a whole.
 *
 * zlib streams: it needs 44 KiB whatever the member's size, and it is what says where and how a
 * member is damaged. libdeflate is about twice as fast but wants all of a member and room for all
 * it decodes to; so it is tried when the window may hold the whole member, and when it fails for
 * any reason zlib does the member again from its start. Either gives the same bytes.
 *
 * Zero bytes behind the last member are padding (tapes, block devices); anything else is damage. */
#define ZLIB_CONST
#include <zlib.h>
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "io/codec.h"

enum {
    WINDOW = 1 << 20,      /* compressed bytes at hand: members of half of that are always whole */
    WHOLE_MEMBER = 4 << 20 /* decoded bytes libdeflate is given room for */
};

typedef struct gzip_decoder {
    z_stream zlib;
    bool zlib_open, begun, in_member;
    uint64_t member_in, member_out; /* bytes of this member so far */
#ifdef HAVE_LIBDEFLATE
    struct libdeflate_decompressor *deflate;
    tm_buf whole; /* a whole member, decoded; given out from whole_at */
    size_t whole_at, whole_limit;
    bool try_whole; /* the last member was small: so may the next one be */
#endif
} gzip_decoder;

static void *zlib_alloc(void *unused, unsigned count, unsigned bytes)
{
    TM_UNUSED(unused);
    return tm_alloc((size_t)count * bytes);
}

static void zlib_free(void *unused, void *p)
{
    TM_UNUSED(unused);
    tm_free(p);
}

static void gzip_close(tm_decoder *decoder)
{
    gzip_decoder *d = (gzip_decoder *)decoder;
    if (!d) return;
    if (d->zlib_open) inflateEnd(&d->zlib);
#ifdef HAVE_LIBDEFLATE
    if (d->deflate) libdeflate_free_decompressor(d->deflate);
    tm_buf_release(&d->whole);
#endif
    tm_free(d);
}

static tm_status gzip_open(tm_decoder **out, const tm_read_limits *limits, tm_err *err)
{
    gzip_decoder *d = tm_alloc_zero(1, sizeof *d);
    if (!d) return tm_fail_memory(err, "a gzip decoder", sizeof *d);
    d->zlib.zalloc = zlib_alloc;
    d->zlib.zfree = zlib_free;
    if (inflateInit2(&d->zlib, 15 + 16) != Z_OK) { /* 16: gzip headers and trailers only */
        tm_free(d);
        return tm_fail_memory(err, "a gzip decoder", 0);
    }
    d->zlib_open = true;
#ifdef HAVE_LIBDEFLATE
    uint64_t window = limits->max_window ? limits->max_window : TM_MAX_WINDOW_DEFAULT;
    d->whole_limit = (size_t)TM_MIN(window / 4, (uint64_t)WHOLE_MEMBER);
    d->try_whole = true;
    d->deflate = libdeflate_alloc_decompressor();
    if (!d->deflate) {
        gzip_close((tm_decoder *)d);
        return tm_fail_memory(err, "a gzip decoder", 0);
    }
#else
    TM_UNUSED(limits);
#endif
    *out = (tm_decoder *)d;
    return TM_OK;
}

#ifdef HAVE_LIBDEFLATE
/* Tries the member at the window's front as a whole; *done tells whether it went. */
static tm_status whole_member(gzip_decoder *d, tm_feed *feed, bool *done, tm_err *err)
{
    size_t in = 0, out = 0, have = feed->n - feed->at;
    *done = false;
    if (!d->try_whole) return TM_OK;
    if (feed->ended && have >= 4) { /* perhaps the last one: its size stands at the end */
        const uint8_t *end = (const uint8_t *)feed->p + feed->n - 4;
        uint32_t size = (uint32_t)end[0] | (uint32_t)end[1] << 8 | (uint32_t)end[2] << 16 |
                        (uint32_t)end[3] << 24;
        if (size > d->whole_limit) return TM_OK;
    }
    tm_buf_clear(&d->whole);
    if (!tm_buf_grow(&d->whole, d->whole_limit))
        return tm_fail_memory(err, "a gzip member", d->whole_limit);
    enum libdeflate_result result = libdeflate_gzip_decompress_ex(
        d->deflate, feed->p + feed->at, have, d->whole.p, d->whole_limit, &in, &out);
    d->try_whole = result == LIBDEFLATE_SUCCESS;
    if (!d->try_whole) return TM_OK;
    feed->at += in;
    d->whole.n = out;
    d->whole_at = 0;
    *done = true;
    return TM_OK;
}

static size_t give_whole(gzip_decoder *d, char *to, size_t room)
{
    size_t n = TM_MIN(room, d->whole.n - d->whole_at);
    if (n) memcpy(to, d->whole.p + d->whole_at, n);
    d->whole_at += n;
    return n;
}
#endif

/* Between two members: *more = false at the end of the file. */
static tm_status next_member(tm_feed *feed, bool first, bool *more, tm_damage *damage, tm_err *err)
{
    *more = false;
    for (;;) {
        if (feed->n - feed->at < feed->room / 2 || !feed->n) TM_TRY(tm_feed_fill(feed, err));
        while (!first && feed->at < feed->n && !feed->p[feed->at]) feed->at++;
        if (feed->at < feed->n) break;
        if (!feed->ended) continue;
        if (first) tm_damage_set(damage, TM_DAMAGE_CUT, TM_NO_BYTES, "gzip");
        return TM_OK;
    }
    const uint8_t *p = (const uint8_t *)feed->p + feed->at;
    if (feed->n - feed->at >= 2 && p[0] == 0x1f && p[1] == 0x8b)
        *more = true;
    else if (first && feed->n - feed->at == 1 && p[0] == 0x1f)
        tm_damage_set(damage, TM_DAMAGE_CUT, NULL);
    else if (first)
        tm_damage_set(damage, TM_DAMAGE_CORRUPT, "this is not gzip data");
    else
        tm_damage_set(
            damage, TM_DAMAGE_TRAILING,
            "there is something behind the end of the gzip data that is not a gzip member");
    return TM_OK;
}

static tm_status failed(gzip_decoder *d, int result, tm_damage *damage, tm_err *err)
{
    const char *msg = d->zlib.msg ? d->zlib.msg : "no reason given";
    if (result == Z_MEM_ERROR) return tm_fail_memory(err, "gzip", 0);
    if (strcmp(msg, "incorrect data check") == 0)
        tm_damage_set(damage, TM_DAMAGE_CHECKSUM,
                      "the checksum of a gzip member does not match its data");
    else if (strcmp(msg, "incorrect length check") == 0)
        tm_damage_set(damage, TM_DAMAGE_CHECKSUM,
                      "the size a gzip member states is not that of its data");
    else
        tm_damage_set(damage, TM_DAMAGE_CORRUPT, "the gzip data are corrupt (%s)", msg);
    return TM_OK;
}

/* Some bytes of the member zlib is in; may give none when the member ends. */
static tm_status inflate_some(gzip_decoder *d, tm_feed *feed, char *to, size_t room, size_t *got,
                              tm_damage *damage, tm_err *err)
{
    z_stream *z = &d->zlib;
    size_t out = TM_MIN(room, (size_t)1 << 30);
    if (feed->at == feed->n) TM_TRY(tm_feed_fill(feed, err));
    size_t in = TM_MIN(feed->n - feed->at, (size_t)1 << 30);
    bool dry = !in;
    z->next_in = (uint8_t *)feed->p + feed->at;
    z->avail_in = (unsigned)in;
    z->next_out = (uint8_t *)to;
    z->avail_out = (unsigned)out;
    int result = inflate(z, Z_NO_FLUSH);
    feed->at += in - z->avail_in;
    *got = out - z->avail_out;
    d->member_in += in - z->avail_in;
    d->member_out += *got;
    if (result == Z_STREAM_END) {
        d->in_member = false;
#ifdef HAVE_LIBDEFLATE
        d->try_whole = d->member_in < feed->room / 2 && d->member_out < d->whole_limit;
#endif
        return TM_OK;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) {
        if (dry && !*got)
            tm_damage_set(damage, TM_DAMAGE_CUT, "the gzip data end in the middle of a member");
        return TM_OK;
    }
    return failed(d, result, damage, err);
}

static tm_status gzip_read(tm_decoder *decoder, tm_feed *feed, char *to, size_t room, size_t *got,
                           tm_damage *damage, tm_err *err)
{
    gzip_decoder *d = (gzip_decoder *)decoder;
    *got = 0;
    TM_TRY(tm_feed_reserve(feed, WINDOW, err));
    while (*got < room && !damage->code) {
        size_t n = 0;
#ifdef HAVE_LIBDEFLATE
        if (d->whole_at < d->whole.n) {
            *got += give_whole(d, to + *got, room - *got);
            continue;
        }
#endif
        if (!d->in_member) {
            bool more = false, done = false;
            TM_TRY(next_member(feed, !d->begun, &more, damage, err));
            if (!more) break;
            d->begun = true;
#ifdef HAVE_LIBDEFLATE
            TM_TRY(whole_member(d, feed, &done, err));
#endif
            if (done) continue;
            inflateReset(&d->zlib);
            d->in_member = true;
            d->member_in = d->member_out = 0;
        }
        TM_TRY(inflate_some(d, feed, to + *got, room - *got, &n, damage, err));
        *got += n;
    }
    return TM_OK;
}

const tm_decoder_ops tm_decode_gzip = {gzip_open, gzip_read, gzip_close};
