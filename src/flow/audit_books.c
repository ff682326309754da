/* The manifest's counts against the rows of the ledger and of the findings: per fate, per step and
 * fate, per source, per step and code; and each step against the one before it.
 *
 * Both files are read once, row by row; what is kept is a number for each count of the manifest.
 * What a step over the whole set decided has no row among the findings unless it was only flagged:
 * of such a code the ledger has the rows, by its name as their rule. */
#include <stdio.h>

#include "flow/audit.h"
#include "flow/codes.h"
#include "flow/ledger_read.h"

enum { KEPT, DROPPED, MERGED, PARKED, REPLACED, UNREADABLE, FATES };

static const char *const FATE[FATES] = {"kept",   "dropped",  "merged",
                                        "parked", "replaced", "unreadable"};

typedef struct code_rows { /* a code that a step of the manifest counts */
    tm_str code, name;
    uint64_t wanted, found, decided;
} code_rows;

typedef struct step_rows {
    tm_str name; /* empty: the reader */
    const tm_yaml *counts;
    code_rows *code;
    uint32_t codes;
    uint64_t fate[FATES];
} step_rows;

typedef struct books {
    tm_auditing *audit;
    step_rows *step; /* the reader last */
    uint32_t steps;
    uint64_t fate[FATES], copies, unknown; /* unknown: rows of a step that the manifest has not */
    uint64_t *records, *unreadable, *made; /* of a source, from 0 */
    uint32_t sources;
} books;

/* ---- what the manifest tells ----------------------------------------------------------------- */

static tm_status take_codes(books *b, step_rows *s, const tm_yaml *counted, tm_err *err)
{
    uint32_t count = counted ? counted->count : 0;
    s->code = tm_arena_zero(b->audit->mem, count + 1, sizeof *s->code);
    if (!s->code) return tm_fail_memory(err, "codes", count);
    for (uint32_t i = 0; i < count; i++) {
        code_rows *c = &s->code[s->codes++];
        c->code = counted->key[i];
        tm_code_walk at = {0};
        if (tm_code_find(c->code, &at)) c->name = tm_str_of(at.code->name);
        tm_str_to_u64(counted->child[i].text, &c->wanted);
    }
    return TM_OK;
}

static tm_status take_manifest(books *b, tm_err *err)
{
    const tm_yaml *manifest = b->audit->manifest, *steps = tm_yaml_get(manifest, "steps");
    const tm_yaml *inputs = tm_yaml_get(manifest, "inputs"), *reader;
    tm_arena *mem = b->audit->mem;
    b->steps = steps ? steps->count : 0;
    b->sources = inputs ? inputs->count : 0;
    b->step = tm_arena_zero(mem, b->steps + 1, sizeof *b->step);
    b->records = tm_arena_zero(mem, b->sources + 1, sizeof *b->records);
    b->unreadable = tm_arena_zero(mem, b->sources + 1, sizeof *b->unreadable);
    b->made = tm_arena_zero(mem, b->sources + 1, sizeof *b->made);
    if (!b->step || !b->records || !b->unreadable || !b->made)
        return tm_fail_memory(err, "counts", b->steps);
    for (uint32_t i = 0; i < b->steps; i++) {
        const tm_yaml *step = &steps->child[i];
        b->step[i].name = tm_yaml_text(step, "name");
        b->step[i].counts = tm_yaml_get(step, "counts");
        TM_TRY(take_codes(b, &b->step[i], tm_yaml_get(step, "findings"), err));
    }
    reader = tm_yaml_get(manifest, "reader");
    return take_codes(b, &b->step[b->steps], tm_yaml_get(reader, "findings"), err);
}

/* The last one is the reader's, which has no name; NULL: no such step. */
static step_rows *step_of(books *b, tm_str name)
{
    for (uint32_t i = 0; i <= b->steps; i++)
        if (tm_str_eq(b->step[i].name, name)) return &b->step[i];
    return NULL;
}

/* ---- what the rows tell ---------------------------------------------------------------------- */

static void count_row(books *b, const tm_ledger_row *row)
{
    uint32_t fate = 0, source = TM_PLACE_SOURCE(row->rid.place);
    while (fate < FATES && !tm_str_is(row->fate, FATE[fate])) fate++;
    if (fate == FATES) return;
    b->fate[fate]++;
    b->copies += row->copies;
    if (source && source <= b->sources) {
        uint64_t *to = row->rid.path ? b->made : b->records;
        to[source - 1]++;
        b->unreadable[source - 1] += fate == UNREADABLE;
    }
    step_rows *step = step_of(b, row->step);
    if (!step) b->unknown++;
    if (!step) return;
    step->fate[fate]++;
    for (uint32_t i = 0; i < step->codes; i++)
        step->code[i].decided += tm_str_eq(step->code[i].name, row->rule);
}

static tm_status read_ledger(books *b, const char *path, tm_err *err)
{
    tm_ledger ledger = {0};
    tm_ledger_row row;
    bool more = true;
    TM_TRY(tm_ledger_read(&ledger, path, err));
    tm_status status = TM_OK;
    while (status == TM_OK) {
        status = tm_ledger_next(&ledger, &row, &more, err);
        if (status != TM_OK || !more) break;
        count_row(b, &row);
    }
    tm_ledger_close(&ledger);
    return status;
}

static void count_finding(books *b, tm_str name, tm_str code)
{
    step_rows *step = step_of(b, name);
    for (uint32_t i = 0; step && i < step->codes; i++)
        step->code[i].found += tm_str_eq(step->code[i].code, code);
}

static tm_status read_findings(books *b, const char *path, tm_err *err)
{
    tm_pq_reader *reader;
    uint32_t rows;
    bool more = true;
    TM_TRY(tm_pq_open(&reader, path, err));
    uint32_t step = tm_pq_column_named(reader, "step"), code = tm_pq_column_named(reader, "code");
    tm_status status = TM_OK;
    if (step == TM_NONE || code == TM_NONE)
        status = tm_fail(err, TM_EINPUT, "%s is not a list of findings", path);
    while (status == TM_OK && more) {
        status = tm_pq_next(reader, &more, &rows, err);
        for (uint32_t i = 0; status == TM_OK && more && i < rows; i++) {
            bool reads = tm_pq_is_null(reader, step, i);
            tm_str name = reads ? (tm_str){0} : tm_pq_get_text(reader, step, i);
            count_finding(b, name, tm_pq_get_text(reader, code, i));
        }
    }
    tm_pq_close(reader);
    return status;
}

/* ---- both, compared -------------------------------------------------------------------------- */

static void tell_fates(const books *b)
{
    tm_auditing *a = b->audit;
    const tm_yaml *counts = tm_yaml_get(a->manifest, "counts");
    for (uint32_t f = 0; f < FATES; f++) {
        bool same = b->fate[f] == tm_yaml_number(counts, FATE[f]);
        tm_audit_say(a, same, "ledger", tm_str_of(FATE[f]),
                     same ? "" : "its rows differ from the manifest's count");
    }
    bool same = b->copies == tm_yaml_number(counts, "written");
    tm_audit_say(a, same, "ledger", TM_STR("written"),
                 same ? "" : "its copies differ from what was written");
}

/* Records that a step kept are those that the next one read, and the last one's are the run's. */
static const char *trouble_of_step(const books *b, uint32_t at)
{
    const step_rows *s = &b->step[at];
    for (uint32_t f = DROPPED; f < FATES; f++)
        if (s->fate[f] != tm_yaml_number(s->counts, FATE[f]))
            return "the ledger has other numbers of records that it decided about";
    const tm_yaml *next = at + 1 < b->steps ? s[1].counts : NULL;
    uint64_t kept = tm_yaml_number(s->counts, "kept");
    if (next && kept != tm_yaml_number(next, "read"))
        return "it kept another number of records than the next step read";
    if (!next && kept != tm_yaml_number(tm_yaml_get(b->audit->manifest, "counts"), "kept"))
        return "it kept another number of records than the run";
    return "";
}

static void tell_steps(const books *b)
{
    for (uint32_t i = 0; i < b->steps; i++) {
        const char *trouble = trouble_of_step(b, i);
        tm_audit_say(b->audit, !trouble[0], "step", b->step[i].name, trouble);
    }
    if (b->unknown)
        tm_audit_say(b->audit, false, "ledger", TM_STR("step"),
                     "it names a step that the manifest does not have");
}

static void tell_sources(const books *b)
{
    const tm_yaml *inputs = tm_yaml_get(b->audit->manifest, "inputs");
    for (uint32_t i = 0; i < b->sources; i++) {
        const tm_yaml *input = &inputs->child[i], *layouts = tm_yaml_get(input, "layouts");
        uint64_t records = tm_yaml_number(input, "records"), readable = 0;
        uint64_t unreadable = tm_yaml_number(input, "unreadable");
        for (uint32_t l = 0; layouts && l < layouts->count; l++)
            readable += tm_yaml_number(layouts, layouts->key[l].p);
        bool same = records == b->records[i] && unreadable == b->unreadable[i];
        bool known = !layouts || !layouts->count || readable + unreadable == records + b->made[i];
        tm_audit_say(b->audit, same && known, "source", tm_yaml_text(input, "path"),
                     !same   ? "the ledger has another number of its records"
                     : known ? ""
                             : "its layouts hold another number of records");
    }
}

/* Why they were unreadable, by code. */
static void tell_unreadable(const books *b)
{
    const tm_yaml *reader = tm_yaml_get(b->audit->manifest, "reader");
    const tm_yaml *codes = tm_yaml_get(reader, "unreadable");
    uint64_t told = 0;
    for (uint32_t i = 0; codes && i < codes->count; i++)
        told += tm_yaml_number(codes, codes->key[i].p);
    bool same = told == b->step[b->steps].fate[UNREADABLE];
    tm_audit_say(b->audit, same, "ledger", TM_STR("unreadable by code"),
                 same ? "" : "its rows differ from the manifest's counts");
}

static void tell_findings(const books *b)
{
    for (uint32_t i = 0; i <= b->steps; i++) {
        const step_rows *s = &b->step[i];
        bool same = true;
        for (uint32_t c = 0; c < s->codes; c++)
            same &= s->code[c].wanted == TM_MAX(s->code[c].found, s->code[c].decided);
        if (s->codes)
            tm_audit_say(b->audit, same, "findings", s->name.n ? s->name : TM_STR("reader"),
                         same ? "" : "their rows differ from the manifest's counts");
    }
}

/* ---- the files ------------------------------------------------------------------------------- */

typedef tm_status reading(books *b, const char *path, tm_err *err);

/* *read: it is there and whole; else a line has said so, unless the run kept none. */
static tm_status read_file(books *b, const char *name, reading *read_it, bool *read, tm_err *err)
{
    bool there = true;
    tm_err why = {0};
    const char *path = tm_path_join(b->audit->mem, b->audit->folder.p, name);
    if (!path) return tm_fail_memory(err, "a path", 0);
    tm_status status = tm_file_there(path, &there, &why);
    if (status == TM_OK && there) status = read_it(b, path, &why);
    if (status == TM_EMEMORY) return *err = why, status;
    *read = there && status == TM_OK;
    if (status != TM_OK) tm_audit_say(b->audit, false, "ledger", tm_str_of(name), why.msg);
    return TM_OK;
}

/* Files that were kept are in the manifest's list, where one that is gone is told. */
static bool was_kept(const books *b, const char *name)
{
    const tm_yaml *list = tm_yaml_get(b->audit->manifest, "files");
    for (uint32_t i = 0; list && i < list->count; i++)
        if (tm_str_is(tm_yaml_text(&list->child[i], "path"), name)) return true;
    return false;
}

tm_status tm_audit_books(tm_auditing *a, tm_err *err)
{
    static const char LEDGER[] = "ledger.parquet", FINDINGS[] = "findings.parquet";
    books b = {.audit = a};
    bool read;
    TM_TRY(take_manifest(&b, err));
    TM_TRY(read_file(&b, LEDGER, read_ledger, &read, err));
    if (!read && !was_kept(&b, LEDGER))
        tm_audit_say(a, true, "ledger", tm_str_of(LEDGER), "none was kept");
    if (!read) return TM_OK;
    tell_fates(&b);
    tell_steps(&b);
    tell_sources(&b);
    tell_unreadable(&b);
    TM_TRY(read_file(&b, FINDINGS, read_findings, &read, err));
    if (read) tell_findings(&b);
    return TM_OK;
}
