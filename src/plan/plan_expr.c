/* The expressions of a step, checked with the place they have in the recipe.
 *
 * An operator compiles its expressions itself in prepare(), where all that is known is a column
 * within the expression. So each parameter of type expression is compiled here once before, only
 * for its errors: the column within the text becomes one in the recipe's line. A signal that
 * exists, but is made by a later step, is a mistake of order and gets a sentence that says so. */
#include "op/keep.h"
#include "plan/plan_parts.h"

tm_expr_env tm_plan_env(const tm_plan *plan, uint32_t index)
{
    uint32_t signals = index < plan->steps ? plan->step[index].column : plan->columns;
    return (tm_expr_env){.name = plan->env_name,
                         .signal = plan->signal,
                         .column = plan->env_column,
                         .signals = signals,
                         .layouts = &plan->layouts};
}

/* Compiles into an arena that goes at once. */
static tm_status compile(tm_str text, const tm_expr_env *env, tm_err *err)
{
    tm_arena mem = {0};
    tm_expr *e = NULL;
    tm_status status = tm_expr_compile(&mem, text, env, TM_E_ANY, &e, err);
    if (status == TM_OK) tm_expr_release(e);
    tm_arena_release(&mem);
    return status;
}

/* Whether the expression would be right behind all steps: then its signal is made too late. */
static bool right_at_the_end(const tm_plan *plan, tm_str text)
{
    tm_expr_env all = tm_plan_env(plan, plan->steps);
    return compile(text, &all, NULL) == TM_OK;
}

/* The error of an expression, with its place in the recipe; in a list, that of the list. */
static tm_status complain(const tm_plan *plan, const tm_recipe_step *from, const tm_param *param,
                          tm_str text, const tm_err *own, tm_err *err)
{
    const tm_place *at = &from->at[param - from->op->params];
    bool alone = param->type == TM_P_EXPR;
    uint64_t column = at->line ? at->column + (alone && at->quoted) : 0;
    if (column && own->column && alone) column += own->column - 1;
    if (right_at_the_end(plan, text))
        tm_fail(err, TM_ERECIPE,
                "%s of \"%.*s\" needs a signal that a later step makes; move it behind that step",
                param->name, TM_FMT(from->name));
    else if (alone)
        tm_fail(err, TM_ERECIPE, "%s of \"%.*s\": %s", param->name, TM_FMT(from->name), own->msg);
    else
        tm_fail(err, TM_ERECIPE, "%s of \"%.*s\", \"%.*s\": %s", param->name, TM_FMT(from->name),
                TM_FMT(tm_str_slice(text, 0, TM_MIN(text.n, (size_t)80))), own->msg);
    if (err && at->line) tm_err_at(err, plan->recipe->name, at->line, column, UINT64_MAX);
    return TM_ERECIPE;
}

static tm_status check_one(const tm_plan *plan, const tm_recipe_step *from, const tm_param *param,
                           const tm_expr_env *env, tm_str text, tm_err *err)
{
    tm_err own = {0};
    tm_status status = text.n ? compile(text, env, &own) : TM_OK;
    if (status == TM_OK) return TM_OK;
    if (status != TM_EMEMORY) return complain(plan, from, param, text, &own, err);
    if (err) *err = own;
    return status;
}

tm_status tm_plan_check_expressions(tm_plan *plan, uint32_t index, tm_err *err)
{
    const tm_recipe_step *from = &plan->recipe->step[index];
    tm_expr_env env = tm_plan_env(plan, index);
    for (const tm_param *p = from->op->params; p && p->name; p++) {
        const void *value = (const char *)from->args + p->at;
        if (p->type == TM_P_EXPR)
            TM_TRY(check_one(plan, from, p, &env, *(const tm_str *)value, err));
        const tm_texts *list = p->type == TM_P_EXPRS ? value : NULL;
        for (uint32_t i = 0; list && i < list->count; i++) {
            tm_keep_item item; /* what is no item is the operator's to refuse */
            if (tm_keep_parse(list->item[i], !(p->flags & TM_P_KEEP), &item))
                TM_TRY(check_one(plan, from, p, &env, item.expr, err));
        }
    }
    return TM_OK;
}
