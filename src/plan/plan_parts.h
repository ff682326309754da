/* What the files that make a plan share, in the order in which plan.c calls them. */
#ifndef TM_PLAN_PLAN_PARTS_H
#define TM_PLAN_PLAN_PARTS_H

#include "plan/plan.h"

tm_input_facts tm_plan_facts(const tm_plan_input *inputs, uint32_t count);

/* The signals that exist before step `index`. */
tm_expr_env tm_plan_env(const tm_plan *plan, uint32_t index);

/* Compiles every expression parameter of a step once, so that an error has the place of the
 * expression in the recipe, and says so when the signal is made by a later step. */
tm_status tm_plan_check_expressions(tm_plan *plan, uint32_t index, tm_err *err);

/* Names the plan up to each step, and the plan as a whole. */
tm_status tm_plan_name(tm_plan *plan, tm_hash input_identity, tm_err *err);

tm_status tm_plan_add_cost(tm_plan *plan, tm_plan_step *step, const tm_input_facts *facts,
                           tm_err *err);
void tm_plan_sum_cost(tm_plan *plan, const tm_input_facts *facts);

/* Fills plan->lint; TM_ERECIPE with its place for the first remark that stops. */
tm_status tm_plan_lint(tm_plan *plan, tm_err *err);

#endif
