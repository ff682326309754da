/* The row of unreadable.jsonl that tells of one record, for explain. */
#ifndef TM_FLOW_UNREADABLE_READ_H
#define TM_FLOW_UNREADABLE_READ_H

#include "plan/recipe.h"
#include "record/batch.h"

/* NULL in *row: the folder has no such file, or the file no such row. */
tm_status tm_unreadable_find(tm_arena *mem, const char *folder, tm_rid rid, const tm_yaml **row,
                             tm_err *err);

#endif
