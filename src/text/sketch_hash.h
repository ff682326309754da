/* How fast similarity sketching hashes an element once more, for its kernels alone: elements are
 * well mixed already, so one product, folded, gives each round numbers of its own. */
#ifndef TM_TEXT_SKETCH_HASH_H
#define TM_TEXT_SKETCH_HASH_H

#include "text/kernel.h"

#define TM_SKETCH_FACTOR 0x9FB21C651E98DF25u /* odd, about half of its bits set */
#define TM_SKETCH_STEP 0x9E3779B97F4A7C15u   /* from one round's salt to the next */

static inline uint64_t tm_sketch_hash(uint64_t gram, uint64_t salt)
{
    uint64_t x = (gram ^ salt) * TM_SKETCH_FACTOR;
    return x ^ x >> 32;
}

/* Fills the slots that all rounds left empty, each by a round of its own. */
void tm_sketch_fill(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                    uint64_t *least);

#endif
