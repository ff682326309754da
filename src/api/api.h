/* Inside of the library's face: what include/tamis.h promises, from what flow/ has.
 *
 *   api_plan.c     tamis_open ... tamis_close: a plan handle is a recipe, its run and their memory
 *   api_options.c  from tamis_options to a recipe and the options of a run
 *   api_stream.c   tamis_stream: a run that goes on behind an Arrow stream
 *   api_rows.c     what the rows of a stream hold: packed by the run, unpacked for the reader
 *
 * The program does not use this face: it shows more than the face promises. */
#ifndef TM_API_API_H
#define TM_API_API_H

#include "base/thread.h"
#include "flow/run.h"
#include "record/arrow.h"
#include "tamis.h"

struct tamis_plan {
    tm_arena mem;
    tm_recipe recipe;
    tm_run *run;
    tm_buf plan_json, result_json;
    bool started;
    _Atomic bool complete; /* set by the thread that runs it */
    _Atomic unsigned held; /* by the caller, and by the thread behind a stream */
};

/* api_options.c: fills plan->recipe and *run; texts are copied into plan->mem. */
tm_status tm_api_options(tamis_plan *plan, const tamis_options *given, tm_run_options *run,
                         tm_err *err);

/* api_plan.c */
tamis_status tm_api_status(tm_status status, const tm_err *err, tamis_error *error);
/* Runs and, with `between` (may be NULL), hands out what is left before the verdict is given. */
tm_status tm_api_go(tamis_plan *plan, tm_status (*between)(void *arg, tm_err *err), void *arg,
                    tm_err *err);

/* api_rows.c */
typedef struct tm_api_rows { /* what a stream shows of a plan */
    const tm_plan *plan;
    tamis_table table;
    tm_arrow_column *column;
    uint32_t columns;
} tm_api_rows;
tm_status tm_api_rows_open(tm_api_rows *rows, const tm_plan *plan, tamis_table table, tm_arena *mem,
                           tm_err *err);
/* The rows of one kept record, appended to *out. */
tm_status tm_api_rows_pack(const tm_api_rows *rows, const tm_kept_view *kept, tm_buf *out,
                           tm_err *err);
/* All of them into an Arrow batch; `lines` is added to their lines. */
tm_status tm_api_rows_unpack(const tm_api_rows *rows, tm_str packed, uint64_t lines,
                             tm_arrow_builder *to, tm_err *err);

#endif
