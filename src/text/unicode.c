/* Normal forms, lower case and case folding over utf8proc's tables.
 *
 * Most text is in its normal form already, so the work is to find that out quickly. Some characters
 * are the same in the form asked for and never join with what stands before them (ASCII, Latin,
 * Han, Hangul syllables): text is cut before each of them, and only a stretch that holds anything
 * else is decomposed, ordered, composed again, and compared. Memory is bounded by the longest
 * stretch.
 *
 * Marks are ordered here and not by utf8proc, whose sort takes quadratic time on a long run of
 * them: short runs by insertion, long ones by counting their 256 classes.
 *
 * Lower case is per character but for U+0130, the one character with an unconditional longer form
 * (SpecialCasing.txt); folding is full (CaseFolding.txt, C and F). Surrogates of WTF-8 and bytes
 * that are not UTF-8 pass through. */
#include <string.h>
#include <utf8proc.h>

#include "base/vec.h"
#include "text/utf8.h"
#include "text/words.h"

typedef struct points {
    int32_t *point;
    uint32_t count, room;
} points;

static bool is_han(uint32_t c)
{
    return c >= 0x4E00 && c <= 0x9FFF;
}
static bool is_hangul(uint32_t c)
{
    return c >= 0xAC00 && c <= 0xD7A3;
}

/* U+11A7 stands before the first trailing consonant and is none. utf8proc (its pull request 317,
 * November 2025) takes it for one behind a syllable and loses it: it is cut off before, so that
 * utf8proc never sees the two together. */
static bool is_no_consonant(uint32_t c)
{
    return c == 0x11A7;
}

/* Never joins with what stands before it, in any form. */
static bool cuts(uint32_t c)
{
    return c < 0x300 || is_han(c) || is_hangul(c) || is_no_consonant(c) ||
           (c >= 0xD800 && c < 0xE000) || c == TM_UTF8_BAD;
}

/* The same in this form, for sure. All that are the same here also cut. */
static bool is_same(uint32_t c, tm_unicode_form form)
{
    static const uint32_t below[] = {0x300, 0x300, 0xA0, 0xC0, 0xA0};
    bool composed = form == TM_FORM_NFC || form == TM_FORM_NFKC;
    return c < below[form] || is_han(c) || (composed && is_hangul(c)) || is_no_consonant(c) ||
           (c >= 0xD800 && c < 0xE000) || c == TM_UTF8_BAD;
}

static utf8proc_option_t options_of(tm_unicode_form form)
{
    switch (form) {
    case TM_FORM_NFC: return (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    case TM_FORM_NFKC:
        return (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case TM_FORM_NFKD:
        return (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    default: return (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE);
    }
}

static unsigned class_of(int32_t c)
{
    return (unsigned)utf8proc_get_property(c)->combining_class & 255;
}

static void order_short(int32_t *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        int32_t c = p[i];
        size_t k = i;
        for (; k && class_of(p[k - 1]) > class_of(c); k--) p[k] = p[k - 1];
        p[k] = c;
    }
}

static bool order_long(int32_t *p, size_t n)
{
    size_t from[257] = {0};
    int32_t *copy = tm_alloc(n * sizeof *p);
    if (!copy) return false;
    memcpy(copy, p, n * sizeof *p);
    for (size_t i = 0; i < n; i++) from[class_of(p[i]) + 1]++;
    for (size_t i = 0; i < 256; i++) from[i + 1] += from[i];
    for (size_t i = 0; i < n; i++) p[from[class_of(copy[i])]++] = copy[i];
    tm_free(copy);
    return true;
}

/* Each run of marks in the order of their classes, equal ones as they stood (Unicode 15.0,
 * D109). */
static bool order_marks(int32_t *p, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t end = i;
        while (end < n && class_of(p[end])) end++;
        if (end - i < 32)
            order_short(p + i, end - i);
        else if (!order_long(p + i, end - i))
            return false;
        i = end + 1;
    }
    return true;
}

/* The stretch in the form asked for, as code points. */
static bool normalise(points *work, tm_str stretch, tm_unicode_form form)
{
    utf8proc_option_t options = options_of(form);
    int bound = 0;
    work->count = 0;
    for (size_t at = 0; at < stretch.n;) {
        uint32_t c = tm_utf8_next(stretch, &at);
        if (!TM_ROOM_HEAP(work->point, work->count, work->room, 32)) return false;
        int32_t *to = work->point + work->count;
        utf8proc_ssize_t n = utf8proc_decompose_char((int32_t)c, to, 32, options, &bound);
        if (n < 0 || n > 32) {
            to[0] = (int32_t)c;
            n = 1;
        }
        work->count += (uint32_t)n;
    }
    if (!order_marks(work->point, work->count)) return false;
    utf8proc_ssize_t n = utf8proc_normalize_utf32(work->point, work->count, options);
    if (n >= 0) work->count = (uint32_t)n;
    return true;
}

static void put(uint32_t c, tm_buf *out)
{
    char bytes[4];
    tm_buf_add(out, bytes, tm_utf8_put(c, bytes));
}

static bool is_equal(const points *work, tm_str stretch)
{
    size_t at = 0;
    for (uint32_t i = 0; i < work->count; i++) {
        char bytes[4];
        unsigned n = tm_utf8_put((uint32_t)work->point[i], bytes);
        if (stretch.n - at < n || memcmp(stretch.p + at, bytes, n) != 0) return false;
        at += n;
    }
    return at == stretch.n;
}

static size_t ascii_end(tm_str s, size_t at)
{
    for (uint64_t word; at + 8 <= s.n; at += 8) {
        memcpy(&word, s.p + at, 8);
        if (word & 0x8080808080808080u) break;
    }
    while (at < s.n && !((uint8_t)s.p[at] & 0x80)) at++;
    return at;
}

/* The next stretch at or behind *at that may change; false if there is none. */
static bool next_stretch(tm_str s, tm_unicode_form form, size_t *at, tm_str *stretch)
{
    size_t begin = *at, i = *at;
    while (i < s.n) {
        size_t ascii = ascii_end(s, i);
        if (ascii > i) begin = (i = ascii) - 1;
        if (i == s.n) break;
        size_t here = i;
        uint32_t c = tm_utf8_next(s, &i);
        if (cuts(c)) begin = c == TM_UTF8_BAD ? i : here;
        if (is_same(c, form)) continue;
        while (i < s.n) {
            size_t next = i;
            if (cuts(tm_utf8_next(s, &next))) break;
            i = next;
        }
        *at = i;
        *stretch = (tm_str){s.p + begin, i - begin};
        return true;
    }
    return false;
}

bool tm_text_is_form(tm_str s, tm_unicode_form form)
{
    points work = {0};
    bool same = true;
    size_t at = 0;
    tm_str stretch;
    if (form == TM_FORM_NONE) return true;
    while (same && next_stretch(s, form, &at, &stretch))
        same = normalise(&work, stretch, form) && is_equal(&work, stretch);
    tm_free(work.point);
    return same;
}

void tm_text_to_form(tm_str s, tm_unicode_form form, tm_buf *out)
{
    points work = {0};
    size_t at = 0, done = 0;
    tm_str stretch;
    while (form != TM_FORM_NONE && next_stretch(s, form, &at, &stretch)) {
        if (!normalise(&work, stretch, form)) {
            out->failed = true;
            break;
        }
        size_t begin = (size_t)(stretch.p - s.p);
        tm_buf_add(out, s.p + done, begin - done);
        for (uint32_t i = 0; i < work.count; i++) put((uint32_t)work.point[i], out);
        done = at;
    }
    if (done < s.n) tm_buf_add(out, s.p + done, s.n - done);
    tm_free(work.point);
}

static void lower_ascii(tm_str s, tm_buf *out)
{
    if (!tm_buf_grow(out, s.n)) return;
    char *to = out->p + out->n;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        to[i] = (char)(c + ((uint8_t)(c - 'A') < 26 ? 32 : 0));
    }
    out->n += s.n;
}

static void lower_one(uint32_t c, tm_buf *out)
{
    put((uint32_t)utf8proc_tolower((int32_t)c), out);
    if (c == 0x130) put(0x307, out);
}

static void fold_one(uint32_t c, tm_buf *out)
{
    int32_t to[8];
    int bound = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((int32_t)c, to, 8, UTF8PROC_CASEFOLD, &bound);
    if (n < 0 || n > 8)
        put(c, out);
    else
        for (utf8proc_ssize_t i = 0; i < n; i++) put((uint32_t)to[i], out);
}

static void map_text(tm_str s, void (*one)(uint32_t c, tm_buf *out), tm_buf *out)
{
    for (size_t at = 0; at < s.n;) {
        size_t ascii = ascii_end(s, at);
        if (ascii > at) lower_ascii((tm_str){s.p + at, ascii - at}, out);
        at = ascii;
        if (at == s.n) return;
        size_t begin = at;
        uint32_t c = tm_utf8_next(s, &at);
        if (c == TM_UTF8_BAD)
            tm_buf_add(out, s.p + begin, at - begin);
        else
            one(c, out);
    }
}

void tm_text_lower(tm_str s, tm_buf *out)
{
    map_text(s, lower_one, out);
}
void tm_text_fold(tm_str s, tm_buf *out)
{
    map_text(s, fold_one, out);
}
