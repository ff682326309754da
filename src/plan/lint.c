/* What can be said against a plan before it runs, as a table of rules.
 *
 * A rule looks at the plan alone: at parameters, the order of steps, and conditions whose value
 * does not depend on any record. It speaks only when it is sure; a rule that cries wolf is worse
 * than none. Those that stop say that the run could only waste work or break a promise (nothing
 * can be left; private text leaves before it is masked); the others remark and let go on.
 *
 * To add one: a row in tm_lint_rules and a function in `checks`, in the same order. */
#include "plan/lint.h"

#include "base/vec.h"
#include "plan/condition.h"

const tm_lint_rule tm_lint_rules[] = {
    {"T3101", "keeps-nothing", true, "a filter's condition lets no record through",
     "The condition has the same value for every record, and with it all of them fall. Look at the "
     "comparison: a limit may be turned around, or two limits may exclude each other."},
    {"T3102", "no-effect", false, "a step or condition cannot change anything",
     "With these parameters the step looks at every record and never acts. Take it out, or say "
     "what "
     "it is for."},
    {"T3103", "nothing-left", true, "no record is left behind a step",
     "A head of 0 records or a sample of nothing ends the stream; the steps behind it and the "
     "output get nothing. To see only what a recipe finds, use tamis check or --dry-run."},
    {"T3104", "privacy-after-ask", true, "texts are sent out before a privacy step has seen them",
     "A step that asks models or people stands before one that finds private text. Move the "
     "privacy "
     "step before the first one that asks."},
    {"T3105", "flags-unseen", false, "a step only flags, and no ledger keeps the flags",
     "With then: flag a record goes on and its finding is the only result, but output.ledger is "
     "none. Write ledger: reasons, or another verdict."},
    {"T3106", "order-lost", false, "a step orders the records and a later one orders them anew",
     "Only the last order is the order of the output. Take the earlier step out, or put it behind; "
     "a "
     "sort keeps the order before it among equals."},
    {"T3107", "twice", false, "a step does again what an earlier one has done",
     "The same operator with the same parameters stands right before; the second time nothing is "
     "left for it to find."},
    {"T3108", "head-too-late", true, "head stands behind a step that makes or orders records",
     "head stops reading: it passes the first records in the order in which they are read. It "
     "knows "
     "nothing of records that a step makes, or of an order that a step gives. Put head before that "
     "step; for a random part use sample."},
    {"T3109", "reference-unused", false, "no step looks at the recipe's references",
     "References are read only by steps that compare with them. Take them out of the recipe, or "
     "add "
     "the step that was meant."},
    {"T3110", "clusters-unbound", true,
     "a split holds to an earlier one that its clusters know nothing of",
     "Sides are bound by clusters in which records of the earlier split stand too. The step that "
     "finds clusters compares with references only when against: names them, so without it new "
     "records would be dealt out as if there had been no earlier split. Give that step the same "
     "references."},
    {"T3111", "clusters-apart", false,
     "sides hold clusters together, and what is alike can be of two clusters",
     "A cluster is one record and what was found to be like it. Two records that are like each "
     "other but not like one that stands for both are of two clusters, and a split may part them. "
     "With link: chain (dedup.near) all that are alike, through others too, are one cluster; with "
     "prefix: true (dedup.exact) a beginning that two records share goes with the longer one."},
    {"T3112", "map-leads-nowhere", false, "a path of map: leads nowhere",
     "None of the records that were looked at has what the path names: it is probably misspelt. "
     "The part is absent in every record then, so records that differ in it alone look the same. "
     "Where a field of a similar name is there, the remark names it. Compare the path with the "
     "keys that `tamis cat FILE | head -1` shows."},
    {"T3113", "selects-nothing", false, "a selector names no text of the records",
     "None of the records that were looked at has a text that the step is told to look at, or so "
     "many messages as turn: counts: nothing is compared, cleaned or looked for, and a count of 0 "
     "says nothing. Name other texts (by:, on:, items:), or read the files with another --layout. "
     "Only a sample is looked at, so a text that is rare may be missed; where an earlier step "
     "makes new records of those that are read, nothing is said."},
    {"T3114", "field-nowhere", false, "a field of an expression is in no record",
     "None of the records that were looked at has the field, which is unknown in all of them then: "
     "the records are neither told apart nor put in order by it, and no condition that needs it is "
     "true. It is probably misspelt. The first two keys of a path are looked for, and only in a "
     "sample, so a field that is rare may be missed. Nothing is said of a field that an earlier "
     "step or tags: may set, of one in has(), coalesce() or before `is`, and of what is inside a "
     "field that holds very many different keys or a text with JSON. Only if a name is close to "
     "one that is there, it is told of lists that name several fields which no record has, of a "
     "field that the expression elsewhere asks for, of drop: and park: of filter, and of tag."},
    {"T3115", "not-the-field", false, "a bare word is not the field of that name",
     "In expressions `user` is the text of user messages, `label` the label of the record, and a "
     "field is written $.user. The records have a field of that name too, which holds something "
     "else, and it was probably meant. To mean the texts all the same and hear nothing, write "
     "text(user)."},
    {0}};

const tm_param *tm_lint_param(const tm_plan_step *step, const char *name)
{
    return step->op->params ? tm_params_find(step->op->params, tm_str_of(name)) : NULL;
}

const void *tm_lint_value(const tm_plan_step *step, const tm_param *p)
{
    return (const char *)step->args + p->at;
}

static tm_str text_of(const tm_plan_step *step, const char *name)
{
    const tm_param *p = tm_lint_param(step, name);
    if (!p || (p->type != TM_P_EXPR && p->type != TM_P_TEXT)) return (tm_str){0};
    return *(const tm_str *)tm_lint_value(step, p);
}

static tm_texts texts_of(const tm_plan_step *step, const char *name)
{
    const tm_param *p = tm_lint_param(step, name);
    if (!p || p->type != TM_P_TEXTS) return (tm_texts){0};
    return *(const tm_texts *)tm_lint_value(step, p);
}

static bool number_is(const tm_plan_step *step, const char *name, double value)
{
    const tm_param *p = tm_lint_param(step, name);
    if (!p) return false;
    if (p->type == TM_P_INT) return (double)*(const int64_t *)tm_lint_value(step, p) == value;
    if (p->type == TM_P_FLOAT || p->type == TM_P_SHARE)
        return *(const double *)tm_lint_value(step, p) == value;
    return false;
}

static bool is_op(const tm_plan_step *step, const char *name)
{
    return strcmp(step->op->name, name) == 0;
}

tm_status tm_lint_add(tm_linting *l, uint32_t rule, tm_place at, const char *sentence)
{
    tm_plan *plan = l->plan;
    if (!sentence || !TM_ROOM(plan->mem, plan->lint, plan->lints, l->room, 1))
        return tm_fail_memory(l->err, "the plan", sizeof(tm_lint));
    plan->lint[plan->lints++] = (tm_lint){.code = tm_lint_rules[rule].code,
                                          .stops = tm_lint_rules[rule].stops,
                                          .sentence = tm_str_of(sentence),
                                          .line = at.line,
                                          .column = at.column};
    return TM_OK;
}

tm_status tm_lint_remark(tm_linting *l, uint32_t rule, uint32_t i, const char *param,
                         const char *sentence)
{
    tm_plan *plan = l->plan;
    const tm_recipe_step *from = &plan->recipe->step[i];
    const tm_param *p = param ? tm_lint_param(&plan->step[i], param) : NULL;
    tm_place at = {from->line, from->column, false};
    if (p && from->at && from->at[p - from->op->params].line) at = from->at[p - from->op->params];
    return tm_lint_add(l, rule, at, sentence);
}

static tm_status check_keep(tm_linting *l, uint32_t i, tm_truth_known known)
{
    if (known == TM_NEVER_TRUE)
        return tm_lint_remark(l, TM_LINT_KEEPS_NOTHING, i, "keep",
                              "this condition holds for no record, so nothing is left");
    if (known == TM_ALWAYS_TRUE)
        return tm_lint_remark(l, TM_LINT_NO_EFFECT, i, "keep",
                              "this condition holds for every record, so it changes nothing");
    return TM_OK;
}

static tm_status check_fall(tm_linting *l, uint32_t i, const char *param, tm_truth_known known)
{
    tm_arena *mem = l->plan->mem;
    if (known == TM_ALWAYS_TRUE)
        return tm_lint_remark(
            l, TM_LINT_KEEPS_NOTHING, i, param,
            tm_arena_printf(mem,
                            "this %s condition holds for every record, so nothing "
                            "is left",
                            param));
    if (known == TM_NEVER_TRUE)
        return tm_lint_remark(
            l, TM_LINT_NO_EFFECT, i, param,
            tm_arena_printf(mem,
                            "this %s condition holds for no record, so it changes "
                            "nothing",
                            param));
    return TM_OK;
}

static tm_status check_conditions(tm_linting *l, uint32_t i)
{
    static const char *const falls[] = {"drop", "park"};
    const tm_plan_step *step = &l->plan->step[i];
    if (!is_op(step, "filter") || step->then == TM_V_FLAG) return TM_OK;
    tm_expr_env env = tm_plan_env(l->plan, i);
    tm_truth_known known = TM_DEPENDS;
    tm_str keep = text_of(step, "keep");
    if (keep.n) TM_TRY(tm_condition_known(keep, &env, &known, l->err));
    TM_TRY(check_keep(l, i, known));
    for (size_t f = 0; f < TM_COUNT(falls); f++) {
        tm_str fall = text_of(step, falls[f]);
        known = TM_DEPENDS;
        if (fall.n) TM_TRY(tm_condition_known(fall, &env, &known, l->err));
        TM_TRY(check_fall(l, i, falls[f], known));
    }
    return TM_OK;
}

static tm_status check_amount(tm_linting *l, uint32_t i)
{
    const tm_plan_step *step = &l->plan->step[i];
    bool sample = is_op(step, "sample");
    if (is_op(step, "head") && number_is(step, "records", 0))
        return tm_lint_remark(l, TM_LINT_NOTHING_LEFT, i, "records",
                              "a head of 0 records leaves nothing");
    if (sample && number_is(step, "share", 0))
        return tm_lint_remark(l, TM_LINT_NOTHING_LEFT, i, "share", "a sample of 0 leaves nothing");
    if (sample && number_is(step, "count", 0))
        return tm_lint_remark(l, TM_LINT_NOTHING_LEFT, i, "count",
                              "a sample of 0 records leaves nothing");
    if (sample && number_is(step, "share", 1))
        return tm_lint_remark(l, TM_LINT_NO_EFFECT, i, "share",
                              "a sample of all records changes nothing");
    const tm_param *fix = tm_lint_param(step, "fix");
    if (fix && fix->type == TM_P_CHOICES && !*(const uint64_t *)tm_lint_value(step, fix))
        return tm_lint_remark(l, TM_LINT_NO_EFFECT, i, "fix",
                              "no fix is chosen, so this step changes nothing");
    return TM_OK;
}

static tm_status check_asking(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    if (!(plan->step[i].op->flags & TM_PRIVACY)) return TM_OK;
    for (uint32_t k = 0; k < i; k++) {
        if (!(plan->step[k].op->flags & TM_ASKS)) continue;
        return tm_lint_remark(l, TM_LINT_PRIVACY_AFTER_ASK, i, NULL,
                              tm_arena_printf(plan->mem,
                                              "\"%.*s\" looks for private text behind \"%.*s\", "
                                              "which has already sent it out; move it before",
                                              TM_FMT(plan->step[i].name),
                                              TM_FMT(plan->step[k].name)));
    }
    return TM_OK;
}

static tm_status check_flags(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    if (plan->step[i].then != TM_V_FLAG || plan->recipe->output.ledger != 0) return TM_OK;
    return tm_lint_remark(l, TM_LINT_FLAGS_UNSEEN, i, NULL,
                          tm_arena_printf(plan->mem,
                                          "\"%.*s\" only flags, and output.ledger is none: the "
                                          "flags are counted and then gone",
                                          TM_FMT(plan->step[i].name)));
}

static tm_status check_order(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    if (!(plan->step[i].op->flags & TM_REORDERS)) return TM_OK;
    for (uint32_t k = i + 1; k < plan->steps; k++) {
        const tm_op *later = plan->step[k].op;
        if (!(later->flags & TM_REORDERS) || later->flags & TM_STABLE) continue;
        return tm_lint_remark(l, TM_LINT_ORDER_LOST, i, NULL,
                              tm_arena_printf(plan->mem,
                                              "the order that \"%.*s\" makes is lost again in "
                                              "\"%.*s\"",
                                              TM_FMT(plan->step[i].name),
                                              TM_FMT(plan->step[k].name)));
    }
    return TM_OK;
}

static tm_status check_head(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    if (plan->step[i].op->shape != TM_HEAD) return TM_OK;
    for (uint32_t k = 0; k < i; k++) {
        const tm_op *op = plan->step[k].op;
        bool makes = op->shape == TM_FANOUT;
        if (!makes && !(op->flags & TM_REORDERS)) continue;
        return tm_lint_remark(
            l, TM_LINT_HEAD_TOO_LATE, i, NULL,
            tm_arena_printf(plan->mem,
                            "\"%.*s\" passes the first records as they are read and "
                            "cannot stand behind \"%.*s\", which %s; put it before, or "
                            "use sample",
                            TM_FMT(plan->step[i].name), TM_FMT(plan->step[k].name),
                            makes ? "makes new ones" : "gives them another order"));
    }
    return TM_OK;
}

/* Whether a second time finds nothing: true of operators that only look, clean or merge equals. */
static bool once_is_enough(const tm_op *op)
{
    if (op->shape == TM_MEASURE || op->shape == TM_EDIT) return true;
    return op->finds == TM_FINDS_EQUAL;
}

static tm_status same_args(const tm_plan_step *a, const tm_plan_step *b, bool *same, tm_err *err)
{
    tm_buf x = {0}, y = {0};
    for (const tm_param *p = a->op->params; p && p->name; p++) {
        tm_param_print(p, a->args, &x);
        tm_param_print(p, b->args, &y);
        tm_buf_char(&x, '\n');
        tm_buf_char(&y, '\n');
    }
    *same = tm_str_eq(tm_buf_view(&x), tm_buf_view(&y));
    tm_status status = tm_buf_ok(&x, err);
    if (status == TM_OK) status = tm_buf_ok(&y, err);
    tm_buf_release(&x);
    tm_buf_release(&y);
    return status;
}

static tm_status check_twice(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    if (!i) return TM_OK;
    const tm_plan_step *a = &plan->step[i - 1], *b = &plan->step[i];
    bool same;
    if (a->op != b->op || a->then != b->then || !once_is_enough(a->op)) return TM_OK;
    TM_TRY(same_args(a, b, &same, l->err));
    if (!same) return TM_OK;
    return tm_lint_remark(l, TM_LINT_TWICE, i, NULL,
                          tm_arena_printf(plan->mem,
                                          "\"%.*s\" does again what \"%.*s\" right before has "
                                          "done",
                                          TM_FMT(b->name), TM_FMT(a->name)));
}

/* Said once, at the first step. */
static tm_status check_references(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    bool used = i > 0 || !plan->recipe->references;
    for (uint32_t k = 0; k < plan->steps; k++) used |= plan->step[k].op->flags & TM_REFERENCES;
    return used ? TM_OK
                : tm_lint_remark(l, TM_LINT_REFERENCE_UNUSED, i, NULL,
                                 "no step looks at the recipe's references");
}

/* ---- clusters -------------------------------------------------------------------------------- */

static bool names(const tm_texts *texts, tm_str name)
{
    for (uint32_t i = 0; i < texts->count; i++)
        if (tm_str_eq(texts->item[i], name)) return true;
    return false;
}

static bool is_reference(const tm_plan *plan, tm_str name)
{
    for (uint32_t i = 0; i < plan->recipe->references; i++)
        if (tm_str_eq(plan->recipe->reference[i].name, name)) return true;
    return false;
}

static bool choice_is(const tm_plan_step *step, const char *name, const char *word)
{
    const tm_param *p = tm_lint_param(step, name);
    if (!p || p->type != TM_P_CHOICE) return false;
    return strcmp(p->choices[*(const uint8_t *)tm_lint_value(step, p)], word) == 0;
}

static bool is_set(const tm_plan_step *step, const char *name)
{
    const tm_param *p = tm_lint_param(step, name);
    return p && p->type == TM_P_BOOL && *(const bool *)tm_lint_value(step, p);
}

/* Every reference of the earlier split is one that clusters are found with. (A name that is no
 * reference, such as `none`, has been looked at by the operator.) */
static tm_status check_bound(tm_linting *l, uint32_t i, const tm_plan_step *finder,
                             tm_texts earlier)
{
    const tm_plan_step *step = &l->plan->step[i];
    tm_texts against = texts_of(finder, "against");
    for (uint32_t e = 0; e < earlier.count; e++) {
        if (!is_reference(l->plan, earlier.item[e]) || names(&against, earlier.item[e])) continue;
        return tm_lint_remark(
            l, TM_LINT_CLUSTERS_UNBOUND, i, "earlier",
            tm_arena_printf(l->plan->mem,
                            "\"%.*s\" holds to an earlier split, but the clusters of \"%.*s\" "
                            "know nothing of its side \"%.*s\": name that in against: there",
                            TM_FMT(step->name), TM_FMT(finder->name), TM_FMT(earlier.item[e])));
    }
    return TM_OK;
}

static tm_status check_apart(tm_linting *l, uint32_t i, const tm_plan_step *finder)
{
    const char *remedy = NULL;
    bool own = choice_is(finder, "sketch", "fast") || choice_is(finder, "sketch", "classic");
    if (own && choice_is(finder, "link", "representative"))
        remedy = "link: chain there makes one cluster of them";
    if (is_set(finder, "prefix"))
        remedy = "prefix: true there puts a beginning with one of those that begin with it";
    if (!remedy) return TM_OK;
    return tm_lint_remark(
        l, TM_LINT_CLUSTERS_APART, i, "group",
        tm_arena_printf(l->plan->mem,
                        "records that are alike can be of two clusters of \"%.*s\" and "
                        "come to two sides of \"%.*s\": %s",
                        TM_FMT(finder->name), TM_FMT(l->plan->step[i].name), remedy));
}

/* A step that deals clusters out to sides. */
static tm_status check_clusters(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    const tm_plan_step *step = &plan->step[i];
    tm_texts earlier = texts_of(step, "earlier");
    for (uint32_t k = 0; tm_lint_param(step, "earlier") && k < i; k++) {
        const tm_plan_step *finder = &plan->step[k];
        uint32_t c = finder->column, end = c + finder->columns;
        while (c < end && !(step->reads[c] && plan->signal[c]->of_run)) c++;
        if (c == end) continue;
        TM_TRY(check_bound(l, i, finder, earlier));
        TM_TRY(check_apart(l, i, finder));
    }
    return TM_OK;
}

static tm_status (*const checks[])(tm_linting *, uint32_t) = {
    check_conditions, check_amount,      check_asking,   check_flags,
    check_order,      check_head,        check_twice,    check_references,
    check_clusters,   tm_lint_selectors, tm_lint_fields,
};

tm_status tm_plan_lint(tm_plan *plan, tm_err *err)
{
    tm_linting l = {.plan = plan, .err = err};
    for (uint32_t i = 0; i < plan->inputs; i++) TM_TRY(tm_lint_mapping(&l, &plan->input[i]));
    for (uint32_t i = 0; i < plan->steps; i++)
        for (size_t c = 0; c < TM_COUNT(checks); c++) TM_TRY(checks[c](&l, i));
    for (uint32_t i = 0; i < plan->lints; i++) {
        const tm_lint *lint = &plan->lint[i];
        if (!lint->stops) continue;
        tm_fail(err, TM_ERECIPE, "%.*s", TM_FMT(lint->sentence));
        if (!err) return TM_ERECIPE;
        memcpy(err->code, lint->code, TM_MIN(strlen(lint->code) + 1, sizeof err->code - 1));
        return tm_err_at(err, plan->recipe->name, lint->line, lint->column, UINT64_MAX);
    }
    return TM_OK;
}
