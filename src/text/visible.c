/* One walk over code points; what needs no care is copied in stretches.
 *
 * Line feeds and tabs are spelled out, too: one field of a listing is one line. */
#include "text/visible.h"

#include "text/utf8.h"

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
