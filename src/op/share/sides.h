/* The sides of a split: what a recipe says of them, and how groups come to them.
 *
 * A group's chance is a number in [0, 2^64) of (seed, its key). Shares without strata take the
 * groups whose chance lies in their stretch: no other record matters. Counts, and shares within
 * strata, are quotas (quotas.h). */
#ifndef TM_OP_SHARE_SIDES_H
#define TM_OP_SHARE_SIDES_H

#include "op/op.h"

enum { TM_SIDES_MAX = 32 };

typedef struct tm_sides {
    tm_route route[TM_SIDES_MAX]; /* [0]: the rest */
    uint32_t sides;
    bool quotas; /* some side has a count, or there are strata */
} tm_sides;

tm_status tm_sides_make(tm_arena *mem, const tm_pairs *into, tm_str rest, bool strata,
                        tm_sides *out, tm_err *err);
/* "2%" and "0.02" are shares, "500" is a count; the other one is -1. It has no name yet. */
tm_status tm_size_read(tm_str text, tm_route *to);
/* By shares alone. */
uint32_t tm_side_of_chance(const tm_sides *s, uint64_t chance);

#endif
