/* Inside of the library's face: what include/tamis.h promises, from what flow/ has.
 *
 *   api_plan.c     tamis_open ... tamis_close: a plan handle is a recipe, its run and their memory
 *   api_options.c  from tamis_options to a recipe and the options of a run
 *   api_stream.c   tamis_stream: a run that goes on behind an Arrow stream
 *   api_rows.c     what the rows of a stream hold: packed by the run, unpacked for the reader
 *   api_stage.c    tamis_ticket ... tamis_stages_end: a run in stages
 *   api_seam.c     the rows that cross between stages, from and to Arrow
 *
 * The program does not use this face: it shows more than the face promises. */
#ifndef TM_API_API_H
#define TM_API_API_H

#include "base/thread.h"
#include "flow/stage.h"
#include "record/arrow.h"
#include "tamis.h"

/* What a plan's stream and the run behind it tell each other. It is the plan's, which outlives its
 * stream, so whoever waits for the stream may do so while another thread releases it. */
typedef struct tm_handover {
    tm_lock lock;
    tm_signalled moved;
    uint64_t put, taken; /* chunks */
    bool ended;          /* the run */
    bool closed;         /* the stream, or there is none yet */
} tm_handover;

struct tamis_plan {
    tm_arena mem;
    tm_recipe recipe;
    tm_table **table; /* of the options; in mem */
    uint32_t tables;
    tm_run *run;
    tm_buf plan_json, result_json;
    tm_stages stages; /* of a plan in stages: api_stage.c */
    tm_buf ticket, stages_json;
    bool staged;
    bool started;
    _Atomic bool complete; /* set by the thread that runs it */
    tm_handover handover;
    tm_err verdict; /* what the run behind a stream came to: written once, before `judged` */
    _Atomic bool judged;
    _Atomic unsigned held; /* by the caller, and by the thread behind a stream */
};

/* api_options.c: fills plan->recipe and *run; texts are copied into plan->mem. */
tm_status tm_api_options(tamis_plan *plan, const tamis_options *given, tm_run_options *run,
                         tm_err *err);

/* Releases the streams that were not taken. */
void tm_api_release_tables(const tamis_options *given);

/* api_plan.c */
tamis_plan *tm_api_plan_new(tm_err *err); /* held once; NULL: no memory */
tamis_status tm_api_status(tm_status status, const tm_err *err, tamis_error *error);
/* Of a run that is complete. Where too much is unreadable, the place is the first such record's. */
tm_status tm_api_verdict(const tamis_plan *plan, tm_err *err);
/* Runs and, with `between` (may be NULL), hands out what is left before the verdict is given. */
tm_status tm_api_go(tamis_plan *plan, tm_status (*between)(void *arg, tm_err *err), void *arg,
                    tm_err *err);

/* api_rows.c */
typedef struct tm_api_rows { /* what a stream shows of a plan */
    const tm_plan *plan;
    tamis_table table;
    tm_arrow_column *column;
    uint32_t columns, signals;
    const tm_route *route; /* of the step that routes, if there is one */
    uint32_t routes;
} tm_api_rows;
tm_status tm_api_rows_open(tm_api_rows *rows, const tm_plan *plan, tamis_table table, tm_arena *mem,
                           tm_err *err);
/* The rows of one kept record, appended to *out. */
tm_status tm_api_rows_pack(const tm_api_rows *rows, const tm_kept_view *kept, tm_buf *out,
                           tm_err *err);
/* Of `count` records from `place` on that are kept as they were (CHANGES). */
tm_status tm_api_rows_same(const tm_api_rows *rows, uint64_t place, uint32_t count, tm_buf *out,
                           tm_err *err);
/* All of them into an Arrow batch; `lines` is added to their lines. */
tm_status tm_api_rows_unpack(const tm_api_rows *rows, tm_str packed, uint64_t lines,
                             tm_arrow_builder *to, tm_err *err);

/* api_seam.c */
enum { TM_SEAM_FACT, TM_SEAM_DECISION, TM_SEAM_STATE, TM_SEAM_COLUMNS = 7 };
extern const tm_arrow_column tm_api_seam[TM_SEAM_COLUMNS];
typedef struct tm_seam_row {
    uint64_t what, stage, split;
    tm_rid rid;
    tm_str key, order, data;
} tm_seam_row;
tm_status tm_seam_put(tm_arrow_builder *to, const tm_seam_row *row, tm_err *err);

typedef struct tm_seam_reader { /* rows of a stream, one at a time */
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int column[TM_SEAM_COLUMNS]; /* index in the stream, or -1 */
    bool large[TM_SEAM_COLUMNS];
    int64_t at;
} tm_seam_reader;
/* Takes the stream over, also when it fails; a released one has no rows. */
tm_status tm_seam_open(tm_seam_reader *r, struct ArrowArrayStream *stream, tm_err *err);
/* Slices live until the next call. */
tm_status tm_seam_next(tm_seam_reader *r, tm_seam_row *row, bool *more, tm_err *err);
void tm_seam_close(tm_seam_reader *r);

#endif
