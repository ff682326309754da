/* What the files that read a recipe share: the reader's state, places of errors, and the one way a
 * map of the recipe fills a struct by its table of parameters. */
#ifndef TM_PLAN_RECIPE_READER_H
#define TM_PLAN_RECIPE_READER_H

#include "plan/plan.h"

typedef struct tm_recipe_reader {
    tm_arena *mem;
    tm_recipe *out;
    tm_err *err;
} tm_recipe_reader;

/* Gives the failure the recipe's name and this place, where it has none; returns `status`. */
tm_status tm_recipe_at(const tm_recipe_reader *r, uint32_t line, uint32_t column, tm_status status);

/* Sets one parameter to the node's value. A single path is not split at commas, as other lists are:
 * names of files may hold them. */
tm_status tm_recipe_set(const tm_recipe_reader *r, const tm_param *param, void *args,
                        const tm_yaml *node);

typedef struct tm_fill { /* how to fill a struct from a map */
    const char *what;    /* "filter", "output": for messages */
    const tm_param *params;
    void *args;
    const char *const *reserved; /* keys that somebody else reads; NULL-terminated; or NULL */
    tm_place *at;                /* by index in params, or NULL */
    const tm_op *op;             /* that they are of, or NULL */
} tm_fill;

/* Sets the defaults, then what the map says (NULL or an empty scalar: nothing), then looks for what
 * is required and was not given. `here` is the place for that. */
tm_status tm_recipe_fill(const tm_recipe_reader *r, const tm_fill *fill, const tm_yaml *here,
                         const tm_yaml *map);

/* What a step that takes names of the user's own (TM_P_REST) calls `name`: refused where it is a
 * slip of a parameter, for it would be taken for one of those names. */
tm_status tm_recipe_add_named(const tm_recipe_reader *r, const tm_op *op, void *args, tm_str name,
                              tm_str value);

/* A name that steps and inputs may have: a letter, then letters, digits, _ and . (at most 64). */
tm_status tm_recipe_name(const tm_recipe_reader *r, const char *what, const tm_yaml *node,
                         tm_str *out);
bool tm_recipe_name_fits(tm_str name);
bool tm_yaml_empty(const tm_yaml *node); /* nothing was written: "key:" */

tm_status tm_recipe_read_inputs(const tm_recipe_reader *r, const tm_yaml *node, bool references);
/* Adds a reference of these files; its name is made where it has none. */
tm_status tm_recipe_add_reference(tm_recipe *recipe, const tm_texts *paths, tm_str *name,
                                  tm_err *err);
/* What the option of a TM_P_SIDES parameter named becomes references, named as sides are. */
tm_status tm_recipe_name_sides(tm_recipe *recipe, const tm_op *op, void *args,
                               const tm_param *param, tm_err *err);
tm_status tm_recipe_read_steps(const tm_recipe_reader *r, const tm_yaml *node);
/* Parses a `then:` for this operator. */
tm_status tm_op_then_parse(const tm_op *op, tm_str text, uint32_t *then, tm_err *err);

#endif
