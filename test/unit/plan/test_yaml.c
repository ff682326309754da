/* The YAML that recipes may use: what is read, where it stands, and what is refused and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "plan/recipe.h"

typedef struct fixture {
    tm_arena mem;
    tm_yaml *root;
    tm_err err;
} fixture;

static tm_status parse(fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    return tm_yaml_parse(&f->mem, TM_STR("r.yaml"), tm_str_of(text), &f->root, &f->err);
}

static void refused(const char *text, uint64_t line, uint64_t column, const char *part)
{
    fixture f;
    assert_int_equal(parse(&f, text), TM_ERECIPE);
    if (f.err.line != line || f.err.column != column || !strstr(f.err.msg, part))
        print_message("%s\n  gave %d:%d %s\n", text, (int)f.err.line, (int)f.err.column, f.err.msg);
    assert_int_equal(f.err.line, line);
    assert_int_equal(f.err.column, column);
    assert_non_null(strstr(f.err.msg, part));
    assert_string_equal(f.err.source, "r.yaml");
    tm_arena_release(&f.mem);
}

static void a_map_of_lists_and_scalars_is_read_with_its_places(void **state)
{
    (void)state;
    fixture f;
    assert_int_equal(parse(&f, "# first\nseed: 7\nsteps:\n  - a: {x: 'q', y: [1, two]}\n"), TM_OK);
    assert_int_equal(f.root->kind, TM_YAML_MAP);
    assert_int_equal(f.root->count, 2);
    assert_true(tm_str_is(f.root->key[1], "steps"));
    assert_int_equal(f.root->key_line[1], 3);
    const tm_yaml *seed = tm_yaml_get(f.root, "seed");
    assert_true(tm_str_is(seed->text, "7") && !seed->quoted);
    assert_int_equal(seed->line, 2);
    assert_int_equal(seed->column, 7);
    const tm_yaml *a = tm_yaml_get(&tm_yaml_get(f.root, "steps")->child[0], "a");
    assert_true(tm_yaml_get(a, "x")->quoted);
    assert_int_equal(tm_yaml_get(a, "x")->line, 4);
    assert_int_equal(tm_yaml_get(a, "x")->column, 12);
    assert_true(tm_str_is(tm_yaml_get(a, "y")->child[1].text, "two"));
    assert_null(tm_yaml_get(a, "z"));
    tm_arena_release(&f.mem);
}

static void words_that_look_like_booleans_stay_words(void **state)
{
    (void)state;
    fixture f;
    assert_int_equal(parse(&f, "[no, ~, 0x10, 1e3, null, 2024-01-01, 12:30:00]"), TM_OK);
    assert_true(tm_str_is(f.root->child[0].text, "no"));
    assert_true(tm_str_is(f.root->child[1].text, "~"));
    assert_true(tm_str_is(f.root->child[6].text, "12:30:00"));
    tm_arena_release(&f.mem);
}

static void a_byte_order_mark_is_skipped_and_columns_count_characters(void **state)
{
    (void)state;
    fixture f;
    assert_int_equal(parse(&f, "\xEF\xBB\xBF\xC3\xA4\xC3\xB6: {k: v}"), TM_OK);
    assert_int_equal(f.root->child[0].child[0].column, 9);
    tm_arena_release(&f.mem);
}

static void json_is_read_as_it_is(void **state)
{
    (void)state;
    fixture f;
    assert_int_equal(parse(&f, "{\"a\":[1,\"\\u00e9\\n\",true],\"b\":{\"c\":null}}"), TM_OK);
    assert_true(tm_str_is(tm_yaml_get(f.root, "a")->child[1].text, "\xC3\xA9\n"));
    tm_arena_release(&f.mem);
}

static void json_beyond_yaml_is_read_too(void **state)
{
    (void)state;
    fixture f;
    assert_int_equal(parse(&f, "{\"a\": \"\\ud83d\\ude00 \x7f\",\n \"b\":\t[1.50, -0, \"2\"]}"),
                     TM_OK);
    assert_true(tm_str_is(tm_yaml_get(f.root, "a")->text, "\xF0\x9F\x98\x80 \x7f"));
    const tm_yaml *b = tm_yaml_get(f.root, "b");
    assert_true(tm_str_is(b->child[0].text, "1.50") && !b->child[0].quoted);
    assert_true(b->child[2].quoted);
    assert_int_equal(b->line, 2);
    assert_int_equal(b->column, 7);
    assert_int_equal(f.root->key_column[1], 2);
    tm_arena_release(&f.mem);
    refused("{\"a\": 1, \"b\": 2, \"a\": 3}", 1, 18, "a second time");
    refused("{\"a\": \"\\ud800\"}", 1, 10, "");
}

static void what_a_recipe_may_not_use_is_refused_with_its_place(void **state)
{
    (void)state;
    refused("a: &x 1\n", 1, 4, "an anchor (&x)");
    refused("a: 1\nb: *x\n", 2, 4, "an alias (*x)");
    refused("a: !!str 1\n", 1, 4, "a tag");
    refused("a: !x\n", 1, 4, "a tag");
    refused("a: 1\nb: 2\na: 3\n", 3, 1, "a second time; the first is on line 1");
    refused("a: {x: 1, y: 2, x: 3}\n", 1, 17, "a second time");
    refused("a: 1\n---\nb: 2\n", 2, 1, "a second document");
    refused("%TAG ! tag:x,2000:\n---\na: 1\n", 1, 1, "tag directives");
    refused("? [a, b]\n: 1\n", 1, 3, "a key must be a word");
    refused("", 1, 1, "nothing in this file");
    refused("# only\n", 1, 1, "nothing in this file");
}

static void broken_yaml_says_where_and_what_to_do(void **state)
{
    (void)state;
    refused("steps:\n\t- a\n", 2, 1, "use spaces");
    refused("keep: a: b\n", 1, 8, "quotes");
    refused("keep: @x\n", 1, 7, "quotes");
    refused("a: [1, 2\nb: 3\n", 2, 2, "that begins on line 1");
    refused("a: \xFF\xFE\n", 1, 4, "not UTF-8");
    refused("a: 1\nb: \x01\n", 2, 4, "control character");
}

static void depth_size_and_number_of_values_have_limits(void **state)
{
    (void)state;
    fixture f;
    char deep[200];
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    deep[130] = 0;
    refused(deep, 1, 65, "deeper than 64");
    memset(deep + 64, ']', 64);
    deep[128] = 0;
    assert_int_equal(parse(&f, deep), TM_OK);
    tm_arena_release(&f.mem);

    tm_buf big = {0};
    while (big.n <= TM_YAML_BYTES_MAX) tm_buf_z(&big, "# a line of nothing but comment\n");
    memset(&f, 0, sizeof f);
    assert_int_equal(tm_yaml_parse(&f.mem, TM_STR("r.yaml"), tm_buf_view(&big), &f.root, &f.err),
                     TM_ERECIPE);
    assert_non_null(strstr(f.err.msg, "4 MiB"));
    tm_arena_release(&f.mem);

    tm_buf_clear(&big);
    tm_buf_char(&big, '[');
    for (int i = 0; i < TM_YAML_NODES_MAX; i++) tm_buf_z(&big, "x,");
    tm_buf_char(&big, ']');
    memset(&f, 0, sizeof f);
    assert_int_equal(tm_yaml_parse(&f.mem, TM_STR("r.yaml"), tm_buf_view(&big), &f.root, &f.err),
                     TM_ERECIPE);
    assert_non_null(strstr(f.err.msg, "more than 262144 values"));
    tm_arena_release(&f.mem);
    tm_buf_release(&big);
}

static void many_keys_are_checked_for_equals_quickly(void **state)
{
    (void)state;
    fixture f = {0};
    tm_buf text = {0};
    for (int i = 0; i < 50000; i++) tm_buf_print(&text, "k%d: 1\n", i);
    assert_int_equal(tm_yaml_parse(&f.mem, TM_STR("r.yaml"), tm_buf_view(&text), &f.root, &f.err),
                     TM_OK);
    assert_int_equal(f.root->count, 50000);
    tm_arena_release(&f.mem);
    memset(&f, 0, sizeof f);
    tm_buf_z(&text, "k0: 2\n");
    assert_int_equal(tm_yaml_parse(&f.mem, TM_STR("r.yaml"), tm_buf_view(&text), &f.root, &f.err),
                     TM_ERECIPE);
    assert_int_equal(f.err.line, 50001);
    tm_arena_release(&f.mem);
    tm_buf_release(&text);
}

static void a_node_becomes_the_value_of_a_parameter(void **state)
{
    (void)state;
    fixture f;
    tm_pvalue v;
    assert_int_equal(parse(&f, "{s: 'x', l: [a, \"b\"], m: {k: 'v'}, bad: [[1]]}"), TM_OK);
    assert_int_equal(tm_yaml_value(&f.mem, tm_yaml_get(f.root, "s"), &v, &f.err), TM_OK);
    assert_true(v.form == TM_PV_SCALAR && v.quoted && tm_str_is(v.scalar, "x"));
    assert_int_equal(tm_yaml_value(&f.mem, tm_yaml_get(f.root, "l"), &v, &f.err), TM_OK);
    assert_true(v.form == TM_PV_LIST && v.count == 2 && v.item[1].quoted && !v.item[0].quoted);
    assert_int_equal(tm_yaml_value(&f.mem, tm_yaml_get(f.root, "m"), &v, &f.err), TM_OK);
    assert_true(v.form == TM_PV_MAP && tm_str_is(v.item[0].name, "k") && v.item[0].quoted);
    assert_int_equal(tm_yaml_value(&f.mem, tm_yaml_get(f.root, "bad"), &v, &f.err), TM_ERECIPE);
    assert_non_null(strstr(f.err.msg, "a list inside a list"));
    tm_arena_release(&f.mem);
}

/* Equal but for places and quotes. */
static bool same_tree(const tm_yaml *a, const tm_yaml *b)
{
    if (a->kind != b->kind || a->count != b->count || !tm_str_eq(a->text, b->text)) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->kind == TM_YAML_MAP && !tm_str_eq(a->key[i], b->key[i])) return false;
        if (!same_tree(&a->child[i], &b->child[i])) return false;
    }
    return true;
}

static void a_printed_tree_reads_back_to_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a: 1",
        "a: {b: [1, 2, [3, {c: d}]], 'e f': \"\"}\nlist:\n- - x\n  - y\n- z: 1\n  w: [q]\n- []\n- "
        "{}\n",
        "odd: ['- x', ': y', '# z', 'a: b', \"\\x7f\\u0085\\u2028\\ufeff\", '-', '...', '---', "
        "' lead', 'trail ', \"two\\nlines\", '\"', '\\\\', '{', '%', '@', '`', '!', '&a', '*a', "
        "'-1', '-x', '?', '? x', '~', 'a  b', 'x#y', 'x:y', '[', ',']",
        "block: |\n  two\n  lines\nfold: >-\n  one\n  line\n",
        "scalar",
    };
    for (size_t i = 0; i < TM_COUNT(texts); i++) {
        fixture f, g;
        tm_buf out = {0};
        assert_int_equal(parse(&f, texts[i]), TM_OK);
        tm_yaml_print(f.root, &out);
        tm_buf_char(&out, 0);
        assert_false(out.failed);
        bool same = parse(&g, out.p) == TM_OK && same_tree(f.root, g.root);
        if (!same) print_message("%s\n became\n%s\n %s\n", texts[i], out.p, g.err.msg);
        assert_true(same);
        tm_buf_release(&out);
        tm_arena_release(&f.mem);
        tm_arena_release(&g.mem);
    }
}

static void every_character_survives_printing(void **state)
{
    (void)state;
    static const char *const more[] = {"\xE2\x80\xA8", "\xE2\x80\xA9",     "\xEF\xBB\xBF",
                                       "\xEF\xBF\xBE", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"};
    for (unsigned c = 0; c < 0x300 + TM_COUNT(more); c++) {
        char two[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))}, one = (char)c;
        tm_str text = c < 0x80 ? (tm_str){&one, 1} : (tm_str){two, 2};
        if (c >= 0x300) text = tm_str_of(more[c - 0x300]);
        tm_buf out = {0};
        fixture f = {0};
        tm_yaml_scalar(text, false, &out);
        assert_int_equal(
            tm_yaml_parse(&f.mem, TM_STR("r.yaml"), tm_buf_view(&out), &f.root, &f.err), TM_OK);
        if (!tm_str_eq(f.root->text, text)) print_message("U+%04X became %s\n", c, out.p);
        assert_true(tm_str_eq(f.root->text, text));
        tm_buf_release(&out);
        tm_arena_release(&f.mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_of_lists_and_scalars_is_read_with_its_places),
        cmocka_unit_test(words_that_look_like_booleans_stay_words),
        cmocka_unit_test(a_byte_order_mark_is_skipped_and_columns_count_characters),
        cmocka_unit_test(json_is_read_as_it_is),
        cmocka_unit_test(json_beyond_yaml_is_read_too),
        cmocka_unit_test(what_a_recipe_may_not_use_is_refused_with_its_place),
        cmocka_unit_test(broken_yaml_says_where_and_what_to_do),
        cmocka_unit_test(depth_size_and_number_of_values_have_limits),
        cmocka_unit_test(many_keys_are_checked_for_equals_quickly),
        cmocka_unit_test(a_node_becomes_the_value_of_a_parameter),
        cmocka_unit_test(a_printed_tree_reads_back_to_the_same),
        cmocka_unit_test(every_character_survives_printing),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
