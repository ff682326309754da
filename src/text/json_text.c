/* Text to JSON string and back.
 *
 * Unescaping is a kernel for everything but \u escapes, which are done here one by one: a pair of
 * surrogates becomes one code point, a lone one its three bytes of WTF-8. Text is never longer than
 * its escaped form (\u takes six bytes and gives at most three; a pair takes twelve and gives
 * four).
 *
 * Escaping writes only what JSON demands: quote, backslash, and control characters (by their short
 * names where they have one). WTF-8 surrogates go back to \ud83d and so on, in lower case; what is
 * not UTF-8 otherwise is copied as it is, for it cannot come from JSON. */
#include <string.h>

#include "text/json_scan.h"
#include "text/utf8.h"

enum { PIECE = 4096 }; /* escaped at once: so much room may be left over, six times */

/* Writes the code point of the \u escape at p; *eaten bytes belong to it. Returns bytes written. */
static unsigned put_unicode(const char *p, size_t n, char out[4], size_t *eaten)
{
    uint32_t unit = tm_json_hex4(p + 2);
    *eaten = 6;
    if (unit >= 0xD800 && unit < 0xDC00 && n >= 12 && p[6] == '\\' && p[7] == 'u') {
        uint32_t low = tm_json_hex4(p + 8);
        if (low >= 0xDC00 && low < 0xE000) {
            *eaten = 12;
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return tm_utf8_put(unit, out);
}

size_t tm_json_unescape_to(tm_str inside, char *to)
{
    const tm_kernel *kernel = tm_kernel_now();
    size_t i = 0, out = 0;
    for (;;) {
        size_t written, eaten;
        i += kernel->unescape(inside.p + i, inside.n - i, to + out, &written);
        out += written;
        if (inside.n - i < 6) return out;
        char code_point[4];
        unsigned bytes = put_unicode(inside.p + i, inside.n - i, code_point, &eaten);
        memcpy(to + out, code_point, bytes);
        out += bytes;
        i += eaten;
    }
}

void tm_json_unescape(tm_str inside, tm_buf *out)
{
    if (!inside.n || !tm_buf_grow(out, inside.n)) return;
    out->n += tm_json_unescape_to(inside, out->p + out->n);
}

static void put_surrogate(const uint8_t *p, tm_buf *out)
{
    static const char hex[] = "0123456789abcdef";
    uint32_t unit = 0xD000u | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    char six[6] = {'\\', 'u', 'd', hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};
    tm_buf_add(out, six, 6);
}

/* Puts the bytes from `from` that need a look: escapes one, or passes a run of those above 0x7F. */
static size_t put_special(tm_str text, size_t at, tm_buf *out)
{
    const uint8_t *p = (const uint8_t *)text.p;
    if (p[at] < 0x80) {
        char escaped[6];
        tm_buf_add(out, escaped, tm_json_escape_put(text.p[at], escaped));
        return at + 1;
    }
    size_t end = at;
    while (end < text.n && p[end] >= 0x80) {
        bool surrogate = text.n - end >= 3 && p[end] == 0xED && p[end + 1] >= 0xA0 &&
                         p[end + 1] <= 0xBF && (p[end + 2] & 0xC0) == 0x80;
        if (surrogate) {
            tm_buf_add(out, p + at, end - at);
            put_surrogate(p + end, out);
            return end + 3;
        }
        end++;
    }
    tm_buf_add(out, p + at, end - at);
    return end;
}

void tm_json_escape(tm_str text, tm_buf *out)
{
    const tm_kernel *kernel = tm_kernel_now();
    for (size_t i = 0; i < text.n;) {
        size_t plain = kernel->escape_plain(text.p + i, text.n - i);
        tm_buf_add(out, text.p + i, plain);
        i += plain;
        if (i < text.n) i = put_special(text, i, out);
    }
}

void tm_json_escape_bytes(tm_str bytes, tm_buf *out)
{
    const tm_kernel *kernel = tm_kernel_now();
    for (size_t i = 0, n; i < bytes.n; i += n) {
        n = TM_MIN(bytes.n - i, (size_t)PIECE);
        if (!tm_buf_grow(out, 6 * n)) return;
        out->n += kernel->escape(bytes.p + i, n, out->p + out->n);
    }
}

/* Compares piece by piece, so that nothing has to be allocated. */
bool tm_json_text_is(const tm_json_node *node, const char *raw, uint32_t string, tm_str text)
{
    tm_str in = tm_json_inside(node, raw, string);
    if (!(node[string].flags & TM_JSON_ESCAPED))
        return in.n == text.n && (!in.n || !memcmp(in.p, text.p, in.n));
    size_t i = 0, at = 0;
    while (i < in.n) {
        char piece[4];
        size_t eaten = 1, written = 1;
        if (in.p[i] != '\\') {
            piece[0] = in.p[i];
        } else if (in.p[i + 1] == 'u') {
            written = put_unicode(in.p + i, in.n - i, piece, &eaten);
        } else {
            eaten = tm_kernel_scalar.unescape(in.p + i, 2, piece, &written);
        }
        if (text.n - at < written || memcmp(text.p + at, piece, written) != 0) return false;
        i += eaten;
        at += written;
    }
    return at == text.n;
}
