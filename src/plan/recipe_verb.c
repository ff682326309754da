/* A recipe of one step, from the options of a verb: `tamis dedup.exact --by response` is the recipe
 * `steps: [dedup.exact: {by: response}]`, printed as such into the manifest.
 *
 * Options come one by one and as text. Those of list type may be repeated (each adds an item, and
 * one value may hold several with commas), those of map type are NAME=VALUE and may be repeated; of
 * all others the last one counts. */
#include "base/vec.h"
#include "plan/recipe_reader.h"

typedef struct verb {
    tm_recipe_reader r;
    tm_recipe_step *step;
    const tm_pair *option;
    uint32_t options;
} verb;

/* --min-words is min_words. */
static tm_str option_name(tm_arena *mem, tm_str given)
{
    char *name = tm_arena_alloc(mem, given.n + 1, 1);
    if (!name) return (tm_str){0};
    for (size_t i = 0; i < given.n; i++) name[i] = given.p[i] == '-' ? '_' : given.p[i];
    name[given.n] = 0;
    return (tm_str){name, given.n};
}

static bool same_option(tm_str a, tm_str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i] == '-' ? '_' : a.p[i], y = b.p[i] == '-' ? '_' : b.p[i];
        if (x != y) return false;
    }
    return true;
}

/* How often the option of index i is given in all, and whether this is the last time. */
static uint32_t times(const verb *v, uint32_t i, bool *last)
{
    uint32_t count = 0;
    *last = true;
    for (uint32_t j = 0; j < v->options; j++) {
        if (!same_option(v->option[j].name, v->option[i].name)) continue;
        count++;
        if (j > i) *last = false;
    }
    return count;
}

typedef struct gathering {
    const verb *v;
    tm_pair *item;
    uint32_t count, room;
} gathering;

static tm_status add_item(gathering *g, tm_pair item)
{
    if (!TM_ROOM(g->v->r.mem, g->item, g->count, g->room, 1))
        return tm_fail_memory(g->v->r.err, "the options", sizeof item);
    g->item[g->count++] = item;
    return TM_OK;
}

static tm_status add_value(gathering *g, const tm_pair *option, tm_ptype type)
{
    bool map = type == TM_P_PAIRS;
    tm_pair item = {.value = option->value, .quoted = option->quoted};
    if (map && (!tm_str_cut(option->value, '=', &item.name, &item.value) || !item.name.n))
        return tm_fail(g->v->r.err, TM_EUSAGE, "--%.*s takes NAME=VALUE, not \"%.*s\"",
                       TM_FMT(option->name), TM_FMT(tm_str_slice(option->value, 0, 80)));
    if (map) return add_item(g, item);
    tm_str rest = option->value;
    while (tm_param_list_next(type, &rest, &item.value)) TM_TRY(add_item(g, item));
    return TM_OK;
}

/* All values of a repeated option as one list or map. */
static tm_status gather(const verb *v, uint32_t i, tm_ptype type, tm_pvalue *out)
{
    gathering g = {.v = v};
    for (uint32_t j = 0; j < v->options; j++)
        if (same_option(v->option[j].name, v->option[i].name))
            TM_TRY(add_value(&g, &v->option[j], type));
    *out = (tm_pvalue){
        .form = type == TM_P_PAIRS ? TM_PV_MAP : TM_PV_LIST, .item = g.item, .count = g.count};
    return TM_OK;
}

static bool is_list(tm_ptype type)
{
    return type == TM_P_TEXTS || type == TM_P_EXPRS || type == TM_P_CHOICES ||
           type == TM_P_SELECTOR;
}

/* On the command line a reference is its files: they become one of the recipe. */
static tm_status name_files(const verb *v, const tm_param *param)
{
    tm_texts *texts = (tm_texts *)(void *)((char *)v->step->args + param->at);
    tm_str *name = TM_NEW(v->r.mem, tm_str, 1);
    if (!texts->count) return TM_OK;
    if (!name) return tm_fail_memory(v->r.err, "the options", sizeof *name);
    *name = (tm_str){0};
    TM_TRY(tm_recipe_add_reference(v->r.out, texts, name, v->r.err));
    *texts = (tm_texts){name, 1};
    return TM_OK;
}

static tm_status set_option(const verb *v, uint32_t i, uint64_t *given)
{
    const tm_op *op = v->step->op;
    const tm_pair *option = &v->option[i];
    tm_str name = option_name(v->r.mem, option->name);
    if (!name.p) return tm_fail_memory(v->r.err, "the options", option->name.n);
    bool last;
    uint32_t count = times(v, i, &last);
    if (!last) return TM_OK;
    const tm_param *param = op->params ? tm_params_find(op->params, name) : NULL;
    if (!param && tm_str_is(name, "then"))
        return tm_op_then_parse(op, option->value, &v->step->then, v->r.err);
    if (!param && tm_str_is(name, "name")) {
        tm_yaml node = {.text = option->value};
        return tm_recipe_name(&v->r, "a step", &node, &v->step->name);
    }
    if (!param && tm_params_rest(op->params))
        return tm_recipe_add_named(&v->r, op, v->step->args, option->name, option->value);
    if (!param) TM_TRY(tm_op_elsewhere(op, name, v->r.err));
    if (!param) return tm_params_unknown(op->params, op->name, name, v->r.err);
    *given |= (uint64_t)1 << (param - op->params);
    tm_pvalue value = {.form = TM_PV_SCALAR, .scalar = option->value, .quoted = option->quoted};
    bool map = param->type == TM_P_PAIRS;
    if (map || (is_list(param->type) && count > 1)) TM_TRY(gather(v, i, param->type, &value));
    TM_TRY(tm_param_set(param, v->step->args, &value, v->r.mem, v->r.err));
    return param->flags & TM_P_REFERENCE ? name_files(v, param) : TM_OK;
}

static tm_status need_required(const verb *v, uint64_t given)
{
    const tm_op *op = v->step->op;
    for (const tm_param *p = op->params; p && p->name; p++)
        if (p->flags & TM_P_REQUIRED && !(given >> (p - op->params) & 1))
            return tm_fail(v->r.err, TM_EUSAGE, "%s needs --%s: %s", op->name, p->name, p->help);
    return TM_OK;
}

tm_status tm_recipe_verb(tm_recipe *out, tm_arena *mem, const tm_op *op, const tm_pair *option,
                         uint32_t options, tm_err *err)
{
    TM_TRY(tm_recipe_begin(out, mem, tm_str_of(op->name), err));
    verb v = {{mem, out, err}, tm_recipe_new_step(out, op), option, options};
    if (!v.step) return tm_fail_memory(err, "the recipe", op->args_bytes);
    if (op->params) TM_TRY(tm_params_default(op->params, v.step->args, mem, err));
    uint64_t given = 0;
    for (uint32_t i = 0; i < options; i++) TM_TRY(set_option(&v, i, &given));
    TM_TRY(need_required(&v, given));
    for (const tm_param *p = op->params; p && p->name; p++)
        if (p->flags & TM_P_SIDES) TM_TRY(tm_recipe_name_sides(out, op, v.step->args, p, err));
    tm_buf text = {0};
    tm_recipe_print(out, &text);
    tm_status status = tm_buf_ok(&text, err);
    if (status == TM_OK) {
        out->text = tm_arena_str(mem, tm_buf_view(&text));
        if (!out->text.p) status = tm_fail_memory(err, "the recipe", text.n);
    }
    tm_buf_release(&text);
    return status;
}
