/* What can be said against the fields that a plan's expressions name, by those that the sampled
 * records have: none of them has the field (T3114), or a bare word that was meant as one is
 * something else (T3115).
 *
 * Known is what a record of any input has, and what tags: or an earlier step sets. */
#include "expr/ast.h"
#include "op/keep.h"
#include "plan/lint.h"
#include "record/frame.h"

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

static bool has_key(const tm_seen *seen, tm_str key)
{
    for (uint32_t k = 0; k < seen->keys; k++)
        if (tm_str_eq(tm_str_of(seen->key[k]), key)) return true;
    return false;
}

static bool tags_set(const tm_plan_input *in, tm_str key)
{
    return in->from && sets(&in->from->tags, key);
}

/* Those before step i. */
static bool steps_set(const tm_plan *plan, uint32_t i, tm_str key)
{
    for (uint32_t k = 0; k < i; k++)
        for (const tm_param *p = plan->step[k].op->params; p && p->name; p++)
            if (p->type == TM_P_PAIRS && sets(tm_lint_value(&plan->step[k], p), key)) return true;
    return false;
}

static bool is_known(const tm_plan *plan, uint32_t step, tm_str key)
{
    for (uint32_t i = 0; i < plan->inputs; i++) {
        const tm_plan_input *in = &plan->input[i];
        if (!in->seen.key || has_key(&in->seen, key) || tags_set(in, key)) return true;
    }
    return steps_set(plan, step, key);
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
                 (unsigned long long)tm_lint_records(l->plan->input, l->plan->inputs));
    tm_fieldpath_key(&out, key);
    if (near) tm_buf_z(&out, "; did you mean $"), tm_fieldpath_key(&out, tm_str_of(near));
    if (near) tm_buf_char(&out, '?');
    const char *sentence =
        out.failed ? NULL : tm_arena_printf(l->plan->mem, "%.*s", TM_FMT(tm_buf_view(&out)));
    tm_buf_release(&out);
    return tm_lint_remark(l, TM_LINT_FIELD_NOWHERE, i, p->name, sentence);
}

/* The k-th expression of a parameter; false: it has no more. Empty where an item is none. */
static bool expression_at(const tm_plan_step *step, const tm_param *p, uint32_t k, tm_str *out)
{
    const void *value = tm_lint_value(step, p);
    tm_keep_item item;
    *out = (tm_str){0};
    if (p->type == TM_P_EXPR) {
        *out = *(const tm_str *)value;
        return k == 0;
    }
    const tm_texts *list = p->type == TM_P_EXPRS ? value : NULL;
    if (!list || k >= list->count) return false;
    if (tm_keep_parse(list->item[k], !(p->flags & TM_P_KEEP), &item)) *out = item.expr;
    return true;
}

/* A list of several fields that no record has is one for many sets, unless one is misspelt. */
static tm_status check_fields(tm_linting *l, uint32_t i, const tm_param *p)
{
    names all = {0}, unknown = {0};
    tm_str text;
    for (uint32_t k = 0; expression_at(&l->plan->step[i], p, k, &text); k++)
        TM_TRY(names_of(l, i, text, &all));
    for (uint32_t n = 0; n < all.count; n++)
        if (!is_known(l->plan, i, all.name[n])) add_name(&unknown, all.name[n]);
    for (uint32_t n = 0; n < unknown.count; n++)
        if (unknown.count == 1 || nearest(l->plan, unknown.name[n]))
            TM_TRY(say_nowhere(l, i, p, unknown.name[n]));
    return TM_OK;
}

/* ---- bare words ------------------------------------------------------------------------------ */

/* What a bare word stands for; NULL: it is a signal, or nothing. */
static const char *meaning_of(tm_str word)
{
    static const struct {
        const char *word, *is;
    } known[] = {
        {"system", "the text of system messages"},
        {"user", "the text of user messages"},
        {"assistant", "the text of assistant messages"},
        {"tool", "the text of tool messages"},
        {"document", "the text of plain documents"},
        {"prompt", "the text of the prompt"},
        {"response", "the text of the response"},
        {"chosen", "the text of the chosen answer"},
        {"rejected", "the text of the rejected answer"},
        {"reasoning", "the text of the reasoning"},
        {"call", "the text of calls"},
        {"all", "all texts of the record"},
        {"everything", "the whole record"},
        {"layout", "the name of the record's layout"},
        {"kind", "the kind of example that the record is"},
        {"label", "the label or score of the record"},
    };
    for (size_t i = 0; i < TM_COUNT(known); i++)
        if (tm_str_is(word, known[i].word)) return known[i].is;
    return NULL;
}

/* Is the field of that name where the layouts of the input find what the word means? */
static bool is_what_it_means(const tm_plan_input *in, tm_str word)
{
    static const char *const keys[] = {"system", "prompt", "response", "chosen", "rejected"};
    const tm_pairs *map = &in->from->map;
    for (uint32_t i = 0; i < map->count; i++)
        if (starts_path(map->item[i].value, word)) return true;
    if (map->count) return false;
    for (uint32_t i = 0; tm_str_is(word, "label") && i < in->layouts.count; i++)
        if (in->layouts.layout[i]->labels) return true;
    for (size_t i = 0; i < TM_COUNT(keys); i++)
        if (tm_str_is(word, keys[i])) return true;
    return false;
}

static tm_status check_word(tm_linting *l, uint32_t i, const tm_param *p, tm_str word)
{
    const tm_plan *plan = l->plan;
    const char *meaning = meaning_of(word);
    bool another = false;
    for (uint32_t k = 0; meaning && k < plan->inputs; k++) {
        const tm_plan_input *in = &plan->input[k];
        bool there = has_key(&in->seen, word) || tags_set(in, word) || steps_set(plan, i, word);
        another |= there && !is_what_it_means(in, word);
    }
    if (!another) return TM_OK;
    return tm_lint_remark(
        l, TM_LINT_NOT_THE_FIELD, i, p->name,
        tm_arena_printf(plan->mem,
                        "%s of \"%.*s\": \"%.*s\" is %s; the field of that name is $.%.*s", p->name,
                        TM_FMT(plan->step[i].name), TM_FMT(word), meaning, TM_FMT(word)));
}

/* Of steps that compare or order: what a condition asks for may be rare on purpose. */
tm_status tm_lint_fields(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    const tm_plan_step *step = &plan->step[i];
    if (step->op->shape != TM_SET || tm_lint_is_made(plan, i) ||
        !tm_lint_records(plan->input, plan->inputs))
        return TM_OK;
    for (const tm_param *p = step->op->params; p && p->name; p++) {
        tm_str text;
        if (p->type != TM_P_EXPR && p->type != TM_P_EXPRS) continue;
        TM_TRY(check_fields(l, i, p));
        for (uint32_t k = 0; expression_at(step, p, k, &text); k++)
            TM_TRY(check_word(l, i, p, tm_str_trim(text)));
    }
    return TM_OK;
}
