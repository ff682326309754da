/* Conditions whose value is known without a record, and those that only look like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "plan/condition.h"

static const tm_signal SCORE = {.name = "score", .help = "a score", .type = TM_NUMBER, .digits = 2};
static const tm_signal CODE = {.name = "code", .help = "a language", .type = TM_WORD};

static void is(const char *text, tm_truth_known want)
{
    static const char *const name[] = {"quality.score", "language.code"};
    static const tm_signal *const signal[] = {&SCORE, &CODE};
    static const uint32_t column[] = {0, 1};
    tm_expr_env env = {.name = name, .signal = signal, .column = column, .signals = 2};
    tm_arena mem = {0};
    tm_expr *e = NULL;
    tm_err err = {0};
    tm_truth_known known = TM_DEPENDS;
    if (tm_expr_compile(&mem, tm_str_of(text), &env, TM_E_TRUTH, &e, &err) != TM_OK)
        fail_msg("%s: %s", text, err.msg);
    tm_expr_release(e);
    tm_arena_release(&mem);
    assert_int_equal(tm_condition_known(tm_str_of(text), &env, &known, &err), TM_OK);
    if (known != want) print_message("%s is said to be %d\n", text, known);
    assert_int_equal(known, want);
}

static void constants_are_what_they_are(void **state)
{
    (void)state;
    is("true", TM_ALWAYS_TRUE);
    is("false", TM_NEVER_TRUE);
    is("not true", TM_NEVER_TRUE);
    is("1 = 1", TM_ALWAYS_TRUE);
    is("1 != 1", TM_NEVER_TRUE);
    is("2 < 1 or 3 >= 3", TM_ALWAYS_TRUE);
    is("'a' = 'b'", TM_NEVER_TRUE);
    is("'a' != 'b' and not ('a' = 'c')", TM_ALWAYS_TRUE);
}

static void counts_are_never_below_zero(void **state)
{
    (void)state;
    is("words(response) < 0", TM_NEVER_TRUE);
    is("-1 >= chars(prompt)", TM_NEVER_TRUE);
    is("words(response) = -3", TM_NEVER_TRUE);
    is("words(response) < 1", TM_DEPENDS);
    is("words(response) >= 0", TM_ALWAYS_TRUE); /* 0 where there is no response */
    is("chars(prompt) > -1", TM_ALWAYS_TRUE);
    is("0 <= lines(system)", TM_ALWAYS_TRUE);
    is("turns() >= 0 and turns(user) >= 0", TM_ALWAYS_TRUE);
    is("count(tool) >= 0", TM_ALWAYS_TRUE);
    is("words($.text) >= 0", TM_DEPENDS); /* unknown where there is no such field */
    is("count($.list) >= 0", TM_DEPENDS);
    is("words(response) > 0", TM_DEPENDS);
    is("quality.score < 0", TM_DEPENDS);
}

static void limits_that_exclude_each_other_never_hold(void **state)
{
    (void)state;
    is("words(response) > 9 and words(response) < 5", TM_NEVER_TRUE);
    is("words(response) > 5 and words(response) <= 5", TM_NEVER_TRUE);
    is("words(response) >= 5 and words(response) <= 5", TM_DEPENDS);
    is("9 < words(response) and 5 > words(response)", TM_NEVER_TRUE);
    is("quality.score > 0.9 and language.code = 'en' and quality.score < 0.1", TM_NEVER_TRUE);
    is("language.code = 'en' and language.code = 'fr'", TM_NEVER_TRUE);
    is("$.rating > 4 and $.rating < 2", TM_NEVER_TRUE);
    is("$.a = 1 and $.a = 2", TM_NEVER_TRUE);
}

static void one_of_two_that_cover_everything_always_holds(void **state)
{
    (void)state;
    is("words(response) > 4 or words(response) <= 4", TM_ALWAYS_TRUE);
    is("words(response) >= 5 or 5 > words(response) or false", TM_ALWAYS_TRUE);
    is("words(response) != 1 or words(response) != 2", TM_ALWAYS_TRUE);
    is("words(response) > 4 or words(response) < 4", TM_DEPENDS);
    is("words(response) > 4 or words(prompt) <= 4", TM_DEPENDS);
    is("$.n > 4 or $.n <= 4", TM_DEPENDS); /* unknown where there is no such field */
    is("not ($.n > 4 or $.n <= 4)", TM_NEVER_TRUE);
    is("$.lang != 'en' or $.lang != 'fr'", TM_DEPENDS);
    is("not ($.lang != 'en' or $.lang != 'fr')", TM_NEVER_TRUE);
}

static void ranges_and_is(void **state)
{
    (void)state;
    is("words(response) between 5 and 1", TM_NEVER_TRUE);
    is("words(response) not between 5 and 1", TM_ALWAYS_TRUE);
    is("words(response) between -9 and -1", TM_NEVER_TRUE);
    is("words(response) not between -9 and -1", TM_ALWAYS_TRUE);
    is("words(response) between 0 and 9", TM_DEPENDS);
    is("$.n between 5 and 1", TM_NEVER_TRUE);
    is("$.n not between 5 and 1", TM_DEPENDS);
    is("3 between 1 and 5", TM_ALWAYS_TRUE);
    is("words(response) is null", TM_NEVER_TRUE);
    is("turns() is not null", TM_ALWAYS_TRUE);
    is("$.n is null", TM_DEPENDS);
    is("(words(response) >= 0) is true", TM_ALWAYS_TRUE);
    is("(words(response) >= 0) is not true", TM_NEVER_TRUE);
    is("($.n > 1) is true", TM_DEPENDS);
    is("($.n > 1 and $.n < 0) is true", TM_NEVER_TRUE);
}

static void what_only_looks_alike_depends_on_the_record(void **state)
{
    (void)state;
    is("words(response) > 9 and words(prompt) < 5", TM_DEPENDS);
    is("words(response) > 9 or words(response) < 5", TM_DEPENDS);
    is("$.a > 4 and $.b < 2", TM_DEPENDS);
    is("quality.score > 4 and $.score < 2", TM_DEPENDS);
    is("language.code = 'en' and language.code != 'fr'", TM_DEPENDS);
    is("language.code in ('en', 'fr')", TM_DEPENDS);
    is("words(response) > 4 and true", TM_DEPENDS);
    is("words(response) > 4 or true", TM_ALWAYS_TRUE);
    is("words(response) > 4 and false", TM_NEVER_TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_what_they_are),
        cmocka_unit_test(counts_are_never_below_zero),
        cmocka_unit_test(limits_that_exclude_each_other_never_hold),
        cmocka_unit_test(one_of_two_that_cover_everything_always_holds),
        cmocka_unit_test(ranges_and_is),
        cmocka_unit_test(what_only_looks_alike_depends_on_the_record),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
