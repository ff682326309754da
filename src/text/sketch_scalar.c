/* The definition of the kernels of sketches (kernel.h), as op/minhash/sketch.c explains them:
 * what is said there of rounds and slots is done here, one element after another. */
#include "text/sketch_hash.h"

void tm_sketch_buckets_scalar(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                              uint32_t *least)
{
    for (size_t k = 0; k < count; k++) {
        uint64_t x = tm_sketch_hash(gram[k], salt), at = (x >> 32) * slots >> 32;
        uint32_t value = (uint32_t)x, now = least[at];
        least[at] = value < now ? value : now;
    }
}

void tm_minhash_scalar(const uint64_t *gram, size_t count, const uint32_t *mul, const uint32_t *add,
                       uint32_t slots, uint32_t *least)
{
    for (size_t k = 0; k < count; k++) {
        uint32_t x = (uint32_t)(gram[k] >> 32);
        for (uint32_t i = 0; i < slots; i++) {
            uint32_t h = x * mul[i] + add[i];
            least[i] = h < least[i] ? h : least[i];
        }
    }
}
