/* The kernels of sketches for AVX-512. Buckets: eight elements are hashed at once; each then takes
 * the least of its slot without asking whether it changes anything, for while slots fill up nearly
 * each does. Of many elements most come too late: those above the greatest value of all slots are
 * told apart eight at a time. MinHash keeps the least of up to 64 slots in registers while all
 * elements pass by. */
#include "text/kernel_x86.h"
#include "text/sketch_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { EARLY = 16, STRETCH = 512 }; /* elements a slot; between two looks at the greatest value */

INLINE __m512i hash_eight(const uint64_t *gram, __m512i salt)
{
    __m512i x = _mm512_xor_si512(_mm512_loadu_si512(gram), salt);
    x = _mm512_mullo_epi64(x, _mm512_set1_epi64((long long)TM_SKETCH_FACTOR));
    return _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
}

INLINE void put_one(uint64_t x, uint32_t slots, uint32_t *least)
{
    uint64_t at = (x >> 32) * slots >> 32;
    uint32_t value = (uint32_t)x, now = least[at];
    least[at] = value < now ? value : now;
}

INLINE void put_eight(__m512i x, uint32_t slots, uint32_t *least)
{
    uint64_t hash[8];
    _mm512_storeu_si512(hash, x);
    for (unsigned i = 0; i < 8; i++) put_one(hash[i], slots, least);
}

static TARGET uint32_t greatest(const uint32_t *least, uint32_t slots)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < slots; i++) most = least[i] > most ? least[i] : most;
    return most;
}

/* Those of a stretch that are not above the greatest value. */
static TARGET void put_late(const uint64_t *gram, size_t count, __m512i salt, uint32_t slots,
                            uint32_t *least)
{
    const __m512i bound = _mm512_set1_epi64(greatest(least, slots));
    for (size_t k = 0; k + 8 <= count; k += 8) {
        uint64_t hash[8];
        __m512i x = hash_eight(gram + k, salt);
        __m512i value = _mm512_and_si512(x, _mm512_set1_epi64(UINT32_MAX));
        unsigned look = _mm512_cmplt_epu64_mask(value, bound);
        if (!look) continue;
        _mm512_storeu_si512(hash, x);
        for (; look; look &= look - 1) put_one(hash[__builtin_ctz(look)], slots, least);
    }
}

TARGET void tm_sketch_buckets_avx512(const uint64_t *gram, size_t count, uint64_t salt,
                                     uint32_t slots, uint32_t *least)
{
    const __m512i salts = _mm512_set1_epi64((long long)salt);
    size_t k = 0, whole = count & ~(size_t)7, early = TM_MIN(whole, EARLY * (size_t)slots);
    for (; k + 8 <= early; k += 8) put_eight(hash_eight(gram + k, salts), slots, least);
    for (; k < whole; k += STRETCH)
        put_late(gram + k, TM_MIN(whole - k, (size_t)STRETCH), salts, slots, least);
    for (k = whole; k < count; k++) put_one(tm_sketch_hash(gram[k], salt), slots, least);
}

INLINE __mmask16 first_slots(uint32_t left)
{
    return (__mmask16)(left >= 16 ? 0xFFFF : (1u << left) - 1);
}
INLINE __m512i load_slots(const uint32_t *from, uint32_t left)
{
    return _mm512_maskz_loadu_epi32(first_slots(left), from);
}

/* 16 slots a vector, up to four of them; `vectors` is known when this is compiled. */
INLINE void minhash_vectors(const uint64_t *gram, size_t count, const uint32_t *mul,
                            const uint32_t *add, uint32_t left, uint32_t *least, unsigned vectors)
{
    __m512i m[4], a[4], now[4];
    for (unsigned v = 0; v < vectors; v++) {
        m[v] = load_slots(mul + 16 * v, left - 16 * v);
        a[v] = load_slots(add + 16 * v, left - 16 * v);
        now[v] = load_slots(least + 16 * v, left - 16 * v);
    }
    for (size_t k = 0; k < count; k++) {
        __m512i x = _mm512_set1_epi32((int)(gram[k] >> 32));
        for (unsigned v = 0; v < vectors; v++)
            now[v] = _mm512_min_epu32(now[v], _mm512_add_epi32(_mm512_mullo_epi32(x, m[v]), a[v]));
    }
    for (unsigned v = 0; v < vectors; v++)
        _mm512_mask_storeu_epi32(least + 16 * v, first_slots(left - 16 * v), now[v]);
}

TARGET void tm_minhash_avx512(const uint64_t *gram, size_t count, const uint32_t *mul,
                              const uint32_t *add, uint32_t slots, uint32_t *least)
{
    for (uint32_t s = 0; s < slots; s += 64) {
        uint32_t left = slots - s;
        if (left > 48)
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 4);
        else if (left > 32)
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 3);
        else if (left > 16)
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 2);
        else
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 1);
    }
}
#else
typedef int tm_sketch_avx512_is_for_x86;
#endif
