/* Any bytes as text. Every kernel says what the scalar one says and touches nothing outside; what
 * is repaired is UTF-8 and stays as it is; words are the same counted and taken one by one; a text
 * in a normal form is found to be in it and is not changed again; a normal form of a form is that
 * of the text; escaping for JSON loses nothing; and the bytes read as UTF-16 or UTF-32 give the
 * same UTF-8 in any pieces. */
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "text/kernel.h"
#include "text/utf8.h"
#include "text/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const tm_kernel *k, tm_str s, size_t room)
{
    const tm_kernel *plain = &tm_kernel_scalar;
    uint64_t *got = malloc((room + 1) * sizeof *got), *want = malloc((room + 1) * sizeof *want);
    size_t got_eaten, want_eaten;
    TM_ASSERT(got && want);
    size_t count = plain->lines(s.p, s.n, want, room, &want_eaten);
    TM_ASSERT(k->lines(s.p, s.n, got, room, &got_eaten) == count && count <= room);
    TM_ASSERT(got_eaten == want_eaten && !memcmp(got, want, count * sizeof *want));
    free(got);
    free(want);
}

static void check_fold(const tm_kernel *k, tm_str s)
{
    char *got = malloc(s.n + 1), *want = malloc(s.n + 1);
    TM_ASSERT(got && want);
    for (unsigned how = 0; how < 8; how++) {
        size_t stop = tm_kernel_scalar.fold(s.p, s.n, want, how & 3, how >> 2);
        got[s.n] = 'x';
        TM_ASSERT(k->fold(s.p, s.n, got, how & 3, how >> 2) == stop);
        TM_ASSERT(!memcmp(got, want, stop) && got[s.n] == 'x');
    }
    free(got);
    free(want);
}

static void check_escape(const tm_kernel *k, tm_str s)
{
    char *got = malloc(6 * s.n + 1), *want = malloc(6 * s.n + 1);
    TM_ASSERT(got && want);
    size_t written = tm_kernel_scalar.escape(s.p, s.n, want);
    TM_ASSERT(k->escape(s.p, s.n, got) == written && !memcmp(got, want, written));
    free(got);
    free(want);
}

static void check_kernel(const tm_kernel *k, tm_str s, size_t room)
{
    const tm_kernel *plain = &tm_kernel_scalar;
    TM_ASSERT(k->utf8_valid(s.p, s.n) == plain->utf8_valid(s.p, s.n));
    TM_ASSERT(k->utf8_count(s.p, s.n) == plain->utf8_count(s.p, s.n));
    TM_ASSERT(k->count_newlines(s.p, s.n) == plain->count_newlines(s.p, s.n));
    TM_ASSERT(k->string_plain(s.p, s.n) == plain->string_plain(s.p, s.n));
    TM_ASSERT(k->escape_plain(s.p, s.n) == plain->escape_plain(s.p, s.n));
    TM_ASSERT(k->find_backslash(s.p, s.n) == plain->find_backslash(s.p, s.n));
    TM_ASSERT(k->is_tidy(s.p, s.n) == plain->is_tidy(s.p, s.n));
    check_lines(k, s, room);
    check_escape(k, s);
    check_fold(k, s);
}

static void check_words(tm_str s)
{
    size_t count = 0;
    tm_str word;
    for (size_t at = 0; tm_text_next_word(s, &at, &word);) count++;
    TM_ASSERT(count == tm_text_words(s));
    for (size_t at = s.n; at;) {
        size_t back = tm_utf8_back(s, at), next = back;
        TM_ASSERT(back < at && at - back <= 4);
        tm_utf8_next(s, &next);
        TM_ASSERT(next == at);
        at = back;
    }
}

static void check_forms(tm_str s)
{
    static const tm_unicode_form forms[] = {TM_FORM_NFD, TM_FORM_NFC, TM_FORM_NFKD, TM_FORM_NFKC};
    tm_buf form[4] = {{0}}, again = {0};
    for (size_t i = 0; i < TM_COUNT(forms); i++) {
        tm_text_to_form(s, forms[i], &form[i]);
        tm_str f = tm_buf_view(&form[i]);
        TM_ASSERT(tm_text_is_form(f, forms[i]));
        TM_ASSERT(tm_text_is_form(s, forms[i]) == tm_str_eq(f, s));
        tm_text_to_form(tm_buf_view(&form[i & 2]), forms[i], &again); /* of NFD, of NFKD */
        TM_ASSERT(tm_str_eq(tm_buf_view(&again), f));
        tm_buf_clear(&again);
    }
    tm_text_fold(s, &again);
    tm_text_lower(s, &again);
    tm_buf_release(&again);
    for (size_t i = 0; i < TM_COUNT(forms); i++) tm_buf_release(&form[i]);
}

static void check_escaping(tm_str s)
{
    tm_buf quoted = {0}, back = {0};
    tm_json json = {0};
    tm_buf_char(&quoted, '"');
    tm_json_escape(s, &quoted);
    tm_buf_char(&quoted, '"');
    TM_ASSERT(tm_json_scan(&json, quoted.p, quoted.n, 0, (tm_json_limits){0}) && json.nodes == 1);
    TM_ASSERT(tm_json_text_is(json.node, quoted.p, 0, s));
    tm_json_unescape(tm_json_inside(json.node, quoted.p, 0), &back);
    TM_ASSERT(tm_str_eq(tm_buf_view(&back), s));
    tm_json_release(&json);
    tm_buf_release(&quoted);
    tm_buf_release(&back);
}

static void check_wide(tm_str s, size_t step)
{
    for (unsigned e = TM_UTF16LE; e <= TM_UTF32BE; e++) {
        tm_transcoder whole = {.from = (tm_encoding)e}, parts = whole;
        tm_buf one = {0}, many = {0};
        tm_transcode(&whole, s.p, s.n, true, &one);
        for (size_t at = 0; at < s.n; at += step)
            tm_transcode(&parts, s.p + at, TM_MIN(step, s.n - at), at + step >= s.n, &many);
        TM_ASSERT(tm_str_eq(tm_buf_view(&one), tm_buf_view(&many)));
        TM_ASSERT(whole.spoiled == parts.spoiled && whole.spoiled <= s.n);
        TM_ASSERT((tm_kernel_scalar.utf8_valid(one.p, one.n) == one.n) == !whole.spoiled);
        tm_buf_release(&one);
        tm_buf_release(&many);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"avx2", "avx512"};
    tm_buf repaired = {0}, again = {0};
    if (size < 1) return 0;
    size_t n = size - 1, step = data[0] % 16 + 1;
    char *copy = malloc(n ? n : 1); /* of its own: what lies behind it is watched */
    if (!copy) return 0;
    memcpy(copy, data + 1, n);
    tm_str s = {copy, n};
    for (size_t k = 0; k < TM_COUNT(names); k++)
        if (tm_kernel_named(names[k])) check_kernel(tm_kernel_named(names[k]), s, data[0]);
    check_words(s);
    check_forms(s);
    check_wide(s, step);
    size_t replaced = tm_utf8_repair(s, &repaired);
    tm_str text = tm_buf_view(&repaired);
    TM_ASSERT((replaced == 0) == (tm_kernel_now()->utf8_valid(s.p, s.n) == s.n));
    TM_ASSERT(tm_kernel_now()->utf8_valid(text.p, text.n) == text.n);
    TM_ASSERT(tm_utf8_repair(text, &again) == 0 && tm_str_eq(tm_buf_view(&again), text));
    check_words(text);
    check_forms(text);
    check_escaping(text);
    tm_buf_release(&repaired);
    tm_buf_release(&again);
    free(copy);
    return 0;
}
