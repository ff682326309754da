/* Three forms, the plainest that is safe: as it is; in single quotes, where nothing but they means
 * anything; and $'..', where every byte that is not printable ASCII is three octal digits. */
#include "text/shell.h"

#include "text/utf8.h"
#include "text/visible.h"

static bool is_plain(char c)
{
    char low = (char)(c | 0x20);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
           (c && memchr("_-./,:=@%+", c, 10));
}

typedef enum form { PLAIN, QUOTED, ESCAPED } form;

static form form_of(tm_str s)
{
    form need = s.n ? PLAIN : QUOTED;
    for (size_t at = 0; at < s.n;) {
        char c = s.p[at];
        uint32_t point = tm_utf8_next(s, &at);
        if (point == TM_UTF8_BAD || tm_is_hidden(point)) return ESCAPED;
        if (!is_plain(c)) need = QUOTED;
    }
    return need;
}

static void escape(tm_str s, tm_buf *out)
{
    tm_buf_z(out, "$'");
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (c == '\'' || c == '\\')
            tm_buf_print(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7F)
            tm_buf_char(out, (char)c);
        else
            tm_buf_print(out, "\\%03o", c);
    }
    tm_buf_char(out, '\'');
}

static void quote(tm_str s, tm_buf *out)
{
    tm_buf_char(out, '\'');
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\'')
            tm_buf_z(out, "'\\''");
        else
            tm_buf_char(out, s.p[i]);
    tm_buf_char(out, '\'');
}

void tm_text_shell(tm_str s, tm_buf *out)
{
    form need = form_of(s);
    if (s.n > 1 && s.p[0] == '-') tm_buf_z(out, "./");
    if (need == PLAIN) tm_buf_str(out, s);
    if (need == QUOTED) quote(s, out);
    if (need == ESCAPED) escape(s, out);
}
