/* The built-in recipes with the real operators: the texts in the program are the files in recipes/,
 * every one reads and plans without a remark, and the registry keeps what recipes rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/fs.h"
#include "plan/plan.h"

static const struct {
    tm_example_kind kind;
    const char *recipe, *layout;
} kinds[] = {
    {TM_CORPUS, "corpus", "text"},
    {TM_SFT, "sft", "messages"},
    {TM_PREFERENCE, "preference", "preference"},
    {TM_UNPAIRED, "unpaired", "unpaired"},
    {TM_SCORED, "scored", "scored"},
    {TM_PROMPT, "prompt", "prompt"},
    {TM_STEPWISE, "scored", NULL},
    {TM_LABEL, "corpus", NULL},
};

static void the_files_are_what_is_built_in(void **state)
{
    (void)state;
    for (const tm_builtin *b = tm_builtins; b->name; b++) {
        tm_buf file = {0};
        tm_err err = {0};
        char path[64];
        snprintf(path, sizeof path, "recipes/%s.yaml", b->name);
        if (tm_file_load(path, TM_MIB, &file, &err) != TM_OK)
            print_message("%s: run the tests from the root of the repository\n", err.msg);
        assert_true(tm_str_eq(tm_buf_view(&file), tm_str_of(b->text)));
        tm_buf_release(&file);
    }
}

static void every_kind_has_a_recipe_that_plans_without_a_remark(void **state)
{
    (void)state;
    for (int kind = TM_CORPUS; kind <= TM_LABEL; kind++) {
        tm_arena mem = {0};
        tm_recipe r;
        tm_plan *plan = NULL;
        tm_err err = {0};
        const tm_builtin *of = tm_builtin_for(1u << kind);
        tm_plan_input input = {.first_source = 1, .sources = 1, .container = "jsonl"};
        for (size_t i = 0; i < TM_COUNT(kinds); i++) {
            if ((int)kinds[i].kind != kind) continue;
            assert_string_equal(of->name, kinds[i].recipe);
            if (kinds[i].layout)
                input.layouts.layout[0] = tm_layout_named(tm_str_of(kinds[i].layout));
        }
        input.layouts.count = input.layouts.layout[0] != NULL;
        tm_status status = tm_recipe_read(&r, &mem, TM_STR("refine"), tm_str_of(of->text), &err);
        if (status == TM_OK)
            status = tm_plan_make(&plan, &mem, &r, &input, 1, (tm_hash){1, 2}, &err);
        if (status != TM_OK) print_message("%d:%d %s\n", (int)err.line, (int)err.column, err.msg);
        assert_int_equal(status, TM_OK);
        assert_int_equal(plan->lints, 0);
        assert_true(plan->columns > 0); /* length: reports have histograms */
        tm_plan_release(plan);
        tm_arena_release(&mem);
    }
}

static void several_kinds_have_the_recipe_that_keeps_them_apart(void **state)
{
    (void)state;
    assert_string_equal(tm_builtin_for(0)->name, "sft");
    assert_string_equal(tm_builtin_for(1u << TM_SFT | 1u << TM_PREFERENCE)->name, "mixed");
    assert_string_equal(tm_builtin_for(1u << TM_CORPUS | 1u << TM_LABEL)->name, "corpus");
    assert_string_equal(tm_builtin_for(1u << TM_UNPAIRED | 1u << TM_SCORED)->name, "mixed");
}

static void no_built_in_recipe_drops(void **state)
{
    (void)state;
    for (const tm_builtin *b = tm_builtins; b->name; b++) {
        tm_arena mem = {0};
        tm_recipe r;
        assert_int_equal(tm_recipe_read(&r, &mem, TM_STR("refine"), tm_str_of(b->text), NULL),
                         TM_OK);
        for (uint32_t s = 0; s < r.steps; s++) {
            assert_int_not_equal(r.step[s].then, TM_V_DROP);
            for (const tm_code *c = r.step[s].op->codes; c && c->code; c++)
                assert_int_not_equal(c->verdict, TM_V_DROP);
        }
        tm_arena_release(&mem);
    }
}

static void no_operator_takes_a_reserved_name_for_itself(void **state)
{
    (void)state;
    for (size_t i = 0; tm_ops[i]; i++) {
        assert_true(tm_op_named(tm_str_of(tm_ops[i]->name)) == tm_ops[i]);
        assert_null(tm_params_find(tm_ops[i]->params, TM_STR("name")));
        assert_null(tm_params_find(tm_ops[i]->params, TM_STR("then")));
    }
}

static void no_two_codes_of_operators_and_plans_are_the_same(void **state)
{
    (void)state;
    const char *seen[512], *where[512];
    size_t count = 0;
    for (size_t i = 0; tm_ops[i]; i++)
        for (const tm_code *c = tm_ops[i]->codes; c && c->code; c++)
            seen[count] = c->code, where[count++] = tm_ops[i]->name;
    for (const tm_lint_rule *l = tm_lint_rules; l->code; l++)
        seen[count] = l->code, where[count++] = "plan";
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            if (strcmp(seen[i], seen[k]) == 0)
                print_message("%s is of %s and of %s\n", seen[i], where[k], where[i]);
            assert_string_not_equal(seen[i], seen[k]);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_are_what_is_built_in),
        cmocka_unit_test(every_kind_has_a_recipe_that_plans_without_a_remark),
        cmocka_unit_test(several_kinds_have_the_recipe_that_keeps_them_apart),
        cmocka_unit_test(no_built_in_recipe_drops),
        cmocka_unit_test(no_operator_takes_a_reserved_name_for_itself),
        cmocka_unit_test(no_two_codes_of_operators_and_plans_are_the_same),
    };
    return cmocka_run_group_tests_name("builtin", tests, NULL, NULL);
}
