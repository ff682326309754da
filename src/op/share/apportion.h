/* Sharing places out among parts in proportion to their sizes, in whole numbers.
 *
 * By Webster's method (also Sainte-Lague's): place j of a part of n records has the rank
 * (2j - 1) / n, and the lowest ranks are given. All places stand in one order, so more of them take
 * none away: what a small sample holds, a larger one holds too. The largest remainder does not
 * promise that (the Alabama paradox).
 *
 * With a floor the first `floor` places of every part come before all others, level by level. */
#ifndef TM_OP_SHARE_APPORTION_H
#define TM_OP_SHARE_APPORTION_H

#include "base/err.h"

typedef struct tm_portion {
    uint64_t records; /* its size; it gets no more than that */
    uint64_t tie;     /* of equal ranks the lowest comes first, then the first part */
    uint64_t given;   /* the answer */
} tm_portion;

/* Together all of `places`, or all there are. */
tm_status tm_apportion(tm_portion *part, uint32_t parts, uint64_t floor, uint64_t places,
                       tm_err *err);

#endif
