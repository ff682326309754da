/* Failures: their exit codes, their sentences, and the places that are added on the way up. */
#include "base_help.h"

#include <errno.h>

static void printed(const tm_err *err, const char *want)
{
    char text[2048];
    assert_int_equal(tm_err_print(err, text, sizeof text), strlen(want));
    assert_string_equal(text, want);
}

static void every_status_has_a_name_a_text_and_an_exit_code(void **state)
{
    TM_UNUSED(state);
#define X(name, exit, text)                           \
    assert_string_equal(tm_status_name(name), #name); \
    assert_string_equal(tm_status_text(name), text);  \
    assert_int_equal(tm_status_exit(name), exit);     \
    assert_true((exit) >= 0 && (exit) <= 5);          \
    assert_int_equal((name) == TM_OK, (exit) == 0);
    TM_STATUSES(X)
#undef X
}

static void a_failure_without_an_error_is_still_a_failure(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(tm_fail(NULL, TM_EINPUT, "nobody hears %d", 1), TM_EINPUT);
    assert_int_equal(tm_fail_memory(NULL, "x", 1), TM_EMEMORY);
    assert_int_equal(tm_fail_errno(NULL, "open", "x", ENOENT), TM_EUSAGE);
    tm_err_at(NULL, TM_STR("x"), 1, 1, 1);
}

static void the_sentence_is_cut_to_its_room(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    static char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    assert_int_equal(tm_fail(&err, TM_EINPUT, "%s", longer), TM_EINPUT);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    tm_err_at(&err, tm_str_of(longer), 1, 2, 3);
    assert_int_equal(strlen(err.source), sizeof err.source - 1);
    char small[10];
    assert_int_equal(tm_err_print(&err, small, sizeof small), 9);
    assert_string_equal(small, "xxxxxxxxx");
    assert_int_equal(tm_err_print(&err, small, 1), 0);
    assert_int_equal(tm_err_print(&err, NULL, 0), 0);
}

static void a_place_is_printed_as_compilers_do(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    tm_fail(&err, TM_EINPUT, "a quote is never closed");
    printed(&err, "error: a quote is never closed");
    tm_err_at(&err, TM_STR("train.jsonl"), 0, 0, UINT64_MAX);
    printed(&err, "train.jsonl: error: a quote is never closed");
    tm_err_at(&err, TM_STR(""), 7, 0, UINT64_MAX);
    printed(&err, "train.jsonl:7: error: a quote is never closed");
    err.column = 3;
    memcpy(err.code, "T1004", 6);
    printed(&err, "train.jsonl:7:3: error: a quote is never closed (T1004)");
    err.source[0] = 0;
    printed(&err, "7:3: error: a quote is never closed (T1004)");
}

static void the_first_place_stays(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    tm_fail(&err, TM_EINPUT, "here");
    assert_true(err.byte == UINT64_MAX && !err.line && !err.source[0]);
    assert_int_equal(tm_err_at(&err, TM_STR("a"), 1, 2, 3), TM_EINPUT);
    assert_int_equal(tm_err_at(&err, TM_STR("b"), 4, 5, 6), TM_EINPUT);
    assert_string_equal(err.source, "a");
    assert_true(err.line == 1 && err.column == 2 && err.byte == 3);
    tm_fail(&err, TM_EIO, "there"); /* a new failure has no place yet */
    assert_true(err.byte == UINT64_MAX && !err.line && !err.source[0] && !err.code[0]);
}

static void numbers_of_the_system_become_sentences(void **state)
{
    TM_UNUSED(state);
    static const int for_users[] = {ENOENT, ENOTDIR, EISDIR, EACCES,
                                    EPERM,  EROFS,   ELOOP,  ENAMETOOLONG};
    static const int for_nobody[] = {EIO, ENOSPC, EMFILE, EDQUOT, EINVAL};
    tm_err err = {0};
    for (size_t i = 0; i < TM_COUNT(for_users); i++)
        assert_int_equal(tm_fail_errno(&err, "open", "x", for_users[i]), TM_EUSAGE);
    for (size_t i = 0; i < TM_COUNT(for_nobody); i++)
        assert_int_equal(tm_fail_errno(&err, "open", "x", for_nobody[i]), TM_EIO);
    tm_fail_errno(&err, "open", "no/such", ENOENT);
    assert_string_equal(err.msg,
                        "cannot open no/such: No such file or directory (is the name right?)");
    tm_fail_memory(&err, "a list", 12);
    assert_string_equal(err.msg, "no memory left for a list (12 bytes)");
    tm_fail_memory(&err, "a list", 0);
    assert_string_equal(err.msg, "no memory left for a list");
}

static tm_status forwards(tm_status what, int *after)
{
    TM_TRY(what);
    ++*after;
    return TM_OK;
}

static void try_returns_on_failure_only(void **state)
{
    TM_UNUSED(state);
    int after = 0;
    assert_int_equal(forwards(TM_EIO, &after), TM_EIO);
    assert_int_equal(forwards(TM_OK, &after), TM_OK);
    assert_int_equal(after, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_a_text_and_an_exit_code),
        cmocka_unit_test(a_failure_without_an_error_is_still_a_failure),
        cmocka_unit_test(the_sentence_is_cut_to_its_room),
        cmocka_unit_test(a_place_is_printed_as_compilers_do),
        cmocka_unit_test(the_first_place_stays),
        cmocka_unit_test(numbers_of_the_system_become_sentences),
        cmocka_unit_test(try_returns_on_failure_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
