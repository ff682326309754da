/* Where things stand in one record: line, column and path of any raw offset, for messages.
 *
 *   tm_locator_begin(&l, batch, record);      costs nothing
 *   tm_locator_position(&l, at, &line, &column);
 *   tm_locator_path(&l, at, &path);           "messages[3].content"
 *
 * A record may have as many findings as texts, in any order. So the first question makes an index
 * of the record, and each question costs the logarithm of its size and the length of its answer,
 * never a walk from the record's beginning. */
#ifndef TM_RECORD_LOCATOR_H
#define TM_RECORD_LOCATOR_H

#include "record/batch.h"

typedef struct tm_locator_text tm_locator_text;
typedef struct tm_locator_mark tm_locator_mark;

typedef struct tm_locator { /* zeroed is ready; one owner */
    const tm_batch *b;
    uint32_t record;
    tm_arena mem;           /* of the record at hand */
    tm_locator_text *whole; /* NULL until asked for a path */
    tm_locator_mark *mark;  /* NULL until asked for a position in a long record */
    uint32_t *chain, chain_room;
    tm_json json; /* scratch: the JSON in a string */
} tm_locator;

/* What is asked next concerns this record, as it was read. */
void tm_locator_begin(tm_locator *l, const tm_batch *b, uint32_t record);
/* Line and column, in characters, within the record, from 1. */
void tm_locator_position(tm_locator *l, size_t at, uint64_t *line, uint64_t *column);
/* Appends the path of the value, or of the key, that holds the offset; the top value appends
 * nothing. Goes into strings that hold JSON for parts with a codec stack. out->failed when memory
 * is exhausted. */
void tm_locator_path(tm_locator *l, uint32_t at, tm_buf *out);
void tm_locator_release(tm_locator *l);

#endif
