/* Field paths: what the grammar takes, the one canonical form of each path, and what it complains
 * about, with the place. */
#include "record_help.h"

#include "record/fieldpath.h"

static void paths_have_one_canonical_form(void **state)
{
    static const char *const row[][2] = {
        {"a", "a"},
        {"$.a.b", "a.b"},
        {"$", ""},
        {"a[0][-1].b", "a[0][-1].b"},
        {"[\"a\"].b", "a.b"},
        {"a.'b c'", "a[\"b c\"]"},
        {"a[\"x\\u0022y\"]", "a[\"x\\\"y\"]"},
        {"$['it''s']", "[\"it's\"]"},
        {"$[3]", "[3]"},
        {"gr\xC3\xB6\xC3\x9F"
         "e-1_x",
         "gr\xC3\xB6\xC3\x9F"
         "e-1_x"},
        {"''", "[\"\"]"},
        {"a.\"\\ud806\"", "a[\"\\ud806\"]"},
        {"'\f\r'", "[\"\\f\\r\"]"},
        {"a.\"b\".c", "a.b.c"},
    };
    tm_arena mem = {0};
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        tm_fieldpath *path;
        tm_err err;
        assert_int_equal(tm_fieldpath_compile(&mem, tm_str_of(row[i][0]), &path, &err), TM_OK);
        tm_str text = tm_fieldpath_text(path);
        assert_int_equal(text.n, strlen(row[i][1]));
        assert_memory_equal(text.p, row[i][1], text.n);
    }
    tm_arena_release(&mem);
}

static void wrong_paths_are_refused_with_a_place(void **state)
{
    static const char *const row[][2] = {
        {"", "a key is missing here"},
        {"a.", "a key is missing here"},
        {"a..b", "at sign 3"},
        {"a b", "at sign 2"},
        {"a[", "a number or a key"},
        {"a[1", "never closed"},
        {"a[x]", "a number or a key"},
        {"a[\"x]", "never closed"},
        {"a['x", "never closed"},
        {"a[\"\\x\"]", "not a JSON string"},
        {"a[1]b", "a dot or a bracket"},
        {"$a", "a dot or a bracket"},
        {"a[99999999999]", "a number or"},
        {"a[\"b\\", "never closed"},
        {"a\xff", "not UTF-8"},
    };
    tm_arena mem = {0};
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        tm_fieldpath *path;
        tm_err err = {0};
        assert_int_equal(tm_fieldpath_compile(&mem, tm_str_of(row[i][0]), &path, &err), TM_ERECIPE);
        if (!strstr(err.msg, row[i][1])) fail_msg("%s: %s", row[i][0], err.msg);
    }
    tm_arena_release(&mem);
}

static void a_path_has_at_most_64_steps(void **state)
{
    tm_arena mem = {0};
    tm_buf text = {0};
    tm_fieldpath *path;
    tm_err err = {0};
    (void)state;
    for (int i = 0; i < 64; i++) tm_buf_z(&text, i ? ".a" : "a");
    assert_int_equal(tm_fieldpath_compile(&mem, tm_buf_view(&text), &path, &err), TM_OK);
    tm_buf_z(&text, "[1]");
    assert_int_equal(tm_fieldpath_compile(&mem, tm_buf_view(&text), &path, &err), TM_ERECIPE);
    assert_non_null(strstr(err.msg, "64 steps"));
    tm_buf_release(&text);
    tm_arena_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_have_one_canonical_form),
        cmocka_unit_test(wrong_paths_are_refused_with_a_place),
        cmocka_unit_test(a_path_has_at_most_64_steps),
    };
    return cmocka_run_group_tests_name("field paths", tests, NULL, NULL);
}
