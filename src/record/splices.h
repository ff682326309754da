/* All changes of one record as one sorted row of splices of its raw bytes. Internal to record/. */
#ifndef TM_RECORD_SPLICES_H
#define TM_RECORD_SPLICES_H

#include "record/writer.h"

typedef struct tm_raw_splice {
    uint32_t at, cut;
    uint32_t patch; /* the patch it is, or TM_NONE: an edit of a part */
    tm_str put;
} tm_raw_splice;

typedef struct tm_raw_splices {
    tm_raw_splice *item;
    uint32_t count, room;
} tm_raw_splices;

/* The record's patches and the lifted edits of its parts, sorted and disjoint, from the batch's
 * arena. */
tm_status tm_splices_of(tm_batch *b, uint32_t record, tm_raw_splices *out, tm_err *err);

/* Offset in the record as it is now -> raw offset; false when it lies inside what was put in. */
bool tm_splices_raw(const tm_raw_splices *s, uint32_t now, uint32_t *raw);

/* Unlinks a patch: its record becomes TM_NONE. */
void tm_patch_drop(tm_batch *b, uint32_t record, uint32_t patch);
/* Links a new patch; put and path already live in the batch's arena. Parts it takes the place of
 * are gone. */
tm_status tm_patch_link(tm_batch *b, uint32_t record, uint32_t at, uint32_t cut, tm_str put,
                        tm_str path, uint16_t step, uint16_t rule, tm_err *err);

#endif
