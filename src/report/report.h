/* What people see of a run: text on a terminal, one JSON object, and one offline HTML file.
 *
 * The HTML report is made from the run folder alone (manifest.json, run.json, ledger.parquet,
 * findings.parquet, and the sources for the sample cards), so it can be made again at any time and
 * a golden test can pin its bytes. All text of the dataset is escaped; charts are SVG of our own
 * (chart.h); the page works with scripts off, in light and dark, and on paper. */
#ifndef TM_REPORT_REPORT_H
#define TM_REPORT_REPORT_H

#include "flow/run.h"

/* The waterfall of a finished run, as aligned text: one line a step, sums that close. */
void tm_report_waterfall(const tm_run *run, tm_buf *out);
/* What is seldom meant: no record is left, and a step let nobody through (a misspelt field is
 * enough for it); a side of a split is far from its size, for groups are large. */
void tm_report_warnings(const tm_run *run, tm_buf *out);

/* The plan before a run: inputs, layouts, steps with what they have to say, cost, remarks. */
tm_status tm_report_plan(const tm_run *run, tm_buf *out, tm_err *err);
tm_status tm_report_plan_json(tm_run *run, tm_buf *out, tm_err *err);
/* {"counts":..,"steps":[..],"inputs":[..],"outputs":[..],"run":"..","seconds":..} and a newline. */
void tm_report_json(const tm_run *run, tm_buf *out);
/* Writes report.html into a finished run folder, and its digest into run.json. */
tm_status tm_report_write(tm_str folder, tm_err *err);

#endif
