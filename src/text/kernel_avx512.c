/* The kernels for AVX-512 with VBMI2. Blocks of 64 bytes; the last one is loaded with a mask, which
 * faults on nothing, so no byte outside [p, p + n) is touched.
 *
 * UTF-8 after Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"
 * (Software: Practice and Experience 51(5), 2021): three lookups by half bytes, whose common bits
 * are the ways in which two bytes in a row can be wrong, and a check that the third and fourth byte
 * of long sequences continue them. The block only says that something is wrong; the scalar kernel
 * then finds the place, from the last sequence that began before the block. */
#include "text/kernel_x86.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "text/utf8_tables.h"

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
INLINE __m512i load(const char *p, size_t n)
{
    return _mm512_maskz_loadu_epi8(first_bits(n), p);
}

INLINE __m512i table(const uint8_t *t)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)t));
}

/* The bytes of p[0..n) that stand `back` places before those at `at`; 0 before the beginning. */
INLINE __m512i before(const char *p, size_t n, size_t at, size_t back)
{
    size_t left = n - at + back;
    uint64_t there = first_bits(left);
    if (at == 0) there &= ~(uint64_t)0 << back;
    return _mm512_maskz_loadu_epi8(there, p + at - back);
}

/* Not zero where the sequences that end in this block are wrong. */
INLINE uint64_t utf8_wrong(__m512i v, __m512i b1, __m512i b2, __m512i b3)
{
    const __m512i low = fill(0x0F);
    __m512i high1 = _mm512_and_si512(_mm512_srli_epi16(b1, 4), low);
    __m512i high2 = _mm512_and_si512(_mm512_srli_epi16(v, 4), low);
    __m512i pair = _mm512_ternarylogic_epi64(
        _mm512_shuffle_epi8(table(tm_utf8_first_high), high1),
        _mm512_shuffle_epi8(table(tm_utf8_first_low), _mm512_and_si512(b1, low)),
        _mm512_shuffle_epi8(table(tm_utf8_second_high), high2), 0x80);
    __m512i long3 = _mm512_subs_epu8(b2, fill(0xE0 - 0x80));
    __m512i long4 = _mm512_subs_epu8(b3, fill(0xF0 - 0x80));
    __m512i must = _mm512_and_si512(_mm512_or_si512(long3, long4), fill(0x80));
    return _mm512_test_epi8_mask(_mm512_xor_si512(must, pair), fill(0xFF));
}

/* Something is wrong in the block at i: exactly where says the definition, from the first byte of
 * the character that reaches into the block. What ends before the block is right, so three bytes
 * that continue belong to a character that is whole. */
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

TARGET size_t tm_utf8_valid_avx512(const char *p, size_t n)
{
    uint64_t last = 0; /* the high bits of the block before */
    if (!n) return 0;
    for (size_t i = 0; i <= n; i += 64) {
        __m512i v = load(p + i, n - i);
        uint64_t high = _mm512_movepi8_mask(v);
        if ((high | last >> 61) &&
            utf8_wrong(v, before(p, n, i, 1), before(p, n, i, 2), before(p, n, i, 3)))
            return first_wrong(p, n, i);
        last = high;
    }
    return n;
}

static TARGET size_t utf8_count(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t begins = _mm512_cmpgt_epi8_mask(load(p + i, n - i), fill(-65));
        count += (size_t)_mm_popcnt_u64(begins & first_bits(n - i));
    }
    return count;
}

static TARGET size_t lines(const char *p, size_t n, uint64_t *ends, size_t room, size_t *eaten)
{
    size_t count = 0;
    __m512i high = _mm512_setzero_si512();
    *eaten = 0;
    if (!room) return 0;
    for (size_t i = 0; i < n; i += 64) {
        __m512i v = load(p + i, n - i);
        uint64_t newline = _mm512_cmpeq_epi8_mask(v, fill('\n'));
        if (!newline) {
            high = _mm512_or_si512(high, v);
            continue;
        }
        uint64_t bits = _mm512_movepi8_mask(v);
        uint64_t old = _mm512_movepi8_mask(high) ? 1 : 0;
        do {
            uint64_t upto = newline ^ (newline - 1);
            uint64_t any = old | ((bits & upto) ? 1 : 0);
            *eaten = i + (size_t)_tzcnt_u64(newline) + 1;
            ends[count++] = *eaten | any << 63;
            bits &= ~upto;
            old = 0;
            newline &= newline - 1;
            if (count == room) return count;
        } while (newline);
        high = _mm512_maskz_mov_epi8(bits, fill(-1));
    }
    *eaten = n;
    return count;
}

static TARGET size_t count_newlines(const char *p, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i += 64)
        count += (size_t)_mm_popcnt_u64(_mm512_cmpeq_epi8_mask(load(p + i, n - i), fill('\n')));
    return count;
}

static TARGET size_t string_plain(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        __m512i v = load(p + i, n - i);
        uint64_t stop = _mm512_cmpeq_epi8_mask(v, fill('"')) |
                        _mm512_cmpeq_epi8_mask(v, fill('\\')) |
                        _mm512_cmplt_epi8_mask(v, fill(0x20)); /* signed: 0x80 and above too */
        stop &= first_bits(n - i);
        if (stop) return i + (size_t)_tzcnt_u64(stop);
    }
    return n;
}

static TARGET size_t find_backslash(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i += 64) {
        uint64_t stop = _mm512_cmpeq_epi8_mask(load(p + i, n - i), fill('\\'));
        if (stop) return i + (size_t)_tzcnt_u64(stop);
    }
    return n;
}

/* What stands behind a backslash becomes the byte it means: 16 bytes by their low half, as "bfnrt"
 * differ there and what else may be escaped ('"', '\\', '/') means itself. */
INLINE __m512i meaning(__m512i v, uint64_t escaped)
{
    static const uint8_t means[16] = {
        0, 0, '\b' /* b, r */, 0, '\t', 0, '\f', 0, 0, 0, 0, 0, 0, 0, '\n', 0};
    uint64_t letter = escaped & _mm512_cmpge_epu8_mask(v, fill('a'));
    uint64_t r = letter & _mm512_cmpeq_epi8_mask(v, fill('r'));
    v = _mm512_mask_shuffle_epi8(v, letter & ~r, table(means), v);
    return _mm512_mask_mov_epi8(v, r, fill('\r'));
}

/* Blocks of 64: every escaped byte is replaced, then the backslashes before them are squeezed out.
 * A block that ends in the middle of an escape is cut before it. */
static TARGET size_t unescape(const char *p, size_t n, char *to, size_t *written)
{
    const uint64_t even = 0x5555555555555555u;
    size_t i = 0, out = 0;
    bool more = true;
    while (more && i < n) {
        size_t here = TM_MIN(n - i, (size_t)64);
        __m512i v = load(p + i, here);
        uint64_t backslash = _mm512_cmpeq_epi8_mask(v, fill('\\')), squeezed = 0;
        if (backslash) {
            uint64_t starts = backslash & ~even & ~(backslash << 1), sum;
            here -= __builtin_add_overflow(starts, backslash, &sum);
            uint64_t escaped = (even ^ (sum << 1)) & (backslash << 1);
            uint64_t u = escaped & _mm512_cmpeq_epi8_mask(v, fill('u'));
            if (u) here = (size_t)_tzcnt_u64(u) - 1;
            more = !u;
            v = meaning(v, escaped);
            squeezed = escaped >> 1;
        }
        uint64_t keep = ~squeezed & first_bits(here);
        size_t bytes = (size_t)_mm_popcnt_u64(keep);
        _mm512_mask_storeu_epi8(to + out, first_bits(bytes), _mm512_maskz_compress_epi8(keep, v));
        out += bytes;
        i += here;
    }
    *written = out;
    return i;
}

/* Bytes from `low` to `high`, both meant. */
INLINE uint64_t within(__m512i v, int low, int high)
{
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, fill(low)), fill(high - low));
}

static TARGET bool is_tidy(const char *p, size_t n)
{
    uint64_t blanks = 0, newlines = (uint64_t)1 << 63; /* of the block before: a line ended */
    for (size_t i = 0; i < n; i += 64) {
        uint64_t here = first_bits(n - i);
        __m512i v = load(p + i, n - i);
        uint64_t plain = within(v, ' ', 0x7E);
        uint64_t newline = _mm512_cmpeq_epi8_mask(v, fill('\n'));
        uint64_t tab = _mm512_cmpeq_epi8_mask(v, fill('\t'));
        uint64_t blank = tab | (_mm512_cmpeq_epi8_mask(v, fill(' ')) & here);
        uint64_t one = newline << 1 | newlines >> 63, two = newline << 2 | newlines >> 62;
        uint64_t wrong =
            (~(plain | newline | tab) & here) | (newline & (blank << 1 | blanks >> 63));
        if (wrong | (newline & one & two)) return false;
        blanks = blank;
        newlines = newline;
    }
    return !n || !(blanks >> ((n - 1) & 63) & 1);
}

static TARGET size_t fold(const char *p, size_t n, char *to, unsigned how, bool after_space)
{
    const __m512i lower = fill(how & TM_FOLD_CASE ? 0x20 : 0);
    const uint64_t spaces = how & TM_FOLD_SPACE ? ~(uint64_t)0 : 0;
    uint64_t last = after_space;
    for (size_t i = 0; i < n; i += 64) {
        uint64_t here = first_bits(n - i);
        __m512i v = load(p + i, n - i);
        uint64_t space = _mm512_cmpeq_epi8_mask(v, fill(' ')) & spaces;
        uint64_t other = within(v, '\t', '\r') | within(v, 0x1C, 0x1F);
        uint64_t stop = _mm512_movepi8_mask(v) | (other & spaces) | (space & (space << 1 | last));
        v = _mm512_mask_or_epi64(v, 0xFF, v, _mm512_maskz_mov_epi8(within(v, 'A', 'Z'), lower));
        _mm512_mask_storeu_epi8(to + i, here, v);
        stop &= here;
        if (stop) return i + (size_t)_tzcnt_u64(stop);
        last = space >> 63;
    }
    return n;
}

const tm_kernel tm_kernel_avx512 = {
    .name = "avx512",
    .utf8_valid = tm_utf8_valid_avx512,
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
    .sketch_buckets = tm_sketch_buckets_avx512,
    .minhash = tm_minhash_avx512,
    .terms = tm_terms_avx512,
    .term_hashes = tm_term_hashes_avx512,
    .json_accept = tm_json_accept_avx512,
};
#else
typedef int tm_kernel_avx512_is_for_x86;
#endif
