/* JSON Schema (2020-12) of a recipe, made from the tables of parameters, for editors.
 *
 * Editors read YAML with types, Tamis reads text and lets the parameter's type decide; so the
 * schema lets every scalar form pass that the parser takes (2%, 64MiB, lists with commas) and is
 * never stricter than tm_recipe_read in what it refuses, but for the uniqueness of names, which a
 * schema cannot say. */
#include "plan/json_write.h"
#include "plan/plan.h"

static void literal(tm_jw *w, const char *key, const char *json)
{
    tm_jw_key(w, key);
    tm_jw_raw(w, tm_str_of(json));
}

static void text(tm_jw *w, const char *key, const char *value)
{
    tm_jw_key(w, key);
    tm_jw_z(w, value);
}

static void range(tm_jw *w, const tm_param *p)
{
    if (p->min == 0 && p->max == 0) return;
    tm_jw_key(w, "minimum");
    tm_jw_f64(w, p->min);
    tm_jw_key(w, "maximum");
    tm_jw_f64(w, p->max);
}

static void enumerate(tm_jw *w, const char *const *names)
{
    tm_jw_key(w, "enum");
    tm_jw_open(w, '[');
    for (; names && *names; names++) tm_jw_z(w, *names);
    tm_jw_close(w, ']');
}

/* A list of names, or one text with commas. */
static void one_or_many(tm_jw *w, const char *const *names)
{
    tm_jw_key(w, "anyOf");
    tm_jw_open(w, '[');
    tm_jw_raw(w, TM_STR("{\"type\":\"string\"}"));
    tm_jw_open(w, '{');
    text(w, "type", "array");
    tm_jw_key(w, "items");
    tm_jw_open(w, '{');
    enumerate(w, names);
    tm_jw_close(w, '}');
    tm_jw_close(w, '}');
    tm_jw_close(w, ']');
}

static void type_of(tm_jw *w, const tm_param *p)
{
    switch (p->type) {
    case TM_P_BOOL: literal(w, "enum", "[true,false,\"yes\",\"no\",\"on\",\"off\"]"); break;
    case TM_P_INT:
        text(w, "type", "integer");
        range(w, p);
        break;
    case TM_P_U64:
        text(w, "type", "integer");
        literal(w, "minimum", "0");
        break;
    case TM_P_FLOAT:
        text(w, "type", "number");
        range(w, p);
        break;
    case TM_P_SIZE:
        literal(w, "anyOf",
                "[{\"type\":\"integer\",\"minimum\":0},"
                "{\"type\":\"string\",\"pattern\":\"^[0-9]\"}]");
        break;
    case TM_P_SHARE:
        literal(w, "anyOf",
                "[{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
                "{\"type\":\"string\",\"pattern\":\"^[0-9.]+ *%?$\"}]");
        break;
    case TM_P_CHOICE: enumerate(w, p->choices); break;
    case TM_P_SELECTOR:
    case TM_P_CHOICES: one_or_many(w, p->choices); break;
    case TM_P_EXPRS:
    case TM_P_TEXTS:
        literal(w, "anyOf",
                "[{\"type\":[\"string\",\"number\"]},"
                "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"]}}]");
        break;
    case TM_P_PAIRS:
        text(w, "type", "object");
        literal(w, "additionalProperties",
                "{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}");
        break;
    case TM_P_TEXT:
        if (p->choices) {
            enumerate(w, p->choices);
            break;
        }
        literal(w, "type", "[\"string\",\"number\",\"boolean\"]");
        break;
    case TM_P_EXPR: literal(w, "type", "[\"string\",\"number\",\"boolean\"]"); break;
    case TM_P_END: break;
    }
}

static void properties(tm_jw *w, const tm_param *params)
{
    for (const tm_param *p = params; p && p->name; p++) {
        tm_jw_key(w, p->name);
        tm_jw_open(w, '{');
        type_of(w, p);
        text(w, "description", p->help);
        if (p->fallback) text(w, "default", p->fallback);
        tm_jw_close(w, '}');
    }
}

static bool needs_any(const tm_param *p)
{
    for (; p && p->name; p++)
        if (p->flags & TM_P_REQUIRED) return true;
    return false;
}

static void required(tm_jw *w, const tm_param *params)
{
    if (!needs_any(params)) return;
    tm_jw_key(w, "required");
    tm_jw_open(w, '[');
    for (const tm_param *p = params; p->name; p++)
        if (p->flags & TM_P_REQUIRED) tm_jw_z(w, p->name);
    tm_jw_close(w, ']');
}

static void then_of(tm_jw *w, const tm_op *op)
{
    uint32_t then = tm_op_then(op);
    if (!then) return;
    tm_jw_key(w, "then");
    tm_jw_open(w, '{');
    tm_jw_key(w, "enum");
    tm_jw_open(w, '[');
    for (uint32_t v = TM_V_FLAG; v <= TM_V_MERGE; v++)
        if (then >> v & 1) tm_jw_z(w, tm_verdict_name((tm_verdict)v));
    tm_jw_close(w, ']');
    text(w, "description", "What happens to what this step finds");
    tm_jw_close(w, '}');
}

static void step_of(tm_jw *w, const tm_op *op)
{
    tm_jw_key(w, op->name);
    tm_jw_open(w, '{');
    text(w, "description", op->summary);
    literal(w, "type", needs_any(op->params) ? "\"object\"" : "[\"object\",\"null\"]");
    tm_jw_key(w, "properties");
    tm_jw_open(w, '{');
    literal(w, "name",
            "{\"$ref\":\"#/$defs/name\",\"description\":\"The step's name; its signals "
            "are name.signal\"}");
    then_of(w, op);
    properties(w, op->params);
    tm_jw_close(w, '}');
    required(w, op->params);
    literal(w, "additionalProperties",
            tm_params_rest(op->params) ? "{\"type\":[\"string\",\"number\"]}" : "false");
    tm_jw_close(w, '}');
}

static void steps(tm_jw *w)
{
    tm_jw_key(w, "steps");
    tm_jw_open(w, '{');
    text(w, "type", "array");
    tm_jw_key(w, "items");
    tm_jw_open(w, '{');
    tm_jw_key(w, "anyOf");
    tm_jw_open(w, '[');
    tm_jw_open(w, '{');
    tm_jw_key(w, "enum");
    tm_jw_open(w, '[');
    for (size_t i = 0; tm_ops[i]; i++)
        if (!needs_any(tm_ops[i]->params)) tm_jw_z(w, tm_ops[i]->name);
    tm_jw_close(w, ']');
    tm_jw_close(w, '}');
    tm_jw_open(w, '{');
    text(w, "type", "object");
    literal(w, "minProperties", "1");
    literal(w, "maxProperties", "1");
    tm_jw_key(w, "properties");
    tm_jw_open(w, '{');
    for (size_t i = 0; tm_ops[i]; i++) step_of(w, tm_ops[i]);
    tm_jw_close(w, '}');
    literal(w, "additionalProperties", "false");
    tm_jw_close(w, '}');
    tm_jw_close(w, ']');
    tm_jw_close(w, '}');
    tm_jw_close(w, '}');
}

static void table(tm_jw *w, const char *key, const tm_param *params, bool needs, const char *more)
{
    tm_jw_key(w, key);
    tm_jw_open(w, '{');
    text(w, "type", "object");
    tm_jw_key(w, "properties");
    tm_jw_open(w, '{');
    if (more) literal(w, more, "{\"$ref\":\"#/$defs/name\"}");
    properties(w, params);
    tm_jw_close(w, '}');
    if (needs) required(w, params);
    literal(w, "additionalProperties", "false");
    tm_jw_close(w, '}');
}

static const char inputs_schema[] =
    "{\"anyOf\":[{\"type\":\"string\"},"
    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/input\"}},"
    "{\"type\":\"object\",\"propertyNames\":{\"$ref\":\"#/$defs/name\"},"
    "\"additionalProperties\":{\"$ref\":\"#/$defs/input\"}}]}";
static const char input_schema[] =
    "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "{\"$ref\":\"#/$defs/input_map\"}]}";

void tm_recipe_schema(tm_buf *out)
{
    tm_jw w = {.out = out};
    tm_jw_open(&w, '{');
    text(&w, "$schema", "https://json-schema.org/draft/2020-12/schema");
    text(&w, "title", "Tamis recipe");
    text(&w, "type", "object");
    tm_jw_key(&w, "properties");
    tm_jw_open(&w, '{');
    literal(&w, "seed",
            "{\"type\":\"integer\",\"minimum\":0,\"description\":\"Decides all that is "
            "left to chance\",\"default\":0}");
    literal(&w, "inputs", inputs_schema);
    literal(&w, "references", inputs_schema);
    steps(&w);
    literal(&w, "output", "{\"anyOf\":[{\"type\":\"string\"},{\"$ref\":\"#/$defs/output\"}]}");
    literal(&w, "limits", "{\"$ref\":\"#/$defs/limits\"}");
    tm_jw_close(&w, '}');
    literal(&w, "additionalProperties", "false");
    tm_jw_key(&w, "$defs");
    tm_jw_open(&w, '{');
    literal(&w, "name", "{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][A-Za-z0-9_.]{0,63}$\"}");
    literal(&w, "input", input_schema);
    table(&w, "input_map", tm_input_params, true, "name");
    table(&w, "output", tm_output_params, false, NULL);
    table(&w, "limits", tm_limit_params, false, NULL);
    tm_jw_close(&w, '}');
    tm_jw_close(&w, '}');
}
