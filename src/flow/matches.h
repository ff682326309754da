/* Which records matched which, by step: how many records of each input matched each input and each
 * file of the references (decontamination's table of benchmarks and sources; duplicates within and
 * between inputs), and the characters of what was merged.
 *
 * A record matches when the step notes a finding about it that names another record, or when it
 * fell with one named as the reason. However many findings there are, it counts once a step and
 * cell. */
#ifndef TM_FLOW_MATCHES_H
#define TM_FLOW_MATCHES_H

#include "record/batch.h"

struct tm_run;

typedef struct tm_matches {
    uint64_t *count; /* [step][input, or file of a reference][input], then [step][2] characters */
    uint64_t *last;  /* the record that was counted last in that cell */
    uint64_t record; /* a number for the one at hand */
} tm_matches;

size_t tm_matches_cells(const struct tm_run *run); /* a multiple of the number of steps */
tm_status tm_matches_init(tm_matches *m, const struct tm_run *run, tm_err *err);
void tm_matches_clear(tm_matches *m, const struct tm_run *run);
void tm_matches_release(tm_matches *m);

void tm_matches_next(tm_matches *m); /* another record */
/* That `step` names `other` about the record at hand, which is of `input`. */
void tm_matches_note(tm_matches *m, const struct tm_run *run, uint32_t input, uint16_t step,
                     tm_rid other);

/* Characters of a record, as it stands in its file, that the step saw; and whether it merged it. */
void tm_matches_characters(tm_matches *m, const struct tm_run *run, uint16_t step, uint64_t seen,
                           uint64_t merged);

/* What one step's cells say of the stream: {"characters":..,"characters_merged":..,
 * "between":[{"input":..,"other":..,"records":..}]}. */
void tm_matches_duplicates_json(const struct tm_run *run, const uint64_t *step_cells, tm_buf *out);
/* And of references: [{"reference":..,"path":..,"records":{input: n}}]. */
void tm_matches_json(const struct tm_run *run, const uint64_t *step_cells, tm_buf *out);

#endif
