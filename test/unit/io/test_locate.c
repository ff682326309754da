/* From a place to its record and from a line to its place, in every kind of source. */
#include "io_help.h"

static tm_source probe(const char *name, tm_str bytes, tm_arena *mem)
{
    tm_source source;
    mem_put(name, bytes.p, bytes.n);
    assert_int_equal(tm_source_probe(mem, tm_str_of(name), wish_any, &source, NULL, NULL), TM_OK);
    return source;
}

static void lines_and_places_lead_to_each_other(void **state)
{
    TM_UNUSED(state);
    tm_buf plain = {0};
    make_lines(&plain, 20000);
    for (int codec = TM_PLAIN; codec <= TM_GZIP; codec++) {
        tm_buf packed = {0}, raw = {0};
        tm_arena mem = {0};
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        mem_begin(0);
        tm_source source = probe("x", tm_buf_view(&packed), &mem);
        const char *at = plain.p;
        for (uint64_t line = 1; line <= 20000; line++) {
            const char *end = memchr(at, '\n', (size_t)(plain.p + plain.n - at));
            if (line % 1999 == 1 || line == 20000) {
                uint64_t offset = 0, back = 0;
                assert_int_equal(tm_source_line(&source, NULL, line, 0, &raw, &offset, NULL),
                                 TM_OK);
                assert_int_equal(offset, at - plain.p);
                assert_int_equal(raw.n, end - at);
                assert_memory_equal(raw.p, at, raw.n);
                assert_int_equal(tm_source_record(&source, NULL, offset, &raw, &back, NULL), TM_OK);
                assert_int_equal(back, line);
                assert_memory_equal(raw.p, at, raw.n);
            }
            at = end + 1;
        }
        mem_end();
        tm_buf_release(&packed);
        tm_buf_release(&raw);
        tm_arena_release(&mem);
    }
    tm_buf_release(&plain);
}

static void a_line_inside_an_element_leads_to_it(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    tm_buf raw = {0};
    uint64_t offset = 0;
    tm_err err = {0};
    mem_begin(0);
    tm_source source = probe("x.json", TM_STR("[\n{\n\"a\": 1\n},\n\n{\n}\n]\n"), &mem);
    static const uint64_t want[] = {0, 2, 2, 2, 0, 15, 15, 0};
    for (uint64_t line = 1; line <= 8; line++) {
        tm_status status = tm_source_line(&source, NULL, line, 0, &raw, &offset, &err);
        assert_int_equal(status, want[line - 1] ? TM_OK : TM_EINPUT);
        if (status == TM_OK)
            assert_int_equal(offset, want[line - 1]);
        else
            assert_int_equal(err.line, line);
    }
    assert_int_equal(tm_source_line(&source, NULL, 99, 0, &raw, &offset, &err), TM_EINPUT);
    assert_non_null(strstr(err.msg, "the file has 8 lines"));
    assert_int_equal(tm_source_line(&source, NULL, 0, 0, &raw, &offset, &err), TM_EUSAGE);
    assert_int_equal(tm_source_record(&source, NULL, 3, &raw, &offset, &err), TM_EINPUT);
    mem_end();
    tm_buf_release(&raw);
    tm_arena_release(&mem);
}

/* Columns count characters; what stands between two records belongs to none. */
static void a_column_leads_to_the_record_that_holds_it(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    uint64_t offset = 0, line, column;
    mem_begin(0);
    tm_source source = probe("x.json", TM_STR("[\"\xC3\xA4\", {\n\"a\": 1}, 3,\n4 5, 6]"), &mem);
    static const struct {
        uint64_t line, column, offset; /* offset 0: none; of the damage: to the end */
    } want[] = {{1, 1, 0},  {1, 2, 1},  {1, 4, 1},   {1, 5, 0},   {1, 7, 7},
                {1, 9, 7},  {2, 7, 7},  {2, 8, 0},   {2, 10, 18}, {2, 11, 0},
                {3, 1, 21}, {3, 3, 23}, {3, 99, 23}, {4, 1, 23}};
    for (size_t i = 0; i < TM_COUNT(want); i++) {
        tm_status status =
            tm_source_line(&source, NULL, want[i].line, want[i].column, NULL, &offset, NULL);
        assert_int_equal(status, want[i].offset ? TM_OK : TM_EINPUT);
        if (want[i].offset) assert_int_equal(offset, want[i].offset);
    }
    assert_int_equal(tm_source_place(&source, NULL, 18, &line, &column, NULL), TM_OK);
    assert_int_equal(line, 2);
    assert_int_equal(column, 10);
    assert_int_equal(tm_source_place(&source, NULL, 23, &line, &column, NULL), TM_OK);
    assert_int_equal(line, 3);
    assert_int_equal(column, 3);
    mem_end();
    tm_arena_release(&mem);
}

static void a_place_in_damage_says_what_is_wrong(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    tm_buf raw = {0};
    uint64_t offset = 0, line = 0;
    tm_err err = {0};
    mem_begin(0);
    tm_source source = probe("x.json", TM_STR("[1,\n2 3,\n4]\n"), &mem);
    assert_int_equal(tm_source_record(&source, NULL, 6, &raw, &line, &err), TM_EINPUT);
    assert_string_equal(err.code, "T1111");
    assert_int_equal(tm_source_line(&source, NULL, 3, 0, &raw, &offset, &err), TM_EINPUT);
    assert_string_equal(err.code, "T1111");
    mem_end();
    tm_buf_release(&raw);
    tm_arena_release(&mem);
}

static void standard_input_cannot_be_asked_again(void **state)
{
    TM_UNUSED(state);
    tm_source source = {.path = TM_STR("-")};
    tm_buf raw = {0};
    uint64_t line = 0;
    assert_int_equal(tm_source_record(&source, NULL, 0, &raw, &line, NULL), TM_EINPUT);
    tm_buf_release(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_places_lead_to_each_other),
        cmocka_unit_test(a_line_inside_an_element_leads_to_it),
        cmocka_unit_test(a_column_leads_to_the_record_that_holds_it),
        cmocka_unit_test(a_place_in_damage_says_what_is_wrong),
        cmocka_unit_test(standard_input_cannot_be_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
