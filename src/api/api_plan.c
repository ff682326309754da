/* A plan handle: options become a recipe, the recipe a run.
 *
 * Texts are copied into the handle's arena, since a plan outlives the call that opened it. Statuses
 * are the program's exit codes: finer differences stand in the sentence. */
#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "report/report.h"

const char *tamis_version(void)
{
    return TM_VERSION;
}

tamis_status tm_api_status(tm_status status, const tm_err *err, tamis_error *error)
{
    tamis_status said = (tamis_status)tm_status_exit(status);
    if (!error) return said;
    *error = (tamis_error){.status = said};
    if (status == TM_OK) return said;
    error->line = err->line;
    error->column = err->column;
    snprintf(error->code, sizeof error->code, "%s", err->code);
    snprintf(error->source, sizeof error->source, "%s", err->source);
    snprintf(error->message, sizeof error->message, "%s",
             err->msg[0] ? err->msg : tm_status_text(status));
    return said;
}

/* What the caller knows of the struct, the rest as it is by default. */
static tm_status take_options(const tamis_options *given, tamis_options *out, tm_err *err)
{
    *out = (tamis_options)TAMIS_OPTIONS;
    if (!given || given->bytes < sizeof given->bytes)
        return tm_fail(err, TM_EUSAGE, "the options begin with TAMIS_OPTIONS");
    if (given->bytes > sizeof *out)
        return tm_fail(err, TM_EUSAGE, "these options are of a later version than this library");
    memcpy(out, given, given->bytes);
    if (out->recipe && out->op)
        return tm_fail(err, TM_EUSAGE, "a plan has a recipe or an operator, not both");
    return TM_OK;
}

static tm_status copy(tm_arena *mem, const char *text, tm_str *out, tm_err *err)
{
    *out = tm_arena_str(mem, tm_str_of(text ? text : ""));
    return out->p ? TM_OK : tm_fail_memory(err, "the options", 0);
}

static size_t count_of(const char *const *list)
{
    size_t count = 0;
    while (list && list[count]) count++;
    return count;
}

static tm_status verb_recipe(tamis_plan *plan, const tamis_options *o, tm_err *err)
{
    const tm_op *op = tm_op_named(tm_str_of(o->op));
    size_t count = count_of(o->params);
    tm_pair *pair = TM_NEW(&plan->mem, tm_pair, count + 1);
    if (!op) return tm_fail(err, TM_EUSAGE, "there is no operator \"%.80s\"", o->op);
    if (!pair) return tm_fail_memory(err, "the options", count);
    for (size_t i = 0; i < count; i++) {
        tm_str text;
        TM_TRY(copy(&plan->mem, o->params[i], &text, err));
        if (!tm_str_cut(text, '=', &pair[i].name, &pair[i].value))
            return tm_fail(err, TM_EUSAGE, "a parameter is NAME=VALUE, not \"%.80s\"",
                           o->params[i]);
    }
    return tm_recipe_verb(&plan->recipe, &plan->mem, op, pair, (uint32_t)count, err);
}

static tm_status make_recipe(tamis_plan *plan, const tamis_options *o, tm_err *err)
{
    tm_str text, name;
    if (o->op) return verb_recipe(plan, o, err);
    TM_TRY(copy(&plan->mem, o->recipe ? o->recipe : "steps: []", &text, err));
    TM_TRY(copy(&plan->mem, o->recipe_name ? o->recipe_name : "recipe", &name, err));
    if (!o->recipe) return tm_recipe_begin(&plan->recipe, &plan->mem, TM_STR("refine"), err);
    return tm_recipe_read(&plan->recipe, &plan->mem, name, text, err);
}

static tm_status add_inputs(tamis_plan *plan, const tamis_options *o, tm_err *err)
{
    size_t count = count_of(o->inputs);
    tm_str *path = TM_NEW(&plan->mem, tm_str, count + 1);
    tm_input_args args = {.path = {path, (uint32_t)count}};
    if (!path) return tm_fail_memory(err, "the inputs", count);
    for (size_t i = 0; i < count; i++) TM_TRY(copy(&plan->mem, o->inputs[i], &path[i], err));
    if (o->layout) TM_TRY(copy(&plan->mem, o->layout, &args.layout, err));
    if (!count) return TM_OK;
    plan->recipe.inputs = 0;
    return tm_recipe_add_input(&plan->recipe, TM_STR("input"), &args, err);
}

static tm_status open_plan(tamis_plan *plan, const tamis_options *o, const tm_run_options *more,
                           tm_err *err)
{
    tm_run_options run = *more;
    TM_TRY(make_recipe(plan, o, err));
    TM_TRY(add_inputs(plan, o, err));
    if (!plan->recipe.inputs) return tm_fail(err, TM_EUSAGE, "the plan has no inputs");
    if (o->memory) plan->recipe.limits.memory = o->memory;
    if (o->folder) TM_TRY(copy(&plan->mem, o->folder, &run.folder, err));
    if (o->file) {
        TM_TRY(copy(&plan->mem, o->file, &run.file, err));
        plan->recipe.output.format = tm_str_of(tm_format_name(tm_format_of_name(run.file)));
        if (!o->overwrite && tm_file_exists(o->file))
            return tm_fail(err, TM_EEXISTS, "%.200s is there already", o->file);
    }
    run.refine = !o->recipe && !o->op;
    run.threads = run.threads ? run.threads : o->threads;
    run.overwrite = o->overwrite != 0;
    run.resume = !o->no_resume;
    run.measure_only = !o->folder && !o->file;
    return tm_run_open(&plan->run, &plan->recipe, &run, err);
}

tamis_status tm_api_open(tamis_plan **out, const tamis_options *options, const tm_run_options *more,
                         tamis_error *error)
{
    tm_err err = {0};
    tamis_options o;
    *out = NULL;
    tm_status status = take_options(options, &o, &err);
    if (status != TM_OK) return tm_api_status(status, &err, error);
    tamis_plan *plan = tm_alloc_zero(1, sizeof *plan);
    if (!plan) return tm_api_status(tm_fail_memory(&err, "a plan", sizeof *plan), &err, error);
    status = open_plan(plan, &o, more, &err);
    if (status != TM_OK)
        tamis_close(plan);
    else
        *out = plan;
    return tm_api_status(status, &err, error);
}

tamis_status tamis_open(tamis_plan **out, const tamis_options *options, tamis_error *error)
{
    return tm_api_open(out, options, &(tm_run_options){0}, error);
}

static const char *text_of(const tm_buf *b)
{
    return b->failed ? NULL : b->p;
}

const char *tamis_plan_json(tamis_plan *plan)
{
    if (!plan->plan_json.n) {
        tm_plan_json(tm_run_plan(plan->run), &plan->plan_json);
        tm_buf_char(&plan->plan_json, 0);
    }
    return text_of(&plan->plan_json);
}

tamis_status tamis_run(tamis_plan *plan, tamis_error *error)
{
    tm_err err = {0};
    tm_status status = TM_OK;
    if (plan->started) status = tm_fail(&err, TM_EUSAGE, "a plan is run once: open it again");
    plan->started = true;
    if (status == TM_OK) status = tm_run_go(plan->run, &err);
    if (status != TM_OK) return tm_api_status(status, &err, error);
    plan->finished = true;
    tm_str folder = tm_run_result_of(plan->run)->folder;
    if (folder.n) status = tm_report_write(folder, &err);
    if (status == TM_OK) status = tm_run_verdict(plan->run, &err);
    return tm_api_status(status, &err, error);
}

const char *tamis_result_json(tamis_plan *plan)
{
    if (!plan->finished) return NULL;
    if (!plan->result_json.n) {
        tm_report_json(plan->run, &plan->result_json);
        tm_buf_char(&plan->result_json, 0);
    }
    return text_of(&plan->result_json);
}

void tamis_cancel(tamis_plan *plan)
{
    tm_run_cancel(plan->run);
}

void tamis_watch(const tamis_plan *plan, tamis_progress *progress)
{
    tm_progress now;
    tm_run_progress(plan->run, &now);
    *progress = (tamis_progress){.bytes = now.bytes,
                                 .bytes_total = now.bytes_total,
                                 .records = now.records,
                                 .kept = now.kept,
                                 .fallen = now.fallen,
                                 .unreadable = now.unreadable,
                                 .memory = now.memory,
                                 .pass = now.pass,
                                 .passes = now.passes,
                                 .seconds = now.seconds};
    snprintf(progress->doing, sizeof progress->doing, "%s", now.doing);
}

void tamis_close(tamis_plan *plan)
{
    if (!plan) return;
    if (plan->run) tm_run_close(plan->run);
    tm_buf_release(&plan->plan_json);
    tm_buf_release(&plan->result_json);
    tm_arena_release(&plan->mem);
    tm_free(plan);
}
