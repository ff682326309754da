/* Counts as JSON, the same in manifests and on the command line. */
#ifndef TM_FLOW_COUNTS_JSON_H
#define TM_FLOW_COUNTS_JSON_H

#include "flow/run.h"

void tm_counts_json(const tm_counts *c, tm_buf *out);                         /* {"read":..} */
void tm_steps_json(const tm_plan *plan, const tm_run_result *r, tm_buf *out); /* [{"name":..}] */

#endif
