/* The public library, tamis.h: plans, errors with their places, progress, cancelling, streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tamis.h"

static char folder[256], data[512];

static const char *const ROWS[] = {
    "{\"prompt\":\"a\",\"completion\":\"one two three\"}",
    "{\"prompt\":\"b\",\"completion\":\"one\"}",
    "{\"prompt\":\"a\",\"completion\":\"one two three\"}",
    "{\"prompt\":\"c\",\"completion\":\"one two three four\\u200b\"}",
};

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/api-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(data, sizeof data, "%s/data.jsonl", folder);
    FILE *f = fopen(data, "w");
    for (size_t i = 0; f && i < 4; i++) fprintf(f, "%s\n", ROWS[i]);
    return !f || fclose(f);
}

static const char *inputs[] = {data, NULL};

static tamis_options on_data(void)
{
    tamis_options o = TAMIS_OPTIONS;
    o.inputs = inputs;
    return o;
}

static void a_recipe_runs_into_a_folder(void **state)
{
    (void)state;
    char out[600], manifest[640];
    tamis_error error;
    tamis_plan *plan;
    tamis_options o = on_data();
    snprintf(out, sizeof out, "%s/run", folder);
    o.recipe = "steps: [clean.text, dedup.exact]";
    o.folder = out;
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_OK);
    assert_non_null(strstr(tamis_plan_json(plan), "\"dedup.exact\""));
    assert_null(tamis_result_json(plan));
    assert_int_equal(tamis_run(plan, &error), TAMIS_OK);
    assert_non_null(strstr(tamis_result_json(plan), "\"read\":4"));
    assert_non_null(strstr(tamis_result_json(plan), "\"merged\":1"));
    assert_int_equal(tamis_run(plan, &error), TAMIS_USAGE); /* once only */
    tamis_progress now;
    tamis_watch(plan, &now);
    assert_int_equal(now.records, 4);
    assert_string_equal(now.doing, "writing");
    tamis_close(plan);
    snprintf(manifest, sizeof manifest, "%s/manifest.json", out);
    assert_int_equal(access(manifest, R_OK), 0);
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_OK);
    assert_int_equal(tamis_run(plan, &error), TAMIS_USAGE); /* a result is there */
    assert_non_null(strstr(error.message, "holds a finished run"));
    tamis_close(plan);
}

static void one_operator_is_a_plan(void **state)
{
    (void)state;
    char out[600], line[256];
    tamis_error error;
    tamis_plan *plan;
    tamis_options o = on_data();
    snprintf(out, sizeof out, "%s/kept.jsonl", folder);
    o.op = "filter";
    o.params = (const char *const[]){"keep=words(response) >= 4", NULL};
    o.file = out;
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_OK);
    assert_int_equal(tamis_run(plan, &error), TAMIS_OK);
    tamis_close(plan);
    FILE *f = fopen(out, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    line[strcspn(line, "\n")] = 0;
    assert_string_equal(line, ROWS[3]);
    assert_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    assert_non_null(strstr(error.message, "is there already"));
}

static void without_a_recipe_the_built_in_one_runs(void **state)
{
    (void)state;
    tamis_plan *plan;
    tamis_options o = on_data();
    assert_int_equal(tamis_open(&plan, &o, NULL), TAMIS_OK);
    assert_non_null(strstr(tamis_plan_json(plan), "\"check.record\""));
    assert_int_equal(tamis_run(plan, NULL), TAMIS_OK);
    assert_non_null(strstr(tamis_result_json(plan), "\"kept\":3"));
    tamis_close(plan);
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    tamis_error error;
    tamis_plan *plan;
    tamis_options o = on_data();
    o.recipe = "steps:\n  - filter: {kepe: \"true\"}\n";
    o.recipe_name = "mine.yaml";
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    assert_null(plan);
    assert_string_equal(error.source, "mine.yaml");
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.message, "keep"));
    o.op = "filter";
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE); /* both */
    o.recipe = NULL;
    o.op = "filtre";
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    o.op = NULL;
    o.inputs = (const char *const[]){"/nowhere/at/all.jsonl", NULL};
    assert_int_not_equal(tamis_open(&plan, &o, &error), TAMIS_OK);
    assert_non_null(strstr(error.message, "/nowhere/at/all.jsonl"));
    o.bytes = 0;
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    o.bytes = sizeof o + 8;
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
}

static void a_cancelled_run_says_so(void **state)
{
    (void)state;
    tamis_error error;
    tamis_plan *plan;
    tamis_options o = on_data();
    o.recipe = "steps: [length]";
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_OK);
    tamis_cancel(plan);
    assert_int_equal(tamis_run(plan, &error), TAMIS_CANCELLED);
    assert_int_equal(error.status, TAMIS_CANCELLED);
    tamis_close(plan);
    tamis_close(NULL);
}

/* Kept records of all batches: how many, and the text of the last. */
static int64_t drain(struct ArrowArrayStream *s, char *last, size_t room)
{
    int64_t rows = 0;
    struct ArrowArray batch;
    while (s->get_next(s, &batch) == 0 && batch.release) {
        const int64_t *end = batch.children[5]->buffers[1];
        const char *text = batch.children[5]->buffers[2];
        int64_t from = end[batch.length - 1], to = end[batch.length];
        snprintf(last, room, "%.*s", (int)(to - from), text + from);
        rows += batch.length;
        batch.release(&batch);
    }
    return rows;
}

static void kept_records_come_as_a_stream(void **state)
{
    (void)state;
    char last[256];
    tamis_error error;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    tamis_options o = on_data();
    o.recipe = "steps: [clean.text, length, dedup.exact]";
    assert_int_equal(tamis_stream(&stream, &o, &error), TAMIS_OK);
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_string_equal(schema.children[0]->name, "place");
    assert_string_equal(schema.children[5]->name, "record");
    assert_string_equal(schema.children[6]->name, "length.chars");
    schema.release(&schema);
    assert_int_equal(drain(&stream, last, sizeof last), 3);
    assert_string_equal(last, "{\"prompt\":\"c\",\"completion\":\"one two three four\"}");
    stream.release(&stream);
}

static void a_stream_may_be_released_early(void **state)
{
    (void)state;
    struct ArrowArrayStream stream;
    tamis_options o = on_data();
    o.recipe = "steps: [length]";
    for (int i = 0; i < 20; i++) {
        assert_int_equal(tamis_stream(&stream, &o, NULL), TAMIS_OK);
        stream.release(&stream);
    }
}

static void a_stream_cannot_be_shuffled(void **state)
{
    (void)state;
    tamis_error error;
    struct ArrowArrayStream stream;
    tamis_options o = on_data();
    o.recipe = "steps: [shuffle]";
    assert_int_equal(tamis_stream(&stream, &o, &error), TAMIS_USAGE);
    assert_non_null(strstr(error.message, "another order"));
    assert_null(stream.release);
}

static void nothing_is_left_allocated(void **state)
{
    (void)state;
    assert_int_equal(tm_alloc_live(), 0);
    assert_string_equal(tamis_version(), TM_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recipe_runs_into_a_folder),
        cmocka_unit_test(one_operator_is_a_plan),
        cmocka_unit_test(without_a_recipe_the_built_in_one_runs),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(a_cancelled_run_says_so),
        cmocka_unit_test(kept_records_come_as_a_stream),
        cmocka_unit_test(a_stream_may_be_released_early),
        cmocka_unit_test(a_stream_cannot_be_shuffled),
        cmocka_unit_test(nothing_is_left_allocated),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
