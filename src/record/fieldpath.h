/* Field paths: `response.choices[0].message`, `$.meta.consent`, `messages[-1].content`,
 * `payload.body.text` where body is a string that holds JSON. A leading "$." or "$" is allowed.
 * Keys with other characters are quoted: meta["a b"] or meta.'a b'.
 *
 * Compile once (plan), resolve per record (worker). Fuzzed. */
#ifndef TM_RECORD_FIELDPATH_H
#define TM_RECORD_FIELDPATH_H

#include "base/arena.h"
#include "base/err.h"
#include "record/batch.h"

typedef struct tm_fieldpath tm_fieldpath;

tm_status tm_fieldpath_compile(tm_arena *mem, tm_str text, tm_fieldpath **out, tm_err *err);
tm_str tm_fieldpath_text(const tm_fieldpath *p); /* canonical form, without "$." */

/* What a path leads to in a record as it is now (edits and patches of earlier steps included). */
typedef struct tm_field {
    uint8_t present; /* TM_ABSENT, TM_IS_NULL, TM_IS_TEXT (any value but null) */
    uint8_t kind;    /* tm_json_kind */
    tm_str raw;      /* the value as JSON (for numbers, booleans, arrays, objects) */
    tm_str text;     /* decoded, for strings */
    uint32_t count;  /* elements of an array, members of an object */
} tm_field;
/* False when memory is exhausted. */
bool tm_field_get(tm_batch *b, uint32_t record, const tm_fieldpath *path, tm_field *out);

typedef struct tm_field_change { /* what became of a change */
    bool blocked; /* a parent is no object, or a part of its own: nothing was changed */
    bool there;   /* the field was there before */
    bool changed; /* the record is another now: not if it said the same already */
    uint32_t at;  /* raw offset of the (last) change */
} tm_field_change;

/* Sets the field to `json` (valid JSON), adding keys and missing parent objects at the end of their
 * object. Of equal keys the last is set: it is the one that binds. One patch; a later one on the
 * same path replaces the earlier. */
tm_status tm_field_set(tm_batch *b, uint32_t record, const tm_fieldpath *path, tm_str json,
                       uint16_t step, tm_field_change *out, tm_err *err);
/* Removes the field with its key and comma wherever the path leads: of equal keys, also on the way
 * to it, all are followed. */
tm_status tm_field_remove(tm_batch *b, uint32_t record, const tm_fieldpath *path, uint16_t step,
                          tm_field_change *out, tm_err *err);

#endif
