/* Counts as JSON, the same in manifests and on the command line. */
#ifndef TM_FLOW_COUNTS_JSON_H
#define TM_FLOW_COUNTS_JSON_H

#include "flow/run.h"

void tm_counts_json(const tm_counts *c, tm_buf *out); /* {"read":..} */
void tm_steps_json(const tm_run *run, tm_buf *out);   /* [{"name":..}] */

/* What the reader noticed and what it could not read, by code. */
void tm_reader_json(const tm_run_result *result, tm_buf *b);
/* One more unreadable record of this code, kept in the order of codes. */
void tm_count_lost(tm_run_result *result, const char *code);

#endif
