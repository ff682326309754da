/* See leak_terms.h. ASCII texts, which most are, take the kernels' way and nothing else; the rest
 * are normalised first, and where characters of unspaced scripts occur they are set apart by
 * spaces, so that the same kernel hashes them. Places are found by walking the text itself, one
 * character after another: that happens only where something was found. */
#include "op/decontaminate/leak_terms.h"

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

/* The first byte at or behind `at` that is not ASCII, or s.n. */
static size_t next_wide(tm_str s, size_t at)
{
    uint64_t eight;
    for (; at + sizeof eight <= s.n; at += sizeof eight) {
        memcpy(&eight, s.p + at, sizeof eight);
        if (eight & 0x8080808080808080u) break;
    }
    while (at < s.n && (uint8_t)s.p[at] < 0x80) at++;
    return at;
}

/* The next zero-width mark is [*from, *at); false: there is none behind *at. */
static bool next_invisible(tm_str s, size_t *from, size_t *at)
{
    while ((*at = next_wide(s, *at)) < s.n) {
        *from = *at;
        uint32_t c = tm_utf8_next(s, at);
        if (c != TM_UTF8_BAD && tm_is_zero_width(c)) return true;
    }
    return false;
}

/* The text without zero-width marks, in NFC: itself when it is so. */
static bool normalise(tm_leak_text *t, tm_str *text)
{
    size_t at = 0, begin = 0, from;
    tm_buf_clear(&t->plain);
    while (next_invisible(*text, &from, &at)) {
        tm_buf_add(&t->plain, text->p + begin, from - begin);
        begin = at;
    }
    if (begin) tm_buf_add(&t->plain, text->p + begin, text->n - begin);
    if (t->plain.failed) return false;
    if (begin) *text = tm_buf_view(&t->plain);
    if (tm_text_is_form(*text, TM_FORM_NFC)) return true;
    tm_buf_clear(&t->form);
    tm_text_to_form(*text, TM_FORM_NFC, &t->form);
    *text = tm_buf_view(&t->form);
    return !t->form.failed;
}

/* Joined terms with every character of an unspaced script as a term of its own. Those take three
 * bytes and more. */
static void set_apart(tm_str joined, tm_buf *out)
{
    bool apart = false; /* the character before was one of those */
    for (size_t at = 0; at < joined.n;) {
        size_t begin = at;
        uint32_t c = 0;
        bool own = false;
        if ((uint8_t)joined.p[at] >= 0xE0) {
            c = tm_utf8_next(joined, &at);
            own = c != TM_UTF8_BAD && tm_is_unspaced(c);
        }
        while (!own && at < joined.n && (uint8_t)joined.p[at] < 0xE0) at++;
        bool gap = out->n && out->p[out->n - 1] == ' ';
        bool starts = joined.p[begin] == ' ';
        if ((own || apart) && out->n && !gap && !starts) tm_buf_char(out, ' ');
        if (!(gap && starts)) tm_buf_add(out, joined.p + begin, at - begin);
        apart = own;
    }
}

static bool make_room(tm_leak_text *t, size_t terms)
{
    if (terms <= t->room) return true;
    size_t room = terms + terms / 2;
    tm_free(t->hash);
    t->room = 0;
    t->hash = tm_alloc(room * sizeof *t->hash);
    if (t->hash) t->room = room;
    return t->hash != NULL;
}

bool tm_leak_hashes(tm_str text, tm_leak_text *t)
{
    tm_buf_clear(&t->joined);
    t->count = 0;
    if (highest(text) >= 0x80 && !normalise(t, &text)) return false;
    tm_text_terms(text, &t->joined);
    if (t->joined.failed) return false;
    tm_str terms = tm_buf_view(&t->joined);
    if (highest(terms) >= 0xE0) {
        tm_buf_clear(&t->apart);
        set_apart(terms, &t->apart);
        if (t->apart.failed) return false;
        terms = tm_buf_view(&t->apart);
    }
    if (!make_room(t, terms.n / 2 + 1)) return false;
    if (terms.n) t->count = tm_term_hashes(terms, t->hash);
    return true;
}

void tm_leak_text_release(tm_leak_text *t)
{
    tm_buf_release(&t->plain);
    tm_buf_release(&t->form);
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
