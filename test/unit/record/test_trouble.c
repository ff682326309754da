/* Troubles: why a record cannot be read, with advice where the cause is known (trouble.c), a value
 * of the wrong type (misfit.c), and records that lie in a list of one (inner_list.c). */
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

/* A value of the wrong type, under the keys of a layout: named with both types, at its place. */
static void wrong_types_are_named(void **state)
{
    static const struct {
        const char *layout, *json, *says;
        uint32_t at;
    } row[] = {
        {NULL, "{\"instruction\":\"i\",\"output\":42}",
         "the layout alpaca: output is a number where a text belongs", 28},
        {"alpaca", "{\"instruction\":\"i\",\"output\":42,\"text\":\"t\"}",
         "the layout alpaca: output is a number where a text belongs", 28},
        {"messages", "{\"instruction\":true,\"output\":\"o\"}",
         "the layout alpaca: instruction is true where a text belongs", 15},
        {NULL, "{\"text\":7}", "the layout text: text is a number where a text belongs", 8},
        {NULL, "{\"prompt\":\"p\",\"completion\":false}",
         "completion is false where a text or a list of messages belongs", 27},
        {NULL, "{\"prompt\":1,\"response\":2}",
         "prompt is a number where a text or a list of messages belongs, response is a number "
         "where a text or a list of messages belongs",
         10},
        {NULL, "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":3}",
         "preference: rejected is a number where a text or a list of messages belongs", 38},
        {NULL, "{\"preferred_output\":\"a\",\"non_preferred_output\":[]}",
         "preferred_output is a text where a list of messages belongs", 20},
        {NULL, "{\"preferred_output\":1,\"non_preferred_output\":2}",
         "preferred_output is a number where a list of messages belongs, non_preferred_output", 20},
        {NULL, "{\"messages\":null}", "messages is null where a list of messages belongs", 12},
        {NULL, "{\"conversations\":3}", "sharegpt: conversations is a number where a list of", 17},
        {"unpaired", "{\"prompt\":\"p\",\"completion\":\"c\",\"score\":1,\"label\":0}",
         "label is a number where true or false belongs; it is scored: read both with", 49},
        {NULL, "{\"prompt\":\"p\",\"completion\":4,\"label\":true}",
         "the layout unpaired: completion is a number where", 27},
        {NULL, "{\"text\":[]}", "the layout text: text is a list where a text belongs", 8},
        {NULL, "{\"tamis_index\":4}", "tamis_index is a number where a text belongs", 15},
        {NULL, "{\"messages\":[\"loose\"]}",
         "messages is a list that begins with a text where a list of messages belongs", 12},
        {NULL, "{\"messages\":{\"a\":[]}}",
         "messages is an object where a list of messages belongs; its keys: messages; try map:", 0},
        {NULL, "{\"text\":[{\"a\":1}]}",
         "text is a list where a text belongs; its keys: text; try map:", 0},
        {"alpaca", "{\"instruction\":{},\"output\":{},\"text\":\"t\"}", "it is text: read both", 0},
    };
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        fixture f;
        fx_open(&f, row[i].layout);
        const tm_trouble *t = &f.b.trouble[fx_add(&f, row[i].json)];
        bool said = tm_str_find(t->sentence, tm_str_of(row[i].says)) < t->sentence.n;
        if (strcmp(t->code, "T1020") || !said || (row[i].at && t->at != row[i].at))
            fail_msg("%s: %s at %u: %.*s", row[i].json, t->code, t->at, TM_FMT(t->sentence));
        fx_close(&f);
    }
}

/* Records that stand in a list of the record, as dumps have them. */
static void lists_of_records_are_found(void **state)
{
    static const struct {
        const char *json, *says;
    } row[] =
        {
            {"{\"data\":[{\"text\":\"a\"},{\"text\":\"b\"}],\"version\":1}",
             "the layout alpaca; data holds a list of 2 objects that fit text; if they are "
             "the "
             "records: jq -c '.data[]' FILE > records.jsonl"},
            {"{\"n\":[1],\"a\":{\"rows\":[{\"messages\":[]}]}}",
             "a.rows holds a list of 1 object that fits messages; if it is the record: jq -c "
             "'.a.rows[]' FILE"},
            {"{\"my-set\":[{\"text\":\"a\"},{\"prompt\":\"a\",\"completion\":\"b\"}]}",
             "objects that fit prompt-completion, text; if they are the records: jq -c "
             "'.[\"my-set\"][]' FILE"},
            {"{\"instruction\":\"i\",\"output\":[{\"text\":\"a\"}]}", "jq -c '.output[]' FILE"},
            {"{\"a\":[{\"x\":1}],\"b\":[{\"text\":\"t\"}]}", "jq -c '.b[]' FILE"},
        },
      without[] = {
          {"{\"data\":[]}", ""},
          {"{\"data\":[{}]}", ""},
          {"{\"data\":[{\"text\":\"a\"},{\"x\":1}]}", ""},
          {"{\"data\":[{\"text\":\"a\"},3]}", ""},
          {"{\"data\":[[{\"text\":\"a\"}]]}", ""},
          {"{\"a b\":[{\"text\":\"a\"}]}", ""},
          {"{\"it's\":[{\"text\":\"a\"}]}", ""},
          {"{\"a\":{\"b\":{\"c\":{\"d\":[{\"text\":\"a\"}]}}}}", ""},
      };
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row) + TM_COUNT(without); i++) {
        bool found = i < TM_COUNT(row);
        const char *json = found ? row[i].json : without[i - TM_COUNT(row)].json;
        tm_str says = tm_str_of(found ? row[i].says : "try --layout NAME or map:");
        fixture f;
        fx_open(&f, "alpaca");
        const tm_trouble *t = &f.b.trouble[fx_add(&f, json)];
        if (strcmp(t->code, "T1020") || tm_str_find(t->sentence, says) == t->sentence.n)
            fail_msg("%s: %s: %.*s", json, t->code, TM_FMT(t->sentence));
        assert_int_equal(t->advice, found ? 0 : strlen("; try --layout NAME or map:"));
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
        {"{\"text\":1}", ""},
        {"{\"text\":{}}", "; try map: for what lies in it"},
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
        cmocka_unit_test(wrong_types_are_named),
        cmocka_unit_test(lists_of_records_are_found),
        cmocka_unit_test(long_lists_of_keys_are_cut),
        cmocka_unit_test(advice_is_the_end_of_the_sentence),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced_when_asked),
        cmocka_unit_test(scanning_only_asks_for_no_layout),
    };
    return cmocka_run_group_tests_name("troubles", tests, NULL, NULL);
}
