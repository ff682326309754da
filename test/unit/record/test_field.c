/* Fields: looked up in the record as it is now, set and removed by splices. */
#include "record_help.h"

#include "record/fieldpath.h"

static tm_fieldpath *path_of(fixture *f, const char *text)
{
    tm_fieldpath *path;
    assert_int_equal(tm_fieldpath_compile(&f->mem, tm_str_of(text), &path, &f->err), TM_OK);
    return path;
}

/* The field's text, its JSON, "absent" or "null". */
static void expect(fixture *f, uint32_t r, const char *path, const char *what)
{
    tm_field field;
    assert_true(tm_field_get(&f->b, r, path_of(f, path), &field));
    tm_str got = field.kind == TM_JSON_STRING ? field.text : field.raw;
    if (field.present == TM_ABSENT) got = TM_STR("absent");
    if (got.n != strlen(what) || memcmp(got.p, what, got.n))
        fail_msg("%s: %.*s instead of %s", path, TM_FMT(got), what);
    assert_int_equal(field.present == TM_IS_NULL, !strcmp(what, "null"));
}

static bool set(fixture *f, uint32_t r, const char *path, const char *json)
{
    tm_field_change done;
    assert_int_equal(tm_field_set(&f->b, r, path_of(f, path), tm_str_of(json), 1, &done, &f->err),
                     TM_OK);
    return !done.blocked;
}

static bool cut(fixture *f, uint32_t r, const char *path)
{
    tm_field_change done;
    assert_int_equal(tm_field_remove(&f->b, r, path_of(f, path), 1, &done, &f->err), TM_OK);
    return done.there;
}

static void written(fixture *f, uint32_t r, const char *json)
{
    tm_buf out = {0};
    assert_string_equal(fx_write(f, r, &out), json);
    tm_json scan = {0};
    assert_true(tm_json_scan(&scan, out.p, out.n - 1, 0, (tm_json_limits){0}));
    tm_json_release(&scan);
    tm_buf_release(&out);
}

static void fields_are_found(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"t\\n\",\"a\":{\"b c\":[1,{\"d\":null}],\"n\":1.50},"
                            "\"s\":\"{\\\"x\\\":[\\\"y\\\"]}\",\"t\":true}");
    expect(&f, r, "text", "t\n");
    expect(&f, r, "a[\"b c\"][0]", "1");
    expect(&f, r, "$.a.'b c'[1].d", "null");
    expect(&f, r, "a.'b c'[-1]", "{\"d\":null}");
    expect(&f, r, "a.'b c'[-3]", "absent");
    expect(&f, r, "a.n", "1.50");
    expect(&f, r, "a.n.x", "absent");
    expect(&f, r, "s.x[0]", "y");
    expect(&f, r, "s.y", "absent");
    expect(&f, r, "text.y", "absent");
    expect(&f, r, "t", "true");
    tm_field field;
    assert_true(tm_field_get(&f.b, r, path_of(&f, "$"), &field));
    assert_int_equal(field.count, 4);
    fx_close(&f);
}

static void edits_and_patches_of_earlier_steps_are_seen(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"prompt\":\"p\",\"completion\":\"c\",\"meta\":{\"a\":1}}");
    fx_replace(&f, 1, "c", "new \"c\"");
    expect(&f, r, "completion", "new \"c\"");
    expect(&f, r, "prompt", "p");
    assert_true(set(&f, r, "meta.b", "[2]"));
    expect(&f, r, "meta.b[0]", "2");
    expect(&f, r, "meta.a", "1");
    expect(&f, r, "completion", "new \"c\"");
    expect(&f, r, "meta", "{\"a\":1,\"b\":[2]}");
    assert_true(cut(&f, r, "meta.a"));
    expect(&f, r, "meta.a", "absent");
    written(&f, r, "{\"prompt\":\"p\",\"completion\":\"new \\\"c\\\"\",\"meta\":{\"b\":[2]}}");
    fx_close(&f);
}

static void new_keys_follow_the_style_of_the_record(void **state)
{
    static const struct {
        const char *json, *path, *out;
    } row[] = {
        {"{\"text\":\"t\",\"a\":1}", "b", "{\"text\":\"t\",\"a\":1,\"b\":7}"},
        {"{\"text\": \"t\", \"a\": 1 }", "b", "{\"text\": \"t\", \"a\": 1, \"b\": 7 }"},
        {"{\"text\": \"t\"}", "b", "{\"text\": \"t\", \"b\": 7}"},
        {"{\"text\":\"t\"}", "b", "{\"text\":\"t\",\"b\":7}"},
        {"{\n  \"text\": \"t\",\n  \"a\": 1\n}", "b",
         "{\n  \"text\": \"t\",\n  \"a\": 1,\n  \"b\": 7\n}"},
        {"{\"text\":\"t\",\"m\":{}}", "m.x", "{\"text\":\"t\",\"m\":{\"x\":7}}"},
        {"{\"text\":\"t\"}", "m.x.y", "{\"text\":\"t\",\"m\":{\"x\":{\"y\":7}}}"},
        {"{\"text\":\"t\",\"m\":[{},1]}", "m[0].'a\"b'",
         "{\"text\":\"t\",\"m\":[{\"a\\\"b\":7},1]}"},
        {"{\"text\":\"t\",\"s\":\"[1,{}]\"}", "s[1].x",
         "{\"text\":\"t\",\"s\":\"[1,{\\\"x\\\":7}]\"}"},
        {"{\"text\":\"t\",\"m\":1,\"m\":2}", "m", "{\"text\":\"t\",\"m\":1,\"m\":7}"},
    };
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        fixture f;
        fx_open(&f, NULL);
        uint32_t r = fx_add(&f, row[i].json);
        assert_true(set(&f, r, row[i].path, "7"));
        written(&f, r, row[i].out);
        expect(&f, r, row[i].path, "7");
        fx_close(&f);
    }
}

static void a_parent_that_is_no_object_blocks(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"t\",\"a\":null,\"l\":[1]}");
    assert_false(set(&f, r, "a.b", "1"));
    assert_false(set(&f, r, "text.b", "1"));
    assert_false(set(&f, r, "l.b", "1"));
    assert_false(set(&f, r, "l[1]", "1"));
    assert_false(set(&f, r, "x[0]", "1"));
    assert_false(set(&f, r, "$", "1"));
    assert_false(cut(&f, r, "a.b"));
    assert_false(cut(&f, r, "$"));
    assert_false(tm_record_changed(&f.b, r));
    fx_close(&f);
}

static void fields_set_one_after_another_compose(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\": \"t\"}");
    assert_true(set(&f, r, "m.a", "1"));
    assert_true(set(&f, r, "m.b", "\"two\""));
    assert_true(set(&f, r, "n", "3"));
    assert_true(set(&f, r, "m.a", "{\"x\": 0}"));
    assert_true(set(&f, r, "m.a.x", "9"));
    written(&f, r, "{\"text\": \"t\", \"m\": {\"a\": {\"x\": 9}, \"b\": \"two\"}, \"n\": 3}");
    fx_replace(&f, 0, "t", "T");
    assert_true(set(&f, r, "n", "4"));
    assert_true(cut(&f, r, "m.b"));
    written(&f, r, "{\"text\": \"T\", \"m\": {\"a\": {\"x\": 9}}, \"n\": 4}");
    assert_true(cut(&f, r, "m"));
    assert_true(cut(&f, r, "n"));
    written(&f, r, "{\"text\": \"T\"}");
    fx_close(&f);
}

static void members_go_with_their_comma(void **state)
{
    static const struct {
        const char *path, *out;
    } row[] = {
        {"text", "{ \"a\" : 1 ,\"l\":[1 , 2,3]}"},
        {"a", "{ \"text\":\"t\", \"l\":[1 , 2,3]}"},
        {"l", "{ \"text\":\"t\", \"a\" : 1}"},
        {"l[0]", "{ \"text\":\"t\", \"a\" : 1 ,\"l\":[2,3]}"},
        {"l[1]", "{ \"text\":\"t\", \"a\" : 1 ,\"l\":[1 , 3]}"},
        {"l[-1]", "{ \"text\":\"t\", \"a\" : 1 ,\"l\":[1 , 2]}"},
    };
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        fixture f;
        fx_open(&f, NULL);
        uint32_t r = fx_add(&f, "{ \"text\":\"t\", \"a\" : 1 ,\"l\":[1 , 2,3]}");
        assert_true(cut(&f, r, row[i].path));
        written(&f, r, row[i].out);
        fx_close(&f);
    }
}

static void of_equal_keys_all_are_removed(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"t\",\"a\":1,\"\\u0061\":2,\"b\":0,\"a\":3}");
    assert_true(cut(&f, r, "a"));
    written(&f, r, "{\"text\":\"t\",\"b\":0}");
    fx_close(&f);
}

static void of_equal_parents_all_are_followed(void **state)
{
    fixture f;
    tm_field_change done;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"t\",\"meta\":{\"email\":\"a\",\"n\":1},"
                            "\"meta\":{\"email\":\"b\",\"n\":2,\"email\":\"c\"},"
                            "\"l\":[1,2],\"l\":[3,4],\"m\\u0065ta\":\"{\\\"email\\\":5}\"}");
    assert_true(cut(&f, r, "meta.email"));
    assert_true(cut(&f, r, "l[0]"));
    written(&f, r,
            "{\"text\":\"t\",\"meta\":{\"n\":1},\"meta\":{\"n\":2},\"l\":[2],\"l\":[4],"
            "\"m\\u0065ta\":\"{}\"}");
    assert_false(cut(&f, r, "meta.email"));
    assert_int_equal(tm_field_set(&f.b, r, path_of(&f, "x"), TM_STR("1"), 1, &done, &f.err), TM_OK);
    assert_true(done.changed && !done.there);
    assert_int_equal(tm_field_set(&f.b, r, path_of(&f, "x"), TM_STR(" 1"), 1, &done, &f.err),
                     TM_OK);
    assert_true(!done.changed && done.there);
    fx_close(&f);
}

static void a_text_set_to_a_text_is_an_edit_of_its_part(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"prompt\":\"p\",\"completion\":\"c\"}");
    assert_true(set(&f, r, "completion", "\"n\\u00e9w\""));
    assert_string_equal(fx_parts(&f, r, &out), "u0:p|a1*:n\xC3\xA9w");
    assert_true(set(&f, r, "x", "1"));
    assert_true(set(&f, r, "prompt", "\"q\""));
    assert_string_equal(fx_parts(&f, r, &out), "u0:q|a1*:n\xC3\xA9w");
    written(&f, r, "{\"prompt\":\"q\",\"completion\":\"n\xC3\xA9w\",\"x\":1}");
    fx_close(&f);
    tm_buf_release(&out);
}

static void a_patch_over_parts_makes_them_gone(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"prompt\":\"p\",\"completion\":\"c\"}");
    fx_replace(&f, 1, "c", "d");
    assert_true(set(&f, r, "completion", "null"));
    assert_string_equal(fx_parts(&f, r, &out), "u0:p|a1*x:");
    assert_false(tm_part_in(&f.b.part[1], TM_SEL_ALL));
    fx_replace(&f, 0, "p", "P");
    written(&f, r, "{\"prompt\":\"P\",\"completion\":null}");
    fx_close(&f);
    tm_buf_release(&out);
}

static void fields_inside_strings_are_set_through_their_escapes(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r =
        fx_add(&f, "{\"text\":\"t\",\"s\":\"{\\\"x\\\": \\\"{\\\\\\\"y\\\\\\\":1}\\\"}\"}");
    assert_true(set(&f, r, "s.x.z", "\"\\\"\""));
    written(&f, r,
            "{\"text\":\"t\",\"s\":\"{\\\"x\\\": \\\"{\\\\\\\"y\\\\\\\":1,\\\\\\\"z\\\\\\\":"
            "\\\\\\\"\\\\\\\\\\\\\\\"\\\\\\\"}\\\"}\"}");
    expect(&f, r, "s.x.z", "\"");
    assert_true(cut(&f, r, "s.x.y"));
    expect(&f, r, "s.x", "{\"z\":\"\\\"\"}");
    fx_close(&f);
}

static void a_text_that_is_a_part_is_not_patched_inside(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"{\\\"a\\\":1}\"}");
    expect(&f, r, "text.a", "1");
    assert_false(set(&f, r, "text.a", "2"));
    assert_false(tm_record_changed(&f.b, r));
    fx_close(&f);
}

static void raw_patches_are_kept_in_order(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"text\":\"t\",\"mail\":\"a@b\",\"note\":\"a@b\"}");
    assert_int_equal(tm_patch_add(&f.b, r, 33, 3, TM_STR("X"), (tm_str){0}, 1, 0, &f.err), TM_OK);
    assert_int_equal(tm_patch_add(&f.b, r, 20, 3, TM_STR("YY"), (tm_str){0}, 1, 0, &f.err), TM_OK);
    written(&f, r, "{\"text\":\"t\",\"mail\":\"YY\",\"note\":\"X\"}");
    expect(&f, r, "mail", "YY");
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found),
        cmocka_unit_test(edits_and_patches_of_earlier_steps_are_seen),
        cmocka_unit_test(new_keys_follow_the_style_of_the_record),
        cmocka_unit_test(a_parent_that_is_no_object_blocks),
        cmocka_unit_test(fields_set_one_after_another_compose),
        cmocka_unit_test(members_go_with_their_comma),
        cmocka_unit_test(of_equal_keys_all_are_removed),
        cmocka_unit_test(of_equal_parents_all_are_followed),
        cmocka_unit_test(a_text_set_to_a_text_is_an_edit_of_its_part),
        cmocka_unit_test(a_patch_over_parts_makes_them_gone),
        cmocka_unit_test(fields_inside_strings_are_set_through_their_escapes),
        cmocka_unit_test(a_text_that_is_a_part_is_not_patched_inside),
        cmocka_unit_test(raw_patches_are_kept_in_order),
    };
    return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
