/* Bins of sizes and lengths: 0, then half powers of two (1, 1, 2, 3, 4, 6, 8, 12 ...). 40 of them
 * reach past half a million, so a histogram of any data is a small array of integers, and two of
 * them add up. Bin 2 has no number of its own and stays empty. */
#ifndef TM_BASE_BINS_H
#define TM_BASE_BINS_H

#include "base/def.h"

#define TM_BINS 40 /* what is larger than the last one's floor lies in the last one */

static inline unsigned tm_bin(uint64_t n)
{
    if (!n) return 0;
    unsigned whole = 63u - (unsigned)__builtin_clzll(n);
    bool upper = whole && (n >> (whole - 1) & 1);
    return TM_MIN(1 + 2 * whole + upper, (unsigned)TM_BINS - 1);
}

static inline uint64_t tm_bin_floor(unsigned bin)
{
    if (!bin) return 0;
    uint64_t low = (uint64_t)1 << (bin - 1) / 2;
    return (bin - 1) & 1 ? low + low / 2 : low;
}

#endif
