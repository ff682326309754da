/* See leak_terms.h. ASCII texts, which most are, take the kernels' way and nothing else; the rest
 * are normalised first, and where characters of unspaced scripts occur they are set apart by
 * spaces, so that the same kernel hashes them. Places are found by walking the text itself, one
 * character after another: that happens only where something was found. */
#include "op/dedup/leak_terms.h"

#include "op/normalise.h"
#include "text/terms.h"
#include "text/utf8.h"
#include "text/words.h"

/* The highest byte; loops without an early end become vectors. */
static uint8_t highest(tm_str s)
{
    uint8_t most = 0;
    for (size_t i = 0; i < s.n; i++) most = TM_MAX(most, (uint8_t)s.p[i]);
    return most;
}

/* Joined terms with every character of an unspaced script as a term of its own. */
static void set_apart(tm_str joined, tm_buf *out)
{
    bool apart = false; /* the character before was one of those */
    for (size_t at = 0; at < joined.n;) {
        size_t begin = at;
        uint32_t c = tm_utf8_next(joined, &at);
        bool own = c != TM_UTF8_BAD && tm_is_unspaced(c);
        bool gap = out->n && out->p[out->n - 1] == ' ';
        if (c == ' ' && gap) continue;
        if ((own || apart) && out->n && !gap && c != ' ') tm_buf_char(out, ' ');
        tm_buf_add(out, joined.p + begin, at - begin);
        apart = own;
    }
}

bool tm_leak_hashes(tm_str text, tm_leak_text *t)
{
    tm_buf_clear(&t->joined);
    t->count = 0;
    if (highest(text) >= 0x80) {
        tm_buf_clear(&t->plain);
        tm_normalise(text, TM_NORM_UNICODE | TM_NORM_ZERO_WIDTH, &t->pass, &t->plain);
        if (t->plain.failed) return false;
        text = tm_buf_view(&t->plain);
    }
    tm_text_terms(text, &t->joined);
    if (t->joined.failed) return false;
    tm_str terms = tm_buf_view(&t->joined);
    if (highest(terms) >= 0xE0) {
        tm_buf_clear(&t->apart);
        set_apart(terms, &t->apart);
        if (t->apart.failed) return false;
        terms = tm_buf_view(&t->apart);
    }
    size_t most = terms.n / 2 + 1;
    if (most > t->room) {
        size_t room = most + most / 2;
        tm_free(t->hash);
        t->room = 0;
        t->hash = tm_alloc(room * sizeof *t->hash);
        if (!t->hash) return false;
        t->room = room;
    }
    if (terms.n) t->count = tm_term_hashes(terms, t->hash);
    return true;
}

void tm_leak_text_release(tm_leak_text *t)
{
    tm_buf_release(&t->plain);
    tm_buf_release(&t->pass);
    tm_buf_release(&t->joined);
    tm_buf_release(&t->apart);
    tm_free(t->hash);
}

bool tm_leak_next_term(tm_str text, size_t *at, size_t *from, size_t *to)
{
    bool inside = false;
    while (*at < text.n) {
        size_t begin = *at, next = *at;
        uint32_t c = tm_utf8_next(text, &next);
        if (c != TM_UTF8_BAD && tm_is_zero_width(c)) {
            *at = next;
            continue;
        }
        bool term = tm_is_term(c), own = term && tm_is_unspaced(c);
        if (inside && (!term || own)) return true; /* what ends it is looked at again */
        *at = next;
        if (!term) continue;
        if (!inside) *from = begin;
        *to = next;
        inside = true;
        if (own) return true;
    }
    return inside;
}
