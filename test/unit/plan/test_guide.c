/* Every recipe in docs/guide/recipes.md is read and planned. One that is followed by a block of
 * ```text must fail, or be remarked upon, with exactly that text; all others must be without
 * fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/fs.h"
#include "plan/plan.h"

typedef struct block {
    tm_str yaml, said; /* said empty: no fault */
} block;

/* The text up to the closing fence; *rest goes behind it. */
static tm_str fenced(tm_str *rest)
{
    size_t end = tm_str_find(*rest, TM_STR("\n```\n"));
    assert_true(end < rest->n);
    tm_str inside = tm_str_slice(*rest, 0, end + 1);
    *rest = tm_str_slice(*rest, end + 5, rest->n);
    return inside;
}

static bool next_block(tm_str *rest, block *out)
{
    tm_str yaml = TM_STR("\n```yaml\n"), said = TM_STR("\n```text\n");
    size_t at = tm_str_find(*rest, yaml);
    if (at == rest->n) return false;
    *rest = tm_str_slice(*rest, at + yaml.n, rest->n);
    *out = (block){.yaml = fenced(rest)};
    if (tm_str_starts(*rest, said)) {
        *rest = tm_str_slice(*rest, said.n, rest->n);
        out->said = tm_str_trim(fenced(rest));
    }
    return true;
}

/* What Tamis says of it, or an empty string. */
static void judge(tm_str yaml, char *said, size_t room)
{
    tm_arena mem = {0};
    tm_recipe r;
    tm_plan *plan = NULL;
    tm_err err = {0};
    tm_plan_input input = {.first_source = 1, .sources = 1, .container = "jsonl"};
    input.layouts.layout[0] = tm_layout_named(TM_STR("messages"));
    input.layouts.count = 1;
    said[0] = 0;
    tm_status status = tm_recipe_read(&r, &mem, TM_STR("recipe.yaml"), yaml, &err);
    if (status == TM_OK) status = tm_plan_make(&plan, &mem, &r, &input, 1, (tm_hash){1, 2}, &err);
    if (status != TM_OK)
        tm_err_print(&err, said, room);
    else if (plan->lints)
        snprintf(said, room, "recipe.yaml:%u:%u: warning: %.*s (%s)", plan->lint[0].line,
                 plan->lint[0].column, TM_FMT(plan->lint[0].sentence), plan->lint[0].code);
    tm_plan_release(plan);
    tm_arena_release(&mem);
}

static void every_recipe_in_the_guide_is_as_the_guide_says(void **state)
{
    (void)state;
    tm_buf file = {0};
    tm_err err = {0};
    block b;
    int blocks = 0, faults = 0;
    assert_int_equal(tm_file_load("docs/guide/recipes.md", TM_MIB, &file, &err), TM_OK);
    for (tm_str rest = tm_buf_view(&file); next_block(&rest, &b); blocks++) {
        char said[1400];
        judge(b.yaml, said, sizeof said);
        bool as_written = tm_str_eq(tm_str_of(said), b.said);
        if (!as_written)
            print_message("%.*s\n said: %s\n not: %.*s\n", TM_FMT(b.yaml), said, TM_FMT(b.said));
        faults += !as_written;
    }
    assert_int_equal(faults, 0);
    assert_true(blocks >= 10);
    tm_buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recipe_in_the_guide_is_as_the_guide_says),
    };
    return cmocka_run_group_tests_name("guide", tests, NULL, NULL);
}
