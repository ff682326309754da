/* How fast similarity sketching hashes an element into a slot, for its kernels alone: elements are
 * well mixed already, so one product, folded, gives a slot and a value. */
#ifndef TM_TEXT_SKETCH_HASH_H
#define TM_TEXT_SKETCH_HASH_H

#include "text/kernel.h"

#define TM_SKETCH_FACTOR 0x9FB21C651E98DF25u /* odd, about half of its bits set */

static inline uint64_t tm_sketch_hash(uint64_t gram, uint64_t salt)
{
    uint64_t x = (gram ^ salt) * TM_SKETCH_FACTOR;
    return x ^ x >> 32;
}

#endif
