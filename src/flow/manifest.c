/* manifest.json (what was done: the same for every run of the same plan over the same bytes, but
 * for file names) and run.json (when, where, how fast: outside the law of same bytes).
 *
 * run.json has the manifest's digest, so that audit sees a manifest that was changed by accident or
 * taken from another run. The report is made from both, so it is written when they are there; it
 * tells times, so its digest stands in run.json, too, which is written once more for it. */
#include <stdio.h>

#include "base/hash.h"
#include "base/system.h"
#include "flow/counts_json.h"
#include "flow/engine.h"
#include "flow/runfolder.h"

static void put_text(tm_buf *b, const char *name, tm_str value)
{
    tm_buf_print(b, "\"%s\":", name);
    tm_buf_json(b, value);
}

static void put_layouts(const tm_run *run, uint32_t s, tm_buf *b)
{
    const tm_layout_set *set = &run->input[run->input_of[s]].layouts;
    tm_buf_z(b, "\"layouts\":{");
    for (uint32_t l = 0; run->binding != TM_BIND_NEVER && l < set->count; l++)
        tm_buf_print(b, "%s\"%s\":%llu", l ? "," : "", set->layout[l]->name,
                     (unsigned long long)run->result.source_result[s].layouts[l]);
    tm_buf_char(b, '}');
}

static void put_inputs(const tm_run *run, tm_buf *b)
{
    tm_buf_z(b, "\"inputs\":[");
    for (uint32_t s = 0; s < run->sources; s++) {
        const tm_source *source = &run->source[s];
        const tm_source_result *result = &run->result.source_result[s];
        tm_buf_z(b, s ? ",\n  {" : "\n  {");
        put_text(b, "path", source->path);
        tm_buf_print(b, ",\"sha256\":\"%s\",\"bytes\":%llu,\"decoded_bytes\":%llu", result->sha256,
                     (unsigned long long)result->file_bytes,
                     (unsigned long long)result->decoded_bytes);
        tm_buf_print(b, ",\"records\":%llu,\"unreadable\":%llu",
                     (unsigned long long)result->records, (unsigned long long)result->unreadable);
        tm_buf_print(b, ",\"container\":\"%s\",\"codec\":\"%s\",\"encoding\":\"%s\",",
                     tm_containers[source->container].name, tm_codecs[source->codec].name,
                     tm_encoding_name(source->encoding));
        put_text(b, "input", run->input[run->input_of[s]].from->name);
        tm_buf_char(b, ',');
        put_layouts(run, s, b);
        tm_buf_char(b, '}');
    }
    tm_buf_z(b, "],\n");
}

/* Paths inside the run folder are relative to it. */
static tm_str inside(const tm_run *run, tm_str path)
{
    tm_str folder = run->result.folder;
    bool within = tm_str_starts(path, folder) && path.n > folder.n && path.p[folder.n] == '/';
    return within ? tm_str_slice(path, folder.n + 1, path.n) : path;
}

static void put_references(const tm_run *run, tm_buf *b)
{
    tm_buf_z(b, "\"references\":[");
    for (uint32_t s = run->sources; s < run->every_source; s++) {
        const tm_source *source = &run->source[s];
        tm_buf_z(b, s > run->sources ? ",{" : "{");
        put_text(b, "path", source->path);
        tm_buf_print(b, ",\"bytes\":%llu,\"container\":\"%s\",", (unsigned long long)source->bytes,
                     tm_containers[source->container].name);
        if (source->ends)
            tm_buf_print(b, "\"ends\":\"%016llx\",", (unsigned long long)source->ends);
        put_text(b, "reference", run->input[run->input_of[s]].from->name);
        if (run->result.empty)
            tm_buf_print(b, ",\"empty\":%s",
                         run->result.empty[s - run->sources] ? "true" : "false");
        tm_buf_char(b, '}');
    }
    tm_buf_z(b, "],\n");
}

static void put_outputs(const tm_run *run, tm_buf *b)
{
    tm_buf_z(b, "\"outputs\":[");
    for (uint32_t i = 0; i < run->result.outputs; i++) {
        const tm_sink_info *o = &run->result.output[i];
        tm_buf_z(b, i ? ",\n  {" : "\n  {");
        put_text(b, "path", inside(run, o->path));
        tm_buf_char(b, ',');
        put_text(b, "route", run->result.output_route[i]);
        tm_buf_print(b, ",\"records\":%llu,\"bytes\":%llu,\"decoded_bytes\":%llu",
                     (unsigned long long)o->records, (unsigned long long)o->file_bytes,
                     (unsigned long long)o->decoded_bytes);
        tm_buf_print(b, ",\"sha256_decoded\":\"%s\",\"raw_text\":true}", o->sha256);
    }
    tm_buf_z(b, "],\n");
}

static void put_sum(tm_buf *b, const char *name, const tm_file_sum *sum)
{
    tm_buf_print(b, "{\"path\":\"%s\",\"bytes\":%llu,\"sha256\":\"%s\"}", name,
                 (unsigned long long)sum->bytes, sum->sha256);
}

static void put_files(const tm_run *run, tm_buf *b)
{
    tm_buf_z(b, "\"files\":[");
    for (uint32_t i = 0; i < run->result.files; i++) {
        tm_buf_z(b, i ? ",\n  " : "\n  ");
        put_sum(b, run->result.file[i].name, &run->result.file[i].sum);
    }
    tm_buf_z(b, "],\n");
}

/* Patterns of the files that hold text of records. */
static void put_raw_text(const tm_run *run, tm_buf *b)
{
    tm_buf_z(b, "\"raw_text\":[");
    for (uint32_t i = 0; i < run->routes; i++)
        tm_buf_print(b, "\"%.*s-*\",", TM_FMT(run->route[i].name));
    tm_buf_print(b, "%s\"parked-*\",\"unreadable.bin\",\"report.html\"],\n",
                 run->routes ? "" : "\"data-*\",");
}

static void put_manifest(const tm_run *run, tm_buf *b)
{
    char hex[33];
    tm_hash_hex(run->plan->identity, hex);
    tm_buf_print(b, "{\"tamis\":\"manifest\",\"version\":\"%s\",\n\"counts\":", TM_VERSION);
    tm_counts_json(&run->result.counts, b);
    tm_buf_z(b, ",\n");
    tm_buf_z(b, "\"steps\":");
    tm_steps_json(run, b);
    tm_buf_z(b, ",\n\"reader\":");
    tm_reader_json(&run->result, b);
    tm_buf_z(b, ",\n");
    put_inputs(run, b);
    if (run->references) put_references(run, b);
    put_outputs(run, b);
    put_files(run, b);
    tm_buf_print(b, "\"damaged\":%s,\n", run->result.damaged ? "true" : "false");
    put_raw_text(run, b);
    put_text(b, "recipe", run->recipe->text);
    tm_buf_z(b, ",\n\"plan\":");
    tm_plan_json(run->plan, b);
    tm_buf_print(b, ",\n\"identity\":\"%s\",\"seed\":%llu}\n", hex,
                 (unsigned long long)run->recipe->seed);
}

static tm_status put_digest(const char *name, tm_str file, tm_buf *b, tm_err *err)
{
    tm_file_sum sum = {.bytes = file.n};
    tm_sha256 *digest = tm_sha256_new();
    if (!digest) return tm_fail_memory(err, "a digest", 0);
    tm_sha256_add(digest, file.p, file.n);
    tm_sha256_hex(digest, sum.sha256);
    tm_sha256_free(digest);
    put_sum(b, name, &sum);
    return tm_buf_ok(b, err);
}

static tm_status put_run(const tm_run *run, tm_str manifest, tm_buf *b, tm_err *err)
{
    char host[65], when[21], here[4096];
    tm_host_name(host);
    tm_utc_now(when);
    uint64_t bytes = 0;
    for (uint32_t s = 0; s < run->sources; s++) bytes += run->result.source_result[s].decoded_bytes;
    tm_buf_print(b, "{\"tamis\":\"run\",\"version\":\"%s\",\"ended\":\"%s\",\"seconds\":%.3f",
                 TM_VERSION, when, run->result.seconds);
    tm_buf_z(b, ",\"host\":");
    tm_buf_json(b, tm_str_of(host));
    tm_working_folder(here);
    tm_buf_z(b, ",\"started_in\":");
    tm_buf_json(b, tm_str_of(here));
    tm_buf_print(b, ",\"threads\":%u,\"peak_memory\":%llu,\"spilled_bytes\":%llu,\"resumed\":%s",
                 run->threads, (unsigned long long)run->result.peak_memory,
                 (unsigned long long)run->result.spilled_bytes,
                 run->result.resumed ? "true" : "false");
    tm_buf_print(b, ",\"decoded_bytes\":%llu,\"bytes_per_second\":%.0f,\"steps\":[",
                 (unsigned long long)bytes,
                 run->result.seconds > 0 ? (double)bytes / run->result.seconds : 0.0);
    for (uint32_t s = 0; s < run->plan->steps; s++) {
        tm_buf_z(b, s ? ",{" : "{");
        put_text(b, "name", run->plan->step[s].name);
        double busy = run->result.step[s].seconds;
        uint64_t records = run->result.step[s].counts.read;
        tm_buf_print(b, ",\"busy_seconds\":%.6f,\"records\":%llu,\"records_per_second\":%.0f}",
                     busy, (unsigned long long)records, busy > 0 ? (double)records / busy : 0.0);
    }
    tm_buf_z(b, "],\"manifest\":");
    TM_TRY(put_digest("manifest.json", manifest, b, err));
    tm_buf_z(b, "}\n");
    return tm_buf_ok(b, err);
}

static tm_status save(tm_run *run, const char *name, const tm_buf *b, tm_err *err)
{
    const char *path = tm_path_join(&run->mem, run->folder, name);
    if (!path) return tm_fail_memory(err, "a path", 0);
    TM_TRY(tm_buf_ok(b, err));
    return tm_file_save(path, tm_buf_view(b), false, err);
}

tm_status tm_manifest_write(tm_run *run, tm_err *err)
{
    tm_buf manifest = {0}, b = {0};
    put_manifest(run, &manifest);
    tm_status status = tm_buf_ok(&manifest, err);
    if (status == TM_OK) status = put_run(run, tm_buf_view(&manifest), &b, err);
    if (status == TM_OK) status = save(run, "run.json", &b, err);
    if (status == TM_OK) status = save(run, "manifest.json", &manifest, err);
    tm_buf_release(&manifest);
    tm_buf_release(&b);
    return status;
}

/* ---- the report ------------------------------------------------------------------------------ */

static const char REPORT_KEY[] = ",\"report\":";

static tm_status put_report(tm_str run, tm_str page, tm_buf *b, tm_err *err)
{
    size_t end = tm_str_find(run, tm_str_of(REPORT_KEY)); /* of a report made before */
    if (end == run.n) end = tm_str_rfind_char(run, '}');
    tm_buf_str(b, tm_str_slice(run, 0, end));
    tm_buf_z(b, REPORT_KEY);
    TM_TRY(put_digest("report.html", page, b, err));
    tm_buf_z(b, "}\n");
    return tm_buf_ok(b, err);
}

tm_status tm_folder_note_report(tm_arena *mem, tm_str folder, tm_str page, tm_err *err)
{
    tm_buf run = {0}, b = {0};
    const char *path = tm_path_join(mem, folder.p, "run.json");
    if (!path) return tm_fail_memory(err, "a path", folder.n);
    tm_status status = tm_file_load(path, 64 * TM_MIB, &run, err);
    if (status == TM_OK) status = put_report(tm_buf_view(&run), page, &b, err);
    if (status == TM_OK) status = tm_file_save(path, tm_buf_view(&b), false, err);
    tm_buf_release(&run);
    tm_buf_release(&b);
    return status;
}
