/* The one escape function of the page. Dataset text is only ever text: no tag, no attribute, no
 * direction override that could make a line read differently from what it holds. */
#include "report/html.h"

#include "text/utf8.h"

static bool turns_direction(uint32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E ||
           c == 0x200F || c == 0x061C || c == 0x2028 || c == 0x2029;
}

void tm_html_text(tm_buf *out, tm_str text)
{
    char utf8[4];
    for (size_t at = 0, from = 0; at < text.n; from = at) {
        uint32_t c = tm_utf8_next(text, &at);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (c == '&')
            tm_buf_z(out, "&amp;");
        else if (c == '<')
            tm_buf_z(out, "&lt;");
        else if (c == '>')
            tm_buf_z(out, "&gt;");
        else if (c == '"')
            tm_buf_z(out, "&quot;");
        else if (c == '\'')
            tm_buf_z(out, "&#39;");
        else if (c < 0x20 && c != '\n' && c != '\t')
            tm_buf_add(out, utf8, tm_utf8_put(0x2400 + c, utf8));
        else if (c == 0x7F)
            tm_buf_z(out, "\xE2\x90\xA1");
        else if (c == TM_UTF8_BAD || surrogate)
            tm_buf_z(out, "\xEF\xBF\xBD");
        else if (turns_direction(c) || (c >= 0x80 && c < 0xA0) || c == 0x200B || c == 0xFEFF)
            tm_buf_print(out, "<i class=\"mark\">U+%04X</i>", c);
        else
            tm_buf_add(out, text.p + from, at - from);
    }
}

void tm_html_number(tm_buf *out, uint64_t n)
{
    char text[32];
    unsigned at = sizeof text, digits = 0;
    do {
        if (digits && digits % 3 == 0) text[--at] = ',';
        text[--at] = (char)('0' + n % 10);
        digits++;
    } while (n /= 10);
    tm_buf_add(out, text + at, sizeof text - at);
}
