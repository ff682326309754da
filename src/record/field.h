/* A record as it is now, as JSON to look things up in. Internal to record/. */
#ifndef TM_RECORD_FIELD_H
#define TM_RECORD_FIELD_H

#include "record/frame.h"
#include "record/splices.h"

#define TM_ANY_DEPTH 65535 /* what the reader has accepted is not refused again */

/* Writes the record as it is now into the batch's arena and scans it behind the other nodes. */
tm_status tm_record_now(tm_batch *b, uint32_t record, tm_str *text, uint32_t *top, tm_err *err);

/* The part whose raw span is exactly [at, at + bytes), or TM_NONE. */
uint32_t tm_part_at(const tm_batch *b, uint32_t record, uint32_t at, uint32_t bytes);

#endif
