/* Room for records in a batch. Internal to record/: whoever adds makes room first. */
#ifndef TM_RECORD_BATCH_ROOM_H
#define TM_RECORD_BATCH_ROOM_H

#include "record/batch.h"

/* Grows all arrays by record to `room`; false when memory is exhausted. */
bool tm_batch_room(tm_batch *b, uint32_t room);

/* batch_add.c: a record without parts yet, and no more to come of it. */
tm_status tm_batch_begin(tm_batch *b, tm_rid rid, uint64_t line, tm_str raw, tm_err *err);
void tm_batch_end(tm_batch *b);

#endif
