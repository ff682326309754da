/* Writing: what is written is read back the same, whoever packed it. */
#include <unistd.h>

#include "io_help.h"

static char folder[64];

static int make_folder(void **state)
{
    TM_UNUSED(state);
    snprintf(folder, sizeof folder, "/tmp/tamis-sink-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    TM_UNUSED(state);
    return tm_folder_remove(folder, NULL) == TM_OK ? 0 : -1;
}

static void packed_pieces_unpack_to_the_same(void **state)
{
    TM_UNUSED(state);
    static const size_t sizes[] = {1, 10, 1000, 100000, 3000000};
    tm_packer *p = tm_packer_new();
    for (size_t i = 0; i < TM_COUNT(sizes); i++) {
        tm_buf plain = {0};
        while (plain.n < sizes[i]) make_lines(&plain, 10);
        plain.n = sizes[i];
        for (int codec = TM_PLAIN; codec <= TM_GZIP; codec++) {
            for (int level = 0; level < 8; level += 3) {
                tm_buf a = {0}, b = {0};
                assert_int_equal(
                    tm_pack(p, (tm_codec_id)codec, level, tm_buf_view(&plain), &a, NULL), TM_OK);
                assert_int_equal(tm_unpack((tm_codec_id)codec, tm_buf_view(&a), 0, &b, NULL),
                                 TM_OK);
                assert_int_equal(b.n, plain.n);
                assert_memory_equal(b.p, plain.p, b.n);
                tm_buf_release(&a);
                tm_buf_release(&b);
            }
        }
        tm_buf_release(&plain);
    }
    tm_packer_free(p);
}

static void nothing_packs_to_nothing(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    pack_to(TM_ZSTD, (tm_str){0}, &b);
    pack_to(TM_GZIP, (tm_str){0}, &b);
    assert_int_equal(b.n, 0);
    tm_buf_release(&b);
}

static void unpacking_keeps_its_limit_and_refuses_damage(void **state)
{
    TM_UNUSED(state);
    tm_buf plain = {0};
    make_lines(&plain, 5000);
    for (int codec = TM_ZSTD; codec <= TM_GZIP; codec++) {
        tm_buf a = {0}, b = {0};
        tm_err err = {0};
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &a);
        assert_int_equal(tm_unpack((tm_codec_id)codec, tm_buf_view(&a), plain.n - 1, &b, &err),
                         TM_ELIMIT);
        b.n = 0;
        assert_int_equal(tm_unpack((tm_codec_id)codec, tm_buf_view(&a), plain.n, &b, &err), TM_OK);
        b.n = 0;
        assert_int_equal(tm_unpack((tm_codec_id)codec, tm_str_from(a.p, a.n - 1), 0, &b, &err),
                         TM_EINPUT);
        tm_buf_release(&a);
        tm_buf_release(&b);
    }
    tm_buf_release(&plain);
}

static void formats_have_names(void **state)
{
    TM_UNUSED(state);
    static const char *const names[] = {"jsonl", "jsonl.zst", "jsonl.gz",
                                        "json",  "json.zst",  "json.gz"};
    tm_format f;
    tm_err err = {0};
    for (size_t i = 0; i < TM_COUNT(names); i++) {
        char path[64];
        assert_int_equal(tm_format_parse(tm_str_of(names[i]), &f, NULL), TM_OK);
        assert_string_equal(tm_format_name(f), names[i]);
        snprintf(path, sizeof path, "some/data.%s", names[i]);
        assert_int_equal(tm_format_of_name(tm_str_of(path), &f, NULL), TM_OK);
        assert_string_equal(tm_format_name(f), names[i]);
    }
    static const char *const ends[][2] = {{"x.ndjson.gz", "jsonl.gz"},  {"json", "jsonl"},
                                          {"a.b/c", "jsonl"},           {"-", "jsonl"},
                                          {"x.gz", "jsonl.gz"},         {"v1.2.json", "json"},
                                          {"x.jsonl.zstd", "jsonl.zst"}};
    for (size_t i = 0; i < TM_COUNT(ends); i++) {
        assert_int_equal(tm_format_of_name(tm_str_of(ends[i][0]), &f, NULL), TM_OK);
        assert_string_equal(tm_format_name(f), ends[i][1]);
    }
    static const char *const refused[] = {"x.parquet", "x.pq",       "x.csv",      "x.tsv.gz",
                                          "x.xz",      "x.jsonl.xz", "x.json.bz2", "x.jsonl.lz4"};
    for (size_t i = 0; i < TM_COUNT(refused); i++) {
        assert_int_equal(tm_format_of_name(tm_str_of(refused[i]), &f, &err), TM_EUNSUPPORTED);
        assert_non_null(strstr(err.msg, "is not written by this version"));
    }
    static const char *const unknown[] = {"x.foo", "x.txt", "x.foo.gz", "x.", "jsonl.x"};
    for (size_t i = 0; i < TM_COUNT(unknown); i++) {
        assert_int_equal(tm_format_of_name(tm_str_of(unknown[i]), &f, &err), TM_EUSAGE);
        assert_non_null(strstr(err.msg, "--format"));
    }
    assert_int_equal(tm_format_parse(TM_STR("jsonl.zts"), &f, &err), TM_EUSAGE);
    assert_non_null(strstr(err.msg, "jsonl.zst"));
    assert_int_equal(tm_format_parse(TM_STR("parquet"), &f, &err), TM_EUNSUPPORTED);
    assert_int_equal(tm_format_parse(TM_STR("xml"), &f, &err), TM_EUSAGE);
}

static const char *const lines = "{\"a\":1}\n[2]\n\"three\"\n";

static void write_one(const char *path, tm_format f, unsigned pieces, bool packed,
                      tm_sink_info *info)
{
    tm_sink *s;
    tm_err err = {0};
    tm_status status = tm_sink_open(&s, path, f, true, TM_SINK_OURS, &err);
    if (status != TM_OK) fail_msg("%s", err.msg);
    for (unsigned i = 0; i < pieces; i++) {
        tm_buf p = {0};
        if (packed) pack_to(f.codec, tm_str_of(lines), &p);
        assert_int_equal(tm_sink_write(s, tm_str_of(lines), tm_buf_view(&p), 3, NULL), TM_OK);
        tm_buf_release(&p);
    }
    assert_int_equal(tm_sink_commit(s, info, NULL), TM_OK);
}

static void what_is_written_is_read_back(void **state)
{
    TM_UNUSED(state);
    char path[128];
    snprintf(path, sizeof path, "%s/out", folder);
    for (int container = TM_JSONL; container <= TM_JSON; container++) {
        for (int codec = TM_PLAIN; codec <= TM_GZIP; codec++) {
            for (unsigned pieces = 0; pieces < 4; pieces++) {
                tm_format f = {(tm_container_id)container, (tm_codec_id)codec};
                tm_sink_info info = {0};
                write_one(path, f, pieces, container == TM_JSONL && pieces % 2, &info);
                told t = read_wish(path, (tm_source_wish){container, -1}, (tm_read_limits){0});
                assert_int_equal(t.status, TM_OK);
                assert_int_equal(t.source.codec, codec);
                assert_int_equal(t.damages, 0);
                assert_int_equal(t.records, 3 * pieces);
                assert_int_equal(info.records, 3 * pieces);
                assert_int_equal(info.file_bytes, t.file_bytes);
                assert_int_equal(info.decoded_bytes, t.decoded_bytes);
                assert_true(tm_str_is(info.path, path));
                for (unsigned i = 0; i < pieces; i++)
                    assert_memory_equal(t.raws.p + i * strlen(lines), lines, strlen(lines));
                tm_buf raw = {0}, plain = {0};
                char hex[65];
                assert_int_equal(tm_file_load(path, 1 << 20, &raw, NULL), TM_OK);
                assert_int_equal(tm_unpack(f.codec, tm_buf_view(&raw), 0, &plain, NULL), TM_OK);
                tm_sha256 *sha = tm_sha256_new();
                tm_sha256_add(sha, plain.p, plain.n);
                tm_sha256_hex(sha, hex);
                tm_sha256_free(sha);
                assert_string_equal(info.sha256, hex);
                tm_buf_release(&raw);
                tm_buf_release(&plain);
                told_free(&t);
            }
        }
    }
}

static void an_array_has_its_brackets_and_commas(void **state)
{
    TM_UNUSED(state);
    static const char *const want[] = {
        "[]\n", "[\n{\"a\":1},\n[2],\n\"three\"\n]\n",
        "[\n{\"a\":1},\n[2],\n\"three\",\n{\"a\":1},\n[2],\n\"three\"\n]\n"};
    char path[128];
    snprintf(path, sizeof path, "%s/out.json", folder);
    for (unsigned pieces = 0; pieces < 3; pieces++) {
        tm_buf raw = {0};
        write_one(path, (tm_format){TM_JSON, TM_PLAIN}, pieces, false, NULL);
        assert_int_equal(tm_file_load(path, 1000, &raw, NULL), TM_OK);
        assert_true(tm_str_is(tm_buf_view(&raw), want[pieces]));
        tm_buf_release(&raw);
    }
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    TM_UNUSED(state);
    char path[128];
    tm_sink *s;
    tm_arena mem = {0};
    tm_str *names;
    uint32_t count = 9;
    snprintf(path, sizeof path, "%s/out.jsonl", folder);
    assert_int_equal(
        tm_sink_open(&s, path, (tm_format){TM_JSONL, TM_PLAIN}, false, TM_SINK_OURS, NULL), TM_OK);
    assert_int_equal(tm_sink_write(s, tm_str_of(lines), (tm_str){0}, 3, NULL), TM_OK);
    tm_sink_abandon(s);
    assert_int_equal(tm_folder_list(&mem, folder, &names, &count, NULL), TM_OK);
    assert_int_equal(count, 0);
    tm_arena_release(&mem);
}

static int64_t closed_write(int file, const void *p, size_t n)
{
    TM_UNUSED(file), TM_UNUSED(p), TM_UNUSED(n);
    errno = EPIPE;
    return -1;
}

static void a_closed_standard_output_is_told_apart(void **state)
{
    TM_UNUSED(state);
    tm_sink *s;
    tm_err err = {0};
    tm_fs saved = tm_fs_now;
    tm_fs_now.write = closed_write;
    assert_int_equal(
        tm_sink_open(&s, "-", (tm_format){TM_JSONL, TM_PLAIN}, false, TM_SINK_OURS, NULL), TM_OK);
    tm_status status = tm_sink_write(s, tm_str_of(lines), (tm_str){0}, 3, &err);
    tm_fs_now = saved;
    assert_int_equal(status, TM_ECANCELLED);
    assert_string_equal(err.msg, "standard output was closed");
    tm_sink_abandon(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed_pieces_unpack_to_the_same),
        cmocka_unit_test(nothing_packs_to_nothing),
        cmocka_unit_test(unpacking_keeps_its_limit_and_refuses_damage),
        cmocka_unit_test(formats_have_names),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_array_has_its_brackets_and_commas, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_abandoned_file_leaves_nothing, make_folder,
                                        remove_folder),
        cmocka_unit_test(a_closed_standard_output_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
