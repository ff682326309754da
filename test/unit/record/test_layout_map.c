/* Mappings: any JSON bound by the paths a user names, also through strings that hold JSON, and what
 * is refused. */
#include "record_help.h"

static void check(const char *const *pairs, const char *json, const char *parts)
{
    fixture f;
    tm_buf out = {0};
    fx_open_map(&f, pairs);
    uint32_t r = fx_add(&f, json);
    assert_string_equal(fx_parts(&f, r, &out), parts);
    fx_close(&f);
    tm_buf_release(&out);
}

static void a_log_of_requests_becomes_a_conversation(void **state)
{
    (void)state;
    check((const char *const[]){"messages", "request.messages", "answer",
                                "response.choices[0].message", NULL},
          "{\"request\":{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]},\"response\":"
          "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"a\"}}]}}",
          "u0:q|a1*:a");
    check((const char *const[]){"prompt", "q", "response", "$.a[-1]", NULL},
          "{\"q\":\"one\",\"a\":[\"x\",\"two\"]}", "u0:one|a1*:two");
}

static void slots_come_in_one_order(void **state)
{
    (void)state;
    check((const char *const[]){"rejected", "response2", "chosen", "response1", "input", "input",
                                "prompt", "instruction", NULL},
          "{\"response1\":\"c\",\"response2\":\"r\",\"instruction\":\"p\",\"input\":\"n\"}",
          "u0:p|u0:n|a1*:c|a2*:r");
    check((const char *const[]){"text", "body", "label", "ok", NULL},
          "{\"body\":\"t\",\"ok\":true}", "d0*:t");
}

static void strings_that_hold_json_are_entered(void **state)
{
    (void)state;
    check((const char *const[]){"messages", "log.messages", NULL},
          "{\"log\": \"{\\\"messages\\\": [{\\\"role\\\": \\\"user\\\", \\\"content\\\": "
          "\\\"a\\\\n\\\\u00e9\\\"}, {\\\"role\\\":\\\"assistant\\\",\\\"content\\\":null}]}\"}",
          "u0:a\n\xC3\xA9|a0*=null");
    check((const char *const[]){"text", "a.b.c", NULL},
          "{\"a\": \"{\\\"b\\\":\\\"{\\\\\\\"c\\\\\\\":\\\\\\\"deep\\\\\\\"}\\\"}\"}", "d0*:deep");
}

/* A string at the path's end, as T1020 advises. */
static void messages_that_are_text_are_read(void **state)
{
    const char *const pairs[] = {"messages", "messages", NULL};
    (void)state;
    check(pairs,
          "{\"messages\":\"[{\\\"role\\\":\\\"user\\\",\\\"content\\\":\\\"a\\\\nb\\\"},"
          "{\\\"role\\\":\\\"assistant\\\",\\\"content\\\":\\\"c\\\"}]\"}",
          "u0:a\nb|a0*:c");
    check(pairs, "{\"messages\":\"\\\"[{\\\\\\\"from\\\\\\\":\\\\\\\"gpt\\\\\\\"}]\\\"\"}",
          "a0*=absent");
    check(pairs, "{\"messages\":\"[]\"}", "");
    /* what is no list of messages is one text */
    check(pairs, "{\"messages\":\"[1,2]\"}", "u0:[1,2]");
    check(pairs, "{\"messages\":\"[{]\"}", "u0:[{]");
    check(pairs, "{\"messages\":\"hello\"}", "u0:hello");
    /* an answer may be JSON */
    check((const char *const[]){"prompt", "p", "response", "r", NULL},
          "{\"p\":\"[]\",\"r\":\"[{\\\"role\\\":1}]\"}", "u0:[]|a1*:[{\"role\":1}]");
}

static void paths_that_lead_nowhere_are_seen(void **state)
{
    (void)state;
    const char *const pairs[] = {"prompt", "q", "response", "a", "system", "s", NULL};
    check(pairs, "{\"q\":\"one\"}", "u0:one|a1*=absent");
    check(pairs, "{\"a\":\"one\"}", "u0=absent|a1*:one");
    check(pairs, "{\"a\":null,\"q\":7}", "u0=wrong|a1*=null");
    check(pairs, "{\"b\":7}", "T1020");
}

static void edits_inside_strings_of_strings_are_escaped_once_a_layer(void **state)
{
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open_map(&f, (const char *const[]){"text", "a.b", NULL});
    uint32_t r = fx_add(&f, "{\"a\": \"{\\\"b\\\": \\\"x\\\\ny\\\", \\\"n\\\": 1.0}\"}");
    fx_replace(&f, f.b.first_part[r], "\ny", "\"\xC3\xA9\t");
    assert_string_equal(fx_write(&f, r, &out),
                        "{\"a\": \"{\\\"b\\\": \\\"x\\\\\\\"\xC3\xA9\\\\t\\\", \\\"n\\\": 1.0}\"}");
    fx_close(&f);
    tm_buf_release(&out);
}

static void refuse(const char *const *pairs, const char *part_of_message)
{
    tm_pair pair[8] = {0};
    tm_pairs all = {pair, 0};
    tm_mapping *mapping;
    tm_arena mem = {0};
    tm_err err = {0};
    for (; pairs[0]; pairs += 2)
        pair[all.count++] = (tm_pair){.name = tm_str_of(pairs[0]), .value = tm_str_of(pairs[1])};
    assert_int_equal(tm_mapping_compile(&mem, &all, &mapping, &err), TM_ERECIPE);
    assert_non_null(strstr(err.msg, part_of_message));
    tm_arena_release(&mem);
}

static void wrong_mappings_are_refused_with_advice(void **state)
{
    (void)state;
    refuse((const char *const[]){"promt", "q", NULL}, "did you mean \"prompt\"");
    refuse((const char *const[]){"label", "q", NULL}, "where no text is");
    refuse((const char *const[]){"chosen", "q", NULL}, "both chosen and rejected");
    refuse((const char *const[]){"answer", "q", "response", "r", NULL}, "twice");
    refuse((const char *const[]){"text", "a..b", NULL}, "a key is missing");
}

static void a_mapping_knows_what_its_records_teach(void **state)
{
    static const struct {
        const char *const pairs[6];
        tm_example_kind kind;
    } row[] = {{{"messages", "m", NULL}, TM_SFT},
               {{"text", "m", NULL}, TM_CORPUS},
               {{"prompt", "m", NULL}, TM_PROMPT},
               {{"chosen", "a", "rejected", "b", NULL}, TM_PREFERENCE},
               {{"response", "a", "score", "b", NULL}, TM_SCORED},
               {{"response", "a", "label", "b", NULL}, TM_UNPAIRED}};
    (void)state;
    for (size_t i = 0; i < TM_COUNT(row); i++) {
        fixture f;
        fx_open_map(&f, row[i].pairs);
        assert_int_equal(tm_mapping_kind(f.set.mapping), row[i].kind);
        fx_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_of_requests_becomes_a_conversation),
        cmocka_unit_test(slots_come_in_one_order),
        cmocka_unit_test(strings_that_hold_json_are_entered),
        cmocka_unit_test(messages_that_are_text_are_read),
        cmocka_unit_test(paths_that_lead_nowhere_are_seen),
        cmocka_unit_test(edits_inside_strings_of_strings_are_escaped_once_a_layer),
        cmocka_unit_test(wrong_mappings_are_refused_with_advice),
        cmocka_unit_test(a_mapping_knows_what_its_records_teach),
    };
    return cmocka_run_group_tests_name("mappings", tests, NULL, NULL);
}
