/* Blocks and lines: what a JSONL source gives, where it says it lies, and that nothing but its
 * bytes decides on either. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io_help.h"

static void lines_are_records_and_blank_ones_only_count(void **state)
{
    TM_UNUSED(state);
    expect_log("a.jsonl", "{\"a\":1}\n\n \t\r\n{\"a\":2}\r\n{\"a\":3}",
               "1 @0 {\"a\":1}\n4 @13 {\"a\":2}\n5 @22 {\"a\":3}\n");
}

static void an_empty_file_has_no_record(void **state)
{
    TM_UNUSED(state);
    expect_log("a.jsonl", "", "");
    expect_log("a.jsonl", "\n\n\r\n   \n", "");
    expect_log("a.json", "  \n ", "");
}

static void only_a_line_feed_ends_a_line(void **state)
{
    TM_UNUSED(state);
    expect_log("a.jsonl", "{\"a\":\"\xe2\x80\xa8 \xc2\x85\"}\n{\"b\":\r1}\n",
               "1 @0 {\"a\":\"\xe2\x80\xa8 \xc2\x85\"}\n2 @15 {\"b\":\r1}\n");
}

static void a_byte_order_mark_counts_and_is_not_in_the_record(void **state)
{
    TM_UNUSED(state);
    expect_log("a.jsonl", "\xef\xbb\xbf{\"a\":1}\n{\"a\":2}\n",
               "1 @3 {\"a\":1}\n2 @11 {\"a\":2}\n");
    expect_log("a.jsonl", "\xef\xbb\xbf", "");
}

static void wide_encodings_are_transcoded(void **state)
{
    TM_UNUSED(state);
    const char *log = "1 @0 {\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}\n2 @15 {}\n";
    static const uint32_t text[] = {0xfeff,  '{', '"', 'a',  '"', ':', '"', 0xe9,
                                    0x1f600, '"', '}', '\n', '{', '}', '\n'};
    for (int form = 0; form < 4; form++) { /* 16LE 16BE 32LE 32BE */
        tm_buf b = {0};
        for (size_t i = 0; i < TM_COUNT(text); i++) {
            uint32_t units[2] = {text[i], 0};
            int n = 1, width = form < 2 ? 2 : 4;
            if (form < 2 && text[i] > 0xffff) {
                units[0] = 0xd800 + ((text[i] - 0x10000) >> 10);
                units[1] = 0xdc00 + ((text[i] - 0x10000) & 0x3ff);
                n = 2;
            }
            for (int k = 0; k < n; k++)
                for (int byte = 0; byte < width; byte++)
                    tm_buf_char(&b, (char)(units[k] >> 8 * (form & 1 ? width - 1 - byte : byte)));
        }
        expect_log_as("wide.jsonl", tm_buf_view(&b), (tm_read_limits){0}, log);
        tm_buf_release(&b);
    }
}

/* The end of the file near the end of a block, and anywhere in what is transcoded at a time; the
 * checksum is wrong, so that the end and the last bytes come at once. */
static void wide_text_is_complete_wherever_it_ends(void **state)
{
    TM_UNUSED(state);
    static const size_t steps[] = {1, 2, 3, 1000, 16384, 32767, 32768, 32769, 40000, 65536};
    for (size_t i = 0; i < 2 * TM_COUNT(steps); i++) {
        size_t step = steps[i / 2], n = i % 2 ? TM_BLOCK_BYTES + step : TM_BLOCK_BYTES - step;
        tm_buf b = {0}, plain = {0};
        tm_buf_add(&b, "\xff\xfe", 2);
        for (size_t k = 0; k < n; k++) {
            char c = k % 100 == 99 ? '\n' : (char)('0' + k % 10);
            tm_buf_char(&plain, c);
            tm_buf_add(&b, (char[2]){c, 0}, 2);
        }
        tm_buf_char(&plain, '\n'); /* read_mem ends each record with one */
        tm_buf packed = {0};
        pack_to(i & 2 ? TM_GZIP : TM_ZSTD, tm_buf_view(&b), &packed);
        packed.p[packed.n - (i & 2 ? 5 : 1)] ^= 1;
        told t = read_mem("wide.jsonl", tm_buf_view(&packed), 0, (tm_read_limits){0});
        assert_int_equal(t.damages, 1);
        assert_string_equal(t.damage[0].code, "T1102");
        tm_buf_release(&packed);
        assert_int_equal(t.decoded_bytes, n);
        assert_int_equal(t.raws.n, n % 100 ? plain.n : n);
        assert_memory_equal(t.raws.p, plain.p, t.raws.n);
        told_free(&t);
        tm_buf_release(&b);
        tm_buf_release(&plain);
    }
}

static void an_ill_formed_unit_is_no_utf8_and_counted(void **state)
{
    TM_UNUSED(state);
    tm_str bytes = TM_STR("\xff\xfe\"\0\0\xd8\"\0\n\0x");
    told t = read_mem("a.jsonl", bytes, 1, (tm_read_limits){0});
    assert_int_equal(t.status, TM_OK);
    assert_string_equal(t.log.p, "1 @0 \"\xED\xA0\x80\"\n2 @6 \xFE\x84\x80\x80\x80\x81\xB8\n");
    assert_int_equal(t.spoiled, 2);
    told_free(&t);
}

static void blocks_do_not_depend_on_how_the_file_is_read(void **state)
{
    TM_UNUSED(state);
    static const size_t chunks[] = {0, 1, 4095, 65536, 1 << 20};
    tm_buf plain = {0};
    make_lines(&plain, 30000);
    for (int codec = TM_PLAIN; codec <= TM_GZIP; codec++) {
        tm_buf packed = {0};
        tm_hash first = {0};
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        for (size_t i = 0; i < TM_COUNT(chunks); i++) {
            tm_read_limits limits = {.digest = true};
            told t = read_mem("x", tm_buf_view(&packed), chunks[i], limits);
            assert_int_equal(t.status, TM_OK);
            assert_int_equal(t.source.codec, codec);
            assert_int_equal(t.records, 30000);
            assert_int_equal(t.lines, 30000);
            assert_int_equal(t.damages, 0);
            assert_int_equal(t.file_bytes, packed.n);
            assert_int_equal(t.decoded_bytes, plain.n);
            assert_int_equal(t.raws.n, plain.n);
            assert_memory_equal(t.raws.p, plain.p, plain.n);
            assert_true(t.block_count > 3);
            assert_true(t.most_room < 3 * TM_BLOCK_BYTES);
            if (!i) first = t.blocks;
            assert_int_equal(tm_hash_cmp(first, t.blocks), 0);
            tm_sha256 *sha = tm_sha256_new();
            char hex[65];
            tm_sha256_add(sha, packed.p, packed.n);
            tm_sha256_hex(sha, hex);
            tm_sha256_free(sha);
            assert_string_equal(t.sha256, hex);
            told_free(&t);
        }
        tm_buf_release(&packed);
    }
    tm_buf_release(&plain);
}

/* Lines of given lengths, over several blocks. */
static void fill_line(tm_buf *b, size_t bytes)
{
    tm_buf_char(b, '"');
    for (size_t i = 2; i < bytes; i++) tm_buf_char(b, (char)('a' + i % 26));
    tm_buf_z(b, "\"\n");
}

static void a_block_ends_at_the_last_record_within_its_bytes(void **state)
{
    TM_UNUSED(state);
    static const size_t sizes[] = {10,
                                   TM_BLOCK_BYTES - 12,
                                   5,
                                   TM_BLOCK_BYTES - 1,
                                   TM_BLOCK_BYTES,
                                   TM_BLOCK_BYTES + 1,
                                   3 * TM_BLOCK_BYTES,
                                   7,
                                   8,
                                   700000,
                                   700000,
                                   9};
    tm_buf b = {0};
    for (size_t i = 0; i < TM_COUNT(sizes); i++) fill_line(&b, sizes[i]);
    mem_put("b.jsonl", b.p, b.n);
    mem_begin(0);
    tm_source source = {.number = 1, .path = TM_STR("b.jsonl")};
    tm_reader *r;
    tm_block block = {0};
    assert_int_equal(tm_reader_open(&r, &source, NULL, (tm_str){0}, NULL), TM_OK);
    for (size_t begin = 0; begin < b.n;) {
        size_t end = begin;
        while (end < b.n) { /* the rule, the slow way */
            const char *newline = memchr(b.p + end, '\n', b.n - end);
            size_t next = (size_t)(newline - b.p) + 1;
            if (end > begin && next - begin > TM_BLOCK_BYTES) break;
            end = next;
        }
        assert_int_equal(tm_reader_next(r, &block, NULL), TM_OK);
        assert_int_equal(block.at, begin);
        assert_int_equal(block.bytes.n, end - begin);
        assert_memory_equal(block.bytes.p, b.p + begin, end - begin);
        begin = end;
    }
    tm_reader_close(r);
    mem_end();
    tm_block_release(&block);
    tm_buf_release(&b);
}

static void a_line_too_long_is_dropped_and_the_next_one_read(void **state)
{
    TM_UNUSED(state);
    tm_read_limits small = {.max_line = 10};
    expect_log_as("a.jsonl", TM_STR("{}\n\"12345678\"\n\"123456789\"\n\n[1]\n\"12345678901\""),
                  small, "1 @0 {}\n2 @3 \"12345678\"\nT1110 3 @14+11\n5 @27 [1]\nT1110 6 @31+13\n");
    tm_read_limits middle = {.max_line = 3 << 20};
    for (size_t over = 0; over < 2; over++) {
        tm_buf b = {0};
        char log[256];
        tm_buf_z(&b, "1\n");
        fill_line(&b, (3 << 20) + over);
        tm_buf_z(&b, "2\n");
        fill_line(&b, 9 << 20);
        tm_buf_z(&b, "3\n");
        told t = read_mem("l.jsonl", tm_buf_view(&b), 0, middle);
        snprintf(log, sizeof log, "%s", t.log.p + t.log.n - 30);
        assert_int_equal(t.records, over ? 3 : 4);
        assert_int_equal(t.damages, over ? 2 : 1);
        assert_int_equal(t.lines, 5);
        assert_int_equal(t.damage[t.damages - 1].bytes, 9 << 20);
        assert_true(t.most_room < 5 << 20);
        assert_int_equal(t.decoded_bytes, b.n);
        told_free(&t);
        tm_buf_release(&b);
    }
}

static void a_low_limit_takes_no_line_that_is_short(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    while (b.n < 3 * TM_BLOCK_BYTES) tm_buf_z(&b, "{\"text\": \"short\"}\n");
    for (size_t at = 0; at < 3; at++) { /* no line, one in the second block, one at the end */
        if (at == 1) memset(b.p + TM_BLOCK_BYTES + 7, 'x', 2000);
        if (at == 2) memset(b.p + b.n - 1500, 'x', 1500);
        told t = read_mem("low.jsonl", tm_buf_view(&b), 0, (tm_read_limits){.max_line = 1000});
        assert_int_equal(t.damages, at);
        uint64_t good = t.records * strlen("{\"text\": \"short\"}\n"), bad = 0;
        for (size_t i = 0; i < t.damages; i++) bad += t.damage[i].bytes;
        assert_in_range(b.n - good - bad, 0, at); /* newlines behind the long ones */
        told_free(&t);
    }
    tm_buf_release(&b);
}

/* A line without end, made as it is read. */
static uint64_t bomb_left;
static int64_t bomb_read(int file, void *p, size_t n)
{
    if (file < 1000) return mem_saved.read(file, p, n);
    n = (size_t)TM_MIN((uint64_t)n, bomb_left);
    memset(p, 'x', n);
    bomb_left -= n;
    return (int64_t)n;
}

static void a_line_of_a_gigabyte_stays_within_the_limit(void **state)
{
    TM_UNUSED(state);
    mem_put("bomb", "", 0);
    mem_begin(0);
    tm_fs_now.read = bomb_read;
    bomb_left = TM_GIB;
    told t = {.source = {.path = TM_STR("bomb")}};
    uint64_t before = tm_alloc_live();
    uint64_t peak = tm_alloc_peak();
    tm_read_limits limits = {.max_line = 8 << 20};
    told_read(&t, &limits);
    mem_end();
    assert_int_equal(t.status, TM_OK);
    assert_int_equal(t.damages, 1);
    assert_int_equal(t.damage[0].bytes, TM_GIB);
    assert_int_equal(t.records, 0);
    if (peak < tm_alloc_peak()) assert_true(tm_alloc_peak() - before < 24 << 20);
    told_free(&t);
}

static void standard_input_begins_with_what_the_probe_took(void **state)
{
    TM_UNUSED(state);
    tm_buf plain = {0};
    make_lines(&plain, 20000);
    for (int codec = TM_PLAIN; codec <= TM_GZIP; codec++) {
        tm_buf packed = {0};
        pack_to((tm_codec_id)codec, tm_buf_view(&plain), &packed);
        told t = read_mem("-", tm_buf_view(&packed), 5000, (tm_read_limits){.digest = true});
        assert_int_equal(t.status, TM_OK);
        assert_false(t.source.seekable);
        assert_int_equal(t.source.bytes, 0);
        assert_int_equal(t.raws.n, plain.n);
        assert_memory_equal(t.raws.p, plain.p, plain.n);
        assert_true(t.head.n > 1000);
        assert_memory_equal(t.head.p, plain.p, t.head.n);
        told_free(&t);
        tm_buf_release(&packed);
    }
    tm_buf_release(&plain);
}

static void a_named_pipe_is_opened_once(void **state)
{
    TM_UNUSED(state);
    char path[64] = "/tmp/tamis-pipe-XXXXXX";
    tm_buf plain = {0}, packed = {0};
    make_lines(&plain, 30000);
    pack_to(TM_GZIP, tm_buf_view(&plain), &packed);
    assert_non_null(mkdtemp(path));
    memcpy(path + strlen(path), "/p", 3);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        FILE *f = fopen(path, "w");
        size_t n = f ? fwrite(packed.p, 1, packed.n, f) : 0;
        _exit(n == packed.n && fclose(f) == 0 ? 0 : 1);
    }
    told t = read_all(path);
    int result = 1;
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
    assert_int_equal(t.status, TM_OK);
    assert_false(t.source.seekable);
    assert_int_equal(t.damages, 0);
    assert_int_equal(t.raws.n, plain.n);
    assert_memory_equal(t.raws.p, plain.p, plain.n);
    told_free(&t);
    tm_buf_release(&plain);
    tm_buf_release(&packed);
    path[strlen(path) - 2] = 0;
    assert_int_equal(tm_folder_remove(path, NULL), TM_OK);
}

static void a_failing_read_is_an_error_with_the_name(void **state)
{
    TM_UNUSED(state);
    tm_buf plain = {0};
    make_lines(&plain, 60000);
    mem_put("bad.jsonl", plain.p, plain.n);
    mem_begin(100000);
    tm_source source = {.path = TM_STR("bad.jsonl")};
    told t = {.source = source};
    mem_fail_after = 30;
    told_read(&t, &(tm_read_limits){0});
    mem_end();
    assert_int_equal(t.status, TM_EIO);
    assert_true(t.records > 1000);
    assert_string_equal(t.err.source, "bad.jsonl");
    told_free(&t);
    tm_buf_release(&plain);
}

static void ten_thousand_columns_are_one_record(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    for (int row = 0; row < 3; row++) {
        for (int i = 0; i < 10000; i++) tm_buf_print(&b, "%s\"c%d\":%d", i ? "," : "{", i, row);
        tm_buf_z(&b, "}\n");
    }
    told t = read_mem("wide.jsonl", tm_buf_view(&b), 0, (tm_read_limits){0});
    assert_int_equal(t.records, 3);
    assert_int_equal(t.raws.n, b.n);
    told_free(&t);
    tm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_records_and_blank_ones_only_count),
        cmocka_unit_test(an_empty_file_has_no_record),
        cmocka_unit_test(only_a_line_feed_ends_a_line),
        cmocka_unit_test(a_byte_order_mark_counts_and_is_not_in_the_record),
        cmocka_unit_test(wide_encodings_are_transcoded),
        cmocka_unit_test(wide_text_is_complete_wherever_it_ends),
        cmocka_unit_test(an_ill_formed_unit_is_no_utf8_and_counted),
        cmocka_unit_test(blocks_do_not_depend_on_how_the_file_is_read),
        cmocka_unit_test(a_block_ends_at_the_last_record_within_its_bytes),
        cmocka_unit_test(a_line_too_long_is_dropped_and_the_next_one_read),
        cmocka_unit_test(a_low_limit_takes_no_line_that_is_short),
        cmocka_unit_test(a_line_of_a_gigabyte_stays_within_the_limit),
        cmocka_unit_test(standard_input_begins_with_what_the_probe_took),
        cmocka_unit_test(a_named_pipe_is_opened_once),
        cmocka_unit_test(a_failing_read_is_an_error_with_the_name),
        cmocka_unit_test(ten_thousand_columns_are_one_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
