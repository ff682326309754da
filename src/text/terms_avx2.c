/* The kernels of terms for AVX2: thirty-two bytes are classed and folded at once. Prose has few
 * bytes that are squeezed out (what follows a comma), so the runs between them are copied whole,
 * each over the end of the one before; pext would do it in less, but is slow on many processors. */
#include "text/kernel_x86.h"
#include "text/terms_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { BLOCK = 32 };

INLINE __m256i fill(int c)
{
    return _mm256_set1_epi8((char)c);
}
INLINE __m256i loadu(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}
INLINE void storeu(char *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}
INLINE uint32_t mask(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}
INLINE uint32_t first_bits(size_t n)
{
    return n >= BLOCK ? ~0u : (1u << n) - 1;
}
INLINE __m256i load(const char *p, size_t n)
{
    if (TM_LIKELY(n >= BLOCK)) return loadu(p);
    char block[BLOCK] = {0};
    memcpy(block, p, n);
    return loadu(block);
}

INLINE __m256i within(__m256i v, int from, int to)
{
    __m256i above = _mm256_sub_epi8(v, fill(from));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(above, fill(to - from)), above);
}

/* Folded, and a space for every byte that is of no term; *term: which are. */
INLINE __m256i fold_terms(__m256i v, uint32_t *term)
{
    __m256i lower = _mm256_or_si256(v, fill(0x20));
    __m256i letter = within(lower, 'a', 'z');
    __m256i other = _mm256_or_si256(within(v, '0', '9'), _mm256_cmpeq_epi8(v, fill('_')));
    __m256i folded = _mm256_blendv_epi8(v, lower, letter), of = _mm256_or_si256(letter, other);
    *term = mask(of);
    return _mm256_blendv_epi8(fill(' '), folded, of);
}

/* The bytes of v that are kept; writes up to 2 * BLOCK bytes, of which those behind the answer are
 * undefined. */
INLINE size_t squeeze(__m256i v, uint32_t keep, char *to)
{
    char block[2 * BLOCK];
    size_t out = 0;
    storeu(block, v);
    storeu(block + BLOCK, _mm256_setzero_si256());
    for (uint64_t left = keep; left;) {
        unsigned from = (unsigned)_tzcnt_u64(left);
        unsigned end = (unsigned)_tzcnt_u64(~left & ~(uint64_t)0 << from);
        storeu(to + out, loadu(block + from));
        out += end - from;
        left &= ~(uint64_t)0 << end;
    }
    return out;
}

/* room: bytes that may be written at `to`. */
INLINE size_t put(__m256i v, uint32_t keep, char *to, size_t room)
{
    char rest[2 * BLOCK];
    if (TM_LIKELY(room >= 2 * BLOCK)) {
        storeu(to, v);
        return keep == ~0u ? BLOCK : squeeze(v, keep, to);
    }
    size_t count = squeeze(v, keep, rest);
    if (count) memcpy(to, rest, count);
    return count;
}

TARGET size_t tm_terms_avx2(const char *p, size_t n, char *to, bool *inside, size_t *wrote)
{
    size_t out = 0, i = 0, eaten = BLOCK;
    uint32_t before = *inside;
    for (; i < n && eaten == BLOCK; i += eaten) {
        uint32_t here = first_bits(n - i), term;
        __m256i v = load(p + i, n - i);
        uint32_t wide = mask(v);
        if (wide) here = _blsmsk_u32(wide) >> 1;
        v = fold_terms(v, &term);
        term &= here;
        uint32_t ends = ~term & (term << 1 | before) & here;
        out += put(v, term | ends, to + out, n - i);
        eaten = (size_t)_mm_popcnt_u32(here);
        if (eaten) before = term >> (eaten - 1) & 1;
    }
    *inside = before;
    *wrote = out;
    return i;
}

TARGET size_t tm_term_hashes_avx2(const char *p, size_t n, uint64_t *out)
{
    const __m256i space = fill(' ');
    size_t count = 0, begin = 0;
    for (size_t i = 0; i < n; i += BLOCK) {
        uint32_t end = mask(_mm256_cmpeq_epi8(load(p + i, n - i), space));
        for (; end; end = _blsr_u32(end)) {
            size_t at = i + (size_t)_tzcnt_u32(end);
            if (at > begin) out[count++] = tm_hash_term(p + begin, at - begin, n - begin);
            begin = at + 1;
        }
    }
    if (n > begin) out[count++] = tm_hash_term(p + begin, n - begin, n - begin);
    return count;
}
#else
typedef int tm_terms_avx2_is_for_x86;
#endif
