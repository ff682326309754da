/* The kernels of sketches for AVX-512.
 *
 * A round of fast similarity sketching hashes eight elements at once. Behind the first round nearly
 * all slots are filled, and what falls into those changes nothing: eight bits out of a map of empty
 * slots tell which of the eight have to be looked at. MinHash keeps the least of 64 slots in
 * registers while all elements pass by. */
#include "text/kernel_x86.h"
#include "text/sketch_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { MAP_SLOTS = 512 };

typedef struct sketching {
    uint64_t salt, round, *least;
    uint64_t map[MAP_SLOTS / 64]; /* a bit a slot: empty */
    uint32_t slots, empty;
} sketching;

/* Eight elements, hashed, and the slots they fall into. */
INLINE __m512i hash_eight(const sketching *s, const uint64_t *gram, __mmask8 here, __m512i *slot)
{
    __m512i x = _mm512_maskz_loadu_epi64(here, gram);
    x = _mm512_xor_si512(x, _mm512_set1_epi64((long long)s->salt));
    x = _mm512_mullo_epi64(x, _mm512_set1_epi64((long long)TM_SKETCH_FACTOR));
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 32));
    __m512i high = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), _mm512_set1_epi64(s->slots));
    *slot = _mm512_srli_epi64(high, 32);
    return x;
}

/* Those of the eight that may change a slot, one after another. */
INLINE void put_eight(sketching *s, __m512i x, __m512i slot, __mmask8 look)
{
    uint64_t hash[8], at[8];
    _mm512_storeu_si512(hash, x);
    _mm512_storeu_si512(at, slot);
    for (unsigned bits = look; bits; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctz(bits);
        uint64_t value = s->round << 32 | (uint32_t)hash[i], now = s->least[at[i]];
        s->empty -= now == UINT64_MAX;
        s->map[at[i] / 64] &= ~((uint64_t)1 << (at[i] & 63));
        s->least[at[i]] = value < now ? value : now;
    }
}

INLINE __mmask8 first_eight(size_t left)
{
    return (__mmask8)(left >= 8 ? 0xFF : (1u << left) - 1);
}

/* The first round. While slots fill up nearly every element changes one, and not to ask is quicker
 * than to guess; later most come too late, and what is there tells them from the rest. */
static TARGET void first_round(sketching *s, const uint64_t *gram, size_t count)
{
    size_t k = 0, early = 2 * (size_t)s->slots;
    for (; k + 8 <= count && k < early; k += 8) {
        uint64_t hash[8], at[8];
        __m512i slot, x = hash_eight(s, gram + k, 0xFF, &slot);
        _mm512_storeu_si512(hash, x);
        _mm512_storeu_si512(at, slot);
        for (unsigned i = 0; i < 8; i++) {
            uint64_t value = (uint32_t)hash[i], now = s->least[at[i]];
            s->least[at[i]] = value < now ? value : now;
        }
    }
    for (; k < count; k += 8) {
        __m512i slot;
        __mmask8 here = first_eight(count - k);
        __m512i x = hash_eight(s, gram + k, here, &slot);
        __m512i now = _mm512_i64gather_epi64(slot, s->least, 8);
        __m512i value = _mm512_and_si512(x, _mm512_set1_epi64(UINT32_MAX));
        __mmask8 look = _mm512_mask_cmplt_epu64_mask(here, value, now);
        if (look) put_eight(s, x, slot, look);
    }
}

/* Which slots are empty, and how many. */
static TARGET void map_empty(sketching *s)
{
    s->empty = 0;
    for (uint32_t i = 0; i < s->slots; i += 8) {
        __mmask8 here = first_eight(s->slots - i);
        __m512i v = _mm512_maskz_loadu_epi64(here, s->least + i);
        uint64_t empty = _mm512_mask_cmpeq_epi64_mask(here, v, _mm512_set1_epi64(-1));
        uint64_t *word = &s->map[i / 64];
        *word = (i % 64 ? *word : 0) | empty << (i % 64);
        s->empty += (uint32_t)_mm_popcnt_u64(empty);
    }
}

/* A later one: only slots that were empty when it began are of interest. */
static TARGET void later_round(sketching *s, const uint64_t *gram, size_t count)
{
    const __m512i empty = _mm512_loadu_si512(s->map), one = _mm512_set1_epi64(1);
    for (size_t k = 0; k < count; k += 8) {
        __m512i slot;
        __mmask8 here = first_eight(count - k);
        __m512i x = hash_eight(s, gram + k, here, &slot);
        __m512i word = _mm512_permutexvar_epi64(_mm512_srli_epi64(slot, 6), empty);
        __m512i bit = _mm512_sllv_epi64(one, _mm512_and_si512(slot, _mm512_set1_epi64(63)));
        __mmask8 look = _mm512_mask_test_epi64_mask(here, word, bit);
        if (look) put_eight(s, x, slot, look);
    }
}

TARGET void tm_sketch_fast_avx512(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                                  uint64_t *least)
{
    sketching s = {.salt = salt, .least = least, .slots = slots, .empty = slots};
    if (slots > MAP_SLOTS || count < 8) { /* eight at once would be mostly none */
        tm_sketch_fast_scalar(gram, count, salt, slots, least);
        return;
    }
    for (uint32_t i = 0; i < slots; i++) least[i] = UINT64_MAX;
    s.salt += TM_SKETCH_STEP;
    first_round(&s, gram, count);
    map_empty(&s);
    for (s.round = 1; s.empty && s.round < slots; s.round++) {
        s.salt += TM_SKETCH_STEP;
        later_round(&s, gram, count);
    }
    if (s.empty) tm_sketch_fill(gram, count, s.salt, slots, least);
}

INLINE __m512i load_slots(const uint32_t *from, uint32_t left)
{
    return _mm512_maskz_loadu_epi32((__mmask16)(left >= 16 ? 0xFFFF : (1u << left) - 1), from);
}

TARGET void tm_minhash_avx512(const uint64_t *gram, size_t count, const uint32_t *mul,
                              const uint32_t *add, uint32_t slots, uint32_t *least)
{
    for (uint32_t s = 0; s < slots; s += 64) {
        __m512i m[4], a[4], now[4];
        for (uint32_t v = 0; v < 4; v++) {
            uint32_t at = s + 16 * v, left = at < slots ? slots - at : 0;
            m[v] = load_slots(mul + (left ? at : 0), left);
            a[v] = load_slots(add + (left ? at : 0), left);
            now[v] = load_slots(least + (left ? at : 0), left);
        }
        for (size_t k = 0; k < count; k++) {
            __m512i x = _mm512_set1_epi32((int)(gram[k] >> 32));
            for (unsigned v = 0; v < 4; v++)
                now[v] =
                    _mm512_min_epu32(now[v], _mm512_add_epi32(_mm512_mullo_epi32(x, m[v]), a[v]));
        }
        for (uint32_t v = 0; v < 4; v++) {
            uint32_t at = s + 16 * v, left = at < slots ? slots - at : 0;
            if (left)
                _mm512_mask_storeu_epi32(
                    least + at, (__mmask16)(left >= 16 ? 0xFFFF : (1u << left) - 1), now[v]);
        }
    }
}
#else
typedef int tm_sketch_avx512_is_for_x86;
#endif
