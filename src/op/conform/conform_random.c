/* The Mersenne twister MT19937 (Matsumoto and Nishimura 1998, ACM TOMACS 8(1)), seeded as in its
 * authors' revision of 2002, and numpy's way from its 32-bit words to a range: as many low bits as
 * the range needs, drawn again until they fall into it. A 64-bit number is two words, high one
 * first. */
#include "op/conform/conform_random.h"

enum { MIDDLE = 397 };

void tm_numpy_seed(tm_numpy_random *r, uint32_t seed)
{
    for (uint32_t i = 0; i < TM_MT_WORDS; i++) {
        r->word[i] = seed;
        seed = 1812433253u * (seed ^ seed >> 30) + i + 1;
    }
    r->at = TM_MT_WORDS;
}

static void twist(tm_numpy_random *r)
{
    uint32_t *w = r->word;
    for (uint32_t i = 0; i < TM_MT_WORDS; i++) {
        uint32_t y = (w[i] & 0x80000000u) | (w[(i + 1) % TM_MT_WORDS] & 0x7FFFFFFFu);
        w[i] = w[(i + MIDDLE) % TM_MT_WORDS] ^ y >> 1 ^ (y & 1 ? 0x9908B0DFu : 0);
    }
    r->at = 0;
}

static uint32_t next(tm_numpy_random *r)
{
    if (r->at == TM_MT_WORDS) twist(r);
    uint32_t y = r->word[r->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9D2C5680u;
    y ^= y << 15 & 0xEFC60000u;
    return y ^ y >> 18;
}

/* All ones, as many as `span` has bits. */
static uint64_t mask_of(uint64_t span)
{
    uint64_t mask = span;
    for (unsigned shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    return mask;
}

uint64_t tm_numpy_u64(tm_numpy_random *r, uint64_t low, uint64_t last)
{
    uint64_t span = last - low, mask = mask_of(span), x;
    TM_ASSERT(span > UINT32_MAX);
    do {
        uint64_t high = next(r);
        x = (high << 32 | next(r)) & mask;
    } while (x > span);
    return low + x;
}

uint32_t tm_numpy_u32(tm_numpy_random *r, uint32_t low, uint32_t last)
{
    uint32_t span = last - low, mask = (uint32_t)mask_of(span), x;
    do {
        x = next(r) & mask;
    } while (x > span);
    return low + x;
}
