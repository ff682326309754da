/* The growing buffer: its numbers read back as they were, its JSON strings are JSON strings. */
#include "base_help.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

static tm_buf out;

static const char *text(void)
{
    tm_buf_char(&out, 0);
    assert_false(out.failed);
    out.n = 0;
    return out.p;
}

static void appending_grows(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    for (int i = 0; i < 10000; i++) tm_buf_print(&b, "%04d,", i);
    assert_int_equal(b.n, 50000);
    for (int i = 0; i < 10000; i++) {
        char want[8];
        snprintf(want, sizeof want, "%04d,", i);
        assert_memory_equal(b.p + 5 * i, want, 5);
    }
    tm_buf_add(&b, NULL, 0);
    tm_buf_str(&b, (tm_str){0});
    assert_int_equal(b.n, 50000);
    tm_buf_clear(&b);
    assert_int_equal(tm_buf_view(&b).n, 0);
    tm_buf_release(&b);
    tm_buf_add(&b, NULL, 0);
    assert_int_equal(tm_buf_ok(&b, NULL), TM_OK);
    assert_int_equal(tm_alloc_live(), 0);
}

static void failure_sticks_until_it_is_cleared(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    tm_err err = {0};
    tm_buf_z(&b, "kept");
    assert_false(tm_buf_grow(&b, SIZE_MAX - 2));
    assert_true(b.failed);
    tm_buf_z(&b, "lost");
    tm_buf_print(&b, "%d", 1);
    tm_buf_u64(&b, 1);
    assert_int_equal(b.n, 4);
    assert_false(tm_buf_grow(&b, 1));
    assert_int_equal(tm_buf_ok(&b, &err), TM_EMEMORY);
    tm_buf_clear(&b);
    tm_buf_z(&b, "again");
    assert_int_equal(tm_buf_ok(&b, &err), TM_OK);
    tm_buf_release(&b);
}

static void whole_numbers_are_decimal(void **state)
{
    TM_UNUSED(state);
    tm_buf_u64(&out, 0);
    assert_string_equal(text(), "0");
    tm_buf_u64(&out, UINT64_MAX);
    assert_string_equal(text(), "18446744073709551615");
    tm_buf_i64(&out, INT64_MIN);
    assert_string_equal(text(), "-9223372036854775808");
    for (int i = 0; i < 1000; i++) {
        uint64_t u = chance(UINT64_MAX) >> chance(64);
        char want[48];
        snprintf(want, sizeof want, "%" PRIu64 " %" PRId64, u, (int64_t)u);
        tm_buf_u64(&out, u);
        tm_buf_char(&out, ' ');
        tm_buf_i64(&out, (int64_t)u);
        assert_string_equal(text(), want);
    }
}

/* Reads back to the same bits, and no shorter decimal does. */
static void round_trips(double value)
{
    char shorter[40];
    double back;
    tm_buf_f64(&out, value);
    const char *p = text();
    uint64_t a, b;
    memcpy(&a, &value, 8);
    back = strtod(p, NULL);
    memcpy(&b, &back, 8);
    if (a != b) fail_msg("%.17g was printed %s", value, p);
    assert_true(tm_str_to_f64(tm_str_of(p), &back) && !memcmp(&back, &value, 8));
    int digits = 0; /* significant ones, as printed */
    for (const char *c = p; *c && *c != 'e'; c++) digits += *c >= '0' && *c <= '9';
    if (value == 0 || fabs(value) < 1e-4 || strchr(p, 'e') == NULL) return;
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2 < 0 ? 0 : digits - 2, value);
    if (digits > 1) assert_true(strtod(shorter, NULL) != value);
}

static void doubles_read_back_as_they_were(void **state)
{
    TM_UNUSED(state);
    static const double some[] = {0.0,
                                  -0.0,
                                  1,
                                  -1,
                                  0.1,
                                  1.0 / 3,
                                  1e15,
                                  1e15 - 1,
                                  1e16,
                                  1e21,
                                  1e22,
                                  1e23,
                                  123456789012345678.0,
                                  DBL_MAX,
                                  -DBL_MAX,
                                  DBL_MIN,
                                  DBL_TRUE_MIN,
                                  DBL_EPSILON,
                                  9007199254740993.0,
                                  5e-324,
                                  2.2250738585072011e-308};
    for (size_t i = 0; i < TM_COUNT(some); i++) round_trips(some[i]);
    for (int i = 0; i < 30000; i++) {
        uint64_t bits = chance(UINT64_MAX);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        round_trips(value);
        round_trips((double)(int64_t)bits / (double)(1 + chance(1000)));
        round_trips((double)chance(100000) / 100);
    }
}

static void doubles_look_as_people_write_them(void **state)
{
    TM_UNUSED(state);
    static const struct {
        double value;
        const char *text;
    } list[] = {{0, "0"},
                {-0.0, "-0"},
                {0.1, "0.1"},
                {0.02, "0.02"},
                {100, "100"},
                {1e14, "100000000000000"},
                {-250000, "-250000"},
                {1.5, "1.5"},
                {1e300, "1e+300"},
                {(double)NAN, "null"},
                {(double)INFINITY, "null"},
                {-(double)INFINITY, "null"}};
    for (size_t i = 0; i < TM_COUNT(list); i++) {
        tm_buf_f64(&out, list[i].value);
        assert_string_equal(text(), list[i].text);
    }
}

static void json(const char *bytes, size_t n, const char *want)
{
    tm_buf_json(&out, (tm_str){bytes, n});
    assert_string_equal(text(), want);
}
#define JSON(bytes, want) json(bytes, sizeof(bytes) - 1, want)

static void json_strings_escape_what_must_be(void **state)
{
    TM_UNUSED(state);
    JSON("", "\"\"");
    JSON("plain / text", "\"plain / text\"");
    JSON("\"\\", "\"\\\"\\\\\"");
    JSON("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"");
    JSON("\0\1\v\x1F", "\"\\u0000\\u0001\\u000b\\u001f\"");
    JSON("\x7F", "\"\x7F\"");
    JSON("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
    tm_buf_json(&out, (tm_str){0});
    assert_string_equal(text(), "\"\"");
    for (unsigned c = 0; c < 0x20; c++) {
        char one = (char)c;
        tm_buf_json(&out, (tm_str){&one, 1});
        assert_int_equal(text()[1], '\\');
    }
}

static void bytes_that_are_not_utf8_become_one_sign_each(void **state)
{
    TM_UNUSED(state);
#define FFFD "\xEF\xBF\xBD"
    JSON("a\xFFz", "\"a" FFFD "z\"");
    JSON("\xC0\x80", "\"" FFFD FFFD "\"");          /* over-long */
    JSON("\xE0\x9F\xBF", "\"" FFFD FFFD FFFD "\""); /* over-long */
    JSON("\xF0\x8F\xBF\xBF", "\"" FFFD FFFD FFFD FFFD "\"");
    JSON("\xF4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\""); /* above U+10FFFF */
    JSON("\xE2\x82", "\"" FFFD FFFD "\"");                   /* cut */
    JSON("\xE2\x82"
         "a",
         "\"" FFFD FFFD "a\"");
    JSON("\xED\xA0\x80", "\"\\ud800\""); /* WTF-8 */
    JSON("x\xED\xBF\xBF"
         "y",
         "\"x\\udfffy\"");
    JSON("\xED\x9F\xBF", "\"\xED\x9F\xBF\"");
    JSON("\xF4\x8F\xBF\xBF", "\"\xF4\x8F\xBF\xBF\"");
}

/* Whatever the bytes, the string ends where it ends and holds no bare control or quote. */
static void any_bytes_make_one_json_string(void **state)
{
    TM_UNUSED(state);
    for (int t = 0; t < 20000; t++) {
        char bytes[12];
        size_t n = chance(sizeof bytes + 1);
        for (size_t i = 0; i < n; i++) bytes[i] = (char)chance(chance(2) ? 256 : 64);
        tm_buf_json(&out, (tm_str){bytes, n});
        size_t all = out.n;
        const char *p = text();
        assert_true(p[0] == '"' && p[all - 1] == '"');
        for (size_t i = 1; i + 1 < all; i++) {
            assert_true((unsigned char)p[i] >= 0x20 && p[i] != '"');
            if (p[i] != '\\') continue;
            i++;
            assert_non_null(strchr("\"\\bfnrtu", p[i]));
        }
    }
}

static int release(void **state)
{
    TM_UNUSED(state);
    tm_buf_release(&out);
    return tm_alloc_live() ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appending_grows),
        cmocka_unit_test(failure_sticks_until_it_is_cleared),
        cmocka_unit_test(whole_numbers_are_decimal),
        cmocka_unit_test(doubles_read_back_as_they_were),
        cmocka_unit_test(doubles_look_as_people_write_them),
        cmocka_unit_test(json_strings_escape_what_must_be),
        cmocka_unit_test(bytes_that_are_not_utf8_become_one_sign_each),
        cmocka_unit_test(any_bytes_make_one_json_string),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
