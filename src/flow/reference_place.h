/* tm_reference_place: where a record of a reference stands, as people say it. */
#ifndef TM_FLOW_REFERENCE_PLACE_H
#define TM_FLOW_REFERENCE_PLACE_H

#include "base/arena.h"
#include "plan/recipe.h"
#include "record/batch.h"

typedef struct
    tm_reference_places { /* those that were looked up: findings name few over and over */
    tm_arena *mem;
    tm_str started;          /* started.h; empty: here */
    const tm_yaml *manifest; /* of the run; its references are numbered behind its inputs */
    struct {
        uint64_t place;
        tm_str text;
    } known[64];
} tm_reference_places;

/* "exam.jsonl:12" of a record of a reference; in a folder of texts "folder/file.txt:1".
 * "exam.jsonl@126" when the file is gone, has changed since, or cannot be read again. Empty: it is
 * of no reference. */
tm_status tm_reference_place(tm_reference_places *places, tm_rid rid, tm_str *out, tm_err *err);

#endif
