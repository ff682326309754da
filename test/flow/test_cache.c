/* The cache of decoded blocks. A run with room for it reads a compressed source once, one without
 * as often as it has passes; both write the same, for any number of threads, also where memory is
 * wanted back in the middle, where a source is damaged or holds a long record, and where the file
 * changes under the run. What is given back is the system's again, but for what somebody reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/cache.h"
#include "flow/exchange.h"

enum { RECORDS = 24000, FAMILIES = 20000 };
#define MEMORY TM_GIB
#define TIGHT (72 * TM_MIB) /* what the plan needs, and nothing for the cache */

static char folder[256], input[300], output[300];
static tm_buf lines;

/* ---- a file system that counts --------------------------------------------------------------- */

static struct {
    _Atomic uint64_t bytes; /* read of the input */
    _Atomic unsigned opened;
    unsigned touch_at; /* the input is written to when it is opened so often; 0: never */
    unsigned gone_at;  /* it is taken away before it is; 0: never */
    int file;
} seen;

static int64_t (*real_read)(int, void *, size_t);
static int (*real_open)(const char *);

static void append_line(void)
{
    FILE *f = fopen(input, "a");
    assert_non_null(f);
    fputs("\n{\"text\":\"one more\"}\n", f);
    assert_int_equal(fclose(f), 0);
}

static int counting_open(const char *path)
{
    bool ours = strcmp(path, input) == 0;
    if (ours && seen.opened + 1 == seen.gone_at) (void)remove(input);
    int file = real_open(path);
    if (!ours) return file;
    seen.file = file;
    if (++seen.opened == seen.touch_at) append_line();
    return file;
}

static int64_t counting_read(int file, void *p, size_t n)
{
    int64_t got = real_read(file, p, n);
    if (file == seen.file && got > 0) seen.bytes += (uint64_t)got;
    return got;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/cache-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(output, sizeof output, "%s/out.jsonl", folder);
    for (uint32_t i = 0; i < RECORDS; i++) {
        uint64_t family = i * UINT64_C(0x9E3779B97F4A7C15) % FAMILIES;
        tm_buf_print(&lines, "{\"text\":\"");
        for (uint64_t w = 0; w < 20; w++)
            tm_buf_print(&lines, "w%llu ", (unsigned long long)(family * 7919 + w * w) % 10007);
        tm_buf_print(&lines, "\"}\n");
    }
    real_read = tm_fs_now.read;
    real_open = tm_fs_now.open_read;
    tm_fs_now.read = counting_read;
    tm_fs_now.open_read = counting_open;
    return lines.failed;
}

static int tear_down(void **state)
{
    (void)state;
    tm_fs_now.read = real_read;
    tm_fs_now.open_read = real_open;
    tm_buf_release(&lines);
    remove(input);
    remove(output);
    return rmdir(folder);
}

static void write_bytes(const char *name, tm_str bytes)
{
    remove(input);
    snprintf(input, sizeof input, "%s/%s", folder, name);
    FILE *f = fopen(input, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

static void write_packed(tm_codec_id codec, tm_str bytes, size_t cut)
{
    tm_err err = {0};
    tm_buf packed = {0};
    tm_packer *packer = tm_packer_new();
    assert_non_null(packer);
    assert_int_equal(tm_pack(packer, codec, 1, bytes, &packed, &err), TM_OK);
    write_bytes(codec == TM_ZSTD ? "in.jsonl.zst" : "in.jsonl.gz",
                (tm_str){packed.p, packed.n - cut});
    tm_packer_free(packer);
    tm_buf_release(&packed);
}

static void write_array(void)
{
    tm_buf array = {0};
    tm_buf_char(&array, '[');
    for (size_t i = 0; i < lines.n; i++) {
        bool end = lines.p[i] == '\n';
        tm_buf_z(&array, end && i + 1 < lines.n ? ",\n" : end ? "]\n" : "");
        if (!end) tm_buf_char(&array, lines.p[i]);
    }
    write_bytes("in.json", tm_buf_view(&array));
    tm_buf_release(&array);
}

/* ---- a run ----------------------------------------------------------------------------------- */

typedef struct outcome {
    tm_status status;
    tm_counts counts;
    tm_hash data;
    uint64_t records, file_bytes, decoded_bytes;
    unsigned passes;
    double read; /* how often the file's bytes were read by the passes */
    char said[1024];
} outcome;

static tm_hash hash_of_output(void)
{
    tm_buf data = {0};
    FILE *f = fopen(output, "r");
    char some[1 << 16];
    for (size_t n; f && (n = fread(some, 1, sizeof some, f)) > 0;) tm_buf_add(&data, some, n);
    if (f) fclose(f);
    tm_hash hash = tm_hash128(data.p, data.n);
    tm_buf_release(&data);
    return hash;
}

static outcome run_exact(uint64_t memory, tm_run_options options)
{
    outcome o = {0};
    tm_arena mem = {0};
    tm_recipe recipe;
    tm_run *run = NULL;
    tm_err err = {0};
    tm_str path = tm_str_of(input);
    tm_input_args args = {.path = {&path, 1}};
    remove(output);
    assert_int_equal(
        tm_recipe_verb(&recipe, &mem, tm_op_named(TM_STR("dedup.exact")), NULL, 0, &err), TM_OK);
    assert_int_equal(tm_recipe_add_input(&recipe, TM_STR("input"), &args, &err), TM_OK);
    recipe.limits.memory = memory;
    recipe.output.format = TM_STR("jsonl");
    options.file = tm_str_of(output);
    options.overwrite = true;
    seen.opened = 0;
    o.status = tm_run_open(&run, &recipe, &options, &err);
    seen.bytes = 0; /* without what the probe took */
    if (o.status == TM_OK) o.status = tm_run_go(run, &err);
    snprintf(o.said, sizeof o.said, "%s", err.msg);
    if (run) {
        const tm_run_result *result = tm_run_result_of(run);
        o.counts = result->counts;
        o.records = result->source_result->records;
        o.file_bytes = result->source_result->file_bytes;
        o.decoded_bytes = result->source_result->decoded_bytes;
        o.passes = run->passes;
        o.read = (double)seen.bytes / (double)run->source->bytes;
        tm_run_close(run);
    }
    o.data = hash_of_output();
    tm_arena_release(&mem);
    return o;
}

static void same(const outcome *a, const outcome *b)
{
    assert_int_equal(a->status, b->status);
    assert_memory_equal(&a->counts, &b->counts, sizeof a->counts);
    assert_memory_equal(&a->data, &b->data, sizeof a->data);
    assert_int_equal(a->records, b->records);
    assert_int_equal(a->file_bytes, b->file_bytes);
    assert_int_equal(a->decoded_bytes, b->decoded_bytes);
}

/* With the cache and without, which reads the source in every pass. */
static outcome held_and_not(double reads)
{
    outcome none = run_exact(TIGHT, (tm_run_options){.threads = 1});
    assert_true(none.passes > 2 && none.read > none.passes - 0.01);
    for (unsigned threads = 1; threads <= 8; threads += threads < 3 ? 1 : 5) {
        outcome held = run_exact(MEMORY, (tm_run_options){.threads = threads});
        same(&held, &none);
        assert_true(held.read > reads - 0.01 && held.read < reads + 0.01);
    }
    return none;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_is_compressed_is_read_once(void **state)
{
    (void)state;
    write_packed(TM_ZSTD, tm_buf_view(&lines), 0);
    outcome o = held_and_not(1);
    assert_int_equal(o.counts.read, RECORDS);
    assert_true(o.counts.merged > 0 && o.counts.kept > RECORDS / 4);
    write_packed(TM_GZIP, tm_buf_view(&lines), 0);
    outcome other = held_and_not(1);
    assert_memory_equal(&o.data, &other.data, sizeof o.data);
    write_array();
    outcome array = held_and_not(1);
    assert_memory_equal(&o.data, &array.data, sizeof o.data);
}

/* Few passes over plain lines: holding them costs what it saves. */
static void plain_lines_are_read_in_each_pass(void **state)
{
    (void)state;
    write_bytes("in.jsonl", tm_buf_view(&lines));
    outcome o = run_exact(MEMORY, (tm_run_options){.threads = 2});
    assert_int_equal(o.passes, 3);
    held_and_not(3);
}

static void what_is_odd_is_read_again(void **state)
{
    (void)state;
    write_packed(TM_ZSTD, tm_buf_view(&lines), 5); /* its end is missing */
    held_and_not(3);
    tm_buf longer = {0};
    tm_buf_str(&longer, tm_buf_view(&lines));
    tm_buf_z(&longer, "{\"text\":\"");
    for (size_t i = 0; i < (3 << 20); i++) tm_buf_char(&longer, (char)('a' + i % 23));
    tm_buf_z(&longer, "\"}\n");
    tm_buf_str(&longer, tm_buf_view(&lines));
    write_packed(TM_ZSTD, tm_buf_view(&longer), 0);
    outcome o = held_and_not(3);
    assert_int_equal(o.counts.read, 2 * RECORDS + 1);
    tm_buf_release(&longer);
}

static void *wanted;

/* While facts are reduced somebody takes nearly all memory, and keeps it. */
static tm_status take_much(void *arg, const tm_reducer *reducer, tm_exchange *facts, tm_err *err)
{
    const uint64_t *bytes = arg;
    if (!wanted) wanted = tm_alloc(*bytes);
    assert_non_null(wanted);
    return tm_exchange_reduce(facts, 1, reducer, err);
}

static void what_others_want_is_given_back(void **state)
{
    (void)state;
    uint64_t much = MEMORY / 2;
    write_packed(TM_ZSTD, tm_buf_view(&lines), 0);
    outcome held = run_exact(MEMORY, (tm_run_options){.threads = 2});
    assert_true(held.read < 1.01);
    outcome o =
        run_exact(MEMORY, (tm_run_options){.threads = 2, .reduce = take_much, .reduce_arg = &much});
    tm_free(wanted);
    wanted = NULL;
    same(&o, &held);
    assert_true(o.read > 2.99);
}

static void a_file_that_changes_is_told(void **state)
{
    (void)state;
    outcome o = {0};
    for (int plain = 0; plain < 2; plain++) {
        if (plain)
            write_bytes("in.jsonl", tm_buf_view(&lines));
        else
            write_packed(TM_ZSTD, tm_buf_view(&lines), 0);
        seen.touch_at = 0;
        run_exact(MEMORY, (tm_run_options){.threads = 2});
        seen.touch_at = seen.opened; /* for the last time */
        o = run_exact(MEMORY, (tm_run_options){.threads = 2});
        seen.touch_at = 0;
        assert_int_equal(o.status, TM_EINPUT);
        assert_non_null(strstr(o.said, "changed while it was read"));
    }
}

/* Whenever that is: it is an input that is not there, not a command that was wrong. */
static void a_file_that_vanishes_is_told(void **state)
{
    (void)state;
    unsigned opened = 1;
    for (unsigned at = 1; at <= opened; at++) {
        write_packed(TM_ZSTD, tm_buf_view(&lines), 0);
        seen.gone_at = 0;
        assert_int_equal(run_exact(TIGHT, (tm_run_options){.threads = 2}).status, TM_OK);
        opened = seen.opened;
        seen.gone_at = at;
        outcome o = run_exact(TIGHT, (tm_run_options){.threads = 2});
        seen.gone_at = 0;
        assert_int_equal(o.status, TM_EINPUT);
        assert_non_null(strstr(o.said, "cannot "));
    }
    assert_true(opened > 2);
}

/* ---- the cache alone ------------------------------------------------------------------------- */

typedef struct alone { /* as much of a run as the cache looks at */
    tm_run run;
    tm_recipe recipe;
    tm_plan plan;
    tm_source source[2];
} alone;

static void alone_begin(alone *a, uint64_t memory)
{
    *a = (alone){.recipe.limits.memory = memory};
    for (uint32_t i = 0; i < TM_COUNT(a->source); i++)
        a->source[i] = (tm_source){.number = i + 1, .codec = TM_ZSTD, .bytes = 1 << 20};
    a->run.recipe = &a->recipe;
    a->run.plan = &a->plan;
    a->run.source = a->source;
    a->run.passes = 2;
    a->run.cache = tm_cache_new(TM_COUNT(a->source));
    assert_non_null(a->run.cache);
}

static void keep_blocks(alone *a, uint32_t source, uint32_t count)
{
    tm_block block = {.source = source};
    assert_true(tm_buf_grow(&block.bytes, TM_BLOCK_BYTES + TM_BLOCK_SLACK));
    block.span = tm_alloc_zero(2, sizeof *block.span);
    assert_non_null(block.span);
    block.bytes.n = TM_BLOCK_BYTES;
    block.spans = block.span_room = 2;
    for (uint32_t i = count; i-- > 0;) { /* in whatever order workers come */
        memset(block.bytes.p, (int)('a' + i), TM_BLOCK_BYTES);
        block.index = i;
        block.at = (uint64_t)i * TM_BLOCK_BYTES;
        block.span[1].at = i + 7;
        block.last = i + 1 == count;
        tm_cache_keep(&a->run, &block);
    }
    tm_block_release(&block);
}

static void blocks_come_back_as_they_were(void **state)
{
    (void)state;
    alone a;
    tm_block block = {0};
    alone_begin(&a, TM_GIB);
    keep_blocks(&a, 1, 20);
    for (uint32_t i = 0; i < 20; i++) {
        assert_true(tm_cache_take(&a.run, 0, i, &block));
        assert_int_equal(block.bytes.n, TM_BLOCK_BYTES);
        assert_int_equal(block.bytes.p[0], 'a' + (int)i);
        assert_memory_equal(block.bytes.p, block.bytes.p + 1, TM_BLOCK_BYTES - 1);
        assert_int_equal(block.spans, 2);
        assert_int_equal(block.span[1].at, i + 7);
        assert_int_equal(block.at, (uint64_t)i * TM_BLOCK_BYTES);
        assert_int_equal(block.last, i == 19);
        tm_cache_let_go(&a.run, &block);
        assert_null(block.bytes.p);
    }
    assert_false(tm_cache_take(&a.run, 1, 0, &block));
    tm_cache_free(a.run.cache);
}

static void the_last_source_goes_first_and_what_is_read_stays(void **state)
{
    (void)state;
    alone a;
    tm_block block = {0}, none = {0};
    uint64_t before = tm_alloc_live();
    alone_begin(&a, 256 * TM_MIB + 3 * before);
    keep_blocks(&a, 1, 40);
    keep_blocks(&a, 2, 40);
    uint64_t full = tm_alloc_live();
    assert_true(full - before >= 80 * TM_MIB && full - before < 110 * TM_MIB);
    assert_true(tm_cache_take(&a.run, 0, 3, &block));
    void *others = tm_alloc(60 * TM_MIB);
    tm_cache_fit(&a.run);
    assert_false(tm_cache_take(&a.run, 1, 0, &none));
    assert_true(tm_alloc_live() - before < 60 * TM_MIB + 60 * TM_MIB);
    tm_free(others);
    others = tm_alloc(80 * TM_MIB);
    tm_cache_fit(&a.run);
    assert_false(tm_cache_take(&a.run, 0, 0, &none));
    assert_int_equal(block.bytes.p[TM_BLOCK_BYTES - 1], 'a' + 3); /* is still ours */
    tm_cache_let_go(&a.run, &block);
    assert_true(tm_alloc_live() - before < 80 * TM_MIB + TM_MIB);
    keep_blocks(&a, 1, 40); /* and it does not begin anew */
    assert_false(tm_cache_take(&a.run, 0, 0, &none));
    tm_free(others);
    tm_cache_free(a.run.cache);
    assert_int_equal(tm_alloc_live(), before);
}

static void what_does_not_fit_is_not_begun(void **state)
{
    (void)state;
    alone a;
    tm_block none = {0};
    uint64_t before = tm_alloc_live();
    alone_begin(&a, 30 * TM_MIB);
    a.source[0].bytes = 40 * TM_MIB; /* packed, so there are more */
    uint64_t empty = tm_alloc_live();
    keep_blocks(&a, 1, 4);
    keep_blocks(&a, 2, 60);
    assert_false(tm_cache_take(&a.run, 0, 0, &none));
    assert_false(tm_cache_take(&a.run, 1, 0, &none));
    assert_int_equal(tm_alloc_live(), empty);
    tm_cache_free(a.run.cache);
    assert_int_equal(tm_alloc_live(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_compressed_is_read_once),
        cmocka_unit_test(plain_lines_are_read_in_each_pass),
        cmocka_unit_test(what_is_odd_is_read_again),
        cmocka_unit_test(what_others_want_is_given_back),
        cmocka_unit_test(a_file_that_changes_is_told),
        cmocka_unit_test(a_file_that_vanishes_is_told),
        cmocka_unit_test(blocks_come_back_as_they_were),
        cmocka_unit_test(the_last_source_goes_first_and_what_is_read_stays),
        cmocka_unit_test(what_does_not_fit_is_not_begun),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
