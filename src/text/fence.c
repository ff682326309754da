/* One look at the head of a line: columns of white space (a tab goes on to the next multiple of
 * four), list markers, and then a row of marks or not. */
#include "text/fence.h"

typedef struct head {
    tm_str line;
    size_t at;       /* the byte looked at */
    uint32_t column; /* and the column it stands in */
} head;

static void skip_blanks(head *h)
{
    for (; h->at < h->line.n; h->at++) {
        if (h->line.p[h->at] == ' ')
            h->column++;
        else if (h->line.p[h->at] == '\t')
            h->column += 4 - h->column % 4;
        else
            break;
    }
}

/* How many of this character stand at `at`. */
static size_t row(tm_str line, size_t at, char mark)
{
    size_t n = 0;
    while (at + n < line.n && line.p[at + n] == mark) n++;
    return n;
}

static bool is_blank_behind(head h)
{
    skip_blanks(&h);
    return h.at == h.line.n;
}

static bool closes(const tm_fence *f, tm_str line)
{
    head h = {line, 0, 0};
    skip_blanks(&h);
    size_t n = row(line, h.at, f->mark);
    h.at += n;
    return n >= f->length && h.column < f->margin + 4 && is_blank_behind(h);
}

static bool opens(tm_fence *f, const head *h, uint32_t margin)
{
    char mark = h->at < h->line.n ? h->line.p[h->at] : 0;
    if (mark != '`' && mark != '~') return false;
    size_t n = row(h->line, h->at, mark);
    if (n < 3) return false;
    tm_str info = tm_str_slice(h->line, h->at + n, h->line.n);
    if (mark == '`' && tm_str_find_char(info, '`') < info.n) return false;
    f->mark = mark;
    f->length = (uint32_t)n;
    f->margin = margin;
    return true;
}

/* Bytes of the list marker at h: "-", "+", "*", or up to nine digits with "." or ")". */
static size_t marker(const head *h)
{
    tm_str s = tm_str_slice(h->line, h->at, h->line.n);
    size_t n = 0;
    while (n < s.n && n < 9 && s.p[n] >= '0' && s.p[n] <= '9') n++;
    if (n == s.n) return 0;
    bool is = n ? s.p[n] == '.' || s.p[n] == ')' : s.p[n] == '-' || s.p[n] == '+' || s.p[n] == '*';
    if (!is) return 0;
    n++;
    return n == s.n || s.p[n] == ' ' || s.p[n] == '\t' ? n : 0;
}

/* "* * *" and "- - -" are rules, not items. */
static bool is_rule(const head *h)
{
    size_t marks = 0;
    for (size_t i = h->at; i < h->line.n; i++) {
        char c = h->line.p[i];
        if (c == ' ' || c == '\t') continue;
        if (c != h->line.p[h->at]) return false;
        marks++;
    }
    return marks >= 3 && (h->line.p[h->at] == '-' || h->line.p[h->at] == '*');
}

/* Behind a marker: text that begins within four columns is where the item's text stands, else it
 * stands one behind the marker. */
static uint32_t item_column(head *h, size_t bytes)
{
    h->at += bytes;
    h->column += (uint32_t)bytes;
    uint32_t behind = h->column;
    skip_blanks(h);
    bool far = h->column - behind > 4 || h->at == h->line.n;
    return far ? behind + 1 : h->column;
}

bool tm_fence_next(tm_fence *f, tm_str line)
{
    if (f->mark) {
        if (closes(f, line)) f->mark = 0;
        return true;
    }
    head h = {line, 0, 0};
    skip_blanks(&h);
    if (h.at == line.n) return false;
    while (f->depth && h.column < f->column[f->depth - 1]) f->depth--;
    for (;;) {
        uint32_t margin = f->depth ? f->column[f->depth - 1] : 0;
        if (h.column >= margin + 4) return false;
        if (opens(f, &h, margin)) return true;
        size_t bytes = h.at < line.n ? marker(&h) : 0;
        if (!bytes || is_rule(&h) || f->depth == TM_FENCE_DEPTH) return false;
        uint32_t column = item_column(&h, bytes);
        f->column[f->depth++] = column;
    }
}
