/* A recipe resolved against its inputs.
 *
 * In order: the layouts of all inputs together; a column for every signal; then step by step the
 * expressions are checked against the signals made so far, the operator prepares, and says its
 * cost; then the plan is named and linted. Whatever fails leaves nothing prepared behind.
 *
 * The plan lives in the caller's arena, what operators hold outside it is given back by
 * tm_plan_release. */
#include "plan/plan_parts.h"

static tm_status merge_layouts(tm_plan *plan, tm_err *err)
{
    tm_layout_set *all = &plan->layouts;
    for (uint32_t i = 0; i < plan->inputs; i++) {
        const tm_layout_set *one = &plan->input[i].layouts;
        if (!all->mapping) all->mapping = one->mapping;
        for (uint32_t k = 0; k < one->count; k++) {
            uint32_t at = 0;
            while (at < all->count && all->layout[at] != one->layout[k]) at++;
            plan->input[i].layout_at[k] = (uint16_t)at;
            if (at < all->count) continue;
            if (all->count == TM_COUNT(all->layout))
                return tm_fail(err, TM_ERECIPE, "the inputs have more than %zu layouts together",
                               TM_COUNT(all->layout));
            all->layout[all->count++] = one->layout[k];
        }
    }
    return TM_OK;
}

static tm_status lay_columns(tm_plan *plan, tm_err *err)
{
    uint32_t columns = 0, n = 0;
    for (uint32_t i = 0; i < plan->steps; i++)
        for (const tm_signal *s = plan->step[i].op->signals; s && s->name; s++) columns++;
    plan->signal = TM_NEW(plan->mem, const tm_signal *, columns + 1);
    plan->signal_name = TM_NEW(plan->mem, tm_str, columns + 1);
    plan->env_name = TM_NEW(plan->mem, const char *, columns + 1);
    plan->env_column = TM_NEW(plan->mem, uint32_t, columns + 1);
    if (!plan->signal || !plan->signal_name || !plan->env_name || !plan->env_column)
        return tm_fail_memory(err, "the plan", columns);
    for (uint32_t i = 0; i < plan->steps; i++) {
        tm_plan_step *step = &plan->step[i];
        step->column = n;
        for (const tm_signal *s = step->op->signals; s && s->name; s++, n++) {
            char *name = tm_arena_printf(plan->mem, "%.*s.%s", TM_FMT(step->name), s->name);
            if (!name) return tm_fail_memory(err, "the plan", 64);
            plan->signal[n] = s;
            plan->signal_name[n] = tm_str_of(name);
            plan->env_name[n] = name;
            plan->env_column[n] = n;
        }
        step->columns = n - step->column;
    }
    plan->columns = n;
    return TM_OK;
}

/* An error of a step stands at the step, unless the deeper one knew better. */
static tm_status at_step(const tm_plan *plan, uint32_t i, tm_status status, tm_err *err)
{
    const tm_recipe_step *from = &plan->recipe->step[i];
    if (status != TM_OK && err) {
        if (!err->line) err->column = 0; /* a column within an expression, of no use alone */
        tm_err_at(err, plan->recipe->name, from->line, from->column, UINT64_MAX);
    }
    return status;
}

static tm_status name_references(tm_plan *plan, tm_prep *prep, tm_err *err)
{
    const tm_recipe *recipe = plan->recipe;
    tm_str *name = TM_NEW(plan->mem, tm_str, recipe->references + 1);
    if (!name) return tm_fail_memory(err, "the plan", recipe->references);
    for (uint32_t i = 0; i < recipe->references; i++) name[i] = recipe->reference[i].name;
    prep->reference = name;
    prep->references = recipe->references;
    prep->inputs = TM_MAX(recipe->inputs, recipe->inputs_written);
    return TM_OK;
}

static tm_status take_rounds(tm_plan *plan, tm_plan_step *step, tm_err *err)
{
    const tm_round *all = step->op->rounds;
    uint32_t n = 0, taken = 0;
    while (all && all[n].how != TM_NO_ROUND) n++;
    tm_round *rounds = TM_NEW(plan->mem, tm_round, n + 1);
    if (!rounds) return tm_fail_memory(err, "a step", n * sizeof *rounds);
    for (uint32_t i = 0; i < n; i++)
        if (!all[i].needed || all[i].needed(step->shared)) rounds[taken++] = all[i];
    step->rounds = rounds;
    return TM_OK;
}

static tm_status prepare_step(tm_plan *plan, uint32_t i, const tm_input_facts *facts, tm_err *err)
{
    tm_plan_step *step = &plan->step[i];
    tm_prep prep = {.mem = plan->mem,
                    .seed = plan->recipe->seed,
                    .step = step->index,
                    .last = i + 1 == plan->steps,
                    .env = tm_plan_env(plan, i),
                    .layouts = &plan->layouts,
                    .then = step->then};
    step->reads = TM_NEW(plan->mem, uint8_t, plan->columns + 1);
    if (!step->reads) return tm_fail_memory(err, "a step", plan->columns);
    prep.env.used = step->reads;
    step->binds = !(step->op->flags & TM_ANY_RECORD);
    prep.env.binds = &step->binds;
    TM_TRY(name_references(plan, &prep, err));
    TM_TRY(tm_plan_check_expressions(plan, i, err));
    const void *shared = step->args;
    if (step->op->prepare) TM_TRY(step->op->prepare(&prep, step->args, &shared, err));
    step->shared = shared;
    plan->binds |= step->binds;
    plan->by_id |= (step->op->flags & TM_BY_ID) != 0;
    plan->prepared = i + 1;
    TM_TRY(take_rounds(plan, step, err));
    return tm_plan_add_cost(plan, step, facts, err);
}

/* Levels of two codecs: zstd has 22 of them. */
static tm_status check_level(const tm_recipe *recipe, tm_err *err)
{
    enum { MOST_GZIP = 12 };
    long long level = recipe->output.level;
    const tm_param *said = tm_params_find(tm_output_params, TM_STR("level"));
    tm_place at = recipe->output_at[said - tm_output_params];
    if (level <= MOST_GZIP || !tm_str_ends(recipe->output.format, TM_STR(".gz"))) return TM_OK;
    tm_fail(err, TM_ERECIPE, "level %lld is more than gzip has: give 1 to %d, or format jsonl.zst",
            level, MOST_GZIP);
    if (!at.line) return TM_ERECIPE;
    return tm_err_at(err, recipe->name, at.line, at.column, 0);
}

static tm_status fill(tm_plan *plan, tm_hash input_identity, tm_err *err)
{
    for (uint32_t i = 0; i < plan->inputs; i++) /* who names a layout wants it held to */
        if (plan->input[i].from)
            plan->binds |= plan->input[i].from->layout.n || plan->input[i].from->map.count;
    tm_input_facts facts = tm_plan_facts(plan->input, plan->inputs);
    TM_TRY(check_level(plan->recipe, err));
    TM_TRY(merge_layouts(plan, err));
    TM_TRY(lay_columns(plan, err));
    for (uint32_t i = 0; i < plan->steps; i++)
        TM_TRY(at_step(plan, i, prepare_step(plan, i, &facts, err), err));
    tm_plan_sum_cost(plan, &facts);
    TM_TRY(tm_plan_name(plan, input_identity, err));
    return tm_plan_lint(plan, err);
}

tm_status tm_plan_make(tm_plan **out, tm_arena *mem, const tm_recipe *recipe, tm_plan_input *inputs,
                       uint32_t input_count, tm_hash input_identity, tm_err *err)
{
    tm_plan *plan = TM_NEW(mem, tm_plan, 1);
    tm_plan_step *step = TM_NEW(mem, tm_plan_step, recipe->steps + 1);
    if (!plan || !step) return tm_fail_memory(err, "the plan", recipe->steps * sizeof *step);
    for (uint32_t i = 0; i < recipe->steps; i++)
        step[i] =
            (tm_plan_step){.op = recipe->step[i].op,
                           .name = recipe->step[i].name,
                           .args = recipe->step[i].args,
                           .then = recipe->step[i].then,
                           .stream = tm_hash64(recipe->step[i].name.p, recipe->step[i].name.n, 0),
                           .index = (uint16_t)i};
    *plan = (tm_plan){.mem = mem,
                      .recipe = recipe,
                      .input = inputs,
                      .inputs = input_count,
                      .step = step,
                      .steps = recipe->steps};
    tm_status status = fill(plan, input_identity, err);
    if (status != TM_OK) {
        tm_plan_release(plan);
        return status;
    }
    *out = plan;
    return TM_OK;
}

void tm_plan_release(tm_plan *plan)
{
    for (uint32_t i = 0; plan && i < plan->prepared; i++)
        if (plan->step[i].op->release) plan->step[i].op->release(plan->step[i].shared);
    if (plan) plan->prepared = 0;
}
