/* What is said of the references when a run is over: which files hold no record at all, and how
 * many texts of each file a step looked for and left out, by reason.
 *
 * Both follow from the references alone, so a resumed run and one cut into stages say the same. */
#ifndef TM_FLOW_REFERENCE_ITEMS_H
#define TM_FLOW_REFERENCE_ITEMS_H

#include "op/op.h"

struct tm_run;

/* Sets result.empty and the items of steps. told: by step, what its rounds told; empty: nothing. */
tm_status tm_references_look(struct tm_run *run, const tm_str *told, tm_err *err);
/* A count of a step's items: of file `file` of the references, or of all of them (TM_NONE); 0 where
 * nothing was counted. */
uint64_t tm_references_items(const struct tm_run *run, uint32_t step, uint32_t file, unsigned item);
/* ,"items":{..} of one file; nothing for steps that count none. */
void tm_references_items_json(const struct tm_run *run, uint32_t step, uint32_t file, tm_buf *out);

#endif
