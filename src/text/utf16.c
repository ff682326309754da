/* UTF-16 and UTF-32 to UTF-8, as a stream, and telling them apart.
 *
 * The mark at the head of a stream decides; FF FE 00 00 is UTF-32LE, as a UTF-16LE text does not
 * begin with U+0000. Units may be split anywhere between two pieces: what is incomplete is held.
 *
 * A surrogate without its other half, a number that is no code point and a unit that the end cuts
 * are counted, and written as UTF-8 once wrote any number: three bytes for a surrogate (WTF-8), up
 * to seven beyond. UTF-8 of today is none of that, so whoever reads on treats it as any bytes that
 * have no meaning: unreadable at its place, or U+FFFD with a finding when that was asked for. And
 * the unit can be had again, by a message or from the bytes that a run keeps; U+FFFD or one byte
 * for all of them here would be a loss that nobody is told of. */
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

bool tm_encoding_is_wide(tm_encoding e)
{
    return e != TM_UTF8 && e != TM_UTF8_BOM;
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

/* The most that fits into 3 bytes and more; the first byte's high bits. Seven hold 36 bits. */
static const uint64_t MOST[] = {0xFFFF, 0x1FFFFF, 0x3FFFFFF, 0x7FFFFFFF, 0xFFFFFFFFF};
static const uint8_t LEAD[] = {0xE0, 0xF0, 0xF8, 0xFC, 0xFE};
enum { SHORTEST = 3, CUT_SHIFT = 32 };

static void spoil(tm_transcoder *t, uint64_t number, tm_buf *out)
{
    char bytes[SHORTEST + TM_COUNT(MOST)];
    size_t i = 0;
    while (number > MOST[i]) i++;
    size_t n = i + SHORTEST;
    for (size_t k = n; k-- > 1; number >>= 6) bytes[k] = (char)(0x80 | (number & 0x3F));
    bytes[0] = (char)(LEAD[i] | number);
    tm_buf_add(out, bytes, n);
    t->spoiled++;
}

size_t tm_wide_unit_at(const char *p, size_t n, tm_wide_unit *unit)
{
    size_t i = TM_COUNT(LEAD);
    while (i && (uint8_t)p[0] < LEAD[i - 1]) i--;
    if (!i-- || (uint8_t)p[0] == 0xFF || n < i + SHORTEST) return 0;
    uint64_t number = (uint8_t)p[0] - LEAD[i];
    for (size_t k = 1; k < i + SHORTEST; k++) {
        if (((uint8_t)p[k] & 0xC0) != 0x80) return 0;
        number = number << 6 | ((uint8_t)p[k] & 0x3F);
    }
    bool none = number > 0x10FFFF || (number >= 0xD800 && number < 0xE000);
    uint64_t cut = number >> CUT_SHIFT;
    if (!none || cut > 3 || (i && number <= MOST[i - 1])) return 0;
    *unit = (tm_wide_unit){(uint32_t)number, (uint8_t)cut};
    return i + SHORTEST;
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
        spoil(t, high, out);
    }
    if (low)
        spoil(t, unit, out);
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
        spoil(t, value, out);
    else
        put(value, out);
}

/* The end of the text, where half a pair or part of a unit may still be held. */
static void put_rest(tm_transcoder *t, tm_buf *out)
{
    uint64_t cut = 0;
    for (size_t i = 0; i < t->held_bytes; i++) cut = cut << 8 | t->held[i];
    cut |= (uint64_t)t->held_bytes << CUT_SHIFT;
    if (t->high) spoil(t, t->high, out);
    if (t->held_bytes) spoil(t, cut, out);
    t->high = 0;
    t->held_bytes = 0;
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
    if (last) put_rest(t, out);
}
