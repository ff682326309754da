/* Inside of the library's face: what include/tamis.h promises, from what flow/ has.
 *
 *   api_plan.c     tamis_open ... tamis_close: a plan handle is a recipe, its run and their memory
 *   api_stream.c   tamis_stream: the kept records of a run that goes on behind an Arrow stream
 *
 * The program does not use this face: it shows more than the face promises. */
#ifndef TM_API_API_H
#define TM_API_API_H

#include "base/arena.h"
#include "flow/run.h"
#include "tamis.h"

struct tamis_plan {
    tm_arena mem;
    tm_recipe recipe;
    tm_run *run;
    tm_buf plan_json, result_json;
    bool started, finished;
};

/* Opens a plan with what a caller inside the library adds to the run's options. */
tamis_status tm_api_open(tamis_plan **out, const tamis_options *options, const tm_run_options *more,
                         tamis_error *error);
tamis_status tm_api_status(tm_status status, const tm_err *err, tamis_error *error);

#endif
