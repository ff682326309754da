/* Slices: comparing, finding, cutting, the numbers they hold, and names that are nearly right. */
#include "base_help.h"

#include <float.h>
#include <math.h>

static void slices_compare_by_bytes_and_then_by_length(void **state)
{
    TM_UNUSED(state);
    static const char *const ascending[] = {"", "A", "AB", "a", "aa", "ab", "b", "\x80", "\xFF"};
    for (size_t i = 0; i < TM_COUNT(ascending); i++)
        for (size_t j = 0; j < TM_COUNT(ascending); j++) {
            int c = tm_str_cmp(tm_str_of(ascending[i]), tm_str_of(ascending[j]));
            assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
            assert_int_equal(tm_str_is(tm_str_of(ascending[i]), ascending[j]), i == j);
        }
    assert_true(tm_str_eq((tm_str){0}, TM_STR("")));
    assert_true(tm_str_eq(tm_str_of(NULL), TM_STR("")));
    assert_false(tm_str_eq(TM_STR("a\0b"), TM_STR("a\0c")));
    assert_true(tm_str_starts(TM_STR("abc"), TM_STR("ab")));
    assert_true(tm_str_starts((tm_str){0}, TM_STR("")));
    assert_false(tm_str_starts(TM_STR("a"), TM_STR("ab")));
    assert_true(tm_str_ends(TM_STR("abc"), TM_STR("bc")));
    assert_false(tm_str_ends(TM_STR("c"), TM_STR("bc")));
}

static void finding_gives_the_first_place_or_the_end(void **state)
{
    TM_UNUSED(state);
    tm_str s = TM_STR("abcabc");
    assert_int_equal(tm_str_find(s, TM_STR("bc")), 1);
    assert_int_equal(tm_str_find(s, TM_STR("cb")), 6);
    assert_int_equal(tm_str_find(s, TM_STR("")), 0);
    assert_int_equal(tm_str_find((tm_str){0}, TM_STR("x")), 0);
    assert_int_equal(tm_str_find_char(s, 'c'), 2);
    assert_int_equal(tm_str_rfind_char(s, 'c'), 5);
    assert_int_equal(tm_str_rfind_char(s, 'x'), 6);
    assert_int_equal(tm_str_find_char(TM_STR("a\0b"), 0), 1);
}

static void slicing_trimming_and_cutting_stay_inside(void **state)
{
    TM_UNUSED(state);
    tm_str head, tail;
    assert_true(tm_str_is(tm_str_slice(TM_STR("hello"), 1, 3), "el"));
    assert_true(tm_str_is(tm_str_slice(TM_STR("hello"), 3, 1), ""));
    assert_true(tm_str_is(tm_str_slice(TM_STR("hello"), 2, SIZE_MAX), "llo"));
    assert_true(tm_str_is(tm_str_slice(TM_STR("hello"), 9, 12), ""));
    assert_int_equal(tm_str_slice((tm_str){0}, 1, 2).n, 0);
    assert_true(tm_str_is(tm_str_trim(TM_STR(" \t\r\n\f\va b \n")), "a b"));
    assert_true(tm_str_is(tm_str_trim(TM_STR(" \t ")), ""));
    assert_true(tm_str_is(tm_str_trim(TM_STR("\xC2\xA0")), "\xC2\xA0"));
    assert_true(tm_str_cut(TM_STR("a=b=c"), '=', &head, &tail));
    assert_true(tm_str_is(head, "a") && tm_str_is(tail, "b=c"));
    assert_true(tm_str_cut(TM_STR("="), '=', &head, &tail));
    assert_true(!head.n && !tail.n);
    assert_false(tm_str_cut(TM_STR("abc"), '=', &head, &tail));
    assert_true(tm_str_is(head, "abc") && !tail.n);
}

static void whole_numbers_are_taken_when_they_fit(void **state)
{
    TM_UNUSED(state);
    uint64_t u = 7;
    int64_t i = 7;
    assert_true(tm_str_to_u64(TM_STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_true(tm_str_to_u64(TM_STR("007"), &u) && u == 7);
    static const char *const bad[] = {
        "", "18446744073709551616", "99999999999999999999", "-1", "+1", " 1", "1 ", "0x1", "1.0"};
    for (size_t b = 0; b < TM_COUNT(bad); b++) assert_false(tm_str_to_u64(tm_str_of(bad[b]), &u));
    assert_false(tm_str_to_u64(TM_STR("1\0"), &u));
    assert_int_equal(u, 7); /* what fails changes nothing */
    assert_true(tm_str_to_i64(TM_STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(tm_str_to_i64(TM_STR("+9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(tm_str_to_i64(TM_STR("-0"), &i) && i == 0);
    assert_false(tm_str_to_i64(TM_STR("9223372036854775808"), &i));
    assert_false(tm_str_to_i64(TM_STR("-9223372036854775809"), &i));
    assert_false(tm_str_to_i64(TM_STR("--1"), &i));
    assert_false(tm_str_to_i64(TM_STR("-"), &i));
    assert_false(tm_str_to_i64(TM_STR(""), &i));
}

static void decimal_numbers_are_taken_when_they_are_whole_strings(void **state)
{
    TM_UNUSED(state);
    static const char *const good[] = {
        "0",     "-0",       "1",     ".5",       "5.",
        "-1e-3", "+2.5E+10", "1e308", "4.9e-324", "179769313486231570000e288",
        "1e-999"};
    double value;
    for (size_t g = 0; g < TM_COUNT(good); g++) {
        assert_true(tm_str_to_f64(tm_str_of(good[g]), &value));
        assert_true(value == strtod(good[g], NULL));
    }
    assert_true(tm_str_to_f64(TM_STR("-0"), &value) && signbit(value));
    static const char *const bad[] = {"",   "nan", "inf", "0x10", "1e",   "e5",       ".",   "1 ",
                                      " 1", "1,5", "1-2", "--1",  "1e5.", "infinity", "1e5e"};
    for (size_t b = 0; b < TM_COUNT(bad); b++)
        if (tm_str_to_f64(tm_str_of(bad[b]), &value)) fail_msg("\"%s\" was taken", bad[b]);
    assert_false(tm_str_to_f64(TM_STR("1\0"), &value));
}

static void a_decimal_too_large_does_not_fit(void **state)
{
    TM_UNUSED(state);
    double value = 7;
    assert_false(tm_str_to_f64(TM_STR("1e999"), &value));
    assert_false(tm_str_to_f64(TM_STR("-1e309"), &value));
    assert_true(value == 7);
}

static void sizes_have_units(void **state)
{
    TM_UNUSED(state);
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},
                {"4096", 4096},
                {"64MiB", 64 * TM_MIB},
                {"2GB", 2000000000},
                {"512k", 512000},
                {"1.5GiB", TM_GIB + TM_GIB / 2},
                {" 1 kib ", 1024},
                {".5KiB", 512},
                {"3T", 3000000000000},
                {"1TiB", TM_GIB * 1024},
                {"7B", 7},
                {"18446744073709551615", UINT64_MAX},
                {"0.1kb", 100}};
    static const char *const bad[] = {"",
                                      "k",
                                      "-1",
                                      "1 2",
                                      "1XB",
                                      "1kibi",
                                      "1e3",
                                      "1..5k",
                                      ".",
                                      "18446744073709551616",
                                      "99999999TiB",
                                      "20000000.5TiB",
                                      "nan",
                                      "0x10"};
    uint64_t bytes;
    for (size_t i = 0; i < TM_COUNT(good); i++) {
        assert_true(tm_str_to_size(tm_str_of(good[i].text), &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < TM_COUNT(bad); i++)
        if (tm_str_to_size(tm_str_of(bad[i]), &bytes)) fail_msg("\"%s\" was taken", bad[i]);
    assert_false(tm_str_to_size(TM_STR("4k\0b"), &bytes));
}

/* The recursive definition of the distance with adjacent swaps. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    if (!n || !m) return n + m;
    size_t best = distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
    best = TM_MIN(best, distance(a, n - 1, b, m) + 1);
    best = TM_MIN(best, distance(a, n, b, m - 1) + 1);
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1])
        best = TM_MIN(best, distance(a, n - 2, b, m - 2) + 1);
    return best;
}

static void the_distance_is_the_one_of_its_definition(void **state)
{
    TM_UNUSED(state);
    for (int t = 0; t < 400; t++) {
        char a[6], b[6];
        size_t n = chance(6), m = chance(6);
        for (size_t i = 0; i < 6; i++) a[i] = (char)('a' + chance(3)), b[i] = "abc"[chance(3)];
        assert_int_equal(tm_str_distance((tm_str){a, n}, (tm_str){b, m}), distance(a, n, b, m));
    }
    static char longer[200];
    memset(longer, 'x', sizeof longer);
    assert_int_equal(tm_str_distance((tm_str){longer, 200}, TM_STR("")), 64);
}

static void the_nearest_name_is_suggested_or_none(void **state)
{
    TM_UNUSED(state);
    static const char *const names[] = {"keep", "min-words", "max-words", "seed"};
    assert_string_equal(tm_str_suggest(TM_STR("kep"), names, 4), "keep");
    assert_string_equal(tm_str_suggest(TM_STR("sede"), names, 4), "seed");
    assert_string_equal(tm_str_suggest(TM_STR("max_words"), names, 4), "max-words");
    assert_null(tm_str_suggest(TM_STR("language"), names, 4));
    assert_null(tm_str_suggest(TM_STR(""), names, 4));
    assert_null(tm_str_suggest(TM_STR("keep"), names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_by_bytes_and_then_by_length),
        cmocka_unit_test(finding_gives_the_first_place_or_the_end),
        cmocka_unit_test(slicing_trimming_and_cutting_stay_inside),
        cmocka_unit_test(whole_numbers_are_taken_when_they_fit),
        cmocka_unit_test(decimal_numbers_are_taken_when_they_are_whole_strings),
        cmocka_unit_test(a_decimal_too_large_does_not_fit),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(the_distance_is_the_one_of_its_definition),
        cmocka_unit_test(the_nearest_name_is_suggested_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
