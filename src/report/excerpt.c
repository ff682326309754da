/* A quarter of the stretch stands before the difference. What is shown is made visible, so that no
 * record can move the cursor. */
#include "report/excerpt.h"

#include "text/visible.h"

enum { SHOWN = 160 };

static bool inside_character(tm_str s, size_t at)
{
    return at < s.n && ((uint8_t)s.p[at] & 0xC0) == 0x80;
}

size_t tm_excerpt_from(tm_str a, tm_str b, size_t most)
{
    size_t same = 0, least = TM_MIN(a.n, b.n);
    if (a.n <= most && b.n <= most) return 0;
    while (same < least && a.p[same] == b.p[same]) same++;
    if (same <= most / 2 || (same == a.n && same == b.n)) return 0;
    size_t from = same - most / 4;
    while (from && inside_character(a, from)) from--;
    return from;
}

size_t tm_excerpt_word(tm_str s, size_t from)
{
    enum { NEAR = 24 };
    for (size_t at = from; at && from - at < NEAR; at--)
        if (s.p[at - 1] == ' ') return at;
    while (from && inside_character(s, from)) from--;
    return from;
}

tm_str tm_excerpt_cut(tm_str text, size_t from, size_t most)
{
    size_t to = TM_MIN(from + most, text.n);
    while (to > from && inside_character(text, to)) to--;
    return tm_str_slice(text, from, to);
}

static void place(const tm_excerpt *e, tm_buf *out)
{
    tm_text_visible(e->source, out);
    if (e->line) tm_buf_print(out, ":%llu", (unsigned long long)e->line);
    if (e->line && e->column) tm_buf_print(out, ":%llu", (unsigned long long)e->column);
}

static void line(const tm_excerpt *e, const char *indent, size_t width, size_t from, tm_buf *out)
{
    size_t before = out->n;
    tm_buf_z(out, indent);
    place(e, out);
    if (e->text.p) {
        while (!out->failed && out->n - before < width) tm_buf_char(out, ' ');
        tm_str shown = tm_excerpt_cut(e->text, from, SHOWN);
        tm_buf_z(out, from ? "  ... " : "  ");
        tm_text_visible(shown, out);
        if (from + shown.n < e->text.n) tm_buf_z(out, " ...");
    }
    tm_buf_char(out, '\n');
}

static size_t width_of(const tm_excerpt *e, const char *indent)
{
    tm_buf b = {0};
    tm_buf_z(&b, indent);
    place(e, &b);
    size_t n = b.n;
    tm_buf_release(&b);
    return n;
}

void tm_excerpt_print(const tm_excerpt *a, const tm_excerpt *b, const char *indent, tm_buf *out)
{
    bool both = b && a->text.p && b->text.p;
    size_t from = both ? tm_excerpt_word(a->text, tm_excerpt_from(a->text, b->text, SHOWN)) : 0;
    size_t width = width_of(a, indent);
    if (b) width = TM_MAX(width, width_of(b, indent));
    line(a, indent, width, from, out);
    if (b) line(b, indent, width, from, out);
}
