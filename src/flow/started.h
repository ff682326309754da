/* Where the inputs of a finished run are now. A manifest names them as they were given, from the
 * folder that the run was started in; that folder is in run.json, for it is no part of a result. So
 * a run can be explained and audited from anywhere, and also where both were moved together. */
#ifndef TM_FLOW_STARTED_H
#define TM_FLOW_STARTED_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Of the run in `folder`; empty when run.json does not say. */
tm_status tm_started_in(tm_arena *mem, tm_str folder, tm_str *started, tm_err *err);
/* `path` from there if something is there, else as it is: from here. */
tm_status tm_started_find(tm_arena *mem, tm_str started, tm_str path, tm_str *now, tm_err *err);
/* "neither /a/b/x.jsonl nor x.jsonl is there". */
void tm_started_tried(tm_str started, tm_str path, tm_buf *out);

#endif
