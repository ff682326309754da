/* What the two readers of trees share: yaml.c (libyaml) and yaml_json.c (our own JSON scanner).
 * tm_yaml_parse tries JSON first where a text begins like it, then YAML. */
#ifndef TM_PLAN_YAML_TREE_H
#define TM_PLAN_YAML_TREE_H

#include "plan/recipe.h"

/* The second of two equal keys, or TM_NONE. */
tm_status tm_yaml_second(tm_arena *mem, const tm_yaml *map, uint32_t *second, tm_err *err);

/* *out stays NULL when the text is not JSON, or is more than a tree may be (depth, equal keys, lone
 * surrogates): then YAML is asked, which says what is wrong. */
tm_status tm_yaml_from_json(tm_arena *mem, tm_str bytes, tm_yaml **out, tm_err *err);

#endif
