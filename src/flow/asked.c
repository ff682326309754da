/* A colon and a number may belong to a file's name as well as to the place: the way that finds a
 * record is the right one. */
#include "flow/asked.h"

#include <stdio.h>

#include "flow/record_place.h"
#include "text/utf8.h"

/* Cuts ":17" off the end of text. */
static bool cut_number(tm_str *text, uint64_t *number)
{
    size_t colon = tm_str_rfind_char(*text, ':');
    if (colon >= text->n || !tm_str_to_u64(tm_str_slice(*text, colon + 1, text->n), number))
        return false;
    *text = tm_str_slice(*text, 0, colon);
    return *number > 0;
}

tm_status tm_asked_parse(tm_str text, tm_asked *out, tm_err *err)
{
    tm_str head = text, tail;
    size_t at = tm_str_rfind_char(text, '@');
    *out = (tm_asked){0};
    if (cut_number(&head, &out->line)) {
        uint64_t line;
        out->file = head;
        if (!cut_number(&head, &line) || !head.n) return TM_OK;
        *out = (tm_asked){.file = head, .line = line, .column = out->line};
        return TM_OK;
    }
    *out = (tm_asked){0};
    if (at < text.n && tm_str_to_u64(tm_str_slice(text, at + 1, text.n), &out->offset)) {
        out->file = tm_str_slice(text, 0, at);
        return TM_OK;
    }
    bool child = tm_str_cut(text, '/', &head, &tail);
    if (tm_str_to_u64(head, &out->rid.place) && (!child || tm_str_to_u64(tail, &out->rid.path)) &&
        out->rid.place)
        return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "\"%.*s\" is not a place: use FILE:LINE:COLUMN, FILE:LINE, FILE@OFFSET, or the "
                   "ledger's PLACE or PLACE/PATH",
                   TM_FMT(text));
}

bool tm_asked_otherwise(tm_str text, tm_asked *out)
{
    if (!out->column) return false;
    out->file = tm_str_slice(text, 0, tm_str_rfind_char(text, ':'));
    out->line = out->column;
    out->column = 0;
    return true;
}

static bool path_ends(tm_str source, tm_str asked)
{
    if (tm_str_eq(source, asked)) return true;
    return asked.n && tm_str_ends(source, asked) && source.n > asked.n &&
           source.p[source.n - asked.n - 1] == '/';
}

/* A file is meant by its path, by its last part, or by any other way that leads to it. A name that
 * is not UTF-8 stands with U+FFFD in ledgers. */
static bool same_file(const tm_asked *q, tm_str source)
{
    tm_str asked = q->file;
    tm_file_info one, two;
    char a[4096], b[4096];
    tm_buf shown = {0};
    if (path_ends(source, asked)) return true;
    tm_utf8_repair(asked, &shown);
    bool same = !shown.failed && path_ends(source, tm_buf_view(&shown));
    tm_buf_release(&shown);
    if (same || source.n >= sizeof a || asked.n >= sizeof b) return same;
    bool from_here = !q->started.n || tm_str_starts(source, TM_STR("/"));
    int n = from_here ? snprintf(a, sizeof a, "%.*s", TM_FMT(source))
                      : snprintf(a, sizeof a, "%.*s/%.*s", TM_FMT(q->started), TM_FMT(source));
    if (n >= (int)sizeof a) return false;
    if (tm_fs_now.info(a, &one) != 0) snprintf(a, sizeof a, "%.*s", TM_FMT(source));
    snprintf(b, sizeof b, "%.*s", TM_FMT(asked));
    return tm_fs_now.info(a, &one) == 0 && tm_fs_now.info(b, &two) == 0 && one.inode == two.inode &&
           one.device == two.device;
}

bool tm_asked_is(const tm_asked *q, const tm_ledger_row *row)
{
    if (q->rid.place)
        return q->rid.place == row->rid.place && (!q->rid.path || q->rid.path == row->rid.path);
    if (q->folder.n) return tm_str_starts(row->source, q->folder) && same_file(q, row->source);
    bool here = q->line ? q->line == row->line : q->offset == TM_PLACE_OFFSET(row->rid.place);
    return here && same_file(q, row->source);
}

tm_status tm_asked_inside(tm_arena *mem, const tm_yaml *input, const tm_asked *q, tm_asked *inside,
                          bool *found, bool *searched, tm_err *err)
{
    tm_source source = {0};
    tm_str path = tm_yaml_text(input, "path");
    *inside = *q;
    *found = *searched = false;
    if (tm_str_is(tm_yaml_text(input, "container"), tm_containers[TM_FOLDER].name)) {
        const char *folder = tm_path_join(mem, path.p, "");
        if (!folder) return tm_fail_memory(err, "a path", path.n);
        inside->folder = tm_str_of(folder);
        *found = true;
        return TM_OK;
    }
    if (!tm_record_has_column(input) || !same_file(q, path)) return TM_OK;
    *searched = tm_record_source(mem, q->started, input, &source);
    if (!*searched) return TM_OK;
    *found = tm_source_line(&source, &(tm_read_limits){0}, q->line, q->column, NULL,
                            &inside->offset, NULL) == TM_OK;
    if (*found) inside->line = 0;
    return TM_OK;
}
