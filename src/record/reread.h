/* Would a record be read otherwise now than it was? A step that sets fields changes what is
 * written; what later steps see of messages, roles and texts was bound when it was read. */
#ifndef TM_RECORD_REREAD_H
#define TM_RECORD_REREAD_H

#include "record/fieldpath.h"
#include "record/layout.h"

typedef struct tm_reread { /* scratch of one worker; zeroed is ready */
    tm_batch batch;
    tm_arena mem;
    bool begun;
} tm_reread;

/* Can a change of the field change what is read? Of most fields it cannot, and costs nothing. */
bool tm_field_is_read(const tm_batch *b, uint32_t record, const tm_layout_set *set,
                      const tm_fieldpath *path);
/* *otherwise: read as it is now, the record would have another layout, or other messages, roles or
 * texts than steps see. */
tm_status tm_record_reread(tm_batch *b, uint32_t record, const tm_layout_set *set, tm_reread *own,
                           bool *otherwise, tm_err *err);
void tm_reread_end(tm_reread *own);

#endif
