/* JSON documents (manifests, run.json, recipes that are JSON) as the same tree that recipes in YAML
 * are read into, with places. tm_json_tree scans and builds; tm_json_tree_of builds from a scan. */
#ifndef TM_PLAN_JSONTREE_H
#define TM_PLAN_JSONTREE_H

#include "plan/recipe.h"
#include "text/json.h"

/* Strings are decoded and marked quoted; numbers, true, false and null stay as they are written. Of
 * equal keys all are there. TM_EINPUT with the place when it is not JSON. */
tm_status tm_json_tree(tm_arena *mem, tm_str name, tm_str bytes, tm_yaml **out, tm_err *err);
tm_status tm_json_tree_of(tm_arena *mem, const tm_json *json, tm_yaml **out, tm_err *err);

#endif
