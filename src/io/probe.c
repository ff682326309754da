/* What is this file? Answered by its content; its name only breaks ties, and tells of a compressed
 * file that was cut before its magic number was whole.
 *
 * Up to PROBE_BYTES of the file are read, the codec is told by its magic number and taken off in
 * memory, then the encoding and the container are told from what is inside. One layer of
 * compression is taken off and no more. What is known but cannot be read (archives, other
 * compressors, Parquet, CSV, UTF-16 without a mark) is refused by name, with what to do.
 *
 * JSONL or JSON? By the first byte that is not white space:
 *   '['  JSON array, unless the first line is a whole value and another value follows on a later
 *        line: then it is JSONL whose records are arrays.
 *   '{'  JSONL, unless the first value goes on over several lines and is valid as far as it can be
 *        seen: then it is pretty printed, one object or several. A first line that is merely broken
 *        does not look like that, because what follows it does not continue the value.
 *        Objects behind one another on one line, which is all there is, are read as JSON.
 *        When there is no newline at all, carriage returns behind the first value mean old Mac line
 *        ends; white space may separate values in JSON, so it is read as JSON.
 *   else JSONL; JSON if the name ends in .json.
 * A whole object alone in a file named .json is JSON; as JSONL it would give the same record. */
#include "io/stream.h"
#include "text/json.h"

enum { PROBE_BYTES = 1 << 20, TAR_MAGIC_AT = 257 };

typedef struct foreign { /* known by its first bytes, not read */
    const char *magic;
    uint8_t bytes;
    const char *name, *advice;
} foreign;

#define UNPACK "unpack it first and give the files inside"
static const foreign strangers[] = {
    {"PK\3\4", 4, "a zip archive (or a spreadsheet)", UNPACK ": unzip FILE"},
    {"PK\5\6", 4, "an empty zip archive", "there is nothing in it"},
    {"7z\xbc\xaf\x27\x1c", 6, "a 7z archive", UNPACK ": 7z x FILE"},
    {"Rar!\x1a\7", 6, "a rar archive", UNPACK ": unrar x FILE"},
    {"\xfd"
     "7zXZ\0",
     6, "xz data", "decompress it first: xz -dc FILE | tamis VERB -"},
    {"BZh", 3, "bzip2 data", "decompress it first: bzip2 -dc FILE | tamis VERB -"},
    {"\4\x22\x4d\x18", 4, "LZ4 data", "decompress it first: lz4 -dc FILE | tamis VERB -"},
    {"\x1f\x9d", 2, "compress (.Z) data", "decompress it first: zcat FILE | tamis VERB -"},
    {"PAR1", 4, "a Parquet file",
     "write it as JSONL first, for example with duckdb: copy (from 'FILE') to 'out.jsonl' (format "
     "json)"},
    {"ARROW1", 6, "an Arrow file", "write it as JSONL first"},
    {"Obj\1", 4, "an Avro file", "write it as JSONL first"},
    {"SQLite format 3", 16, "an SQLite database", "export the table as JSONL first"},
    {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file", "write it as JSONL first"},
    {"%PDF-", 5, "a PDF document", "extract its text first: pdftotext FILE"},
    {"\x89PNG\r\n\x1a\n", 8, "a picture", "Tamis reads text"},
};
#undef UNPACK

static tm_status refuse(tm_err *err, tm_str path, const char *inside, const char *what,
                        const char *advice)
{
    tm_fail(err, TM_EINPUT, "this is %s%s, which this version does not read: %s", what, inside,
            advice);
    if (err) memcpy(err->code, "T1120", 6);
    tm_err_at(err, path, 0, 0, UINT64_MAX);
    return TM_EINPUT;
}

static tm_status refuse_strangers(tm_err *err, tm_str path, tm_str head, const char *inside)
{
    for (size_t i = 0; i < TM_COUNT(strangers); i++) {
        const foreign *f = &strangers[i];
        /* "BZh" might begin a text: a level must follow, then the magic of a block or the end */
        if (f->magic[0] == 'B' && (head.n < 10 || head.p[3] < '1' || head.p[3] > '9' ||
                                   (memcmp(head.p + 4, "1AY&SY", 6) != 0 &&
                                    memcmp(head.p + 4, "\x17\x72\x45\x38\x50\x90", 6) != 0)))
            continue;
        if (head.n >= f->bytes && memcmp(head.p, f->magic, f->bytes) == 0)
            return refuse(err, path, inside, f->name, f->advice);
    }
    if (head.n >= TAR_MAGIC_AT + 5 && memcmp(head.p + TAR_MAGIC_AT, "ustar", 5) == 0)
        return refuse(err, path, inside, "a tar archive",
                      "unpack it first (tar xf FILE) and give the files inside");
    return TM_OK;
}

static bool has_magic(tm_str head, tm_codec_id codec)
{
    const tm_codec_info *c = &tm_codecs[codec];
    return c->magic_bytes && head.n >= c->magic_bytes &&
           memcmp(head.p, c->magic, c->magic_bytes) == 0;
}

static bool is_skippable_frame(tm_str head)
{
    const uint8_t *u = (const uint8_t *)head.p;
    return head.n >= 4 && (u[0] & 0xf0) == 0x50 && u[1] == 0x2a && u[2] == 0x4d && u[3] == 0x18;
}

static tm_codec_id codec_of(tm_str head)
{
    if (has_magic(head, TM_ZSTD) || is_skippable_frame(head)) return TM_ZSTD;
    return has_magic(head, TM_GZIP) ? TM_GZIP : TM_PLAIN;
}

/* By content; by the name where the content is too little to say: a file that was cut before its
 * magic number was whole, which may be at once, is no text. */
static tm_codec_id codec_told(tm_str raw, bool whole, tm_str path)
{
    tm_codec_id named, found = codec_of(raw);
    if (found != TM_PLAIN || !whole) return found;
    (void)tm_container_named(path, &named);
    const tm_codec_info *c = &tm_codecs[named];
    bool cut = c->reads && raw.n < c->magic_bytes && memcmp(raw.p, c->magic, raw.n) == 0;
    return cut ? named : TM_PLAIN;
}

/* name without the ends that name a codec; lower case is what people write */
static tm_str bare_name(tm_str path)
{
    static const char *const ends[] = {".gz", ".gzip", ".zst", ".zstd"};
    for (size_t i = 0; i < TM_COUNT(ends); i++)
        if (tm_str_ends(path, tm_str_of(ends[i])))
            return tm_str_slice(path, 0, path.n - strlen(ends[i]));
    return path;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(tm_str s, size_t at)
{
    while (at < s.n && is_space(s.p[at])) at++;
    return at;
}

/* End of the value that begins at `at`; s.n + 1 if it goes on beyond s. */
static size_t value_end(tm_str s, size_t at, bool whole)
{
    tm_json_cutter c = {0};
    size_t begin = 0, eaten = 0;
    tm_json_cut cut = tm_json_cutter_feed(&c, s.p + at, s.n - at, &begin, &eaten);
    if (cut == TM_CUT_VALUE) return at + eaten;
    return whole && c.in_scalar ? s.n : s.n + 1;
}

static bool begins_value(char c)
{
    return c == '{' || c == '[' || c == '"' || c == '-' || (c >= '0' && c <= '9') || c == 't' ||
           c == 'f' || c == 'n';
}

/* Is s[at..to) JSON, or JSON as far as it goes: when it is cut at `to`, or only seen that far? */
static bool is_json(tm_str s, size_t at, size_t to, bool cut, bool whole)
{
    tm_json json = {0};
    bool ok = tm_json_scan(&json, s.p + at, to - at, 0, (tm_json_limits){.depth = 1 << 16});
    if (!ok && cut)
        ok = json.trouble == TM_JSON_CUT || json.trouble == TM_JSON_UNCLOSED ||
             (!whole && json.at + 16 >= to - at);
    tm_json_release(&json);
    return ok;
}

static tm_container_id of_array(tm_str s, size_t at, size_t line_end, bool whole)
{
    size_t end = value_end(s, at, whole);
    if (end > line_end) return TM_JSON;
    size_t next = skip_space(s, end);
    bool same_line = next < line_end;
    if (same_line || next >= s.n) return TM_JSON;
    return begins_value(s.p[next]) ? TM_JSONL : TM_JSON;
}

static tm_container_id of_object(tm_str s, size_t at, size_t line_end, bool whole, bool named_json,
                                 bool named_jsonl)
{
    size_t end = value_end(s, at, whole);
    size_t next = skip_space(s, TM_MIN(end, s.n));
    if (end <= line_end) {
        if (next == s.n) return named_json ? TM_JSON : TM_JSONL;
        bool one_line = skip_space(s, line_end) == s.n;
        if (one_line && (s.p[next] == '{' || s.p[next] == '[')) return TM_JSON;
        bool no_newline = line_end == s.n && tm_str_find_char(s, '\n') == s.n;
        bool old_ends = no_newline && next > end && s.p[end] == '\r' && begins_value(s.p[next]);
        return old_ends ? TM_JSON : TM_JSONL;
    }
    if (line_end == s.n) return named_json ? TM_JSON : TM_JSONL; /* one line, not seen whole */
    if (end > s.n && whole && named_jsonl) return TM_JSONL;      /* a cut first line, perhaps */
    return is_json(s, at, TM_MIN(end, s.n), end > s.n, whole) ? TM_JSON : TM_JSONL;
}

/* whole: s is all there is. */
static tm_container_id container_of(tm_str s, bool whole, tm_str path)
{
    tm_str name = bare_name(path);
    bool named_json = tm_str_ends(name, TM_STR(".json"));
    bool named_jsonl = !named_json && (tm_str_ends(name, TM_STR(".jsonl")) ||
                                       tm_str_ends(name, TM_STR(".ndjson")));
    size_t at = skip_space(s, 0);
    if (at == s.n) return named_json ? TM_JSON : TM_JSONL;
    size_t line_end = at + tm_str_find_char(tm_str_slice(s, at, s.n), '\n');
    if (s.p[at] == '[') return of_array(s, at, line_end, whole);
    if (s.p[at] == '{') return of_object(s, at, line_end, whole, named_json, named_jsonl);
    return named_json ? TM_JSON : TM_JSONL;
}

/* Objects, or arrays: a section of an INI file begins with a bracket, too. */
static bool opens_json(tm_str s, bool whole)
{
    size_t at = skip_space(s, 0);
    if (at == s.n || (s.p[at] != '{' && s.p[at] != '[')) return false;
    size_t end = value_end(s, at, whole), key = skip_space(s, at + 1);
    if (s.p[at] == '{' && key < s.n && s.p[key] == '"') return true;
    return is_json(s, at, TM_MIN(end, s.n), end > s.n, whole);
}

/* What only its name tells: there is no JSON in it, whatever else. */
static tm_status refuse_by_name(tm_err *err, tm_str path, tm_str head)
{
    tm_str name = bare_name(path);
    bool table = tm_str_ends(name, TM_STR(".csv")) || tm_str_ends(name, TM_STR(".tsv"));
    bool text = tm_str_ends(name, TM_STR(".txt")) || tm_str_ends(name, TM_STR(".md"));
    size_t at = skip_space(head, 0);
    if (at < head.n && (head.p[at] == '{' || head.p[at] == '[')) return TM_OK;
    if (table)
        return refuse(err, path, "", "CSV",
                      "write it as JSONL first, for example with mlr --icsv --ojsonl cat FILE");
    if (!text || at == head.n) return TM_OK;
    tm_fail(err, TM_EINPUT,
            "this is a text and no JSON: give the folder that it lies in, of which every .txt and "
            ".md file is a record (--container folder, if there are other files in it)");
    if (err) memcpy(err->code, "T1120", 6);
    tm_err_at(err, path, 0, 0, UINT64_MAX);
    return TM_EINPUT;
}

static tm_status refuse_wide(tm_err *err, tm_str path)
{
    tm_fail(err, TM_EINPUT,
            "this looks like UTF-16 or UTF-32 without a byte order mark: convert it first, for "
            "example with iconv -f UTF-16LE -t UTF-8 FILE");
    if (err) memcpy(err->code, "T1121", 6);
    tm_err_at(err, path, 0, 0, 0);
    return TM_EINPUT;
}

/* The first decoded bytes of a source whose first raw bytes are at hand. */
static tm_status decode_head(tm_str raw, bool whole, tm_codec_id codec, tm_encoding encoding,
                             tm_buf *head, bool *head_whole, tm_err *err)
{
    static const tm_read_limits limits;
    tm_stream *s;
    size_t got = 0;
    TM_TRY(tm_stream_over(&s, codec, encoding, raw, &limits, err));
    tm_buf_clear(head);
    tm_status status =
        tm_buf_grow(head, PROBE_BYTES) ? TM_OK : tm_fail_memory(err, "probing", PROBE_BYTES);
    if (status == TM_OK) status = tm_stream_read(s, head->p, PROBE_BYTES, &got, err);
    head->n = got;
    *head_whole = whole && status == TM_OK && got < PROBE_BYTES && !s->damage.code;
    if (status == TM_OK && s->damage.code && strcmp(s->damage.code, "T1105") == 0) {
        status = tm_fail(err, TM_ELIMIT, "%s", s->damage.sentence);
        if (err) memcpy(err->code, "T1105", 6);
    }
    tm_stream_close(s);
    return status;
}

static tm_status probe_bytes(tm_str raw, bool whole, tm_source_wish wish, tm_source *out,
                             tm_buf *head, tm_err *err)
{
    bool head_whole = false;
    size_t mark = 0;
    out->codec = wish.codec >= 0 ? (tm_codec_id)wish.codec : codec_told(raw, whole, out->path);
    if (!tm_codecs[out->codec].reads)
        return tm_fail(err, TM_EUNSUPPORTED, "%s is not read by this version",
                       tm_codecs[out->codec].name);
    if (out->codec == TM_PLAIN) TM_TRY(refuse_strangers(err, out->path, raw, ""));
    TM_TRY(decode_head(raw, whole, out->codec, TM_UTF8, head, &head_whole, err));
    tm_str inside = tm_buf_view(head);
    if (out->codec != TM_PLAIN) {
        if (codec_of(inside) != TM_PLAIN)
            return refuse(err, out->path, " inside compressed data", "compressed data",
                          "one layer is taken off and no more; decompress it once and try again");
        TM_TRY(refuse_strangers(err, out->path, inside, " inside compressed data"));
    }
    out->encoding = tm_encoding_of(inside.p, inside.n, &mark);
    if (out->encoding != TM_UTF8)
        TM_TRY(decode_head(raw, whole, out->codec, out->encoding, head, &head_whole, err));
    else if (tm_encoding_smells_wide(inside.p, inside.n))
        return refuse_wide(err, out->path);
    inside = tm_buf_view(head);
    out->opens_json = opens_json(inside, head_whole);
    if (wish.container < 0) TM_TRY(refuse_by_name(err, out->path, inside));
    out->container = wish.container >= 0 ? (tm_container_id)wish.container
                                         : container_of(inside, head_whole, out->path);
    return TM_OK;
}

static tm_status probe_folder(tm_arena *mem, tm_source *out, tm_buf *head, tm_err *err)
{
    tm_folder_stream *f;
    size_t got = 0;
    const char *path = tm_path_z(mem, out->path);
    if (!path) return tm_fail_memory(err, "a path", out->path.n);
    TM_TRY(tm_folder_open(&f, path, err));
    out->container = TM_FOLDER;
    out->bytes = tm_folder_bytes(f);
    out->modified_ns = tm_folder_stamp(f);
    tm_status status = TM_OK;
    if (!tm_folder_files(f)) {
        status =
            tm_fail(err, TM_EINPUT,
                    "there is no .txt or .md file in this folder; for JSONL files in it give a "
                    "pattern like 'FOLDER/*.jsonl'");
    } else if (head) {
        tm_buf_clear(head);
        if (!tm_buf_grow(head, PROBE_BYTES))
            status = tm_fail_memory(err, "probing", PROBE_BYTES);
        else
            status = tm_folder_read(f, head->p, PROBE_BYTES, &got, err);
        head->n = got;
    }
    tm_folder_close(f);
    return status;
}

/* Raw bytes from the file's start. */
static tm_status take_raw(tm_arena *mem, tm_source *out, tm_buf *raw, bool *whole, bool *folder,
                          tm_err *err)
{
    bool standard = tm_str_is(out->path, "-");
    const char *path = tm_path_z(mem, out->path);
    tm_file_info info = {0};
    int file = 0;
    size_t got = 0;
    *folder = false;
    if (!path) return tm_fail(err, TM_EINPUT, "this path cannot be opened");
    if (!standard) {
        TM_TRY(tm_file_info_of(path, &info, err));
        *folder = info.is_folder;
        out->bytes = info.is_regular ? info.bytes : 0;
        out->modified_ns = info.modified_ns;
        out->inode = info.inode;
        out->seekable = info.is_regular || info.is_folder;
        if (*folder) return TM_OK;
        TM_TRY(tm_file_open(path, &file, err));
    }
    /* One byte more than a file says it has tells its end; a size of 0 may mean it does not
     * know. */
    bool small = info.is_regular && info.bytes && info.bytes < PROBE_BYTES;
    size_t want = small ? info.bytes + 1 : PROBE_BYTES;
    tm_status status = tm_buf_grow(raw, want) ? TM_OK : tm_fail_memory(err, "probing", want);
    if (status == TM_OK)
        status = tm_file_read(file, standard ? "standard input" : path, raw->p, want, &got, err);
    raw->n = got;
    *whole = got < want;
    if (standard) return status;
    if (out->seekable || status != TM_OK)
        tm_fs_now.close(file);
    else
        out->held = file; /* what it gave is gone: it cannot be opened again */
    return status;
}

tm_status tm_source_probe(tm_arena *mem, tm_str path, tm_source_wish wish, tm_source *out,
                          tm_buf *head, tm_err *err)
{
    tm_buf raw = {0}, own = {0};
    bool whole = false, folder = false;
    *out = (tm_source){.path = path};
    if (wish.container >= 0 && !tm_containers[wish.container].reads)
        return tm_fail(err, TM_EUNSUPPORTED,
                       "%s is not read by this version; write it as JSONL first",
                       tm_containers[wish.container].name);
    if (wish.container == TM_ARROW)
        return tm_fail(err, TM_EUNSUPPORTED,
                       "arrow is the container of tables in memory; write an Arrow file as JSONL "
                       "first");
    tm_status status = take_raw(mem, out, &raw, &whole, &folder, err);
    if (status == TM_OK && folder) {
        status = probe_folder(mem, out, head, err);
    } else if (status == TM_OK && wish.container == TM_FOLDER) {
        status = tm_fail(err, TM_EINPUT,
                         "this is a file, not a folder: name the folder that it lies in");
    } else if (status == TM_OK) {
        status = probe_bytes(tm_buf_view(&raw), whole, wish, out, head ? head : &own, err);
    }
    if (status == TM_OK && raw.n && !out->seekable) {
        out->taken = tm_arena_str(mem, tm_buf_view(&raw));
        if (!out->taken.p) status = tm_fail_memory(err, "a pipe's head", raw.n);
    }
    if (status != TM_OK && out->held) tm_fs_now.close(out->held);
    if (status != TM_OK) out->held = 0;
    tm_buf_release(&raw);
    tm_buf_release(&own);
    if (status != TM_OK && err && !err->source[0]) tm_err_at(err, path, 0, 0, UINT64_MAX);
    return status;
}

tm_status tm_source_failed(const tm_source *source, tm_status status, tm_err *err)
{
    tm_file_info info;
    bool gone = status == TM_EUSAGE;
    if (status == TM_EIO && source->bytes && source->container != TM_FOLDER)
        gone = tm_fs_now.info(source->path.p, &info) == 0 && info.bytes < source->bytes;
    if (!gone) return status;
    if (err) err->status = TM_EINPUT;
    return TM_EINPUT;
}

static tm_status look_at(const tm_source *source, uint64_t *bytes, uint64_t *modified_ns,
                         tm_err *err)
{
    if (source->container == TM_FOLDER) {
        tm_folder_stream *f;
        TM_TRY(tm_folder_open(&f, source->path.p, err));
        *bytes = tm_folder_bytes(f);
        *modified_ns = tm_folder_stamp(f);
        tm_folder_close(f);
        return TM_OK;
    }
    tm_file_info info;
    TM_TRY(tm_file_info_of(source->path.p, &info, err));
    *bytes = info.bytes;
    *modified_ns = info.modified_ns;
    return TM_OK;
}

tm_status tm_source_stamp(const tm_source *source, uint64_t *bytes, uint64_t *modified_ns,
                          tm_err *err)
{
    return tm_source_failed(source, look_at(source, bytes, modified_ns, err), err);
}

/* piece: TM_MIB. Of a file that is no longer than that, once. */
static tm_status hash_ends(int file, const tm_source *source, char *piece, uint64_t *ends,
                           tm_err *err)
{
    const char *path = source->path.p;
    size_t n = (size_t)TM_MIN(source->bytes, TM_MIB);
    TM_TRY(tm_file_read_at(file, path, piece, n, 0, err));
    *ends = tm_hash64(piece, n, 0);
    if (source->bytes == n) return TM_OK;
    TM_TRY(tm_file_read_at(file, path, piece, n, source->bytes - n, err));
    *ends = tm_hash64(piece, n, *ends);
    return TM_OK;
}

tm_status tm_source_ends(const tm_source *source, uint64_t *ends, tm_err *err)
{
    const char *path = source->path.p;
    *ends = 0;
    if (!tm_source_is_file(source) || source->container == TM_FOLDER) return TM_OK;
    char *piece = tm_alloc(TM_MIB);
    int file;
    if (!piece) return tm_fail_memory(err, "an input", TM_MIB);
    tm_status status = tm_file_open(path, &file, err);
    if (status == TM_OK) {
        status = hash_ends(file, source, piece, ends, err);
        (void)tm_fs_now.close(file);
    }
    tm_free(piece);
    return tm_source_failed(source, status, err);
}

tm_status tm_source_again(tm_arena *mem, tm_str path, bool *again, tm_err *err)
{
    tm_file_info info;
    const char *z = tm_path_z(mem, path);
    *again = false;
    if (!z) return tm_fail_memory(err, "a path", path.n);
    if (tm_str_is(path, "-")) return TM_OK;
    TM_TRY(tm_file_look(z, &info, again, err));
    *again = *again && (info.is_regular || info.is_folder);
    return TM_OK;
}
