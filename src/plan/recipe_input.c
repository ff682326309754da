/* The inputs and references of a recipe.
 *
 * They may be written short or long, and all of these mean the same kind of thing: one path; a
 * list of paths or maps; a map of names, each with a path, a list of paths or a map. Sources are
 * numbered in the order in which inputs stand here, so the order is kept. */
#include "base/vec.h"
#include "plan/recipe_reader.h"

typedef struct list { /* inputs or references: where they go */
    const tm_recipe_reader *r;
    const char *what;
    tm_recipe_input **item;
    uint32_t *count, *room;
} list;

static const char *const input_reserved[] = {"name", NULL};

static bool taken(const list *l, tm_str name)
{
    for (uint32_t i = 0; i < *l->count; i++)
        if (tm_str_eq((*l->item)[i].name, name)) return true;
    return false;
}

static tm_status add(const list *l, tm_str name, const tm_input_args *args, const tm_yaml *here)
{
    const tm_recipe_reader *r = l->r;
    uint32_t line = here ? here->line : 0, column = here ? here->column : 0;
    if (!TM_ROOM(r->mem, *l->item, *l->count, *l->room, 1))
        return tm_fail_memory(r->err, "the recipe", sizeof(tm_recipe_input));
    if (taken(l, name))
        return tm_recipe_at(r, line, column,
                            tm_fail(r->err, TM_ERECIPE,
                                    "two %ss are named \"%.*s\"; give one "
                                    "another name",
                                    l->what, TM_FMT(name)));
    for (uint32_t i = 0; i <= args->path.count; i++) {
        bool none = i == args->path.count;
        if (none && args->path.count) break;
        if (!none && args->path.item[i].n) continue;
        return tm_recipe_at(
            r, line, column,
            tm_fail(r->err, TM_ERECIPE, "%s \"%.*s\" has no path", l->what, TM_FMT(name)));
    }
    tm_layout_set named;
    if (args->layout.n && tm_layouts_named(args->layout, &named, r->err) != TM_OK)
        return tm_recipe_at(r, line, column, TM_ERECIPE);
    (*l->item)[(*l->count)++] = (tm_recipe_input){.name = name,
                                                  .path = args->path.item,
                                                  .paths = args->path.count,
                                                  .map = args->map,
                                                  .tags = args->tags,
                                                  .layout = args->layout,
                                                  .container = args->container,
                                                  .codec = args->codec,
                                                  .replace_utf8 = args->utf8 == 1,
                                                  .line = line,
                                                  .column = column};
    return TM_OK;
}

/* "input", "input2", ... : the first that is free. */
static tm_status own_name(const list *l, tm_str *out)
{
    for (uint32_t n = 1;; n++) {
        char *text = n == 1 ? tm_arena_printf(l->r->mem, "%s", l->what)
                            : tm_arena_printf(l->r->mem, "%s%u", l->what, n);
        if (!text) return tm_fail_memory(l->r->err, "the recipe", 16);
        *out = tm_str_of(text);
        if (!taken(l, *out)) return TM_OK;
    }
}

/* One input in any of its forms; `name` empty: it may say its own. */
static tm_status read_one(const list *l, tm_str name, const tm_yaml *node)
{
    const tm_recipe_reader *r = l->r;
    tm_input_args args = {0};
    tm_fill fill = {.what = l->what, .params = tm_input_params, .args = &args};
    if (node->kind == TM_YAML_MAP) {
        const tm_yaml *own = tm_yaml_get(node, "name");
        if (!name.n) fill.reserved = input_reserved;
        if (own && !name.n) TM_TRY(tm_recipe_name(r, "an input", own, &name));
        TM_TRY(tm_recipe_fill(r, &fill, node, node));
    } else {
        TM_TRY(tm_params_default(tm_input_params, &args, r->mem, r->err));
        const tm_param *path = tm_params_find(tm_input_params, TM_STR("path"));
        TM_TRY(tm_recipe_set(r, path, &args, node));
    }
    if (!name.n) TM_TRY(own_name(l, &name));
    return add(l, name, &args, node);
}

static list list_of(const tm_recipe_reader *r, bool references)
{
    tm_recipe *out = r->out;
    return references
               ? (list){r, "reference", &out->reference, &out->references, &out->reference_room}
               : (list){r, "input", &out->input, &out->inputs, &out->input_room};
}

tm_status tm_recipe_read_inputs(const tm_recipe_reader *r, const tm_yaml *node, bool references)
{
    list l = list_of(r, references);
    if (tm_yaml_empty(node)) return TM_OK;
    if (node->kind == TM_YAML_SCALAR) return read_one(&l, (tm_str){0}, node);
    for (uint32_t i = 0; i < node->count; i++) {
        tm_str name = {0};
        if (node->kind == TM_YAML_MAP) {
            tm_yaml key = {
                .text = node->key[i], .line = node->key_line[i], .column = node->key_column[i]};
            TM_TRY(tm_recipe_name(r, references ? "a reference" : "an input", &key, &name));
        }
        TM_TRY(read_one(&l, name, &node->child[i]));
    }
    return TM_OK;
}

tm_status tm_recipe_add_reference(tm_recipe *recipe, const tm_texts *paths, tm_str *name,
                                  tm_err *err)
{
    tm_recipe_reader r = {recipe->mem, recipe, err};
    list l = list_of(&r, true);
    tm_input_args args = {0};
    TM_TRY(tm_params_default(tm_input_params, &args, recipe->mem, err));
    args.path = *paths;
    if (!name->n) TM_TRY(own_name(&l, name));
    return add(&l, *name, &args, NULL);
}

tm_status tm_recipe_add_input(tm_recipe *recipe, tm_str name, const tm_input_args *args,
                              tm_err *err)
{
    tm_recipe_reader r = {recipe->mem, recipe, err};
    list l = list_of(&r, false);
    if (!name.n) TM_TRY(own_name(&l, &name));
    return add(&l, name, args, NULL);
}
