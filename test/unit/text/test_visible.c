/* What a terminal is shown of a dataset's text: nothing that steers it, nothing that hides. */
#include "text_help.h"

#include "text/utf8.h"
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

/* Default_Ignorable_Code_Point of the Unicode Character Database, 15.0, but for what is not
 * assigned. */
static const uint32_t IGNORABLE[][2] = {
    {0xAD, 0xAD},       {0x34F, 0x34F},     {0x61C, 0x61C},     {0x115F, 0x1160},
    {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x202A, 0x202E},
    {0x2060, 0x2064},   {0x2066, 0x206F},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
    {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xE0100, 0xE01EF},
};
/* White_Space, the separators U+001C to U+001F, and controls. */
static const uint32_t BLANK[][2] = {
    {0, 0x20},        {0x7F, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029},
    {0x202F, 0x202F}, {0x205F, 0x205F}, {0x2800, 0x2800}, {0x3000, 0x3000},
};

static bool within(const uint32_t (*range)[2], size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= range[i][0] && c <= range[i][1]) return true;
    return false;
}

static void what_nobody_sees_is_told_apart(void **state)
{
    TM_UNUSED(state);
    for (uint32_t c = 0; c < 0xE0200; c++) {
        bool reserved = c == 0x2065 || (c >= 0xFFF0 && c <= 0xFFF8) || c >= 0xE0000;
        bool want = within(IGNORABLE, TM_COUNT(IGNORABLE), c) || within(BLANK, TM_COUNT(BLANK), c);
        if (tm_is_unseen(c) != want && !(reserved && !want)) fail_msg("U+%04X", c);
    }
    assert_false(tm_is_unseen(0x10FFFF));
    assert_false(tm_is_unseen(TM_UTF8_BAD));
}

static void seen(const char *text, size_t n, const char *want)
{
    tm_buf out = {0};
    tm_text_seen((tm_str){text, n}, &out);
    assert_int_equal(out.n, strlen(want));
    assert_memory_equal(out.p ? out.p : "", want, out.n);
    assert_int_equal(tm_text_is_blank((tm_str){text, n}), !*want);
    tm_buf_release(&out);
}
#define SEEN(text, want) seen(text, sizeof(text) - 1, want)

static void only_what_is_seen_remains(void **state)
{
    TM_UNUSED(state);
    seen(NULL, 0, "");
    SEEN("", "");
    SEEN(" \xE2\x80\x8B\0\n", "");
    SEEN("\xE2\x80\x8B a\xC2\xA0 \xE2\x80\x8B\tb\x07"
         "c ",
         " a\xC2\xA0 \tbc");
    SEEN("  a\n    b \r\n\n", "  a\n    b");
    SEEN("a\rb\r\nc\fd\xC2\x85"
         "e",
         "a\nb\nc\nd\ne");
    SEEN("\n\n a\xE2\x80\x8B \t\n", "\n\n a");
    SEEN("\xCC\x81", "\xCC\x81");
    SEEN("a\xFF", "a\xFF");
    SEEN("\xED\xA0\x80", "\xED\xA0\x80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_itself),
        cmocka_unit_test(escape_sequences_are_spelled_out),
        cmocka_unit_test(direction_marks_are_spelled_out),
        cmocka_unit_test(bytes_that_are_not_utf8_are_spelled_out),
        cmocka_unit_test(what_nobody_sees_is_told_apart),
        cmocka_unit_test(only_what_is_seen_remains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
