/* The growing byte buffer, and the few ways to print into it that the whole program needs. */
#include "base/buf.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/shortest.h"

bool tm_buf_grow(tm_buf *b, size_t more)
{
    size_t need, room;
    if (b->failed) return false;
    if (b->room - b->n >= more) return true;
    if (__builtin_add_overflow(b->n, more, &need) || need > SIZE_MAX / 4)
        return !(b->failed = true);
    room = TM_MAX(b->room * 2, (size_t)256);
    if (room < need) room = need;
    char *p = tm_realloc(b->p, room);
    if (!p) return !(b->failed = true);
    b->p = p;
    b->room = room;
    return true;
}

void tm_buf_add_slow(tm_buf *b, const void *p, size_t n)
{
    if (!tm_buf_grow(b, n)) return;
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
}

void tm_buf_print(tm_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        b->failed = true;
    else if (tm_buf_grow(b, (size_t)n + 1)) {
        vsnprintf(b->p + b->n, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void tm_buf_u64(tm_buf *b, uint64_t value)
{
    char digits[20];
    size_t n = sizeof digits;
    do digits[--n] = (char)('0' + value % 10);
    while (value /= 10);
    tm_buf_add(b, digits + n, sizeof digits - n);
}

void tm_buf_i64(tm_buf *b, int64_t value)
{
    if (value < 0) tm_buf_char(b, '-');
    tm_buf_u64(b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void tm_buf_f64(tm_buf *b, double value)
{
    if (!isfinite(value)) {
        tm_buf_z(b, "null");
        return;
    }
    tm_shortest s = tm_shortest_f64(value);
    int most = s.point >= s.digits ? TM_MAX(s.digits, 15) : s.digits;
    tm_shortest_print(&s, signbit(value), most, false, b);
}

/* Length of the well-formed sequence at p[0..n), 0 if there is none; *surrogate: WTF-8 one. */
static size_t sequence(const unsigned char *p, size_t n, bool *surrogate)
{
    *surrogate = false;
    if (p[0] < 0x80) return 1;
    size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < need) return 0;
    for (size_t i = 1; i < need; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0;
    if (p[0] == 0xF0 && p[1] < 0x90) return 0;
    if (p[0] == 0xF4 && p[1] > 0x8F) return 0;
    *surrogate = p[0] == 0xED && p[1] >= 0xA0;
    return need;
}

static void json_control(tm_buf *b, unsigned char c)
{
    static const char SHORT[] = "btn_fr"; /* from 8; 11 has no short form */
    char text[8];
    if (c == '"' || c == '\\')
        text[0] = '\\', text[1] = (char)c, text[2] = 0;
    else if (c >= 8 && c <= 13 && c != 11)
        text[0] = '\\', text[1] = SHORT[c - 8], text[2] = 0;
    else
        snprintf(text, sizeof text, "\\u%04x", c);
    tm_buf_z(b, text);
}

void tm_buf_json(tm_buf *b, tm_str text)
{
    if (!text.p) text = TM_STR("");
    const unsigned char *p = (const unsigned char *)text.p;
    tm_buf_char(b, '"');
    for (size_t at = 0, plain = 0; at <= text.n;) {
        bool surrogate = false;
        bool stop = at == text.n || p[at] < 0x20 || p[at] == '"' || p[at] == '\\';
        size_t length = stop ? 0 : sequence(p + at, text.n - at, &surrogate);
        if (length && !surrogate) {
            at += length;
            continue;
        }
        tm_buf_add(b, text.p + plain, at - plain);
        if (at == text.n) break;
        if (stop)
            json_control(b, p[at]);
        else if (surrogate)
            tm_buf_print(b, "\\u%04x", 0xD000u | (p[at + 1] & 0x3Fu) << 6 | (p[at + 2] & 0x3Fu));
        else
            tm_buf_z(b, "\xEF\xBF\xBD");
        at += surrogate ? 3 : 1;
        plain = at;
    }
    tm_buf_char(b, '"');
}

void tm_buf_release(tm_buf *b)
{
    tm_free(b->p);
    *b = (tm_buf){0};
}

tm_status tm_buf_ok(const tm_buf *b, tm_err *err)
{
    return b->failed ? tm_fail_memory(err, "a buffer", b->room) : TM_OK;
}
