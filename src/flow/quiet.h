/* Quiet records: no step that a pass applied found, changed or set anything about them. The first
 * pass that reads all records of a block sees which they are. A later pass, the writing one above
 * all, then spares the steps that would look at them once more, and the reader its look for double
 * keys: steps are pure, so they would find nothing again.
 *
 * Spared are record steps that measure nothing: checks, repairs, filters. A record is hidden from
 * them as if it had fallen, and shown again before it is counted.
 *
 * What is known is a bit a record, in a table by the block's place. Table and bits have a fixed
 * limit: what does not fit goes through its steps again. */
#ifndef TM_FLOW_QUIET_H
#define TM_FLOW_QUIET_H

#include "flow/engine.h"

tm_quiet *tm_quiet_new(void); /* NULL: memory */
void tm_quiet_free(tm_quiet *q);

/* The worker is about to read the block at hand: what is known of it, and whether to look. */
tm_status tm_quiet_begin(tm_worker *w, tm_err *err);
/* Whether the record of this span is known to be quiet. */
bool tm_quiet_is(const tm_worker *w, uint32_t span);
/* The last record of the batch as read is that of this span. */
void tm_quiet_read(tm_worker *w, uint32_t span);
/* A batch behind its steps, before it is observed. */
void tm_quiet_look(tm_worker *w, const tm_batch *b);
/* All records of the block have been looked at. */
void tm_quiet_end(tm_worker *w);

/* Hides from the step what is known to be quiet, if it may be spared; true: show it again. */
bool tm_quiet_hide(const tm_worker *w, const tm_plan_step *step, tm_batch *b);
void tm_quiet_show(const tm_worker *w, tm_batch *b);

#endif
