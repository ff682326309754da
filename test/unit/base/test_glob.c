/* Patterns over paths: what they match, in which order, and that no tree lets them run for ever. */
#include "base_help.h"

static tm_arena mem;

static void touch(const char *name)
{
    const char *path = room(name);
    char folder[300];
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = 0;
    assert_int_equal(tm_folder_make(folder, NULL), TM_OK);
    put_file(path, TM_STR(""));
}

static int make_tree(void **state)
{
    static const char *const files[] = {"a.txt",        "b.txt",
                                        "c.json",       ".hidden.txt",
                                        "B.txt",        "a/x.txt",
                                        "a/deep/y.txt", "a/deep/deeper/z.txt",
                                        "b/x.txt",      ".dot/x.txt",
                                        "odd/[1].txt",  "odd/1.txt",
                                        "odd/*",        "odd/a-b",
                                        "odd/a]b",      "n/\xC3\xA9.txt",
                                        "n/e.txt",      "n/\xF0\x9F\x98\x80.txt"};
    if (make_room(state)) return -1;
    for (size_t i = 0; i < TM_COUNT(files); i++) touch(files[i]);
    return 0;
}

/* want: the matches below the room, with spaces between. */
static void matches(const char *pattern, const char *want)
{
    tm_str *paths;
    uint32_t count = 0;
    tm_err err = {0};
    char got[2000] = "";
    size_t n = 0, base = strlen(room_path) + 1;
    tm_status status = tm_glob(&mem, room(pattern), &paths, &count, &err);
    if (!want[0]) {
        assert_int_equal(status, TM_EUSAGE);
        says(err.msg, "no file matches");
        return;
    }
    if (status != TM_OK) fail_msg("%s: %s", pattern, err.msg);
    for (uint32_t i = 0; i < count; i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%s", i ? " " : "", paths[i].p + base);
    assert_string_equal(got, want);
}

static void stars_and_question_marks_stay_within_a_name(void **state)
{
    TM_UNUSED(state);
    matches("*.txt", "B.txt a.txt b.txt");
    matches("?.txt", "B.txt a.txt b.txt");
    matches("?.*", "B.txt a.txt b.txt c.json");
    matches("*/x.txt", "a/x.txt b/x.txt");
    matches("*/*/y.*", "a/deep/y.txt");
    matches("a*", "a a.txt");
    matches("*a*t*", "a.txt");
    matches("*.txtx", "");
    matches("??.txt", "");
    matches("**.txt", "B.txt a.txt b.txt");
}

static void two_stars_are_any_number_of_folders(void **state)
{
    TM_UNUSED(state);
    matches("a/**/*.txt", "a/deep/deeper/z.txt a/deep/y.txt a/x.txt");
    matches("**/y.txt", "a/deep/y.txt");
    matches("**/x.txt", "a/x.txt b/x.txt");
    matches("**/deep/**/*.txt", "a/deep/deeper/z.txt a/deep/y.txt");
    matches("**/**/**/z.txt", "a/deep/deeper/z.txt"); /* found once, though on many ways */
}

static void classes_match_one_sign_of_theirs(void **state)
{
    TM_UNUSED(state);
    matches("[ab].txt", "a.txt b.txt");
    matches("[a-z].txt", "a.txt b.txt");
    matches("[!a].txt", "B.txt b.txt");
    matches("[^a].txt", "B.txt b.txt");
    matches("[A-Z].txt", "B.txt");
    matches("odd/a[]-]b", "odd/a-b odd/a]b");
    matches("odd/a[-x]b", "odd/a-b");
    matches("odd/[[]1].txt", "odd/[1].txt");
    matches("[ab.txt", ""); /* never closed */
}

static void a_sign_is_a_character_and_not_a_byte(void **state)
{
    TM_UNUSED(state);
    matches("n/?.txt", "n/e.txt n/\xC3\xA9.txt n/\xF0\x9F\x98\x80.txt");
    matches("n/[!e].txt", "n/\xC3\xA9.txt n/\xF0\x9F\x98\x80.txt");
    matches("n/[\xC3\xA9x].txt", "n/\xC3\xA9.txt");
    matches("n/[\xC3\xA0-\xC3\xBF].txt", "n/\xC3\xA9.txt");
    matches("n/*\xA9*", ""); /* half a character is none */
}

static void hidden_names_want_their_dot(void **state)
{
    TM_UNUSED(state);
    matches(".*.txt", ".hidden.txt");
    matches(".*/x.txt", ".dot/x.txt");
    matches("[.]hidden.txt", "");
    matches("?hidden.txt", "");
}

static void a_name_that_exists_as_written_is_itself(void **state)
{
    TM_UNUSED(state);
    matches("odd/[1].txt", "odd/[1].txt");
    matches("odd/*", "odd/*");
    matches("odd/[1].tx?", "odd/1.txt");
    matches("no/such", "no/such"); /* whoever opens it says so */
    matches("no/such*", "");
}

static void patterns_may_be_absolute_or_relative_and_have_many_slashes(void **state)
{
    TM_UNUSED(state);
    char was[4096];
    tm_str *paths;
    uint32_t count;
    matches("a//*.txt", "a/x.txt");
    assert_non_null(getcwd(was, sizeof was));
    assert_int_equal(chdir(room_path), 0);
    assert_int_equal(tm_glob(&mem, "*/x.*", &paths, &count, NULL), TM_OK);
    assert_true(count == 2 && tm_str_is(paths[0], "a/x.txt") && tm_str_is(paths[1], "b/x.txt"));
    assert_int_equal(tm_glob(&mem, "./?.json", &paths, &count, NULL), TM_OK);
    assert_true(count == 1 && tm_str_is(paths[0], "./c.json"));
    assert_int_equal(chdir(was), 0);
}

static void links_in_a_circle_come_to_an_end(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(tm_folder_make(room("loop/in"), NULL), TM_OK);
    touch("loop/in/f.txt");
    assert_int_equal(symlink("..", room("loop/in/up")), 0);
    assert_int_equal(symlink(".", room("loop/self")), 0);
    assert_int_equal(symlink("nowhere", room("loop/broken")), 0);
    matches("loop/**/f.txt", "loop/in/f.txt");
    matches("loop/b*", "");
}

static void a_pattern_made_to_be_slow_is_not(void **state)
{
    TM_UNUSED(state);
    char name[201], pattern[203];
    for (int i = 0; i < 200; i++) name[i] = 'a', pattern[i] = i % 2 ? 'a' : '*';
    name[200] = 0;
    memcpy(pattern + 200, "*b", 3);
    touch(name);
    matches(pattern, "");
}

static int leave(void **state)
{
    tm_arena_release(&mem);
    return leave_room(state) || tm_alloc_live() ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stars_and_question_marks_stay_within_a_name),
        cmocka_unit_test(two_stars_are_any_number_of_folders),
        cmocka_unit_test(classes_match_one_sign_of_theirs),
        cmocka_unit_test(a_sign_is_a_character_and_not_a_byte),
        cmocka_unit_test(hidden_names_want_their_dot),
        cmocka_unit_test(a_name_that_exists_as_written_is_itself),
        cmocka_unit_test(patterns_may_be_absolute_or_relative_and_have_many_slashes),
        cmocka_unit_test(links_in_a_circle_come_to_an_end),
        cmocka_unit_test(a_pattern_made_to_be_slow_is_not),
    };
    return cmocka_run_group_tests(tests, make_tree, leave);
}
