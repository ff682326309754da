/* What inspect counts while it reads an input once, and how it shows that as text, JSON and
 * HTML. */
#ifndef TM_REPORT_INSPECTION_H
#define TM_REPORT_INSPECTION_H

#include "flow/run.h"

typedef struct tm_inspection tm_inspection;
TM_MUST_USE tm_inspection *tm_inspection_new(void); /* NULL: memory */
void tm_inspection_free(tm_inspection *seen);
tm_status tm_inspection_batch(void *seen, const tm_batch_view *view, tm_err *err);
void tm_inspection_finding(void *seen, const tm_finding_view *finding);
/* A run, what was counted in it, and (or NULL) a run over its first records. */
typedef struct tm_inspected {
    const tm_inspection *seen;
    const tm_run *run;
    const struct tm_inspected *sample;
    tm_str words; /* the inputs and how they are read, as on a command line */
    tm_str few;   /* the same, or a word for them where they are many */
} tm_inspected;
tm_status tm_inspection_text(const tm_inspected *i, tm_buf *out, tm_err *err);
void tm_inspection_json(const tm_inspected *i, tm_buf *out);

#endif
