/* JSON documents of ours (manifests, run.json) as the same tree that recipes are read into. */
#ifndef TM_PLAN_JSONTREE_H
#define TM_PLAN_JSONTREE_H

#include "plan/recipe.h"

/* Strings are decoded and marked quoted; numbers, true, false and null stay as they are written.
 * bytes must outlive the tree. TM_EINPUT with the place when it is not JSON. */
tm_status tm_json_tree(tm_arena *mem, tm_str name, tm_str bytes, tm_yaml **out, tm_err *err);

#endif
