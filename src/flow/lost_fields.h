/* Which fields are lost with merged records: of a record that falls for another, the step says
 * which of its fields that one does not have so (tm_op.lost); here they get their names, a finding
 * stands at the first, and they are counted by step and name.
 *
 * Of a step FIELDS_NAMED names are told from one another, those whose hashes are the least: which
 * they are does not depend on the order or on where blocks end. The others are counted without a
 * name. */
#ifndef TM_FLOW_LOST_FIELDS_H
#define TM_FLOW_LOST_FIELDS_H

#include "op/op.h"

struct tm_run;

/* Counts, framed one behind another: zero is empty. */
typedef struct tm_field_count { /* behind it: the name */
    uint64_t records, hash;     /* of the name */
    uint32_t step, name;        /* its bytes */
} tm_field_count;

/* What is lost with record r, of which the step has just decided that it falls. True: it was
 * something, and b's last finding says so. */
tm_status tm_lost_fields_find(tm_batch *b, uint32_t r, const tm_op *op, uint16_t step,
                              const tm_decision *d, tm_buf *counts, bool *found, tm_err *err);
tm_status tm_lost_fields_merge(tm_buf *into, const tm_buf *from, tm_err *err);
/* The `nth` commonest field of a step, written as expressions have it ("$.answer"; empty: of those
 * without a name), appended to out. Records: 0 when there are no more. */
uint64_t tm_lost_field(const struct tm_run *run, uint32_t step, uint32_t nth, tm_buf *out);
/* [{"field":"$.answer","records":812}, ..], the commonest first. */
void tm_lost_fields_json(const struct tm_run *run, uint32_t step, tm_buf *out);

#endif
