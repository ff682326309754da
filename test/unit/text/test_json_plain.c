/* One spelling of a value: random values, each written with other blanks and escapes, become the
 * same bytes; those are JSON, mean the same, and differ where values do. */
#include "text_help.h"

static tm_json json;

static bool scan(tm_str s)
{
    json.nodes = 0;
    return tm_json_scan(&json, s.p, s.n, 0, (tm_json_limits){0});
}

static void plain_is(const char *value, const char *want)
{
    tm_buf got = {0};
    assert_true(scan(tm_str_of(value)));
    tm_json_plain(tm_str_of(value), &got);
    tm_buf_char(&got, 0);
    assert_string_equal(got.p, want);
    tm_buf_release(&got);
}

static void what_it_leaves_and_what_it_takes_out(void **state)
{
    TM_UNUSED(state);
    plain_is("{\"a\" : [ 1 ,\t2.50 , 1e+3 ]\r\n}", "{\"a\":[1,2.50,1e+3]}");
    plain_is("\"http:\\/\\/x\\/1\"", "\"http://x/1\"");
    plain_is("\"\\u0041\\u00e9\\n\\u000a\\u0022\\\\ b\"", "\"A\xC3\xA9\\n\\n\\\"\\\\ b\"");
    plain_is("\"\\ud83d\\ude00 \\uD83D\"", "\"\xF0\x9F\x98\x80 \\ud83d\"");
    plain_is(" { \"b\":1, \"a\":2, \"b\" : 3 } ", "{\"b\":1,\"a\":2,\"b\":3}");
    plain_is("\"a \\\" b\"", "\"a \\\" b\"");
    plain_is("\"ends in a backslash \\\\\"", "\"ends in a backslash \\\\\"");
    plain_is("true", "true");
    plain_is("\"\"", "\"\"");
    plain_is("[ ]", "[]");
}

/* ---- random values --------------------------------------------------------------------------- */

enum { TOKENS = 60 };

static void blanks(bool any, tm_buf *out)
{
    while (any && chance(3) == 0) tm_buf_char(out, " \t\r\n"[chance(4)]);
}

/* The characters of a string by their numbers; each may be written as it is or escaped. */
static void put_string(uint64_t seed, bool spelled, tm_buf *out)
{
    static const char *const letter[] = {"a",   " ",        "/", "\\\"", "\\\\",
                                         "\\n", "\xC3\xA9", "{", ","};
    static const char *const other[] = {"\\u0061", "\\u0020", "\\/",     "\\u0022", "\\u005c",
                                        "\\u000A", "\\u00E9", "\\u007b", "\\u002C"};
    tm_buf_char(out, '"');
    for (uint64_t i = 0, n = seed % 7; i < n; i++) {
        size_t k = (size_t)((seed >> 8 * (i + 1)) % TM_COUNT(letter));
        tm_buf_z(out, spelled && chance(2) ? other[k] : letter[k]);
    }
    tm_buf_char(out, '"');
}

/* The value that the numbers say, from *at on. */
static void put_value(const uint64_t *number, size_t *at, int depth, bool spelled, tm_buf *out)
{
    static const char *const simple[] = {"null", "true", "false", "0", "-1.50", "2E5"};
    uint64_t kind = *at < TOKENS && depth < 5 ? number[*at] % 4 : 0;
    uint64_t seed = number[*at % TOKENS];
    *at += 1;
    if (kind == 0) tm_buf_z(out, simple[seed / 4 % TM_COUNT(simple)]);
    if (kind == 1) put_string(seed / 4, spelled, out);
    if (kind < 2) return;
    tm_buf_char(out, kind == 2 ? '[' : '{');
    for (uint64_t i = 0, n = seed / 4 % 4; i < n; i++) {
        if (i) tm_buf_char(out, ',');
        blanks(spelled, out);
        if (kind == 3) {
            put_string(seed >> i, spelled, out);
            blanks(spelled, out);
            tm_buf_char(out, ':');
            blanks(spelled, out);
        }
        put_value(number, at, depth + 1, spelled, out);
        blanks(spelled, out);
    }
    tm_buf_char(out, kind == 2 ? ']' : '}');
}

static void one_value_in_two_spellings(void **state)
{
    TM_UNUSED(state);
    tm_buf plain = {0}, spelled = {0}, got = {0}, again = {0};
    uint64_t number[TOKENS];
    for (int round = 0; round < 20000; round++) {
        size_t at = 0, from = 0;
        for (size_t i = 0; i < TOKENS; i++) number[i] = chance(UINT64_MAX);
        tm_buf_clear(&plain);
        tm_buf_clear(&spelled);
        tm_buf_clear(&got);
        tm_buf_clear(&again);
        put_value(number, &at, 0, false, &plain);
        blanks(true, &spelled);
        put_value(number, &from, 0, true, &spelled);
        blanks(true, &spelled);
        assert_true(scan(tm_buf_view(&spelled)));
        tm_json_plain(tm_buf_view(&spelled), &got);
        assert_true(tm_str_eq(tm_buf_view(&got), tm_buf_view(&plain)));
        tm_json_plain(tm_buf_view(&got), &again);
        assert_true(tm_str_eq(tm_buf_view(&again), tm_buf_view(&got)));
    }
    tm_buf_release(&plain);
    tm_buf_release(&spelled);
    tm_buf_release(&got);
    tm_buf_release(&again);
    tm_json_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_leaves_and_what_it_takes_out),
        cmocka_unit_test(one_value_in_two_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
