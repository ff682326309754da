/* Both sketches; the inner loops are kernels (text/kernel.h).
 *
 * Fast similarity sketching goes in rounds. In round i every element falls into a slot with a value
 * in [i, i + 1): two random numbers out of one mixed hash. A slot keeps the least value, so a later
 * round only fills slots that are still empty. Behind as many rounds as there are slots each round
 * fills the slot of its own number, so there is always an end. Values are kept as {round, 32 bits}
 * and cut to 32 bits when done: that two different values agree by chance costs one comparison. */
#include "op/dedup/sketch.h"

#include "text/kernel.h"
#include "text/terms.h"

const char *const tm_sketch_names[] = {"fast", "classic", NULL};

void tm_sketch_seed(tm_sketch *s)
{
    uint64_t state = s->seed;
    for (uint32_t i = 0; i < tm_sketch_slots(s); i++) {
        state += 0x9E3779B97F4A7C15u;
        uint64_t x = tm_mix64(state);
        s->mul[i] = (uint32_t)x | 1;
        s->add[i] = (uint32_t)(x >> 32);
    }
}

static void make_fast(const tm_sketch *s, const uint64_t *gram, size_t count, uint64_t *least,
                      uint32_t *slot)
{
    uint32_t slots = tm_sketch_slots(s);
    tm_kernel_now()->sketch_fast(gram, count, s->seed, slots, least);
    for (uint32_t i = 0; i < slots; i++) slot[i] = (uint32_t)least[i] ^ (uint32_t)(least[i] >> 32);
}

static void make_classic(const tm_sketch *s, const uint64_t *gram, size_t count, uint32_t *slot)
{
    uint32_t slots = tm_sketch_slots(s);
    for (uint32_t i = 0; i < slots; i++) slot[i] = UINT32_MAX;
    tm_kernel_now()->minhash(gram, count, s->mul, s->add, slots, slot);
}

void tm_sketch_make(const tm_sketch *s, const uint64_t *gram, size_t count, uint64_t *work,
                    uint32_t *slot)
{
    if (s->kind == TM_SKETCH_FAST)
        make_fast(s, gram, count, work, slot);
    else
        make_classic(s, gram, count, slot);
}

void tm_sketch_bands(const tm_sketch *s, const uint32_t *slot, uint64_t salt, uint64_t *band)
{
    for (uint32_t b = 0; b < s->bands; b++) {
        uint64_t key = tm_mix64(salt + b);
        for (uint32_t r = 0; r < s->rows; r++, slot++)
            key = (key ^ *slot) * 0x9FB21C651E98DF25u, key ^= key >> 32;
        band[b] = tm_mix64(key);
    }
}
