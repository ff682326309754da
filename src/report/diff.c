/* Tokens are words, runs of space, and single other characters; equal heads and tails are cut off,
 * the rest is compared by longest common subsequence (Hunt and McIlroy's problem, by the plain
 * table: cards are at most 4,000 bytes). */
#include "report/diff.h"

#include <string.h>

#include "report/excerpt.h"
#include "report/html.h"
#include "text/utf8.h"

enum { TOKENS_MAX = 1500 };

typedef struct tokens {
    tm_str *item;
    uint32_t count;
} tokens;

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where the token that begins at `at` ends. A \uXXXX or \n escape is one token. */
static size_t token_end(tm_str s, size_t at)
{
    size_t end = at;
    if (is_word((uint8_t)s.p[at])) {
        while (end < s.n && is_word((uint8_t)s.p[end])) end++;
        return end;
    }
    if (s.p[at] == '\\' && at + 1 < s.n) return TM_MIN(at + (s.p[at + 1] == 'u' ? 6 : 2), s.n);
    tm_utf8_next(s, &end);
    return end;
}

static bool cut(tm_arena *mem, tm_str s, tokens *out)
{
    out->count = 0;
    out->item = TM_NEW(mem, tm_str, s.n + 1);
    for (size_t at = 0, end; out->item && at < s.n; at = end) {
        end = token_end(s, at);
        out->item[out->count++] = tm_str_slice(s, at, end);
    }
    return out->item != NULL;
}

static void plain(tm_buf *out, const tokens *t, uint32_t from, uint32_t to)
{
    if (from < to) {
        tm_str all = {t->item[from].p,
                      (size_t)(t->item[to - 1].p + t->item[to - 1].n - t->item[from].p)};
        tm_html_text(out, all);
    }
}

static void marked(tm_buf *out, const char *tag, tm_str token)
{
    tm_buf_print(out, "<%s>", tag);
    if (tm_str_is(token, " "))
        tm_buf_z(out, "\xC2\xB7");
    else
        tm_html_text(out, token);
    tm_buf_print(out, "</%s>", tag);
}

/* The middles, by the table of longest common subsequences of their tails. */
static tm_status compare(tm_arena *mem, const tokens *a, uint32_t an, const tokens *b, uint32_t bn,
                         uint32_t head, tm_buf *left, tm_buf *right, tm_err *err)
{
    uint32_t rows = an + 1, columns = bn + 1;
    uint16_t *best = TM_NEW(mem, uint16_t, (size_t)rows * columns);
    if (!best) return tm_fail_memory(err, "a difference", (uint64_t)rows * columns);
    for (uint32_t i = an; i-- > 0;)
        for (uint32_t j = bn; j-- > 0;) {
            uint16_t down = best[(i + 1) * columns + j], across = best[i * columns + j + 1];
            bool same = tm_str_eq(a->item[head + i], b->item[head + j]);
            best[i * columns + j] =
                same ? (uint16_t)(best[(i + 1) * columns + j + 1] + 1) : TM_MAX(down, across);
        }
    for (uint32_t i = 0, j = 0; i < an || j < bn;) {
        bool same = i < an && j < bn && tm_str_eq(a->item[head + i], b->item[head + j]);
        if (same) {
            tm_html_text(left, a->item[head + i++]);
            tm_html_text(right, b->item[head + j++]);
        } else if (j == bn ||
                   (i < an && best[(i + 1) * columns + j] >= best[i * columns + j + 1])) {
            marked(left, "del", a->item[head + i++]);
        } else {
            marked(right, "ins", b->item[head + j++]);
        }
    }
    return TM_OK;
}

static tm_status diff(tm_arena *mem, tm_str before, tm_str after, tm_buf *left, tm_buf *right,
                      tm_err *err)
{
    tokens a, b;
    uint32_t head = 0, tail = 0;
    if (!cut(mem, before, &a) || !cut(mem, after, &b))
        return tm_fail_memory(err, "a difference", 0);
    uint32_t least = TM_MIN(a.count, b.count);
    while (head < least && tm_str_eq(a.item[head], b.item[head])) head++;
    while (tail < least - head && tm_str_eq(a.item[a.count - 1 - tail], b.item[b.count - 1 - tail]))
        tail++;
    uint32_t an = a.count - head - tail, bn = b.count - head - tail;
    plain(left, &a, 0, head);
    plain(right, &b, 0, head);
    if (an > TOKENS_MAX || bn > TOKENS_MAX) {
        plain(left, &a, head, head + an);
        plain(right, &b, head, head + bn);
    } else {
        TM_TRY(compare(mem, &a, an, &b, bn, head, left, right, err));
    }
    plain(left, &a, a.count - tail, a.count);
    plain(right, &b, b.count - tail, b.count);
    return TM_OK;
}

static void left_out(tm_buf *out, bool any, const char *mark)
{
    if (any) tm_buf_print(out, "<span class=\"soft\">%s</span>", mark);
}

tm_status tm_diff_html(tm_arena *mem, tm_str before, tm_str after, uint32_t most, tm_buf *left,
                       tm_buf *right, tm_err *err)
{
    size_t from = tm_excerpt_from(before, after, most);
    tm_str a = tm_excerpt_cut(before, from, most), b = tm_excerpt_cut(after, from, most);
    left_out(left, from > 0, "... ");
    left_out(right, from > 0, "... ");
    TM_TRY(diff(mem, a, b, left, right, err));
    left_out(left, from + a.n < before.n, " ...");
    left_out(right, from + b.n < after.n, " ...");
    return TM_OK;
}

void tm_diff_plain(tm_str text, uint32_t most, tm_buf *out)
{
    tm_str head = tm_excerpt_cut(text, 0, most);
    tm_html_text(out, head);
    left_out(out, head.n < text.n, " ...");
}
