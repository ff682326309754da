/* A recipe as YAML that reads back to the same recipe.
 *
 * Only what is required or differs from its default is printed, so that what stands there means
 * something. A value goes through tm_param_print (the canonical JSON of the table of
 * parameters), is read as YAML, of which JSON is a part, and printed as our own YAML. Only two
 * types of parameter are known here: maps, whose values keep their quotes because those decide
 * whether 42 is a number or a text, and sizes, which are printed as people write them.
 *
 * Appends to a tm_buf, whose failure is sticky; the arena for the detour is a local one. */
#include "plan/recipe_reader.h"

#define LINE_WIDTH 96

static void print_pairs(const tm_pairs *pairs, tm_buf *out)
{
    tm_buf_char(out, '{');
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (i) tm_buf_z(out, ", ");
        tm_yaml_scalar(pairs->item[i].name, false, out);
        tm_buf_z(out, ": ");
        tm_yaml_scalar(pairs->item[i].value, pairs->item[i].quoted, out);
    }
    tm_buf_char(out, '}');
}

/* 2GiB and not 2147483648, where it is exact. */
static void print_size(uint64_t bytes, tm_buf *out)
{
    static const char *const unit[] = {"", "KiB", "MiB", "GiB"};
    size_t u = 0;
    while (bytes && u + 1 < TM_COUNT(unit) && bytes % TM_KIB == 0) bytes /= TM_KIB, u++;
    tm_buf_u64(out, bytes);
    tm_buf_z(out, unit[u]);
}

/* Without the quotes that JSON needs and YAML does not. */
static void print_bare(const tm_yaml *node, tm_buf *out)
{
    if (node->kind == TM_YAML_SCALAR) {
        tm_yaml_scalar(node->text, false, out);
        return;
    }
    tm_buf_char(out, '[');
    for (uint32_t i = 0; i < node->count; i++) {
        if (i) tm_buf_z(out, ", ");
        print_bare(&node->child[i], out);
    }
    tm_buf_char(out, ']');
}

static void print_json_as_yaml(tm_str json, tm_buf *out)
{
    tm_arena mem = {0};
    tm_yaml *node;
    if (tm_yaml_parse(&mem, TM_STR("value"), json, &node, NULL) == TM_OK)
        print_bare(node, out);
    else
        out->failed = true; /* our own JSON: only memory can be missing */
    tm_arena_release(&mem);
}

static void print_value(const tm_param *param, const void *args, tm_buf *out)
{
    const void *at = (const char *)args + param->at;
    if (param->type == TM_P_PAIRS) {
        print_pairs(at, out);
        return;
    }
    if (param->type == TM_P_SIZE) {
        print_size(*(const uint64_t *)at, out);
        return;
    }
    if (param->type == TM_P_TEXTS && param->flags & TM_P_PATH) {
        const tm_texts *paths = at;
        if (paths->count == 1) {
            tm_yaml_scalar(paths->item[0], false, out);
            return;
        }
    }
    tm_buf json = {0}, escaped = {0};
    tm_param_print(param, args, &json);
    tm_yaml_escape(tm_buf_view(&json), &escaped);
    if (json.failed || escaped.failed)
        out->failed = true;
    else
        print_json_as_yaml(tm_buf_view(&escaped), out);
    tm_buf_release(&json);
    tm_buf_release(&escaped);
}

/* Whether the value differs from its default. */
static bool is_set(const tm_param *param, const void *args, const void *defaults, tm_buf *out)
{
    tm_buf a = {0}, b = {0};
    tm_param_print(param, args, &a);
    tm_param_print(param, defaults, &b);
    bool same = tm_str_eq(tm_buf_view(&a), tm_buf_view(&b));
    if (a.failed || b.failed) out->failed = true;
    tm_buf_release(&a);
    tm_buf_release(&b);
    return !same;
}

typedef struct fields { /* "name: value" pairs on their way out */
    tm_buf *out;
    const char *between; /* ", " on one line; else newline and indent */
    uint32_t count;
} fields;

static void begin_field(fields *f, const char *name)
{
    if (f->count++) tm_buf_z(f->out, f->between);
    tm_buf_z(f->out, name);
    tm_buf_z(f->out, ": ");
}

static void print_params(const tm_param *params, const void *args, size_t args_bytes, fields *f)
{
    tm_arena mem = {0};
    void *defaults = tm_arena_zero(&mem, 1, args_bytes + 1);
    bool known = defaults && tm_params_default(params, defaults, &mem, NULL) == TM_OK;
    if (!known) f->out->failed = true;
    for (const tm_param *p = params; known && p->name; p++) {
        if (!(p->flags & TM_P_REQUIRED) && !is_set(p, args, defaults, f->out)) continue;
        begin_field(f, p->name);
        print_value(p, args, f->out);
    }
    tm_arena_release(&mem);
}

static void step_fields(const tm_recipe_step *step, fields *f)
{
    if (!tm_str_is(step->name, step->op->name)) {
        begin_field(f, "name");
        tm_yaml_scalar(step->name, false, f->out);
    }
    if (step->op->params) print_params(step->op->params, step->args, step->op->args_bytes, f);
    if (step->then != TM_V_NONE) {
        begin_field(f, "then");
        tm_buf_z(f->out, tm_verdict_name((tm_verdict)step->then));
    }
}

static void print_step(const tm_recipe_step *step, tm_buf *out)
{
    tm_buf line = {0}, block = {0};
    fields one = {&line, ", ", 0}, many = {&block, "\n      ", 0};
    step_fields(step, &one);
    tm_buf_print(out, "  - %s", step->op->name);
    if (one.count && line.n + strlen(step->op->name) + 8 <= LINE_WIDTH) {
        tm_buf_z(out, ": {");
        tm_buf_str(out, tm_buf_view(&line));
        tm_buf_char(out, '}');
    } else if (one.count) {
        step_fields(step, &many);
        tm_buf_z(out, ":\n      ");
        tm_buf_str(out, tm_buf_view(&block));
    }
    if (line.failed || block.failed) out->failed = true;
    tm_buf_char(out, '\n');
    tm_buf_release(&line);
    tm_buf_release(&block);
}

static void print_inputs(const char *title, const tm_recipe_input *input, uint32_t count,
                         tm_buf *out)
{
    if (count) tm_buf_print(out, "%s:\n", title);
    for (uint32_t i = 0; i < count; i++) {
        const tm_recipe_input *in = &input[i];
        tm_input_args args = {.path = {in->path, in->paths},
                              .map = in->map,
                              .tags = in->tags,
                              .layout = in->layout,
                              .container = in->container,
                              .codec = in->codec,
                              .utf8 = in->replace_utf8};
        fields f = {out, "\n    ", 0};
        tm_buf_z(out, "  ");
        tm_yaml_scalar(in->name, false, out);
        tm_buf_z(out, ":\n    ");
        print_params(tm_input_params, &args, sizeof args, &f);
        tm_buf_char(out, '\n');
    }
}

static void print_section(const char *title, const tm_param *params, const void *args,
                          size_t args_bytes, tm_buf *out)
{
    tm_buf body = {0};
    fields f = {&body, "\n  ", 0};
    print_params(params, args, args_bytes, &f);
    if (body.failed) out->failed = true;
    if (f.count) {
        tm_buf_print(out, "%s:\n  ", title);
        tm_buf_str(out, tm_buf_view(&body));
        tm_buf_char(out, '\n');
    }
    tm_buf_release(&body);
}

void tm_recipe_print(const tm_recipe *r, tm_buf *out)
{
    if (r->seed) {
        tm_buf_z(out, "seed: ");
        tm_buf_u64(out, r->seed);
        tm_buf_char(out, '\n');
    }
    print_inputs("inputs", r->input, r->inputs, out);
    print_inputs("references", r->reference, r->references, out);
    tm_buf_z(out, r->steps ? "steps:\n" : "steps: []\n");
    for (uint32_t i = 0; i < r->steps; i++) print_step(&r->step[i], out);
    print_section("output", tm_output_params, &r->output, sizeof r->output, out);
    print_section("limits", tm_limit_params, &r->limits, sizeof r->limits, out);
}
