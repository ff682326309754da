/* tm_record_place: where a record stands that its ledger has no line of, or a line that is not
 * enough: of references, and of arrays, where many may stand on one line. */
#ifndef TM_FLOW_RECORD_PLACE_H
#define TM_FLOW_RECORD_PLACE_H

#include "base/arena.h"
#include "io/source.h"
#include "plan/recipe.h"
#include "record/batch.h"

typedef struct tm_record_places { /* those that were looked up: findings name few over and over */
    tm_arena *mem;
    tm_str started;          /* started.h; empty: here */
    const tm_yaml *manifest; /* of the run; its references are numbered behind its inputs */
    struct {
        uint64_t place;
        tm_str text;
    } known[64];
} tm_record_places;

/* "exam.jsonl:12"; "exam.json:12:2" of an array; in a folder of texts "folder/file.txt:1".
 * "exam.jsonl@126" when the file is gone, has changed since, or cannot be read again. Empty: the
 * ledger's source and line say it. */
tm_status tm_record_place(tm_record_places *places, tm_rid rid, tm_str *out, tm_err *err);

/* Of the manifest: whether its records need columns to be told apart. */
bool tm_record_has_column(const tm_yaml *input);
/* An input or a reference of the manifest as it is now; false: it is gone, has changed since as far
 * as its size and its ends tell, or cannot be read again. */
bool tm_record_source(tm_arena *mem, tm_str started, const tm_yaml *input, tm_source *out);

#endif
