/* What the files share in which a plan is looked through: by itself in lint.c, against what the
 * sampled records have in lint_sample.c. Internal. */
#ifndef TM_PLAN_LINT_H
#define TM_PLAN_LINT_H

#include "plan/plan_parts.h"

enum { /* by index in tm_lint_rules */
       TM_LINT_KEEPS_NOTHING,
       TM_LINT_NO_EFFECT,
       TM_LINT_NOTHING_LEFT,
       TM_LINT_PRIVACY_AFTER_ASK,
       TM_LINT_FLAGS_UNSEEN,
       TM_LINT_ORDER_LOST,
       TM_LINT_TWICE,
       TM_LINT_HEAD_TOO_LATE,
       TM_LINT_REFERENCE_UNUSED,
       TM_LINT_CLUSTERS_UNBOUND,
       TM_LINT_CLUSTERS_APART,
       TM_LINT_MAP_LEADS_NOWHERE,
       TM_LINT_SELECTS_NOTHING,
       TM_LINT_FIELD_NOWHERE,
       TM_LINT_NOT_THE_FIELD
};

typedef struct tm_linting {
    tm_plan *plan;
    uint32_t room;
    tm_err *err;
} tm_linting;

const tm_param *tm_lint_param(const tm_plan_step *step, const char *name); /* or NULL */
const void *tm_lint_value(const tm_plan_step *step, const tm_param *p);

/* `sentence` is in the plan's arena; NULL: there was no memory for it. */
tm_status tm_lint_add(tm_linting *l, uint32_t rule, tm_place at, const char *sentence);
/* A remark at a parameter of step i (NULL: at the step). */
tm_status tm_lint_remark(tm_linting *l, uint32_t rule, uint32_t i, const char *param,
                         const char *sentence);

/* lint_sample.c */
tm_status tm_lint_selectors(tm_linting *l, uint32_t i);
/* How many records of these inputs were looked at; 0: of one of them nothing is known. */
uint64_t tm_lint_records(const tm_plan_input *in, uint32_t inputs);
/* Before step i something makes records: texts and fields are others than those that were read. */
bool tm_lint_is_made(const tm_plan *plan, uint32_t i);

/* lint_fields.c */
tm_status tm_lint_mapping(tm_linting *l, const tm_plan_input *in);
tm_status tm_lint_fields(tm_linting *l, uint32_t i);

#endif
