/* Counting characters, words and lines, and the classes of characters behind it.
 *
 * Words follow Python's str.split(): runs between characters for which str.isspace() holds, that is
 * White_Space of the Unicode Character Database and the four separators U+001C..U+001F. ASCII goes
 * through a kernel; elsewhere bytes are looked up in a table, and only the first bytes that can
 * begin a wider space (C2, E1, E2, E3) are decoded. */
#include "text/words.h"

#include <string.h>

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

/* Byte by byte from `at` up to `to` or a little behind (a wide space may end there). */
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

enum { STRETCH = 32 }; /* bytes that are taken one by one where some are not ASCII */

static size_t count_words(tm_str s, bool *ascii)
{
    const tm_kernel *kernel = tm_kernel_now();
    word_count c = {0};
    *ascii = true;
    for (size_t at = 0; at < s.n;) {
        at += kernel->words(s.p + at, s.n - at, &c.inside, &c.words);
        if (at == s.n) break;
        *ascii = false;
        at = count_plain(s, at, TM_MIN(at + STRETCH, s.n), &c);
    }
    return c.words;
}

tm_text_size tm_text_sizes(tm_str s)
{
    bool ascii;
    size_t words = count_words(s, &ascii);
    return (tm_text_size){ascii ? s.n : tm_text_chars(s), words};
}

size_t tm_text_words(tm_str s)
{
    bool ascii;
    return count_words(s, &ascii);
}

size_t tm_text_lines(tm_str s)
{
    return s.n ? 1 + tm_kernel_now()->count_newlines(s.p, s.n) : 0;
}
