/* The kernels of terms for AVX-512 with VBMI2: sixty-four bytes are classed and folded at once, and
 * what separates is squeezed out by compressing the register (never by compressing into memory,
 * which some processors do byte by byte). */
#include "text/kernel_x86.h"
#include "text/terms_hash.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m512i fill(int c)
{
    return _mm512_set1_epi8((char)c);
}
INLINE uint64_t first_bits(size_t n)
{
    return n >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << n) - 1;
}
INLINE __mmask64 within(__m512i v, int from, int to)
{
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, fill(from)), fill(to - from));
}

TARGET size_t tm_terms_avx512(const char *p, size_t n, char *to, bool *inside, size_t *wrote)
{
    size_t out = 0;
    uint64_t before = *inside;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t here = first_bits(n - i);
        __m512i v = _mm512_maskz_loadu_epi8(here, p + i);
        uint64_t wide = _mm512_movepi8_mask(v);
        if (wide) here = _blsmsk_u64(wide) >> 1;
        uint64_t upper = within(v, 'A', 'Z');
        uint64_t term = upper | within(v, 'a', 'z') | within(v, '0', '9') |
                        _mm512_cmpeq_epi8_mask(v, fill('_'));
        term &= here;
        uint64_t ends = ~term & (term << 1 | before) & here;
        v = _mm512_mask_or_epi64(v, 0xFF, v, _mm512_maskz_mov_epi8(upper, fill(0x20)));
        v = _mm512_mask_mov_epi8(v, ends, fill(' '));
        uint64_t keep = term | ends;
        size_t count = (size_t)_mm_popcnt_u64(keep);
        _mm512_mask_storeu_epi8(to + out, first_bits(count), _mm512_maskz_compress_epi8(keep, v));
        out += count;
        size_t eaten = (size_t)_mm_popcnt_u64(here);
        if (eaten) before = term >> (eaten - 1) & 1;
        if (!wide) continue;
        *inside = before;
        *wrote = out;
        return i + eaten;
    }
    *inside = before;
    *wrote = out;
    return n;
}

TARGET size_t tm_term_hashes_avx512(const char *p, size_t n, uint64_t *out)
{
    size_t count = 0, begin = 0;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t here = first_bits(n - i);
        __m512i v = _mm512_maskz_loadu_epi8(here, p + i);
        for (uint64_t end = _mm512_mask_cmpeq_epi8_mask(here, v, fill(' ')); end;
             end = _blsr_u64(end)) {
            size_t at = i + (size_t)_tzcnt_u64(end);
            if (at > begin) out[count++] = tm_hash_term(p + begin, at - begin, n - begin);
            begin = at + 1;
        }
    }
    if (n > begin) out[count++] = tm_hash_term(p + begin, n - begin, n - begin);
    return count;
}
#else
typedef int tm_terms_avx512_is_for_x86;
#endif
