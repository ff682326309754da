/* Counting characters, words and lines, and the classes of characters behind it.
 *
 * Words follow Python's str.split(): runs between characters for which str.isspace() holds, that is
 * White_Space of the Unicode Character Database and the four separators U+001C..U+001F. Nearly all
 * text is ASCII between spaces, so ASCII bytes are looked up in a table and only the first bytes
 * that can begin a wider space (C2, E1, E2, E3) are decoded. */
#include "text/words.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/kernel.h"
#include "text/utf8.h"

/* 1: a space; 2: may begin one. */
static const uint8_t space_kind[256] = {
    ['\t'] = 1, ['\n'] = 1, ['\v'] = 1, ['\f'] = 1, ['\r'] = 1, [0x1C] = 1, [0x1D] = 1,
    [0x1E] = 1, [0x1F] = 1, [' '] = 1,  [0xC2] = 2, [0xE1] = 2, [0xE2] = 2, [0xE3] = 2,
};

bool tm_is_space(uint32_t c)
{
    if (c < 0x80) return space_kind[c] == 1;
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool tm_is_zero_width(uint32_t c)
{
    return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || c == 0x2060 || (c >= 0x2066 && c <= 0x2069) ||
           c == 0xFEFF;
}

bool tm_is_control(uint32_t c)
{
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7F && c < 0xA0);
}

/* Bytes of the space at s[at], or 0. */
static size_t space_at(tm_str s, size_t at)
{
    uint8_t kind = space_kind[(uint8_t)s.p[at]];
    if (TM_LIKELY(kind != 2)) return kind;
    size_t next = at;
    uint32_t c = tm_utf8_next(s, &next);
    return c != TM_UTF8_BAD && tm_is_space(c) ? next - at : 0;
}

bool tm_text_next_word(tm_str s, size_t *at, tm_str *word)
{
    size_t i = *at, space;
    while (i < s.n && (space = space_at(s, i)) != 0) i += space;
    size_t begin = i;
    while (i < s.n && !space_at(s, i)) i++;
    *at = i;
    if (i == begin) return false;
    *word = (tm_str){s.p + begin, i - begin};
    return true;
}

size_t tm_text_chars(tm_str s)
{
    return tm_kernel_now()->utf8_count(s.p, s.n);
}

typedef struct word_count {
    size_t words;
    bool inside; /* the byte before was part of a word */
} word_count;

/* The definition: byte by byte from `at` up to `to` or a little behind (a wide space may end
 * there). */
static size_t count_plain(tm_str s, size_t at, size_t to, word_count *c)
{
    while (at < to) {
        size_t space = space_at(s, at);
        c->words += !space && !c->inside;
        c->inside = !space;
        at += space ? space : 1;
    }
    return at;
}

#ifdef __SSE2__
/* Sixteen bytes at once where none of them can begin a wide space: a word begins where a byte that
 * is no space follows one that is. SSE2 is part of every x86-64. */
static bool count_block(const char *p, word_count *c)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    if (_mm_movemask_epi8(v)) return false;
    __m128i low =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(8)), _mm_cmplt_epi8(v, _mm_set1_epi8(14)));
    __m128i high =
        _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8(27)), _mm_cmplt_epi8(v, _mm_set1_epi8(33)));
    unsigned space = (unsigned)_mm_movemask_epi8(_mm_or_si128(low, high));
    unsigned before = space << 1 | !c->inside;
    c->words += (size_t)__builtin_popcount(~space & before & 0xFFFF);
    c->inside = !(space >> 15 & 1);
    return true;
}
#else
static bool count_block(const char *p, word_count *c)
{
    TM_UNUSED(p);
    TM_UNUSED(c);
    return false;
}
#endif

size_t tm_text_words(tm_str s)
{
    word_count c = {0};
    size_t at = 0;
    while (at + 16 <= s.n) {
        if (count_block(s.p + at, &c))
            at += 16;
        else
            at = count_plain(s, at, at + 16, &c);
    }
    count_plain(s, at, s.n, &c);
    return c.words;
}

size_t tm_text_lines(tm_str s)
{
    return s.n ? 1 + tm_kernel_now()->count_newlines(s.p, s.n) : 0;
}
