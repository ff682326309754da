/* The kernels for AVX2: 32 bytes at a time. Where fewer are left they are copied to a block of
 * zeros first, so no byte outside [p, p + n) is touched. The ideas are those of kernel_avx512.c. */
#include "text/kernel_x86.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "text/utf8_tables.h"

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE __m256i fill(int c)
{
    return _mm256_set1_epi8((char)c);
}
INLINE __m256i loadu(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}
INLINE uint32_t mask(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}
INLINE uint32_t equal(__m256i v, int c)
{
    return mask(_mm256_cmpeq_epi8(v, fill(c)));
}
INLINE uint32_t first_bits(size_t n)
{
    return n >= 32 ? ~0u : (1u << n) - 1;
}

INLINE __m256i load(const char *p, size_t n)
{
    if (TM_LIKELY(n >= 32)) return loadu(p);
    char block[32] = {0};
    memcpy(block, p, n);
    return loadu(block);
}

INLINE __m256i look_up(const uint8_t *t, __m256i at)
{
    const __m128i row = _mm_loadu_si128((const __m128i *)(const void *)t);
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(row), at);
}

/* Not zero where the sequences that end in v are wrong; `last` is the block before it. */
INLINE uint32_t utf8_wrong(__m256i v, __m256i last)
{
    const __m256i low = fill(0x0F);
    __m256i turn = _mm256_permute2x128_si256(last, v, 0x21);
    __m256i b1 = _mm256_alignr_epi8(v, turn, 15);
    __m256i b2 = _mm256_alignr_epi8(v, turn, 14);
    __m256i b3 = _mm256_alignr_epi8(v, turn, 13);
    __m256i high1 = _mm256_and_si256(_mm256_srli_epi16(b1, 4), low);
    __m256i high2 = _mm256_and_si256(_mm256_srli_epi16(v, 4), low);
    __m256i pair =
        _mm256_and_si256(_mm256_and_si256(look_up(tm_utf8_first_high, high1),
                                          look_up(tm_utf8_first_low, _mm256_and_si256(b1, low))),
                         look_up(tm_utf8_second_high, high2));
    __m256i long3 = _mm256_subs_epu8(b2, fill(0xE0 - 0x80));
    __m256i long4 = _mm256_subs_epu8(b3, fill(0xF0 - 0x80));
    __m256i must = _mm256_and_si256(_mm256_or_si256(long3, long4), fill(0x80));
    return ~equal(_mm256_xor_si256(must, pair), 0);
}

/* As in kernel_avx512.c: the place, from the first byte of the character that reaches into the
 * block; three bytes before it that continue belong to one that is whole. */
static TARGET size_t first_wrong(const char *p, size_t n, size_t i)
{
    size_t from = i;
    for (size_t back = 1; back <= 3 && back <= i && (uint8_t)p[i - back] >= 0x80; back++) {
        if ((uint8_t)p[i - back] < 0xC0) continue;
        from = i - back;
        break;
    }
    return from + tm_kernel_scalar.utf8_valid(p + from, n - from);
}

TARGET size_t tm_utf8_valid_avx2(const char *p, size_t n)
{
    __m256i last = _mm256_setzero_si256();
    uint32_t last_high = 0;
    if (!n) return 0;
    for (size_t i = 0; i <= n; i += 32) {
        __m256i v = load(p + i, n - i);
        uint32_t high = mask(v);
        if ((high | last_high >> 29) && utf8_wrong(v, last)) return first_wrong(p, n, i);
        last = v;
        last_high = high;
    }
    return n;
}

static TARGET size_t utf8_count(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += 32) {
        uint32_t begins = mask(_mm256_cmpgt_epi8(load(p + i, n - i), fill(-65)));
        count += (size_t)_mm_popcnt_u32(begins & first_bits(n - i));
    }
    return count;
}

static TARGET size_t lines(const char *p, size_t n, uint64_t *ends, size_t room, size_t *eaten)
{
    size_t count = 0;
    uint32_t old = 0;
    __m256i high = _mm256_setzero_si256();
    *eaten = 0;
    if (!room) return 0;
    for (size_t i = 0; i < n; i += 32) {
        __m256i v = load(p + i, n - i);
        uint32_t newline = equal(v, '\n');
        if (!newline) {
            high = _mm256_or_si256(high, v);
            continue;
        }
        uint32_t bits = mask(v);
        old |= mask(high);
        do {
            uint32_t upto = newline ^ (newline - 1);
            uint64_t any = (old | (bits & upto)) ? 1 : 0;
            *eaten = i + (size_t)_tzcnt_u32(newline) + 1;
            ends[count++] = *eaten | any << 63;
            bits &= ~upto;
            old = 0;
            newline &= newline - 1;
            if (count == room) return count;
        } while (newline);
        old = bits;
        high = _mm256_setzero_si256();
    }
    *eaten = n;
    return count;
}

static TARGET size_t count_newlines(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += 32)
        count += (size_t)_mm_popcnt_u32(equal(load(p + i, n - i), '\n'));
    return count;
}

static TARGET size_t string_plain(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 32) {
        __m256i v = load(p + i, n - i);
        __m256i low = _mm256_cmpgt_epi8(fill(0x20), v); /* signed: 0x80 and above too */
        uint32_t stop = (equal(v, '"') | equal(v, '\\') | mask(low)) & first_bits(n - i);
        if (stop) return i + (size_t)_tzcnt_u32(stop);
    }
    return n;
}

static TARGET size_t find_backslash(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 32) {
        uint32_t stop = equal(load(p + i, n - i), '\\');
        if (stop) return i + (size_t)_tzcnt_u32(stop);
    }
    return n;
}

/* Whole blocks are stored as they are and the first byte that must be escaped then written over;
 * what is left over is there again in the next block. */
TARGET size_t tm_escape_avx2(const char *p, size_t n, char *to)
{
    const __m256i control = fill(0x1F);
    size_t i = 0, out = 0;
    while (i < n) {
        size_t here = TM_MIN(n - i, (size_t)32);
        __m256i v = load(p + i, here);
        uint32_t low = mask(_mm256_cmpeq_epi8(_mm256_min_epu8(v, control), v));
        uint32_t stop = (equal(v, '"') | equal(v, '\\') | low) & first_bits(here);
        size_t plain = stop ? (size_t)_tzcnt_u32(stop) : here;
        if (here == 32)
            _mm256_storeu_si256((__m256i *)(void *)(to + out), v);
        else if (plain)
            memcpy(to + out, p + i, plain);
        i += plain;
        out += plain;
        if (stop) out += tm_json_escape_put(p[i++], to + out);
    }
    return out;
}

static char meaning(char escape)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    for (size_t i = 0; i < 5; i++)
        if (from[i] == escape) return to[i];
    return escape;
}

/* Copies 32 bytes at a time while there is room for all 32, and goes on behind each escape. */
static TARGET size_t unescape(const char *p, size_t n, char *to, size_t *written)
{
    size_t i = 0, out = 0;
    while (i < n) {
        size_t here = TM_MIN(n - i, (size_t)32);
        __m256i v = load(p + i, here);
        uint32_t backslash = equal(v, '\\');
        size_t plain = backslash ? (size_t)_tzcnt_u32(backslash) : here;
        if (here == 32)
            _mm256_storeu_si256((__m256i *)(void *)(to + out), v);
        else if (plain)
            memcpy(to + out, p + i, plain);
        i += plain;
        out += plain;
        if (!backslash) continue;
        if (i + 1 >= n || p[i + 1] == 'u') break;
        to[out++] = meaning(p[i + 1]);
        i += 2;
    }
    *written = out;
    return i;
}

/* Bytes from `low` to `high`, both meant. */
INLINE uint32_t within(__m256i v, int low, int high)
{
    __m256i from = _mm256_sub_epi8(v, fill(low));
    return mask(_mm256_cmpeq_epi8(_mm256_min_epu8(from, fill(high - low)), from));
}

/* One byte more for each, and for a control without a short name four besides. */
TARGET size_t tm_escape_more_avx2(const char *p, size_t n)
{
    const __m256i control = fill(0x1F);
    size_t more = 0;
    for (size_t i = 0; i < n; i += 32) {
        __m256i v = load(p + i, n - i);
        uint32_t low = mask(_mm256_cmpeq_epi8(_mm256_min_epu8(v, control), v)) & first_bits(n - i);
        uint32_t two = equal(v, '"') | equal(v, '\\') | low;
        more += (size_t)_mm_popcnt_u32(two);
        if (!low) continue;
        uint32_t named = within(v, '\b', '\r') & ~equal(v, '\v');
        more += 4 * (size_t)_mm_popcnt_u32(low & ~named);
    }
    return more;
}

static TARGET bool is_tidy(const char *p, size_t n)
{
    uint32_t blanks = 0, newlines = 1u << 31; /* of the block before: a line ended there */
    for (size_t i = 0; i < n; i += 32) {
        uint32_t here = first_bits(n - i);
        __m256i v = load(p + i, n - i);
        uint32_t plain = within(v, ' ', 0x7E), newline = equal(v, '\n'), tab = equal(v, '\t');
        uint32_t blank = tab | (equal(v, ' ') & here);
        uint32_t one = newline << 1 | newlines >> 31, two = newline << 2 | newlines >> 30;
        uint32_t wrong =
            (~(plain | newline | tab) & here) | (newline & (blank << 1 | blanks >> 31));
        if (wrong | (newline & one & two)) return false;
        blanks = blank;
        newlines = newline;
    }
    return !n || !(blanks >> ((n - 1) & 31) & 1);
}

static TARGET size_t fold(const char *p, size_t n, char *to, unsigned how, bool after_space)
{
    const __m256i lower = fill(how & TM_FOLD_CASE ? 0x20 : 0);
    const uint32_t spaces = how & TM_FOLD_SPACE ? ~0u : 0;
    uint32_t last = after_space;
    for (size_t i = 0; i < n; i += 32) {
        __m256i v = load(p + i, n - i);
        uint32_t space = equal(v, ' ') & spaces;
        uint32_t other = within(v, '\t', '\r') | within(v, 0x1C, 0x1F);
        uint32_t stop = mask(v) | (other & spaces) | (space & (space << 1 | last));
        __m256i from = _mm256_sub_epi8(v, fill('A'));
        __m256i letter = _mm256_cmpeq_epi8(_mm256_min_epu8(from, fill('Z' - 'A')), from);
        v = _mm256_or_si256(v, _mm256_and_si256(letter, lower));
        if (n - i >= 32) {
            _mm256_storeu_si256((__m256i *)(void *)(to + i), v);
        } else {
            char block[32];
            _mm256_storeu_si256((__m256i *)(void *)block, v);
            memcpy(to + i, block, n - i);
        }
        stop &= first_bits(n - i);
        if (stop) return i + (size_t)_tzcnt_u32(stop);
        last = space >> 31;
    }
    return n;
}

/* A word begins where a byte that is no space follows one that is. */
TARGET size_t tm_words_avx2(const char *p, size_t n, bool *inside, size_t *words)
{
    uint32_t last = *inside; /* lowest bit: the byte before was of a word */
    size_t count = 0;
    for (size_t i = 0; i < n; i += 32) {
        __m256i v = load(p + i, n - i);
        uint32_t high = mask(v), here = first_bits(n - i);
        if (high) here &= (high & (0 - high)) - 1;
        uint32_t ink = ~(within(v, '\t', '\r') | within(v, 0x1C, ' ')) & here;
        count += (size_t)_mm_popcnt_u32(ink & ~(ink << 1 | last));
        if (here != ~0u) {
            uint32_t eaten = (uint32_t)_mm_popcnt_u32(here);
            *words += count;
            *inside = eaten ? ink >> (eaten - 1) & 1 : last;
            return i + eaten;
        }
        last = ink >> 31;
    }
    *words += count;
    *inside = last;
    return n;
}

const tm_kernel tm_kernel_avx2 = {
    .name = "avx2",
    .utf8_valid = tm_utf8_valid_avx2,
    .utf8_count = utf8_count,
    .lines = lines,
    .count_newlines = count_newlines,
    .string_plain = string_plain,
    .find_backslash = find_backslash,
    .escape_plain = string_plain,
    .escape = tm_escape_avx2,
    .escape_more = tm_escape_more_avx2,
    .unescape = unescape,
    .is_tidy = is_tidy,
    .fold = fold,
    .words = tm_words_avx2,
    .sketch_buckets = tm_sketch_buckets_avx2,
    .minhash = tm_minhash_avx2,
    .terms = tm_terms_avx2,
    .term_hashes = tm_term_hashes_avx2,
    .json_accept = tm_json_accept_avx2,
};
#else
typedef int tm_kernel_avx2_is_for_x86;
#endif
