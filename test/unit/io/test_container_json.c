/* JSON that is not cut at lines: where elements begin and end whatever stands in their strings and
 * however the bytes arrive, and what happens when the array is broken. */
#include "io_help.h"

static void elements_of_an_array_are_records_with_places_and_lines(void **state)
{
    TM_UNUSED(state);
    expect_log("a.json", "[\n{\"a\":1},\n  {\"b\":\n [2]}\n,3 , \"x\"\n]\n",
               "2 @2 {\"a\":1}\n3 @13 {\"b\":\n [2]}\n5 @26 3\n5 @30 \"x\"\n");
    expect_log("a.json", "[]", "");
    expect_log("a.json", " [ ] \n", "");
    expect_log("a.json", "[1]", "1 @1 1\n");
}

static void one_object_is_one_record(void **state)
{
    TM_UNUSED(state);
    expect_log("a.json", "{\n \"a\": [1, 2]\n}\n", "1 @0 {\n \"a\": [1, 2]\n}\n");
    expect_log("a.json", "{\"a\":1}", "1 @0 {\"a\":1}\n");
}

static void values_one_after_another_are_records(void **state)
{
    TM_UNUSED(state);
    expect_log("a.json", "{\n\"a\":1\n}\n{\n\"a\":2\n}{}\n\n[4]",
               "1 @0 {\n\"a\":1\n}\n4 @10 {\n\"a\":2\n}\n"
               "6 @19 {}\n8 @23 [4]\n");
}

static void old_mac_line_ends_separate_values(void **state)
{
    TM_UNUSED(state);
    expect_log("a.jsonl", "{\"a\":1}\r{\"a\":2}\r", "1 @0 {\"a\":1}\n1 @8 {\"a\":2}\n");
}

static void brackets_and_quotes_in_strings_mean_nothing(void **state)
{
    TM_UNUSED(state);
    expect_log("a.json", "[{\"a\":\"]}\\\"],\"},\n\"\\\\\",{\"b\":\"[{\"}]",
               "1 @1 {\"a\":\"]}\\\"],\"}\n2 @17 \"\\\\\"\n2 @22 {\"b\":\"[{\"}\n");
}

static void a_bad_element_is_one_record_and_the_next_is_read(void **state)
{
    TM_UNUSED(state);
    expect_log("a.json", "[{\"a\":tru},nope,{\"b\":1}]",
               "1 @1 {\"a\":tru}\n1 @11 nope\n1 @16 {\"b\":1}\n");
}

static void a_broken_array_is_one_damage_to_its_end(void **state)
{
    TM_UNUSED(state);
    expect_log("a.json", "[1,\n2 3,\n4]\n", "1 @1 1\n2 @4 2\nT1111 2 @6+6 end\n");
    expect_log("a.json", "[1,\n2", "1 @1 1\nT1111 2 @4+1 end\n");
    expect_log("a.json", "[1,\n[2]", "1 @1 1\n2 @4 [2]\nT1111 2 @7+0 end\n");
    expect_log("a.json", "[1,\n[2],\n", "1 @1 1\n2 @4 [2]\nT1111 3 @9+0 end\n");
    expect_log("a.json", "[1,\n{\"a\":[2,", "1 @1 1\nT1111 2 @4+8 end\n");
    expect_log("a.json", "[1,,2]", "1 @1 1\nT1111 1 @3+3 end\n");
    expect_log("a.json", "[1]\n\n]", "1 @1 1\nT1111 3 @5+1 end\n");
    expect_log("a.json", "[1,]", "1 @1 1\nT1111 1 @3+1 end\n");
    expect_log("a.json", "{\"a\":\n1},{\"b\":2}", "1 @0 {\"a\":\n1}\nT1111 2 @8+8 end\n");
    expect_log("a.json", "[", "T1111 1 @1+0 end\n");
}

static void an_array_of_a_million_elements_takes_one_pass(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    tm_buf_z(&b, "[\n");
    for (int i = 0; i < 1000000; i++) tm_buf_print(&b, "%s{\n  \"id\": %d\n}", i ? ",\n" : "", i);
    tm_buf_z(&b, "\n]\n");
    told t = read_mem("m.json", tm_buf_view(&b), 0, (tm_read_limits){0});
    assert_int_equal(t.status, TM_OK);
    assert_int_equal(t.records, 1000000);
    assert_int_equal(t.damages, 0);
    assert_int_equal(t.lines, 3000002);
    assert_true(t.most_room < 3 * TM_BLOCK_BYTES);
    assert_int_equal(t.decoded_bytes, b.n);
    told_free(&t);
    tm_buf_release(&b);
}

/* Elements of many shapes; reads of any size give the same blocks. */
static void make_elements(tm_buf *b, unsigned n)
{
    static const char *const shapes[] = {"{\"a\": \"[\\\"]}{\",\n \"b\": [1, {\"c\": \"\\\\\"}]}",
                                         "\"\\\\\\\"]\"",
                                         "[[],[{}]]",
                                         "-1.5e7",
                                         "true",
                                         "{\n}",
                                         "\"\xe6\xbc\xa2\xf0\x9f\x98\x80,\""};
    static const char *const gaps[] = {"", " ", "\n", "\r\n\t", "                    "};
    tm_buf_char(b, '[');
    for (unsigned i = 0; i < n; i++) {
        uint64_t h = tm_hash64(&i, sizeof i, 3);
        if (i) tm_buf_print(b, "%s,%s", gaps[h % 5], gaps[h / 5 % 5]);
        tm_buf_z(b, shapes[h / 25 % TM_COUNT(shapes)]);
    }
    tm_buf_z(b, "\n]");
}

static void chunk_ends_anywhere_change_nothing(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    make_elements(&b, 40);
    told whole = read_mem("c.json", tm_buf_view(&b), 0, (tm_read_limits){0});
    assert_int_equal(whole.records, 40);
    for (size_t chunk = 1; chunk < b.n; chunk++) {
        told t = read_mem("c.json", tm_buf_view(&b), chunk, (tm_read_limits){0});
        assert_string_equal(t.log.p, whole.log.p);
        told_free(&t);
    }
    /* and where the stream is cut by the block, not by the read */
    for (size_t cut = 0; cut < b.n; cut += 3) {
        tm_buf long_one = {0};
        tm_buf_char(&long_one, '[');
        while (long_one.n < TM_BLOCK_BYTES - cut) tm_buf_char(&long_one, ' ');
        tm_buf_add(&long_one, b.p + 1, b.n - 1);
        told t = read_mem("c.json", tm_buf_view(&long_one), 0, (tm_read_limits){0});
        assert_int_equal(t.records, 40);
        assert_int_equal(t.damages, 0);
        assert_int_equal(t.lines, whole.lines);
        assert_int_equal(t.raws.n, whole.raws.n);
        assert_memory_equal(t.raws.p, whole.raws.p, whole.raws.n);
        told_free(&t);
        tm_buf_release(&long_one);
    }
    told_free(&whole);
    tm_buf_release(&b);
}

static void an_element_too_long_is_dropped_and_the_next_one_read(void **state)
{
    TM_UNUSED(state);
    tm_read_limits small = {.max_line = 10};
    expect_log_as("a.json", TM_STR("[1,\n\"123456789\",\n2]"), small,
                  "1 @1 1\nT1110 2 @4+11\n3 @17 2\n");
    tm_buf b = {0};
    tm_buf_z(&b, "[1,\n\"");
    for (int i = 0; i < 5 << 20; i++) tm_buf_char(&b, i % 100 ? 'x' : ' ');
    tm_buf_z(&b, "\",\n\n2]");
    told t = read_mem("a.json", tm_buf_view(&b), 0, (tm_read_limits){.max_line = 2 << 20});
    assert_string_equal(t.log.p, "1 @1 1\nT1110 2 @4+5242882\n4 @5242889 2\n");
    assert_true(t.most_room < 5 << 20);
    told_free(&t);
    tm_buf_release(&b);
}

static void a_long_gap_takes_no_memory(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    tm_buf_z(&b, "[1,\n");
    for (int i = 0; i < 20 << 20; i++) tm_buf_char(&b, i % 1024 ? ' ' : '\n');
    tm_buf_z(&b, "{\"a\":2}]");
    told t = read_mem("a.json", tm_buf_view(&b), 0, (tm_read_limits){0});
    assert_int_equal(t.records, 2);
    assert_int_equal(t.lines, 20481);
    assert_true(t.most_room < 3 * TM_BLOCK_BYTES);
    assert_non_null(strstr(t.log.p, "20482 @20971524 {\"a\":2}\n"));
    told_free(&t);
    tm_buf_release(&b);
}

static void depth_of_millions_is_only_counted(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    tm_buf_z(&b, "[1,");
    for (int i = 0; i < 5000000; i++) tm_buf_char(&b, '[');
    for (int i = 0; i < 5000000; i++) tm_buf_char(&b, ']');
    tm_buf_z(&b, ",2]");
    told t = read_mem("a.json", tm_buf_view(&b), 0, (tm_read_limits){0});
    assert_int_equal(t.records, 3);
    assert_int_equal(t.damages, 0);
    told_free(&t);
    tm_buf_release(&b);
}

static void a_cut_file_gives_a_prefix_and_always_says_so(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    make_elements(&b, 60);
    told whole = read_mem("c.json", tm_buf_view(&b), 0, (tm_read_limits){0});
    for (size_t n = 1; n < b.n - 1; n++) {
        told t = read_mem("c.json", tm_str_from(b.p, n), 0, (tm_read_limits){0});
        assert_int_equal(t.damages, 1);
        assert_true(t.damage[0].ends_source);
        assert_true(t.raws.n <= whole.raws.n);
        assert_memory_equal(t.raws.p ? t.raws.p : "", whole.raws.p, t.raws.n);
        assert_int_equal(t.damage[0].at + t.damage[0].bytes, n);
        told_free(&t);
    }
    told_free(&whole);
    tm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_of_an_array_are_records_with_places_and_lines),
        cmocka_unit_test(one_object_is_one_record),
        cmocka_unit_test(values_one_after_another_are_records),
        cmocka_unit_test(old_mac_line_ends_separate_values),
        cmocka_unit_test(brackets_and_quotes_in_strings_mean_nothing),
        cmocka_unit_test(a_bad_element_is_one_record_and_the_next_is_read),
        cmocka_unit_test(a_broken_array_is_one_damage_to_its_end),
        cmocka_unit_test(an_array_of_a_million_elements_takes_one_pass),
        cmocka_unit_test(chunk_ends_anywhere_change_nothing),
        cmocka_unit_test(an_element_too_long_is_dropped_and_the_next_one_read),
        cmocka_unit_test(a_long_gap_takes_no_memory),
        cmocka_unit_test(depth_of_millions_is_only_counted),
        cmocka_unit_test(a_cut_file_gives_a_prefix_and_always_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
