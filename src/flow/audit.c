/* audit: does a run folder still hold what its manifest says?
 *
 * Recomputes the SHA-256 of every input, of every output's decoded bytes and of every other file of
 * the run, counts the output's records, and adds up the ledger by fate. Every thing looked at gets
 * a line; the first difference does not end it.
 *
 * The report's digest stands in run.json (manifest.c). The page is not made again to compare it:
 * that would need the sources where they were and the program of that day. */
#include <stdio.h>

#include "base/hash.h"
#include "flow/file_digest.h"
#include "flow/ledger_read.h"
#include "flow/runfolder.h"
#include "flow/started.h"
#include "io/stream.h"
#include "text/visible.h"

typedef struct audit {
    tm_arena *mem;
    tm_str folder, started; /* started: started.h */
    const tm_yaml *manifest;
    bool json;
    tm_buf *out;
    unsigned looked, wrong;
} audit;

static void say(audit *a, bool good, const char *what, tm_str name, const char *detail)
{
    a->looked++;
    if (!good) a->wrong++;
    if (!a->json) {
        tm_buf_print(a->out, "%-7s %-9s ", good ? "well" : "DIFFERS", what);
        tm_text_visible(name, a->out);
        if (detail[0]) tm_buf_z(a->out, ": ");
        tm_text_visible(tm_str_of(detail), a->out);
        tm_buf_char(a->out, '\n');
        return;
    }
    tm_buf_print(a->out, "%s{\"what\":\"%s\",\"name\":", a->looked > 1 ? "," : "", what);
    tm_buf_json(a->out, name);
    tm_buf_print(a->out, ",\"well\":%s,\"detail\":", good ? "true" : "false");
    tm_buf_json(a->out, tm_str_of(detail));
    tm_buf_char(a->out, '}');
}

static void check_sums(audit *a, const tm_yaml *counts, const char *what, tm_str name)
{
    tm_counts c = {tm_yaml_number(counts, "read"),     tm_yaml_number(counts, "made"),
                   tm_yaml_number(counts, "kept"),     tm_yaml_number(counts, "dropped"),
                   tm_yaml_number(counts, "merged"),   tm_yaml_number(counts, "parked"),
                   tm_yaml_number(counts, "replaced"), tm_yaml_number(counts, "unreadable"),
                   tm_yaml_number(counts, "written")};
    say(a, tm_counts_close(&c), what, name, tm_counts_close(&c) ? "" : "the sums do not close");
}

static tm_status say_gone(audit *a, const char *what, tm_str name, tm_err *err)
{
    tm_buf text = {0};
    tm_buf_z(&text, "it is gone: ");
    if (strcmp(what, "file") == 0) tm_buf_z(&text, "the run folder does not hold it");
    if (strcmp(what, "file") != 0) tm_started_tried(a->started, name, &text);
    tm_buf_char(&text, 0);
    tm_status status = tm_buf_ok(&text, err);
    if (status == TM_OK) say(a, false, what, name, text.p);
    tm_buf_release(&text);
    return status;
}

static tm_status check_file(audit *a, const char *what, tm_str name, tm_str path, bool decoded,
                            tm_str wanted, uint64_t records, tm_err *err)
{
    tm_file_digest d = {0};
    const char *z = tm_path_z(a->mem, path);
    if (!z) return tm_fail_memory(err, "a path", path.n);
    tm_file_info info;
    bool pipe = tm_str_is(path, "-");
    if (!pipe && tm_fs_now.info(z, &info) == 0) pipe = !info.is_regular;
    if (pipe) {
        say(a, true, what, name, "a pipe cannot be read again");
        return TM_OK;
    }
    if (!wanted.n) {
        say(a, true, what, name, "it was not read to its end, so it has no digest");
        return TM_OK;
    }
    tm_err why = {0};
    bool there = true;
    tm_status status = tm_file_there(z, &there, &why);
    if (!there && status == TM_OK) {
        /* JSON has no bytes that are not UTF-8: such a name stands in the manifest repaired */
        bool unnamed = tm_str_find(path, TM_STR("\xEF\xBF\xBD")) < path.n;
        if (!unnamed) return say_gone(a, what, name, err);
        say(a, true, what, name, "its name is not UTF-8, so it cannot be found again");
        return TM_OK;
    }
    if (status == TM_OK) status = tm_file_digest_of(a->mem, path, decoded, &d, &why);
    if (status == TM_EMEMORY) return *err = why, status;
    bool lines = records == UINT64_MAX || d.lines == records;
    if (status != TM_OK)
        say(a, false, what, name, why.msg);
    else if (d.damage[0])
        say(a, false, what, name, d.damage);
    else if (!tm_str_is(wanted, d.sha256))
        say(a, false, what, name, "its bytes are not those of the run");
    else
        say(a, lines, what, name, lines ? "" : "it holds another number of records");
    return TM_OK;
}

static tm_status check_inputs(audit *a, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(a->manifest, "inputs");
    for (uint32_t i = 0; list && i < list->count; i++) {
        tm_str path = tm_yaml_text(&list->child[i], "path"),
               sha = tm_yaml_text(&list->child[i], "sha256");
        if (tm_str_is(tm_yaml_text(&list->child[i], "container"), "folder")) {
            say(a, true, "input", path, "a folder of texts: its files are not digested");
            continue;
        }
        if (tm_str_is(tm_yaml_text(&list->child[i], "container"), tm_containers[TM_ARROW].name)) {
            say(a, true, "input", path, "a table of the program that ran the plan");
            continue;
        }
        tm_str now;
        TM_TRY(tm_started_find(a->mem, a->started, path, &now, err));
        TM_TRY(check_file(a, "input", path, now, false, sha, UINT64_MAX, err));
    }
    return TM_OK;
}

static tm_status check_outputs(audit *a, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(a->manifest, "outputs");
    for (uint32_t i = 0; list && i < list->count; i++) {
        const tm_yaml *o = &list->child[i];
        tm_str name = tm_yaml_text(o, "path");
        const char *inner = tm_path_join(a->mem, a->folder.p, name.p);
        if (!inner) return tm_fail_memory(err, "a path", name.n);
        bool array = tm_str_find(name, TM_STR(".jsonl")) == name.n;
        bool inside = false;
        TM_TRY(tm_file_there(inner, &inside, err));
        tm_str path = tm_str_of(inner);
        if (!inside) TM_TRY(tm_started_find(a->mem, a->started, name, &path, err));
        uint64_t records = array ? UINT64_MAX : tm_yaml_number(o, "records");
        TM_TRY(check_file(a, "output", name, path, true, tm_yaml_text(o, "sha256_decoded"), records,
                          err));
    }
    return TM_OK;
}

/* A file of the run folder, from its entry {path, bytes, sha256}. */
static tm_status check_kept(audit *a, const tm_yaml *entry, tm_err *err)
{
    tm_str name = tm_yaml_text(entry, "path");
    const char *path = tm_path_join(a->mem, a->folder.p, name.p);
    if (!path) return tm_fail_memory(err, "a path", name.n);
    return check_file(a, "file", name, tm_str_of(path), false, tm_yaml_text(entry, "sha256"),
                      UINT64_MAX, err);
}

static tm_status check_files(audit *a, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(a->manifest, "files");
    for (uint32_t i = 0; list && i < list->count; i++) TM_TRY(check_kept(a, &list->child[i], err));
    return TM_OK;
}

static tm_status check_report(audit *a, tm_err *err)
{
    tm_yaml *run = NULL;
    tm_err why = {0};
    tm_status status = tm_folder_run(a->mem, a->folder, &run, &why);
    if (status == TM_EMEMORY) return *err = why, status;
    if (status != TM_OK) {
        say(a, false, "file", TM_STR("run.json"), why.msg);
        return TM_OK;
    }
    const tm_yaml *entry = tm_yaml_get(run, "report");
    if (entry) return check_kept(a, entry, err);
    say(a, false, "file", TM_STR("report.html"),
        "run.json has no digest of it: the run ended before its report");
    return TM_OK;
}

static tm_status check_ledger(audit *a, tm_err *err)
{
    static const char *const FATES[] = {"kept",   "dropped",  "merged",
                                        "parked", "replaced", "unreadable"};
    uint64_t count[TM_COUNT(FATES)] = {0}, copies = 0;
    const tm_yaml *counts = tm_yaml_get(a->manifest, "counts");
    const char *path = tm_path_join(a->mem, a->folder.p, "ledger.parquet");
    tm_ledger ledger = {0};
    tm_ledger_row row;
    bool more = true;
    if (!path) return tm_fail_memory(err, "a path", 0);
    tm_err why = {0};
    bool there = true;
    tm_status status = tm_file_there(path, &there, &why);
    if (status == TM_OK && !there) {
        const tm_yaml *plan = tm_yaml_get(a->manifest, "plan");
        const tm_yaml *output = plan ? tm_yaml_get(plan, "output") : NULL;
        bool none = tm_str_is(tm_yaml_text(output, "ledger"), "none");
        say(a, none, "ledger", TM_STR("ledger.parquet"), none ? "none was kept" : "it is gone");
        return TM_OK;
    }
    if (status == TM_OK) status = tm_ledger_read(&ledger, path, &why);
    while (status == TM_OK) {
        status = tm_ledger_next(&ledger, &row, &more, &why);
        if (status != TM_OK || !more) break;
        for (size_t f = 0; f < TM_COUNT(FATES); f++) count[f] += tm_str_is(row.fate, FATES[f]);
        copies += row.copies;
    }
    tm_ledger_close(&ledger);
    if (status == TM_EMEMORY) return *err = why, status;
    if (status != TM_OK) {
        say(a, false, "ledger", TM_STR("ledger.parquet"), why.msg);
        return TM_OK;
    }
    for (size_t f = 0; f < TM_COUNT(FATES); f++) {
        bool same = count[f] == tm_yaml_number(counts, FATES[f]);
        say(a, same, "ledger", tm_str_of(FATES[f]),
            same ? "" : "its rows differ from the manifest's count");
    }
    bool same = copies == tm_yaml_number(counts, "written");
    say(a, same, "ledger", TM_STR("written"),
        same ? "" : "its copies differ from what was written");
    return TM_OK;
}

static tm_status check_all(audit *a, tm_err *err)
{
    const tm_yaml *steps = tm_yaml_get(a->manifest, "steps");
    check_sums(a, tm_yaml_get(a->manifest, "counts"), "sums", TM_STR("run"));
    for (uint32_t s = 0; steps && s < steps->count; s++)
        check_sums(a, tm_yaml_get(&steps->child[s], "counts"), "sums",
                   tm_yaml_text(&steps->child[s], "name"));
    TM_TRY(check_inputs(a, err));
    TM_TRY(check_outputs(a, err));
    TM_TRY(check_files(a, err));
    TM_TRY(check_report(a, err));
    return check_ledger(a, err);
}

tm_status tm_audit(tm_arena *mem, tm_str folder, bool json, tm_buf *out, tm_err *err)
{
    tm_yaml *manifest;
    TM_TRY(tm_folder_manifest(mem, folder, &manifest, err));
    audit a = {.mem = mem, .folder = folder, .manifest = manifest, .json = json, .out = out};
    TM_TRY(tm_started_in(mem, folder, &a.started, err));
    if (json) tm_buf_z(out, "{\"looked_at\":[");
    TM_TRY(check_all(&a, err));
    if (json) tm_buf_print(out, "],\"differs\":%u}\n", a.wrong);
    if (!a.wrong) return tm_buf_ok(out, err);
    return tm_fail(err, TM_EDIFFERS, "%u of %u things differ from the manifest", a.wrong, a.looked);
}
