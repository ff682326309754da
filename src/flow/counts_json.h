/* Counts as JSON, the same in manifests and on the command line. */
#ifndef TM_FLOW_COUNTS_JSON_H
#define TM_FLOW_COUNTS_JSON_H

#include "flow/run.h"

void tm_counts_json(const tm_counts *c, tm_buf *out); /* {"read":..} */
void tm_steps_json(const tm_run *run, tm_buf *out);   /* [{"name":..}] */
/* What a step found to repeat something: masses, sources, clusters, sides. */
void tm_duplicates_json(const tm_run *run, uint32_t step, tm_buf *out);
/* Records that read the same on two sides: [{"route":..,"other":..,"records":..}] or null. */
void tm_same_sides_json(const tm_run *run, tm_buf *out);

/* What the reader noticed and what it could not read, by code. */
void tm_reader_json(const tm_run_result *result, tm_buf *b);
/* One more unreadable record of this code, kept in the order of codes. */
void tm_count_lost(tm_run_result *result, const char *code);

#endif
