/* Every set operator of the registry, unasked, over the hostile exchange: the same bytes come out
 * as over the local one. A new operator is tested by being in the registry; where its defaults ask
 * for something, SETTINGS says what to try. time-limit: 120 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/run.h"
#include "hostile.h"

static char folder[256], input[300], reference[300];

typedef struct setting {
    const char *op, *name, *value;
    const char *file; /* of a folder, the one compared; NULL: the run writes one file */
} setting;

static const setting SETTINGS[] = {
    {"sample", "nested", "50,150", "50to150-00000.jsonl"},
    {"split", "eval", "30%", "eval-00000.jsonl"},
    {"sort", "by", "max $.n % 7, all", NULL},
    {"dedup.exact", "keep", "longest", NULL},
    {"check.labels", "then", "drop", NULL},
    {"decontaminate", "against", "REFERENCE", NULL}, /* the file of some of them */
};

static setting setting_of(const tm_op *op)
{
    for (size_t i = 0; i < TM_COUNT(SETTINGS); i++)
        if (strcmp(SETTINGS[i].op, op->name) == 0) return SETTINGS[i];
    return (setting){.op = op->name};
}

static int write_records(const char *path, unsigned step)
{
    FILE *f = fopen(path, "w");
    for (unsigned i = 0; f && i < 900; i += step)
        fprintf(f,
                "{\"prompt\":\"Which?\",\"completion\":\"these are the words of record %u%s\","
                "\"label\":%s,\"n\":%u}\n",
                i * 7 % 400, i % 3 ? "" : " and more", i % 7 ? "true" : "false", i);
    return !f || fclose(f);
}

static int set_up(void **state)
{
    (void)state;
    const char *base = getenv("TAMIS_TMP");
    snprintf(folder, sizeof folder, "%s/hostile-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) return 1;
    snprintf(input, sizeof input, "%s/in.jsonl", folder);
    snprintf(reference, sizeof reference, "%s/reference.jsonl", folder);
    return write_records(input, 1) || write_records(reference, 9);
}

static void run_op(const tm_op *op, const char *out, uint64_t *salt)
{
    tm_arena mem = {0};
    tm_recipe recipe;
    tm_run *run = NULL;
    tm_err err = {0};
    tm_pair option = {0};
    tm_str path = tm_str_of(input);
    tm_input_args args = {.path = {&path, 1}};
    setting how = setting_of(op);
    if (how.name) option = (tm_pair){.name = tm_str_of(how.name), .value = tm_str_of(how.value)};
    if (tm_str_is(option.value, "REFERENCE")) option.value = tm_str_of(reference);
    tm_run_options options = {.threads = 2, .overwrite = true, .reduce_arg = salt};
    *(how.file ? &options.folder : &options.file) = tm_str_of(out);
    if (salt) options.reduce = hostile_reduce;
    assert_int_equal(tm_recipe_verb(&recipe, &mem, op, &option, option.name.n > 0, &err), TM_OK);
    assert_int_equal(tm_recipe_add_input(&recipe, TM_STR("input"), &args, &err), TM_OK);
    recipe.output.format = TM_STR("jsonl");
    assert_int_equal(tm_run_open(&run, &recipe, &options, &err), TM_OK);
    if (tm_run_go(run, &err) != TM_OK) fail_msg("%s: %s", op->name, err.msg);
    tm_run_close(run);
    tm_arena_release(&mem);
}

static char *load(const char *path)
{
    static char bytes[1 << 20];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    bytes[fread(bytes, 1, sizeof bytes - 1, f)] = 0;
    fclose(f);
    return strdup(bytes);
}

static void every_set_operator_gives_the_same_bytes(void **state)
{
    (void)state;
    unsigned tried = 0;
    char out[300], made[400];
    for (size_t i = 0; tm_ops[i]; i++) {
        if (tm_ops[i]->shape != TM_SET) continue;
        uint64_t salt = 0;
        const char *file = setting_of(tm_ops[i]).file;
        snprintf(out, sizeof out, "%s/%s", folder, file ? tm_ops[i]->name : "out.jsonl");
        snprintf(made, sizeof made, "%s%s%s", out, file ? "/" : "", file ? file : "");
        run_op(tm_ops[i], out, NULL);
        char *local = load(made);
        assert_true(strlen(local) > 1000);
        run_op(tm_ops[i], out, &salt);
        char *hostile = load(made);
        assert_string_equal(local, hostile);
        free(local);
        free(hostile);
        tried++;
    }
    assert_true(tried >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_set_operator_gives_the_same_bytes)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
