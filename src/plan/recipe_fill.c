/* A map of the recipe into a struct, by a table of parameters; and the places of what is wrong.
 *
 * Every value goes through tm_param_set, the same function that reads options of the command line,
 * so both say the same sentences. What is added here is the place: line and column of the value, or
 * of the key where the key itself is wrong. */
#include "plan/recipe_reader.h"

tm_status tm_recipe_at(const tm_recipe_reader *r, uint32_t line, uint32_t column, tm_status status)
{
    if (status != TM_OK && r->err) tm_err_at(r->err, r->out->name, line, column, UINT64_MAX);
    return status;
}

bool tm_yaml_empty(const tm_yaml *node)
{
    return node->kind == TM_YAML_SCALAR && !node->text.n && !node->quoted;
}

bool tm_recipe_name_fits(tm_str name)
{
    if (!name.n || name.n > 64) return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (!i || !((c >= '0' && c <= '9') || c == '.'))) return false;
    }
    return name.p[name.n - 1] != '.';
}

tm_status tm_recipe_name(const tm_recipe_reader *r, const char *what, const tm_yaml *node,
                         tm_str *out)
{
    if (node->kind == TM_YAML_SCALAR && tm_recipe_name_fits(node->text)) {
        *out = node->text;
        return TM_OK;
    }
    tm_str text = node->kind == TM_YAML_SCALAR ? node->text : (tm_str){0};
    return tm_recipe_at(
        r, node->line, node->column,
        tm_fail(r->err, TM_ERECIPE,
                "\"%.*s\" cannot name %s; a name is a letter, then letters, digits, "
                "_ and . (at most 64)",
                TM_FMT(tm_str_slice(text, 0, 80)), what));
}

tm_status tm_recipe_set(const tm_recipe_reader *r, const tm_param *param, void *args,
                        const tm_yaml *node)
{
    tm_pvalue value;
    tm_status status = tm_yaml_value(r->mem, node, &value, r->err);
    tm_pair only = {.value = value.scalar, .quoted = value.quoted};
    bool one_path = param->type == TM_P_TEXTS && param->flags & TM_P_PATH;
    if (status == TM_OK && one_path && value.form == TM_PV_SCALAR)
        value.form = TM_PV_LIST, value.item = &only, value.count = 1;
    if (status == TM_OK) status = tm_param_set(param, args, &value, r->mem, r->err);
    return tm_recipe_at(r, node->line, node->column, status);
}

static bool listed(const char *const *names, tm_str name)
{
    for (; names && *names; names++)
        if (tm_str_is(name, *names)) return true;
    return false;
}

static tm_status unknown_key(const tm_recipe_reader *r, const tm_fill *fill, tm_str key)
{
    size_t reserved = 0, count = 0;
    const char *name[256];
    for (; fill->reserved && fill->reserved[reserved]; reserved++)
        name[count++] = fill->reserved[reserved];
    for (const tm_param *p = fill->params; p && p->name && count < TM_COUNT(name); p++)
        name[count++] = p->name;
    const char *near = tm_str_suggest(key, name, count);
    if (fill->op) TM_TRY(tm_op_elsewhere(fill->op, key, r->err));
    if (near && listed(fill->reserved, tm_str_of(near)))
        return tm_fail(r->err, TM_ERECIPE, "\"%s\" has no parameter \"%.*s\"; did you mean \"%s\"?",
                       fill->what, TM_FMT(tm_str_slice(key, 0, 80)), near);
    return tm_params_unknown(fill->params, fill->what, key, r->err);
}

/* Beside every step's own parameters; a seed is looked for in steps. */
static const tm_param BESIDES[] = {
    {.name = "name", .type = TM_P_TEXT},
    {.name = "then", .type = TM_P_TEXT},
    {.name = "seed", .type = TM_P_TEXT},
    {0},
};

tm_status tm_recipe_add_named(const tm_recipe_reader *r, const tm_op *op, void *args, tm_str name,
                              tm_str value)
{
    const tm_param *rest = tm_params_rest(op->params);
    const char *near = tm_params_slip(op->params, name);
    TM_TRY(tm_op_elsewhere(op, name, r->err));
    if (!near) near = tm_params_slip(BESIDES, name);
    if (!near) return tm_param_add_pair(rest, args, name, value, r->mem, r->err);
    return tm_fail(r->err, TM_ERECIPE,
                   "\"%s\" has no parameter \"%.*s\"; did you mean \"%s\"? If it is meant as a "
                   "name, write it under %s:",
                   op->name, TM_FMT(tm_str_slice(name, 0, 80)), near, rest->name);
}

static tm_status fill_one(const tm_recipe_reader *r, const tm_fill *fill, const tm_yaml *map,
                          uint32_t i, uint64_t *given)
{
    const tm_yaml *node = &map->child[i];
    const tm_param *param = fill->params ? tm_params_find(fill->params, map->key[i]) : NULL;
    bool named = fill->op && tm_params_rest(fill->params) && node->kind == TM_YAML_SCALAR;
    if (!param) {
        tm_status status =
            named ? tm_recipe_add_named(r, fill->op, fill->args, map->key[i], node->text)
                  : unknown_key(r, fill, map->key[i]);
        return tm_recipe_at(r, map->key_line[i], map->key_column[i], status);
    }
    size_t index = (size_t)(param - fill->params);
    TM_ASSERT(index < 64);
    *given |= (uint64_t)1 << index;
    if (fill->at) fill->at[index] = (tm_place){node->line, node->column, node->quoted};
    return tm_recipe_set(r, param, fill->args, node);
}

tm_status tm_recipe_fill(const tm_recipe_reader *r, const tm_fill *fill, const tm_yaml *here,
                         const tm_yaml *map)
{
    uint64_t given = 0;
    if (fill->params) TM_TRY(tm_params_default(fill->params, fill->args, r->mem, r->err));
    if (map && !tm_yaml_empty(map) && map->kind != TM_YAML_MAP)
        return tm_recipe_at(
            r, map->line, map->column,
            tm_fail(r->err, TM_ERECIPE, "\"%s\" takes a map of parameters, like {%s: ...}",
                    fill->what, fill->params && fill->params->name ? fill->params->name : "name"));
    for (uint32_t i = 0; map && map->kind == TM_YAML_MAP && i < map->count; i++)
        if (!listed(fill->reserved, map->key[i])) TM_TRY(fill_one(r, fill, map, i, &given));
    for (const tm_param *p = fill->params; p && p->name; p++) {
        if (!(p->flags & TM_P_REQUIRED) || given >> (p - fill->params) & 1) continue;
        return tm_recipe_at(
            r, here->line, here->column,
            tm_fail(r->err, TM_ERECIPE, "\"%s\" needs \"%s\": %s", fill->what, p->name, p->help));
    }
    return TM_OK;
}
