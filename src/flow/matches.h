/* How many records of each input matched each file of the references, by step: the table of
 * benchmarks and sources of decontamination, of what an earlier set had already.
 *
 * A record matches when the step notes a finding about it that names a record of a reference, or
 * when it fell with one named as the reason. However many findings there are, it counts once a step
 * and file. */
#ifndef TM_FLOW_MATCHES_H
#define TM_FLOW_MATCHES_H

#include "record/batch.h"

struct tm_run;

typedef struct tm_matches {
    uint64_t *count; /* [step][file of a reference][input] */
    uint64_t *last;  /* the record that was counted last in that cell */
    uint64_t record; /* a number for the one at hand */
} tm_matches;

size_t tm_matches_cells(const struct tm_run *run); /* 0 without references */
tm_status tm_matches_init(tm_matches *m, const struct tm_run *run, tm_err *err);
void tm_matches_clear(tm_matches *m, const struct tm_run *run);
void tm_matches_release(tm_matches *m);

void tm_matches_next(tm_matches *m); /* another record */
/* That `step` names `other` about the record at hand, which is of `input`. */
void tm_matches_note(tm_matches *m, const struct tm_run *run, uint32_t input, uint16_t step,
                     tm_rid other);

/* What one step's cells say: [{"reference":..,"path":..,"records":{input: n}}]. */
void tm_matches_json(const struct tm_run *run, const uint64_t *step_cells, tm_buf *out);

#endif
