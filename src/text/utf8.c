/* UTF-8 by hand: decoding, encoding, repair.
 *
 * tm_utf8_sequence is the definition of well-formedness, straight from table 3-7 of the Unicode
 * Standard 15.0 (section 3.9): only the second byte has ranges that depend on the first. Decoding
 * is a little wider: it also takes surrogates (WTF-8), which lone \uD8xx escapes of JSON turn into,
 * so that they can be written back as they were. Nothing here is meant to be fast on long text: the
 * kernels are. */
#include "text/utf8.h"

static bool continues(char c)
{
    return ((uint8_t)c & 0xC0) == 0x80;
}

/* Length by the first byte and the range of the second one; 0 if nothing begins so. */
static size_t lead(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = 0x80, *high = 0xBF;
    if (first < 0xC2 || first > 0xF4) return 0;
    if (first < 0xE0) return 2;
    if (first == 0xE0) *low = 0xA0;
    if (first == 0xED) *high = 0x9F;
    if (first == 0xF0) *low = 0x90;
    if (first == 0xF4) *high = 0x8F;
    return first < 0xF0 ? 3 : 4;
}

/* How many bytes at p could begin a well-formed sequence, and how many it would need. */
static size_t prefix(const char *p, size_t n, size_t *need)
{
    uint8_t low, high, second;
    *need = lead((uint8_t)p[0], &low, &high);
    if (*need == 0 || n < 2) return 1;
    second = (uint8_t)p[1];
    if (second < low || second > high) return 1;
    size_t have = 2;
    while (have < *need && have < n && continues(p[have])) have++;
    return have;
}

size_t tm_utf8_sequence(const char *p, size_t n)
{
    size_t need;
    if ((uint8_t)p[0] < 0x80) return 1;
    return prefix(p, n, &need) == need ? need : 0;
}

size_t tm_utf8_ill_formed(const char *p, size_t n)
{
    size_t need;
    return prefix(p, n, &need);
}

uint32_t tm_utf8_next(tm_str s, size_t *at)
{
    const uint8_t *p = (const uint8_t *)s.p + *at;
    size_t left = s.n - *at;
    if (p[0] < 0x80) return s.p[(*at)++] & 0x7F;
    bool surrogate =
        left >= 3 && p[0] == 0xED && p[1] >= 0xA0 && p[1] <= 0xBF && continues((char)p[2]);
    size_t bytes = surrogate ? 3 : tm_utf8_sequence(s.p + *at, left);
    *at += bytes ? bytes : 1;
    switch (bytes) {
    case 2: return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3: return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    case 4:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    default: return TM_UTF8_BAD;
    }
}

unsigned tm_utf8_put(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    TM_ASSERT(c <= 0x10FFFF);
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

size_t tm_utf8_back(tm_str s, size_t at)
{
    if (at == 0) return 0;
    for (size_t back = 1; back <= 4 && back <= at; back++) {
        if (continues(s.p[at - back])) continue;
        size_t i = at - back;
        bool whole = tm_utf8_next(s, &i) != TM_UTF8_BAD && i == at;
        return whole ? at - back : at - 1;
    }
    return at - 1;
}

static size_t repair(tm_str s, bool wide, tm_buf *out)
{
    size_t replaced = 0;
    for (size_t i = 0, good = 0; good < s.n || i < s.n;) {
        size_t bytes = i < s.n ? tm_utf8_sequence(s.p + i, s.n - i) : 0;
        if (bytes) {
            i += bytes;
            continue;
        }
        tm_buf_add(out, s.p + good, i - good);
        if (i < s.n) {
            tm_buf_add(out, "\xEF\xBF\xBD", 3);
            replaced++;
            tm_wide_unit unit;
            size_t all = wide ? tm_wide_unit_at(s.p + i, s.n - i, &unit) : 0;
            i += all ? all : tm_utf8_ill_formed(s.p + i, s.n - i);
        }
        good = i;
    }
    return replaced;
}

size_t tm_utf8_repair(tm_str s, tm_buf *out)
{
    return repair(s, false, out);
}

size_t tm_utf8_repair_wide(tm_str s, tm_buf *out)
{
    return repair(s, true, out);
}
