/* tamis_options.tables: which tables are inputs and references of a plan, what is refused, that
 * rows are records like lines of a file, and that every stream and every array is given back once
 * and no earlier than it may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/def.h"
#include "tamis.h"
#include "toy_table.h"

enum { FEW = 4, MANY = 30000, BATCHES = 7, RECORD = 5 };

static char folder[256], lines[512], out[512];

/* ---- tables ---------------------------------------------------------------------------------- */

/* Two equal texts, and two that clean.text makes equal. */
static const char *const TEXTS[FEW] = {"one two", "three", "one\u200b two", "three"};
static int32_t few_offsets[FEW + 1], many_offsets[MANY + 1];
static char few_bytes[64], many_bytes[MANY * 24];
static toy few_column, many_column, few, many[BATCHES];

/* Text i is "text K", K = i modulo a third, so each is there three times. The same as JSONL. */
static void make_many(void)
{
    size_t at = 0;
    FILE *f = fopen(lines, "w");
    assert_non_null(f);
    for (int i = 0; i < MANY; i++) {
        many_offsets[i] = (int32_t)at;
        at += (size_t)snprintf(many_bytes + at, sizeof many_bytes - at, "text %d", i % (MANY / 3));
        fprintf(f, "{\"text\":\"text %d\"}\n", i % (MANY / 3));
    }
    assert_int_equal(fclose(f), 0);
    many_offsets[MANY] = (int32_t)at;
    many_column = (toy){.format = "u",
                        .name = "text",
                        .length = MANY,
                        .buffers = 3,
                        .buffer = {NULL, many_offsets, many_bytes}};
    for (int b = 0; b < BATCHES; b++) { /* of unequal lengths */
        int64_t from = (int64_t)MANY * b * b / (BATCHES * BATCHES);
        int64_t to = (int64_t)MANY * (b + 1) * (b + 1) / (BATCHES * BATCHES);
        many[b] = (toy){.format = "+s",
                        .length = to - from,
                        .offset = from,
                        .buffers = 1,
                        .children = 1,
                        .child = &many_column};
    }
}

static int set_up(void **state)
{
    TM_UNUSED(state);
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/tables-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(lines, sizeof lines, "%s/lines.jsonl", folder);
    snprintf(out, sizeof out, "%s/out.jsonl", folder);
    few_column = toy_texts("text", TEXTS, FEW, few_offsets, few_bytes);
    few = (toy){.format = "+s", .length = FEW, .buffers = 1, .children = 1, .child = &few_column};
    make_many();
    return 0;
}

static int tear_down(void **state)
{
    TM_UNUSED(state);
    remove(lines);
    remove(out);
    return remove(folder);
}

/* ---- opening --------------------------------------------------------------------------------- */

typedef struct given { /* up to three tables, by name */
    const char *name[3];
    toy_batches of[3];
    struct ArrowArrayStream stream[3];
    tamis_input_table table[4];
} given;

static tamis_status open_with(given *g, tamis_options *o, tamis_plan **plan, tamis_error *error)
{
    for (int i = 0; i < 3 && g->name[i]; i++) {
        toy_stream(&g->stream[i], g->of[i]);
        g->table[i] = (tamis_input_table){g->name[i], &g->stream[i]};
    }
    o->tables = g->table;
    tamis_status status = tamis_open(plan, o, error);
    for (int i = 0; i < 3 && g->name[i]; i++) assert_null(g->stream[i].release);
    return status;
}

static tamis_plan *open_well(given *g, tamis_options *o)
{
    tamis_plan *plan;
    tamis_error error;
    if (open_with(g, o, &plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
    return plan;
}

static given one_table(const char *name)
{
    return (given){.name = {name}, .of = {{&few, 1, -1}}};
}

static void assert_count(tamis_plan *plan, const char *what, int count)
{
    char wanted[64];
    const char *result = tamis_result_json(plan);
    assert_non_null(result);
    snprintf(wanted, sizeof wanted, "\"%s\":%d,", what, count);
    if (!strstr(result, wanted)) fail_msg("no %s in %s", wanted, result);
}

static void run_well(tamis_plan *plan)
{
    tamis_error error;
    if (tamis_run(plan, &error) != TAMIS_OK) fail_msg("%s", error.message);
}

/* ---- which tables are read ------------------------------------------------------------------- */

static void tables_are_the_inputs_when_nothing_else_is(void **state)
{
    TM_UNUSED(state);
    given g = {.name = {"one", "two"}, .of = {{&few, 1, -1}, {&few, 1, -1}}};
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: [{dedup.exact: {by: document}}]";
    tamis_plan *plan = open_well(&g, &o);
    run_well(plan);
    assert_count(plan, "read", 2 * FEW);
    assert_count(plan, "kept", 3);
    assert_true(toy_live > 0);
    tamis_close(plan);
    assert_int_equal(toy_live, 0);
}

static void names_mean_tables_before_files(void **state)
{
    TM_UNUSED(state);
    const char *const inputs[] = {lines, "few", NULL};
    given g = one_table("few");
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: []";
    o.inputs = inputs;
    tamis_plan *plan = open_well(&g, &o);
    run_well(plan);
    assert_count(plan, "kept", MANY + FEW);
    tamis_close(plan);
    g = one_table(lines); /* the name of a file that is there */
    o.inputs = NULL;
    plan = open_well(&g, &o);
    run_well(plan);
    assert_count(plan, "kept", FEW);
    tamis_close(plan);
    assert_int_equal(toy_live, 0);
}

static void a_table_may_be_a_reference_and_is_no_input_then(void **state)
{
    TM_UNUSED(state);
    given g = {.name = {"new", "old"}, .of = {{many, BATCHES, -1}, {many, 1, -1}}};
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "{references: {seen: {path: old}}, steps: [{dedup.exact: {by: document, against: "
               "seen}}]}";
    tamis_plan *plan = open_well(&g, &o);
    run_well(plan);
    assert_count(plan, "read", MANY);
    assert_count(plan, "kept", MANY / 3 - (int)many[0].length);
    tamis_close(plan);
    assert_int_equal(toy_live, 0);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void assert_refused(given *g, const char *recipe, const char *const *inputs,
                           tamis_status wanted, const char *sentence)
{
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = recipe;
    o.inputs = inputs;
    assert_int_equal(open_with(g, &o, &plan, &error), wanted);
    if (!strstr(error.message, sentence)) fail_msg("%s", error.message);
    assert_null(plan);
    assert_int_equal(toy_live, 0);
}

static void what_cannot_be_is_refused_and_all_is_given_back(void **state)
{
    TM_UNUSED(state);
    static const toy odd_column = {.format = "tiM", .name = "odd", .length = 1, .buffers = 2};
    static const toy odd = {
        .format = "+s", .length = 1, .buffers = 1, .children = 1, .child = &odd_column};
    const char *const inputs[] = {lines, NULL};
    given g = {.name = {"one", "one"}, .of = {{&few, 1, -1}, {&few, 1, -1}}};
    assert_refused(&g, "steps: []", NULL, TAMIS_USAGE, "two tables have the name \"one\"");
    g = one_table("-");
    assert_refused(&g, "steps: []", NULL, TAMIS_USAGE, "a name, which is not \"-\"");
    g = one_table("few");
    assert_refused(&g, "steps: []", inputs, TAMIS_USAGE, "the table \"few\" is no input");
    g = one_table("few");
    assert_refused(&g, "steps: [nonsense]", NULL, TAMIS_USAGE, "nonsense");
    g = (given){.name = {"few", "many"}, .of = {{&few, 1, -1}, {many, BATCHES, 3}}};
    assert_refused(&g, "steps: []", NULL, TAMIS_INPUT, "the rows ran out");
    g = (given){.name = {"odd"}, .of = {{&odd, 1, -1}}};
    assert_refused(&g, "steps: []", NULL, TAMIS_USAGE, "\"odd\"");
    tamis_options o = TAMIS_OPTIONS;
    const tamis_input_table none[] = {{"none", NULL}, {NULL, NULL}};
    tamis_plan *plan;
    o.tables = none;
    assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_USAGE);
}

/* ---- rows as records ------------------------------------------------------------------------- */

static bool next(struct ArrowArrayStream *stream, struct ArrowArray *batch)
{
    if (stream->get_next(stream, batch) != 0) fail_msg("%s", stream->get_last_error(stream));
    return batch->release != NULL;
}

static const char *text(const struct ArrowArray *batch, int column, int64_t row, int *length)
{
    const int64_t *end = batch->children[column]->buffers[1];
    *length = (int)(end[row + 1] - end[row]);
    return (const char *)batch->children[column]->buffers[2] + end[row];
}

/* The stream holds the tables when the plan is closed. */
static void rows_have_their_numbers_and_their_tables_name(void **state)
{
    TM_UNUSED(state);
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    given g = {.name = {"many"}, .of = {{many, BATCHES, -1}}};
    tamis_options o = TAMIS_OPTIONS;
    uint64_t row = 0;
    o.recipe = "steps: []";
    o.threads = 3;
    tamis_plan *plan = open_well(&g, &o);
    assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
    tamis_close(plan);
    while (next(&stream, &batch)) {
        for (int64_t i = 0; i < batch.length; i++, row++) {
            int length;
            char wanted[64];
            const char *record = text(&batch, RECORD, i, &length);
            snprintf(wanted, sizeof wanted, "{\"text\":\"text %d\"}", (int)(row % (MANY / 3)));
            assert_int_equal(length, strlen(wanted));
            assert_memory_equal(record, wanted, (size_t)length);
            const uint64_t *place = batch.children[0]->buffers[1];
            const uint64_t *line = batch.children[3]->buffers[1];
            assert_int_equal(place[i], (uint64_t)1 << 40 | row);
            assert_int_equal(line[i], row + 1);
            const int32_t *end = batch.children[2]->buffers[1];
            const char *source = batch.children[2]->buffers[2];
            assert_int_equal(end[i + 1] - end[i], 4);
            assert_memory_equal(source + end[i], "many", 4);
        }
        batch.release(&batch);
    }
    assert_int_equal(row, MANY);
    assert_true(toy_live > 0);
    stream.release(&stream);
    assert_int_equal(toy_live, 0);
}

static void changes_name_rows_and_say_what_was_and_is(void **state)
{
    TM_UNUSED(state);
    static const char *const was[] = {NULL, NULL, "{\"text\":\"one\u200b two\"}", NULL};
    static const char *const now[] = {NULL, NULL, "{\"text\":\"one two\"}", NULL};
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    given g = one_table("few");
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: [clean.text]";
    tamis_plan *plan = open_well(&g, &o);
    assert_int_equal(tamis_stream(plan, TAMIS_CHANGES, &stream, NULL), TAMIS_OK);
    tamis_close(plan);
    assert_true(next(&stream, &batch));
    assert_int_equal(batch.length, FEW);
    for (int64_t i = 0; i < FEW; i++) {
        const uint64_t *place = batch.children[0]->buffers[1];
        assert_int_equal(place[i], (uint64_t)1 << 40 | (uint64_t)i);
        for (int column = 2; column < 4; column++) {
            const char *wanted = column == 2 ? was[i] : now[i];
            const uint8_t *valid = batch.children[column]->buffers[0];
            int length;
            const char *is = text(&batch, column, i, &length);
            assert_int_equal(valid[0] >> i & 1, wanted != NULL);
            assert_int_equal(length, wanted ? strlen(wanted) : 0);
            if (wanted) assert_memory_equal(is, wanted, (size_t)length);
        }
    }
    batch.release(&batch);
    assert_false(next(&stream, &batch));
    stream.release(&stream);
    assert_int_equal(toy_live, 0);
}

static char *load(const char *path, size_t *bytes)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, f), *bytes);
    fclose(f);
    return data;
}

/* Several passes by several threads over a table, and over a file of the same lines. */
static void a_table_gives_what_a_file_of_its_rows_gives(void **state)
{
    TM_UNUSED(state);
    const char *const file[] = {lines, NULL}, *const table[] = {"many", NULL};
    char *data[3];
    size_t bytes[3];
    for (int i = 0; i < 3; i++) {
        given g = {.of = {{many, BATCHES, -1}}};
        tamis_options o = TAMIS_OPTIONS;
        if (i) g.name[0] = "many";
        o.recipe = "{seed: 3, steps: [{dedup.exact: {by: document}}, {sample: {count: 5000}}]}";
        o.inputs = i ? table : file;
        o.threads = i == 1 ? 1 : 3;
        o.file = out;
        o.overwrite = 1;
        tamis_plan *plan = open_well(&g, &o);
        run_well(plan);
        assert_count(plan, "kept", 5000);
        tamis_close(plan);
        data[i] = load(out, &bytes[i]);
    }
    for (int i = 1; i < 3; i++) {
        assert_int_equal(bytes[i], bytes[0]);
        assert_memory_equal(data[i], data[0], bytes[0]);
    }
    for (int i = 0; i < 3; i++) free(data[i]);
    assert_int_equal(toy_live, 0);
}

static void a_cancelled_run_gives_its_tables_back(void **state)
{
    TM_UNUSED(state);
    for (unsigned i = 0; i < 4; i++) {
        struct ArrowArrayStream stream;
        struct ArrowArray batch;
        given g = {.name = {"many"}, .of = {{many, BATCHES, -1}}};
        tamis_options o = TAMIS_OPTIONS;
        o.recipe = "steps: [length]";
        o.threads = i + 1;
        tamis_plan *plan = open_well(&g, &o);
        assert_int_equal(tamis_stream(plan, TAMIS_RECORDS, &stream, NULL), TAMIS_OK);
        if (i % 2 && next(&stream, &batch)) batch.release(&batch);
        stream.release(&stream);
        tamis_close(plan);
        assert_int_equal(toy_live, 0);
    }
}

static void nothing_is_left_allocated(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_the_inputs_when_nothing_else_is),
        cmocka_unit_test(names_mean_tables_before_files),
        cmocka_unit_test(a_table_may_be_a_reference_and_is_no_input_then),
        cmocka_unit_test(what_cannot_be_is_refused_and_all_is_given_back),
        cmocka_unit_test(rows_have_their_numbers_and_their_tables_name),
        cmocka_unit_test(changes_name_rows_and_say_what_was_and_is),
        cmocka_unit_test(a_table_gives_what_a_file_of_its_rows_gives),
        cmocka_unit_test(a_cancelled_run_gives_its_tables_back),
        cmocka_unit_test(nothing_is_left_allocated),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
