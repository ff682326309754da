/* Normal forms, lower case and case folding: what Unicode Standard Annex 15 says must hold of every
 * code point and of random strings with marks, the same strings through utf8proc in one piece
 * (ours are cut into stretches), and long runs of marks. The tables themselves are asked against
 * Python's in test/oracle/test_unicode.py. */
#include <utf8proc.h>

#include "text/utf8.h"
#include "text/words.h"
#include "text_help.h"

static const tm_unicode_form forms[] = {TM_FORM_NFC, TM_FORM_NFKC, TM_FORM_NFD, TM_FORM_NFKD};

static int options_of(tm_unicode_form form)
{
    bool composed = form == TM_FORM_NFC || form == TM_FORM_NFKC;
    bool compatible = form == TM_FORM_NFKC || form == TM_FORM_NFKD;
    return UTF8PROC_STABLE | (composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
           (compatible ? UTF8PROC_COMPAT : 0);
}

static tm_str to_form(tm_str s, tm_unicode_form form, tm_buf *out)
{
    tm_buf_clear(out);
    tm_text_to_form(s, form, out);
    assert_false(out->failed);
    assert_true(tm_text_is_form(tm_buf_view(out), form));
    return tm_buf_view(out);
}

static void same(tm_str a, tm_str b, const char *what, tm_str of)
{
    if (tm_str_eq(a, b)) return;
    fprintf(stderr, "%s of", what);
    for (size_t at = 0; at < of.n;) fprintf(stderr, " U+%04X", tm_utf8_next(of, &at));
    fail_msg("%s is wrong", what);
}

/* The invariants of UAX 15, as NormalizationTest.txt has them for its five columns. */
static void check(tm_str text)
{
    static tm_buf form[TM_FORM_NFKD + 1], other;
    tm_str s = {guarded_copy(text), text.n}, f[TM_FORM_NFKD + 1];
    for (size_t i = 0; i < TM_COUNT(forms); i++) {
        tm_unicode_form to = forms[i];
        f[to] = to_form(s, to, &form[to]);
        assert_int_equal(tm_text_is_form(s, to), tm_str_eq(f[to], s));
    }
    for (size_t i = 0; i < TM_COUNT(forms); i++) {
        tm_str from = f[forms[i]];
        bool k = forms[i] == TM_FORM_NFKC || forms[i] == TM_FORM_NFKD;
        same(to_form(from, TM_FORM_NFKC, &other), f[TM_FORM_NFKC], "NFKC of a form", s);
        same(to_form(from, TM_FORM_NFKD, &other), f[TM_FORM_NFKD], "NFKD of a form", s);
        if (k) continue;
        same(to_form(from, TM_FORM_NFC, &other), f[TM_FORM_NFC], "NFC of a form", s);
        same(to_form(from, TM_FORM_NFD, &other), f[TM_FORM_NFD], "NFD of a form", s);
    }
}

/* And the whole of it through utf8proc at once. */
static void check_whole(tm_str text)
{
    static tm_buf got;
    for (size_t i = 0; i < TM_COUNT(forms); i++) {
        utf8proc_uint8_t *to = NULL;
        utf8proc_ssize_t n =
            utf8proc_map((const utf8proc_uint8_t *)text.p, (utf8proc_ssize_t)text.n, &to,
                         (utf8proc_option_t)options_of(forms[i]));
        assert_true(n >= 0);
        same(to_form(text, forms[i], &got), (tm_str){(char *)to, (size_t)n}, "a form", text);
        free(to); /* utf8proc's own */
    }
    check(text);
}

static void keep_the_invariants_for_every_code_point(void **state)
{
    TM_UNUSED(state);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char four[4];
        if (c == 0x30000) c = 0xE0000; /* nothing is assigned between them */
        if (c == 0xE1000) c = 0x10FFFE;
        check((tm_str){four, tm_utf8_put(c, four)});
    }
}

/* Letters that compose, marks of many classes, jamo, and what stretches are cut at. */
static const uint32_t alphabet[] = {
    'a',    'e',    ' ',     '\n',    0xC9,    0xE9,    0x300,   0x301,   0x302,   0x304,   0x307,
    0x308,  0x323,  0x327,   0x328,   0x32D,   0x338,   0x345,   0x1D15E, 0x1D157, 0x1D165, 0x1100,
    0x1161, 0x11A8, 0xAC00,  0xAC01,  0x4E2D,  0x3042,  0x3099,  0x309A,  0x304B,  0xFB01,  0x2126,
    0x212B, 0x1E9B, 0x1E69,  0x3B1,   0x1F80,  0x5D0,   0x5B0,   0x5BC,   0x5B7,   0x915,   0x93C,
    0x9C7,  0x9BE,  0xB47,   0xB57,   0xFDFA,  0x2F800, 0xFE0F,  0x200D,  0x1F372, 0x958,   0x340,
    0x343,  0x344,  0x387,   0x2ADC,  0x1109A, 0x110BA, 0x11935, 0x11930, 0xF71,   0xF72,   0xF74,
    0xF80,  0x334,  0x1133E, 0x11347, 0x1DCE,  0x35C,   0x302A,  0x302E,  0x9CD,   0x1037};

static size_t random_text(char *to, size_t most)
{
    size_t n = 0, kinds = chance(2) ? TM_COUNT(alphabet) : 20;
    for (size_t k = (size_t)chance(most) + 1; k; k--)
        n += tm_utf8_put(alphabet[chance(kinds)], to + n);
    return n;
}

static void agree_with_utf8proc_on_random_strings_with_marks(void **state)
{
    char text[400];
    TM_UNUSED(state);
    for (int round = 0; round < 20000; round++)
        check_whole((tm_str){text, random_text(text, round % 8 ? 8 : 90)});
}

static void agree_with_utf8proc_on_every_pair_and_triple_of_them(void **state)
{
    const size_t all = TM_COUNT(alphabet);
    TM_UNUSED(state);
    for (size_t number = 0; number < all * all; number++) {
        char text[12];
        size_t n = tm_utf8_put(alphabet[number % all], text);
        n += tm_utf8_put(alphabet[number / all], text + n);
        check_whole((tm_str){text, n});
        n += tm_utf8_put(alphabet[chance(all)], text + n);
        check_whole((tm_str){text, n});
    }
}

static void order_long_runs_of_marks(void **state)
{
    static const uint32_t marks[] = {0x301, 0x323, 0x327, 0x345, 0x334, 0x302, 0x5B0, 0x93C};
    TM_UNUSED(state);
    for (size_t count = 1; count < 200; count++) {
        tm_buf text = {0};
        tm_buf_char(&text, 'a');
        for (size_t k = 0; k < count; k++) {
            char four[4];
            tm_buf_add(&text, four, tm_utf8_put(marks[chance(TM_COUNT(marks))], four));
        }
        tm_buf_char(&text, 'z');
        check_whole(tm_buf_view(&text));
        tm_buf_release(&text);
    }
}

/* A run of a million marks, the worst order first: it would take hours if it took its square. */
static void order_a_million_marks(void **state)
{
    tm_buf text = {0}, out = {0};
    TM_UNUSED(state);
    for (int k = 0; k < 500000; k++) tm_buf_z(&text, "\xCC\x81");
    for (int k = 0; k < 500000; k++) tm_buf_z(&text, "\xCC\xA3");
    tm_text_to_form(tm_buf_view(&text), TM_FORM_NFD, &out);
    assert_int_equal(out.n, text.n);
    assert_memory_equal(out.p, text.p + 1000000, 1000000);
    assert_memory_equal(out.p + 1000000, text.p, 1000000);
    tm_buf_release(&text);
    tm_buf_release(&out);
}

typedef struct form_case {
    const char *text, *nfc, *nfd, *nfkc, *nfkd;
} form_case;

/* UAX 15, figures 3 to 6 and table 1. */
static void are_those_of_the_figures_of_the_annex(void **state)
{
#define FI "\xEF\xAC\x81"
#define LONG_S_DOTS "\xE1\xBA\x9B\xCC\xA3"
    static const form_case cases[] = {
        {"\xE2\x84\xAB", "\xC3\x85", "A\xCC\x8A", "\xC3\x85", "A\xCC\x8A"},
        {"\xE2\x84\xA6", "\xCE\xA9", "\xCE\xA9", "\xCE\xA9", "\xCE\xA9"},
        {"\xC3\x85", "\xC3\x85", "A\xCC\x8A", "\xC3\x85", "A\xCC\x8A"},
        {"\xC3\xB4", "\xC3\xB4", "o\xCC\x82", "\xC3\xB4", "o\xCC\x82"},
        {"\xE1\xB9\xA9", "\xE1\xB9\xA9", "s\xCC\xA3\xCC\x87", "\xE1\xB9\xA9", "s\xCC\xA3\xCC\x87"},
        {"\xE1\xB8\x8B\xCC\xA3", "\xE1\xB8\x8D\xCC\x87", "d\xCC\xA3\xCC\x87",
         "\xE1\xB8\x8D\xCC\x87", "d\xCC\xA3\xCC\x87"},
        {"q\xCC\x87\xCC\xA3", "q\xCC\xA3\xCC\x87", "q\xCC\xA3\xCC\x87", "q\xCC\xA3\xCC\x87",
         "q\xCC\xA3\xCC\x87"},
        {FI, FI, FI, "fi", "fi"},
        {"2\xE2\x81\xB5", "2\xE2\x81\xB5", "2\xE2\x81\xB5", "25", "25"},
        {LONG_S_DOTS, LONG_S_DOTS, "\xC5\xBF\xCC\xA3\xCC\x87", "\xE1\xB9\xA9", "s\xCC\xA3\xCC\x87"},
        {"\xEA\xB0\x80\xE1\x86\xA8", "\xEA\xB0\x81", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8",
         "\xEA\xB0\x81", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8"},
    };
    tm_buf out = {0};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        const form_case *c = &cases[i];
        const char *const want[] = {c->nfc, c->nfkc, c->nfd, c->nfkd};
        for (size_t k = 0; k < TM_COUNT(forms); k++)
            same(to_form(tm_str_of(c->text), forms[k], &out), tm_str_of(want[k]), "a figure",
                 tm_str_of(c->text));
    }
    tm_buf_release(&out);
}

static void leave_surrogates_broken_bytes_and_no_form_alone(void **state)
{
    static const char *const texts[] = {
        "\xED\xA0\x80", "a\xFF\xCC", "\x80\x80", "\xF0\x9F\x8D", "\xED\xBF\xBF\xED\xA0\x80", "",
        "\xC3"};
    tm_buf out = {0};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(texts); i++) {
        tm_str s = {guarded_copy(tm_str_of(texts[i])), strlen(texts[i])};
        for (size_t k = 0; k < TM_COUNT(forms); k++) same(to_form(s, forms[k], &out), s, "it", s);
    }
    tm_buf_clear(&out);
    tm_text_to_form(TM_STR("e\xCC\x81"), TM_FORM_NONE, &out);
    assert_true(tm_str_is(tm_buf_view(&out), "e\xCC\x81"));
    assert_true(tm_text_is_form(TM_STR("e\xCC\x81"), TM_FORM_NONE));
    /* What is broken does not join what stands beside it, and hides nothing. */
    for (size_t k = 0; k < TM_COUNT(forms); k++)
        assert_int_equal(to_form((tm_str){0}, forms[k], &out).n, 0);
    to_form(TM_STR("e\xFF\xCC\x81"
                   "e\xCC\x81\xFF"),
            TM_FORM_NFC, &out);
    assert_true(tm_str_is(tm_buf_view(&out), "e\xFF\xCC\x81\xC3\xA9\xFF"));
    tm_buf_release(&out);
}

/* utf8proc 2.8 loses U+11A7 behind a syllable; the annex leaves it where it stands. */
static void keep_what_stands_before_the_first_trailing_consonant(void **state)
{
    tm_buf out = {0};
    TM_UNUSED(state);
    tm_str s = TM_STR("\xEA\xB0\x80\xE1\x86\xA7"),
           lost = TM_STR("\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA7");
    same(to_form(s, TM_FORM_NFC, &out), s, "NFC", s);
    same(to_form(lost, TM_FORM_NFC, &out), s, "NFC", lost);
    same(to_form(s, TM_FORM_NFKD, &out), lost, "NFKD", s);
    assert_true(tm_text_is_form(s, TM_FORM_NFC));
    check(s);
    check(lost);
    tm_buf_release(&out);
}

static void turn_case_as_the_standard_says(void **state)
{
    static const struct {
        const char *text, *lower, *folded;
    } cases[] = {
        {"", "", ""},
        {"Hello, WORLD @[`{", "hello, world @[`{", "hello, world @[`{"},
        {"\xC3\x89T\xC3\x89", "\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
        {"Stra\xC3\x9F"
         "e",
         "stra\xC3\x9F"
         "e",
         "strasse"},
        {"\xE1\xBA\x9E", "\xC3\x9F", "ss"},
        {"\xC4\xB0", "i\xCC\x87", "i\xCC\x87"},
        {"\xCE\xA3\xCF\x82", "\xCF\x83\xCF\x82", "\xCF\x83\xCF\x83"},
        {"\xEF\xAC\x83", "\xEF\xAC\x83", "ffi"},
        {"\xF0\x90\x90\x80", "\xF0\x90\x90\xA8", "\xF0\x90\x90\xA8"},
        {"A\xED\xA0\x80\xFFZ", "a\xED\xA0\x80\xFFz", "a\xED\xA0\x80\xFFz"},
    };
    tm_buf out = {0};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_buf_clear(&out);
        tm_text_lower(tm_str_of(cases[i].text), &out);
        same(tm_buf_view(&out), tm_str_of(cases[i].lower), "lower case", tm_str_of(cases[i].text));
        tm_buf_clear(&out);
        tm_text_fold(tm_str_of(cases[i].text), &out);
        same(tm_buf_view(&out), tm_str_of(cases[i].folded), "folding", tm_str_of(cases[i].text));
    }
    tm_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep_the_invariants_for_every_code_point),
        cmocka_unit_test(agree_with_utf8proc_on_random_strings_with_marks),
        cmocka_unit_test(agree_with_utf8proc_on_every_pair_and_triple_of_them),
        cmocka_unit_test(order_long_runs_of_marks),
        cmocka_unit_test(order_a_million_marks),
        cmocka_unit_test(are_those_of_the_figures_of_the_annex),
        cmocka_unit_test(leave_surrogates_broken_bytes_and_no_form_alone),
        cmocka_unit_test(keep_what_stands_before_the_first_trailing_consonant),
        cmocka_unit_test(turn_case_as_the_standard_says),
    };
    return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
