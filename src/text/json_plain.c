/* One spelling of a JSON value, for comparing what a record carries: two exports of one set differ
 * in the blanks between tokens and in what they escape, and in nothing else. Numbers stay as they
 * are written, and so do the order of keys and keys that come twice. */
#include <string.h>

#include "text/json.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The closing quote of the string whose inside begins at p; n of the value, which is valid. */
static size_t inside_end(const char *p, size_t n, bool *escaped)
{
    size_t at = 0;
    *escaped = false;
    for (; at < n && p[at] != '"'; at++) {
        if (p[at] != '\\') continue;
        *escaped = true;
        at++;
    }
    return TM_MIN(at, n);
}

/* By way of its text: what needs no escape has none afterwards. */
static void put_escaped_anew(tm_str inside, tm_buf *out)
{
    tm_buf text = {0};
    tm_json_unescape(inside, &text);
    out->failed |= text.failed;
    tm_json_escape(tm_buf_view(&text), out);
    tm_buf_release(&text);
}

void tm_json_plain(tm_str value, tm_buf *out)
{
    for (size_t at = 0, end; at < value.n; at = end) {
        for (end = at; end < value.n && value.p[end] != '"' && !is_blank(value.p[end]);) end++;
        tm_buf_add(out, value.p + at, end - at);
        if (end == value.n) return;
        if (value.p[end++] != '"') continue;
        bool escaped;
        tm_str inside = {value.p + end, 0};
        inside.n = inside_end(inside.p, value.n - end, &escaped);
        tm_buf_char(out, '"');
        if (escaped)
            put_escaped_anew(inside, out);
        else
            tm_buf_str(out, inside);
        tm_buf_char(out, '"');
        end += TM_MIN(inside.n + 1, value.n - end);
    }
}
