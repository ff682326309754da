/* A record of a finished run, read once more (again.h).
 *
 * A source is read to the record's offset alone, after it was compared with what the manifest says
 * of it. What could not be read then need not be a record now (a torn line, a broken array): the
 * run kept its bytes, and those are told. */
#include "flow/again.h"

#include "base/alloc.h"
#include "flow/file_digest.h"
#include "flow/quote.h"
#include "flow/record_place.h"
#include "flow/started.h"
#include "io/source.h"

static const tm_str CHANGED = TM_STR_INIT("(the source has changed since the run)");

/* What the run kept of an unreadable record: there too where the source has no record that could be
 * read again, but a torn line or a broken array. */
static tm_status from_what_was_kept(const tm_again *a, tm_buf *out, tm_str *why, tm_err *err)
{
    int file;
    uint64_t bytes = tm_yaml_number(a->lost, "bytes");
    const char *path = tm_path_join(a->mem, a->folder.p, "unreadable.bin");
    if (!path) return tm_fail_memory(err, "a path", 0);
    if (!bytes) return *why = TM_STR("(nothing of it could be decoded)"), TM_OK;
    if (!tm_buf_grow(out, bytes)) return tm_fail_memory(err, "a record", bytes);
    TM_TRY(tm_file_open(path, &file, err));
    tm_status status =
        tm_file_read_at(file, path, out->p, bytes, tm_yaml_number(a->lost, "at"), err);
    tm_status closed = tm_file_close(file, path, status == TM_OK ? err : NULL);
    if (status == TM_OK) out->n = bytes;
    return status == TM_OK ? closed : status;
}

/* A folder of texts has no digest: files come and go, and what stands at an offset with them. The
 * record's id tells. */
static tm_status same_text(const tm_again *a, tm_buf *out, tm_str *why, tm_err *err)
{
    char hex[33];
    tm_hash id;
    const tm_yaml *layouts = tm_yaml_get(a->input, "layouts");
    if (!out->n || !layouts || layouts->count != 1 || !tm_str_is(layouts->key[0], "text"))
        return TM_OK;
    TM_TRY(tm_quote_id(tm_buf_view(out), layouts->key[0], &id, err));
    tm_hash_hex(id, hex);
    if (tm_str_is(a->row->id, hex) || a->row->rid.path) return TM_OK;
    tm_buf_clear(out);
    *why = CHANGED;
    return TM_OK;
}

static tm_status say_gone(const tm_again *a, tm_str path, bool there, tm_str *why, tm_err *err)
{
    tm_buf text = {0};
    *why = TM_STR("(the source cannot be read again)");
    if (there || tm_str_is(path, "-")) return TM_OK;
    tm_buf_z(&text, "(the source cannot be read again: ");
    tm_started_tried(a->started, path, &text);
    tm_buf_char(&text, ')');
    tm_status status = tm_buf_ok(&text, err);
    if (status == TM_OK) *why = tm_arena_str(a->mem, tm_buf_view(&text));
    tm_buf_release(&text);
    return status == TM_OK && !why->p ? tm_fail_memory(err, "a path", path.n) : status;
}

/* Whether a file is what the manifest tells of; its size goes first, it costs nothing. */
static tm_status same_file(const tm_again *a, tm_str path, const tm_source *now, bool *same,
                           tm_err *err)
{
    tm_str sha = tm_yaml_text(a->input, "sha256");
    uint64_t bytes = tm_yaml_number(a->input, "bytes");
    tm_file_digest digest = {{0}, 0, 0, {0}};
    *same = !bytes || now->bytes == bytes;
    if (!*same || !sha.n) return TM_OK;
    TM_TRY(tm_file_digest_of(a->mem, path, false, &digest, err));
    *same = tm_str_is(sha, digest.sha256);
    return TM_OK;
}

static tm_status from_source(const tm_again *a, tm_buf *out, tm_str *why, tm_err *err)
{
    tm_source source = {0};
    tm_str given = tm_arena_str(a->mem, a->input ? tm_yaml_text(a->input, "path") : a->row->source);
    tm_str container = tm_yaml_text(a->input, "container"), path;
    bool again, same = true, table = tm_str_is(container, tm_containers[TM_ARROW].name);
    uint64_t line;
    if (!given.p) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_started_find(a->mem, a->started, given, &path, err));
    TM_TRY(tm_source_again(a->mem, path, &again, err));
    if (!again || table)
        return say_gone(a, given, again || table || tm_file_exists(path.p), why, err);
    tm_source_wish wish = {tm_record_has_column(a->input) ? TM_JSON : -1, -1};
    TM_TRY(tm_source_probe(a->mem, path, wish, &source, NULL, err));
    bool folder = source.container == TM_FOLDER;
    if (!folder) TM_TRY(same_file(a, path, &source, &same, err));
    if (!same) return *why = CHANGED, TM_OK;
    uint64_t offset = TM_PLACE_OFFSET(a->row->rid.place);
    TM_TRY(tm_source_record(&source, &(tm_read_limits){0}, offset, out, &line, err));
    return folder ? same_text(a, out, why, err) : TM_OK;
}

tm_status tm_again_read(const tm_again *a, tm_buf *out, tm_str *why, tm_err *err)
{
    return a->lost ? from_what_was_kept(a, out, why, err) : from_source(a, out, why, err);
}
