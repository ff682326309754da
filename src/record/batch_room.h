/* Room for records in a batch. Internal to record/: tm_batch_add makes room before it writes. */
#ifndef TM_RECORD_BATCH_ROOM_H
#define TM_RECORD_BATCH_ROOM_H

#include "record/batch.h"

/* Grows all arrays by record to `room`; false when memory is exhausted. */
bool tm_batch_room(tm_batch *b, uint32_t room);

#endif
