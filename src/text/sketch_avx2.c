/* The kernels of sketches for AVX2, by the ideas of sketch_avx512.c: of many elements most come too
 * late for their slot, and are told apart four at a time; MinHash keeps the least of up to 32 slots
 * in registers while all elements pass by. A few slots alone leave such registers empty: they take
 * eight elements at a time instead. */
#include "text/kernel_x86.h"
#include "text/sketch_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { EARLY = 16, STRETCH = 512 }; /* elements a slot; between two looks at the greatest value */
enum { LANES = 8, VECTORS = 4, FEW = 3 };

INLINE __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

/* ---- buckets ---- */

/* tm_sketch_hash of four; the low half of a product of 64 bits, out of products of 32. */
INLINE __m256i hash_four(const uint64_t *gram, __m256i salt)
{
    const __m256i factor = _mm256_set1_epi64x((long long)TM_SKETCH_FACTOR);
    __m256i x = _mm256_xor_si256(load(gram), salt);
    __m256i cross = _mm256_mullo_epi32(x, _mm256_shuffle_epi32(factor, 0xB1));
    cross = _mm256_add_epi32(cross, _mm256_srli_epi64(cross, 32));
    x = _mm256_add_epi64(_mm256_mul_epu32(x, factor), _mm256_slli_epi64(cross, 32));
    return _mm256_xor_si256(x, _mm256_srli_epi64(x, 32));
}

INLINE void put_one(uint64_t x, uint32_t slots, uint32_t *least)
{
    uint64_t at = (x >> 32) * slots >> 32;
    uint32_t value = (uint32_t)x, now = least[at];
    least[at] = value < now ? value : now;
}

static TARGET uint32_t greatest(const uint32_t *least, uint32_t slots)
{
    uint32_t most = 0;
    for (uint32_t i = 0; i < slots; i++) most = least[i] > most ? least[i] : most;
    return most;
}

/* Those of a stretch that are not above the greatest value; count is a multiple of four. */
static TARGET void put_late(const uint64_t *gram, size_t count, __m256i salt, uint32_t slots,
                            uint32_t *least)
{
    const __m256i bound = _mm256_set1_epi64x(greatest(least, slots));
    const __m256i low = _mm256_set1_epi64x(UINT32_MAX);
    for (size_t k = 0; k < count; k += 4) {
        uint64_t hash[4];
        __m256i x = hash_four(gram + k, salt);
        __m256i below = _mm256_cmpgt_epi64(bound, _mm256_and_si256(x, low));
        unsigned look = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(below));
        if (!look) continue;
        _mm256_storeu_si256((__m256i *)(void *)hash, x);
        for (; look; look &= look - 1) put_one(hash[__builtin_ctz(look)], slots, least);
    }
}

TARGET void tm_sketch_buckets_avx2(const uint64_t *gram, size_t count, uint64_t salt,
                                   uint32_t slots, uint32_t *least)
{
    const __m256i salts = _mm256_set1_epi64x((long long)salt);
    size_t whole = count & ~(size_t)3, early = TM_MIN(whole, EARLY * (size_t)slots), k = 0;
    for (; k < early; k++) put_one(tm_sketch_hash(gram[k], salt), slots, least);
    for (; k < whole; k += STRETCH)
        put_late(gram + k, TM_MIN(whole - k, (size_t)STRETCH), salts, slots, least);
    for (k = whole; k < count; k++) put_one(tm_sketch_hash(gram[k], salt), slots, least);
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

/* The upper halves of eight elements, in some order. */
INLINE __m256i upper_halves(const uint64_t *gram)
{
    __m256 a = _mm256_castsi256_ps(load(gram)), b = _mm256_castsi256_ps(load(gram + 4));
    return _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xDD));
}

INLINE void minhash_one(const uint64_t *gram, size_t count, uint32_t mul, uint32_t add,
                        uint32_t *least)
{
    const __m256i m = _mm256_set1_epi32((int)mul), a = _mm256_set1_epi32((int)add);
    __m256i now = _mm256_set1_epi32((int)*least);
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) now = lesser(now, upper_halves(gram + k), m, a);
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
