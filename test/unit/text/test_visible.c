/* What a terminal is shown of a dataset's text: nothing that steers it, nothing that hides. */
#include "text_help.h"

#include "text/visible.h"

static void shows(const char *text, size_t n, const char *want)
{
    tm_buf out = {0};
    tm_text_visible((tm_str){text, n}, &out);
    assert_int_equal(out.n, strlen(want));
    assert_memory_equal(out.p ? out.p : "", want, out.n);
    tm_buf_release(&out);
}
#define SHOWS(text, want) shows(text, sizeof(text) - 1, want)

static void plain_text_is_itself(void **state)
{
    TM_UNUSED(state);
    shows(NULL, 0, "");
    SHOWS("", "");
    SHOWS("plain", "plain");
    SHOWS("na\xC3\xAFve \xF0\x9F\x98\x80", "na\xC3\xAFve \xF0\x9F\x98\x80");
}

static void escape_sequences_are_spelled_out(void **state)
{
    TM_UNUSED(state);
    SHOWS("\x1B[31mred", "\\u001B[31mred");
    SHOWS("a\nb\tc\x7F", "a\\u000Ab\\u0009c\\u007F");
    SHOWS("\xC2\x9B"
          "31m",
          "\\u009B31m");
}

static void direction_marks_are_spelled_out(void **state)
{
    TM_UNUSED(state);
    SHOWS("\xE2\x80\xAEgnp.exe", "\\u202Egnp.exe");
    SHOWS("\xE2\x81\xA6x\xE2\x81\xA9", "\\u2066x\\u2069");
    SHOWS("\xE2\x80\xA8", "\\u2028");
}

static void bytes_that_are_not_utf8_are_spelled_out(void **state)
{
    TM_UNUSED(state);
    SHOWS("a\xFF\xFE"
          "b",
          "a\\xFF\\xFEb");
    SHOWS("\xE2\x80", "\\xE2\\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_itself),
        cmocka_unit_test(escape_sequences_are_spelled_out),
        cmocka_unit_test(direction_marks_are_spelled_out),
        cmocka_unit_test(bytes_that_are_not_utf8_are_spelled_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
