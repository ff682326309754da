/* What exact duplicates are compared by: bytes that are equal when two records are.
 *
 * Roles, kinds and the places of alternatives are part of the key, and so are the names of called
 * functions, weights of messages, and what is not text (pictures, tools, values of the wrong type),
 * as JSON that says the same whatever its blanks and escapes; how the record spells the places is
 * not: a completion is the last message of the same conversation. With `by: everything` the key is
 * the whole record as it is now: structure, keys, strings, numbers. */
#ifndef TM_OP_DEDUP_EXACT_KEY_H
#define TM_OP_DEDUP_EXACT_KEY_H

#include "op/chosen.h"
#include "op/exprs.h"
#include "op/op.h"

typedef struct tm_exact_rules {
    tm_choice choice;
    uint64_t normalise; /* steps of tm_normalise */
    tm_exprs within;    /* equal only if the values of these are, too */
} tm_exact_rules;

typedef struct tm_exact_key { /* a worker's scratch */
    tm_buf text;              /* the key */
    uint32_t *ends;           /* of `text`: behind each message */
    uint32_t messages, room;
    bool any; /* false: nothing to compare */
    tm_buf pass, string, now, value;
    tm_json json; /* of `now`: a record as steps have changed it */
} tm_exact_key;

/* within: the values of rules->within for the whole batch (tm_exprs_values). */
tm_status tm_exact_key_of(const tm_exact_rules *rules, tm_batch *b, uint32_t record,
                          const tm_evalue *within, tm_exact_key *out, tm_err *err);
void tm_exact_key_release(tm_exact_key *key);

#endif
