/* The kernels of sketches for AVX2. Buckets: eight elements are hashed at once, and each then takes
 * the least of its slot without a branch, which would be guessed wrong as often as not. (Telling
 * apart those that come too late for any slot, as sketch_avx512.c does, costs more than it saves
 * with four at a time.) MinHash keeps the least of up to 32 slots in registers while all elements
 * pass by; a few slots alone leave such registers empty, so they take eight elements at a time. */
#include "text/kernel_x86.h"
#include "text/sketch_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { LANES = 8, VECTORS = 4, FEW = 3 };

INLINE __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

INLINE void store(void *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)p, v);
}

/* ---- buckets ---- */

INLINE __m256i halves(__m256i a, __m256i b, bool upper)
{
    __m256 x = _mm256_castsi256_ps(a), y = _mm256_castsi256_ps(b);
    return _mm256_castps_si256(upper ? _mm256_shuffle_ps(x, y, 0xDD)
                                     : _mm256_shuffle_ps(x, y, 0x88));
}

/* tm_sketch_hash of four; the low half of a product of 64 bits, out of products of 32. */
INLINE __m256i hash_four(const uint64_t *gram, __m256i salt)
{
    const __m256i factor = _mm256_set1_epi64x((long long)TM_SKETCH_FACTOR);
    const __m256i high = _mm256_set1_epi64x((long long)(TM_SKETCH_FACTOR >> 32));
    __m256i x = _mm256_xor_si256(load(gram), salt);
    __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), factor),
                                     _mm256_mul_epu32(x, high));
    x = _mm256_add_epi64(_mm256_mul_epu32(x, factor), _mm256_slli_epi64(cross, 32));
    return _mm256_xor_si256(x, _mm256_srli_epi64(x, 32));
}

INLINE __m256i slots_of(__m256i hash, __m256i slots)
{
    return _mm256_mul_epu32(_mm256_srli_epi64(hash, 32), slots);
}

TARGET void tm_sketch_buckets_avx2(const uint64_t *gram, size_t count, uint64_t salt,
                                   uint32_t slots, uint32_t *least)
{
    const __m256i salts = _mm256_set1_epi64x((long long)salt), wide = _mm256_set1_epi64x(slots);
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        uint32_t value[LANES], at[LANES];
        __m256i a = hash_four(gram + k, salts), b = hash_four(gram + k + 4, salts);
        store(value, halves(a, b, false));
        store(at, halves(slots_of(a, wide), slots_of(b, wide), true));
        for (unsigned i = 0; i < LANES; i++) {
            uint32_t now = least[at[i]];
            least[at[i]] = value[i] < now ? value[i] : now;
        }
    }
    tm_sketch_buckets_scalar(gram + k, count - k, salt, slots, least);
}

/* ---- MinHash ---- */

INLINE __m256i first_slots(uint32_t left)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)TM_MIN(left, (uint32_t)LANES)), lane);
}
INLINE __m256i load_slots(const uint32_t *from, uint32_t left)
{
    return _mm256_maskload_epi32((const int *)from, first_slots(left));
}
INLINE __m256i lesser(__m256i now, __m256i x, __m256i mul, __m256i add)
{
    return _mm256_min_epu32(now, _mm256_add_epi32(_mm256_mullo_epi32(x, mul), add));
}

/* LANES slots a vector; `vectors` is known when this is compiled. */
INLINE void minhash_vectors(const uint64_t *gram, size_t count, const uint32_t *mul,
                            const uint32_t *add, uint32_t left, uint32_t *least, unsigned vectors)
{
    __m256i m[VECTORS], a[VECTORS], now[VECTORS];
    for (unsigned v = 0; v < vectors; v++) {
        m[v] = load_slots(mul + LANES * v, left - LANES * v);
        a[v] = load_slots(add + LANES * v, left - LANES * v);
        now[v] = load_slots(least + LANES * v, left - LANES * v);
    }
    for (size_t k = 0; k < count; k++) {
        __m256i x = _mm256_set1_epi32((int)(gram[k] >> 32));
        for (unsigned v = 0; v < vectors; v++) now[v] = lesser(now[v], x, m[v], a[v]);
    }
    for (unsigned v = 0; v < vectors; v++)
        _mm256_maskstore_epi32((int *)least + LANES * v, first_slots(left - LANES * v), now[v]);
}

INLINE void minhash_one(const uint64_t *gram, size_t count, uint32_t mul, uint32_t add,
                        uint32_t *least)
{
    const __m256i m = _mm256_set1_epi32((int)mul), a = _mm256_set1_epi32((int)add);
    __m256i now = _mm256_set1_epi32((int)*least);
    size_t k = 0;
    for (; k + LANES <= count; k += LANES)
        now = lesser(now, halves(load(gram + k), load(gram + k + 4), true), m, a);
    __m128i half = _mm_min_epu32(_mm256_castsi256_si128(now), _mm256_extracti128_si256(now, 1));
    half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0x4E));
    half = _mm_min_epu32(half, _mm_shuffle_epi32(half, 0xB1));
    *least = (uint32_t)_mm_cvtsi128_si32(half);
    tm_minhash_scalar(gram + k, count - k, &mul, &add, 1, least);
}

TARGET void tm_minhash_avx2(const uint64_t *gram, size_t count, const uint32_t *mul,
                            const uint32_t *add, uint32_t slots, uint32_t *least)
{
    for (uint32_t s = 0; s < slots; s += LANES * VECTORS) {
        uint32_t left = slots - s;
        if (left <= FEW)
            for (; s < slots; s++) minhash_one(gram, count, mul[s], add[s], &least[s]);
        else if (left <= LANES)
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 1);
        else if (left <= 2 * LANES)
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 2);
        else if (left <= 3 * LANES)
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 3);
        else
            minhash_vectors(gram, count, mul + s, add + s, left, least + s, 4);
    }
}
#else
typedef int tm_sketch_avx2_is_for_x86;
#endif
