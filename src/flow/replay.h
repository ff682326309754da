/* One record through a finished run's recipe again: what it looked like when it left. */
#ifndef TM_FLOW_REPLAY_H
#define TM_FLOW_REPLAY_H

#include "flow/run.h"

typedef struct tm_replay_args {
    tm_str recipe; /* YAML, as manifest.json has it */
    tm_str input;  /* the name of the record's input in that recipe */
    tm_str layout; /* the layout it was read with, or empty: it is found again */
    tm_str raw;    /* the record, one line without its end */
    uint64_t path; /* which of its children; 0 = itself */
} tm_replay_args;

/* Appends the record as written to *out; *found = false when it does not come out of the recipe.
 * Set steps see this record alone, so they merge nothing; their verdicts stand in the ledger. */
tm_status tm_replay(tm_arena *mem, const tm_replay_args *args, tm_buf *out, bool *found,
                    tm_err *err);

#endif
