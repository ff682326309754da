/* Edits and the writer. An edit is a splice, never a re-print (law 2).
 *
 * Operators hand over splices in coordinates of the text as it is now; tm_part_edit maps them to
 * the text as read and composes them with what earlier steps did. tm_record_write lifts each part's
 * edits through its codec stack to raw coordinates, merges them with the patches and walks the raw
 * bytes once. With no edit and no patch the output is the raw bytes. */
#ifndef TM_RECORD_WRITER_H
#define TM_RECORD_WRITER_H

#include "record/batch.h"

typedef struct tm_splice { /* replace now[at, at+cut) by put */
    uint32_t at, cut;
    tm_str put;
} tm_splice;

/* splices: sorted, disjoint, inside the text, on code point borders. put is copied. */
tm_status tm_part_edit(tm_batch *b, uint32_t part, const tm_splice *splices, uint32_t count,
                       uint16_t step, uint16_t rule, tm_err *err);
/* Raw-coordinate patch; put is copied. Overlapping patches are a bug of the caller, except with the
 * same `path`, where the later one replaces the earlier. */
tm_status tm_patch_add(tm_batch *b, uint32_t record, uint32_t at, uint32_t cut, tm_str put,
                       tm_str path, uint16_t step, uint16_t rule, tm_err *err);

bool tm_record_changed(const tm_batch *b, uint32_t record);
/* Appends the record as it is now. */
tm_status tm_record_write(tm_batch *b, uint32_t record, tm_buf *out, tm_err *err);

/* A place in a part's text that was found before; all zeros at first. */
typedef struct tm_part_place {
    const char *raw;          /* of the part */
    size_t as_read, at, next; /* the same place; the next escape behind it */
} tm_part_place;
/* Offset in text as read -> raw offset within the part's raw span, for messages. Goes on from
 * `known`, so many of one part in a row take one walk. */
uint32_t tm_part_raw_offset(const tm_batch *b, uint32_t part, uint32_t as_read_at,
                            tm_part_place *known);

#endif
