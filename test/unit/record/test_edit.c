/* Editing parts: coordinates of now, kept in coordinates of as read, written as splices. */
#include "record_help.h"

#define TEXT(inside) "{\"text\": \"" inside "\", \"n\": 1.0}"

static void an_edit_changes_only_what_it_touches(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, TEXT("a\\u0062c\\/d"));
    fx_replace(&f, 0, "c", "C\n");
    assert_string_equal(fx_write(&f, r, &out), TEXT("a\\u0062C\\n\\/d"));
    assert_int_equal(f.b.part[0].version, 1);
    assert_true(tm_record_changed(&f.b, r));
    fx_close(&f);
    tm_buf_release(&out);
}

static void later_edits_are_composed_with_earlier_ones(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, TEXT("one two three"));
    fx_replace(&f, 0, "two", "2222");
    fx_replace(&f, 0, "three", "3");
    fx_replace(&f, 0, "22 3", "-");
    assert_string_equal(fx_parts(&f, r, &out), "d0*:one 22-");
    assert_string_equal(fx_write(&f, r, &out), TEXT("one 22-"));
    uint32_t e = f.b.part[0].first_edit;
    assert_int_equal(f.b.edit[e].at, 4);
    assert_int_equal(f.b.edit[e].cut, 9);
    assert_int_equal(f.b.edit[e].next, TM_NONE);
    fx_close(&f);
    tm_buf_release(&out);
}

static void separate_edits_stay_separate(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, TEXT("one \\u0074wo three"));
    fx_replace(&f, 0, "three", "3");
    fx_replace(&f, 0, "one", "1");
    uint32_t e = f.b.part[0].first_edit;
    assert_int_equal(f.b.edit[e].at, 0);
    assert_int_equal(f.b.edit[f.b.edit[e].next].at, 8);
    assert_string_equal(fx_write(&f, r, &out), TEXT("1 \\u0074wo 3"));
    fx_close(&f);
    tm_buf_release(&out);
}

static void what_is_put_back_leaves_the_bytes_as_they_came(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, TEXT("a\\u00e9b"));
    fx_replace(&f, 0, "\xC3\xA9", "e");
    fx_replace(&f, 0, "e", "\xC3\xA9");
    assert_false(tm_record_changed(&f.b, r));
    assert_string_equal(fx_write(&f, r, &out), TEXT("a\\u00e9b"));
    fx_close(&f);
    tm_buf_release(&out);
}

static void a_splice_that_changes_nothing_is_no_edit(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    fx_add(&f, TEXT("abc"));
    fx_replace(&f, 0, "b", "b");
    fx_replace(&f, 0, "", "");
    assert_int_equal(f.b.part[0].version, 0);
    assert_int_equal(f.b.part[0].first_edit, TM_NONE);
    fx_close(&f);
}

static void surrogate_pairs_are_cut_whole(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, TEXT("x\\ud83d\\ude00y\\ud83dz"));
    fx_replace(&f, 0, "\xF0\x9F\x98\x80", ":)");
    fx_replace(&f, 0, "z", "Z");
    assert_string_equal(fx_write(&f, r, &out), TEXT("x:)y\\ud83dZ"));
    fx_close(&f);
    tm_buf_release(&out);
}

static void the_prompt_in_a_rejected_answer_follows_the_first(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"chosen\":[{\"role\":\"user\",\"content\":\"caf\xC3\xA9 1\"},"
                            "{\"role\":\"assistant\",\"content\":\"c\"}],\"rejected\":[{\"role\":"
                            "\"user\",\"content\":\"caf\\u00e9 1\"},{\"role\":\"assistant\","
                            "\"content\":\"r\"}]}");
    fx_replace(&f, 0, "1", "one\n");
    fx_replace(&f, 2, "caf", "Caf"); /* the copy: goes to its twin */
    assert_string_equal(fx_write(&f, r, &out),
                        "{\"chosen\":[{\"role\":\"user\",\"content\":\"Caf\xC3\xA9 one\\n\"},"
                        "{\"role\":\"assistant\",\"content\":\"c\"}],\"rejected\":[{\"role\":"
                        "\"user\",\"content\":\"Caf\\u00e9 one\\n\"},{\"role\":\"assistant\","
                        "\"content\":\"r\"}]}");
    fx_close(&f);
    tm_buf_release(&out);
}

static void arguments_as_an_object_stay_json(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r =
        fx_add(&f, "{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":"
                   "[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":1}}}]}]}");
    fx_replace(&f, 1, "}", "");
    assert_false(tm_record_changed(&f.b, r));
    fx_replace(&f, 1, "1", "[2]");
    assert_string_equal(fx_parts(&f, r, &out), "a0*=null|ac0*:{\"a\":[2]}");
    assert_non_null(strstr(fx_write(&f, r, &out), "\"arguments\":{\"a\":[2]}}"));
    fx_close(&f);
    tm_buf_release(&out);
}

static void what_is_not_text_is_never_touched(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r =
        fx_add(&f, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
                   "\"image_url\":\"x\"}]},{\"role\":\"user\",\"content\":null}]}");
    for (uint32_t i = 0; i < 2; i++) {
        tm_splice s = {0, 0, TM_STR("put")};
        assert_int_equal(tm_part_edit(&f.b, i, &s, 1, 0, 0, &f.err), TM_OK);
    }
    assert_false(tm_record_changed(&f.b, r));
    fx_close(&f);
}

static void parts_out_of_the_order_of_the_bytes_are_written_in_it(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, "{\"output\":\"o\",\"input\":\"n\",\"instruction\":\"i\"}");
    fx_replace(&f, 0, "i", "I");
    fx_replace(&f, 1, "n", "N");
    fx_replace(&f, 2, "o", "O");
    assert_string_equal(fx_write(&f, r, &out),
                        "{\"output\":\"O\",\"input\":\"N\",\"instruction\":\"I\"}");
    fx_close(&f);
    tm_buf_release(&out);
}

static void places_as_read_become_places_in_the_raw_bytes(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    fx_add(&f, TEXT("a\\u00e9\\ud83d\\ude00z"));
    static const uint32_t as_read[] = {0, 1, 3, 7, 8}, raw[] = {0, 1, 7, 19, 20};
    for (size_t i = 0; i < TM_COUNT(raw); i++) {
        for (size_t k = 0; k < TM_COUNT(raw); k++) { /* whatever was asked before */
            tm_part_place known = {0};
            assert_int_equal(tm_part_raw_offset(&f.b, 0, as_read[k], &known), raw[k]);
            assert_int_equal(tm_part_raw_offset(&f.b, 0, as_read[i], &known), raw[i]);
        }
    }
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_changes_only_what_it_touches),
        cmocka_unit_test(later_edits_are_composed_with_earlier_ones),
        cmocka_unit_test(separate_edits_stay_separate),
        cmocka_unit_test(what_is_put_back_leaves_the_bytes_as_they_came),
        cmocka_unit_test(a_splice_that_changes_nothing_is_no_edit),
        cmocka_unit_test(surrogate_pairs_are_cut_whole),
        cmocka_unit_test(the_prompt_in_a_rejected_answer_follows_the_first),
        cmocka_unit_test(arguments_as_an_object_stay_json),
        cmocka_unit_test(what_is_not_text_is_never_touched),
        cmocka_unit_test(parts_out_of_the_order_of_the_bytes_are_written_in_it),
        cmocka_unit_test(places_as_read_become_places_in_the_raw_bytes),
    };
    return cmocka_run_group_tests_name("edits", tests, NULL, NULL);
}
