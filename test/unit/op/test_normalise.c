/* tm_normalise against a naive reference, for all sixteen combinations of its steps: the text as a
 * list of code points, changed by one step after another, with utf8proc asked directly for the
 * normal form and the folding. ASCII takes another way through the code than everything else: the
 * reference knows only one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "op/normalise.h"
#include "text/utf8.h"
#include "text/words.h"

static uint64_t chance_state = 1;

static uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    return (z ^ (z >> 29)) % below;
}

static void put(uint32_t c, tm_buf *out)
{
    char four[4];
    tm_buf_add(out, four, tm_utf8_put(c, four));
}

static void map(int options, tm_buf *text)
{
    utf8proc_uint8_t *to = NULL;
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text->p, (utf8proc_ssize_t)text->n,
                                      &to, (utf8proc_option_t)options);
    assert_true(n >= 0);
    tm_buf_clear(text);
    tm_buf_add(text, to, (size_t)n);
    free(to); /* utf8proc's own */
}

static void reference(tm_str s, uint64_t steps, tm_buf *text)
{
    tm_buf copy = {0};
    tm_buf_clear(text);
    tm_buf_str(text, s);
    tm_buf_str(&copy, s);
    if (steps & TM_NORM_ZERO_WIDTH) {
        tm_buf_clear(text);
        for (size_t at = 0; at < copy.n;) {
            uint32_t c = tm_utf8_next(tm_buf_view(&copy), &at);
            if (!tm_is_zero_width(c)) put(c, text);
        }
    }
    if (steps & TM_NORM_UNICODE) map(UTF8PROC_STABLE | UTF8PROC_COMPOSE, text);
    if (steps & TM_NORM_CASE) map(UTF8PROC_CASEFOLD, text);
    if (steps & TM_NORM_CASE && steps & TM_NORM_UNICODE)
        map(UTF8PROC_STABLE | UTF8PROC_COMPOSE, text);
    if (steps & TM_NORM_SPACE) {
        bool wait = false;
        tm_buf_clear(&copy);
        tm_buf_str(&copy, tm_buf_view(text));
        tm_buf_clear(text);
        for (size_t at = 0; at < copy.n;) {
            uint32_t c = tm_utf8_next(tm_buf_view(&copy), &at);
            if (tm_is_space(c)) {
                wait = text->n > 0;
                continue;
            }
            if (wait) put(' ', text);
            put(c, text);
            wait = false;
        }
    }
    tm_buf_release(&copy);
}

static void check(tm_str s)
{
    static tm_buf want, got, again, scratch;
    for (uint64_t steps = 0; steps < 16; steps++) {
        reference(s, steps, &want);
        tm_buf_clear(&got);
        tm_buf_z(&got, chance(2) ? "kept" : "a  "); /* what stands there is neither read nor lost */
        size_t before = got.n;
        tm_normalise(s, steps, &scratch, &got);
        assert_false(got.failed);
        tm_str key = {got.p + before, got.n - before};
        if (!tm_str_eq(key, tm_buf_view(&want)))
            fail_msg("steps %u: \"%.*s\" becomes \"%.*s\", not \"%.*s\"", (unsigned)steps,
                     TM_FMT(s), TM_FMT(key), TM_FMT(tm_buf_view(&want)));
        tm_buf_clear(&again); /* every step says the same the second time */
        tm_normalise(key, steps, &scratch, &again);
        assert_true(tm_str_eq(tm_buf_view(&again), key));
    }
}

static void is_the_reference_on_short_ascii_texts(void **state)
{
    static const char byte[] = "aZ \n\x1C.";
    TM_UNUSED(state);
    for (size_t n = 0, all = 1; n <= 6; n++, all *= 6) {
        for (size_t number = 0; number < all; number++) {
            char text[6];
            size_t rest = number;
            for (size_t i = 0; i < n; i++, rest /= 6) text[i] = byte[rest % 6];
            check((tm_str){text, n});
        }
    }
}

static tm_str random_text(const char *const *piece, size_t pieces, size_t most)
{
    static char text[400];
    size_t n = 0;
    for (size_t end = (size_t)chance(most); n < end;) {
        const char *p = chance(4) ? "Word" : piece[chance(pieces)];
        memcpy(text + n, p, strlen(p));
        n += strlen(p);
    }
    return (tm_str){text, n};
}

static void is_the_reference_on_random_ascii_texts(void **state)
{
    static const char *const piece[] = {" ", "  ", "\n", "\t",   "\r\n", "\x1F", "\v", "[",
                                        "@", "`",  "{",  "\x7F", "\x01", "A",    "z"};
    TM_UNUSED(state);
    for (int round = 0; round < 10000; round++) check(random_text(piece, TM_COUNT(piece), 200));
}

static void is_the_reference_on_random_texts(void **state)
{
    static const char *const piece[] = {" ",
                                        "  ",
                                        "\n",
                                        "A",
                                        "e\xCC\x81",
                                        "\xC3\x89",
                                        "\xC3\x9F",
                                        "\xE1\xBA\x9E",
                                        "\xC4\xB0",
                                        "\xCE\xA3",
                                        "\xCF\x82",
                                        "\xE2\x80\x8B",
                                        "\xEF\xBB\xBF",
                                        "\xC2\xAD",
                                        "\xC2\xA0",
                                        "\xE3\x80\x80",
                                        "\xE2\x80\x83",
                                        "\xE2\x80\x8D",
                                        "\xEF\xAC\x81",
                                        "\xE1\xB4\xAC",
                                        "\xEA\xB0\x80",
                                        "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8",
                                        "\xE6\x97\xA5",
                                        "\xCC\xA3\xCC\x87",
                                        "\xF0\x9F\x8D\xB2",
                                        "\xE1\xBE\x80",
                                        "\xC8\xBA",
                                        "\xC2\x85",
                                        "\xE2\x81\xA6"};
    TM_UNUSED(state);
    for (int round = 0; round < 20000; round++) check(random_text(piece, TM_COUNT(piece), 120));
}

static void is_the_reference_on_every_character_between_others(void **state)
{
    TM_UNUSED(state);
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x3200 || c > 0xE0000 ? 1 : 7) {
        if (c >= 0xD800 && c < 0xE000) continue;
        if (c == 0xE1000) c = 0x10FFF0;
        char text[8] = {'A', ' '};
        size_t n = 2 + tm_utf8_put(c, text + 2);
        text[n++] = ' ';
        text[n++] = 'e';
        tm_buf want = {0}, got = {0}, scratch = {0};
        reference((tm_str){text, n}, 15, &want);
        tm_normalise((tm_str){text, n}, 15, &scratch, &got);
        if (!tm_str_eq(tm_buf_view(&want), tm_buf_view(&got))) fail_msg("U+%04X", c);
        tm_buf_release(&want);
        tm_buf_release(&got);
        tm_buf_release(&scratch);
    }
}

static void makes_one_key_of_texts_that_look_the_same(void **state)
{
    static const struct {
        const char *a, *b;
        uint64_t steps;
    } cases[] = {
        {"Caf\xC3\xA9", "cafe\xCC\x81", 15},
        {" one\ttwo\n", "ONE  TWO", 15},
        {"stra\xC3\x9F"
         "e",
         "STRASSE", TM_NORM_CASE},
        {"a\xE2\x80\x8B"
         "b",
         "ab", TM_NORM_ZERO_WIDTH},
        {"a\xC2\xA0\xE3\x80\x80"
         "b",
         "a b", TM_NORM_SPACE},
        {"\xEF\xBB\xBF", "", 15},
        {" \n\t ", "", TM_NORM_SPACE},
        {"e\xE2\x80\x8B\xCC\x81", "\xC3\xA9", TM_NORM_UNICODE | TM_NORM_ZERO_WIDTH},
        {"J\xCC\x8C\xCC\xA3", "\xC7\xB0\xCC\xA3", TM_NORM_UNICODE | TM_NORM_CASE},
    };
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_buf a = {0}, b = {0}, scratch = {0};
        tm_normalise(tm_str_of(cases[i].a), cases[i].steps, &scratch, &a);
        tm_normalise(tm_str_of(cases[i].b), cases[i].steps, &scratch, &b);
        assert_true(tm_str_eq(tm_buf_view(&a), tm_buf_view(&b)));
        tm_buf_release(&a);
        tm_buf_release(&b);
        tm_buf_release(&scratch);
    }
}

/* WTF-8 of lone surrogates, and bytes that are no UTF-8 at all, are part of the key as they are. */
static void keeps_what_is_no_character(void **state)
{
    tm_buf out = {0}, scratch = {0};
    TM_UNUSED(state);
    tm_normalise(TM_STR(" A\xED\xA0\x80  \xFF"
                        "B "),
                 15, &scratch, &out);
    assert_true(tm_str_is(tm_buf_view(&out), "a\xED\xA0\x80 \xFF"
                                             "b"));
    tm_buf_release(&out);
    tm_buf_release(&scratch);
}

static void names_its_steps_in_the_order_of_their_bits(void **state)
{
    static const char *const want[] = {"unicode", "zero_width", "case", "space"};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(want); i++) assert_string_equal(tm_norm_names[i], want[i]);
    assert_null(tm_norm_names[TM_COUNT(want)]);
    assert_int_equal(TM_NORM_UNICODE | TM_NORM_ZERO_WIDTH | TM_NORM_CASE | TM_NORM_SPACE, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_reference_on_short_ascii_texts),
        cmocka_unit_test(is_the_reference_on_random_ascii_texts),
        cmocka_unit_test(is_the_reference_on_random_texts),
        cmocka_unit_test(is_the_reference_on_every_character_between_others),
        cmocka_unit_test(makes_one_key_of_texts_that_look_the_same),
        cmocka_unit_test(keeps_what_is_no_character),
        cmocka_unit_test(names_its_steps_in_the_order_of_their_bits),
    };
    return cmocka_run_group_tests_name("normalise", tests, NULL, NULL);
}
