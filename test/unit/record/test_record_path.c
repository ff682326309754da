/* The paths that messages name: from a raw offset to messages[3].content, also inside strings that
 * hold JSON. */
#include "record_help.h"

static void check(fixture *f, uint32_t r, const char *what, const char *path)
{
    tm_buf out = {0};
    size_t at = tm_str_find(f->b.raw[r], tm_str_of(what));
    assert_true(at < f->b.raw[r].n);
    tm_buf_z(&out, "<");
    tm_record_path(&f->b, r, (uint32_t)at, &out);
    tm_buf_char(&out, '\0');
    assert_string_equal(out.p + 1, path);
    tm_buf_release(&out);
}

static void offsets_have_the_path_of_their_value(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r =
        fx_add(&f, "{\"messages\":[{\"role\":\"user\",\"content\":\"one\"},{\"role\":\"tool\","
                   "\"content\":[{\"text\":\"two\"}]}],\"me ta\":{\"\":[1,[22]]}}");
    check(&f, r, "{\"mess", "");
    check(&f, r, "messages", "messages");
    check(&f, r, "user", "messages[0].role");
    check(&f, r, "one", "messages[0].content");
    check(&f, r, "two", "messages[1].content[0].text");
    check(&f, r, "22", "[\"me ta\"][\"\"][1][0]");
    check(&f, r, "},{", "messages[0]");
    fx_close(&f);
}

static void offsets_in_strings_that_hold_json_go_on(void **state)
{
    fixture f;
    (void)state;
    fx_open_map(&f, (const char *const[]){"text", "a.b.c", NULL});
    uint32_t r =
        fx_add(&f, "{\"a\": \"{\\\"b\\\":\\\"{\\\\\\\"c\\\\\\\":\\\\\\\"deep\\\\\\\"}\\\"}\","
                   "\"d\":\"{\\\"e\\\":1}\"}");
    check(&f, r, "deep", "a.b.c");
    check(&f, r, "e\\", "d");
    fx_close(&f);
}

static void unreadable_records_have_no_paths(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"a\":");
    tm_record_path(&f.b, r, 1, &out);
    assert_int_equal(out.n, 0);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_have_the_path_of_their_value),
        cmocka_unit_test(offsets_in_strings_that_hold_json_go_on),
        cmocka_unit_test(unreadable_records_have_no_paths),
    };
    return cmocka_run_group_tests_name("record paths", tests, NULL, NULL);
}
