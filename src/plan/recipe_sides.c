/* On the command line the sides of an earlier split are its files (TM_P_SIDES): they become
 * references named as the sides are, as a recipe would name them.
 *
 *   train=FILE            of this side
 *   train-00000.jsonl.zst the side stands in the name, as a run writes it; train.jsonl, too
 *   RUN                   a run folder: of each side the files that begin with it
 *
 * Nothing is looked up on disk: of a folder a pattern is named for each side. */
#include "base/vec.h"
#include "plan/recipe_reader.h"

typedef struct side {
    tm_str name;
    tm_str *path;
    uint32_t paths, room;
} side;

typedef struct sides {
    tm_recipe *recipe;
    side *item;
    uint32_t count, room;
    tm_err *err;
} sides;

static tm_status add_side(sides *s, tm_str name, side **out)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (tm_str_eq(s->item[i].name, name)) return *out = &s->item[i], TM_OK;
    if (!TM_ROOM(s->recipe->mem, s->item, s->count, s->room, 1))
        return tm_fail_memory(s->err, "the options", sizeof(side));
    s->item[s->count] = (side){.name = name};
    *out = &s->item[s->count++];
    return TM_OK;
}

static tm_status add_path(sides *s, side *to, tm_str path)
{
    if (!TM_ROOM(s->recipe->mem, to->path, to->paths, to->room, 1))
        return tm_fail_memory(s->err, "the options", sizeof path);
    to->path[to->paths++] = path;
    return TM_OK;
}

/* The sides of the step: those it takes by names of their own, and where all others go. */
static tm_status list_sides(sides *s, const tm_op *op, const char *args)
{
    const tm_param *named = tm_params_rest(op->params), *rest;
    side *made;
    const tm_pairs *pairs = (const tm_pairs *)(const void *)(args + named->at);
    for (uint32_t i = 0; i < pairs->count; i++) TM_TRY(add_side(s, pairs->item[i].name, &made));
    rest = tm_params_find(op->params, TM_STR("rest"));
    return add_side(s, *(const tm_str *)(const void *)(args + rest->at), &made);
}

/* A file of that side, by its name: SIDE-00000.jsonl, SIDE.jsonl. */
static bool is_file_of(const side *s, tm_str path)
{
    size_t at = path.n;
    while (at && path.p[at - 1] != '/') at--;
    tm_str name = tm_str_slice(path, at, path.n);
    if (!tm_str_starts(name, s->name) || name.n < s->name.n + 2) return false;
    char next = name.p[s->name.n], then = name.p[s->name.n + 1];
    return next == '.' || (next == '-' && ((then >= '0' && then <= '9') || then == '*'));
}

static tm_status add_folder(sides *s, tm_str folder)
{
    while (folder.n > 1 && folder.p[folder.n - 1] == '/') folder.n--;
    for (uint32_t i = 0; i < s->count; i++) {
        char *files =
            tm_arena_printf(s->recipe->mem, "%.*s/%.*s-*", TM_FMT(folder), TM_FMT(s->item[i].name));
        if (!files) return tm_fail_memory(s->err, "the options", folder.n);
        TM_TRY(add_path(s, &s->item[i], tm_str_of(files)));
    }
    return TM_OK;
}

static tm_status add_given(sides *s, tm_str given)
{
    tm_str name, path;
    side *to;
    if (tm_str_cut(given, '=', &name, &path) && tm_recipe_name_fits(name)) {
        TM_TRY(add_side(s, name, &to));
        return add_path(s, to, path);
    }
    for (uint32_t i = 0; i < s->count; i++)
        if (is_file_of(&s->item[i], given)) return add_path(s, &s->item[i], given);
    return add_folder(s, given);
}

tm_status tm_recipe_name_sides(tm_recipe *recipe, const tm_op *op, void *args,
                               const tm_param *param, tm_err *err)
{
    tm_texts *texts = (tm_texts *)(void *)((char *)args + param->at);
    sides s = {.recipe = recipe, .err = err};
    if (!texts->count || (texts->count == 1 && tm_str_is(texts->item[0], "none"))) return TM_OK;
    TM_TRY(list_sides(&s, op, args));
    for (uint32_t i = 0; i < texts->count; i++) TM_TRY(add_given(&s, texts->item[i]));
    tm_str *names = TM_NEW(recipe->mem, tm_str, s.count);
    if (!names) return tm_fail_memory(err, "the options", s.count * sizeof *names);
    *texts = (tm_texts){names, 0};
    for (uint32_t i = 0; i < s.count; i++) {
        const side *made = &s.item[i];
        if (!made->paths) continue;
        names[texts->count++] = made->name;
        tm_str name = made->name;
        TM_TRY(tm_recipe_add_reference(recipe, &(tm_texts){made->path, made->paths}, &name, err));
    }
    return TM_OK;
}
