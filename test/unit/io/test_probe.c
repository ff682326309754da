/* What a file is, by its content; what is refused, and with which advice. */
#include "io_help.h"

#include <unistd.h>

static void expect_container(const char *name, const char *text, tm_container_id container)
{
    told t = read_mem(name, tm_str_of(text), 0, (tm_read_limits){0});
    if (t.status != TM_OK || t.source.container != container)
        fail_msg("%s: %s gives %s, not %s", name, text, tm_containers[t.source.container].name,
                 tm_containers[container].name);
    told_free(&t);
}

static void lines_of_objects_are_jsonl(void **state)
{
    TM_UNUSED(state);
    expect_container("a", "{\"a\":1}\n{\"a\":2}\n", TM_JSONL);
    expect_container("a.json", "{\"a\":1}\n{\"a\":2}\n", TM_JSONL);
    expect_container("a.jsonl", "{\"a\":1}", TM_JSONL);
    expect_container("a", "{\"a\":1} xyz\n{\"a\":2}\n", TM_JSONL);
    expect_container("a", "\n\n {\"a\":1}\n{\"a\":2}\n", TM_JSONL);
    expect_container("a", "{'a': 1}\n{'a': \"it's}\n", TM_JSONL);
    expect_container("a", "nope\n{\"a\":2}\n", TM_JSONL);
    expect_container("a", "1\n2\n", TM_JSONL);
    expect_container("a", "", TM_JSONL);
}

static void a_broken_first_line_is_still_jsonl(void **state)
{
    TM_UNUSED(state);
    expect_container("a", "{\"a\": 1,\n{\"a\":2}\n{\"a\":3}\n", TM_JSONL);
    expect_container("a", "{\"a\":\n{\"a\":2}\n{\"a\":3}\n", TM_JSONL);
    expect_container("a", "{\"a\": \"cut\n{\"a\":2}\n{\"a\":3}\n", TM_JSONL);
    expect_container("a.jsonl", "{\"a\":\n{\"a\":2}\n", TM_JSONL);
    expect_container("a.jsonl", "{\"a\": [1,\n", TM_JSONL);
}

static void pretty_printed_values_are_json(void **state)
{
    TM_UNUSED(state);
    expect_container("a", "{\n  \"a\": 1\n}\n", TM_JSON);
    expect_container("a.jsonl", "{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", TM_JSON);
    expect_container("a", "{ \"a\": [\n {\n", TM_JSON);
    expect_container("a.json", "{\"a\":1}", TM_JSON);
}

static void arrays_are_json_unless_there_is_one_a_line(void **state)
{
    TM_UNUSED(state);
    expect_container("a", "[{\"a\":1},\n{\"a\":2}]", TM_JSON);
    expect_container("a.jsonl", "[{\"a\":1},{\"a\":2}]\n", TM_JSON);
    expect_container("a", "[1,2]\n[3,4]\n", TM_JSONL);
    expect_container("a", "[1,2] 3\n", TM_JSON);
    expect_container("a", "[1,2]\n]\n", TM_JSON);
    expect_container("a", "[", TM_JSON);
}

static void a_pretty_printed_object_may_be_larger_than_the_probe(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    tm_buf_z(&b, "{\n \"a\": [\n");
    for (int i = 0; i < 300000; i++) tm_buf_print(&b, "  \"%d\",\n", i);
    tm_buf_z(&b, "  0\n ]\n}\n");
    told t = read_mem("big", tm_buf_view(&b), 0, (tm_read_limits){0});
    assert_int_equal(t.source.container, TM_JSON);
    assert_int_equal(t.records, 1);
    assert_int_equal(t.head.n, 1 << 20);
    told_free(&t);
    tm_buf_release(&b);
}

static void the_name_of_a_compressed_file_does_not_matter(void **state)
{
    TM_UNUSED(state);
    told t = read_mem("plain.jsonl.gz", TM_STR("{}\n"), 0, (tm_read_limits){0});
    assert_int_equal(t.source.codec, TM_PLAIN);
    assert_int_equal(t.records, 1);
    told_free(&t);
    tm_buf packed = {0};
    pack_to(TM_GZIP, TM_STR("{\n\"a\":1}\n"), &packed);
    t = read_mem("gz.jsonl", tm_buf_view(&packed), 0, (tm_read_limits){0});
    assert_int_equal(t.source.codec, TM_GZIP);
    assert_int_equal(t.source.container, TM_JSON);
    assert_int_equal(t.records, 1);
    assert_string_equal(t.log.p, "1 @0 {\n\"a\":1}\n");
    told_free(&t);
    tm_buf_release(&packed);
}

static void expect_refused(const char *name, tm_str bytes, const char *say, const char *advise)
{
    told t = read_mem(name, bytes, 0, (tm_read_limits){0});
    assert_int_not_equal(t.status, TM_OK);
    if (!strstr(t.err.msg, say) || !strstr(t.err.msg, advise)) fail_msg("%s: %s", name, t.err.msg);
    assert_string_equal(t.err.source, name);
    assert_true(t.err.code[0] == 'T');
    told_free(&t);
}

static void what_cannot_be_read_is_refused_by_name_with_advice(void **state)
{
    TM_UNUSED(state);
    expect_refused("a.zip", TM_STR("PK\3\4rest"), "zip", "unzip");
    expect_refused("a.jsonl",
                   TM_STR("\xfd"
                          "7zXZ\0rest"),
                   "xz", "xz -dc");
    expect_refused("a.bz2", TM_STR("BZh91AY&SYrest"), "bzip2", "bzip2 -dc");
    expect_refused("a.lz4", TM_STR("\4\x22\x4d\x18rest"), "LZ4", "lz4 -dc");
    expect_refused("a.parquet", TM_STR("PAR1rest"), "Parquet", "JSONL");
    expect_refused("a.csv", TM_STR("a,b\n1,2\n"), "CSV", "JSONL");
    expect_refused("a.csv.gz", TM_STR("a,b\n1,2\n"), "CSV", "JSONL");
    char tar[600] = "good.jsonl";
    memcpy(tar + 257, "ustar", 5);
    expect_refused("a.tar", tm_str_from(tar, sizeof tar), "tar", "tar xf");
    for (int outer = TM_ZSTD; outer <= TM_GZIP; outer++) {
        for (int inner = TM_ZSTD; inner <= TM_GZIP; inner++) {
            tm_buf one = {0}, two = {0};
            pack_to((tm_codec_id)inner, TM_STR("{}\n"), &one);
            pack_to((tm_codec_id)outer, tm_buf_view(&one), &two);
            expect_refused("twice", tm_buf_view(&two), "inside compressed data",
                           "decompress it once");
            tm_buf_release(&one);
            tm_buf_release(&two);
        }
        tm_buf packed = {0};
        pack_to((tm_codec_id)outer, tm_str_from(tar, sizeof tar), &packed);
        expect_refused("a.tgz", tm_buf_view(&packed), "tar archive inside", "tar xf");
        tm_buf_release(&packed);
    }
}

static void a_text_that_begins_like_bzip2_is_not_refused(void **state)
{
    TM_UNUSED(state);
    expect_container("a", "BZh is how it begins\n", TM_JSONL);
}

static void wide_text_without_a_mark_is_refused_with_advice(void **state)
{
    TM_UNUSED(state);
    char wide[400];
    for (size_t i = 0; i < sizeof wide; i += 2) wide[i] = "{\"a\":1}\n"[i / 2 % 8], wide[i + 1] = 0;
    expect_refused("w.jsonl", tm_str_from(wide, sizeof wide), "UTF-16", "iconv");
}

static void what_is_refused_is_refused_without_an_error_to_fill(void **state)
{
    TM_UNUSED(state);
    char wide[400];
    tm_arena mem = {0};
    tm_source source;
    for (size_t i = 0; i < sizeof wide; i += 2) wide[i] = "{\"a\":1}\n"[i / 2 % 8], wide[i + 1] = 0;
    mem_put("w", wide, sizeof wide);
    mem_begin(0);
    assert_int_equal(tm_source_probe(&mem, TM_STR("w"), wish_any, &source, NULL, NULL), TM_EINPUT);
    mem_put("p", "PK\3\4 an archive", 15);
    assert_int_not_equal(tm_source_probe(&mem, TM_STR("p"), wish_any, &source, NULL, NULL), TM_OK);
    mem_end();
    tm_arena_release(&mem);
}

static void what_the_user_says_wins_over_content(void **state)
{
    TM_UNUSED(state);
    mem_put("a", "{\"a\":1}\n{\"a\":2}\n", 16);
    mem_begin(0);
    told t = read_wish("a", (tm_source_wish){TM_JSON, -1}, (tm_read_limits){0});
    assert_int_equal(t.source.container, TM_JSON);
    assert_int_equal(t.records, 2);
    told_free(&t);
    t = read_wish("a", (tm_source_wish){TM_PARQUET, -1}, (tm_read_limits){0});
    assert_int_equal(t.status, TM_EUNSUPPORTED);
    told_free(&t);
    t = read_wish("a", (tm_source_wish){-1, TM_XZ}, (tm_read_limits){0});
    assert_int_equal(t.status, TM_EUNSUPPORTED);
    told_free(&t);
    t = read_wish("a", (tm_source_wish){-1, TM_GZIP}, (tm_read_limits){0});
    assert_int_equal(t.damages, 1);
    assert_int_equal(t.records, 0);
    told_free(&t);
    mem_end();
}

static void a_missing_file_is_named(void **state)
{
    TM_UNUSED(state);
    told t = read_all("no/such/file.jsonl");
    assert_int_not_equal(t.status, TM_OK);
    assert_non_null(strstr(t.err.msg, "no/such/file.jsonl"));
    told_free(&t);
}

/* What was there when the plan was made is an input that cannot be read when it is gone or less. */
static void a_file_that_changes_after_the_probe_is_an_input(void **state)
{
    TM_UNUSED(state);
    char path[300];
    const char *base = getenv("TAMIS_TMP");
    tm_arena mem = {0};
    tm_source source;
    tm_reader *reader;
    uint64_t ends, bytes, modified;
    snprintf(path, sizeof path, "%s/probe-%ld.jsonl", base ? base : "/tmp", (long)getpid());
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("{\"text\":\"a\"}\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(tm_source_probe(&mem, tm_str_of(path), wish_any, &source, NULL, NULL), TM_OK);
    assert_int_equal(tm_source_ends(&source, &ends, NULL), TM_OK);
    assert_int_equal(truncate(path, 3), 0);
    tm_err err = {0};
    assert_int_equal(tm_source_ends(&source, &ends, &err), TM_EINPUT);
    assert_int_equal(err.status, TM_EINPUT);
    assert_int_equal(remove(path), 0);
    assert_int_equal(tm_source_ends(&source, &ends, NULL), TM_EINPUT);
    assert_int_equal(tm_source_stamp(&source, &bytes, &modified, NULL), TM_EINPUT);
    assert_int_equal(tm_reader_open(&reader, &source, NULL, (tm_str){0}, &err), TM_EINPUT);
    assert_int_equal(err.status, TM_EINPUT);
    tm_arena_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_objects_are_jsonl),
        cmocka_unit_test(a_broken_first_line_is_still_jsonl),
        cmocka_unit_test(pretty_printed_values_are_json),
        cmocka_unit_test(arrays_are_json_unless_there_is_one_a_line),
        cmocka_unit_test(a_pretty_printed_object_may_be_larger_than_the_probe),
        cmocka_unit_test(the_name_of_a_compressed_file_does_not_matter),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name_with_advice),
        cmocka_unit_test(a_text_that_begins_like_bzip2_is_not_refused),
        cmocka_unit_test(wide_text_without_a_mark_is_refused_with_advice),
        cmocka_unit_test(what_is_refused_is_refused_without_an_error_to_fill),
        cmocka_unit_test(what_the_user_says_wins_over_content),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_file_that_changes_after_the_probe_is_an_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
