/* A recipe from its YAML: the top-level keys, each handed to whoever reads it.
 *
 * Reading is strict: a key that is not known is an error with the nearest one that is, because a
 * misspelt limit that is quietly ignored costs a whole run. Nothing is looked up in the world here:
 * paths are patterns and expressions are text; the plan checks them. */
#include "plan/recipe_reader.h"

static const char *const keys[] = {"seed", "inputs", "references", "steps", "output", "limits"};

static tm_status read_seed(const tm_recipe_reader *r, const tm_yaml *node)
{
    if (node->kind == TM_YAML_SCALAR && tm_str_to_u64(node->text, &r->out->seed)) return TM_OK;
    return tm_recipe_at(
        r, node->line, node->column,
        tm_fail(r->err, TM_ERECIPE, "seed takes a whole number from 0 to 18446744073709551615"));
}

static tm_status read_output(const tm_recipe_reader *r, const tm_yaml *node)
{
    if (node->kind == TM_YAML_SCALAR && node->text.n) { /* output: out/clean */
        r->out->output.path = node->text;
        return TM_OK;
    }
    tm_fill fill = {.what = "output",
                    .params = tm_output_params,
                    .args = &r->out->output,
                    .at = r->out->output_at};
    return tm_recipe_fill(r, &fill, node, node);
}

static tm_status read_limits(const tm_recipe_reader *r, const tm_yaml *node)
{
    tm_fill fill = {.what = "limits", .params = tm_limit_params, .args = &r->out->limits};
    TM_TRY(tm_recipe_fill(r, &fill, node, node));
    const tm_yaml *unreadable = tm_yaml_get(node, "unreadable");
    tm_status status = tm_limits_resolve(&r->out->limits, r->err);
    return unreadable ? tm_recipe_at(r, unreadable->line, unreadable->column, status) : status;
}

static tm_status read_key(const tm_recipe_reader *r, const tm_yaml *root, uint32_t i)
{
    const tm_yaml *node = &root->child[i];
    tm_str key = root->key[i];
    if (tm_str_is(key, "seed")) return read_seed(r, node);
    if (tm_str_is(key, "inputs")) return tm_recipe_read_inputs(r, node, false);
    if (tm_str_is(key, "references")) return tm_recipe_read_inputs(r, node, true);
    if (tm_str_is(key, "steps")) return tm_recipe_read_steps(r, node);
    if (tm_str_is(key, "output")) return read_output(r, node);
    if (tm_str_is(key, "limits")) return read_limits(r, node);
    const char *near = tm_str_suggest(key, keys, TM_COUNT(keys));
    tm_str shown = tm_str_slice(key, 0, 80);
    if (near)
        tm_fail(r->err, TM_ERECIPE, "a recipe has no key \"%.*s\"; did you mean \"%s\"?",
                TM_FMT(shown), near);
    else
        tm_fail(r->err, TM_ERECIPE,
                "a recipe has no key \"%.*s\"; it has seed, inputs, references, steps, output and "
                "limits",
                TM_FMT(shown));
    return tm_recipe_at(r, root->key_line[i], root->key_column[i], TM_ERECIPE);
}

tm_status tm_recipe_begin(tm_recipe *out, tm_arena *mem, tm_str name, tm_err *err)
{
    *out = (tm_recipe){.mem = mem, .name = name};
    TM_TRY(tm_params_default(tm_output_params, &out->output, mem, err));
    TM_TRY(tm_params_default(tm_limit_params, &out->limits, mem, err));
    return tm_limits_resolve(&out->limits, err);
}

tm_status tm_recipe_read(tm_recipe *out, tm_arena *mem, tm_str name, tm_str bytes, tm_err *err)
{
    tm_yaml *root;
    tm_recipe_reader r = {mem, out, err};
    tm_str own_name = tm_arena_str(mem, name);
    if (!own_name.p) return tm_fail_memory(err, "the recipe", name.n);
    TM_TRY(tm_recipe_begin(out, mem, own_name, err));
    TM_TRY(tm_yaml_parse(mem, own_name, bytes, &root, err));
    out->text = tm_arena_str(mem, bytes);
    if (!out->text.p) return tm_fail_memory(err, "the recipe", bytes.n);
    if (root->kind != TM_YAML_MAP)
        return tm_recipe_at(&r, root->line, root->column,
                            tm_fail(err, TM_ERECIPE,
                                    "a recipe is a map; begin it with \"steps:\" and a list of "
                                    "steps"));
    for (uint32_t i = 0; i < root->count; i++) TM_TRY(read_key(&r, root, i));
    return TM_OK;
}
