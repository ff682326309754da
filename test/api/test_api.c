/* The public library, tamis.h: plans, settings, errors with their places, progress, cancelling from
 * a thread and from a signal handler, and going on afterwards. Streams: test_api_stream.c. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
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
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
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
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
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
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
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
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    tamis_cancel(plan);
    assert_int_equal(tamis_run(plan, &error), TAMIS_CANCELLED);
    assert_int_equal(error.status, TAMIS_CANCELLED);
    tamis_close(plan);
    tamis_close(NULL);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void settings_say_what_a_recipe_may_say(void **state)
{
    (void)state;
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = on_data();
    o.op = "head";
    o.params = (const char *const[]){"records=2", NULL};
    o.settings = (const char *const[]){"seed=42", "limits.max_line=1MiB", "limits.unreadable=3",
                                       "input.map=text=completion", NULL};
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    const char *json = tamis_plan_json(plan);
    assert_non_null(strstr(json, "\"seed\":42"));
    assert_non_null(strstr(json, "\"map\""));
    assert_ptr_equal(json, tamis_plan_json(plan)); /* made once */
    assert_int_equal(tamis_run(plan, &error), TAMIS_OK);
    assert_non_null(strstr(tamis_result_json(plan), "\"kept\":2"));
    tamis_close(plan);
}

static void wrong_settings_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *says;
    } wrong[] = {{"sede=1", "there is no setting"},
                 {"seed=x", "seed takes a whole number"},
                 {"seed", "NAME=VALUE"},
                 {"limits.memori=1GiB", "did you mean \"memory\""},
                 {"limits.memory=lots", "memory"},
                 {"limits.memory=1MiB", "needs --memory"},
                 {"limits.unreadable=many", "unreadable takes"},
                 {"output.path=here", "paths are said by"},
                 {"input.layout=messagse", "did you mean \"messages\""}};
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = on_data();
    o.op = "length";
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        o.settings = (const char *const[]){wrong[i].setting, NULL};
        assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
        assert_int_equal(error.status, TAMIS_USAGE);
        if (!strstr(error.message, wrong[i].says)) fail_msg("%s", error.message);
        assert_null(plan);
    }
    o.settings = NULL;
    o.recipe_file = "r.yaml";
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    assert_non_null(strstr(error.message, "recipe_file"));
    o.op = NULL;
    o.params = (const char *const[]){"records=2", NULL};
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    o = on_data();
    o.inputs = NULL;
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    assert_non_null(strstr(error.message, "no inputs"));
}

static void a_recipe_may_lie_in_a_file(void **state)
{
    (void)state;
    char recipe[600];
    tamis_plan *plan;
    tamis_error error;
    tamis_options o = on_data();
    snprintf(recipe, sizeof recipe, "%s/recipe.yaml", folder);
    FILE *f = fopen(recipe, "w");
    fprintf(f, "inputs: {chats: %s}\nsteps: [dedup.exact]\n", data);
    fclose(f);
    o.recipe_file = recipe;
    o.inputs = NULL;
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    assert_int_equal(tamis_run(plan, &error), TAMIS_OK);
    assert_non_null(strstr(tamis_result_json(plan), "\"merged\":1"));
    tamis_close(plan);
    o.settings = (const char *const[]){"input.layout=text", NULL};
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE); /* of which input? */
    o.recipe_file = "/nowhere/recipe.yaml";
    assert_int_equal(tamis_open(&plan, &o, &error), TAMIS_USAGE);
    assert_non_null(strstr(error.message, "/nowhere/recipe.yaml"));
}

/* ---- stopping and going on ------------------------------------------------------------------- */

static char many[512];
enum { MANY = 60000 };

static void write_many(void)
{
    snprintf(many, sizeof many, "%s/many.jsonl", folder);
    FILE *f = fopen(many, "w");
    assert_non_null(f);
    for (int i = 0; i < MANY; i++)
        fprintf(f, "{\"prompt\":\"%d\",\"completion\":\"%064d one two three\"}\n", i, i % 40000);
    fclose(f);
}

static tamis_plan *volatile at_work;

static void on_alarm(int number)
{
    (void)number;
    tamis_cancel(at_work);
}

/* Waits until the run has begun to read, then stops it the way it is told. */
static void *stop_soon(void *by_signal)
{
    tamis_progress now = {0};
    while (now.bytes == 0) tamis_watch(at_work, &now);
    if (by_signal)
        raise(SIGUSR1);
    else
        tamis_cancel(at_work);
    return NULL;
}

static tamis_options on_many(const char *out)
{
    static const char *const list[] = {many, NULL};
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = "steps: [clean.text, {dedup.exact: {by: response}}]";
    o.inputs = list;
    o.folder = out;
    o.threads = 1;
    return o;
}

static void a_run_that_was_stopped_goes_on(void **state)
{
    (void)state;
    char out[600];
    tamis_error error;
    pthread_t other;
    write_many();
    signal(SIGUSR1, on_alarm);
    snprintf(out, sizeof out, "%s/stopped", folder);
    tamis_options o = on_many(out);
    for (size_t i = 0, tries = 0; i < 2; tries++) { /* from a thread, then from a handler */
        tamis_plan *plan;
        o.overwrite = 1;
        if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
        at_work = plan;
        assert_int_equal(pthread_create(&other, NULL, stop_soon, i ? &other : NULL), 0);
        tamis_status status = tamis_run(plan, &error);
        pthread_join(other, NULL);
        bool stopped = status == TAMIS_CANCELLED;
        assert_true(stopped || (status == TAMIS_OK && tries < 100)); /* the run may win the race */
        assert_int_equal(tamis_result_json(plan) == NULL, stopped);
        tamis_close(plan);
        i += stopped;
    }
    o.overwrite = 0;
    signal(SIGUSR1, SIG_DFL);
    tamis_plan *plan;
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    assert_int_equal(tamis_run(plan, &error), TAMIS_OK);
    assert_non_null(strstr(tamis_result_json(plan), "\"kept\":40000"));
    tamis_close(plan);
}

static void *run_one(void *result)
{
    tamis_plan *plan = NULL;
    tamis_options o = on_many(NULL);
    o.threads = 2;
    tamis_status status = tamis_open(&plan, &o, NULL);
    if (status == TAMIS_OK) status = tamis_run(plan, NULL);
    if (status == TAMIS_OK && !strstr(tamis_result_json(plan), "\"kept\":40000"))
        status = TAMIS_INTERNAL;
    tamis_close(plan);
    *(tamis_status *)result = status;
    return NULL;
}

static void two_plans_run_at_once(void **state)
{
    (void)state;
    pthread_t other;
    tamis_status first = TAMIS_INTERNAL, second = TAMIS_INTERNAL;
    assert_int_equal(pthread_create(&other, NULL, run_one, &first), 0);
    run_one(&second);
    pthread_join(other, NULL);
    assert_int_equal(first, TAMIS_OK);
    assert_int_equal(second, TAMIS_OK);
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
        cmocka_unit_test(settings_say_what_a_recipe_may_say),
        cmocka_unit_test(wrong_settings_are_refused),
        cmocka_unit_test(a_recipe_may_lie_in_a_file),
        cmocka_unit_test(a_run_that_was_stopped_goes_on),
        cmocka_unit_test(two_plans_run_at_once),
        cmocka_unit_test(nothing_is_left_allocated),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
