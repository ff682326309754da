/* The fast JSON scanner's first stage for AVX2 (json_walk.h has the idea).
 *
 * Classes of bytes are looked up by half bytes, as Langdale and Lemire do (VLDB Journal 28, 2019,
 * section 3.1.2). Tokens are taken bit by bit from the mask. In the middle of a long text a block
 * has neither brackets nor spaces that matter: only what may be wrong inside of a string is looked
 * for. Bytes behind the end count as spaces; where they must not be read, the last block is copied
 * first. */
#include "text/kernel.h"

#if defined(__x86_64__)
#define TM_TARGET __attribute__((target("avx2,pclmul,bmi,bmi2,popcnt")))
#include "text/json_walk.h"
#include "text/kernel_x86.h"

typedef struct block {
    __m256i a, b;
} block;

TM_INLINE __m256i fill(int c)
{
    return _mm256_set1_epi8((char)c);
}

TM_INLINE uint64_t bits(__m256i a, __m256i b)
{
    return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

TM_INLINE uint64_t equal(block v, int c)
{
    return bits(_mm256_cmpeq_epi8(v.a, fill(c)), _mm256_cmpeq_epi8(v.b, fill(c)));
}

/* Bytes from..from + range. */
TM_INLINE uint64_t among(block v, int from, int range)
{
    __m256i a = _mm256_sub_epi8(v.a, fill(from)), b = _mm256_sub_epi8(v.b, fill(from));
    return bits(_mm256_cmpeq_epi8(_mm256_min_epu8(a, fill(range)), a),
                _mm256_cmpeq_epi8(_mm256_min_epu8(b, fill(range)), b));
}

TM_INLINE __m256i look_up(__m128i row, __m256i at)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(row), at);
}

/* Bytes that equal the entry of a row at their own low half; the rest of the row must not match. */
TM_INLINE uint64_t in_row(block v, __m128i row)
{
    return bits(_mm256_cmpeq_epi8(look_up(row, v.a), v.a),
                _mm256_cmpeq_epi8(look_up(row, v.b), v.b));
}

TM_INLINE uint64_t parity_of(uint64_t quotes)
{
    __m128i all = _mm_set1_epi8((char)0xFF);
    return (uint64_t)_mm_cvtsi128_si64(
        _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)quotes), all, 0));
}

/* {}[] differ from :, in their low halves, and { from [ by 0x20 only; ',' and ':' have it set. But
 * 0x0C and 0x1A would become ',' and ':' too: they are control characters and taken out. */
TM_INLINE uint64_t brackets(block v, uint64_t control)
{
    const __m128i row = _mm_setr_epi8(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, ':', '{', ',', '}', 0, 0);
    block folded = {_mm256_or_si256(v.a, fill(0x20)), _mm256_or_si256(v.b, fill(0x20))};
    return in_row(folded, row) & ~control;
}

TM_INLINE uint64_t spaces(block v)
{
    const __m128i row = _mm_setr_epi8(' ', 0, 0, 0, 0, 0, 0, 0, 0, '\t', '\n', 0, 0, '\r', 0, 0);
    return in_row(v, row);
}

/* "\/bfnrt: the upper half chooses a bit, the lower half holds the bits it goes with. */
TM_INLINE uint64_t simple(block v)
{
    const __m128i uppers = _mm_setr_epi8(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m128i lowers = _mm_setr_epi8(0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
    const __m256i low = fill(0x0F), zero = _mm256_setzero_si256();
    __m256i a = look_up(uppers, _mm256_and_si256(_mm256_srli_epi16(v.a, 4), low));
    __m256i b = look_up(uppers, _mm256_and_si256(_mm256_srli_epi16(v.b, 4), low));
    a = _mm256_and_si256(a, look_up(lowers, v.a));
    b = _mm256_and_si256(b, look_up(lowers, v.b));
    return ~bits(_mm256_cmpeq_epi8(a, zero), _mm256_cmpeq_epi8(b, zero));
}

/* Places and bytes of eight tokens, whether there are so many or not: what is written too much is
 * written over by the next block. */
TM_INLINE uint64_t write_eight(uint32_t *places, char *kind, const char *p, uint64_t token,
                               uint32_t at)
{
    for (int k = 0; k < 8; k++) {
        uint64_t i = _tzcnt_u64(token);
        places[k] = at + (uint32_t)i;
        kind[k] = p[i & 63];
        token &= token - 1;
    }
    return token;
}

/* 0xFF for each bit that is set, in the order of bits. */
TM_INLINE __m256i spread(uint32_t set)
{
    const __m256i which =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i all = _mm256_shuffle_epi8(_mm256_set1_epi32((int)set), which);
    return _mm256_cmpeq_epi8(_mm256_and_si256(all, bit), bit);
}

/* Adds a flag to the bytes whose bits are set. */
TM_INLINE block with_flag(block v, uint64_t set, int flag)
{
    return (block){
        _mm256_add_epi8(v.a, _mm256_and_si256(spread((uint32_t)set), fill(flag))),
        _mm256_add_epi8(v.b, _mm256_and_si256(spread((uint32_t)(set >> 32)), fill(flag)))};
}

/* Places and kinds of a block's tokens, packed behind those there are; how many. */
TM_INLINE uint32_t write_tokens(uint32_t *places, char *kind, block v, const tm_json_marks *m,
                                uint32_t at, bool ascii)
{
    char kinds[64];
    uint32_t count = (uint32_t)_mm_popcnt_u64(m->token);
    v = with_flag(v, m->escape_close, TM_JSON_ESCAPED);
    if (!ascii) v = with_flag(v, m->high_close, TM_JSON_NOT_ASCII);
    _mm256_storeu_si256((__m256i *)(void *)kinds, v.a);
    _mm256_storeu_si256((__m256i *)(void *)(kinds + 32), v.b);
    uint64_t left = write_eight(places, kind, kinds, m->token, at);
    for (uint32_t k = 8; TM_UNLIKELY(k < count); k += 8)
        left = write_eight(places + k, kind + k, kinds, left, at);
    return count;
}

TM_INLINE block load(const char *p)
{
    return (block){_mm256_loadu_si256((const __m256i *)(const void *)p),
                   _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
}

/* The n bytes at p, n < 64, and spaces behind them. */
TM_INLINE block load_last(const char *p, size_t n, size_t readable_after)
{
    char rest[64];
    if (TM_UNLIKELY(readable_after < sizeof rest)) {
        memset(rest, ' ', sizeof rest);
        memcpy(rest, p, n);
        return load(rest);
    }
    const __m256i counting =
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
                         21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    block v = load(p);
    __m256i a = _mm256_cmpgt_epi8(fill((int)n), counting);
    __m256i b = _mm256_cmpgt_epi8(fill((int)n - 32), counting);
    return (block){_mm256_blendv_epi8(fill(' '), v.a, a), _mm256_blendv_epi8(fill(' '), v.b, b)};
}

/* One block, how many tokens it has, written to places and kind. */
TM_INLINE uint32_t scan_block(uint32_t *places, char *kind, tm_json_carry *c, block v, uint32_t at,
                              bool ascii)
{
    tm_json_masks m = {.quote = equal(v, '"'),
                       .backslash = equal(v, '\\'),
                       .control = among(v, 0, 0x1F),
                       .high = ascii ? 0 : bits(v.a, v.b)};
    uint64_t escaped = tm_json_escaped(m.backslash, &c->escaped);
    uint64_t quote = m.quote & ~escaped, doubt = escaped & ~simple(v);
    if (TM_UNLIKELY(doubt | c->hex)) {
        block lower = {_mm256_or_si256(v.a, fill(0x20)), _mm256_or_si256(v.b, fill(0x20))};
        uint64_t digit = among(v, '0', 9) | among(lower, 'a', 5);
        tm_json_unicode(doubt, equal(v, 'u'), digit, equal(lower, 'd'), c);
    }
    if (!quote && c->in_string) {
        tm_json_inside_string(&m, c, ascii);
        return 0;
    }
    m.space = spaces(v);
    m.bracket = brackets(v, m.control);
    tm_json_marks marks = tm_json_mark(&m, quote, parity_of(quote), c, ascii);
    return write_tokens(places, kind, v, &marks, at, ascii);
}

/* Scans all of it; `ascii` is constant where this is called, so there are two versions. */
TM_INLINE tm_json_fast accept(tm_json_walk *w, size_t readable_after, bool ascii)
{
    tm_json_carry c = {.gap = 1};
    const char *p = w->p;
    size_t n = w->n, at = 0;
    for (;;) {
        uint32_t tokens = w->tokens;
        size_t stop = at + TM_MIN(n - at, (size_t)TM_PIECE) / 64 * 64;
        for (; at < stop; at += 64)
            tokens +=
                scan_block(w->at + tokens, w->kind + tokens, &c, load(p + at), (uint32_t)at, ascii);
        bool last = n - at < 64;
        if (last && n > at)
            tokens += scan_block(w->at + tokens, w->kind + tokens, &c,
                                 load_last(p + at, n - at, readable_after), (uint32_t)at, ascii);
        w->tokens = tokens;
        if (c.wrong | (last ? c.in_string : 0)) return TM_FAST_UNSURE;
        tm_json_fast fast = tm_json_walk_piece(w, last);
        if (fast != TM_FAST_YES) return fast;
        if (last) break;
    }
    if (!ascii && c.high && tm_utf8_valid_avx2(p, n) != n) return TM_FAST_UNSURE;
    if (TM_UNLIKELY(c.surrogate)) tm_json_flag_lone(w->json, p, w->first);
    return TM_FAST_YES;
}

TM_TARGET tm_json_fast tm_json_accept_avx2(tm_json *json, const char *p, size_t n,
                                           size_t readable_after, uint32_t depth, bool known_ascii)
{
    tm_json_walk w;
    tm_json_begin(&w, json, p, n, depth);
    return known_ascii ? accept(&w, readable_after, true) : accept(&w, readable_after, false);
}
#else
typedef int tm_json_scan_avx2_is_for_x86;
#endif
