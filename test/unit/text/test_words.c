/* Counting words, characters and lines: the blocks of sixteen bytes against words taken one by one
 * and against a plain reading of the definition, and the classes of characters against lists. What
 * Python counts is asked in test/oracle/test_unicode.py. */
#include "text/utf8.h"
#include "text/words.h"
#include "text_help.h"

/* White_Space of the Unicode Character Database 15.0 (PropList.txt), and the four separators that
 * Python's str.isspace() adds. */
static const uint32_t spaces[] = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x1C,   0x1D,   0x1E,
                                  0x1F,   0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002,
                                  0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A,
                                  0x2028, 0x2029, 0x202F, 0x205F, 0x3000};

static const uint32_t zero_width[] = {0xAD,   0x61C,  0x180E, 0x200B, 0x200C, 0x200D, 0x200E,
                                      0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060,
                                      0x2066, 0x2067, 0x2068, 0x2069, 0xFEFF};

static bool among(const uint32_t *list, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == c) return true;
    return false;
}

static void know_the_class_of_every_code_point(void **state)
{
    TM_UNUSED(state);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        bool control = (c < 0x20 && c != 9 && c != 10 && c != 13) || (c >= 0x7F && c <= 0x9F);
        assert_int_equal(tm_is_space(c), among(spaces, TM_COUNT(spaces), c));
        assert_int_equal(tm_is_zero_width(c), among(zero_width, TM_COUNT(zero_width), c));
        assert_int_equal(tm_is_control(c), control);
    }
    assert_false(tm_is_space(TM_UTF8_BAD));
    assert_false(tm_is_zero_width(TM_UTF8_BAD));
}

/* The characters one by one; what is not UTF-8 is part of a word, byte by byte. */
static size_t naive_words(tm_str s)
{
    size_t words = 0;
    bool inside = false;
    for (size_t at = 0; at < s.n;) {
        uint32_t c = tm_utf8_next(s, &at);
        bool space = c != TM_UTF8_BAD && among(spaces, TM_COUNT(spaces), c);
        words += !space && !inside;
        inside = !space;
    }
    return words;
}

static void check(tm_str text)
{
    tm_str s = {guarded_copy(text), text.n}, word;
    size_t words = naive_words(s), at = 0, count = 0, joined = 0;
    if (tm_text_words(s) != words)
        fail_msg("%zu words, not %zu: %.*s", tm_text_words(s), words, TM_FMT(s));
    while (tm_text_next_word(s, &at, &word)) {
        size_t i = 0;
        count++;
        joined += word.n;
        assert_true(word.n > 0 && word.p >= s.p && word.p + word.n == s.p + at);
        while (i < word.n) {
            uint32_t c = tm_utf8_next(word, &i);
            assert_false(c != TM_UTF8_BAD && tm_is_space(c));
        }
    }
    assert_int_equal(count, words);
    assert_int_equal(at, s.n);
    for (at = 0; at < s.n;) {
        size_t from = at;
        uint32_t c = tm_utf8_next(s, &at);
        if (c != TM_UTF8_BAD && tm_is_space(c)) joined += at - from;
    }
    assert_int_equal(joined, s.n); /* words and spaces are all there is */
}

static void are_counted_the_same_at_every_length_in_blocks_and_one_by_one(void **state)
{
    static const char *const piece[] = {"a",        "word",         " ",        "  ",   "\n",
                                        "\t",       "\x1C",         "\x1B",     "\x7F", "\r\n",
                                        "\xC2\xA0", "\xE2\x80\x83", "\xC3\xA9", "\xC2", "\xE3\x80",
                                        "\x08",     "\x0E",         "!",        "\xFF"};
    static const size_t kinds[] = {2, 6, 10, 12, TM_COUNT(piece)};
    TM_UNUSED(state);
    for (size_t most = 0; most <= 120; most++) {
        for (int round = 0; round < 200; round++) {
            char text[200];
            size_t n = 0, kind = kinds[chance(TM_COUNT(kinds))];
            while (n < most) {
                const char *p = piece[chance(kind)];
                memcpy(text + n, p, strlen(p));
                n += strlen(p);
            }
            check((tm_str){text, TM_MIN(n, most)});
        }
    }
}

static void see_every_byte_at_every_place_of_a_block(void **state)
{
    TM_UNUSED(state);
    for (size_t place = 0; place < 50; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[50];
            memset(text, 'a', sizeof text);
            text[place] = (char)byte;
            check((tm_str){text, sizeof text});
            memset(text, ' ', sizeof text);
            text[place] = (char)byte;
            check((tm_str){text, sizeof text});
        }
    }
}

static void see_every_wide_space_where_blocks_meet(void **state)
{
    TM_UNUSED(state);
    for (size_t k = 0; k < TM_COUNT(spaces); k++) {
        for (size_t place = 0; place < 40; place++) {
            char text[60];
            memset(text, 'a', sizeof text);
            tm_utf8_put(spaces[k], text + place);
            check((tm_str){text, sizeof text});
            assert_int_equal(tm_text_words((tm_str){text, sizeof text}), place ? 2 : 1);
            check((tm_str){text, place + tm_utf8_put(spaces[k], text + place)});
        }
    }
}

static void counts_characters_and_lines(void **state)
{
    static const struct {
        const char *text;
        size_t chars, words, lines;
    } cases[] = {
        {"", 0, 0, 0},
        {" ", 1, 0, 1},
        {"one", 3, 1, 1},
        {"one\n", 4, 1, 2},
        {"\n", 1, 0, 2},
        {"one two\nthree", 13, 3, 2},
        {"caf\xC3\xA9 \xF0\x9F\x8D\xB2", 6, 2, 1},
        {"e\xCC\x81", 2, 1, 1}, /* a character is a code point */
        {"\xE6\x97\xA5\xE6\x9C\xAC\xE3\x80\x80\xE8\xAA\x9E", 4, 2, 1},
        {"zero\xE2\x80\x8Bwidth", 10, 1, 1}, /* U+200B is no space */
        {"a\r\nb\rc", 6, 3, 2},
    };
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_str s = tm_str_of(cases[i].text);
        assert_int_equal(tm_text_chars(s), cases[i].chars);
        assert_int_equal(tm_text_words(s), cases[i].words);
        assert_int_equal(tm_text_lines(s), cases[i].lines);
        check(s);
    }
    tm_str word;
    size_t at = 0;
    assert_int_equal(tm_text_words((tm_str){0}), 0);
    assert_false(tm_text_next_word((tm_str){0}, &at, &word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(know_the_class_of_every_code_point),
        cmocka_unit_test(are_counted_the_same_at_every_length_in_blocks_and_one_by_one),
        cmocka_unit_test(see_every_byte_at_every_place_of_a_block),
        cmocka_unit_test(see_every_wide_space_where_blocks_meet),
        cmocka_unit_test(counts_characters_and_lines),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
