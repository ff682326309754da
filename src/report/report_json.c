/* A finished run as one JSON object, for --json: counts, steps and where the files lie. */
#include "flow/counts_json.h"
#include "report/report.h"

static void inputs(const tm_run_result *r, tm_buf *out)
{
    for (uint32_t s = 0; s < r->sources; s++) {
        tm_buf_print(out, "%s{\"path\":", s ? "," : "");
        tm_buf_json(out, r->source[s].path);
        tm_buf_print(
            out, ",\"records\":%llu,\"unreadable\":%llu,\"container\":\"%s\",\"codec\":\"%s\"}",
            (unsigned long long)r->source_result[s].records,
            (unsigned long long)r->source_result[s].unreadable,
            tm_containers[r->source[s].container].name, tm_codecs[r->source[s].codec].name);
    }
}

static void references(const tm_run_result *r, tm_buf *out)
{
    for (uint32_t f = 0; f < r->references; f++) {
        tm_buf_z(out, f ? ",{\"path\":" : "],\"references\":[{\"path\":");
        tm_buf_json(out, r->source[r->sources + f].path);
        tm_buf_print(out, ",\"empty\":%s}", r->empty[f] ? "true" : "false");
    }
}

static void outputs(const tm_run_result *r, tm_buf *out)
{
    for (uint32_t i = 0; i < r->outputs; i++) {
        tm_buf_print(out, "%s{\"path\":", i ? "," : "");
        tm_buf_json(out, r->output[i].path);
        tm_buf_z(out, ",\"route\":");
        tm_buf_json(out, r->output_route[i]);
        tm_buf_print(out, ",\"records\":%llu,\"bytes\":%llu}",
                     (unsigned long long)r->output[i].records,
                     (unsigned long long)r->output[i].file_bytes);
    }
}

void tm_report_json(const tm_run *run, tm_buf *out)
{
    const tm_run_result *r = tm_run_result_of(run);
    tm_buf_z(out, "{\"counts\":");
    tm_counts_json(&r->counts, out);
    tm_buf_z(out, ",\"steps\":");
    tm_steps_json(run, out);
    tm_buf_z(out, ",\"reader\":");
    tm_reader_json(r, out);
    tm_buf_z(out, ",\"inputs\":[");
    inputs(r, out);
    if (r->references) references(r, out);
    tm_buf_z(out, "],\"outputs\":[");
    outputs(r, out);
    tm_buf_z(out, "],\"run\":");
    if (r->folder.n)
        tm_buf_json(out, r->folder);
    else
        tm_buf_z(out, "null");
    tm_buf_print(out, ",\"seconds\":%.3f,\"peak_memory\":%llu,\"damaged\":%s,\"resumed\":%s}\n",
                 r->seconds, (unsigned long long)r->peak_memory, r->damaged ? "true" : "false",
                 r->resumed ? "true" : "false");
}
