/* From tamis_options to a recipe and the options of a run.
 *
 * Settings are read with the tables of parameters that the recipe itself is read with, so a name, a
 * range or a default stands in one place. Texts are copied into the plan's arena, since a plan
 * outlives the call that opened it. */
#include <string.h>

#include "api/api.h"

/* What the caller knows of the struct, the rest as it is by default. */
static tm_status take(const tamis_options *given, tamis_options *out, tm_err *err)
{
    *out = (tamis_options)TAMIS_OPTIONS;
    if (!given || given->bytes < sizeof given->bytes)
        return tm_fail(err, TM_EUSAGE, "the options begin with TAMIS_OPTIONS");
    if (given->bytes > sizeof *out)
        return tm_fail(err, TM_EUSAGE, "these options are of a later version than this library");
    memcpy(out, given, given->bytes);
    if ((out->recipe != NULL) + (out->recipe_file != NULL) + (out->op != NULL) > 1)
        return tm_fail(err, TM_EUSAGE,
                       "a plan has one of recipe, recipe_file and op, and these options have more");
    if (out->params && !out->op)
        return tm_fail(err, TM_EUSAGE, "params are for an operator: say which with op");
    return TM_OK;
}

static tm_status copy(tm_arena *mem, const char *text, tm_str *out, tm_err *err)
{
    *out = tm_arena_str(mem, tm_str_of(text ? text : ""));
    return out->p ? TM_OK : tm_fail_memory(err, "the options", 0);
}

static tm_status copy_pair(tm_arena *mem, const char *text, tm_pair *out, tm_err *err)
{
    tm_str all;
    TM_TRY(copy(mem, text, &all, err));
    if (tm_str_cut(all, '=', &out->name, &out->value)) return TM_OK;
    return tm_fail(err, TM_EUSAGE, "\"%.80s\" is not NAME=VALUE", text);
}

static size_t count_of(const char *const *list)
{
    size_t count = 0;
    while (list && list[count]) count++;
    return count;
}

/* ---- the recipe ------------------------------------------------------------------------------ */

static tm_status verb_recipe(tamis_plan *plan, const tamis_options *o, tm_err *err)
{
    const tm_op *op = tm_op_named(tm_str_of(o->op));
    size_t count = count_of(o->params);
    tm_pair *pair = TM_NEW(&plan->mem, tm_pair, count + 1);
    if (!op) return tm_fail(err, TM_EUSAGE, "there is no operator \"%.80s\"", o->op);
    if (!pair) return tm_fail_memory(err, "the options", count);
    for (size_t i = 0; i < count; i++) TM_TRY(copy_pair(&plan->mem, o->params[i], &pair[i], err));
    return tm_recipe_verb(&plan->recipe, &plan->mem, op, pair, (uint32_t)count, err);
}

static tm_status load(tamis_plan *plan, const char *path, tm_str *text, tm_err *err)
{
    tm_buf bytes = {0};
    tm_status status = tm_file_load(path, TM_YAML_BYTES_MAX, &bytes, err);
    *text = status == TM_OK ? tm_arena_str(&plan->mem, tm_buf_view(&bytes)) : (tm_str){0};
    tm_buf_release(&bytes);
    TM_TRY(status);
    return text->p ? TM_OK : tm_fail_memory(err, "the recipe", 0);
}

static tm_status make_recipe(tamis_plan *plan, const tamis_options *o, tm_err *err)
{
    tm_str text, name = TM_STR("recipe");
    if (o->op) return verb_recipe(plan, o, err);
    if (!o->recipe && !o->recipe_file)
        return tm_recipe_begin(&plan->recipe, &plan->mem, TM_STR("refine"), err);
    const char *called = o->recipe_file ? o->recipe_file : o->recipe_name;
    if (called) TM_TRY(copy(&plan->mem, called, &name, err));
    TM_TRY(o->recipe ? copy(&plan->mem, o->recipe, &text, err)
                     : load(plan, o->recipe_file, &text, err));
    return tm_recipe_read(&plan->recipe, &plan->mem, name, text, err);
}

/* ---- settings -------------------------------------------------------------------------------- */

typedef struct settings {
    tamis_plan *plan;
    tm_input_args input;
    bool input_said, format_said;
} settings;

static tm_status set_seed(settings *s, tm_str value, tm_err *err)
{
    if (tm_str_to_u64(value, &s->plan->recipe.seed)) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "seed takes a whole number from 0 to 18446744073709551615, not \"%.*s\"",
                   TM_FMT(tm_str_slice(value, 0, 60)));
}

static tm_status set_one(settings *s, const tm_pair *pair, tm_err *err)
{
    tm_recipe *recipe = &s->plan->recipe;
    const struct {
        const char *name;
        const tm_param *params;
        void *args;
    } sections[] = {{"limits", tm_limit_params, &recipe->limits},
                    {"output", tm_output_params, &recipe->output},
                    {"input", tm_input_params, &s->input}};
    tm_str section, name;
    tm_pvalue value = {.form = TM_PV_SCALAR, .scalar = pair->value};
    if (tm_str_is(pair->name, "seed")) return set_seed(s, pair->value, err);
    bool dotted = tm_str_cut(pair->name, '.', &section, &name);
    for (size_t i = 0; dotted && i < TM_COUNT(sections); i++) {
        if (!tm_str_is(section, sections[i].name)) continue;
        const tm_param *param = tm_params_find(sections[i].params, name);
        if (!param) return tm_params_unknown(sections[i].params, sections[i].name, name, err);
        if (tm_str_is(name, "path"))
            return tm_fail(err, TM_EUSAGE,
                           "paths are said by inputs, folder and file, not by a "
                           "setting");
        s->input_said |= sections[i].args == &s->input;
        s->format_said |= sections[i].args == &recipe->output && tm_str_is(name, "format");
        return tm_param_set(param, sections[i].args, &value, s->plan->recipe.mem, err);
    }
    return tm_fail(err, TM_EUSAGE,
                   "there is no setting \"%.*s\": seed, limits.NAME, output.NAME or input.NAME",
                   TM_FMT(tm_str_slice(pair->name, 0, 60)));
}

static tm_status set_all(settings *s, const char *const *list, tm_err *err)
{
    tamis_plan *plan = s->plan;
    TM_TRY(tm_params_default(tm_input_params, &s->input, &plan->mem, err));
    for (size_t i = 0; list && list[i]; i++) {
        tm_pair pair;
        TM_TRY(copy_pair(&plan->mem, list[i], &pair, err));
        TM_TRY(set_one(s, &pair, err));
    }
    return tm_limits_resolve(&plan->recipe.limits, err);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static tm_status take_table(tamis_plan *plan, const tamis_input_table *given, tm_err *err)
{
    tm_str name = tm_str_of(given->name);
    if (!name.n || tm_str_is(name, "-") || !given->stream)
        return tm_fail(err, TM_EUSAGE, "a table has a stream and a name, which is not \"-\"");
    for (uint32_t i = 0; i < plan->tables; i++)
        if (tm_str_eq(plan->table[i]->name, name))
            return tm_fail(err, TM_EUSAGE, "two tables have the name \"%.80s\"", given->name);
    TM_TRY(tm_table_take(&plan->table[plan->tables], name, given->stream, err));
    plan->tables++;
    return TM_OK;
}

static tm_status take_tables(tamis_plan *plan, const tamis_input_table *given, tm_err *err)
{
    size_t count = 0;
    while (given && given[count].name) count++;
    plan->table = TM_NEW(&plan->mem, tm_table *, count + 1);
    if (!plan->table) return tm_fail_memory(err, "the tables", count);
    for (size_t i = 0; i < count; i++) TM_TRY(take_table(plan, &given[i], err));
    return TM_OK;
}

void tm_api_release_tables(const tamis_options *o)
{
    size_t known = o ? o->bytes : 0;
    if (known < offsetof(tamis_options, tables) + sizeof o->tables) return;
    for (const tamis_input_table *t = o->tables; t && t->name; t++)
        if (t->stream && t->stream->release) t->stream->release(t->stream);
}

static bool names(const tm_recipe_input *input, uint32_t count, tm_str name)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < input[i].paths; k++)
            if (tm_str_eq(input[i].path[k], name)) return true;
    return false;
}

/* Those of the options, or all tables when nothing else is named. */
static tm_status list_inputs(const tamis_plan *plan, const tamis_options *o, tm_texts *out,
                             tm_err *err)
{
    const tm_recipe *recipe = &plan->recipe;
    size_t count = count_of(o->inputs);
    tm_arena *mem = recipe->mem;
    tm_str *path = TM_NEW(mem, tm_str, count + plan->tables + 1);
    if (!path) return tm_fail_memory(err, "the inputs", count);
    *out = (tm_texts){path, (uint32_t)count};
    for (size_t i = 0; i < count; i++) TM_TRY(copy(mem, o->inputs[i], &path[i], err));
    for (uint32_t i = 0; !count && !recipe->inputs && i < plan->tables; i++)
        if (!names(recipe->reference, recipe->references, plan->table[i]->name))
            path[out->count++] = plan->table[i]->name;
    return TM_OK;
}

static tm_status all_tables_are_used(const tamis_plan *plan, tm_err *err)
{
    const tm_recipe *recipe = &plan->recipe;
    for (uint32_t i = 0; i < plan->tables; i++) {
        tm_str name = plan->table[i]->name;
        if (!names(recipe->input, recipe->inputs, name) &&
            !names(recipe->reference, recipe->references, name))
            return tm_fail(err, TM_EUSAGE,
                           "the table \"%.*s\" is no input and no reference of this plan: name it "
                           "among its inputs",
                           TM_FMT(name));
    }
    return TM_OK;
}

static tm_status add_inputs(settings *s, const tamis_options *o, tm_err *err)
{
    tamis_plan *plan = s->plan;
    TM_TRY(list_inputs(plan, o, &s->input.path, err));
    uint32_t count = s->input.path.count;
    if (!count && s->input_said)
        return tm_fail(err, TM_EUSAGE,
                       "settings of input are for the inputs of the options, and there are none: "
                       "say it in the recipe");
    if (!count && !plan->recipe.inputs) return tm_fail(err, TM_EUSAGE, "the plan has no inputs");
    if (count) {
        plan->recipe.inputs = 0;
        TM_TRY(tm_recipe_add_input(&plan->recipe, TM_STR("input"), &s->input, err));
    }
    return all_tables_are_used(plan, err);
}

/* ---- output ---------------------------------------------------------------------------------- */

static tm_status choose_output(const settings *s, const tamis_options *o, tm_run_options *run,
                               tm_err *err)
{
    tamis_plan *plan = s->plan;
    if (o->folder) TM_TRY(copy(&plan->mem, o->folder, &run->folder, err));
    run->measure_only = !o->folder && !o->file;
    if (!o->file) return TM_OK;
    TM_TRY(copy(&plan->mem, o->file, &run->file, err));
    tm_format format;
    if (!s->format_said) {
        TM_TRY(tm_format_of_name(run->file, &format, err));
        plan->recipe.output.format = tm_str_of(tm_format_name(format));
    }
    if (!o->overwrite && !tm_str_is(run->file, "-") && tm_file_exists(o->file))
        return tm_fail(err, TM_EEXISTS, "%.200s is there already: overwrite it or write elsewhere",
                       o->file);
    return TM_OK;
}

tm_status tm_api_options(tamis_plan *plan, const tamis_options *given, tm_run_options *run,
                         tm_err *err)
{
    tamis_options o;
    settings s = {.plan = plan};
    *run = (tm_run_options){0};
    TM_TRY(take(given, &o, err));
    TM_TRY(take_tables(plan, o.tables, err));
    TM_TRY(make_recipe(plan, &o, err));
    TM_TRY(set_all(&s, o.settings, err));
    TM_TRY(add_inputs(&s, &o, err));
    TM_TRY(choose_output(&s, &o, run, err));
    run->table = plan->table;
    run->tables = plan->tables;
    run->refine = !o.recipe && !o.recipe_file && !o.op;
    if (o.recipe_file) run->recipe_file = plan->recipe.name.p; /* read from there, so no output */
    run->threads = o.threads;
    run->overwrite = o.overwrite != 0;
    run->resume = !o.no_resume;
    return TM_OK;
}
