/* Sharing places out among parts in proportion to their sizes, in whole numbers.
 *
 * Place j of a part of n records has the rank (j - u) / n, where u in [0, 1) is the part's own
 * chance, and the lowest ranks are given: a part gets its share rounded down or up, and up as often
 * as what rounding down would cut off. So parts of one record are drawn as in a sample without
 * parts, where rounding to the nearest (Webster's method, u = 1/2) gives none of them a place and
 * their share to the large ones. All places stand in one order, so more of them take none away:
 * what a small sample holds, a larger one holds too. The largest remainder does not promise that
 * (the Alabama paradox). Of parts of one record this is sequential Poisson sampling (E. Ohlsson,
 * Journal of Official Statistics 14, 1998).
 *
 * With a floor the first `floor` places of every part come before all others, level by level. */
#ifndef TM_OP_SHARE_APPORTION_H
#define TM_OP_SHARE_APPORTION_H

#include "base/err.h"

typedef struct tm_portion {
    uint64_t records; /* its size, below 2^48; it gets no more than that */
    uint64_t chance;  /* uniform: u is its upper half; of equal ranks the lowest comes first */
    uint64_t given;   /* the answer */
} tm_portion;

/* Together all of `places`, or all there are. */
tm_status tm_apportion(tm_portion *part, uint32_t parts, uint64_t floor, uint64_t places,
                       tm_err *err);

#endif
