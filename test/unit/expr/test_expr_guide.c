/* The guide to expressions says what the program does: its table of functions is tm_efunctions, its
 * examples compile, and so do the examples of the table. */
#include "expr_help.h"

#define GUIDE "docs/guide/expressions.md"

static tm_str read_guide(tm_arena *mem)
{
    FILE *file = fopen(GUIDE, "rb");
    char *text = tm_arena_alloc(mem, 1 << 20, 1);
    if (!file) {
        print_message("skipped: " GUIDE " is not below the current folder\n");
        skip();
    }
    assert_non_null(text);
    size_t n = fread(text, 1, 1 << 20, file);
    fclose(file);
    return (tm_str){text, n};
}

/* The guide's lines behind a heading, up to the next one. */
static tm_str section(tm_str guide, tm_str heading)
{
    size_t from = tm_str_find(guide, heading);
    assert_true(from < guide.n);
    tm_str rest = tm_str_slice(guide, from + heading.n, guide.n);
    return tm_str_slice(rest, 0, tm_str_find(rest, TM_STR("\n## ")));
}

static void the_table_of_functions_is_the_programs(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    tm_buf row = {0};
    tm_str table = section(read_guide(&mem), TM_STR("\n## Functions\n"));
    size_t rows = 0, at, functions = 0;
    for (; tm_efunctions[functions].name; functions++) {
        const tm_efunction *f = &tm_efunctions[functions];
        tm_buf_clear(&row);
        tm_buf_print(&row, "\n| `%s(%s)` | %s | %s |\n", f->name, f->arguments, f->gives, f->help);
        if (tm_str_find(table, tm_buf_view(&row)) == table.n)
            fail_msg("the guide has no row%.*s", TM_FMT(tm_buf_view(&row)));
    }
    for (tm_str s = table; (at = tm_str_find(s, TM_STR("\n| `"))) < s.n; rows++)
        s = tm_str_slice(s, at + 1, s.n);
    assert_int_equal(rows, functions);
    tm_buf_release(&row);
    tm_arena_release(&mem);
}

static void compiles(ex_world *w, tm_str line)
{
    tm_expr *e;
    if (tm_expr_compile(&w->mem, line, &w->env, TM_E_TRUTH, &e, &w->err) != TM_OK)
        fail_msg("%.*s: column %d: %s", TM_FMT(line), (int)w->err.column, w->err.msg);
    tm_expr_release(e);
}

static void examples_compile(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    ex_world w;
    tm_str part = section(read_guide(&mem), TM_STR("\n## Examples\n")), line, rest;
    size_t lines = 0;
    ex_open(&w);
    part = tm_str_slice(part, tm_str_find(part, TM_STR("```\n")) + 4, part.n);
    part = tm_str_slice(part, 0, tm_str_find(part, TM_STR("```")));
    for (; tm_str_cut(part, '\n', &line, &rest); part = rest, lines++) compiles(&w, line);
    assert_true(lines > 20);
    for (size_t i = 0; tm_efunctions[i].name; i++)
        compiles(&w, tm_str_of(tm_efunctions[i].example));
    ex_close(&w);
    tm_arena_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_functions_is_the_programs),
        cmocka_unit_test(examples_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
