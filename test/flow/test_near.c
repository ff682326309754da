/* The seam, driven by near.test (test/support/near_op.h): three rounds, components, references; for
 * any number of threads and batch size, with spill, resumed in the middle, and over a hostile
 * exchange that reduces each part in a process of its own. Survivors are held against a naive
 * quadratic oracle.
 * time-limit: 180 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "flow/exchange.h"
#include "flow/run.h"
#include "hostile.h"
#include "near_op.h"

enum { RECORDS = 4000, FAMILIES = 900, REFERENCES = 60, WORDS = 40, MOST = RECORDS + REFERENCES };

static char folder[256], input[300], reference[300];
static uint64_t offset[RECORDS];
static char text[MOST][1024]; /* those of the stream, then those of the reference */
static uint64_t chance_state = 7;

static uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

/* Records come in families: the same words with a few changed, some cut short. */
static void make_texts(void)
{
    static unsigned family[FAMILIES][WORDS];
    for (size_t f = 0; f < FAMILIES; f++)
        for (size_t w = 0; w < WORDS; w++) family[f][w] = (unsigned)chance(5000);
    for (size_t i = 0; i < MOST; i++) {
        size_t f = i < RECORDS ? chance(FAMILIES) : (i - RECORDS) * 9, n = 0;
        size_t words = chance(20) ? WORDS : 1 + chance(4), changes = chance(6);
        unsigned own[WORDS];
        memcpy(own, family[f], sizeof own);
        for (size_t c = 0; c < changes; c++) own[chance(WORDS)] = (unsigned)chance(5000);
        for (size_t w = 0; w < words; w++)
            n += (size_t)snprintf(text[i] + n, sizeof text[i] - n, "%sw%u", w ? " " : "", own[w]);
    }
}

static void write_file(const char *path, size_t from, size_t to)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (size_t i = from; i < to; i++) {
        if (i < RECORDS) offset[i] = (uint64_t)ftell(f);
        fprintf(f, "{\"text\":\"%s\"}\n", text[i]);
    }
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/near-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(input, sizeof input, "%s/in.jsonl", folder);
    snprintf(reference, sizeof reference, "%s/ref.jsonl", folder);
    make_texts();
    write_file(input, 0, RECORDS);
    write_file(reference, RECORDS, MOST);
    return 0;
}

/* ---- the oracle ------------------------------------------------------------------------------ */

static size_t root(size_t *up, size_t i)
{
    while (up[i] != i) i = up[i];
    return i;
}

static bool share_band(const uint64_t a[NEAR_BANDS], const uint64_t b[NEAR_BANDS])
{
    for (size_t i = 0; i < NEAR_BANDS; i++)
        if (a[i] == b[i]) return true;
    return false;
}

/* Which records of the stream survive: all pairs, then the longest (first of them) of a cluster,
 * and none if a reference is in it. */
static void think(size_t count, bool keeps[RECORDS])
{
    static uint64_t shingle[MOST][WORDS], band[MOST][NEAR_BANDS];
    static uint32_t n[MOST];
    static size_t up[MOST], best[MOST];
    for (size_t i = 0; i < count; i++) {
        n[i] = near_shingles(tm_str_of(text[i]), shingle[i]);
        for (unsigned b = 0; b < NEAR_BANDS; b++) band[i][b] = near_band(shingle[i], n[i], b);
        up[i] = i;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (share_band(band[i], band[j]) &&
                near_jaccard(shingle[i], n[i], shingle[j], n[j]) >= 0.6)
                up[root(up, i)] = root(up, j);
    for (size_t i = 0; i < count; i++) best[i] = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t *now = &best[root(up, i)];
        bool first = *now == SIZE_MAX;
        if (!first && i >= RECORDS)
            first = *now < RECORDS || strlen(text[i]) > strlen(text[*now]);
        else if (!first)
            first = strlen(text[i]) > strlen(text[*now]);
        if (first) *now = i;
    }
    for (size_t i = 0; i < RECORDS; i++) keeps[i] = best[root(up, i)] == i;
}

static void oracle(size_t count, bool keeps[RECORDS])
{
    static bool known[2], answer[2][RECORDS];
    size_t which = count == MOST;
    if (!known[which]) think(count, answer[which]);
    known[which] = true;
    memcpy(keeps, answer[which], RECORDS);
}

/* ---- a run ----------------------------------------------------------------------------------- */

typedef struct outcome {
    bool keeps[RECORDS];
    uint64_t merged, spilled;
    bool resumed;
} outcome;

static tm_status note_kept(void *arg, const tm_kept_view *kept, tm_buf *rows, tm_err *err)
{
    outcome *o = arg;
    uint64_t at = TM_PLACE_OFFSET(kept->batch->rid[kept->record].place);
    size_t low = 0, high = RECORDS;
    (void)rows, (void)err;
    while (low + 1 < high) {
        size_t middle = (low + high) / 2;
        if (offset[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    assert_int_equal(offset[low], at);
    o->keeps[low] = true;
    return TM_OK;
}

static tm_status run_near(tm_run_options options, bool with_reference, uint64_t memory, outcome *o)
{
    tm_arena mem = {0};
    tm_recipe recipe;
    tm_run *run = NULL;
    tm_err err = {0};
    tm_str path = tm_str_of(input), other = tm_str_of(reference);
    tm_input_args args = {.path = {&path, 1}};
    memset(o, 0, sizeof *o);
    assert_int_equal(tm_recipe_verb(&recipe, &mem, &near_op, NULL, 0, &err), TM_OK);
    assert_int_equal(tm_recipe_add_input(&recipe, TM_STR("input"), &args, &err), TM_OK);
    tm_recipe_input ref = recipe.input[0];
    ref.path = &other;
    ref.name = TM_STR("evals");
    if (with_reference) recipe.reference = &ref, recipe.references = 1;
    recipe.limits.memory = memory;
    options.measure_only = true;
    options.shown = (tm_shown){.on_kept = note_kept, .arg = o};
    tm_status status = tm_run_open(&run, &recipe, &options, &err);
    if (status == TM_OK) status = tm_run_go(run, &err);
    if (status == TM_OK) {
        const tm_run_result *result = tm_run_result_of(run);
        assert_true(tm_counts_close(&result->counts));
        assert_int_equal(result->counts.read, RECORDS);
        o->merged = result->counts.merged;
        o->spilled = result->spilled_bytes;
        o->resumed = result->resumed;
    }
    if (run) tm_run_close(run);
    tm_arena_release(&mem);
    return status;
}

static void same(const outcome *o, const bool want[RECORDS])
{
    uint64_t merged = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        assert_int_equal(o->keeps[i], want[i]);
        merged += !want[i];
    }
    assert_int_equal(o->merged, merged);
}

static void survivors_are_those_of_the_oracle(void **state)
{
    (void)state;
    outcome o;
    bool want[RECORDS];
    oracle(RECORDS, want);
    for (unsigned threads = 1; threads <= 8; threads += threads == 1 ? 2 : 5) {
        static const uint32_t batches[] = {0, 1, 7, 4096};
        for (size_t b = 0; b < TM_COUNT(batches); b++) {
            tm_run_options options = {.threads = threads, .batch_records = batches[b]};
            assert_int_equal(run_near(options, false, 1 << 30, &o), TM_OK);
            same(&o, want);
            assert_true(o.merged > RECORDS / 4 && o.merged < RECORDS); /* the data are a test */
        }
    }
}

static void records_near_a_reference_are_merged_into_it(void **state)
{
    (void)state;
    outcome alone, o;
    bool want[RECORDS];
    oracle(MOST, want);
    assert_int_equal(run_near((tm_run_options){.threads = 1}, false, 1 << 30, &alone), TM_OK);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        assert_int_equal(run_near((tm_run_options){.threads = threads}, true, 1 << 30, &o), TM_OK);
        same(&o, want);
        assert_true(o.merged > alone.merged);
    }
}

/* The least that the plan asks for: its facts spill. */
static void little_memory_changes_nothing(void **state)
{
    (void)state;
    outcome o;
    bool want[RECORDS];
    uint64_t mib = 8;
    tm_status status = TM_ELIMIT;
    oracle(MOST, want);
    for (; status == TM_ELIMIT; mib++)
        status = run_near((tm_run_options){.threads = 1}, true, mib << 20, &o);
    assert_int_equal(status, TM_OK);
    assert_true(mib > 9 && o.spilled > 0);
    same(&o, want);
}

/* ---- resuming -------------------------------------------------------------------------------- */

static tm_status fail_third(void *arg, const tm_reducer *reducer, tm_exchange *facts, tm_err *err)
{
    unsigned *calls = arg;
    if (++*calls == 2) return tm_fail(err, TM_EIO, "the machine went away");
    return tm_exchange_reduce(facts, 1, reducer, err);
}

static void a_run_that_died_between_rounds_is_taken_up(void **state)
{
    (void)state;
    outcome o;
    bool want[RECORDS];
    char out[300];
    unsigned calls = 0;
    snprintf(out, sizeof out, "%s/resumed", folder);
    oracle(MOST, want);
    tm_run_options options = {.threads = 2, .folder = tm_str_of(out), .resume = true};
    options.reduce = fail_third;
    options.reduce_arg = &calls;
    assert_int_equal(run_near(options, true, 1 << 30, &o), TM_EIO);
    assert_int_equal(calls, 2);
    options.reduce = NULL;
    assert_int_equal(run_near(options, true, 1 << 30, &o), TM_OK);
    same(&o, want);
}

static void a_hostile_exchange_changes_nothing(void **state)
{
    (void)state;
    outcome o;
    bool want[RECORDS];
    uint64_t salt = 0;
    oracle(MOST, want);
    for (int i = 0; i < 3; i++) {
        tm_run_options options = {.threads = 2, .reduce = hostile_reduce, .reduce_arg = &salt};
        assert_int_equal(run_near(options, true, 1 << 30, &o), TM_OK);
        same(&o, want);
    }
    assert_int_equal(salt, 6); /* both group rounds went through it */
}

static void nothing_is_left_allocated(void **state)
{
    (void)state;
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survivors_are_those_of_the_oracle),
        cmocka_unit_test(records_near_a_reference_are_merged_into_it),
        cmocka_unit_test(little_memory_changes_nothing),
        cmocka_unit_test(a_run_that_died_between_rounds_is_taken_up),
        cmocka_unit_test(a_hostile_exchange_changes_nothing),
        cmocka_unit_test(nothing_is_left_allocated),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
