/* head inside a run, against a loop over the same records: the first n that reach it, whatever
 * stands before it, however many threads read and however small their batches are. */
#include "unit/base/base_help.h"

#include "flow/run.h"

enum { RECORDS = 1200, FILES = 2, TEXTS = 400 };

static bool readable(size_t i)
{
    return i % 97 != 5;
}

static int make_inputs(void **state)
{
    if (make_room(state)) return -1;
    for (size_t f = 0, i = 0; f < FILES; f++) {
        FILE *to = fopen(room(f ? "in1.jsonl" : "in0.jsonl"), "w");
        if (!to) return -1;
        for (; i < RECORDS * (f + 1) / FILES; i++)
            if (readable(i))
                fprintf(to, "{\"text\":\"text %zu\",\"n\":%zu}\n", i * 7 % TEXTS, i);
            else
                fprintf(to, "{\"text\":\"broken %zu\n", i);
        if (fclose(to)) return -1;
    }
    return 0;
}

typedef struct outcome {
    tm_buf data;
    tm_counts counts;
} outcome;

static outcome run_recipe(const char *steps, tm_run_options options)
{
    char text[2000];
    tm_arena mem = {0};
    tm_recipe recipe;
    tm_err err = {0};
    tm_run *run = NULL;
    outcome o = {0};
    int n =
        snprintf(text, sizeof text, "output: {format: jsonl}\ninputs:\n  - %s\n  - %s\nsteps:\n%s",
                 room("in0.jsonl"), room("in1.jsonl"), steps);
    tm_str yaml = {text, (size_t)n};
    options.file = tm_str_of(room("out.jsonl"));
    options.overwrite = true;
    tm_status status = tm_recipe_read(&recipe, &mem, TM_STR("r.yaml"), yaml, &err);
    if (status == TM_OK) status = tm_run_open(&run, &recipe, &options, &err);
    if (status == TM_OK) status = tm_run_go(run, &err);
    if (status != TM_OK) fail_msg("%s", err.msg);
    o.counts = tm_run_result_of(run)->counts;
    assert_true(tm_counts_close(&o.counts));
    assert_int_equal(tm_file_load(room("out.jsonl"), 1 << 24, &o.data, NULL), TM_OK);
    tm_run_close(run);
    tm_arena_release(&mem);
    return o;
}

/* What is in front of the head in a run, and the same as a loop says it. */
typedef struct before {
    const char *step;
    bool (*passes)(size_t i);
} before;

static bool anything(size_t i)
{
    return readable(i);
}
static bool not_thirds(size_t i)
{
    return readable(i) && i % 3 != 0;
}
static bool late(size_t i)
{
    return readable(i) && i >= 700;
}
static bool first_of_its_text(size_t i)
{
    static bool seen[TEXTS];
    if (i == 0) memset(seen, 0, sizeof seen);
    bool first = readable(i) && !seen[i * 7 % TEXTS];
    if (first) seen[i * 7 % TEXTS] = true;
    return first;
}

static const before BEFORE[] = {
    {"", anything},
    {"  - filter: {keep: \"$.n % 3 != 0\"}\n", not_thirds},
    {"  - filter: {keep: \"$.n >= 700\"}\n", late},
    {"  - dedup.exact\n", first_of_its_text},
};

static void expect(const before *b, size_t most, tm_buf *out)
{
    size_t passed = 0;
    for (size_t i = 0; i < RECORDS; i++)
        if (b->passes(i) && passed++ < most)
            tm_buf_print(out, "{\"text\":\"text %zu\",\"n\":%zu}\n", i * 7 % TEXTS, i);
}

static void the_first_n_pass_whatever_stands_before(void **state)
{
    TM_UNUSED(state);
    static const size_t counts[] = {1, 2, 99, 300, 5000};
    for (size_t b = 0; b < TM_COUNT(BEFORE); b++)
        for (size_t c = 0; c < TM_COUNT(counts); c++) {
            char steps[200];
            tm_buf want = {0};
            snprintf(steps, sizeof steps, "%s  - head: {records: %zu}\n", BEFORE[b].step,
                     counts[c]);
            expect(&BEFORE[b], counts[c], &want);
            for (unsigned way = 0; way < 4; way++) {
                static const uint32_t batches[] = {0, 1, 7, 100};
                tm_run_options options = {.threads = 1 + way % 3, .batch_records = batches[way]};
                outcome o = run_recipe(steps, options);
                if (o.data.n != want.n) fail_msg("%s%.300s", steps, o.data.n ? o.data.p : "");
                if (want.n) assert_memory_equal(o.data.p, want.p, want.n);
                tm_buf_release(&o.data);
            }
            tm_buf_release(&want);
        }
}

static void what_lies_behind_is_in_no_count(void **state)
{
    TM_UNUSED(state);
    for (unsigned threads = 1; threads <= 3; threads++) {
        tm_run_options options = {.threads = threads, .batch_records = 7};
        outcome o = run_recipe("  - head: {records: 10}\n", options);
        assert_int_equal(o.counts.kept, 10);
        assert_int_equal(o.counts.written, 10);
        assert_int_equal(o.counts.read, 11); /* number 5 is unreadable */
        assert_int_equal(o.counts.unreadable, 1);
        assert_int_equal(o.counts.dropped, 0);
        tm_buf_release(&o.data);
    }
}

static void steps_behind_a_head_see_only_its_records(void **state)
{
    TM_UNUSED(state);
    const char *steps = "  - head: {records: 50}\n  - filter: {keep: \"$.n % 2 == 0\"}\n";
    outcome o = run_recipe(steps, (tm_run_options){.threads = 2});
    assert_int_equal(o.counts.kept + o.counts.dropped, 50);
    assert_int_equal(o.counts.kept, 26); /* the even of 0..50 without 5 */
    tm_buf_release(&o.data);
}

static int leave(void **state)
{
    return leave_room(state) || tm_alloc_live() ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_n_pass_whatever_stands_before),
        cmocka_unit_test(what_lies_behind_is_in_no_count),
        cmocka_unit_test(steps_behind_a_head_see_only_its_records),
    };
    return cmocka_run_group_tests(tests, make_inputs, leave);
}
