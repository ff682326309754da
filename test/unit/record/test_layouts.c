/* Layouts: which one a record has, and which parts it gives. One table of records and answers. */
#include "record_help.h"

typedef struct bound {
    const char *json, *layout, *parts;
} bound;

static void check_all(const bound *row, size_t rows)
{
    tm_buf out = {0};
    for (size_t i = 0; i < rows; i++) {
        fixture f;
        fx_open(&f, NULL);
        uint32_t r = fx_add(&f, row[i].json);
        assert_string_equal(fx_parts(&f, r, &out), row[i].parts);
        assert_string_equal(fx_layout(&f, r), row[i].layout);
        fx_close(&f);
    }
    tm_buf_release(&out);
}

#define M(inner) "{\"messages\": [" inner "]}"
#define U(text) "{\"role\": \"user\", \"content\": \"" text "\"}"
#define A(text) "{\"role\": \"assistant\", \"content\": \"" text "\"}"

static void every_layout_reads_its_own_example(void **state)
{
    (void)state;
    for (uint32_t i = 0; tm_layouts[i]; i++) {
        fixture f;
        fx_open(&f, NULL);
        uint32_t r = fx_add(&f, tm_layouts[i]->example);
        assert_int_equal(f.b.fate[r], TM_LIVE);
        assert_string_equal(fx_layout(&f, r), tm_layouts[i]->name);
        assert_int_equal(f.b.kind[r], tm_layouts[i]->kind);
        assert_true(f.b.first_part[r + 1] > f.b.first_part[r]);
        assert_ptr_equal(tm_layout_named(tm_str_of(tm_layouts[i]->name)), tm_layouts[i]);
        fx_close(&f);
    }
    assert_null(tm_layout_named(TM_STR("mesages")));
}

static void messages_give_a_part_a_text(void **state)
{
    static const bound row[] = {
        {M(U("hi") "," A("ho")), "messages", "u0:hi|a0*:ho"},
        {M("{\"role\":\"system\",\"content\":\"be\"}," U("1") "," A("2") "," U("3") "," A("4")),
         "messages", "s0:be|u0:1|a0:2|u0:3|a0*:4"},
        {M("{\"role\":\"developer\",\"content\":\"be\"}," U("1")), "messages", "s0:be|u0:1"},
        {"{\"system\": \"be\", \"messages\": [" U("1") "]}", "messages", "s0:be|u0:1"},
        {M(""), "messages", ""},
        {M("{\"content\": \"no role\"}"), "messages", "o0:no role"},
        {M("{\"role\": \"User\", \"content\": \"x\"}"), "messages", "o0:x"},
        {M("{\"role\": 7, \"content\": \"x\"}"), "messages", "o0:x"},
        {M("{\"role\": \"us\\u0065r\", \"cont\\u0065nt\": \"x\"}"), "messages", "u0:x"},
        {M(U("\\u00e9\\n\\ud83d\\ude00")), "messages", "u0:\xC3\xA9\n\xF0\x9F\x98\x80"},
        {M(U("a") ", 7, \"loose\""), "messages", "u0:a|o0=wrong|o0:loose"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void absent_null_and_empty_stay_different(void **state)
{
    static const bound row[] = {
        {M("{\"role\":\"assistant\"}"), "messages", "a0*=absent"},
        {M("{\"role\":\"assistant\",\"content\":null}"), "messages", "a0*=null"},
        {M(A("")), "messages", "a0*:"},
        {M("{\"role\":\"assistant\",\"content\":42}"), "messages", "a0*=wrong"},
        {M("{\"role\":\"assistant\",\"content\":[]}"), "messages", "a0*=wrong"},
        {"{\"instruction\":\"i\",\"output\":null}", "alpaca", "u0:i|a1*=null"},
        {"{\"instruction\":\"i\",\"input\":\"\",\"output\":\"\"}", "alpaca", "u0:i|u0:|a1*:"},
        {"{\"instruction\":\"i\",\"input\":null,\"output\":\"o\"}", "alpaca", "u0:i|u0=null|a1*:o"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void calls_results_and_reasoning_are_parts_of_their_own(void **state)
{
    static const bound row[] = {
        {M(U("q") ",{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\","
                  "\"type\":"
                  "\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
                  "{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"r\"}," A("done")),
         "messages", "u0:q|a0*=null|ac0*:{\"a\":1}|tR0*:r|a0*:done"},
        {M("{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"arguments\":{\"a\": [1]}}},"
           "{\"name\":\"g\",\"arguments\":\"x\"},{\"name\":\"g\"}]}"),
         "messages", "a0*=absent|ac0*:{\"a\": [1]}|ac0*:x|ac0*=absent"},
        {M("{\"role\":\"assistant\",\"content\":\"\",\"function_call\":{\"name\":\"f\","
           "\"arguments\":"
           "\"{}\"}},{\"role\":\"function\",\"name\":\"f\",\"content\":\"r\"}"),
         "messages", "a0*:|ac0*:{}|tR0*:r"},
        {M("{\"role\":\"assistant\",\"reasoning_content\":\"hm\",\"content\":\"a\"}"), "messages",
         "ar0*:hm|a0*:a"},
        {M("{\"role\":\"assistant\",\"content\":\"a\",\"thinking\":null,\"tool_calls\":null}"),
         "messages", "a0*:a"},
        {M("{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":\"f()\"}"), "messages",
         "a0*:a|ac0*:f()"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void lists_of_blocks_give_a_part_a_block(void **state)
{
    static const bound row[] = {
        {M("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image_"
           "url"
           "\",\"image_url\":{\"url\":\"x\"}},{\"type\":\"text\",\"text\":\"b\"},\"c\"]}"),
         "messages", "u0:a|u0!|u0:b|u0:c"},
        {M("{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},{"
           "\"type"
           "\":\"text\",\"value\":\"v\"},{\"text\":\"t\"},{\"type\":\"text\"},{\"x\":1},7]}"),
         "messages", "ar0*:hm|a0*:v|a0*:t|a0*=absent|a0*!|a0*=wrong"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void sharegpt_and_its_relatives(void **state)
{
    static const bound row[] = {
        {"{\"conversations\":[{\"from\":\"system\",\"value\":\"s\"},{\"from\":\"human\",\"value\":"
         "\"q\"},{\"from\":\"function_call\",\"value\":\"{}\"},{\"from\":\"observation\",\"value\":"
         "\"r\"},{\"from\":\"gpt\",\"value\":\"a\"},{\"from\":\"moderator\",\"value\":\"m\"}]}",
         "sharegpt", "s0:s|u0:q|ac0*:{}|tR0*:r|a0*:a|o0:m"},
        {"{\"system\":\"\",\"conversations\":[{\"value\":\"q\",\"from\":\"user\"}]}", "sharegpt",
         "s0:|u0:q"},
        {"{\"conversations\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"bot\",\"value\":"
         "\"a\"}]}",
         "sharegpt", "u0:q|a0*:a"},
        {"{\"conversation\":[{\"human\":\"q\",\"assistant\":\"a\"},{\"human\":\"r\",\"assistant\":"
         "null}]}",
         "sharegpt", "u0:q|a0:a|u0:r|a0*=null"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void prompts_with_answers(void **state)
{
    static const bound row[] = {
        {"{\"instruction\":\"i\",\"input\":\"n\",\"output\":\"o\"}", "alpaca", "u0:i|u0:n|a1*:o"},
        {"{\"output\":\"o\",\"system\":\"s\",\"instruction\":\"i\",\"history\":[[\"q\",\"a\"]]}",
         "alpaca", "s0:s|u0:q|a0:a|u0:i|a1*:o"},
        {"{\"instruction\":\"i\",\"context\":\"c\",\"response\":\"r\"}", "alpaca",
         "u0:i|u0:c|a1*:r"},
        {"{\"prompt\":\"p\",\"completion\":\"c\"}", "prompt-completion", "u0:p|a1*:c"},
        {"{\"prompt\":[" U("p") "," A("x") "," U("y") "],\"completion\":[" A("c") "]}",
         "prompt-completion", "u0:p|a0:x|u0:y|a1*:c"},
        {"{\"prompt\":\"p\",\"response\":\"c\"}", "prompt-completion", "u0:p|a1*:c"},
        {"{\"prompt\":\"p\"}", "prompt", "u0:p"},
        {"{\"prompt\":[" U("p") "],\"solution\":7}", "prompt", "u0:p"},
        {"{\"prompt\":\"p\",\"completion\":\"c\",\"label\":true}", "unpaired", "u0:p|a1*:c"},
        {"{\"prompt\":\"p\",\"completion\":\"c\",\"label\":1}", "unpaired", "u0:p|a1*:c"},
        {"{\"prompt\":\"p\",\"completion\":\"c\",\"label\":\"g\",\"score\":1}", "scored",
         "u0:p|a1*:c"},
        {"{\"kto_tag\":false,\"messages\":[" U("p") "," A("c") "]}", "unpaired", "u0:p|a0*:c"},
        {"{\"instruction\":\"i\",\"input\":\"n\",\"output\":\"o\",\"kto_tag\":false}", "unpaired",
         "u0:i|u0:n|a1*:o"},
        {"{\"instruction\":\"i\",\"output\":\"o\",\"label\":true,\"history\":[[\"a\",\"b\"]]}",
         "unpaired", "u0:a|a0:b|u0:i|a1*:o"},
        {"{\"messages\":[" U("p") ",{\"role\":\"assistant\",\"content\":null,\"refusal\":\"n\"}]}",
         "messages", "u0:p|a0*=null|a0*:n"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"p\",\"refusal\":\"n\"},"
         "{\"role\":\"assistant\",\"content\":\"c\",\"refusal\":\"\"}]}",
         "messages", "u0:p|a0*:c"},
        {"{\"score\":1e3,\"messages\":[" U("p") "," A("c") "]}", "scored", "u0:p|a0*:c"},
        {"{\"prompt\":\"p\",\"response\":\"c\",\"reward\":-0.5}", "scored", "u0:p|a1*:c"},
        {"{\"prompt\":\"p\",\"response\":\"c\",\"score\":\"5\"}", "scored", "u0:p|a1*:c"},
        {"{\"text\":\"t\",\"meta\":{}}", "text", "d0*:t"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void pairs_of_answers(void **state)
{
    static const bound row[] = {
        {"{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\"}", "preference",
         "u0:p|a1*:c|a2*:r"},
        {"{\"chosen\":\"c\",\"rejected\":\"r\"}", "preference", "a1*:c|a2*:r"},
        {"{\"prompt\":[" U("p") "],\"chosen\":[" A("c") "],\"rejected\":[" A("r") "]}",
         "preference", "u0:p|a1*:c|a2*:r"},
        {"{\"chosen\":[" U("p") "," A("c") "],\"rejected\":[" U("p") "," A("r") "]}", "preference",
         "u0:p|a1*:c|u0~:p|a2*:r"},
        {"{\"chosen\":[" U("caf\\u00e9") "," A(
             "c") "],\"rejected\":[{\"role\":  \"user\",\"content\":"
                  "\"caf\xC3\xA9\"}," A("r") "]}",
         "preference", "u0:caf\xC3\xA9|a1*:c|u0~:caf\xC3\xA9|a2*:r"},
        {"{\"prompt\":\"p\",\"chosen\":[" U("p") "," A("c") "],\"rejected\":[" U("p") "," A(
             "r") "]}",
         "preference", "u0:p|a1*:c|u0~:p|a2*:r"},
        {"{\"prompt\":\"p\",\"chosen\":[" A("c") "],\"rejected\":[" A("r") "]}", "preference",
         "u0:p|a1*:c|a2*:r"},
        {"{\"conversations\":[{\"from\":\"human\",\"value\":\"p\"}],\"chosen\":{\"from\":\"gpt\","
         "\"value\":\"c\"},\"rejected\":{\"from\":\"gpt\",\"value\":\"r\"}}",
         "preference", "u0:p|a1*:c|a2*:r"},
        {"{\"input\":{\"messages\":[" U("p") "]},\"preferred_output\":[" A(
             "c") "],"
                  "\"non_preferred_output\":[" A("r") "]}",
         "preference", "u0:p|a1*:c|a2*:r"},
        {"{\"instruction\":\"p\",\"input\":\"n\",\"chosen\":\"c\",\"rejected\":\"r\"}",
         "preference", "u0:p|u0:n|a1*:c|a2*:r"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void what_fits_no_layout_says_so(void **state)
{
    static const bound row[] = {
        {"{}", "none", "T1020"},
        {"{\"instruction\":\"i\",\"output\":7}", "none", "T1020"},
        {"{\"messages\":\"[]\"}", "none", "T1020"},
        {"{\"messages\":[\"loose\"]}", "none", "T1020"},
        {"{\"text\":[]}", "none", "T1020"},
        {"[]", "none", "T1021"},
        {"7", "none", "T1021"},
        {"{\"text\": \"a\"", "none", "T1002"},
    };
    (void)state;
    check_all(row, TM_COUNT(row));
}

static void a_record_may_have_as_many_parts_as_the_limit(void **state)
{
    tm_buf json = {0};
    (void)state;
    for (unsigned count = 65536; count <= 65537; count++) {
        fixture f;
        fx_open(&f, "messages");
        tm_buf_clear(&json);
        tm_buf_z(&json, "{\"messages\":[");
        for (unsigned i = 0; i < count; i++) tm_buf_z(&json, i ? "," U("x") : U("x"));
        tm_buf_z(&json, "]}");
        uint32_t r = fx_add_str(&f, tm_buf_view(&json));
        assert_int_equal(f.b.fate[r], count > 65536 ? TM_UNREADABLE : TM_LIVE);
        assert_int_equal(f.b.parts, count > 65536 ? 0 : 65536);
        if (count > 65536) {
            assert_string_equal(f.b.trouble[r].code, "T1022");
            assert_int_equal(f.b.turns, 0);
            assert_int_equal(f.b.json.nodes, 0);
        }
        uint32_t next = fx_add(&f, M(U("after")));
        assert_int_equal(f.b.fate[next], TM_LIVE);
        fx_close(&f);
    }
    tm_buf_release(&json);
}

static void turns_count_from_zero_within_their_answer(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    uint32_t r =
        fx_add(&f, "{\"chosen\":[" U("p") "," A("c") "],\"rejected\":[" U("p") "," A("r") "]}");
    assert_int_equal(f.b.first_turn[r + 1] - f.b.first_turn[r], 3);
    static const uint16_t answer[] = {0, 1, 2}, parts[] = {1, 1, 1};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(f.b.turn[i].answer, answer[i]);
        assert_int_equal(f.b.turn[i].parts, parts[i]);
        assert_int_equal(f.b.part[f.b.turn[i].first_part].turn, 0);
        assert_int_equal(f.b.json.node[f.b.turn[i].node].kind, TM_JSON_OBJECT);
    }
    fx_close(&f);
}

static void votes_count_the_first_layout_and_all_that_fit(void **state)
{
    static const char *const sample[] = {M(U("a")), "{\"prompt\":\"p\",\"completion\":\"c\"}",
                                         "{\"score\":1,\"messages\":[" U("a") "]}", "{\"x\":1}"};
    tm_layout_votes votes = {0};
    tm_layout_set set;
    tm_json json = {0};
    (void)state;
    for (size_t i = 0; i < TM_COUNT(sample); i++) {
        assert_true(tm_json_scan(&json, sample[i], strlen(sample[i]), 0, (tm_json_limits){0}));
        tm_doc doc = {.raw = tm_str_of(sample[i]), .node = json.node};
        tm_layout_vote(&votes, &doc);
    }
    tm_layout_choose(&votes, &set);
    assert_int_equal(votes.records, 4);
    assert_int_equal(votes.none, 1);
    assert_int_equal(set.count, 3);
    assert_string_equal(set.layout[0]->name, "scored");
    assert_string_equal(set.layout[1]->name, "messages");
    assert_string_equal(set.layout[2]->name, "prompt-completion");
    for (uint32_t i = 0; tm_layouts[i]; i++)
        if (!strcmp(tm_layouts[i]->name, "messages")) assert_int_equal(votes.fits[i], 2);
    tm_json_release(&json);
}

/* The set that these records are read with is `want`, "unpaired prompt-completion". */
static void check_set(const char *want, const char *const *sample)
{
    tm_layout_votes votes = {0};
    tm_layout_set set;
    tm_json json = {0};
    tm_buf names = {0};
    for (; *sample; sample++) {
        assert_true(tm_json_scan(&json, *sample, strlen(*sample), 0, (tm_json_limits){0}));
        tm_layout_vote(&votes, &(tm_doc){.raw = tm_str_of(*sample), .node = json.node});
    }
    tm_layout_choose(&votes, &set);
    tm_json_release(&json);
    for (uint32_t i = 0; i < set.count; i++)
        tm_buf_print(&names, "%s%s", i ? " " : "", set.layout[i]->name);
    assert_true(tm_str_is(tm_buf_view(&names), want));
    tm_buf_release(&names);
}
#define SET(want, ...) check_set(want, (const char *const[]){__VA_ARGS__, NULL})
#define L(label) "{\"prompt\":\"p\",\"completion\":\"c\",\"label\":" label "}"
#define C(label) "{\"messages\":[" U("a") "],\"label\":" label "}"

static void a_null_label_counts_beside_others_only(void **state)
{
    (void)state;
    SET("unpaired", L("true"));
    SET("unpaired", L("1"));
    SET("unpaired", L("\"false\""));
    SET("unpaired", L("[]"));
    SET("prompt-completion", L("null"));
    SET("unpaired prompt-completion", L("null"), L("false"));
    SET("messages", C("null"));
    SET("messages", C("\"physics\""));
    SET("unpaired messages", C("\"physics\""), C("true"));
    SET("unpaired", "{\"messages\":[" U("a") "],\"kto_tag\":\"yes\"}");
    SET("unpaired", "{\"messages\":[" U("a") "],\"kto_tag\":true,\"label\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layout_reads_its_own_example),
        cmocka_unit_test(messages_give_a_part_a_text),
        cmocka_unit_test(absent_null_and_empty_stay_different),
        cmocka_unit_test(calls_results_and_reasoning_are_parts_of_their_own),
        cmocka_unit_test(lists_of_blocks_give_a_part_a_block),
        cmocka_unit_test(sharegpt_and_its_relatives),
        cmocka_unit_test(prompts_with_answers),
        cmocka_unit_test(pairs_of_answers),
        cmocka_unit_test(what_fits_no_layout_says_so),
        cmocka_unit_test(a_record_may_have_as_many_parts_as_the_limit),
        cmocka_unit_test(turns_count_from_zero_within_their_answer),
        cmocka_unit_test(a_null_label_counts_beside_others_only),
        cmocka_unit_test(votes_count_the_first_layout_and_all_that_fit),
    };
    return cmocka_run_group_tests_name("layouts", tests, NULL, NULL);
}
