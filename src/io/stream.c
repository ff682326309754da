/* From a file to the UTF-8 bytes it stands for: codec off, byte order mark off, UTF-16 and UTF-32
 * turned into UTF-8. Plain UTF-8 is read straight to where it is wanted; nothing is copied on the
 * way.
 *
 * A folder of texts takes the place of file and codec (container_folder.c); the digest of such a
 * source is that of the stream it makes, so it covers names and texts. */
#include "io/stream.h"

enum { WIDE_BYTES = 64 << 10 };

static uint8_t mark_bytes(tm_encoding e)
{
    switch (e) {
    case TM_UTF8: return 0;
    case TM_UTF8_BOM: return 3;
    case TM_UTF16LE:
    case TM_UTF16BE: return 2;
    case TM_UTF32LE:
    case TM_UTF32BE: return 4;
    }
    return 0;
}

static tm_status stream_new(tm_stream **out, tm_codec_id codec, tm_encoding encoding,
                            const tm_read_limits *limits, tm_err *err)
{
    tm_stream *s = tm_alloc_zero(1, sizeof *s);
    if (!s) return tm_fail_memory(err, "a stream", sizeof *s);
    s->feed.file = -1;
    s->encoding = encoding;
    s->mark_left = mark_bytes(encoding);
    s->wide.from = encoding;
    s->ops = tm_decoder_of(codec);
    *out = s;
    tm_status status = TM_OK;
    if (s->ops)
        status = s->ops->open(&s->decoder, limits, err);
    else if (codec != TM_PLAIN)
        status =
            tm_fail(err, TM_EUNSUPPORTED, "%s is not read by this build", tm_codecs[codec].name);
    if (status == TM_OK && tm_encoding_is_wide(encoding)) {
        s->wide_bytes = tm_alloc(WIDE_BYTES);
        if (!s->wide_bytes) status = tm_fail_memory(err, "transcoding", WIDE_BYTES);
    }
    if (status != TM_OK) {
        tm_stream_close(s);
        *out = NULL;
    }
    return status;
}

static tm_status open_file(tm_stream *s, const tm_source *source, const tm_read_limits *limits,
                           tm_str before, tm_err *err)
{
    int file = 0;
    if (limits->digest) {
        s->feed.digest = tm_sha256_new();
        if (!s->feed.digest) return tm_fail_memory(err, "a digest", 0);
    }
    tm_str name = source->open_as.n ? source->open_as : source->path;
    const char *path = tm_path_z(&s->mem, name);
    if (!path) return tm_fail_memory(err, "a path", name.n);
    if (source->container == TM_FOLDER) return tm_folder_open(&s->folder, path, err);
    bool standard = tm_str_is(name, "-");
    if (source->held && !source->open_as.n)
        file = source->held;
    else if (!standard)
        TM_TRY(tm_file_open(path, &file, err));
    tm_sha256 *digest = s->feed.digest;
    tm_feed_init(&s->feed, file, standard ? "standard input" : path, before);
    s->feed.digest = digest;
    if (!limits->from) return TM_OK;
    s->at = limits->from - 1; /* a line begins at `from` if a newline stands before it */
    s->mark_left = 0;
    return tm_file_seek(file, path, s->at, err);
}

/* Bytes with the codec taken off; got 0 = the end. */
static tm_status read_coded(tm_stream *s, char *to, size_t room, size_t *got, tm_err *err)
{
    *got = 0;
    if (s->coded_end) return TM_OK;
    if (s->folder) {
        TM_TRY(tm_folder_read(s->folder, to, room, got, err));
        if (s->feed.digest) tm_sha256_add(s->feed.digest, to, *got);
    } else if (s->ops) {
        TM_TRY(s->ops->read(s->decoder, &s->feed, to, room, got, &s->damage, err));
    } else {
        TM_TRY(tm_feed_read(&s->feed, to, room, got, err));
    }
    s->coded_end = !*got || s->damage.code;
    return TM_OK;
}

static tm_status take_mark(tm_stream *s, tm_err *err)
{
    char mark[4];
    size_t got = 0;
    while (s->mark_left && !s->coded_end) {
        TM_TRY(read_coded(s, mark, s->mark_left, &got, err));
        s->mark_left = (uint8_t)(s->mark_left - got);
        if (!tm_encoding_is_wide(s->encoding)) s->at += got;
    }
    s->mark_left = 0;
    return TM_OK;
}

static tm_status read_wide(tm_stream *s, char *to, size_t room, size_t *got, tm_err *err)
{
    size_t n = 0, more = 0;
    while (n < room) {
        if (s->narrow_at == s->narrow.n) {
            if (s->flushed) break;
            TM_TRY(read_coded(s, s->wide_bytes, WIDE_BYTES, &more, err));
            tm_buf_clear(&s->narrow);
            s->narrow_at = 0;
            s->flushed = s->coded_end;
            tm_transcode(&s->wide, s->wide_bytes, more, s->coded_end, &s->narrow);
            TM_TRY(tm_buf_ok(&s->narrow, err));
            continue;
        }
        size_t some = TM_MIN(room - n, s->narrow.n - s->narrow_at);
        memcpy(to + n, s->narrow.p + s->narrow_at, some);
        s->narrow_at += some;
        n += some;
    }
    *got = n;
    return TM_OK;
}

tm_status tm_stream_open(tm_stream **out, const tm_source *source, const tm_read_limits *limits,
                         tm_str before, tm_err *err)
{
    bool folder = source->container == TM_FOLDER;
    TM_TRY(stream_new(out, folder ? TM_PLAIN : source->codec, folder ? TM_UTF8 : source->encoding,
                      limits, err));
    tm_status status = open_file(*out, source, limits, before, err);
    if (status != TM_OK) {
        tm_stream_close(*out);
        *out = NULL;
    }
    return status;
}

tm_status tm_stream_over(tm_stream **out, tm_codec_id codec, tm_encoding encoding, tm_str bytes,
                         const tm_read_limits *limits, tm_err *err)
{
    TM_TRY(stream_new(out, codec, encoding, limits, err));
    tm_feed_init(&(*out)->feed, -1, "memory", bytes);
    return TM_OK;
}

tm_status tm_stream_read(tm_stream *s, char *to, size_t room, size_t *got, tm_err *err)
{
    size_t n = 0, more = 1;
    if (s->mark_left) TM_TRY(take_mark(s, err));
    if (tm_encoding_is_wide(s->encoding)) {
        TM_TRY(read_wide(s, to, room, &n, err));
    } else {
        while (n < room && !s->coded_end) {
            TM_TRY(read_coded(s, to + n, room - n, &more, err));
            n += more;
        }
    }
    s->ended = n < room; /* and not sooner: whether damage came with the last byte is chance */
    s->at += n;
    *got = n;
    return TM_OK;
}

void tm_stream_close(tm_stream *s)
{
    if (!s) return;
    if (s->ops && s->decoder) s->ops->close(s->decoder);
    tm_folder_close(s->folder);
    tm_feed_release(&s->feed);
    tm_buf_release(&s->narrow);
    tm_free(s->wide_bytes);
    tm_arena_release(&s->mem);
    tm_free(s);
}
