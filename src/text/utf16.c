/* UTF-16 and UTF-32 to UTF-8, as a stream, and telling them apart.
 *
 * The mark at the head of a stream decides; FF FE 00 00 is UTF-32LE, as a UTF-16LE text does not
 * begin with U+0000. Units may be split anywhere between two pieces: what is incomplete is held.
 * A surrogate without its other half, or a number that is no code point, is counted and becomes the
 * byte FF; so does a half unit at the end. FF is never UTF-8, so whoever reads on treats it as any
 * bytes that have no meaning: unreadable at its place, or U+FFFD with a finding when that was asked
 * for. U+FFFD here would be a loss that nobody is told of. */
#include <string.h>

#include "text/utf8.h"

const char *tm_encoding_name(tm_encoding e)
{
    static const char *const name[] = {
        "UTF-8", "UTF-8 with a byte order mark", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"};
    return (size_t)e < TM_COUNT(name) ? name[e] : "";
}

tm_encoding tm_encoding_of(const char *p, size_t n, size_t *bom_bytes)
{
    static const struct {
        const char *mark;
        size_t bytes;
        tm_encoding encoding;
    } known[] = {
        {"\xEF\xBB\xBF", 3, TM_UTF8_BOM}, {"\xFF\xFE\0\0", 4, TM_UTF32LE},
        {"\0\0\xFE\xFF", 4, TM_UTF32BE},  {"\xFF\xFE", 2, TM_UTF16LE},
        {"\xFE\xFF", 2, TM_UTF16BE},
    };
    for (size_t i = 0; i < TM_COUNT(known); i++) {
        if (n < known[i].bytes || memcmp(p, known[i].mark, known[i].bytes) != 0) continue;
        *bom_bytes = known[i].bytes;
        return known[i].encoding;
    }
    *bom_bytes = 0;
    return TM_UTF8;
}

/* ASCII text written wide has its zeros at one parity (UTF-16) or at three places of four. */
bool tm_encoding_smells_wide(const char *p, size_t n)
{
    size_t zeros[4] = {0}, groups = TM_MIN(n, (size_t)4096) / 4;
    for (size_t i = 0; i < groups * 4; i++) zeros[i % 4] += p[i] == 0;
    if (groups == 0) return false;
    size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3];
    size_t most = groups * 2 - groups / 2; /* three quarters of the places */
    return (odd >= most && even < groups / 4 + 1) || (even >= most && odd < groups / 4 + 1) ||
           (even + odd >= groups * 3 - groups / 4 && even + odd <= groups * 3);
}

static void put(uint32_t code_point, tm_buf *out)
{
    char bytes[4];
    tm_buf_add(out, bytes, tm_utf8_put(code_point, bytes));
}

static void spoil(tm_transcoder *t, tm_buf *out)
{
    t->spoiled++;
    tm_buf_char(out, (char)0xFF);
}

static void put_unit16(tm_transcoder *t, uint32_t unit, tm_buf *out)
{
    bool low = unit >= 0xDC00 && unit < 0xE000;
    if (t->high) {
        uint32_t high = t->high;
        t->high = 0;
        if (low) {
            put(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), out);
            return;
        }
        spoil(t, out);
    }
    if (low)
        spoil(t, out);
    else if (unit >= 0xD800 && unit < 0xDC00)
        t->high = (uint16_t)unit;
    else
        put(unit, out);
}

static void put_unit(tm_transcoder *t, const uint8_t *b, tm_buf *out)
{
    uint32_t value;
    switch (t->from) {
    case TM_UTF16LE: put_unit16(t, b[0] | (uint32_t)b[1] << 8, out); return;
    case TM_UTF16BE: put_unit16(t, b[1] | (uint32_t)b[0] << 8, out); return;
    case TM_UTF32LE:
        value = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        break;
    default: value = b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 | (uint32_t)b[0] << 24;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        spoil(t, out);
    else
        put(value, out);
}

void tm_transcode(tm_transcoder *t, const char *p, size_t n, bool last, tm_buf *out)
{
    if (t->from == TM_UTF8 || t->from == TM_UTF8_BOM) {
        tm_buf_add(out, p, n);
        return;
    }
    size_t unit = t->from == TM_UTF16LE || t->from == TM_UTF16BE ? 2 : 4, i = 0;
    while (t->held_bytes && i < n) {
        t->held[t->held_bytes++] = (uint8_t)p[i++];
        if (t->held_bytes < unit) continue;
        put_unit(t, t->held, out);
        t->held_bytes = 0;
    }
    for (; n - i >= unit; i += unit) put_unit(t, (const uint8_t *)p + i, out);
    while (i < n) t->held[t->held_bytes++] = (uint8_t)p[i++];
    if (!last) return;
    if (t->high) spoil(t, out);
    if (t->held_bytes) spoil(t, out);
    t->high = 0;
    t->held_bytes = 0;
}
