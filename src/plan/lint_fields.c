/* What can be said against the fields that a plan names, by those that the sampled records have:
 * none of them has a field of an expression (T3114) or what a path of map: leads to (T3112), or a
 * bare word that was meant as a field is something else (T3115).
 *
 * Known is what a record of any input has, and what tags: or an earlier step sets. */
#include "expr/ast.h"
#include "op/keep.h"
#include "plan/lint.h"
#include "record/frame.h"

/* A field that an expression reads, by its first two keys. `asked`: elsewhere the expression asks
 * whether it is there, so it may be missing. */
typedef struct field {
    tm_str key, inner; /* inner.p NULL: the path ends, or goes on with an index */
    bool read, asked;
} field;

typedef struct fields {
    field of[TM_EXPR_MAX_ARGS];
    uint32_t count;
} fields;

static bool same_field(const field *a, const field *b)
{
    return tm_str_eq(a->key, b->key) && !a->inner.p == !b->inner.p && tm_str_eq(a->inner, b->inner);
}

static void add_field(fields *to, field f)
{
    for (uint32_t i = 0; i < to->count; i++) {
        if (!same_field(&to->of[i], &f)) continue;
        to->of[i].read |= f.read;
        to->of[i].asked |= f.asked;
        return;
    }
    if (to->count < TM_COUNT(to->of)) to->of[to->count++] = f;
}

static void add_path(fields *to, const tm_fieldpath *path, bool asked)
{
    const tm_step *step;
    uint32_t steps = tm_fieldpath_steps(path, &step);
    if (!steps || !step[0].key.p) return;
    field f = {.key = step[0].key, .read = !asked, .asked = asked};
    if (steps > 1) f.inner = step[1].key;
    add_field(to, f);
}

/* asked: within a question whether something is there. Depth is bounded by TM_EXPR_MAX_DEPTH. */
static void read_fields(const tm_node *n, bool asked, fields *to)
{
    asked |= n->kind == TM_N_IS;
    if (n->kind == TM_N_CALL) asked |= tm_str_is(n->name, "has") || tm_str_is(n->name, "coalesce");
    if (n->kind == TM_N_FIELD) add_path(to, n->path, asked);
    for (uint32_t k = 0; k < n->kids; k++) read_fields(n->kid[k], asked, to);
}

/* An expression has been compiled before, or it has been refused. */
static tm_status fields_of(tm_linting *l, uint32_t i, tm_str text, fields *to)
{
    tm_arena mem = {0};
    tm_expr *e;
    tm_expr_env env = tm_plan_env(l->plan, i);
    if (!text.n) return TM_OK;
    tm_status status = tm_expr_compile(&mem, text, &env, TM_E_ANY, &e, l->err);
    if (status == TM_OK) {
        fields all = {0};
        read_fields(e->root, false, &all);
        for (uint32_t n = 0; status == TM_OK && n < all.count; n++) {
            field own = all.of[n];
            own.key = tm_arena_str(l->plan->mem, own.key);
            if (own.inner.p) own.inner = tm_arena_str(l->plan->mem, own.inner);
            if (!own.key.p || (all.of[n].inner.p && !own.inner.p))
                status = tm_fail_memory(l->err, "the plan", own.key.n);
            add_field(to, own);
        }
        tm_expr_release(e);
    }
    tm_arena_release(&mem);
    return status;
}

static bool is_quoted(tm_str path)
{
    return path.n && (path.p[0] == '[' || path.p[0] == '\'' || path.p[0] == '"');
}

/* Takes the key that a path begins with off it, with the dot before it. False: it begins with
 * another. Of what is in quotes nothing is known: a doubt is in favour. */
static bool take_key(tm_str *path, tm_str key)
{
    if (tm_str_starts(*path, TM_STR("."))) *path = tm_str_slice(*path, 1, path->n);
    if (is_quoted(*path)) return true;
    if (!tm_str_starts(*path, key)) return false;
    *path = tm_str_slice(*path, key.n, path->n);
    return !path->n || path->p[0] == '.' || path->p[0] == '[';
}

/* Does the path lead to the field, into it, or to what it is in? */
static bool leads_to(tm_str path, const field *f)
{
    if (tm_str_starts(path, TM_STR("$"))) path = tm_str_slice(path, 1, path.n);
    if (!take_key(&path, f->key)) return false;
    return !f->inner.p || !path.n || is_quoted(path) || take_key(&path, f->inner);
}

/* May a pair of one of these parameters set the field? */
static bool sets(const tm_pairs *pairs, const field *f)
{
    for (uint32_t i = 0; i < pairs->count; i++)
        if (leads_to(pairs->item[i].name, f)) return true;
    return false;
}

/* Which of them it is, or TM_NONE. */
static uint32_t find_key(const tm_seen_keys *in, tm_str key)
{
    for (uint32_t k = 0; k < in->count; k++)
        if (tm_str_eq(tm_str_of(in->name[k]), key)) return k;
    return TM_NONE;
}

static bool tags_set(const tm_plan_input *in, const field *f)
{
    return in->from && sets(&in->from->tags, f);
}

/* Those before step i. */
static bool steps_set(const tm_plan *plan, uint32_t i, const field *f)
{
    for (uint32_t k = 0; k < i; k++)
        for (const tm_param *p = plan->step[k].op->params; p && p->name; p++)
            if (p->type == TM_P_PAIRS && sets(tm_lint_value(&plan->step[k], p), f)) return true;
    return false;
}

/* A record has it, or one that was not looked at may. */
static bool may_have(const tm_seen *seen, const field *f)
{
    uint32_t k = find_key(&seen->top, f->key);
    if (seen->top.open) return true;
    if (k == TM_NONE || !f->inner.p) return k != TM_NONE;
    return seen->inside[k].open || find_key(&seen->inside[k], f->inner) != TM_NONE;
}

static bool is_known(const tm_plan *plan, uint32_t step, const field *f)
{
    for (uint32_t i = 0; i < plan->inputs; i++)
        if (may_have(&plan->input[i].seen, f) || tags_set(&plan->input[i], f)) return true;
    return steps_set(plan, step, f);
}

/* ---- fields that are nowhere ----------------------------------------------------------------- */

/* The key that was probably meant, beside `key` or, where that is NULL, among those of records. */
static const char *nearest(const tm_plan_input *in, uint32_t inputs, const tm_str *within,
                           tm_str name)
{
    const char *near = NULL;
    for (uint32_t i = 0; i < inputs && !near; i++) {
        const tm_seen *seen = &in[i].seen;
        uint32_t k = within ? find_key(&seen->top, *within) : TM_NONE;
        const tm_seen_keys *keys = k != TM_NONE ? &seen->inside[k] : &seen->top;
        if (!within || k != TM_NONE) near = tm_str_suggest(name, keys->name, keys->count);
    }
    return near;
}

/* Of a field that is not known: up to the key that is to blame. */
static field blamed(const tm_plan *plan, uint32_t step, const field *f)
{
    field cut = *f, outer = {.key = f->key};
    if (f->inner.p && !is_known(plan, step, &outer)) cut.inner = (tm_str){0};
    return cut;
}

static const char *nearest_field(const tm_plan *plan, const field *f)
{
    bool within = f->inner.p;
    return nearest(plan->input, plan->inputs, within ? &f->key : NULL, within ? f->inner : f->key);
}

static tm_status say_nowhere(tm_linting *l, uint32_t i, const tm_param *p, const field *f)
{
    const char *near = nearest_field(l->plan, f);
    tm_buf out = {0};
    tm_buf_print(&out, "%s of \"%.*s\": none of the %llu records that were looked at has a field $",
                 p->name, TM_FMT(l->plan->step[i].name),
                 (unsigned long long)tm_lint_records(l->plan->input, l->plan->inputs));
    tm_fieldpath_key(&out, f->key);
    if (f->inner.p) tm_fieldpath_key(&out, f->inner);
    if (near) {
        tm_buf_z(&out, "; did you mean $");
        if (f->inner.p) tm_fieldpath_key(&out, f->key);
        tm_fieldpath_key(&out, tm_str_of(near));
        tm_buf_char(&out, '?');
    }
    const char *sentence =
        out.failed ? NULL : tm_arena_printf(l->plan->mem, "%.*s", TM_FMT(tm_buf_view(&out)));
    tm_buf_release(&out);
    return tm_lint_remark(l, TM_LINT_FIELD_NOWHERE, i, p->name, sentence);
}

/* ---- map: ------------------------------------------------------------------------------------ */

/* The field, or as much of it as resembles one that is there. False: nothing does, or the records
 * have it, as far as is known. */
static bool mean(const tm_plan_input *in, field *f)
{
    if (may_have(&in->seen, f)) return false;
    bool there = find_key(&in->seen.top, f->key) != TM_NONE;
    const char *key = there ? NULL : nearest(in, 1, NULL, f->key);
    if (!there && !key) return false;
    if (key) f->key = tm_str_of(key);
    if (may_have(&in->seen, f)) return true;
    const char *inner = nearest(in, 1, &f->key, f->inner);
    f->inner = inner ? tm_str_of(inner) : (tm_str){0};
    return inner || !there;
}

/* Appends the path that was probably meant, behind those that are in `out`. */
static void put_meant(const tm_plan_input *in, const tm_fieldpath *path, tm_buf *out)
{
    const tm_step *step;
    uint32_t steps = tm_fieldpath_steps(path, &step);
    if (!steps || !step[0].key.p) return;
    field f = {.key = step[0].key};
    if (steps > 1) f.inner = step[1].key;
    bool two = f.inner.p;
    if (!mean(in, &f)) return;
    tm_buf meant = {0};
    tm_fieldpath_key(&meant, f.key);
    if (f.inner.p) tm_fieldpath_key(&meant, f.inner);
    for (uint32_t k = two ? 2 : 1; k < steps && !two == !f.inner.p; k++) {
        if (step[k].key.p)
            tm_fieldpath_key(&meant, step[k].key);
        else
            tm_buf_print(&meant, "[%lld]", (long long)step[k].index);
    }
    tm_str text = tm_buf_view(&meant);
    tm_buf_z(out, out->n ? ", " : "; did you mean ");
    tm_buf_str(out, tm_str_slice(text, tm_str_starts(text, TM_STR(".")), text.n));
    out->failed |= meant.failed;
    tm_buf_release(&meant);
}

/* Paths that lead nowhere have been found by following them: those with a near name among them. */
tm_status tm_lint_mapping(tm_linting *l, const tm_plan_input *in)
{
    tm_buf meant = {0};
    if (!in->unreached.n) return TM_OK;
    const tm_pairs *map = &in->from->map;
    for (uint32_t i = 0; i < map->count && !meant.failed; i++) {
        tm_fieldpath *path;
        meant.failed |=
            tm_fieldpath_compile(l->plan->mem, map->item[i].value, &path, NULL) != TM_OK;
        if (!meant.failed) put_meant(in, path, &meant);
    }
    if (meant.n) tm_buf_char(&meant, '?');
    const char *sentence =
        meant.failed ? NULL
                     : tm_arena_printf(l->plan->mem,
                                       "%.*s: map: %.*s leads nowhere in any of the first %u "
                                       "records%.*s",
                                       TM_FMT(in->from->name), TM_FMT(in->unreached),
                                       in->seen.records, TM_FMT(tm_buf_view(&meant)));
    tm_buf_release(&meant);
    tm_place at = {in->from->line, in->from->column, false};
    return tm_lint_add(l, TM_LINT_MAP_LEADS_NOWHERE, at, sentence);
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

/* When a field that no record has is remarked. One that resembles a field that is there always is;
 * and any other: */
typedef enum when {
    ALWAYS,
    ALONE, /* in a list: several that no record has are one for many sets */
    NEVER  /* what is looked for may be rare on purpose */
} when;

static tm_status say_unknown(tm_linting *l, uint32_t i, const tm_param *p, const fields *all,
                             when others)
{
    fields unknown = {0};
    for (uint32_t n = 0; n < all->count; n++)
        if (all->of[n].read && !is_known(l->plan, i, &all->of[n]))
            add_field(&unknown, blamed(l->plan, i, &all->of[n]));
    for (uint32_t n = 0; n < unknown.count; n++) {
        const field *f = &unknown.of[n];
        bool any = others == ALWAYS || (others == ALONE && unknown.count == 1);
        if ((any && !f->asked) || nearest_field(l->plan, f)) TM_TRY(say_nowhere(l, i, p, f));
    }
    return TM_OK;
}

static tm_status check_expressions(tm_linting *l, uint32_t i, const tm_param *p, when others)
{
    fields all = {0};
    tm_str text;
    for (uint32_t k = 0; expression_at(&l->plan->step[i], p, k, &text); k++)
        TM_TRY(fields_of(l, i, text, &all));
    return say_unknown(l, i, p, &all, others);
}

/* ---- tag ------------------------------------------------------------------------------------- */

/* Later values of a step see what earlier ones set. */
static tm_status check_set(tm_linting *l, uint32_t i, const tm_param *p)
{
    const tm_pairs *set = tm_lint_value(&l->plan->step[i], p);
    fields all = {0};
    for (uint32_t k = 0; k < set->count; k++)
        if (tm_str_starts(set->item[k].value, TM_STR("=")))
            TM_TRY(fields_of(l, i, tm_str_slice(set->item[k].value, 1, SIZE_MAX), &all));
    for (uint32_t n = 0; n < all.count; n++)
        if (sets(set, &all.of[n])) all.of[n].read = false;
    return say_unknown(l, i, p, &all, NEVER);
}

static tm_status check_remove(tm_linting *l, uint32_t i, const tm_param *p)
{
    const tm_texts *list = tm_lint_value(&l->plan->step[i], p);
    fields all = {0};
    for (uint32_t k = 0; k < list->count; k++) {
        tm_fieldpath *path;
        TM_TRY(tm_fieldpath_compile(l->plan->mem, list->item[k], &path, l->err));
        add_path(&all, path, false);
    }
    return say_unknown(l, i, p, &all, NEVER);
}

static tm_status check_tag(tm_linting *l, uint32_t i)
{
    TM_TRY(check_set(l, i, tm_lint_param(&l->plan->step[i], "set")));
    return check_remove(l, i, tm_lint_param(&l->plan->step[i], "remove"));
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
    const field f = {.key = word};
    for (uint32_t i = 0; i < map->count; i++)
        if (leads_to(map->item[i].value, &f)) return true;
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
    const field f = {.key = word};
    bool another = false;
    for (uint32_t k = 0; meaning && k < plan->inputs; k++) {
        const tm_plan_input *in = &plan->input[k];
        bool seen = find_key(&in->seen.top, word) != TM_NONE;
        bool there = seen || tags_set(in, &f) || steps_set(plan, i, &f);
        another |= there && !is_what_it_means(in, word);
    }
    if (!another) return TM_OK;
    return tm_lint_remark(
        l, TM_LINT_NOT_THE_FIELD, i, p->name,
        tm_arena_printf(plan->mem,
                        "%s of \"%.*s\": \"%.*s\" is %s; the field of that name is $.%.*s", p->name,
                        TM_FMT(plan->step[i].name), TM_FMT(word), meaning, TM_FMT(word)));
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* A step that compares or orders. */
static tm_status check_set_step(tm_linting *l, uint32_t i)
{
    const tm_plan_step *step = &l->plan->step[i];
    for (const tm_param *p = step->op->params; p && p->name; p++) {
        tm_str text;
        TM_TRY(check_expressions(l, i, p, ALONE));
        for (uint32_t k = 0; expression_at(step, p, k, &text); k++)
            TM_TRY(check_word(l, i, p, tm_str_trim(text)));
    }
    return TM_OK;
}

static tm_status check_filter(tm_linting *l, uint32_t i)
{
    for (const tm_param *p = l->plan->step[i].op->params; p && p->name; p++)
        TM_TRY(check_expressions(l, i, p, strcmp(p->name, "keep") == 0 ? ALWAYS : NEVER));
    return TM_OK;
}

tm_status tm_lint_fields(tm_linting *l, uint32_t i)
{
    const tm_plan *plan = l->plan;
    const tm_op *op = plan->step[i].op;
    if (tm_lint_is_made(plan, i) || !tm_lint_records(plan->input, plan->inputs)) return TM_OK;
    if (op->shape == TM_SET) return check_set_step(l, i);
    if (strcmp(op->name, "filter") == 0) return check_filter(l, i);
    return strcmp(op->name, "tag") == 0 ? check_tag(l, i) : TM_OK;
}
