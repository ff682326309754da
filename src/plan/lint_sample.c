/* What can be said against a plan by what the sampled records have: paths of a mapping that lead
 * nowhere, selectors that name no text, fields that no record has.
 *
 * A sample may miss what is rare, so all of it is a remark, says how many records were looked at,
 * and is said only where no sampled record of any input has what was named. Steps that make
 * records, or set fields, make what a sample cannot know: behind them nothing is said of that. */
#include <stdlib.h>

#include "expr/ast.h"
#include "op/keep.h"
#include "plan/lint.h"
#include "record/frame.h"

tm_status tm_lint_mapping(tm_linting *l, const tm_plan_input *in)
{
    if (!in->unreached.n) return TM_OK;
    tm_place at = {in->from->line, in->from->column, false};
    return tm_lint_add(
        l, TM_LINT_MAP_LEADS_NOWHERE, at,
        tm_arena_printf(l->plan->mem,
                        "%.*s: map: %.*s leads nowhere in any of the first %u records",
                        TM_FMT(in->from->name), TM_FMT(in->unreached), in->seen.records));
}

/* Of several inputs; 0: of one of them nothing is known. */
static uint64_t records_of(const tm_plan_input *in, uint32_t inputs)
{
    uint64_t records = 0;
    for (uint32_t i = 0; i < inputs; i++) {
        if (!in[i].seen.records) return 0;
        records += in[i].seen.records;
    }
    return records;
}

/* Behind a step that makes records, texts and fields are others than those that were read. */
static bool is_made(const tm_plan *plan, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++)
        if (plan->step[k].op->shape == TM_FANOUT) return true;
    return plan->recipe->builtin; /* nobody wrote it: it is for many sets */
}

/* ---- selectors ------------------------------------------------------------------------------- */

/* What a parameter of a step looks at. */
typedef struct looking {
    const tm_plan_input *in;
    uint32_t inputs, by;
    uint64_t want; /* messages */
    bool of_references;
} looking;

static looking looking_of(const tm_plan *plan, const tm_plan_step *step, const tm_param *p)
{
    const tm_param *turn = tm_lint_param(step, "turn");
    int64_t nth = turn ? *(const int64_t *)tm_lint_value(step, turn) : 0;
    looking at = {.in = plan->input,
                  .inputs = plan->inputs,
                  .by = *(const uint32_t *)tm_lint_value(step, p),
                  .want = nth ? (uint64_t)llabs(nth) : 1,
                  .of_references = p->flags & TM_P_OF_REFERENCES};
    if (!at.of_references) return at;
    at.in = plan->input->reference;
    at.inputs = at.in ? plan->recipe->references : 0;
    return at;
}

/* Have the texts that are looked at `want` messages in one of the records? Several selectors may
 * name the same message, which counts for each: a doubt is in favour. */
static bool has_messages(const looking *at, uint64_t want)
{
    for (uint32_t i = 0; i < at->inputs; i++) {
        const tm_seen *seen = &at->in[i].seen;
        uint64_t messages = 0;
        if ((seen->looked & at->by) != at->by) return true; /* not known */
        for (uint32_t s = 0; s < TM_SELECTORS; s++)
            if (at->by >> s & 1) messages += seen->messages[s];
        if (messages >= want) return true;
    }
    return false;
}

/* What fits no layout is told by who reads it (T1020): of references one such record ends the run,
 * of inputs others may be left. While messages are missing, all records were asked for texts. */
static bool is_unreadable(const looking *at)
{
    uint64_t records = 0, bound = 0;
    for (uint32_t i = 0; i < at->inputs; i++) {
        records += at->in[i].seen.records;
        bound += at->in[i].seen.bound;
    }
    return at->of_references ? bound < records : bound == 0;
}

/* "; they have texts of user, assistant": of what names a role, an answer or a kind. */
static void put_there_is(const looking *at, tm_buf *out)
{
    const uint32_t broad = TM_SEL_PROMPT | TM_SEL_RESPONSE | TM_SEL_ALL | TM_SEL_EVERYTHING;
    unsigned named = 0;
    for (uint32_t s = 0; s < TM_SELECTORS; s++) {
        bool any = false;
        for (uint32_t i = 0; i < at->inputs; i++) any |= at->in[i].seen.messages[s] > 0;
        if (!any || broad >> s & 1) continue;
        tm_buf_print(out, "%s%s", named++ ? ", " : "; they have texts of ", tm_selector_names[s]);
    }
}

static void put_selectors(uint32_t by, tm_buf *out)
{
    for (uint32_t s = 0, named = 0; s < TM_SELECTORS; s++)
        if (by >> s & 1) tm_buf_print(out, "%s%s", named++ ? ", " : "", tm_selector_names[s]);
}

static tm_status check_selector(tm_linting *l, uint32_t i, const tm_param *p)
{
    const tm_plan_step *step = &l->plan->step[i];
    looking at = looking_of(l->plan, step, p);
    uint64_t records = records_of(at.in, at.inputs);
    if (!records || has_messages(&at, at.want) || is_unreadable(&at)) return TM_OK;
    bool some = has_messages(&at, 1); /* texts, but not so many messages */
    tm_buf out = {0};
    tm_buf_print(&out,
                 "\"%.*s\" finds nothing to look at: none of the %llu records%s that were "
                 "looked at has ",
                 TM_FMT(step->name), (unsigned long long)records,
                 at.of_references ? " of references" : "");
    if (some)
        tm_buf_print(&out, "%llu messages with a text that %s: ", (unsigned long long)at.want,
                     p->name);
    else
        tm_buf_print(&out, "a text that %s: ", p->name);
    put_selectors(at.by, &out);
    tm_buf_z(&out, " names");
    if (!some) put_there_is(&at, &out);
    const char *sentence =
        out.failed ? NULL : tm_arena_printf(l->plan->mem, "%.*s", TM_FMT(tm_buf_view(&out)));
    tm_buf_release(&out);
    return tm_lint_remark(l, TM_LINT_SELECTS_NOTHING, i, some ? "turn" : p->name, sentence);
}

tm_status tm_lint_selectors(tm_linting *l, uint32_t i)
{
    const tm_op *op = l->plan->step[i].op;
    if (!l->plan->inputs || is_made(l->plan, i)) return TM_OK;
    for (const tm_param *p = op->params; p && p->name; p++)
        if (p->type == TM_P_SELECTOR) TM_TRY(check_selector(l, i, p));
    return TM_OK;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* The first key of each field that an expression reads, but for those of which it asks whether
 * they are there. */
typedef struct names {
    tm_str name[TM_EXPR_MAX_ARGS];
    uint32_t count;
} names;

static void add_name(names *to, tm_str name)
{
    for (uint32_t i = 0; i < to->count; i++)
        if (tm_str_eq(to->name[i], name)) return;
    if (to->count < TM_COUNT(to->name)) to->name[to->count++] = name;
}

/* Depth is bounded by TM_EXPR_MAX_DEPTH. */
static void read_names(const tm_node *n, names *to)
{
    bool asks = n->kind == TM_N_IS;
    if (n->kind == TM_N_CALL) asks = tm_str_is(n->name, "has") || tm_str_is(n->name, "coalesce");
    if (n->kind == TM_N_FIELD) {
        const tm_step *step;
        uint32_t steps = tm_fieldpath_steps(n->path, &step);
        if (steps && step[0].key.p) add_name(to, step[0].key);
    }
    for (uint32_t k = 0; !asks && k < n->kids; k++) read_names(n->kid[k], to);
}

/* An expression has been compiled before, or it has been refused. */
static tm_status names_of(tm_linting *l, uint32_t i, tm_str text, names *to)
{
    tm_arena mem = {0};
    tm_expr *e;
    tm_expr_env env = tm_plan_env(l->plan, i);
    if (!text.n) return TM_OK;
    tm_status status = tm_expr_compile(&mem, text, &env, TM_E_ANY, &e, l->err);
    if (status == TM_OK) {
        names all = {0};
        read_names(e->root, &all);
        for (uint32_t n = 0; status == TM_OK && n < all.count; n++) {
            tm_str own = tm_arena_str(l->plan->mem, all.name[n]);
            if (!own.p) status = tm_fail_memory(l->err, "the plan", all.name[n].n);
            add_name(to, own);
        }
        tm_expr_release(e);
    }
    tm_arena_release(&mem);
    return status;
}

static bool starts_path(tm_str path, tm_str key)
{
    if (tm_str_starts(path, TM_STR("$."))) path = tm_str_slice(path, 2, path.n);
    return tm_str_starts(path, key) &&
           (path.n == key.n || path.p[key.n] == '.' || path.p[key.n] == '[');
}

/* May a pair of one of these parameters set the field? */
static bool sets(const tm_pairs *pairs, tm_str key)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        if (starts_path(pairs->item[i].name, key)) return true;
    return false;
}

static bool is_known(const tm_plan *plan, uint32_t step, tm_str key)
{
    for (uint32_t i = 0; i < plan->inputs; i++) {
        const tm_seen *seen = &plan->input[i].seen;
        for (uint32_t k = 0; k < seen->keys; k++)
            if (tm_str_eq(tm_str_of(seen->key[k]), key)) return true;
        if (!seen->key || (plan->input[i].from && sets(&plan->input[i].from->tags, key)))
            return true;
    }
    for (uint32_t k = 0; k < step; k++)
        for (const tm_param *p = plan->step[k].op->params; p && p->name; p++)
            if (p->type == TM_P_PAIRS && sets(tm_lint_value(&plan->step[k], p), key)) return true;
    return false;
}

static const char *nearest(const tm_plan *plan, tm_str key)
{
    const char *near = NULL;
    for (uint32_t i = 0; i < plan->inputs && !near; i++)
        near = tm_str_suggest(key, plan->input[i].seen.key, plan->input[i].seen.keys);
    return near;
}

static tm_status say_nowhere(tm_linting *l, uint32_t i, const tm_param *p, tm_str key)
{
    const char *near = nearest(l->plan, key);
    tm_buf out = {0};
    tm_buf_print(&out, "%s of \"%.*s\": none of the %llu records that were looked at has a field $",
                 p->name, TM_FMT(l->plan->step[i].name),
                 (unsigned long long)records_of(l->plan->input, l->plan->inputs));
    tm_fieldpath_key(&out, key);
    if (near) tm_buf_z(&out, "; did you mean $"), tm_fieldpath_key(&out, tm_str_of(near));
    if (near) tm_buf_char(&out, '?');
    const char *sentence =
        out.failed ? NULL : tm_arena_printf(l->plan->mem, "%.*s", TM_FMT(tm_buf_view(&out)));
    tm_buf_release(&out);
    return tm_lint_remark(l, TM_LINT_FIELD_NOWHERE, i, p->name, sentence);
}

static tm_status names_of_list(tm_linting *l, uint32_t i, const tm_param *p, names *to)
{
    const void *value = tm_lint_value(&l->plan->step[i], p);
    if (p->type == TM_P_EXPR) return names_of(l, i, *(const tm_str *)value, to);
    const tm_texts *list = value;
    for (uint32_t k = 0; k < list->count; k++) {
        tm_keep_item item;
        if (tm_keep_parse(list->item[k], !(p->flags & TM_P_KEEP), &item))
            TM_TRY(names_of(l, i, item.expr, to));
    }
    return TM_OK;
}

/* A list of several fields that no record has is one for many sets, unless one is misspelt. */
static tm_status check_fields(tm_linting *l, uint32_t i, const tm_param *p)
{
    names all = {0}, unknown = {0};
    TM_TRY(names_of_list(l, i, p, &all));
    for (uint32_t n = 0; n < all.count; n++)
        if (!is_known(l->plan, i, all.name[n])) add_name(&unknown, all.name[n]);
    for (uint32_t n = 0; n < unknown.count; n++)
        if (unknown.count == 1 || nearest(l->plan, unknown.name[n]))
            TM_TRY(say_nowhere(l, i, p, unknown.name[n]));
    return TM_OK;
}

/* Of steps that compare or order: what a condition asks for may be rare on purpose. */
tm_status tm_lint_fields(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    const tm_op *op = plan->step[i].op;
    if (op->shape != TM_SET || is_made(plan, i) || !records_of(plan->input, plan->inputs))
        return TM_OK;
    for (const tm_param *p = op->params; p && p->name; p++)
        if (p->type == TM_P_EXPR || p->type == TM_P_EXPRS) TM_TRY(check_fields(l, i, p));
    return TM_OK;
}
