/* The steps of a recipe: a list whose items are a bare name (`- length`) or a map of one key (`-
 * filter: {keep: "..."}`).
 *
 * Every step may have `name:` (its signals are name.signal, the ledger says it) and `then:` (what
 * happens to what it finds, instead of each finding's own verdict). Which verdicts an operator
 * takes follows from its codes: flag, park and drop if it has a code whose verdict may be
 * changed, fix and merge only if one of its codes does that by itself. */
#include "base/vec.h"
#include "plan/recipe_reader.h"

#define STEPS_MAX 1000

static const char *const step_reserved[] = {"name", "then", NULL};

uint32_t tm_op_then(const tm_op *op)
{
    uint32_t bits = 0;
    for (const tm_code *c = op->codes; c && c->code; c++) {
        if (c->fixed_verdict || c->verdict == TM_V_NONE) continue;
        bits |= 1u << TM_V_FLAG | 1u << TM_V_PARK | 1u << TM_V_DROP | 1u << c->verdict;
    }
    return bits;
}

tm_status tm_op_then_parse(const tm_op *op, tm_str text, uint32_t *then, tm_err *err)
{
    uint32_t allowed = tm_op_then(op);
    tm_buf names = {0};
    if (!allowed && op->codes)
        return tm_fail(
            err, TM_ERECIPE,
            "what becomes of a record in \"%s\" is fixed for each of its findings, so it "
            "takes no \"then\"",
            op->name);
    if (!allowed)
        return tm_fail(err, TM_ERECIPE, "\"%s\" has no findings to act on, so it takes no \"then\"",
                       op->name);
    for (uint32_t v = TM_V_FLAG; v <= TM_V_MERGE; v++) {
        if (!(allowed >> v & 1)) continue;
        const char *name = tm_verdict_name((tm_verdict)v);
        if (tm_str_is(text, name)) {
            *then = v;
            tm_buf_release(&names);
            return TM_OK;
        }
        if (names.n) tm_buf_z(&names, ", ");
        tm_buf_z(&names, name);
    }
    tm_fail(err, TM_ERECIPE, "then of \"%s\" takes one of %.*s, not \"%.*s\"", op->name,
            TM_FMT(tm_buf_view(&names)), TM_FMT(tm_str_slice(text, 0, 60)));
    tm_buf_release(&names);
    return TM_ERECIPE;
}

tm_recipe_step *tm_recipe_new_step(tm_recipe *r, const tm_op *op)
{
    size_t params = 0;
    while (op->params && op->params[params].name) params++;
    void *args = tm_arena_zero(r->mem, 1, op->args_bytes + 1);
    tm_place *at = TM_NEW(r->mem, tm_place, params + 1);
    if (!args || !at || !TM_ROOM(r->mem, r->step, r->steps, r->step_room, 1)) return NULL;
    tm_recipe_step *step = &r->step[r->steps++];
    *step = (tm_recipe_step){.op = op, .name = tm_str_of(op->name), .args = args, .at = at};
    return step;
}

static tm_status no_such_operator(const tm_recipe_reader *r, tm_str name)
{
    const char *known[256];
    size_t count = 0;
    while (tm_ops[count] && count < TM_COUNT(known)) known[count] = tm_ops[count]->name, count++;
    const char *near = tm_str_suggest(name, known, count);
    tm_str shown = tm_str_slice(name, 0, 80);
    if (near)
        return tm_fail(r->err, TM_ERECIPE, "there is no operator \"%.*s\"; did you mean \"%s\"?",
                       TM_FMT(shown), near);
    return tm_fail(r->err, TM_ERECIPE, "there is no operator \"%.*s\"; `tamis ops` lists them",
                   TM_FMT(shown));
}

/* A step's operator and the map of its parameters (or NULL). `head` is where the name stands. */
static tm_status step_head(const tm_recipe_reader *r, const tm_yaml *item, const tm_op **op,
                           tm_yaml *head, const tm_yaml **params)
{
    *params = NULL;
    *head = *item;
    if (item->kind == TM_YAML_MAP && item->count == 1) {
        *head = (tm_yaml){
            .text = item->key[0], .line = item->key_line[0], .column = item->key_column[0]};
        *params = &item->child[0];
    } else if (item->kind == TM_YAML_MAP && item->count > 1) {
        tm_fail(
            r->err, TM_ERECIPE,
            "a step is one operator; indent \"%.*s\" below \"%.*s:\" if it is its parameter, or "
            "begin a new step with \"- \"",
            TM_FMT(item->key[1]), TM_FMT(item->key[0]));
        return tm_recipe_at(r, item->key_line[1], item->key_column[1], TM_ERECIPE);
    } else if (item->kind != TM_YAML_SCALAR || tm_yaml_empty(item)) {
        tm_fail(r->err, TM_ERECIPE,
                "a step is an operator's name, alone or with parameters: - head: {records: 100}");
        return tm_recipe_at(r, item->line, item->column, TM_ERECIPE);
    }
    *op = tm_op_named(head->text);
    if (*op) return TM_OK;
    return tm_recipe_at(r, head->line, head->column, no_such_operator(r, head->text));
}

static tm_status unique_name(const tm_recipe_reader *r, const tm_recipe_step *step,
                             const tm_yaml *here, bool given)
{
    const tm_recipe *out = r->out;
    for (uint32_t i = 0; i + 1 < out->steps; i++) {
        const tm_recipe_step *other = &out->step[i];
        if (!tm_str_eq(other->name, step->name)) continue;
        tm_fail(r->err, TM_ERECIPE,
                given ? "two steps are named \"%.*s\"; the first is on line %u"
                      : "a second step \"%.*s\" needs a name of its own, like {name: second, ...}; "
                        "the first is on line %u",
                TM_FMT(step->name), other->line);
        return tm_recipe_at(r, here->line, here->column, TM_ERECIPE);
    }
    return TM_OK;
}

static tm_status read_step(const tm_recipe_reader *r, const tm_yaml *item)
{
    const tm_op *op;
    const tm_yaml *params;
    tm_yaml head;
    TM_TRY(step_head(r, item, &op, &head, &params));
    tm_recipe_step *step = tm_recipe_new_step(r->out, op);
    if (!step) return tm_fail_memory(r->err, "the recipe", op->args_bytes);
    step->line = head.line, step->column = head.column;
    tm_fill fill = {op->name, op->params, step->args, step_reserved, step->at, op};
    TM_TRY(tm_recipe_fill(r, &fill, &head, params));
    const tm_yaml *name = tm_yaml_get(params, "name"), *then = tm_yaml_get(params, "then");
    if (name) TM_TRY(tm_recipe_name(r, "a step", name, &step->name));
    if (then) {
        tm_str text = then->kind == TM_YAML_SCALAR ? then->text : (tm_str){0};
        TM_TRY(tm_recipe_at(r, then->line, then->column,
                            tm_op_then_parse(op, text, &step->then, r->err)));
    }
    return unique_name(r, step, name ? name : &head, name != NULL);
}

tm_status tm_recipe_read_steps(const tm_recipe_reader *r, const tm_yaml *node)
{
    if (tm_yaml_empty(node)) return TM_OK;
    if (node->kind != TM_YAML_LIST)
        return tm_recipe_at(
            r, node->line, node->column,
            tm_fail(r->err, TM_ERECIPE, "steps is a list; begin each step with \"- \""));
    if (node->count > STEPS_MAX)
        return tm_recipe_at(r, node->line, node->column,
                            tm_fail(r->err, TM_ERECIPE, "there are %u steps, more than %d",
                                    node->count, STEPS_MAX));
    for (uint32_t i = 0; i < node->count; i++) TM_TRY(read_step(r, &node->child[i]));
    return TM_OK;
}
