/* A run in stages against the same run in one process: every task of every stage in a process of
 * its own, splits of a few hundred bytes in random order, facts and decisions as Arrow rows,
 * re-partitioned and re-batched at random. Data, ledger, findings, parked and unreadable records
 * are the same bytes. time-limit: 120 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "stage_driver.h"

static char folder[256];

/* ---- both runs ------------------------------------------------------------------------------- */

static tamis_plan *open_plan(const char *recipe, const char *out)
{
    tamis_error error;
    tamis_plan *plan;
    tamis_options o = TAMIS_OPTIONS;
    o.recipe = recipe;
    o.folder = out;
    o.threads = 2;
    o.overwrite = 1;
    if (tamis_open(&plan, &o, &error) != TAMIS_OK) fail_msg("%s", error.message);
    return plan;
}

/* All files whose name begins so, one behind another. */
static char *load(const char *run, const char *prefix, size_t *bytes)
{
    char path[700];
    struct dirent **names;
    char *all = NULL;
    int count = scandir(run, &names, NULL, alphasort);
    *bytes = 0;
    for (int i = 0; i < count; i++) {
        if (strncmp(names[i]->d_name, prefix, strlen(prefix)) == 0) {
            snprintf(path, sizeof path, "%s/%s", run, names[i]->d_name);
            FILE *f = fopen(path, "rb");
            all = realloc(all, *bytes + (4 << 20));
            *bytes += fread(all + *bytes, 1, 4 << 20, f);
            fclose(f);
        }
        free(names[i]);
    }
    free(names);
    return all;
}

/* Manifests are equal up to the list of inputs: counts, steps, findings, matches. Behind it stand
 * digests, which a head leaves out of files it did not read to their end. */
static void compare_manifests(const char *one, const char *many)
{
    size_t a, b;
    char *x = load(one, "manifest.json", &a), *y = load(many, "manifest.json", &b);
    x[a - 1] = y[b - 1] = 0;
    char *end = strstr(x, "\"inputs\":"), *other = strstr(y, "\"inputs\":");
    assert_true(end && other);
    *end = *other = 0;
    assert_string_equal(x, y);
    free(x);
    free(y);
}

static void compare(const char *recipe, uint64_t split_bytes)
{
    static const char *const FILES[] = {"data-",          "train-",           "eval-",
                                        "test-",          "parked-",          "ledger.parquet",
                                        "unreadable.bin", "unreadable.jsonl", "findings.parquet"};
    char one[300], many[300], text[2000];
    tamis_error error;
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(many, sizeof many, "%s/many", folder);
    snprintf(text, sizeof text,
             "inputs:\n  a: {path: [%s/a.jsonl, %s/b.json, %s/c.jsonl]}\n"
             "references:\n  r: {path: %s/r.jsonl}\n  train: {path: %s/old-train.jsonl}\n"
             "  eval: {path: %s/old-eval.jsonl}\nlimits: {unreadable: 50%%, max_line: 4KiB}\n"
             "output: {format: jsonl, ledger: signals}\n%s",
             folder, folder, folder, folder, folder, folder, recipe);
    tamis_plan *plan = open_plan(text, one);
    if (tamis_run(plan, &error) != TAMIS_OK) fail_msg("%s: %s", recipe, error.message);
    tamis_close(plan);
    plan = open_plan(text, many);
    stage_drive(plan, split_bytes);
    tamis_close(plan);
    size_t data = 0;
    for (size_t i = 0; i < TM_COUNT(FILES); i++) {
        size_t a, b;
        char *x = load(one, FILES[i], &a), *y = load(many, FILES[i], &b);
        data += i < 4 ? a : 0;
        if (a != b || (a && memcmp(x, y, a) != 0))
            fail_msg("%s: %s differs (%zu and %zu bytes)", recipe, FILES[i], a, b);
        free(x);
        free(y);
    }
    assert_true(data > 500);
    compare_manifests(one, many);
}

static void write_records(const char *name, unsigned from, unsigned to, bool array)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    if (array) fprintf(f, "[\n");
    if (!array && !from) fprintf(f, "\xEF\xBB\xBF");
    for (unsigned i = from; i < to; i++) {
        if (!array && i % 37 == 5) fprintf(f, "{\"text\": broken %u\n", i);
        if (!array && i % 41 == 7) fprintf(f, "\n  \n");
        if (!array && i % 6 == 1)
            fprintf(f,
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"question %u\"},"
                    "{\"role\":\"assistant\",\"content\":\"answer %u\"},"
                    "{\"role\":\"user\",\"content\":\"and then?\"},"
                    "{\"role\":\"assistant\",\"content\":\"then %u\"}]}\n",
                    i % 9, i % 9, i % 4);
        if (!array && i % 6 == 2)
            fprintf(f, "{\"prompt\":\"question %u\",\"completion\":\"yes\",\"label\":%s}\n", i % 9,
                    i % 4 ? "true" : "false");
        if (!array && i % 97 == 11) fprintf(f, "{\"text\":\"%05000u\"}\n", i);
        fprintf(f, "{\"text\":\"words of record w%u x%u y%u z%u%s\",\"n\":%u}%s\n", i * 7 % 140,
                i % 20, i % 28, i % 35, i % 3 ? "" : " and more, much more than before", i,
                array && i + 1 < to ? "," : "");
    }
    if (array) fprintf(f, "]\n");
    fclose(f);
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/stages-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    write_records("a.jsonl", 0, 150, false);
    write_records("b.json", 150, 200, true);
    write_records("c.jsonl", 200, 300, false);
    write_records("r.jsonl", 1000, 1020, true);
    write_records("old-train.jsonl", 2000, 2030, true);
    write_records("old-eval.jsonl", 3000, 3020, true);
    return 0;
}

static void record_steps_alone(void **state)
{
    (void)state;
    compare("steps:\n  - length: {}\n  - filter: {keep: \"length.words >= 5\", then: park}\n", 700);
}

static void exact_duplicates_across_splits(void **state)
{
    (void)state;
    compare("steps:\n  - clean.text: {}\n  - dedup.exact: {keep: [longest, first]}\n"
            "  - dedup.near: {threshold: 0.6, link: chain, keep: [source_order, longest]}\n",
            1000);
}

static void a_head_in_the_middle_of_a_split(void **state)
{
    (void)state;
    compare("steps:\n  - head: {records: 61}\n", 900);
    compare("steps:\n  - dedup.exact: {}\n  - head: {records: 100000}\n", 900);
}

static void records_in_another_order(void **state)
{
    (void)state;
    compare("seed: 3\nsteps:\n  - dedup.exact: {}\n  - shuffle: {}\n", 1100);
    compare("steps:\n  - shuffle: {}\n  - sort: {by: [\"max $.n % 5\", words(all)]}\n", 1300);
    compare("steps:\n  - split: {eval: 30%}\n  - sort: {by: all}\n", 1300);
}

static void a_sample_by_count_and_another_step_behind_it(void **state)
{
    (void)state;
    compare("steps:\n  - sample: {count: 120}\n  - dedup.exact: {}\n", 1300);
}

static void children_and_their_duplicates(void **state)
{
    (void)state;
    compare("steps:\n  - split.turns: {}\n  - dedup.exact: {by: [all]}\n"
            "  - filter: {keep: \"words(all) >= 4\"}\n",
            900);
}

static void children_of_records_with_a_side_and_a_rank(void **state)
{
    (void)state;
    compare("steps:\n  - split: {eval: 30%}\n  - split.turns: {}\n", 900);
    compare("seed: 5\nsteps:\n  - shuffle: {}\n  - split.turns: {}\n", 900);
}

static void near_duplicates_by_representative_and_by_chains(void **state)
{
    (void)state;
    compare("steps:\n  - clean.text: {}\n  - dedup.near: {by: all, ngram: 1, threshold: 0.6}\n",
            3000);
    compare("steps:\n  - dedup.near: {by: all, ngram: 1, threshold: 0.75, link: chain}\n"
            "  - dedup.exact: {}\n",
            3000);
    compare("steps:\n  - dedup.near: {by: all, ngram: 1, threshold: 0.75, link: chain, "
            "compare_most: 1, keep: none}\n",
            2000);
}

static void what_stands_on_two_sides(void **state)
{
    (void)state;
    compare("steps:\n  - dedup.exact: {then: flag}\n  - split: {eval: 30%, test: 100}\n"
            "  - dedup.near: {ngram: 2, threshold: 0.6}\n",
            2500);
}

static void clusters_on_sides(void **state)
{
    (void)state;
    compare(
        "steps:\n  - dedup.near: {by: all, ngram: 1, threshold: 0.75, link: chain, then: flag}\n"
        "  - dedup.exact: {then: flag}\n"
        "  - split: {eval: 30%, group: [dedup.near.cluster, dedup.exact.cluster], earlier: "
        "none}\n  - split.turns: {}\n",
        2500);
    compare("steps:\n  - dedup.near: {by: all, ngram: 1, threshold: 0.75, link: chain, then: flag, "
            "against: [train, eval]}\n"
            "  - split: {eval: 30%, group: [dedup.near.cluster, $.n], earlier: [train, eval]}\n",
            2500);
    static const char *const FILES[] = {"train-", "eval-", "parked-"};
    for (size_t i = 0; i < TM_COUNT(FILES); i++) { /* some of each */
        size_t bytes;
        char run[300];
        snprintf(run, sizeof run, "%s/many", folder);
        free(load(run, FILES[i], &bytes));
        assert_true(bytes > 0);
    }
}

static void references_and_a_table(void **state)
{
    (void)state;
    compare("steps:\n  - dedup.near: {against: [r], threshold: 0.9}\n  - decontaminate: {against: "
            "[r], ngram: 6}\n",
            3000);
}

/* A new operator is tested by being in the registry; where its defaults ask for something, SETTINGS
 * says what to try. */
static void every_set_operator(void **state)
{
    (void)state;
    static const char *const SETTINGS[][2] = {{"sample", "count: 120"},
                                              {"sort", "by: [shortest, max $.n]"},
                                              {"split", "eval: 20%, test: 100, group: [$.n]"},
                                              {"dedup.near", "ngram: 2, threshold: 0.6"},
                                              {"decontaminate", "ngram: 6"}};
    for (size_t i = 0; tm_ops[i]; i++) {
        char recipe[300];
        const char *settings = "";
        if (tm_ops[i]->shape != TM_SET) continue;
        for (size_t k = 0; k < TM_COUNT(SETTINGS); k++)
            if (strcmp(SETTINGS[k][0], tm_ops[i]->name) == 0) settings = SETTINGS[k][1];
        snprintf(recipe, sizeof recipe, "steps:\n  - %s: {%s}\n", tm_ops[i]->name, settings);
        compare(recipe, 2500);
    }
    compare("steps:\n  - filter: {drop: \"$.label = true\"}\n  - check.labels\n", 2500);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static tm_status read_all(struct ArrowArrayStream *stream, char said[200])
{
    struct ArrowArray batch;
    int failed;
    do {
        failed = stream->get_next(stream, &batch);
        if (failed) snprintf(said, 200, "%s", stream->get_last_error(stream));
        bool more = !failed && batch.release;
        if (more) batch.release(&batch);
        if (!more) break;
    } while (true);
    stream->release(stream);
    return failed ? TM_EINPUT : TM_OK;
}

static void map_fails(tamis_plan *plan, uint32_t stage, const stage_rows *given, const char *why)
{
    char said[200] = "";
    tamis_error error;
    tm_err err = {0};
    stage_feed f = {given, 0};
    struct ArrowArrayStream in, out;
    assert_int_equal(
        tm_arrow_stream(&in, tm_api_seam, TM_SEAM_COLUMNS, stage_rows_fill, NULL, &f, &err), 0);
    assert_int_equal(tamis_stage_map(plan, stage, 0, &in, &out, &error), TAMIS_OK);
    assert_int_equal(read_all(&out, said), TM_EINPUT);
    assert_non_null(strstr(said, why));
}

static void a_ticket_holds_what_was_seen_of_the_records(void **state)
{
    (void)state;
    char text[900], out[300], path[300];
    const void *ticket;
    size_t bytes;
    tamis_error error;
    tamis_plan *other;
    snprintf(path, sizeof path, "%s/nested.jsonl", folder);
    FILE *f = fopen(path, "w");
    fprintf(f, "{\"text\":\"a\",\"meta\":{\"lang\":\"en\"},\"box\":\"{}\"}\n");
    fclose(f);
    snprintf(out, sizeof out, "%s/seen", folder);
    snprintf(text, sizeof text,
             "inputs: {a: {path: %s}}\n"
             "steps: [{sort: {by: [$.meta.lng, $.box.lng]}}]\n",
             path);
    tamis_plan *plan = open_plan(text, out);
    assert_int_equal(tamis_ticket(plan, 500, &ticket, &bytes, &error), TAMIS_OK);
    assert_int_equal(tamis_open_ticket(&other, ticket, bytes, &error), TAMIS_OK);
    const char *one = strstr(tamis_plan_json(plan), "\"lint\":");
    const char *many = strstr(tamis_plan_json(other), "\"lint\":");
    assert_non_null(one);
    assert_non_null(strstr(one, "did you mean $.meta.lang?"));
    assert_null(strstr(one, "$.box"));
    assert_non_null(many);
    assert_non_null(strstr(many, "did you mean $.meta.lang?"));
    assert_null(strstr(many, "$.box"));
    tamis_close(other);
    tamis_close(plan);
}

static void what_is_not_its_own_is_refused(void **state)
{
    (void)state;
    char text[900], out[300];
    const void *ticket;
    size_t bytes;
    tamis_error error;
    tamis_plan *other;
    snprintf(out, sizeof out, "%s/refused", folder);
    snprintf(text, sizeof text, "inputs: {a: {path: %s/c.jsonl}}\nsteps: [dedup.exact]\n", folder);
    tamis_plan *plan = open_plan(text, out);
    assert_int_equal(tamis_stage_tell(plan, 0, "", 0, &error), TAMIS_USAGE); /* no ticket yet */
    assert_int_equal(tamis_ticket(plan, 500, &ticket, &bytes, &error), TAMIS_OK);
    char *bad = malloc(bytes);
    memcpy(bad, ticket, bytes);
    for (size_t n = 0; n < bytes; n += 7)
        assert_int_equal(tamis_open_ticket(&other, bad, n, &error), TAMIS_USAGE);
    bad[bytes / 2] ^= 1;
    assert_int_equal(tamis_open_ticket(&other, bad, bytes, &error), TAMIS_USAGE);
    free(bad);
    assert_int_equal(tamis_open_ticket(&other, ticket, bytes, &error), TAMIS_OK);
    uint32_t write = other->stages.count - 2, first = 0;
    while (!tm_stages_joins(&other->stages, write, first)) first++;
    struct ArrowArrayStream made;
    assert_int_equal(tamis_stage_map(other, 99, 0, NULL, &made, &error), TAMIS_USAGE);
    assert_int_equal(tamis_stage_map(other, 0, 99, NULL, &made, &error), TAMIS_USAGE);
    assert_int_equal(tamis_stage_reduce(other, write, 0, NULL, &made, &error), TAMIS_OK);
    char said[200] = "";
    assert_int_equal(read_all(&made, said), TM_EINPUT);
    tm_decisions d = {0};
    tm_err err = {0};
    stage_rows given = {0};
    for (uint64_t at = 900; at > 0; at -= 450) /* the second stands before the first */
        assert_int_equal(tm_decide(&d, &(tm_decision){.rid = {TM_PLACE(1, at), 0}}, &err), TM_OK);
    size_t half = d.bytes.n / 2;
    stage_rows_add(&given, (tm_seam_row){.what = 1, .stage = first, .data = {d.bytes.p, half}});
    stage_rows_add(&given,
                   (tm_seam_row){.what = 1, .stage = first, .data = {d.bytes.p + half, half}});
    map_fails(other, write, &given, "sorted");
    given.row[0].split = 3;
    map_fails(other, write, &given, "split 3");
    given.row[0].split = 0;
    given.row[0].data.n--;
    given.count = 1;
    map_fails(other, write, &given, "rows of decisions");
    given.count = 2;
    stage_rows_release(&given);
    tm_buf_release(&d.bytes);
    snprintf(text, sizeof text, "%s/c.jsonl", folder);
    FILE *grows = fopen(text, "a");
    fputs("\n", grows);
    fclose(grows);
    map_fails(other, write, &given, "bytes here and");
    tamis_close(other);
    tamis_close(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_steps_alone),
        cmocka_unit_test(exact_duplicates_across_splits),
        cmocka_unit_test(a_head_in_the_middle_of_a_split),
        cmocka_unit_test(records_in_another_order),
        cmocka_unit_test(a_sample_by_count_and_another_step_behind_it),
        cmocka_unit_test(children_and_their_duplicates),
        cmocka_unit_test(children_of_records_with_a_side_and_a_rank),
        cmocka_unit_test(near_duplicates_by_representative_and_by_chains),
        cmocka_unit_test(what_stands_on_two_sides),
        cmocka_unit_test(clusters_on_sides),
        cmocka_unit_test(references_and_a_table),
        cmocka_unit_test(every_set_operator),
        cmocka_unit_test(a_ticket_holds_what_was_seen_of_the_records),
        cmocka_unit_test(what_is_not_its_own_is_refused)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
