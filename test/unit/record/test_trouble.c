/* Troubles: why a record cannot be read, with advice where the cause is known. */
#include "record_help.h"

typedef struct trouble {
    const char *json, *code, *says;
    uint32_t at;
} trouble;

static void sentences_say_what_to_do_next(void **state)
{
    static const trouble row[] = {
        {"{\"text\": None}", "T1004", "json.dumps", 9},
        {"{\"text\": True}", "T1004", "json.dumps", 9},
        {"{'text': 'a'}", "T1012", "json.dumps", 1},
        {"{\"text\": 'a'}", "T1004", "json.dumps", 9},
        {"{\"text\": NaN}", "T1004", "write null", 9},
        {"{\"text\": Infinity}", "T1004", "write null", 9},
        {"{\"text\": \"a\"},", "T1003", "--container json; if there is no [ before", 13},
        {"{\"text\":\"a\"}\r{\"text\":\"b\"}", "T1003", "CR alone", 13},
        {"[", "T1002", "--container json", 1},
        {"{", "T1002", "--container json", 1},
        {"{\"text\": \"\xff\"}", "T1008", "--utf8 replace", 10},
        {"[{\"text\":\"a\"}]", "T1021", "--container json", 0},
        {"\"text\"", "T1021", "this is a string", 0},
        {"{\"foo\":1,\"bar\":2}", "T1020", "foo, bar; try --layout NAME or map:", 0},
        {"{\"a b\":1,\"c\":2}", "T1020", "c and 1 other", 0},
        {"{\"messages\":\"[]\"}", "T1020", "map: {messages: messages}", 0},
        {"{\"conversations\":\"[]\"}", "T1020", "map: {messages: conversations}", 0},
    };
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        fixture f;
        fx_open(&f, NULL);
        uint32_t r = fx_add(&f, row[i].json);
        tm_str sentence = f.b.trouble[r].sentence;
        assert_int_equal(f.b.fate[r], TM_UNREADABLE);
        if (strcmp(f.b.trouble[r].code, row[i].code) || f.b.trouble[r].at != row[i].at ||
            tm_str_find(sentence, tm_str_of(row[i].says)) == sentence.n)
            fail_msg("%s: %s at %u: %.*s", row[i].json, f.b.trouble[r].code, f.b.trouble[r].at,
                     TM_FMT(sentence));
        fx_close(&f);
    }
}

static void long_lists_of_keys_are_cut(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, "alpaca");
    uint32_t r =
        fx_add(&f, "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,"
                   "\"j\":1}");
    tm_str s = f.b.trouble[r].sentence;
    tm_str want =
        TM_STR("it does not fit the layout alpaca; its keys: a, b, c, d, e, f, g, h and 2 "
               "others; try --layout NAME or map:");
    assert_true(tm_str_eq(s, want));
    fx_close(&f);
}

static void advice_is_the_end_of_the_sentence(void **state)
{
    static const struct {
        const char *json, *advice;
    } row[] = {
        {"{\"text\": }", ""},
        {"{\"text\": NaN}", "JSON has no NaN and no infinity; write null instead"},
        {"{\"text\": ", ""},
        {"[1]", "; if the file is one JSON array, read it with --container json"},
        {"1", ""},
        {"{\"a\":1}", "; try --layout NAME or map:"},
        {"{\"messages\":\"[]\"}", ""},
    };
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        fixture f;
        fx_open(&f, NULL);
        const tm_trouble *t = &f.b.trouble[fx_add(&f, row[i].json)];
        assert_int_equal(t->advice, strlen(row[i].advice));
        assert_true(tm_str_ends(t->sentence, tm_str_of(row[i].advice)));
        fx_close(&f);
    }
}

static void bytes_that_are_not_utf8_are_replaced_when_asked(void **state)
{
    fixture f;
    tm_buf out = {0};
    uint32_t replaced = 9;
    (void)state;
    fx_open(&f, NULL);
    f.rules.replace_utf8 = true;
    tm_rid rid = {TM_PLACE(1, 0), 0};
    tm_str raw = TM_STR("{\"text\": \"a\xff\xe2\x82z\"}");
    assert_int_equal(tm_batch_add(&f.b, &f.rules, rid, 0, raw, false, 0, &replaced, &f.err), TM_OK);
    assert_int_equal(replaced, 2);
    assert_string_equal(fx_parts(&f, 0, &out), "d0*:a\xEF\xBF\xBD\xEF\xBF\xBDz");
    raw = TM_STR("{\"text\": \"a\xff\"");
    assert_int_equal(tm_batch_add(&f.b, &f.rules, rid, 1, raw, false, 0, &replaced, &f.err), TM_OK);
    assert_string_equal(fx_parts(&f, 1, &out), "T1002");
    fx_close(&f);
    tm_buf_release(&out);
}

static void scanning_only_asks_for_no_layout(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    f.rules.binding = TM_BIND_NEVER;
    f.rules.layouts = NULL;
    assert_int_equal(f.b.fate[fx_add(&f, "[1, 2]")], TM_LIVE);
    assert_int_equal(f.b.fate[fx_add(&f, "{\"x\": 1}")], TM_LIVE);
    assert_int_equal(f.b.fate[fx_add(&f, "{\"x\": 1]")], TM_UNREADABLE);
    assert_int_equal(f.b.parts, 0);
    fx_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_say_what_to_do_next),
        cmocka_unit_test(long_lists_of_keys_are_cut),
        cmocka_unit_test(advice_is_the_end_of_the_sentence),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_when_asked),
        cmocka_unit_test(scanning_only_asks_for_no_layout),
    };
    return cmocka_run_group_tests_name("troubles", tests, NULL, NULL);
}
