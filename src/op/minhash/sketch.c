/* Both sketches; the inner loops are kernels (text/kernel.h).
 *
 * Fast similarity sketching has two phases. In the first every element falls into one slot with one
 * value, and each slot keeps the least. In the second each slot that is still empty gets a hash
 * function of its own, the least of all elements. (The paper throws as often as there are slots
 * before the second phase; once is enough for what it promises on average, and short sets are done
 * sooner.) A slot of two sets agrees with probability Jaccard: where either has an element in the
 * bucket, the least of both decides; where neither has, the slot's own function does. That two
 * different values agree by chance, or that one is all ones, happens once in 2^32 and costs one
 * comparison. */
#include "op/minhash/sketch.h"

#include <string.h>

#include "text/kernel.h"
#include "text/terms.h"

enum { MOST = 7, MOST_OF = 8 };

const char *const tm_sketch_names[] = {
#define X(kind, name) name,
    TM_SKETCHES(X)
#undef X
        NULL};

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

static uint32_t count_empty(const uint32_t *slot, uint32_t slots)
{
    uint32_t empty = 0;
    for (uint32_t i = 0; i < slots; i++) empty += slot[i] == UINT32_MAX;
    return empty;
}

/* Most are empty: functions of those that are not cost less than telling them apart. */
static void fill_most(const tm_sketch *s, const uint64_t *gram, size_t count, uint32_t *least,
                      uint32_t *slot)
{
    uint32_t slots = tm_sketch_slots(s);
    memset(least, 0xFF, slots * sizeof *least);
    tm_kernel_now()->minhash(gram, count, s->mul, s->add, slots, least);
    for (uint32_t i = 0; i < slots; i++) slot[i] = slot[i] == UINT32_MAX ? least[i] : slot[i];
}

/* work: multipliers, addends, values and numbers of the empty slots, one behind another. */
static void fill_some(const tm_sketch *s, const uint64_t *gram, size_t count, uint64_t *work,
                      uint32_t *slot)
{
    uint32_t slots = tm_sketch_slots(s), empty = 0;
    uint32_t *mul = (uint32_t *)work, *add = mul + slots, *least = add + slots, *at = least + slots;
    for (uint32_t i = 0; i < slots; i++) {
        at[empty] = i;
        mul[empty] = s->mul[i];
        add[empty] = s->add[i];
        empty += slot[i] == UINT32_MAX;
    }
    memset(least, 0xFF, empty * sizeof *least);
    tm_kernel_now()->minhash(gram, count, mul, add, empty, least);
    for (uint32_t i = 0; i < empty; i++) slot[at[i]] = least[i];
}

static void fill_empty(const tm_sketch *s, const uint64_t *gram, size_t count, uint64_t *work,
                       uint32_t *slot)
{
    uint32_t slots = tm_sketch_slots(s), empty = count_empty(slot, slots);
    if ((uint64_t)empty * MOST_OF > (uint64_t)slots * MOST)
        fill_most(s, gram, count, (uint32_t *)work, slot);
    else if (empty)
        fill_some(s, gram, count, work, slot);
}

static void make_fast(const tm_sketch *s, const uint64_t *gram, size_t count, uint64_t *work,
                      uint32_t *slot)
{
    uint32_t slots = tm_sketch_slots(s);
    memset(slot, 0xFF, slots * sizeof *slot);
    tm_kernel_now()->sketch_buckets(gram, count, s->seed, slots, slot);
    fill_empty(s, gram, count, work, slot);
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

static uint64_t fold(uint64_t key, uint32_t value)
{
    key = (key ^ value) * 0x9FB21C651E98DF25u;
    return key ^ key >> 32;
}

/* Each product waits for the one before, so four bands go side by side. */
void tm_sketch_bands(const tm_sketch *s, const uint32_t *slot, uint64_t salt, uint64_t *band)
{
    uint32_t b = 0, rows = s->rows;
    for (; b + 4 <= s->bands; b += 4, slot += 4 * rows) {
        uint64_t key[4];
        for (uint32_t i = 0; i < 4; i++) key[i] = tm_mix64(salt + b + i);
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t i = 0; i < 4; i++) key[i] = fold(key[i], slot[i * rows + r]);
        for (uint32_t i = 0; i < 4; i++) band[b + i] = tm_mix64(key[i]);
    }
    for (; b < s->bands; b++, slot += rows) {
        uint64_t key = tm_mix64(salt + b);
        for (uint32_t r = 0; r < rows; r++) key = fold(key, slot[r]);
        band[b] = tm_mix64(key);
    }
}
