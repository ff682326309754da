/* The fast JSON scanner's first stage for AVX-512 with VBMI2 (json_walk.h has the idea).
 *
 * One permutation looks up the class of 64 bytes in a table of 128 (bytes above 0x7F take the class
 * of another byte: the algebra refuses them outside of strings and behind backslashes). Tokens are
 * written without a loop over bits: VPCOMPRESSB packs the places and the bytes of a block's tokens,
 * 16 at a time. The last block is loaded with a mask, so nothing behind n is touched. */
#include "text/kernel.h"

#if defined(__x86_64__)
#define TM_TARGET   \
    __attribute__(( \
        target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,pclmul,bmi,bmi2,popcnt")))
#include "text/json_walk.h"
#include "text/kernel_x86.h"

enum { BRACKET = 1, SPACE = 2, SIMPLE = 4, DIGIT = 8, LETTER_D = 16 };

static const uint8_t byte_class[128] __attribute__((aligned(64))) = {
    ['{'] = BRACKET,
    ['}'] = BRACKET,
    ['['] = BRACKET,
    [']'] = BRACKET,
    [':'] = BRACKET,
    [','] = BRACKET,
    [' '] = SPACE,
    ['\t'] = SPACE,
    ['\n'] = SPACE,
    ['\r'] = SPACE,
    ['"'] = SIMPLE,
    ['\\'] = SIMPLE,
    ['/'] = SIMPLE,
    ['n'] = SIMPLE,
    ['r'] = SIMPLE,
    ['t'] = SIMPLE,
    ['b'] = SIMPLE | DIGIT,
    ['f'] = SIMPLE | DIGIT,
    ['0'] = DIGIT,
    ['1'] = DIGIT,
    ['2'] = DIGIT,
    ['3'] = DIGIT,
    ['4'] = DIGIT,
    ['5'] = DIGIT,
    ['6'] = DIGIT,
    ['7'] = DIGIT,
    ['8'] = DIGIT,
    ['9'] = DIGIT,
    ['a'] = DIGIT,
    ['c'] = DIGIT,
    ['d'] = DIGIT | LETTER_D,
    ['e'] = DIGIT,
    ['A'] = DIGIT,
    ['B'] = DIGIT,
    ['C'] = DIGIT,
    ['D'] = DIGIT | LETTER_D,
    ['E'] = DIGIT,
    ['F'] = DIGIT,
};

static const uint8_t counting[64] __attribute__((aligned(64))) = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

TM_INLINE __m512i fill(int c)
{
    return _mm512_set1_epi8((char)c);
}

TM_INLINE uint64_t parity_of(uint64_t bits)
{
    __m128i all = _mm_set1_epi8((char)0xFF);
    return (uint64_t)_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), all, 0));
}

/* Adds `at` to 16 places of one byte each and writes them as 32 bits. */
TM_INLINE void write_places(uint32_t *to, __m128i places, uint32_t at)
{
    __m512i from = _mm512_set1_epi32((int)at);
    _mm512_storeu_si512(to, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(places)));
}

/* Places and kinds of a block's tokens, packed behind those there are; how many. */
TM_INLINE uint32_t write_tokens(uint32_t *places, char *kind, __m512i bytes, const tm_json_marks *m,
                                uint32_t at, bool ascii)
{
    __m512i kinds = _mm512_mask_add_epi8(bytes, m->escape_close, bytes, fill(TM_JSON_ESCAPED));
    if (!ascii) kinds = _mm512_mask_add_epi8(kinds, m->high_close, kinds, fill(TM_JSON_NOT_ASCII));
    _mm512_storeu_si512(kind, _mm512_maskz_compress_epi8(m->token, kinds));
    __m512i all = _mm512_maskz_compress_epi8(m->token, _mm512_load_si512(counting));
    uint32_t count = (uint32_t)_mm_popcnt_u64(m->token);
    write_places(places, _mm512_castsi512_si128(all), at);
    write_places(places + 16, _mm512_extracti32x4_epi32(all, 1), at);
    if (TM_UNLIKELY(count > 32)) {
        write_places(places + 32, _mm512_extracti32x4_epi32(all, 2), at);
        write_places(places + 48, _mm512_extracti32x4_epi32(all, 3), at);
    }
    return count;
}

/* One block; how many tokens it has, written to places and kind. */
TM_INLINE uint32_t scan_block(uint32_t *places, char *kind, tm_json_carry *c, __m512i bytes,
                              uint32_t at, bool ascii)
{
    __m512i class = _mm512_permutex2var_epi8(_mm512_load_si512(byte_class), bytes,
                                             _mm512_load_si512(byte_class + 64));
    tm_json_masks m = {
        .quote = _mm512_cmpeq_epi8_mask(bytes, fill('"')),
        .backslash = _mm512_cmpeq_epi8_mask(bytes, fill('\\')),
        .control = _mm512_cmplt_epu8_mask(bytes, fill(0x20)),
        .bracket = _mm512_test_epi8_mask(class, fill(BRACKET)),
        .space = _mm512_test_epi8_mask(class, fill(SPACE)),
        .simple = _mm512_test_epi8_mask(class, fill(SIMPLE)),
    };
    if (!ascii) {
        m.high = _mm512_movepi8_mask(bytes);
        m.simple &= ~m.high;
    }
    /* Or the compiler moves the subtraction of what is escaped to the mask registers: slower. */
    __asm__("" : "+r"(m.quote), "+r"(m.simple));
    uint64_t escaped = tm_json_escaped(m.backslash, &c->escaped);
    uint64_t quote = m.quote & ~escaped, doubt = escaped & ~m.simple;
    if (TM_UNLIKELY(doubt | c->hex))
        tm_json_unicode(doubt, _mm512_cmpeq_epi8_mask(bytes, fill('u')),
                        _mm512_test_epi8_mask(class, fill(DIGIT)) & ~m.high,
                        _mm512_test_epi8_mask(class, fill(LETTER_D)), c);
    tm_json_marks marks = tm_json_mark(&m, quote, parity_of(quote), c, ascii);
    return write_tokens(places, kind, bytes, &marks, at, ascii);
}

/* Scans all of it; `ascii` is constant where this is called, so there are two versions. */
TM_INLINE tm_json_fast accept(tm_json_walk *w, bool ascii)
{
    tm_json_carry c = {.gap = 1};
    const char *p = w->p;
    size_t n = w->n, at = 0;
    for (;;) {
        uint32_t tokens = w->tokens;
        size_t stop = at + TM_MIN(n - at, (size_t)TM_PIECE) / 64 * 64;
        for (; at < stop; at += 64)
            tokens += scan_block(w->at + tokens, w->kind + tokens, &c, _mm512_loadu_si512(p + at),
                                 (uint32_t)at, ascii);
        bool last = n - at < 64;
        if (last && n > at) {
            __mmask64 there = ((uint64_t)1 << (n - at)) - 1;
            tokens +=
                scan_block(w->at + tokens, w->kind + tokens, &c,
                           _mm512_mask_loadu_epi8(fill(' '), there, p + at), (uint32_t)at, ascii);
        }
        w->tokens = tokens;
        if (c.wrong | (last ? c.in_string : 0)) return TM_FAST_UNSURE;
        tm_json_fast fast = tm_json_walk_piece(w, last);
        if (fast != TM_FAST_YES) return fast;
        if (last) break;
    }
    if (!ascii && c.high && tm_utf8_valid_avx512(p, n) != n) return TM_FAST_UNSURE;
    if (TM_UNLIKELY(c.surrogate)) tm_json_flag_lone(w->json, p, w->first);
    return TM_FAST_YES;
}

TM_TARGET tm_json_fast tm_json_accept_avx512(tm_json *json, const char *p, size_t n,
                                             size_t readable_after, uint32_t depth,
                                             bool known_ascii)
{
    tm_json_walk w;
    TM_UNUSED(readable_after); /* a load with a mask needs none */
    tm_json_begin(&w, json, p, n, depth);
    return known_ascii ? accept(&w, true) : accept(&w, false);
}
#else
typedef int tm_json_scan_avx512_is_for_x86;
#endif
