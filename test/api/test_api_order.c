/* tamis_stream of steps that make another order: rows come as the same plan writes them into a
 * file, from memory and from disk, with the lines they stand on, for every table and any number of
 * threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/api.h"
#include "base/alloc.h"

enum { RECORDS = 20000, TOGETHER = 100, LINE_ROOM = 1024 }; /* of a level */
enum { PLACE = 0, CHANGED = 3, LINE = 3, RECORD = 5, ROUTE = 6 };

static char folder[256], big[512], out[512];
static const char *const BIG[] = {big, NULL};
static uint64_t place[RECORDS]; /* where each begins */

/* Levels fall, so sorting moves all; every third has a character that clean.text takes out; every
 * second line is empty. */
static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/order-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(big, sizeof big, "%s/big.jsonl", folder);
    snprintf(out, sizeof out, "%s/out.jsonl", folder);
    FILE *f = fopen(big, "w");
    uint64_t at = 0;
    for (int i = 0; f && i < RECORDS; i++) {
        place[i] = at;
        at += (uint64_t)fprintf(f,
                                "{\"prompt\":\"%d\",\"completion\":\"%s %0600d\",\"level\":%d}\n\n",
                                i, i % 3 ? "plain" : "with\\u200b", i, (RECORDS - i) / TOGETHER);
    }
    return !f || fclose(f);
}

static int tear_down(void **state)
{
    (void)state;
    remove(big);
    remove(out);
    return remove(folder);
}

static tamis_plan *open_plan(const char *recipe, unsigned threads, const char *file)
{
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = TAMIS_OPTIONS;
    static const char *const json[] = {"output.format=jsonl", NULL};
    o.recipe = recipe;
    o.inputs = BIG;
    o.threads = threads;
    o.file = file;
    o.settings = json;
    o.overwrite = 1;
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    return plan;
}

typedef struct text {
    const char *p;
    size_t n;
} text;

static text large(const struct ArrowArray *batch, int column, int64_t row)
{
    const struct ArrowArray *c = batch->children[column];
    const uint8_t *valid = c->buffers[0];
    const int64_t *end = c->buffers[1];
    if (valid && !(valid[row / 8] >> row % 8 & 1)) return (text){NULL, 0};
    return (text){(const char *)c->buffers[2] + end[row], (size_t)(end[row + 1] - end[row])};
}

static text utf8(const struct ArrowArray *batch, int column, int64_t row)
{
    const struct ArrowArray *c = batch->children[column];
    const int32_t *end = c->buffers[1];
    return (text){(const char *)c->buffers[2] + end[row], (size_t)(end[row + 1] - end[row])};
}

static uint64_t number(const struct ArrowArray *batch, int column, int64_t row)
{
    return ((const uint64_t *)batch->children[column]->buffers[1])[row];
}

static int record_of(text t) /* which one it is, by its prompt */
{
    int i = -1;
    char head[64] = "";
    memcpy(head, t.p, t.n < sizeof head ? t.n : sizeof head - 1);
    assert_int_equal(sscanf(head, "{\"prompt\":\"%d\"", &i), 1);
    assert_in_range(i, 0, RECORDS - 1);
    return i;
}

typedef struct order { /* of the file that a plan writes */
    int *record;
    uint64_t at; /* rows seen */
} order;

typedef void (*look)(const struct ArrowArray *batch, int64_t row, void *arg);

static void read_stream(tamis_plan *plan, tamis_table table, look at, void *arg)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    tamis_error error;
    if (tamis_stream(plan, table, &stream, &error) != TAMIS_OK) fail_msg("%s", error.message);
    for (;;) {
        if (stream.get_next(&stream, &batch) != 0) fail_msg("%s", stream.get_last_error(&stream));
        if (!batch.release) break;
        for (int64_t i = 0; i < batch.length; i++) at(&batch, i, arg);
        batch.release(&batch);
    }
    stream.release(&stream);
}

static void file_order(order *o, const char *recipe)
{
    char line[LINE_ROOM];
    tamis_error error;
    tamis_plan *plan = open_plan(recipe, 2, out);
    if (tamis_run(plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
    tamis_close(plan);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    int rows = 0, moved = 0;
    for (; fgets(line, sizeof line, f); rows++) {
        assert_in_range(rows, 0, RECORDS - 1);
        o->record[rows] = record_of((text){line, strlen(line)});
        moved += o->record[rows] != rows;
    }
    fclose(f);
    assert_int_equal(rows, RECORDS);
    assert_true(moved > RECORDS / 2);
}

/* ---- what is looked at ----------------------------------------------------------------------- */

static void record_is_next(const struct ArrowArray *batch, int64_t row, void *arg)
{
    order *o = arg;
    int i = record_of(large(batch, RECORD, row));
    assert_int_equal(i, o->record[o->at++]);
    assert_int_equal(number(batch, LINE, row), 2 * i + 1);
    assert_int_equal(number(batch, PLACE, row) & 0xFFFFFFFFFF, place[i]);
}

static void part_is_next(const struct ArrowArray *batch, int64_t row, void *arg)
{
    order *o = arg;
    assert_int_equal(number(batch, LINE, row), 2 * o->record[o->at++ / 2] + 1);
}

static void change_is_next(const struct ArrowArray *batch, int64_t row, void *arg)
{
    order *o = arg;
    int i = o->record[o->at++];
    text now = large(batch, CHANGED, row);
    assert_int_equal(number(batch, PLACE, row) & 0xFFFFFFFFFF, place[i]);
    assert_int_equal(now.p != NULL, i % 3 == 0);
    if (now.p) assert_int_equal(record_of(now), i);
}

static const struct {
    tamis_table table;
    look is_next;
    unsigned rows; /* of a record */
} SHAPES[] = {{TAMIS_RECORDS, record_is_next, 1},
              {TAMIS_PARTS, part_is_next, 2},
              {TAMIS_CHANGES, change_is_next, 1}};

/* With the least memory there is, what is sorted lies on disk. */
static void assert_spilled(const tamis_plan *plan, bool low)
{
    assert_int_equal(tm_run_result_of(plan->run)->spilled_bytes > 0, low);
}

static void streams_like_its_file(const char *steps)
{
    char recipe[512];
    order o = {.record = malloc(RECORDS * sizeof(int))};
    assert_non_null(o.record);
    snprintf(recipe, sizeof recipe, "{seed: 7, steps: [clean.text, %s]}", steps);
    file_order(&o, recipe);
    for (unsigned i = 0; i < 4; i++) {
        bool low = i / 2;
        snprintf(recipe, sizeof recipe, "{seed: 7, limits: {memory: %s}, steps: [clean.text, %s]}",
                 low ? "58MiB" : "1GiB", steps);
        for (size_t s = 0; s < sizeof SHAPES / sizeof *SHAPES; s++) {
            tamis_plan *plan = open_plan(recipe, i % 2 ? 3 : 1, NULL);
            o.at = 0;
            read_stream(plan, SHAPES[s].table, SHAPES[s].is_next, &o);
            assert_int_equal(o.at, RECORDS * SHAPES[s].rows);
            if (SHAPES[s].table == TAMIS_RECORDS) assert_spilled(plan, low);
            tamis_close(plan);
        }
    }
    free(o.record);
}

static void a_shuffle_streams_like_its_file(void **state)
{
    (void)state;
    streams_like_its_file("shuffle");
}

static void sorted_records_stream_like_their_file(void **state)
{
    (void)state;
    streams_like_its_file("shuffle, {sort: {by: $.level}}");
}

static void equals_stay_as_they_stood(void **state)
{
    (void)state;
    order o = {.record = malloc(RECORDS * sizeof(int))};
    assert_non_null(o.record);
    int row = 0;
    for (int level = 0; level <= RECORDS / TOGETHER; level++)
        for (int i = 0; i < RECORDS; i++)
            if ((RECORDS - i) / TOGETHER == level) o.record[row++] = i;
    assert_int_equal(row, RECORDS);
    tamis_plan *plan = open_plan("steps: [{sort: {by: $.level}}]", 3, NULL);
    read_stream(plan, TAMIS_RECORDS, record_is_next, &o);
    tamis_close(plan);
    assert_int_equal(o.at, RECORDS);
    free(o.record);
}

static void a_file_is_written_beside(void **state)
{
    (void)state;
    static const char recipe[] = "{seed: 7, limits: {memory: 58MiB}, steps: [shuffle]}";
    char line[LINE_ROOM];
    order o = {.record = malloc(RECORDS * sizeof(int))};
    assert_non_null(o.record);
    file_order(&o, recipe);
    tamis_plan *plan = open_plan(recipe, 2, out);
    read_stream(plan, TAMIS_RECORDS, record_is_next, &o);
    assert_spilled(plan, true);
    tamis_close(plan);
    assert_int_equal(o.at, RECORDS);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    int row = 0;
    for (; fgets(line, sizeof line, f); row++)
        assert_int_equal(record_of((text){line, strlen(line)}), o.record[row]);
    fclose(f);
    assert_int_equal(row, RECORDS);
    free(o.record);
}

/* ---- routes, ends ---------------------------------------------------------------------------- */

static void count_route(const struct ArrowArray *batch, int64_t row, void *arg)
{
    uint64_t *count = arg;
    text route = utf8(batch, ROUTE, row);
    bool eval = route.n == 4 && memcmp(route.p, "eval", 4) == 0;
    if (!eval) assert_true(route.n == 5 && memcmp(route.p, "train", 5) == 0);
    count[eval]++;
}

static void routes_go_with_their_rows(void **state)
{
    (void)state;
    uint64_t count[2] = {0};
    tamis_plan *plan = open_plan("{seed: 3, steps: [{split: {eval: 500}}, shuffle]}", 3, NULL);
    read_stream(plan, TAMIS_RECORDS, count_route, count);
    tamis_close(plan);
    assert_int_equal(count[0], RECORDS - 500);
    assert_int_equal(count[1], 500);
}

static void count_row(const struct ArrowArray *batch, int64_t row, void *arg)
{
    (void)batch;
    (void)row;
    ++*(uint64_t *)arg;
}

static void it_may_be_released_and_cancelled_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct ArrowArrayStream stream;
        struct ArrowArray batch;
        tamis_plan *plan =
            open_plan(i % 2 ? "{limits: {memory: 58MiB}, steps: [shuffle]}" : "steps: [shuffle]",
                      (unsigned)i % 3 + 1, NULL);
        assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
        for (int taken = 0; taken < i / 4; taken++) {
            assert_int_equal(stream.get_next(&stream, &batch), 0);
            assert_true(batch.length > 0);
            batch.release(&batch);
        }
        if (i % 4 > 1) tamis_cancel(plan);
        stream.release(&stream);
        tamis_close(plan);
    }
    uint64_t rows = 0; /* and no record at all is well */
    tamis_plan *plan =
        open_plan("steps: [{filter: {keep: words(response) > 999}}, shuffle]", 2, NULL);
    read_stream(plan, TAMIS_RECORDS, count_row, &rows);
    tamis_close(plan);
    assert_int_equal(rows, 0);
}

static void nothing_is_left_allocated(void **state)
{
    (void)state;
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shuffle_streams_like_its_file),
        cmocka_unit_test(sorted_records_stream_like_their_file),
        cmocka_unit_test(equals_stay_as_they_stood),
        cmocka_unit_test(a_file_is_written_beside),
        cmocka_unit_test(routes_go_with_their_rows),
        cmocka_unit_test(it_may_be_released_and_cancelled_at_any_time),
        cmocka_unit_test(nothing_is_left_allocated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
