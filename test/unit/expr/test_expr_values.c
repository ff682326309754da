/* Values of expressions (sort keys, tags), their canonical text, lists, and large expressions. */
#include "expr_help.h"

static const char record[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"a b\"},"
                             "{\"role\":\"assistant\",\"content\":\"c\"}],"
                             "\"n\":9007199254740993,\"s\":\"x\\ty\",\"t\":true,\"z\":null,"
                             "\"a\":[1],\"when\":\"2026-01-31\"}";

static void values_have_the_type_they_have(void **state)
{
    TM_UNUSED(state);
    static const char *const cases[][2] = {
        {"1 + 1", "number 2"},
        {"$.n", "number 9007199254740992"},
        {"$.s", "text x\ty"},
        {"$.t", "truth true"},
        {"$.z", "unknown"},
        {"$.a", "unknown"},
        {"$.no", "unknown"},
        {"date($.when)", "date 1769817600"},
        {"date('1970-01-01')", "date 0"},
        {"'text'", "text text"},
        {"words(user)", "number 2"},
        {"user", "text a b"},
        {"text(all)", "text a b\nc"},
        {"lower('AB')", "text ab"},
        {"language.code", "text en"},
        {"dedup.near.similarity", "unknown"},
        {"quality.score", "number 0.5"},
        {"words(user) > 1", "truth true"},
        {"$.no > 1", "unknown"},
        {"1 / 0", "unknown"},
        {"layout", "text messages"},
        {"coalesce($.no, $.s)", "text x\ty"},
        {"coalesce($.no, date($.when))", "date 1769817600"},
        {"coalesce(date($.no), $.when)", "date 1769817600"},
        {"text(0.1 + 0.2)", "text 0.30000000000000004"},
        {"''", "text "},
    };
    ex_world w;
    tm_buf out = {0};
    ex_open(&w);
    uint32_t r = ex_add(&w, record);
    for (size_t i = 0; i < TM_COUNT(cases); i++)
        assert_string_equal(ex_value(&w, cases[i][0], r, &out), cases[i][1]);
    tm_buf_release(&out);
    ex_close(&w);
}

static void canonical_texts_are_plain(void **state)
{
    TM_UNUSED(state);
    static const char *const cases[][2] = {
        {"code in [\"en\",'fr']", "language.code in ('en', 'fr')"},
        {"NOT(true AND(false OR true))", "not (true and (false or true))"},
        {"((1+2))*3 == 9", "(1 + 2) * 3 = 9"},
        {"1+(2+3)<>4", "1 + (2 + 3) != 4"},
        {"- (1) - - $.a > 0", "-1 - -$.a > 0"},
        {"response = 'x'", "text(response) = 'x'"},
        {"words(user,assistant)>1", "words(user, assistant) > 1"},
        {"date($.a) > \"2026-01-31T10:00:00+01:00\"", "date($.a) > date('2026-01-31T09:00:00Z')"},
        {"$['a'].\"b\"[0] is not unknown", "$.a.b[0] is not null"},
        {"$.a-b = 1", "$.a-b = 1"},
        {"$.a - `my-step.depth` = 1", "$.a - `my-step.depth` = 1"},
        {"'it''s\\n\\u0007\\ud800' = \"\\\\\"", "'it\\'s\\n\\u0007\\ud800' = '\\\\'"},
        {"(true = false) = true", "(true = false) = true"},
        {"($.a is null) is true", "($.a is null) is true"},
        {"not ($.a = 1)", "not $.a = 1"},
        {"$.a not between 1 and 2 or 'x' not in $.b", "$.a not between 1 and 2 or 'x' not in $.b"},
        {"turns() > 1 and has($)", "turns() > 1 and has($)"},
    };
    ex_world w;
    tm_buf out = {0};
    ex_open(&w);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_expr *e = ex_compile(&w, cases[i][0], TM_E_TRUTH);
        tm_buf_clear(&out);
        tm_expr_print(e, &out);
        tm_buf_char(&out, '\0');
        assert_string_equal(out.p, cases[i][1]);
        tm_expr_release(e);
    }
    tm_buf_release(&out);
    ex_close(&w);
}

static void types_are_known_before_a_record_is(void **state)
{
    TM_UNUSED(state);
    static const struct {
        const char *text;
        tm_etype type;
    } cases[] = {{"1", TM_E_NUMBER},
                 {"'a'", TM_E_TEXT},
                 {"$.a", TM_E_ANY},
                 {"date($.a)", TM_E_DATE},
                 {"$.a = 1", TM_E_TRUTH},
                 {"min($.a, $.b)", TM_E_NUMBER},
                 {"coalesce($.a, $.b)", TM_E_ANY},
                 {"date($.a) - 1", TM_E_DATE},
                 {"date($.a) - date($.b)", TM_E_NUMBER},
                 {"response", TM_E_TEXT}};
    ex_world w;
    ex_open(&w);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_expr *e = ex_compile(&w, cases[i].text, TM_E_ANY);
        assert_int_equal(tm_expr_type(e), cases[i].type);
        tm_expr_release(e);
    }
    tm_expr *e = ex_compile(&w, "$.a", TM_E_TRUTH);
    assert_int_equal(tm_expr_type(e), TM_E_TRUTH);
    ex_close(&w);
}

static void a_list_of_ten_thousand_is_searched_quickly(void **state)
{
    TM_UNUSED(state);
    ex_world w;
    tm_buf text = {0};
    ex_open(&w);
    uint32_t r = ex_add(&w, "{\"text\":\"\",\"k\":\"zz\",\"n\":9999}");
    tm_buf_z(&text, "$.n in (10000");
    for (int i = 9999; i > 0; i--) tm_buf_print(&text, ",%d", i);
    tm_buf_z(&text, ")");
    tm_buf_char(&text, '\0');
    assert_string_equal(ex_truth(&w, text.p, r), "true");
    tm_buf_clear(&text);
    tm_buf_z(&text, "$.k in ('zz'");
    for (int i = 0; i < 9999; i++) tm_buf_print(&text, ",'%c%c'", 'a' + i % 26, 'a' + i / 26 % 25);
    tm_buf_z(&text, ")");
    tm_buf_char(&text, '\0');
    assert_string_equal(ex_truth(&w, text.p, r), "true");
    tm_buf_release(&text);
    ex_close(&w);
}

static void long_chains_are_no_deep_trees(void **state)
{
    TM_UNUSED(state);
    static const char *const links[] = {" or 1 = 2", " and 1 = 1", "+ 1", "* 1", "-0"};
    ex_world w;
    tm_buf text = {0}, out = {0};
    ex_open(&w);
    uint32_t r = ex_add(&w, record);
    for (size_t i = 0; i < TM_COUNT(links); i++) {
        tm_buf_clear(&text);
        tm_buf_z(&text, i < 2 ? "1 = 1" : "1");
        while (text.n < 60000) tm_buf_z(&text, links[i]);
        tm_buf_char(&text, '\0');
        const char *wanted = i < 2 ? "truth true" : i == 2 ? "number 20001" : "number 1";
        assert_string_equal(ex_value(&w, text.p, r, &out), wanted);
    }
    tm_buf_release(&text);
    tm_buf_release(&out);
    ex_close(&w);
}

static void a_hostile_pattern_ends_in_unknown(void **state)
{
    TM_UNUSED(state);
    ex_world w;
    tm_buf json = {0};
    ex_open(&w);
    tm_buf_z(&json, "{\"text\":\"");
    for (int i = 0; i < 5000; i++) tm_buf_char(&json, 'a');
    tm_buf_z(&json, "b\"}");
    tm_buf_char(&json, '\0');
    uint32_t r = ex_add(&w, json.p);
    assert_string_equal(ex_truth(&w, "matches(document, '^(a+)+$')", r), "unknown");
    assert_string_equal(ex_truth(&w, "matches(document, '(a|aa)+$')", r), "unknown");
    assert_string_equal(ex_truth(&w, "matches(document, 'a+b')", r), "true");
    ex_close(&w);
    tm_buf_release(&json);
}

static void lone_surrogates_do_no_harm(void **state)
{
    TM_UNUSED(state);
    ex_world w;
    ex_open(&w);
    uint32_t r = ex_add(&w, "{\"text\":\"a\\ud800b\"}");
    assert_string_equal(ex_truth(&w, "contains(document, '\\ud800')", r), "true");
    assert_string_equal(ex_truth(&w, "matches(document, 'b$')", r), "true");
    assert_string_equal(ex_truth(&w, "matches(document, 'a.b')", r), "false");
    assert_string_equal(ex_truth(&w, "chars(document) = 3", r), "true");
    ex_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_the_type_they_have),
        cmocka_unit_test(canonical_texts_are_plain),
        cmocka_unit_test(types_are_known_before_a_record_is),
        cmocka_unit_test(a_list_of_ten_thousand_is_searched_quickly),
        cmocka_unit_test(long_chains_are_no_deep_trees),
        cmocka_unit_test(a_hostile_pattern_ends_in_unknown),
        cmocka_unit_test(lone_surrogates_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
