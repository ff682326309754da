/* Parameters: every type takes what it says, refuses the rest with a sentence, and prints what it
 * reads back. */
#include "base_help.h"

#include "base/param.h"

typedef struct args {
    bool on;
    int64_t whole;
    uint64_t seed, size;
    double decimal, share;
    tm_str text, expr;
    uint8_t choice;
    uint64_t choices;
    uint32_t selector;
    tm_texts texts, exprs;
    tm_pairs pairs;
} args;

static const char *const COLOURS[] = {"red", "green", "blue", NULL};
#define AT(field) offsetof(args, field)
static const tm_param PARAMS[] = {
    {.name = "on", .type = TM_P_BOOL, .at = AT(on), .fallback = "yes"},
    {.name = "whole",
     .type = TM_P_INT,
     .at = AT(whole),
     .fallback = "7",
     .unit = "words",
     .min = 1,
     .max = 100},
    {.name = "seed", .type = TM_P_U64, .at = AT(seed)},
    {.name = "size", .type = TM_P_SIZE, .at = AT(size), .fallback = "64MiB"},
    {.name = "decimal", .type = TM_P_FLOAT, .at = AT(decimal), .fallback = "0.5"},
    {.name = "share", .type = TM_P_SHARE, .at = AT(share), .fallback = "2%"},
    {.name = "text", .type = TM_P_TEXT, .at = AT(text), .fallback = "hi"},
    {.name = "expr", .type = TM_P_EXPR, .at = AT(expr)},
    {.name = "choice",
     .type = TM_P_CHOICE,
     .at = AT(choice),
     .fallback = "green",
     .choices = COLOURS},
    {.name = "choices", .type = TM_P_CHOICES, .at = AT(choices), .choices = COLOURS},
    {.name = "on-parts",
     .type = TM_P_SELECTOR,
     .at = AT(selector),
     .fallback = "all",
     .choices = tm_selector_names},
    {.name = "texts", .type = TM_P_TEXTS, .at = AT(texts)},
    {.name = "exprs", .type = TM_P_EXPRS, .at = AT(exprs)},
    {.name = "pairs", .type = TM_P_PAIRS, .at = AT(pairs)},
    {0},
};

static tm_arena mem;
static args now;
static tm_err err;

static const tm_param *named(const char *name)
{
    const tm_param *p = tm_params_find(PARAMS, tm_str_of(name));
    assert_non_null(p);
    return p;
}

static tm_status set(const char *name, const char *value)
{
    tm_pvalue v = {.scalar = tm_str_of(value), .line = 3, .column = 9};
    return tm_param_set(named(name), &now, &v, &mem, &err);
}

static void takes(const char *name, const char *value)
{
    if (set(name, value) != TM_OK) fail_msg("%s", err.msg);
}

static void refuses(const char *name, const char *value, const char *sentence)
{
    args before = now;
    assert_int_equal(set(name, value), TM_ERECIPE);
    assert_string_equal(err.msg, sentence);
    assert_true(err.line == 3 && err.column == 9);
    assert_memory_equal(&before, &now, sizeof now);
}

static void prints(const char *name, const char *want)
{
    tm_buf out = {0};
    tm_param_print(named(name), &now, &out);
    tm_buf_char(&out, 0);
    assert_string_equal(out.p, want);
    tm_buf_release(&out);
}

static void defaults_go_through_the_parser(void **state)
{
    TM_UNUSED(state);
    memset(&now, 0, sizeof now);
    assert_int_equal(tm_params_default(PARAMS, &now, &mem, &err), TM_OK);
    assert_true(now.on && now.whole == 7 && now.size == 64 * TM_MIB);
    assert_true(now.decimal == 0.5 && now.share == 0.02);
    assert_true(tm_str_is(now.text, "hi") && !now.expr.n && now.choice == 1 && !now.texts.count);
    prints("on-parts", "[\"all\"]");
    assert_null(tm_params_find(PARAMS, TM_STR("nothing")));
    assert_int_equal(tm_params_default(NULL, &now, &mem, &err), TM_OK);
}

static void truth_has_six_words(void **state)
{
    TM_UNUSED(state);
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < TM_COUNT(words); i++) {
        takes("on", words[i]);
        assert_int_equal(now.on, i % 2);
    }
    refuses("on", "maybe", "\"on\" takes true or false, not \"maybe\"");
    refuses("on", "", "\"on\" takes true or false, not \"\"");
    refuses("on", "1", "\"on\" takes true or false, not \"1\"");
}

static void numbers_have_bounds(void **state)
{
    TM_UNUSED(state);
    takes("whole", "1");
    takes("whole", "100");
    refuses("whole", "0", "\"whole\" takes a number from 1 to 100 words, not \"0\"");
    refuses("whole", "101", "\"whole\" takes a number from 1 to 100 words, not \"101\"");
    refuses("whole", "1.5", "\"whole\" takes a whole number, not \"1.5\"");
    refuses("whole", "1e2", "\"whole\" takes a whole number, not \"1e2\"");
    takes("decimal", "-1.5e3");
    assert_true(now.decimal == -1500);
    refuses("decimal", "nan", "\"decimal\" takes a number, not \"nan\"");
    refuses("decimal", "1e999", "\"decimal\" takes a number, not \"1e999\"");
    prints("decimal", "-1500");
    static const char *const no_seeds[] = {"18446744073709551616", "-1", "", "1.5"};
    for (size_t i = 0; i < TM_COUNT(no_seeds); i++) {
        char says[120];
        snprintf(says, sizeof says,
                 "\"seed\" takes a whole number from 0 to 18446744073709551615, not \"%s\"",
                 no_seeds[i]);
        refuses("seed", no_seeds[i], says);
    }
    takes("seed", "18446744073709551615");
    assert_true(now.seed == UINT64_MAX);
    prints("seed", "18446744073709551615");
}

static void sizes_are_written_as_people_do(void **state)
{
    TM_UNUSED(state);
    takes("size", "1.5GiB");
    assert_int_equal(now.size, 1610612736);
    prints("size", "1610612736");
    takes("size", "2GB");
    assert_int_equal(now.size, 2000000000);
    refuses("size", "big", "\"size\" takes a size such as 64MiB, 2GB or 4096, not \"big\"");
    refuses("size", "-1", "\"size\" takes a size such as 64MiB, 2GB or 4096, not \"-1\"");
}

static void shares_are_numbers_or_per_cent(void **state)
{
    TM_UNUSED(state);
    static const char *const same[] = {"0.5", "50%", "50 %", "5e1%", ".5"};
    for (size_t i = 0; i < TM_COUNT(same); i++) {
        takes("share", same[i]);
        assert_true(now.share == 0.5);
    }
    takes("share", "0");
    takes("share", "100%");
    assert_true(now.share == 1);
    refuses("share", "101%", "\"share\" takes a share from 0 to 1 (or 0% to 100%), not \"101%\"");
    refuses("share", "-0.1", "\"share\" takes a share from 0 to 1 (or 0% to 100%), not \"-0.1\"");
    refuses("share", "%", "\"share\" takes a share such as 2% or 0.02, not \"%\"");
    refuses("share", "half", "\"share\" takes a share such as 2% or 0.02, not \"half\"");
}

static void choices_are_named_and_nearly_right_ones_suggested(void **state)
{
    TM_UNUSED(state);
    takes("choice", "blue");
    assert_int_equal(now.choice, 2);
    prints("choice", "\"blue\"");
    refuses("choice", "gren",
            "\"choice\" takes one of red, green, blue, not \"gren\"; did you mean \"green\"?");
    refuses("choice", "mauve-like", "\"choice\" takes one of red, green, blue, not \"mauve-like\"");
    takes("choices", " blue, red ,,");
    prints("choices", "[\"red\",\"blue\"]");
    takes("choices", "");
    prints("choices", "[]");
    refuses("choices", "red,rde",
            "\"choices\" takes one of red, green, blue, not \"rde\"; did you mean \"red\"?");
    takes("on-parts", "response,system");
    prints("on-parts", "[\"system\",\"response\"]");
    refuses("on-parts", "", "\"on-parts\" takes selectors such as response or all, not \"\"");
    assert_int_equal(set("on-parts", "respons"), TM_ERECIPE);
    says(err.msg, "did you mean \"response\"?");
}

static void lists_and_maps_come_in_both_forms(void **state)
{
    TM_UNUSED(state);
    takes("texts", "a, b c ,d");
    prints("texts", "[\"a\",\"b c\",\"d\"]");
    const tm_pair item[] = {{TM_STR_INIT("k"), TM_STR_INIT("x,y"), false},
                            {TM_STR_INIT("l"), TM_STR_INIT("5"), true}};
    tm_pvalue list = {.form = TM_PV_LIST, .item = item, .count = 2};
    tm_pvalue map = {.form = TM_PV_MAP, .item = item, .count = 2};
    assert_int_equal(tm_param_set(named("texts"), &now, &list, &mem, &err), TM_OK);
    prints("texts", "[\"x,y\",\"5\"]"); /* a list is not split again */
    assert_int_equal(tm_param_set(named("pairs"), &now, &map, &mem, &err), TM_OK);
    prints("pairs", "{\"k\":\"x,y\",\"l\":\"5\"}");
    takes("pairs", "m=a=b"); /* the command line adds */
    prints("pairs", "{\"k\":\"x,y\",\"l\":\"5\",\"m\":\"a=b\"}");
    refuses("pairs", "=x", "\"pairs\" takes NAME=VALUE, not \"=x\"");
    refuses("pairs", "x", "\"pairs\" takes NAME=VALUE, not \"x\"");
    assert_int_equal(tm_param_set(named("pairs"), &now, &list, &mem, &err), TM_ERECIPE);
    says(err.msg, "takes a map of names to values, not a list");
    for (const tm_param *p = PARAMS; p->type != TM_P_PAIRS; p++) {
        assert_int_equal(tm_param_set(p, &now, &map, &mem, &err), TM_ERECIPE);
        says(err.msg, "not a map");
    }
}

/* Without quotes a value keeps its type only where JSON has it; all else is a string. */
static void expressions_part_at_commas_outside_of_brackets_and_quotes(void **state)
{
    static const struct {
        const char *in, *out;
    } CASES[] = {
        {"max $.a, min(words(all), 5) ,$.b", "[\"max $.a\",\"min(words(all), 5)\",\"$.b\"]"},
        {"$.m['a,b'],`x,y`", "[\"$.m['a,b']\",\"`x,y`\"]"},
        {"$.a = 'it''s, so', $.b", "[\"$.a = 'it''s, so'\",\"$.b\"]"},
        {"$.a = 'it\\'s, so', $.b", "[\"$.a = 'it\\\\'s, so'\",\"$.b\"]"},
        {"$.a in ('(', \")\"), $.b", "[\"$.a in ('(', \\\")\\\")\",\"$.b\"]"},
        {" , a,, b, ", "[\"a\",\"b\"]"},
        {"a), b", "[\"a)\",\"b\"]"},
        {"f(a, b", "[\"f(a, b\"]"},
        {"a, 'b, c", "[\"a\",\"'b, c\"]"},
        {"'\\", "[\"'\\\\\"]"},
        {"", "[]"},
    };
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(CASES); i++) {
        takes("exprs", CASES[i].in);
        prints("exprs", CASES[i].out);
    }
}

static void maps_print_as_json_whatever_they_hold(void **state)
{
    TM_UNUSED(state);
    static const char *const bare[] = {"0",    "-0",      "5",    "-1.5",  "1e9",
                                       "2E-7", "1.25e+3", "true", "false", "null"};
    static const char *const strings[] = {"007",   ".5",  "5.",   "+1",  "-", "1e",
                                          "1.e5",  "--1", "01.5", "yes", "",  "True",
                                          "1_000", "e5",  "-.5",  "1e+"};
    for (size_t i = 0; i < TM_COUNT(bare) + TM_COUNT(strings); i++) {
        bool is_bare = i < TM_COUNT(bare);
        const char *text = is_bare ? bare[i] : strings[i - TM_COUNT(bare)];
        char want[64];
        const tm_pair item = {TM_STR_INIT("k"), tm_str_of(text), false};
        tm_pvalue map = {.form = TM_PV_MAP, .item = &item, .count = 1};
        assert_int_equal(tm_param_set(named("pairs"), &now, &map, &mem, &err), TM_OK);
        snprintf(want, sizeof want, is_bare ? "{\"k\":%s}" : "{\"k\":\"%s\"}", text);
        prints("pairs", want);
    }
}

static void unknown_parameters_are_told_the_nearest(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(tm_params_unknown(PARAMS, "filter", TM_STR("txt"), &err), TM_ERECIPE);
    assert_string_equal(err.msg, "\"filter\" has no parameter \"txt\"; did you mean \"text\"?");
    assert_int_equal(tm_params_unknown(NULL, "x", TM_STR("y"), &err), TM_ERECIPE);
    assert_string_equal(err.msg, "\"x\" has no parameter \"y\"");
}

static int release(void **state)
{
    TM_UNUSED(state);
    tm_arena_release(&mem);
    return tm_alloc_live() ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_go_through_the_parser),
        cmocka_unit_test(truth_has_six_words),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(sizes_are_written_as_people_do),
        cmocka_unit_test(shares_are_numbers_or_per_cent),
        cmocka_unit_test(choices_are_named_and_nearly_right_ones_suggested),
        cmocka_unit_test(lists_and_maps_come_in_both_forms),
        cmocka_unit_test(expressions_part_at_commas_outside_of_brackets_and_quotes),
        cmocka_unit_test(maps_print_as_json_whatever_they_hold),
        cmocka_unit_test(unknown_parameters_are_told_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
