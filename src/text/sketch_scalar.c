/* The definition of the kernels of sketches (kernel.h), as op/dedup/sketch.c explains them: what is
 * said there of rounds and slots is done here, one element after another. */
#include "text/sketch_hash.h"

/* Returns how many slots were filled that were empty. */
static uint32_t throw_round(const uint64_t *gram, size_t count, uint64_t salt, uint64_t round,
                            uint32_t slots, uint64_t *least)
{
    uint32_t filled = 0;
    for (size_t k = 0; k < count; k++) {
        uint64_t x = tm_sketch_hash(gram[k], salt);
        uint64_t at = (x >> 32) * slots >> 32, value = round << 32 | (uint32_t)x;
        uint64_t now = least[at];
        filled += now == UINT64_MAX;
        least[at] = value < now ? value : now;
    }
    return filled;
}

void tm_sketch_fill(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                    uint64_t *least)
{
    for (uint32_t i = 0; i < slots; i++) {
        salt += TM_SKETCH_STEP;
        if (least[i] != UINT64_MAX) continue;
        for (size_t k = 0; k < count; k++) {
            uint64_t round = slots + i;
            uint64_t value = round << 32 | (uint32_t)tm_sketch_hash(gram[k], salt);
            least[i] = value < least[i] ? value : least[i];
        }
    }
}

void tm_sketch_fast_scalar(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                           uint64_t *least)
{
    uint32_t empty = slots;
    for (uint32_t i = 0; i < slots; i++) least[i] = UINT64_MAX;
    for (uint64_t round = 0; empty && round < slots; round++) {
        salt += TM_SKETCH_STEP;
        empty -= throw_round(gram, count, salt, round, slots, least);
    }
    if (empty) tm_sketch_fill(gram, count, salt, slots, least);
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
