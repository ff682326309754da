/* Stretches of a JSONL file: wherever it is cut, every line is in one of them, with its place, and
 * the newlines add up. */
#include "io_help.h"

static const char BYTES[] = "\xef\xbb\xbf{\"a\":1}\n\n  \r\n{\"b\":\"two\"}\r\n{\"c\":3}\n{\"d\":"
                            "\"long enough to be cut more than once\"}\n\n{\"e\":5}";

typedef struct seen {
    uint64_t place[16], lines;
    unsigned records, damages;
} seen;

static void read_range(const tm_source *source, uint64_t from, uint64_t to, uint64_t max, seen *out)
{
    tm_err err = {0};
    tm_block block = {0};
    tm_reader *reader = NULL;
    tm_read_limits limits = {.max_line = max, .from = from, .to = to};
    assert_int_equal(tm_reader_open(&reader, source, &limits, (tm_str){0}, &err), TM_OK);
    do {
        assert_int_equal(tm_reader_next(reader, &block, &err), TM_OK);
        assert_int_equal(tm_block_records(&block, source, &err), TM_OK);
        for (uint32_t i = 0; i < block.spans; i++)
            out->place[out->records++] = block.at + block.span[i].at;
        out->lines += block.lines;
        out->damages += block.damage.code != NULL;
    } while (!block.last);
    tm_block_release(&block);
    tm_reader_close(reader);
}

static void every_cut_gives_every_line_once(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    tm_arena mem = {0};
    tm_source source;
    uint64_t n = sizeof BYTES - 1;
    char path[300];
    const char *base = getenv("TAMIS_TMP");
    snprintf(path, sizeof path, "%s/range.jsonl", base ? base : "/tmp");
    assert_int_equal(tm_file_save(path, (tm_str){BYTES, (size_t)n}, true, &err), TM_OK);
    assert_int_equal(
        tm_source_probe(&mem, tm_str_of(path), (tm_source_wish){-1, -1}, &source, NULL, &err),
        TM_OK);
    source.number = 1;
    assert_true(tm_source_cuts(&source));
    for (uint64_t max = 20; max <= 100; max += 80) { /* one line is too long, or none is */
        seen whole = {0};
        read_range(&source, 0, 0, max, &whole);
        assert_int_equal(whole.records, max == 20 ? 4 : 5);
        assert_int_equal(whole.damages, max == 20);
        for (uint64_t step = 1; step <= n; step++) {
            seen parts = {0};
            for (uint64_t at = 0; at < n; at += step)
                read_range(&source, at, TM_MIN(n, at + step), max, &parts);
            assert_memory_equal(&whole, &parts, sizeof whole);
        }
    }
    tm_file_remove(path);
    tm_arena_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_cut_gives_every_line_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
