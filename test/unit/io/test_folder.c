/* A folder of texts as one source: their order, escaping and encodings, and what is left out. */
#include <unistd.h>

#include "io_help.h"

static char root[64];

static int make_root(void **state)
{
    TM_UNUSED(state);
    snprintf(root, sizeof root, "/tmp/tamis-folder-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    TM_UNUSED(state);
    return tm_folder_remove(root, NULL) == TM_OK ? 0 : -1;
}

static void put(const char *name, tm_str bytes)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    assert_int_equal(tm_folder_make(path, NULL), TM_OK);
    *slash = '/';
    assert_int_equal(tm_file_save(path, bytes, false, NULL), TM_OK);
}

static void files_are_records_in_the_order_of_their_paths(void **state)
{
    TM_UNUSED(state);
    put("b.md", TM_STR("# B\n\tsays \"hi\\\" \1\n"));
    put("a/z.txt", TM_STR("zett"));
    put("a.txt", TM_STR("\xef\xbb\xbf"
                        "caf\xc3\xa9"));
    put("a/wide.TXT", TM_STR("\xff\xfe"
                             "h\0i\0"));
    put("a/deep/x.markdown", TM_STR(""));
    put("skipped.json", TM_STR("{}"));
    put(".hidden.txt", TM_STR("no"));
    put("bad.txt", TM_STR("caf\xe9"));
    told t = read_wish(root, wish_any, (tm_read_limits){.digest = true});
    if (t.status != TM_OK) fail_msg("%s", t.err.msg);
    assert_int_equal(t.source.container, TM_FOLDER);
    const char *want = "{\"path\":\"a.txt\",\"text\":\"caf\xc3\xa9\"}\n"
                       "{\"path\":\"a/deep/x.markdown\",\"text\":\"\"}\n"
                       "{\"path\":\"a/wide.TXT\",\"text\":\"hi\"}\n"
                       "{\"path\":\"a/z.txt\",\"text\":\"zett\"}\n"
                       "{\"path\":\"b.md\",\"text\":\"# B\\n\\tsays \\\"hi\\\\\\\" \\u0001\\n\"}\n"
                       "{\"path\":\"bad.txt\",\"text\":\"caf\xe9\"}\n";
    assert_int_equal(t.raws.n, strlen(want));
    assert_memory_equal(t.raws.p, want, t.raws.n);
    assert_memory_equal(t.head.p, want, t.head.n);
    assert_int_equal(t.lines, 6);
    assert_int_equal(t.source.bytes, 40);
    assert_int_equal(t.file_bytes, 40);
    assert_int_equal(strlen(t.sha256), 64);
    uint64_t line = 0, offset = 0;
    tm_buf raw = {0};
    assert_int_equal(tm_source_line(&t.source, NULL, 4, 0, &raw, &offset, NULL), TM_OK);
    assert_true(tm_str_is(tm_buf_view(&raw), "{\"path\":\"a/z.txt\",\"text\":\"zett\"}"));
    assert_int_equal(tm_source_record(&t.source, NULL, offset, &raw, &line, NULL), TM_OK);
    assert_int_equal(line, 4);
    tm_buf_release(&raw);
    told_free(&t);
}

static void a_long_text_streams(void **state)
{
    TM_UNUSED(state);
    tm_buf text = {0};
    for (int i = 0; i < 400000; i++) tm_buf_print(&text, "line %d \xe6\xbc\xa2\n", i);
    put("long.txt", tm_buf_view(&text));
    told t = read_all(root);
    assert_int_equal(t.damages, 0);
    assert_int_equal(t.records, 1);
    assert_int_equal(t.raws.n, text.n + 400000 + strlen("{'path':'long.txt','text':''}\n"));
    told_free(&t);
    t = read_wish(root, wish_any, (tm_read_limits){.max_line = 1 << 20});
    assert_int_equal(t.damages, 1);
    assert_string_equal(t.damage[0].code, "T1110");
    assert_int_equal(t.records, 0);
    told_free(&t);
    tm_buf_release(&text);
}

static void a_folder_without_texts_is_refused_with_advice(void **state)
{
    TM_UNUSED(state);
    put("x.jsonl", TM_STR("{}"));
    told t = read_all(root);
    assert_int_equal(t.status, TM_EINPUT);
    assert_non_null(strstr(t.err.msg, "*.jsonl"));
    assert_string_equal(t.err.source, root);
    told_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_records_in_the_order_of_their_paths, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(a_long_text_streams, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_folder_without_texts_is_refused_with_advice, make_root,
                                        remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
