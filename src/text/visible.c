/* One walk over code points; what needs no care is copied in stretches.
 *
 * Line feeds and tabs are spelled out, too: one field of a listing is one line. */
#include "text/visible.h"

#include <utf8proc.h>

#include "text/utf8.h"
#include "text/words.h"

bool tm_is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
           (c >= 0xD800 && c <= 0xDFFF);
}

void tm_text_visible(tm_str s, tm_buf *out)
{
    size_t from = 0;
    for (size_t at = 0, begin = 0; at < s.n; begin = at) {
        uint32_t c = tm_utf8_next(s, &at);
        bool bad = c == TM_UTF8_BAD;
        if (!bad && !tm_is_hidden(c)) continue;
        tm_buf_add(out, s.p + from, begin - from);
        for (size_t i = begin; bad && i < at; i++) tm_buf_print(out, "\\x%02X", (uint8_t)s.p[i]);
        if (!bad) tm_buf_print(out, "\\u%04X", c);
        from = at;
    }
    if (s.n > from) tm_buf_add(out, s.p + from, s.n - from); /* an empty slice may have no place */
}

bool tm_is_unseen(uint32_t c)
{
    if (c < 0x80) return c <= ' ' || c == 0x7F;
    if (c == TM_UTF8_BAD) return false;
    if (tm_is_space(c) || tm_is_control(c) || tm_is_zero_width(c) || c == 0x2800) return true;
    return c <= 0x10FFFF && utf8proc_get_property((utf8proc_int32_t)c)->ignorable;
}

bool tm_text_is_blank(tm_str s)
{
    for (size_t at = 0; at < s.n;)
        if (!tm_is_unseen(tm_utf8_next(s, &at))) return false;
    return true;
}

static bool ends_line(uint32_t c)
{
    return (c >= 0x0A && c <= 0x0D) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

void tm_text_seen(tm_str s, tm_buf *out)
{
    size_t from = out->n, kept = out->n; /* kept: behind what can be seen, or a line's end */
    bool seen = false, carriage = false, parted = false;
    for (size_t at = 0, begin = 0; at < s.n; begin = at) {
        uint32_t c = tm_utf8_next(s, &at);
        bool pair = carriage && c == 0x0A; /* CR LF is one end, whatever unseen stands between */
        if (tm_is_unseen(c) && !tm_is_space(c)) continue;
        carriage = c == 0x0D;
        if (c >= 0x1C && c <= 0x1F) { /* a separator is a space where there is none */
            parted = true;
            continue;
        }
        if (ends_line(c)) {
            out->n = kept;
            if (!pair) tm_buf_char(out, '\n');
        } else {
            bool beside =
                out->n > kept || kept == from || out->p[kept - 1] == '\n' || tm_is_space(c);
            if (parted && !beside) tm_buf_char(out, ' ');
            tm_buf_add(out, s.p + begin, at - begin);
        }
        parted = false;
        if (tm_is_space(c) && !ends_line(c)) continue;
        kept = out->n;
        seen |= !ends_line(c);
    }
    out->n = kept;
    while (out->n > from && out->p[out->n - 1] == '\n') out->n--;
    if (!seen) out->n = from;
}
