/* The registry as JSON: everything a descriptor says, for `tamis ops --json`, the generated docs,
 * completions and front ends in other languages. Nothing is said here that is not in a descriptor,
 * and nothing of a descriptor but its functions and sizes is left out. */
#include "plan/json_write.h"
#include "plan/plan.h"

static void key_text(tm_jw *w, const char *key, const char *text)
{
    tm_jw_key(w, key);
    tm_jw_z(w, text);
}

static void names(tm_jw *w, const char *key, const char *const *list)
{
    tm_jw_key(w, key);
    tm_jw_open(w, '[');
    for (; list && *list; list++) tm_jw_z(w, *list);
    tm_jw_close(w, ']');
}

static void one_param(tm_jw *w, const tm_param *p)
{
    tm_jw_open(w, '{');
    key_text(w, "name", p->name);
    key_text(w, "type", tm_ptype_name(p->type));
    tm_jw_key(w, "required");
    tm_jw_bool(w, p->flags & TM_P_REQUIRED);
    key_text(w, "default", p->fallback);
    key_text(w, "unit", p->unit);
    if (p->min != 0 || p->max != 0) {
        tm_jw_key(w, "min");
        tm_jw_f64(w, p->min);
        tm_jw_key(w, "max");
        tm_jw_f64(w, p->max);
    }
    if (p->choices) names(w, "choices", p->choices);
    tm_jw_key(w, "path");
    tm_jw_bool(w, p->flags & TM_P_PATH);
    tm_jw_key(w, "rest");
    tm_jw_bool(w, p->flags & TM_P_REST);
    tm_jw_key(w, "reference");
    tm_jw_bool(w, p->flags & TM_P_REFERENCE);
    tm_jw_key(w, "sides");
    tm_jw_bool(w, p->flags & TM_P_SIDES);
    if (p->letter) tm_jw_key(w, "letter");
    if (p->letter) tm_jw_text(w, (tm_str){&p->letter, 1});
    key_text(w, "help", p->help);
    tm_jw_close(w, '}');
}

static void params(tm_jw *w, const tm_param *p)
{
    tm_jw_open(w, '[');
    for (; p && p->name; p++) one_param(w, p);
    tm_jw_close(w, ']');
}

static void signals(tm_jw *w, const tm_signal *s)
{
    tm_jw_key(w, "signals");
    tm_jw_open(w, '[');
    for (; s && s->name; s++) {
        tm_jw_open(w, '{');
        key_text(w, "name", s->name);
        key_text(w, "type", s->type == TM_WORD ? "word" : "number");
        key_text(w, "unit", s->unit);
        tm_jw_key(w, "digits");
        tm_jw_u64(w, s->digits);
        key_text(w, "help", s->help);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void codes(tm_jw *w, const tm_code *c)
{
    tm_jw_key(w, "codes");
    tm_jw_open(w, '[');
    for (; c && c->code; c++) {
        tm_jw_open(w, '{');
        key_text(w, "code", c->code);
        key_text(w, "name", c->name);
        key_text(w, "verdict", tm_verdict_name((tm_verdict)c->verdict));
        tm_jw_key(w, "fixed_verdict");
        tm_jw_bool(w, c->fixed_verdict);
        key_text(w, "sentence", c->sentence);
        key_text(w, "help", c->help);
        key_text(w, "cure", c->cure);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void rounds(tm_jw *w, const tm_round *r)
{
    static const char *const how[] = {"none", "group", "fold", "components", "sort", "table"};
    tm_jw_key(w, "rounds");
    tm_jw_open(w, '[');
    for (; r && r->how != TM_NO_ROUND; r++) {
        tm_jw_open(w, '{');
        key_text(w, "name", r->name);
        key_text(w, "how", (size_t)r->how < TM_COUNT(how) ? how[r->how] : NULL);
        tm_jw_key(w, "always");
        tm_jw_bool(w, !r->needed);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void examples(tm_jw *w, const tm_example *e)
{
    tm_jw_key(w, "examples");
    tm_jw_open(w, '[');
    for (; e && e->title; e++) {
        tm_jw_open(w, '{');
        key_text(w, "title", e->title);
        key_text(w, "recipe", e->recipe);
        key_text(w, "in", e->in);
        key_text(w, "out", e->out);
        key_text(w, "fates", e->fates);
        if (e->reference) key_text(w, "reference", e->reference);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void flags_and_verdicts(tm_jw *w, const tm_op *op)
{
    uint32_t then = tm_op_then(op);
    tm_jw_key(w, "privacy");
    tm_jw_bool(w, op->flags & TM_PRIVACY);
    tm_jw_key(w, "reorders");
    tm_jw_bool(w, op->flags & TM_REORDERS);
    tm_jw_key(w, "then");
    tm_jw_open(w, '[');
    for (uint32_t v = TM_V_FLAG; v <= TM_V_MERGE; v++)
        if (then >> v & 1) tm_jw_z(w, tm_verdict_name((tm_verdict)v));
    tm_jw_close(w, ']');
}

static void one_op(tm_jw *w, const tm_op *op)
{
    tm_jw_open(w, '{');
    key_text(w, "name", op->name);
    key_text(w, "group", op->group);
    key_text(w, "summary", op->summary);
    key_text(w, "why", op->why);
    key_text(w, "source", op->source);
    tm_jw_key(w, "rev");
    tm_jw_u64(w, op->rev);
    key_text(w, "shape", tm_shape_name(op->shape));
    flags_and_verdicts(w, op);
    tm_jw_key(w, "params");
    params(w, op->params);
    signals(w, op->signals);
    codes(w, op->codes);
    rounds(w, op->rounds);
    examples(w, op->examples);
    tm_jw_close(w, '}');
}

const char *tm_shape_name(tm_shape shape)
{
    static const char *const name[] = {"measure", "edit", "fan-out", "set", "head"};
    return (size_t)shape < TM_COUNT(name) ? name[shape] : "?";
}

void tm_params_json(const tm_param *p, tm_buf *out)
{
    tm_jw w = {.out = out};
    params(&w, p);
}

void tm_op_json(const tm_op *op, tm_buf *out)
{
    tm_jw w = {.out = out};
    one_op(&w, op);
}

void tm_ops_json(tm_buf *out)
{
    tm_jw w = {.out = out};
    tm_jw_open(&w, '[');
    for (size_t i = 0; tm_ops[i]; i++) one_op(&w, tm_ops[i]);
    tm_jw_close(&w, ']');
}
