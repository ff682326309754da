/* The plan before a run, for --dry-run: what was found, what will be done, what it will cost. As
 * JSON it is what the manifest keeps, and what the steps have to say beforehand. */
#include "report/report.h"
#include "report/sample_pairs.h"

/* "1 file, jsonl"; "2 folders of texts"; of both "1 file and 2 folders of texts". */
static void what_is_read(const tm_source *source, const tm_plan_input *in, tm_buf *out)
{
    uint32_t folders = 0;
    for (uint32_t s = 0; s < in->sources; s++)
        folders += source[in->first_source - 1 + s].container == TM_FOLDER;
    uint32_t files = in->sources - folders;
    if (files || !folders) tm_buf_print(out, "%u file%s", files, files == 1 ? "" : "s");
    if (!folders) tm_buf_print(out, ", %s", in->container ? in->container : "");
    if (files && folders) tm_buf_z(out, " and ");
    if (folders) tm_buf_print(out, "%u folder%s of texts", folders, folders == 1 ? "" : "s");
}

static void input(const tm_plan *plan, const tm_source *source, const tm_plan_input *in,
                  tm_buf *out)
{
    tm_buf_print(out, "input   %.*s: ", TM_FMT(in->from->name));
    what_is_read(source, in, out);
    tm_buf_print(out, ", about %llu records, %.1f MB\n", (unsigned long long)in->facts.records,
                 (double)in->facts.bytes / 1e6);
    if (!plan->binds) {
        tm_buf_z(out, "        any JSON: no step asks for roles or texts\n");
        return;
    }
    tm_buf_z(out, "        layouts ");
    for (uint32_t l = 0; l < in->layouts.count; l++)
        tm_buf_print(out, "%s%s", l ? ", " : "", in->layouts.layout[l]->name);
    tm_buf_print(out, "; kind %s\n", tm_example_kind_name(in->kind));
}

/* Parameters nobody gave and that have no default print as nothing. */
static bool is_nothing(const tm_param *p, tm_str printed)
{
    static const char *const nothing[] = {"\"\"", "[]", "{}"};
    for (size_t i = 0; i < TM_COUNT(nothing); i++)
        if (tm_str_is(printed, nothing[i])) return true;
    return p->fallback && tm_str_is(tm_str_of(p->fallback), "-1") && tm_str_is(printed, "-1");
}

static void param(const tm_param *p, const void *args, tm_buf *out)
{
    tm_buf printed = {0};
    tm_param_print(p, args, &printed);
    if (printed.failed) out->failed = true;
    if (!is_nothing(p, tm_buf_view(&printed)))
        tm_buf_print(out, "  %s: %.*s", p->name, TM_FMT(tm_buf_view(&printed)));
    tm_buf_release(&printed);
}

static void step(const tm_plan *plan, const tm_plan_step *s, tm_buf *out)
{
    tm_buf_print(out, "step %2u %.*s", s->index + 1u, TM_FMT(s->name));
    if (!tm_str_is(s->name, s->op->name)) tm_buf_print(out, " (%s)", s->op->name);
    for (const tm_param *p = s->op->params; p && p->type != TM_P_END; p++) param(p, s->args, out);
    if (s->then != TM_V_NONE) tm_buf_print(out, "  then: %s", tm_verdict_name((tm_verdict)s->then));
    for (uint32_t c = 0; c < s->columns; c++)
        tm_buf_print(out, "%s%.*s", c ? ", " : "\n        makes ",
                     TM_FMT(plan->signal_name[s->column + c]));
    if (s->cost.fact_bytes)
        tm_buf_print(out, "\n        exchanges about %.1f MB", (double)s->cost.fact_bytes / 1e6);
    tm_buf_char(out, '\n');
}

/* What the operator has to say, each line behind eight spaces, and what it would do. */
static tm_status preview(const tm_run *run, const tm_plan_step *s, tm_buf *out, tm_err *err)
{
    tm_preview told = {0};
    tm_pairs_sample sample = {0};
    tm_str line;
    tm_status status = s->op->preview(s->shared, &told, err);
    if (status == TM_OK) status = tm_buf_ok(&told.text, err);
    for (tm_str rest = tm_buf_view(&told.text); status == TM_OK && rest.n;) {
        tm_str_cut(rest, '\n', &line, &rest);
        tm_buf_print(out, "        %.*s\n", TM_FMT(line));
    }
    if (status == TM_OK && tm_pairs_can_be_sampled(s)) {
        status = tm_pairs_sample_make(run, s, &told, &sample, err);
        if (status == TM_OK) tm_pairs_sample_print(&sample, out);
    }
    tm_arena_release(&sample.mem);
    tm_buf_release(&told.text);
    tm_buf_release(&told.json);
    return status;
}

static tm_status sample_json(void *arg, const tm_plan_step *s, const tm_preview *told, tm_jw *w,
                             tm_err *err)
{
    const tm_run *run = arg;
    tm_pairs_sample sample = {0};
    if (!tm_pairs_can_be_sampled(s)) return TM_OK;
    tm_status status = tm_pairs_sample_make(run, s, told, &sample, err);
    if (status == TM_OK) tm_jw_key(w, "sample"), tm_pairs_sample_json(&sample, w);
    tm_arena_release(&sample.mem);
    return status;
}

tm_status tm_report_plan_json(tm_run *run, tm_buf *out, tm_err *err)
{
    return tm_plan_preview_json(tm_run_plan(run), sample_json, run, out, err);
}

static bool makes_children(const tm_plan *plan)
{
    bool makes = false;
    for (uint32_t s = 0; s < plan->steps; s++) makes |= plan->step[s].op->shape == TM_FANOUT;
    return makes;
}

tm_status tm_report_plan(const tm_run *run, tm_buf *out, tm_err *err)
{
    const tm_plan *plan = tm_run_plan(run);
    const tm_run_result *result = tm_run_result_of(run);
    const char *builtin = result->builtin;
    for (uint32_t i = 0; i < plan->inputs; i++) input(plan, result->source, &plan->input[i], out);
    if (builtin) tm_buf_print(out, "recipe  %s, built in\n", builtin);
    for (uint32_t s = 0; s < plan->steps; s++) {
        step(plan, &plan->step[s], out);
        if (!plan->step[s].op->preview) continue;
        TM_TRY(preview(run, &plan->step[s], out, err));
    }
    tm_buf_print(out, "output  %.*s\n", TM_FMT(plan->recipe->output.format));
    tm_buf_print(out, "memory  needs %.0f MB, has %.0f MB: room for records of %.1f MB\n",
                 (double)plan->memory_needed / 1e6, (double)plan->recipe->limits.memory / 1e6,
                 (double)plan->room.longest / 1e6);
    tm_buf_print(out, "disk    about %.1f MB at most%s\n", (double)plan->disk_needed / 1e6,
                 makes_children(plan) ? ", and what is made of records besides" : "");
    for (uint32_t i = 0; i < plan->lints; i++)
        tm_buf_print(out, "remark  %u:%u %.*s (%s)\n", plan->lint[i].line, plan->lint[i].column,
                     TM_FMT(plan->lint[i].sentence), plan->lint[i].code);
    return tm_buf_ok(out, err);
}
