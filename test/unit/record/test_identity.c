/* Identity: which changes of a record give it another id and which do not; version 2 is pinned by a
 * digest. */
#include "record_help.h"

static tm_id id_of(const char *json)
{
    fixture f;
    tm_id id, again;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, json);
    assert_true(tm_record_id(&f.b, &f.set, r, &id));
    for (uint32_t i = f.b.first_part[r]; i < f.b.first_part[r + 1]; i++) {
        tm_splice s = {0, 0, TM_STR("x")};
        assert_int_equal(tm_part_edit(&f.b, i, &s, 1, 0, 0, &f.err), TM_OK);
    }
    f.b.id[r] = (tm_id){0, 0}; /* edits do not count */
    assert_true(tm_record_id(&f.b, &f.set, r, &again));
    assert_int_equal(tm_hash_cmp(id, again), 0);
    fx_close(&f);
    return id;
}

static void same(const char *a, const char *b)
{
    assert_int_equal(tm_hash_cmp(id_of(a), id_of(b)), 0);
}

static void differ(const char *a, const char *b)
{
    assert_int_not_equal(tm_hash_cmp(id_of(a), id_of(b)), 0);
}

static void order_spacing_escapes_and_unknown_fields_do_not_count(void **state)
{
    (void)state;
    same("{\"prompt\":\"p\",\"completion\":\"\\u0063\"}",
         "{ \"completion\" : \"c\", \"x\": [1], \"prompt\": \"p\" }");
    same("{\"text\":\"a\"}", "{\"text\":\"a\",\"text2\":\"b\"}");
}

static void the_layout_of_a_conversation_does_not_count(void **state)
{
    (void)state;
    same("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":"
         "\"a\"}]}",
         "{\"conversations\":[{\"from\":\"human\",\"value\":\"q\"},{\"from\":\"gpt\",\"value\":"
         "\"a\"}]}");
    same("{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}],\"chosen\":\"a\",\"rejected\":\"b\"}",
         "{\"chosen\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":"
         "\"a\"}],\"rejected\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\","
         "\"content\":\"b\"}]}");
}

static void what_is_said_counts(void **state)
{
    (void)state;
    differ("{\"text\":\"a\"}", "{\"text\":\"b\"}");
    differ("{\"text\":\"a\"}", "{\"text\":null}");
    differ("{\"text\":\"\"}", "{\"text\":null}");
    differ("{\"prompt\":\"ab\",\"completion\":\"c\"}", "{\"prompt\":\"a\",\"completion\":\"bc\"}");
    differ("{\"instruction\":\"a\",\"output\":\"b\"}",
           "{\"instruction\":\"a\",\"input\":\"\",\"output\":\"b\"}");
    differ("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}",
           "{\"messages\":[{\"role\":\"system\",\"content\":\"q\"}]}");
    differ("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"url\":\"a\"}]}]}",
           "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"url\":\"b\"}]}]}");
}

#define CALL(name)                                                                              \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":" \
    "null,"                                                                                     \
    "\"tool_calls\":[{\"function\":{" name "\"arguments\":\"{}\"}}]}]}"

static void the_called_function_counts(void **state)
{
    (void)state;
    differ(CALL("\"name\":\"f\","), CALL("\"name\":\"g\","));
    differ(CALL("\"name\":\"\","), CALL(""));
    same(CALL("\"name\":\"f\","), CALL("\"name\":\"\\u0066\","));
    differ("{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":"
           "\"f\"}}]}",
           "{\"messages\":[{\"role\":\"assistant\",\"content\":null,\"function_call\":{\"name\":"
           "\"g\"}}]}");
}

static void labels_and_scores_count_as_read(void **state)
{
    (void)state;
    differ("{\"prompt\":\"p\",\"completion\":\"c\",\"label\":true}",
           "{\"prompt\":\"p\",\"completion\":\"c\",\"label\":false}");
    differ("{\"prompt\":\"p\",\"response\":\"c\",\"score\":1}",
           "{\"prompt\":\"p\",\"response\":\"c\",\"score\":1.0}");
    differ("{\"chosen\":\"a\",\"rejected\":\"b\",\"margin\":1}", "{\"chosen\":\"a\",\"rejected\":"
                                                                 "\"b\"}");
    same("{\"chosen\":\"a\",\"rejected\":\"b\",\"score_rejected\":2,\"score_chosen\":1}",
         "{\"chosen\":\"a\",\"score_chosen\":1,\"rejected\":\"b\",\"score_rejected\":2}");
}

static void records_without_parts_are_named_by_their_bytes(void **state)
{
    (void)state;
    differ("{\"x\":1}", "{\"x\":2}");
    differ("{\"x\":", "{\"x\"");
    same("{\"x\":1}", "{\"x\":1}");
}

static void version_2_is_pinned(void **state)
{
    char hex[33];
    (void)state;
    tm_hash_hex(id_of("{\"text\":\"Call me Ishmael.\"}"), hex);
    assert_string_equal(hex, "d4ecd3b863d387e132888050e699d650"); /* as in version 1 */
    tm_hash_hex(id_of(CALL("\"name\":\"f\",")), hex);
    assert_string_equal(hex, "90cb5de58a4e38306878e7c11bda5212");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_spacing_escapes_and_unknown_fields_do_not_count),
        cmocka_unit_test(the_layout_of_a_conversation_does_not_count),
        cmocka_unit_test(what_is_said_counts),
        cmocka_unit_test(labels_and_scores_count_as_read),
        cmocka_unit_test(records_without_parts_are_named_by_their_bytes),
        cmocka_unit_test(the_called_function_counts),
        cmocka_unit_test(version_2_is_pinned),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
