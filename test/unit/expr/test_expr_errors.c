/* Wrong expressions: each is refused at the right column, with a sentence that says what to write
 * instead. */
#include "expr_help.h"

static const struct {
    const char *text;
    int column;
    const char *says; /* a piece of the sentence */
} cases[] = {
    /* nothing there, or too much */
    {"", 1, "empty"},
    {"   ", 1, "empty"},
    {"words(response) >=", 19, "ends here, but a value"},
    {"words(response) >= 3 4", 22, "4 stands where the end"},
    {"(words(response) >= 3", 22, "but a closing bracket is missing"},
    {"words(response) >= 3)", 21, "never opened"},
    {"words(response", 15, "a comma or the closing bracket"},
    {"and", 1, "and stands where a value should"},
    {"not", 4, "ends here"},
    {"true or", 8, "ends here"},
    {"true true", 6, "true stands where the end"},
    /* signs */
    {"true && false", 6, "write: and"},
    {"true || false", 6, "write: or"},
    {"!true", 1, "write: not"},
    {"$.a =~ 'x'", 5, "matches(x, 'pattern')"},
    {"$.a = {1}", 7, "round brackets"},
    {"$.a = 'x", 7, "never closed"},
    {"$.a = \"x", 7, "never closed"},
    {"$.a = 'x\\'", 7, "never closed"},
    {"$.a = '\\u12x4'", 8, "four hexadecimal digits"},
    {"$.a = 12abc", 9, "a number ends here"},
    {"$.a = 1.", 8, "a number ends here"},
    {"$.a = .5", 7, "numbers 0.5"},
    {"$.a = +5", 7, "no plus sign"},
    {"$.a # comment", 5, "no comments"},
    {"$.a = \x01", 7, "control character"},
    {"`a", 1, "back quote"},
    {"$. = 1", 3, "a key is missing"},
    {"$.a[0 = 1", 4, "never closed"},
    {"$.a[\"x = 1", 5, "never closed"},
    {"$.a[x] = 1", 1, "field path"},
    /* operators */
    {"1 < $.a < 5", 9, "do not chain"},
    {"$.a = null", 7, "write x is null"},
    {"null = $.a", 1, "write x is null"},
    {"null", 1, "write x is null"},
    {"$.a is 3", 8, "to compare values write ="},
    {"$.a not 3", 9, "in or between"},
    {"$.a like 'x%'", 5, "there is no like"},
    {"$.a not like 'x%'", 9, "there is no like"},
    {"$.a between 1, 2", 14, "and (between LOW and HIGH)"},
    {"$.a in", 7, "a list such as"},
    {"$.a in 'en'", 8, "a list such as"},
    {"$.a in ()", 9, "a value"},
    {"$.a in ('x', $.b)", 14, "to look into an array"},
    {"$.a in ('x' 'y')", 13, "a comma or the end of the list"},
    {"$.a in ('x', null)", 14, "null is in no list"},
    {"$.a in ('x', 1 + 1)", 14, "a list holds"},
    {"('a', 'b') = $.a", 1, "a list stands only behind in"},
    {"['a', 'b'] = $.a", 1, "a list stands only behind in"},
    /* names */
    {"languge.code = 'en'", 1, "did you mean language.code?"},
    {"respnse = 'en'", 1, "did you mean response?"},
    {"words(respose) > 1", 7, "did you mean response?"},
    {"layuot = 'text'", 1, "did you mean layout?"},
    {"score > 0.5", 1, "may be language.score or quality.score"},
    {"zzzzzzzzz = 1", 1, "a field of the record is written $.zzzzzzzzz"},
    {"language.code in (en)", 19, "there is no \"en\" here"},
    {"words >= 3 or lines > 1", 15, "is a function"},
    {"lines > 1", 1, "lines is a function; write lines(response) > 1"},
    {"wrds(response) > 1", 1, "did you mean words?"},
    {"len($.a) > 1", 1, "did you mean length?"},
    {"startswith(response, 'x')", 1, "did you mean starts?"},
    {"exists($.a)", 1, "did you mean has?"},
    {"frobnicate(response)", 1, "there is no function frobnicate; there are words"},
    {"length.words(response)", 1, "there is no function length.words"},
    /* types */
    {"words('abc') = 'x'", 16, "a number and a text do not compare"},
    {"language.code = 3", 17, "numbers stand without quotes"},
    {"length.words = '12'", 16, "numbers stand without quotes"},
    {"language.code > length.words", 17, "write number(x) or text(x)"},
    {"length.words", 1, "a number stands where a condition should"},
    {"language.code", 1, "a text stands where a condition should"},
    {"response", 1, "a selector stands where a condition should"},
    {"date('2026-01-31')", 1, "a date stands where a condition should"},
    {"length.words and true", 1, "compare it, as in x >= 3"},
    {"true and 'x'", 10, "a text stands where"},
    {"not 3", 5, "a number stands where"},
    {"true < false", 8, "true and false have no order"},
    {"true = 1", 8, "a condition and a number do not compare"},
    {"true between true and true", 1, "have no order"},
    {"length.words in ('a')", 18, "a number and a text do not compare"},
    {"language.code in (1, 2)", 19, "a text and a number do not compare"},
    {"language.code + 1 > 2", 1, "a text is no number to calculate with"},
    {"1 + 'x' > 2", 5, "write number(x)"},
    {"-language.code > 2", 2, "no number to calculate with"},
    {"1 + true > 2", 5, "a condition is no number"},
    {"date('2026-01-31') * 2 > 1", 1, "dates are subtracted"},
    {"1 + date('2026-01-31') > 1", 5, "dates are subtracted"},
    {"date('2026-01-31') + date('2026-01-31') > 1", 22, "dates are subtracted"},
    {"date($.a) > 5", 13, "a date and a number do not compare; write date(x)"},
    {"date($.a) > language.code", 13, "write date(x)"},
    {"date($.a) > 'yesterday'", 13, "this is not a date"},
    {"date('2026-02-30') < date($.a)", 6, "this is not a date"},
    {"$.a in (date('2026-01-31'), 'soon')", 29, "this is not a date"},
    {"5 is true", 1, "a number stands where a condition should"},
    /* calls */
    {"words() > 1", 1, "words(x) takes exactly 1 argument, not 0"},
    {"words(response, 'x') > 1", 1, "exactly 1 argument, not 2"},
    {"words(3) > 1", 7, "a selector such as response"},
    {"words(true) > 1", 7, "not a condition"},
    {"words(null) > 1", 7, "not null"},
    {"turns('user') > 1", 7, "turns() takes a selector such as response, not a text"},
    {"turns($.a) > 1", 7, "not a field"},
    {"contains(response) ", 1, "takes exactly 2 arguments, not 1"},
    {"contains(response, 3)", 20, "contains() takes a field such as $.meta.lang or a text"},
    {"has('x')", 5, "has() takes a selector such as response or a field"},
    {"has(coalesce($.a, $.b))", 5, "not a value"},
    {"abs('x') > 1", 5, "abs() takes a field such as $.meta.lang or a number, not a text"},
    {"abs(response) > 1", 5, "not a selector"},
    {"min(1) > 1", 1, "at least 2 arguments, not 1"},
    {"min(1, 'x') > 1", 8, "min() takes a field"},
    {"min(1, date('2026-01-31')) > 1", 8, "are of one type"},
    {"round(1, 2, 3) > 1", 1, "at most 2 arguments, not 3"},
    {"round(1, 16) > 1", 10, "0 to 15 digits"},
    {"round(1, 0.5) > 1", 10, "0 to 15 digits"},
    {"round(1, length.words) > 1", 10, "a number from 0 to 15"},
    {"coalesce($.a, 'x', 1) = 'x'", 20, "are of one type"},
    {"date(true) > date($.a)", 6, "date() takes a field"},
    {"lower(3) = 'x'", 7, "lower() takes a selector"},
    /* patterns: the column is that of the mistake inside the quotes */
    {"matches(response, 'a(b')", 23, "missing closing parenthesis"},
    {"matches(response, 'a**b(')", 22, "the pattern is wrong here"},
    {"matches(response, '\\\\(\\n[z-a]')", 28, "range out of order"},
    {"matches(response, 'it''s (')", 27, "missing closing parenthesis"},
    {"matches(response, $.pattern)", 19, "a pattern in quotes"},
    {"matches(response, language.code)", 19, "a pattern in quotes"},
    {"matches(response, '\\C')", 22, "\\C"},
    /* columns count characters, not bytes */
    {"'\xC3\xA9\xC3\xA9' = 'x' && true", 12, "write: and"},
};

static void every_wrong_expression_is_refused_at_its_column(void **state)
{
    TM_UNUSED(state);
    ex_world w;
    int wrong = 0;
    ex_open(&w);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_expr *e = NULL;
        tm_err err = {0};
        tm_status status =
            tm_expr_compile(&w.mem, tm_str_of(cases[i].text), &w.env, TM_E_TRUTH, &e, &err);
        bool well = status == TM_ERECIPE && err.status == TM_ERECIPE &&
                    (int)err.column == cases[i].column && strstr(err.msg, cases[i].says);
        if (well) continue;
        wrong++;
        print_error("%s\n  wanted column %d: ...%s...\n  got status %d column %d: %s\n",
                    cases[i].text, cases[i].column, cases[i].says, (int)status, (int)err.column,
                    err.msg);
        if (status == TM_OK) tm_expr_release(e);
    }
    ex_close(&w);
    assert_int_equal(wrong, 0);
}

static void a_failure_may_be_unwanted(void **state)
{
    TM_UNUSED(state);
    ex_world w;
    tm_expr *e = NULL;
    ex_open(&w);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_str text = tm_str_of(cases[i].text);
        assert_int_equal(tm_expr_compile(&w.mem, text, &w.env, TM_E_TRUTH, &e, NULL), TM_ERECIPE);
    }
    assert_int_equal(tm_expr_compile(&w.mem, TM_STR("true"), NULL, TM_E_TRUTH, &e, NULL), TM_OK);
    ex_close(&w);
}

static void compile_refused(ex_world *w, const tm_buf *text, const char *says)
{
    tm_expr *e = NULL;
    tm_err err = {0};
    assert_int_equal(tm_expr_compile(&w->mem, tm_buf_view(text), &w->env, TM_E_TRUTH, &e, &err),
                     TM_ERECIPE);
    if (!strstr(err.msg, says)) fail_msg("wanted ...%s..., got: %s", says, err.msg);
}

static void what_is_too_large_is_refused(void **state)
{
    TM_UNUSED(state);
    static const char *const nests[] = {"(", "not ", "- ", "abs(", "-(", "not (", "round(-"};
    ex_world w;
    tm_buf text = {0};
    ex_open(&w);
    for (size_t i = 0; i < TM_COUNT(nests); i++) {
        tm_buf_clear(&text);
        while (text.n < 60000) tm_buf_z(&text, nests[i]);
        tm_buf_char(&text, '1');
        compile_refused(&w, &text, "more than 200 deep");
    }
    tm_buf_clear(&text);
    for (int i = 0; i < 66000; i++) tm_buf_char(&text, ' ');
    compile_refused(&w, &text, "at most 65536 bytes");
    tm_buf_clear(&text);
    tm_buf_z(&text, "$.a in (0");
    for (int i = 0; i < 10000; i++) tm_buf_z(&text, ",1");
    tm_buf_z(&text, ")");
    compile_refused(&w, &text, "at most 10000 members");
    tm_buf_clear(&text);
    tm_buf_z(&text, "$.a = '\xFF'");
    compile_refused(&w, &text, "not UTF-8");
    tm_buf_release(&text);
    ex_close(&w);
}

static void a_type_that_is_wanted_is_asked_for(void **state)
{
    TM_UNUSED(state);
    ex_world w;
    tm_expr *e = NULL;
    ex_open(&w);
    assert_int_equal(tm_expr_compile(&w.mem, TM_STR("length.words"), &w.env, TM_E_TEXT, &e, &w.err),
                     TM_ERECIPE);
    assert_non_null(strstr(w.err.msg, "a text is wanted here, and this is a number"));
    w.env.layouts = NULL;
    assert_int_equal(
        tm_expr_compile(&w.mem, TM_STR("layout = 'x'"), &w.env, TM_E_TRUTH, &e, &w.err),
        TM_ERECIPE);
    assert_non_null(strstr(w.err.msg, "layouts of the records are not known"));
    ex_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_expression_is_refused_at_its_column),
        cmocka_unit_test(a_failure_may_be_unwanted),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(a_type_that_is_wanted_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
