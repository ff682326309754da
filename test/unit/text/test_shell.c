/* Words for a shell, form by form; that a shell reads every byte of them back is tested with the
 * commands that inspect prints. */
#include "text_help.h"

#include "text/shell.h"

static void word(const char *text, size_t n, const char *want)
{
    tm_buf out = {0};
    tm_text_shell((tm_str){text, n}, &out);
    assert_int_equal(out.n, strlen(want));
    assert_memory_equal(out.p, want, out.n);
    tm_buf_release(&out);
}
#define WORD(text, want) word(text, sizeof(text) - 1, want)

static void plain_words_stay_plain(void **state)
{
    TM_UNUSED(state);
    WORD("data/train-1.jsonl.zst", "data/train-1.jsonl.zst");
    WORD("-", "-");
    WORD("a=b,c:d@e%f+g_h", "a=b,c:d@e%f+g_h");
}

static void others_are_quoted(void **state)
{
    TM_UNUSED(state);
    WORD("", "''");
    WORD("a b;touch x", "'a b;touch x'");
    WORD("it's", "'it'\\''s'");
    WORD("$HOME `id` \\ ! * ~ #", "'$HOME `id` \\ ! * ~ #'");
    WORD("na\xC3\xAFve", "'na\xC3\xAFve'");
    WORD("-rf", "./-rf");
    WORD("-r f", "./'-r f'");
}

static void what_steers_a_terminal_is_spelled_out(void **state)
{
    TM_UNUSED(state);
    WORD("a\n7", "$'a\\0127'");
    WORD("\x1B[31m'\\", "$'\\033[31m\\'\\\\'");
    WORD("\xFFx", "$'\\377x'");
    WORD("\xE2\x80\xAEgnp", "$'\\342\\200\\256gnp'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stay_plain),
        cmocka_unit_test(others_are_quoted),
        cmocka_unit_test(what_steers_a_terminal_is_spelled_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
