/* audit: does a run folder still hold what its manifest says?
 *
 * Recomputes the SHA-256 of every input, of every output's decoded bytes and of every other file of
 * the run, counts the output's records, and adds up what the ledger and the findings tell
 * (audit_books.c). Every thing looked at gets a line; the first difference does not end it.
 *
 * The digests of the manifest and the report stand in run.json (manifest.c). So a manifest that was
 * damaged or changed is told; who changes both can forge a run. The page is not made again to
 * compare it: that would need the sources where they were and the program of that day. */
#include <stdio.h>

#include "base/hash.h"
#include "flow/audit.h"
#include "flow/engine.h"
#include "flow/file_digest.h"
#include "flow/runfolder.h"
#include "flow/started.h"
#include "io/stream.h"
#include "text/visible.h"

void tm_audit_say(tm_auditing *a, bool good, const char *what, tm_str name, const char *detail)
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

static void check_sums(tm_auditing *a, const tm_yaml *counts, const char *what, tm_str name)
{
    tm_counts c = {tm_yaml_number(counts, "read"),     tm_yaml_number(counts, "made"),
                   tm_yaml_number(counts, "kept"),     tm_yaml_number(counts, "dropped"),
                   tm_yaml_number(counts, "merged"),   tm_yaml_number(counts, "parked"),
                   tm_yaml_number(counts, "replaced"), tm_yaml_number(counts, "unreadable"),
                   tm_yaml_number(counts, "written")};
    tm_audit_say(a, tm_counts_close(&c), what, name,
                 tm_counts_close(&c) ? "" : "the sums do not close");
}

static tm_status say_gone(tm_auditing *a, const char *what, tm_str name, tm_err *err)
{
    tm_buf text = {0};
    tm_buf_z(&text, "it is gone: ");
    if (strcmp(what, "file") == 0) tm_buf_z(&text, "the run folder does not hold it");
    if (strcmp(what, "file") != 0) tm_started_tried(a->started, name, &text);
    tm_buf_char(&text, 0);
    tm_status status = tm_buf_ok(&text, err);
    if (status == TM_OK) tm_audit_say(a, false, what, name, text.p);
    tm_buf_release(&text);
    return status;
}

typedef struct expected { /* of a file */
    tm_str sha256;
    bool decoded;            /* it is of the decoded bytes */
    uint64_t bytes, records; /* of the file itself; UINT64_MAX: not told */
} expected;

static const char *trouble_of(const expected *e, const tm_file_digest *d, const tm_file_info *info)
{
    if (d->damage[0]) return d->damage;
    if (!tm_str_is(e->sha256, d->sha256)) return "its bytes are not those of the run";
    if (e->bytes != UINT64_MAX && e->bytes != info->bytes) return "it has another number of bytes";
    bool lines = e->records == UINT64_MAX || d->lines == e->records;
    return lines ? "" : "it holds another number of records";
}

static tm_status check_file(tm_auditing *a, const char *what, tm_str name, tm_str path,
                            const expected *e, tm_err *err)
{
    tm_file_digest d = {0};
    const char *z = tm_path_z(a->mem, path);
    if (!z) return tm_fail_memory(err, "a path", path.n);
    tm_file_info info = {0};
    tm_err why = {0};
    bool there = true, pipe = tm_str_is(path, "-");
    tm_status status = pipe ? TM_OK : tm_file_look(z, &info, &there, &why);
    if (status == TM_OK && (pipe || (there && !info.is_regular))) {
        tm_audit_say(a, true, what, name, "a pipe cannot be read again");
        return TM_OK;
    }
    if (status == TM_OK && !e->sha256.n) {
        tm_audit_say(a, true, what, name, "it was not read to its end, so it has no digest");
        return TM_OK;
    }
    if (!there && status == TM_OK) {
        /* JSON has no bytes that are not UTF-8: such a name stands in the manifest repaired */
        bool unnamed = tm_str_find(path, TM_STR("\xEF\xBF\xBD")) < path.n;
        if (!unnamed) return say_gone(a, what, name, err);
        tm_audit_say(a, true, what, name, "its name is not UTF-8, so it cannot be found again");
        return TM_OK;
    }
    if (status == TM_OK) status = tm_file_digest_of(a->mem, path, e->decoded, &d, &why);
    if (status == TM_EMEMORY) return *err = why, status;
    const char *trouble = status != TM_OK ? why.msg : trouble_of(e, &d, &info);
    tm_audit_say(a, !trouble[0], what, name, trouble);
    return TM_OK;
}

static tm_status check_inputs(tm_auditing *a, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(a->manifest, "inputs");
    for (uint32_t i = 0; list && i < list->count; i++) {
        tm_str path = tm_yaml_text(&list->child[i], "path"),
               sha = tm_yaml_text(&list->child[i], "sha256");
        if (tm_str_is(tm_yaml_text(&list->child[i], "container"), "folder")) {
            tm_audit_say(a, true, "input", path, "a folder of texts: its files are not digested");
            continue;
        }
        if (tm_str_is(tm_yaml_text(&list->child[i], "container"), tm_containers[TM_ARROW].name)) {
            tm_audit_say(a, true, "input", path, "a table of the program that ran the plan");
            continue;
        }
        tm_str now;
        TM_TRY(tm_started_find(a->mem, a->started, path, &now, err));
        expected e = {sha, false, tm_yaml_number(&list->child[i], "bytes"), UINT64_MAX};
        TM_TRY(check_file(a, "input", path, now, &e, err));
    }
    return TM_OK;
}

static tm_status check_outputs(tm_auditing *a, tm_err *err)
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
        expected e = {tm_yaml_text(o, "sha256_decoded"), true, tm_yaml_number(o, "bytes"),
                      array ? UINT64_MAX : tm_yaml_number(o, "records")};
        TM_TRY(check_file(a, "output", name, path, &e, err));
    }
    return TM_OK;
}

/* Is it named as the data of a route are, and no output? */
static bool is_stray(const tm_yaml *outputs, tm_str name)
{
    bool named = tm_is_shard_of(name, TM_STR("data"));
    for (uint32_t i = 0; outputs && i < outputs->count; i++) {
        if (tm_str_eq(tm_yaml_text(&outputs->child[i], "path"), name)) return false;
        named |= tm_is_shard_of(name, tm_yaml_text(&outputs->child[i], "route"));
    }
    return named;
}

/* Whoever reads data-* reads what lies beside the outputs, too. */
static tm_status check_strays(tm_auditing *a, tm_err *err)
{
    tm_str *names;
    uint32_t count;
    const tm_yaml *outputs = tm_yaml_get(a->manifest, "outputs");
    TM_TRY(tm_folder_list(a->mem, a->folder.p, &names, &count, err));
    for (uint32_t i = 0; i < count; i++)
        if (is_stray(outputs, names[i]))
            tm_audit_say(a, false, "file", names[i],
                         "it is named like the data of this run, which did not write it");
    return TM_OK;
}

/* A file of the run folder, from its entry {path, bytes, sha256}. */
static tm_status check_kept(tm_auditing *a, const tm_yaml *entry, tm_err *err)
{
    tm_str name = tm_yaml_text(entry, "path");
    const char *path = tm_path_join(a->mem, a->folder.p, name.p);
    if (!path) return tm_fail_memory(err, "a path", name.n);
    expected e = {tm_yaml_text(entry, "sha256"), false, tm_yaml_number(entry, "bytes"), UINT64_MAX};
    return check_file(a, "file", name, tm_str_of(path), &e, err);
}

static tm_status check_files(tm_auditing *a, tm_err *err)
{
    const tm_yaml *list = tm_yaml_get(a->manifest, "files");
    for (uint32_t i = 0; list && i < list->count; i++) TM_TRY(check_kept(a, &list->child[i], err));
    return TM_OK;
}

/* A file whose digest stands in run.json. */
static tm_status check_of_run(tm_auditing *a, const tm_yaml *run, const char *key, const char *name,
                              const char *lacks, tm_err *err)
{
    const tm_yaml *entry = tm_yaml_get(run, key);
    if (entry) return check_kept(a, entry, err);
    tm_audit_say(a, false, "file", tm_str_of(name), lacks);
    return TM_OK;
}

static tm_status check_times(tm_auditing *a, tm_err *err)
{
    tm_yaml *run = NULL;
    tm_err why = {0};
    tm_status status = tm_folder_run(a->mem, a->folder, &run, &why);
    if (status == TM_EMEMORY) return *err = why, status;
    if (status != TM_OK) {
        tm_audit_say(a, false, "file", TM_STR("run.json"), why.msg);
        return TM_OK;
    }
    TM_TRY(check_of_run(a, run, "manifest", "manifest.json",
                        "run.json has no digest of it: it is of an older version, or was changed",
                        err));
    return check_of_run(a, run, "report", "report.html",
                        "run.json has no digest of it: the run ended before its report", err);
}

static tm_status check_all(tm_auditing *a, tm_err *err)
{
    const tm_yaml *steps = tm_yaml_get(a->manifest, "steps");
    check_sums(a, tm_yaml_get(a->manifest, "counts"), "sums", TM_STR("run"));
    for (uint32_t s = 0; steps && s < steps->count; s++)
        check_sums(a, tm_yaml_get(&steps->child[s], "counts"), "sums",
                   tm_yaml_text(&steps->child[s], "name"));
    TM_TRY(check_inputs(a, err));
    TM_TRY(check_outputs(a, err));
    TM_TRY(check_files(a, err));
    TM_TRY(check_strays(a, err));
    TM_TRY(check_times(a, err));
    return tm_audit_books(a, err);
}

tm_status tm_audit(tm_arena *mem, tm_str folder, bool json, tm_buf *out, tm_err *err)
{
    tm_yaml *manifest;
    TM_TRY(tm_folder_manifest(mem, folder, &manifest, err));
    tm_auditing a = {.mem = mem, .folder = folder, .manifest = manifest, .json = json, .out = out};
    TM_TRY(tm_started_in(mem, folder, &a.started, err));
    if (json) tm_buf_z(out, "{\"looked_at\":[");
    TM_TRY(check_all(&a, err));
    if (json) tm_buf_print(out, "],\"differs\":%u}\n", a.wrong);
    if (!a.wrong) return tm_buf_ok(out, err);
    return tm_fail(err, TM_EDIFFERS, "%u of %u things differ from the manifest", a.wrong, a.looked);
}
