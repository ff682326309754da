/* Writing one file: pieces in order, packed by whoever, bracketed here when it is a JSON array.
 *
 * A file appears under its name at commit, complete; standard output is written through. The digest
 * is that of the decoded bytes, so it says the same for jsonl, jsonl.zst and jsonl.gz.
 *
 * A JSON array is "[\n", its elements with ",\n" between them, "\n]\n"; an empty one is "[]\n". */
#include "io/sink.h"
#include "base/hash.h"

struct tm_sink {
    const char *path;
    tm_format format;
    bool standard; /* output, not a file */
    tm_out out;
    tm_sha256 *digest;
    tm_packer *packer;
    tm_buf array, packed; /* scratch */
    tm_sink_info info;
};

static tm_status put(tm_sink *s, tm_str bytes, tm_err *err)
{
    s->info.file_bytes += bytes.n;
    if (!bytes.n) return TM_OK;
    if (s->standard) return tm_file_write(1, "standard output", bytes.p, bytes.n, err);
    return tm_out_write(&s->out, bytes.p, bytes.n, err);
}

/* decoded is what a reader of the file will see next. */
static tm_status put_decoded(tm_sink *s, tm_str decoded, tm_str packed, tm_err *err)
{
    s->info.decoded_bytes += decoded.n;
    if (s->digest) tm_sha256_add(s->digest, decoded.p, decoded.n);
    if (packed.n) return put(s, packed, err);
    if (s->format.codec == TM_PLAIN) return put(s, decoded, err);
    if (!s->packer) s->packer = tm_packer_new();
    if (!s->packer) return tm_fail_memory(err, "packing", 0);
    tm_buf_clear(&s->packed);
    TM_TRY(tm_pack(s->packer, s->format.codec, 0, decoded, &s->packed, err));
    return put(s, tm_buf_view(&s->packed), err);
}

/* Lines become elements: what stands before each says whether it is the first. */
static tm_status put_elements(tm_sink *s, tm_str lines, tm_err *err)
{
    tm_buf_clear(&s->array);
    bool first = !s->info.decoded_bytes;
    for (size_t at = 0; at < lines.n;) {
        size_t n = tm_str_find_char(tm_str_slice(lines, at, lines.n), '\n');
        tm_buf_add(&s->array, first ? "[\n" : ",\n", 2);
        tm_buf_add(&s->array, lines.p + at, n);
        first = false;
        at += n + 1;
    }
    TM_TRY(tm_buf_ok(&s->array, err));
    return put_decoded(s, tm_buf_view(&s->array), (tm_str){0}, err);
}

static void sink_free(tm_sink *s)
{
    tm_packer_free(s->packer);
    tm_sha256_free(s->digest);
    tm_buf_release(&s->array);
    tm_buf_release(&s->packed);
    tm_free(s);
}

static tm_status begin(tm_sink *s, tm_sink_place place, tm_err *err)
{
    if (place == TM_SINK_NEW || place == TM_SINK_REPLACES)
        return tm_out_claim(&s->out, s->path, place == TM_SINK_NEW, err);
    return tm_out_begin(&s->out, s->path, place == TM_SINK_PRIVATE, err);
}

tm_status tm_sink_open(tm_sink **out, const char *path, tm_format format, bool digest,
                       tm_sink_place place, tm_err *err)
{
    if (!tm_containers[format.container].writes || !tm_codecs[format.codec].writes)
        return tm_fail(err, TM_EUNSUPPORTED, "this version does not write %s",
                       tm_format_name(format));
    tm_sink *s = tm_alloc_zero(1, sizeof *s);
    if (!s) return tm_fail_memory(err, "an output", sizeof *s);
    s->path = path;
    s->format = format;
    s->standard = strcmp(path, "-") == 0;
    s->info.path = tm_str_of(path);
    tm_status status = TM_OK;
    if (digest && !(s->digest = tm_sha256_new())) status = tm_fail_memory(err, "a digest", 0);
    if (status == TM_OK && !s->standard) status = begin(s, place, err);
    if (status != TM_OK) {
        sink_free(s);
        return status;
    }
    *out = s;
    return TM_OK;
}

tm_status tm_sink_write(tm_sink *s, tm_str decoded, tm_str packed, uint64_t records, tm_err *err)
{
    s->info.records += records;
    if (!decoded.n) return TM_OK;
    if (s->format.container == TM_JSON) return put_elements(s, decoded, err);
    return put_decoded(s, decoded, packed, err);
}

/* An empty compressed file is an empty frame, so that it still is what its name says. */
static tm_status put_end(tm_sink *s, tm_err *err)
{
    if (s->format.container == TM_JSON) {
        tm_str end = s->info.decoded_bytes ? TM_STR("\n]\n") : TM_STR("[]\n");
        return put_decoded(s, end, (tm_str){0}, err);
    }
    if (s->info.file_bytes || s->format.codec == TM_PLAIN) return TM_OK;
    static const char empty_zstd[] = "\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51";
    static const char empty_gzip[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0";
    if (s->format.codec == TM_ZSTD) return put(s, (tm_str){empty_zstd, 13}, err);
    return put(s, (tm_str){empty_gzip, 20}, err);
}

tm_status tm_sink_commit(tm_sink *s, tm_sink_info *info, tm_err *err)
{
    tm_status status = put_end(s, err);
    if (status == TM_OK && !s->standard)
        status = tm_out_commit(&s->out, err);
    else if (!s->standard)
        tm_out_abandon(&s->out);
    if (status == TM_OK && s->digest) tm_sha256_hex(s->digest, s->info.sha256);
    if (status == TM_OK && info) *info = s->info;
    sink_free(s);
    return status;
}

void tm_sink_abandon(tm_sink *s)
{
    if (!s) return;
    if (!s->standard) tm_out_abandon(&s->out);
    sink_free(s);
}
