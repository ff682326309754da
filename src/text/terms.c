/* Terms of a text, and their hashes.
 *
 * Nearly all text is ASCII: a kernel folds it and squeezes what separates in one go, and stops at
 * the first byte that is not. Those characters are decoded one by one until ASCII comes again.
 * The hash of a term is in terms_hash.h.
 *
 * n-grams are cyclic polynomials: one rotation and two exclusive ors each, whatever n is, and a
 * mixer at the end. */
#include "text/terms.h"

#include <utf8proc.h>

#include "text/kernel.h"
#include "text/utf8.h"
#include "text/words.h"

enum { TURN = 13 };

static bool is_ascii_term(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10 || c == '_';
}

bool tm_is_term(uint32_t c)
{
    if (c < 0x80) return is_ascii_term((uint8_t)c);
    if (c == TM_UTF8_BAD) return false;
    if ((c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7A3)) return true;
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO;
}

bool tm_text_next_term(tm_str s, size_t *at, tm_str *term)
{
    size_t begin = *at, next = *at;
    while (next < s.n) {
        begin = next;
        if (tm_is_term(tm_utf8_next(s, &next))) break;
        begin = next;
    }
    size_t end = next;
    while (next < s.n && begin < end) {
        if (!tm_is_term(tm_utf8_next(s, &next))) break;
        end = next;
    }
    *at = end;
    if (begin == end) return false;
    *term = (tm_str){s.p + begin, end - begin};
    return true;
}

typedef struct joiner { /* state of one text on its way into `out` */
    tm_buf *out;
    size_t from; /* where this text's terms begin in `out` */
    bool inside; /* the character before was of a term */
} joiner;

static void end_term(joiner *j)
{
    if (j->inside) tm_buf_char(j->out, ' ');
    j->inside = false;
}

/* Characters from the one at *at on, until ASCII. */
static void join_wide(joiner *j, tm_str s, size_t *at)
{
    while (*at < s.n && (uint8_t)s.p[*at] >= 0x80) {
        size_t begin = *at;
        uint32_t c = tm_utf8_next(s, at);
        if (!tm_is_term(c)) {
            end_term(j);
            continue;
        }
        j->inside = true;
        tm_str one = {s.p + begin, *at - begin};
        if (c >= 0x2E80 && c <= 0xA63F) /* Han, kana, Yi: no case */
            tm_buf_str(j->out, one);
        else
            tm_text_fold(one, j->out);
    }
}

void tm_text_terms(tm_str s, tm_buf *out)
{
    joiner j = {out, out->n, false};
    for (size_t at = 0; at < s.n;) {
        size_t wrote = 0;
        if (!tm_buf_grow(out, s.n - at + 1)) return;
        at += tm_kernel_now()->terms(s.p + at, s.n - at, out->p + out->n, &j.inside, &wrote);
        out->n += wrote;
        if (at < s.n) join_wide(&j, s, &at);
    }
    if (!j.inside && out->n > j.from) out->n--;
}

bool tm_is_unspaced(uint32_t c)
{
    if (c < 0xE00) return false;
    return c <= 0xFFF || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
           (c >= 0x3005 && c <= 0x30FF) || (c >= 0x31F0 && c <= 0x31FF) ||
           (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) ||
           (c >= 0xA000 && c <= 0xA4CF) || (c >= 0xF900 && c <= 0xFAFF) ||
           (c >= 0xFF66 && c <= 0xFF9F) || (c >= 0x20000 && c <= 0x323AF);
}

void tm_text_scripts(tm_str s, tm_script_count *into)
{
    for (size_t at = 0; at < s.n;) {
        if ((uint8_t)s.p[at] < 0x80) {
            into->all += is_ascii_term((uint8_t)s.p[at++]);
            continue;
        }
        uint32_t c = tm_utf8_next(s, &at);
        bool term = tm_is_term(c);
        into->all += term;
        into->unspaced += term && tm_is_unspaced(c);
    }
}

size_t tm_term_hashes(tm_str s, uint64_t *out)
{
    return tm_kernel_now()->term_hashes(s.p, s.n, out);
}

static uint64_t turn(uint64_t x, unsigned by)
{
    by &= 63;
    return by ? x << by | x >> (64 - by) : x;
}

size_t tm_ngram_hashes(const uint64_t *hash, size_t count, unsigned n, uint64_t *out)
{
    uint64_t sum = 0;
    if (count < n) return 0;
    for (unsigned i = 0; i + 1 < n; i++) sum = turn(sum ^ hash[i], TURN);
    for (size_t i = n - 1; i < count; i++) {
        uint64_t oldest = hash[i - (n - 1)];
        sum ^= hash[i];
        out[i - (n - 1)] = tm_mix64(sum);
        sum = turn(sum ^ turn(oldest, TURN * (n - 1)), TURN);
    }
    return count - n + 1;
}

size_t tm_char_hashes(tm_str s, uint64_t *out)
{
    size_t count = 0;
    for (size_t at = 0; at < s.n;)
        out[count++] = tm_mix64(tm_utf8_next(s, &at) + 0x9E3779B97F4A7C15u);
    return count;
}
