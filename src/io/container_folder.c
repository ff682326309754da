/* A folder of texts: every .txt and .md below it is one record {"path":"a/b.md","text":"..."}, in
 * the order of the paths' bytes, one line each. So a folder is JSONL from here on, and its places,
 * blocks and line numbers are those of that stream: line 7 is the seventh file.
 *
 * Texts stream through: a file longer than any limit is the reader's business, not this one's. A
 * byte order mark is taken off and UTF-16/32 transcoded, as for any file; bytes that are not UTF-8
 * go through raw, so that the scanner finds them at their place. Names beginning with a dot are
 * skipped, and so are folders below it that a run made; links that lead in a circle are not
 * followed.
 *
 * Limit: the list of paths is held in memory, about 100 bytes a file. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/vec.h"
#include "io/stream.h"
#include "text/json.h"

enum { PIECE = 64 << 10 };

struct tm_folder_stream {
    tm_arena mem;
    const char *root;
    tm_str *file; /* relative paths, sorted */
    uint32_t files, room, next;
    uint64_t bytes, bytes_read, spoiled, stamp;
    tm_stream *text; /* of the file that is open */
    tm_buf out;      /* made, given out from out_at */
    size_t out_at;
    char piece[PIECE];
};

bool tm_folder_takes(tm_str name)
{
    static const char *const ends[] = {".txt", ".md", ".markdown", ".text"};
    for (size_t i = 0; i < TM_COUNT(ends); i++) {
        size_t n = strlen(ends[i]);
        if (name.n <= n) continue;
        bool same = true;
        for (size_t k = 0; k < n; k++) {
            char c = name.p[name.n - n + k];
            if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
            same = same && c == ends[i][k];
        }
        if (same) return true;
    }
    return false;
}

tm_status tm_folder_made(const char *folder, bool *made, tm_err *err)
{
    static const char MANIFEST[] = "{\"tamis\":\"manifest\"";
    tm_arena mem = {0};
    tm_file_info info;
    char head[sizeof MANIFEST];
    size_t got = 0;
    int file;
    *made = false;
    const char *work = tm_path_join(&mem, folder, TM_WORK_NAME);
    const char *manifest = tm_path_join(&mem, folder, "manifest.json");
    tm_status status = work && manifest ? tm_file_look(work, &info, made, err)
                                        : tm_fail_memory(err, "a path", strlen(folder));
    *made = *made && info.is_folder;
    bool there = false;
    if (status == TM_OK && !*made) status = tm_file_look(manifest, &info, &there, err);
    if (there && info.is_regular) status = tm_file_open(manifest, &file, err);
    if (there && info.is_regular && status == TM_OK) {
        status = tm_file_read(file, manifest, head, strlen(MANIFEST), &got, err);
        tm_fs_now.close(file);
        *made = status == TM_OK && tm_str_is((tm_str){head, got}, MANIFEST);
    }
    tm_arena_release(&mem);
    return status;
}

static tm_status add_file(tm_folder_stream *f, const char *relative, const tm_file_info *info,
                          tm_err *err)
{
    if (!TM_ROOM(&f->mem, f->file, f->files, f->room, 1))
        return tm_fail_memory(err, "a folder's files", f->files * sizeof *f->file);
    f->file[f->files++] = tm_str_of(relative);
    f->bytes += info->bytes;
    uint64_t facts[4] = {info->bytes, info->modified_ns, info->inode, f->stamp};
    f->stamp = tm_hash64(facts, sizeof facts, 0);
    f->stamp = tm_hash64(relative, strlen(relative), f->stamp);
    return TM_OK;
}

static tm_status list(tm_folder_stream *f, const char *relative, const tm_folder_chain *up,
                      tm_err *err)
{
    tm_file_info info;
    tm_str *names = NULL;
    uint32_t count = 0;
    const char *folder = *relative ? tm_path_join(&f->mem, f->root, relative) : f->root;
    if (!folder) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_file_info_of(folder, &info, err));
    if (tm_folder_circles(up, &info)) return TM_OK;
    const tm_folder_chain here = {up, info.device, info.inode};
    TM_TRY(tm_folder_list(&f->mem, folder, &names, &count, err));
    for (uint32_t i = 0; i < count; i++) {
        if (names[i].n && names[i].p[0] == '.') continue;
        const char *name = tm_path_z(&f->mem, names[i]);
        const char *below = name && *relative ? tm_path_join(&f->mem, relative, name) : name;
        const char *full = below ? tm_path_join(&f->mem, f->root, below) : NULL;
        if (!full) return tm_fail_memory(err, "a path", names[i].n);
        tm_status status = tm_file_info_of(full, &info, err);
        if (status == TM_EUSAGE && !tm_folder_takes(names[i])) continue; /* a link to nowhere */
        TM_TRY(status);
        bool text = info.is_regular && tm_folder_takes(names[i]), made = false;
        if (info.is_folder) TM_TRY(tm_folder_made(full, &made, err));
        if (info.is_folder && !made) TM_TRY(list(f, below, &here, err));
        if (text) TM_TRY(add_file(f, below, &info, err));
    }
    return TM_OK;
}

static int by_path(const void *a, const void *b)
{
    return tm_str_cmp(*(const tm_str *)a, *(const tm_str *)b);
}

static tm_status open_text(tm_folder_stream *f, tm_err *err)
{
    static const tm_read_limits limits;
    tm_str relative = f->file[f->next++];
    tm_arena_mark mark = tm_arena_here(&f->mem);
    const char *path = tm_path_join(&f->mem, f->root, relative.p);
    if (!path) return tm_fail_memory(err, "a path", relative.n);
    int file = 0;
    char first[4];
    size_t got = 0, mark_bytes = 0;
    TM_TRY(tm_file_open(path, &file, err));
    tm_status status = tm_file_read(file, path, first, sizeof first, &got, err);
    tm_fs_now.close(file);
    TM_TRY(status);
    tm_source source = {.path = tm_str_of(path),
                        .container = TM_JSONL,
                        .codec = TM_PLAIN,
                        .encoding = tm_encoding_of(first, got, &mark_bytes)};
    TM_TRY(tm_stream_open(&f->text, &source, &limits, (tm_str){0}, err));
    tm_arena_rewind(&f->mem, mark); /* the stream has its own copy of the path */
    tm_buf_z(&f->out, "{\"path\":\"");
    tm_json_escape_bytes(relative, &f->out);
    tm_buf_z(&f->out, "\",\"text\":\"");
    return TM_OK;
}

/* Makes the next piece; none when all files are done. */
static tm_status make_more(tm_folder_stream *f, tm_err *err)
{
    size_t got = 0;
    tm_buf_clear(&f->out);
    f->out_at = 0;
    if (!f->text && f->next == f->files) return TM_OK;
    if (!f->text) TM_TRY(open_text(f, err));
    TM_TRY(tm_stream_read(f->text, f->piece, PIECE, &got, err));
    tm_json_escape_bytes((tm_str){f->piece, got}, &f->out);
    if (got < PIECE) {
        tm_buf_z(&f->out, "\"}\n");
        f->bytes_read += f->text->feed.bytes;
        f->spoiled += f->text->wide.spoiled;
        tm_stream_close(f->text);
        f->text = NULL;
    }
    return tm_buf_ok(&f->out, err);
}

tm_status tm_folder_open(tm_folder_stream **out, const char *path, tm_err *err)
{
    tm_folder_stream *f = tm_alloc_zero(1, sizeof *f);
    if (!f) return tm_fail_memory(err, "a folder", sizeof *f);
    tm_str root = tm_arena_str(&f->mem, tm_str_of(path));
    f->root = root.p;
    tm_status status = root.p ? list(f, "", NULL, err) : tm_fail_memory(err, "a path", root.n);
    if (status != TM_OK) {
        tm_folder_close(f);
        return status;
    }
    if (f->files) qsort(f->file, f->files, sizeof *f->file, by_path);
    *out = f;
    return TM_OK;
}

tm_status tm_folder_holds(const char *folder, const tm_file_info *file, bool *holds, tm_err *err)
{
    tm_folder_stream *f;
    tm_file_info info;
    *holds = false;
    TM_TRY(tm_folder_open(&f, folder, err));
    tm_status status = TM_OK;
    for (uint32_t i = 0; status == TM_OK && !*holds && i < f->files; i++) {
        tm_arena_mark mark = tm_arena_here(&f->mem);
        const char *path = tm_path_join(&f->mem, f->root, f->file[i].p);
        bool there = false;
        status = path ? tm_file_look(path, &info, &there, err) : tm_fail_memory(err, "a path", 0);
        *holds = there && info.inode == file->inode && info.device == file->device;
        tm_arena_rewind(&f->mem, mark);
    }
    tm_folder_close(f);
    return status;
}

tm_status tm_folder_read(tm_folder_stream *f, char *to, size_t room, size_t *got, tm_err *err)
{
    size_t n = 0;
    while (n < room) {
        if (f->out_at == f->out.n) {
            TM_TRY(make_more(f, err));
            if (!f->out.n) break;
        }
        size_t some = TM_MIN(room - n, f->out.n - f->out_at);
        memcpy(to + n, f->out.p + f->out_at, some);
        f->out_at += some;
        n += some;
    }
    *got = n;
    return TM_OK;
}

uint64_t tm_folder_bytes(const tm_folder_stream *f)
{
    return f->bytes;
}
uint64_t tm_folder_stamp(const tm_folder_stream *f)
{
    return f->stamp;
}
uint64_t tm_folder_bytes_read(const tm_folder_stream *f)
{
    return f->bytes_read;
}
uint32_t tm_folder_files(const tm_folder_stream *f)
{
    return f->files;
}
tm_str tm_folder_file(const tm_folder_stream *f, uint64_t index)
{
    return index < f->files ? f->file[index] : (tm_str){0};
}
uint64_t tm_folder_spoiled(const tm_folder_stream *f)
{
    return f->spoiled;
}

void tm_folder_close(tm_folder_stream *f)
{
    if (!f) return;
    tm_stream_close(f->text);
    tm_buf_release(&f->out);
    tm_arena_release(&f->mem);
    tm_free(f);
}
