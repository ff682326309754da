/* Scopes: which records a deduplication may compare, and who wins before the keep list is asked.
 *
 *   across: all      any two records of the stream
 *   across: inputs   only records of different inputs; the earlier input wins
 *   across: none     none of the stream with each other: only against references
 *   against: [...]   records of these references win over any of the stream
 *
 * A record's rank stands before its keep key in a fact's order: references first, then (across:
 * inputs) one input after another. Two records may merge when the scope allows their ranks. */
#ifndef TM_OP_DEDUP_SCOPE_H
#define TM_OP_DEDUP_SCOPE_H

#include "op/op.h"

enum { TM_ACROSS_ALL, TM_ACROSS_INPUTS, TM_ACROSS_NONE };
extern const char *const tm_across_names[]; /* NULL-terminated */

typedef struct tm_scope {
    uint8_t across;
    uint64_t against; /* bits of references */
} tm_scope;

enum { TM_RANK_BYTES = 4 };

/* Reads the two parameters; fails when nothing could ever be compared. */
tm_status tm_scope_make(const tm_prep *prep, uint8_t across, const tm_texts *against, tm_scope *out,
                        tm_err *err);
/* Fails when keep: none would drop some of those that are alike and not the others: within one
 * input nobody is compared, so it would depend on chance who falls with a record of another. */
tm_status tm_scope_takes_none(const tm_scope *scope, tm_err *err);
/* Whether these records take part: those of the stream, and of the references that are named. */
bool tm_scope_sees(const tm_scope *scope, const tm_batch *b);
uint32_t tm_scope_rank(const tm_scope *scope, const tm_batch *b); /* 0: of a reference */
void tm_scope_rank_put(uint32_t rank, char out[TM_RANK_BYTES]);
uint32_t tm_scope_rank_get(tm_str order);
/* Whether a record of rank `other` may be merged into one of rank `first`, which comes before. */
bool tm_scope_merges(const tm_scope *scope, uint32_t first, uint32_t other);

#endif
