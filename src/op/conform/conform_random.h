/* numpy.random.RandomState(seed).randint: the same numbers, because the hash functions of the
 * MinHash tools are drawn from it.
 *
 *   tm_numpy_seed(&r, 42)
 *   tm_numpy_u64(&r, 1, high)        as randint(1, high, dtype=uint64) would give next */
#ifndef TM_OP_CONFORM_CONFORM_RANDOM_H
#define TM_OP_CONFORM_CONFORM_RANDOM_H

#include "base/def.h"

enum { TM_MT_WORDS = 624 };

typedef struct tm_numpy_random {
    uint32_t word[TM_MT_WORDS];
    uint32_t at;
} tm_numpy_random;

void tm_numpy_seed(tm_numpy_random *r, uint32_t seed);
/* From `low` to `last`, both included, last - low being at least 2^32 (below that numpy goes
 * another way). */
uint64_t tm_numpy_u64(tm_numpy_random *r, uint64_t low, uint64_t last);
uint32_t tm_numpy_u32(tm_numpy_random *r, uint32_t low, uint32_t last); /* low < last */

#endif
