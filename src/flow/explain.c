/* explain: one record's story, from the ledger, the findings and the source.
 *
 * The ledger is read once to find the record (and once more for the place of the record it was
 * merged into). Its bytes are read again (again.c). What was written is found by sending the
 * record through the recipe again. */
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "flow/again.h"
#include "flow/asked.h"
#include "flow/codes.h"
#include "flow/file_digest.h"
#include "flow/ledger_read.h"
#include "flow/quote.h"
#include "flow/record_place.h"
#include "flow/replay.h"
#include "flow/runfolder.h"
#include "flow/started.h"
#include "flow/unreadable_read.h"
#include "text/base64.h"
#include "text/kernel.h"
#include "text/visible.h"

enum {
    FEW = 10,  /* records of one line whose stories are told together */
    NAMED = 3, /* of more, so many places are */
};

typedef struct story {
    tm_arena *mem;
    tm_str folder, started; /* started: started.h */
    bool json;
    tm_buf *out;
    const tm_yaml *manifest;
    const tm_yaml *lost; /* the row of unreadable.jsonl that tells of the record at hand, or NULL */
    unsigned told;
    tm_record_places places;
} story;

static void field(story *s, const char *name, tm_str value)
{
    if (!value.n) return;
    if (s->json) {
        tm_buf_print(s->out, ",\"%s\":", name);
        tm_buf_json(s->out, value);
    } else {
        tm_buf_print(s->out, "  %-10s ", name);
        tm_text_visible(value, s->out);
        tm_buf_char(s->out, '\n');
    }
}

/* Bytes of a file. What a JSON text cannot hold as it is stands beside it once more, in base64. */
static void bytes(story *s, const char *name, tm_str value)
{
    field(s, name, value);
    if (!s->json || tm_kernel_now()->utf8_valid(value.p, value.n) == value.n) return;
    tm_buf_print(s->out, ",\"%s_base64\":\"", name);
    tm_base64(value, s->out);
    tm_buf_char(s->out, '"');
}

static void number(story *s, const char *name, double value)
{
    if (isnan(value)) return;
    if (s->json)
        tm_buf_print(s->out, ",\"%s\":", name);
    else
        tm_buf_print(s->out, "  %-10s ", name);
    tm_buf_f64(s->out, value);
    if (!s->json) tm_buf_char(s->out, '\n');
}

/* Where the record of a row stands. */
static tm_status place_of_row(story *s, const tm_ledger_row *row, tm_str *out, tm_err *err)
{
    TM_TRY(tm_record_place(&s->places, row->rid, out, err));
    if (out->n) return TM_OK;
    *out = tm_str_of(
        tm_arena_printf(s->mem, "%.*s:%llu", TM_FMT(row->source), (unsigned long long)row->line));
    return out->p ? TM_OK : tm_fail_memory(err, "a place", row->source.n);
}

/* That of any record, by the ledger. */
static tm_status place_of(story *s, const char *path, tm_rid rid, tm_str *out, tm_err *err)
{
    tm_ledger l;
    tm_ledger_row row;
    bool more = true;
    TM_TRY(tm_record_place(&s->places, rid, out, err));
    TM_TRY(tm_ledger_read(&l, path, err));
    tm_status status = TM_OK;
    while (status == TM_OK && more && !out->n) {
        status = tm_ledger_next(&l, &row, &more, err);
        if (status != TM_OK || !more || tm_rid_cmp(row.rid, rid) != 0) continue;
        status = place_of_row(s, &row, out, err);
    }
    tm_ledger_close(&l);
    return status;
}

static void signals(story *s, const tm_ledger *l, uint32_t row)
{
    const tm_pq_column *columns;
    uint32_t count = tm_pq_columns(l->reader, &columns);
    if (s->json && count > TM_LEDGER_FIXED) tm_buf_z(s->out, ",\"signals\":{");
    size_t at = s->out->n;
    for (uint32_t c = TM_LEDGER_FIXED; c < count; c++) {
        if (tm_pq_is_null(l->reader, c, row)) continue;
        if (columns[c].type == TM_PQ_F64)
            number(s, columns[c].name, tm_pq_get_f64(l->reader, c, row));
        else
            field(s, columns[c].name, tm_pq_get_text(l->reader, c, row));
    }
    if (!s->json || count <= TM_LEDGER_FIXED) return;
    if (s->out->n > at) { /* every field begins with a comma; the first of an object has none */
        memmove(s->out->p + at, s->out->p + at + 1, s->out->n - at - 1);
        s->out->n--;
    }
    tm_buf_char(s->out, '}');
}

static tm_str sentence_of(tm_str code)
{
    for (tm_code_walk at = {0}; tm_code_next(&at);)
        if (at.code != &at.made && tm_str_is(code, at.code->code))
            return tm_str_of(at.code->sentence);
    return (tm_str){0};
}

enum { PLACE, PATH, STEP, CODE, PART, AT, BYTES, VALUE, OTHER, OTHER_PATH, COLUMNS };

typedef struct noticed { /* columns of findings.parquet, and the record they are about */
    tm_pq_reader *reader;
    uint32_t column[COLUMNS];
    const char *ledger;
    tm_str raw; /* empty: it cannot be quoted */
    unsigned shown;
} noticed;

/* What was matched and where that stands, for findings that name another record. */
static tm_status matched(story *s, const noticed *n, uint32_t row, tm_str part, tm_err *err)
{
    const tm_pq_reader *r = n->reader;
    tm_buf text = {0};
    if (tm_pq_is_null(r, n->column[OTHER], row)) return TM_OK;
    tm_rid other = {tm_pq_get_u64(r, n->column[OTHER], row),
                    tm_pq_get_u64(r, n->column[OTHER_PATH], row)};
    uint64_t at = tm_pq_get_u64(r, n->column[AT], row), bytes;
    bytes = tm_pq_get_u64(r, n->column[BYTES], row);
    tm_status status = n->raw.n ? tm_quote(n->raw, part, at, bytes, &text, err) : TM_OK;
    if (status == TM_OK) field(s, "matched", tm_buf_view(&text));
    if (!tm_pq_is_null(r, n->column[VALUE], row))
        number(s, "value", tm_pq_get_f64(r, n->column[VALUE], row));
    tm_str place = {0};
    if (status == TM_OK) status = place_of(s, n->ledger, other, &place, err);
    if (status == TM_OK) field(s, "other", place);
    tm_buf_release(&text);
    return status;
}

static tm_status finding(story *s, const noticed *n, uint32_t row, tm_err *err)
{
    tm_str text[3] = {{0}};
    for (unsigned i = 0; i < 3; i++)
        if (!tm_pq_is_null(n->reader, n->column[STEP + i], row))
            text[i] = tm_pq_get_text(n->reader, n->column[STEP + i], row);
    if (!s->json) {
        tm_buf_print(s->out, "  noticed    %.*s%s%.*s: %.*s (%.*s)\n",
                     TM_FMT(text[0].n ? text[0] : TM_STR("the reader")), text[2].n ? " at " : "",
                     TM_FMT(text[2]), TM_FMT(sentence_of(text[1])), TM_FMT(text[1]));
        return matched(s, n, row, text[2], err);
    }
    tm_buf_print(s->out, "%s{\"step\":", n->shown ? "," : "");
    tm_buf_json(s->out, text[0]);
    tm_buf_z(s->out, ",\"code\":");
    tm_buf_json(s->out, text[1]);
    tm_buf_z(s->out, ",\"part\":");
    tm_buf_json(s->out, text[2]);
    tm_buf_print(s->out, ",\"at\":%llu,\"bytes\":%llu,\"message\":",
                 (unsigned long long)tm_pq_get_u64(n->reader, n->column[AT], row),
                 (unsigned long long)tm_pq_get_u64(n->reader, n->column[BYTES], row));
    tm_buf_json(s->out, sentence_of(text[1]));
    TM_TRY(matched(s, n, row, text[2], err));
    tm_buf_char(s->out, '}');
    return TM_OK;
}

static tm_status findings(story *s, const char *ledger, tm_rid rid, tm_str raw, tm_err *err)
{
    static const char *const NAMES[COLUMNS] = {"place",       "path",      "step",  "code",
                                               "part",        "at",        "bytes", "value",
                                               "other_place", "other_path"};
    uint32_t rows;
    bool more = true, there;
    noticed n = {.ledger = ledger, .raw = rid.path ? (tm_str){0} : raw};
    const char *path = tm_path_join(s->mem, s->folder.p, "findings.parquet");
    if (!path) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_file_there(path, &there, err));
    if (!there) return TM_OK;
    TM_TRY(tm_pq_open(&n.reader, path, err));
    tm_status status = TM_OK;
    for (unsigned i = 0; i < COLUMNS; i++) {
        n.column[i] = tm_pq_column_named(n.reader, NAMES[i]);
        if (n.column[i] == TM_NONE)
            status = tm_fail(err, TM_EINPUT, "%s is not a list of findings", path);
    }
    if (s->json) tm_buf_z(s->out, ",\"findings\":[");
    while (status == TM_OK && more) {
        status = tm_pq_next(n.reader, &more, &rows, err);
        for (uint32_t i = 0; status == TM_OK && more && i < rows; i++) {
            if (tm_pq_get_u64(n.reader, n.column[PLACE], i) != rid.place ||
                tm_pq_get_u64(n.reader, n.column[PATH], i) != rid.path)
                continue;
            status = finding(s, &n, i, err);
            n.shown++;
        }
    }
    if (s->json) tm_buf_char(s->out, ']');
    tm_pq_close(n.reader);
    return status;
}

/* Why a record could not be read. */
static tm_status trouble(story *s, const tm_ledger_row *row, tm_err *err)
{
    s->lost = NULL;
    if (!tm_str_is(row->fate, "unreadable")) return TM_OK;
    TM_TRY(tm_unreadable_find(s->mem, s->folder.p, row->rid, &s->lost, err));
    if (!s->lost) return TM_OK;
    field(s, "code", tm_yaml_text(s->lost, "code"));
    field(s, "message", tm_yaml_text(s->lost, "message"));
    uint64_t line = tm_yaml_number(s->lost, "line");
    if (line != row->line) number(s, "text_line", (double)line);
    number(s, "column", (double)tm_yaml_number(s->lost, "column"));
    if (tm_yaml_get(s->lost, "byte")) /* runs of earlier versions have none */
        number(s, "byte", (double)tm_yaml_number(s->lost, "byte"));
    field(s, "ill_formed", tm_yaml_text(s->lost, "ill_formed"));
    if (tm_yaml_number(s->lost, "left_out"))
        number(s, "left_out", (double)tm_yaml_number(s->lost, "left_out"));
    return TM_OK;
}

/* The manifest lists one a source. */
static const tm_yaml *input_of(const story *s, tm_rid rid)
{
    const tm_yaml *list = tm_yaml_get(s->manifest, "inputs");
    uint32_t source = TM_PLACE_SOURCE(rid.place);
    return list && source && source <= list->count ? &list->child[source - 1] : NULL;
}

/* What the recipe made of it, by sending it through the recipe again. */
static tm_status written(story *s, const tm_ledger_row *row, const tm_yaml *input, tm_str raw,
                         tm_err *err)
{
    tm_buf out = {0};
    bool found = false;
    const tm_yaml *layouts = input ? tm_yaml_get(input, "layouts") : NULL;
    tm_replay_args args = {.recipe = tm_yaml_text(s->manifest, "recipe"),
                           .input = tm_yaml_text(input, "input"),
                           .raw = raw,
                           .path = row->rid.path};
    if (layouts && layouts->count == 1) args.layout = layouts->key[0];
    tm_status status = tm_replay(s->mem, &args, &out, &found, err);
    if (status == TM_OK && found && tm_str_eq(tm_buf_view(&out), raw))
        bytes(s, "written", s->json ? raw : TM_STR("(as it was read)"));
    else if (status == TM_OK && found)
        bytes(s, "written", tm_buf_view(&out));
    tm_buf_release(&out);
    return status;
}

/* What was noticed, and the record itself. */
static tm_status texts(story *s, const char *ledger, const tm_ledger_row *row, tm_err *err)
{
    tm_buf raw = {0};
    tm_str why = {0};
    const tm_yaml *input = input_of(s, row->rid);
    tm_again again = {s->mem, s->folder, s->started, s->lost, input, row};
    tm_status status = tm_again_read(&again, &raw, &why, err);
    if (status == TM_OK) status = findings(s, ledger, row->rid, tm_buf_view(&raw), err);
    if (status == TM_OK) field(s, s->json ? "no_raw" : "raw", why);
    if (status == TM_OK && raw.n && !row->rid.path) bytes(s, "raw", tm_buf_view(&raw));
    if (status == TM_OK && raw.n && row->copies)
        status = written(s, row, input, tm_buf_view(&raw), err);
    tm_buf_release(&raw);
    return status;
}

static tm_status tell(story *s, const char *path, const tm_ledger *l, const tm_ledger_row *row,
                      tm_err *err)
{
    tm_str other = {0}, place;
    if (s->json) {
        tm_buf_print(s->out, "%s{\"place\":%llu,\"path\":%llu,\"line\":%llu,\"offset\":%llu",
                     s->told ? "," : "", (unsigned long long)row->rid.place,
                     (unsigned long long)row->rid.path, (unsigned long long)row->line,
                     (unsigned long long)TM_PLACE_OFFSET(row->rid.place));
        field(s, "source", row->source);
    } else {
        TM_TRY(place_of_row(s, row, &place, err));
        tm_text_visible(place, s->out);
        tm_buf_z(s->out, row->rid.path ? " (a child)\n" : "\n");
    }
    s->told++;
    field(s, "fate", row->fate);
    field(s, "step", row->step);
    field(s, "rule", row->rule);
    number(s, "value", row->value);
    if (row->other.place) TM_TRY(place_of(s, path, row->other, &other, err));
    field(s, "other", other);
    field(s, "route", row->route);
    field(s, "id", row->id);
    signals(s, l, row->row);
    TM_TRY(trouble(s, row, err));
    TM_TRY(texts(s, path, row, err));
    if (s->json) tm_buf_char(s->out, '}');
    return TM_OK;
}

static tm_status tell_all(story *s, const tm_asked *q, const char *ledger, tm_err *err)
{
    tm_ledger l;
    tm_ledger_row row;
    bool more = true;
    TM_TRY(tm_ledger_read(&l, ledger, err));
    tm_status status = TM_OK;
    while (status == TM_OK) {
        status = tm_ledger_next(&l, &row, &more, err);
        if (status != TM_OK || !more) break;
        if (tm_asked_is(q, &row)) status = tell(s, ledger, &l, &row, err);
    }
    tm_ledger_close(&l);
    return status;
}

/* A record may hold a line that it does not begin on. *searched: in a source that was asked for. */
static tm_status look_inside(story *s, const tm_asked *q, const char *ledger, bool *searched,
                             tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(s->manifest, "inputs");
    for (uint32_t i = 0; q->line && list && i < list->count; i++) {
        tm_asked inside;
        bool found, here;
        TM_TRY(tm_asked_inside(s->mem, &list->child[i], q, &inside, &found, &here, err));
        if (found) TM_TRY(tell_all(s, &inside, ledger, err));
        *searched |= here;
    }
    return TM_OK;
}

typedef struct many { /* records on one line */
    uint64_t count;
    tm_rid last;
    tm_str first; /* its source */
    bool files;   /* they are of several */
    tm_buf places;
} many;

static tm_status add_place(story *s, many *m, const tm_ledger_row *row, tm_err *err)
{
    tm_str place;
    if (m->count && row->rid.place == m->last.place) return TM_OK; /* a child */
    m->last = row->rid;
    if (!m->count) m->first = tm_arena_str(s->mem, row->source);
    m->files |= !tm_str_eq(m->first, row->source);
    if (m->count++ >= NAMED) return TM_OK;
    TM_TRY(place_of_row(s, row, &place, err));
    tm_buf_str(&m->places, place);
    tm_buf_z(&m->places, ", ");
    return tm_buf_ok(&m->places, err);
}

static tm_status say_many(const tm_asked *q, const many *m, tm_err *err)
{
    tm_str places = tm_buf_view(&m->places);
    const char *by = tm_str_rfind_char(places, '@') < places.n ? "offset" : "column";
    if (m->files) by = "path";
    return tm_fail(err, TM_EUSAGE,
                   "%llu records of this run stand on %.*s:%llu%s: name one by its %s (%.*s..)",
                   (unsigned long long)m->count, TM_FMT(q->file), (unsigned long long)q->line,
                   m->files ? ", in several files" : "", by, TM_FMT(places));
}

/* Nobody reads hundreds of stories. */
static tm_status refuse_many(story *s, const tm_asked *q, const char *ledger, tm_err *err)
{
    tm_ledger l;
    tm_ledger_row row;
    many m = {0};
    bool more = true;
    if (!q->line) return TM_OK;
    TM_TRY(tm_ledger_read(&l, ledger, err));
    tm_status status = TM_OK;
    while (status == TM_OK) {
        status = tm_ledger_next(&l, &row, &more, err);
        if (status != TM_OK || !more) break;
        if (tm_asked_is(q, &row)) status = add_place(s, &m, &row, err);
    }
    tm_ledger_close(&l);
    if (status == TM_OK && m.count > FEW) status = say_many(q, &m, err);
    tm_buf_release(&m.places);
    return status;
}

static tm_status answer(story *s, const tm_asked *q, const char *ledger, tm_err *err)
{
    bool searched = false;
    if (q->column) TM_TRY(look_inside(s, q, ledger, &searched, err));
    if (s->told || searched) return TM_OK;
    TM_TRY(refuse_many(s, q, ledger, err));
    TM_TRY(tell_all(s, q, ledger, err));
    if (s->told || q->column) return TM_OK;
    return look_inside(s, q, ledger, &searched, err);
}

tm_status tm_explain(tm_arena *mem, tm_str folder, tm_str place, bool json, tm_buf *out,
                     tm_err *err)
{
    tm_asked q;
    tm_yaml *manifest;
    bool there;
    story s = {.mem = mem, .folder = folder, .json = json, .out = out};
    TM_TRY(tm_asked_parse(place, &q, err));
    TM_TRY(tm_folder_manifest(mem, folder, &manifest, err));
    TM_TRY(tm_started_in(mem, folder, &s.started, err));
    q.started = s.started;
    s.manifest = manifest;
    s.places = (tm_record_places){.mem = mem, .started = s.started, .manifest = manifest};
    const char *path = tm_path_join(mem, folder.p, "ledger.parquet");
    if (!path) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_file_there(path, &there, err));
    if (!there)
        return tm_fail(err, TM_EUSAGE, "%s has no ledger: run with --ledger fates or more",
                       folder.p);
    if (json) tm_buf_z(out, "{\"records\":[");
    TM_TRY(answer(&s, &q, path, err));
    if (!s.told && tm_asked_otherwise(place, &q)) TM_TRY(answer(&s, &q, path, err));
    if (json) tm_buf_z(out, "]}\n");
    if (s.told) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "no record of this run stands at %.*s: a blank line, a line "
                   "behind a head, between two records, or another file",
                   TM_FMT(place));
}
