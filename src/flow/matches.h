/* Which records matched which, by step: how many records of each input matched each input and each
 * file of the references (duplicates within and between inputs), how many of each source matched
 * each file of the references (decontamination's table of benchmarks and sources), and how many
 * records and characters of each source a step saw and found to repeat another.
 *
 * A record matches when the step notes a finding about it that names another record, or when it
 * fell with one named as the reason. However many findings there are, it counts once a step and
 * cell. Tables are bounded: behind INPUTS_SHOWN inputs and FILES_SHOWN files the last row is that
 * of all others, and sources have the rows of flow/rows.h. */
#ifndef TM_FLOW_MATCHES_H
#define TM_FLOW_MATCHES_H

#include "op/op.h"

struct tm_run;

typedef struct tm_mass { /* of one row of sources */
    uint64_t records, characters, found, characters_found;
} tm_mass;

typedef struct tm_matches {
    uint64_t *count; /* by step (run->cell_at): input x input, file x (input, source), tm_mass .. */
    uint64_t *last;  /* the record that was counted last in that cell */
    uint64_t record; /* a number for the one at hand */
} tm_matches;

/* Sets run->cell_at: where each step's cells begin, and behind the last how many there are. */
tm_status tm_matches_plan(struct tm_run *run, tm_err *err);
size_t tm_matches_cells(const struct tm_run *run);

tm_status tm_matches_init(tm_matches *m, const struct tm_run *run, tm_err *err);
void tm_matches_clear(tm_matches *m, const struct tm_run *run);
void tm_matches_release(tm_matches *m);

void tm_matches_next(tm_matches *m); /* another record */
/* That `step` names `other` about the record at hand, which is of `source` (from 1). */
void tm_matches_note(tm_matches *m, const struct tm_run *run, uint32_t source, uint16_t step,
                     tm_rid other);
/* Records of `source` that the step saw. */
void tm_matches_seen(tm_matches *m, const struct tm_run *run, uint32_t source, uint16_t step,
                     uint64_t records, uint64_t characters);
/* The record at hand, `raw`, repeats another. True the first time the step says so of it. */
bool tm_matches_found(tm_matches *m, const struct tm_run *run, uint32_t source, uint16_t step,
                      tm_str raw, bool merged);

/* What a step's cells say. `cells`: of all steps. */
const tm_mass *tm_matches_mass(const struct tm_run *run, const uint64_t *cells, uint32_t step);
uint64_t tm_matches_merged(const struct tm_run *run, const uint64_t *cells, uint32_t step);
/* [{"input":..,"other":..,"records":..}] of the stream. */
void tm_matches_between_json(const struct tm_run *run, const uint64_t *cells, uint32_t step,
                             tm_buf *out);
/* And of references: [{"reference":..,"path":..,"records":{input: n},"sources":[n, ..]}], the last
 * by the rows of sources. */
void tm_matches_references_json(const struct tm_run *run, const uint64_t *cells, uint32_t step,
                                tm_buf *out);

#endif
