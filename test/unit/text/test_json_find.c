/* Finding one's way in an index of nodes: members by key with duplicates and escapes, elements by
 * number, places by line and column, and all of it against a plain walk on random documents. */
#include "text_help.h"

static tm_json json;

static const char *scan(const char *text)
{
    json.nodes = 0;
    assert_true(tm_json_scan(&json, text, strlen(text), 0, (tm_json_limits){0}));
    return text;
}

/* Raw bytes of the value of `key` in the object `object`; "" if there is none. */
static tm_str get(const char *raw, uint32_t object, tm_str key)
{
    uint32_t v = tm_json_get(json.node, raw, object, key);
    return v == TM_NONE ? (tm_str){0} : tm_json_raw(json.node, raw, v);
}

static void finds_members_by_key_and_the_last_of_equal_ones(void **state)
{
    const char *raw = scan("{\"a\":1, \"b\":{\"a\":2,\"c\":[3]}, \"a\":[4], \"\":5, \"ab\":6,"
                           "\"long key\":{\"x\":[{\"a\":7}]}}");
    TM_UNUSED(state);
    assert_true(tm_str_is(get(raw, 0, TM_STR("a")), "[4]"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("")), "5"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("ab")), "6"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("b")), "{\"a\":2,\"c\":[3]}"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("long key")), "{\"x\":[{\"a\":7}]}"));
    assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("c")), TM_NONE);
    assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("A")), TM_NONE);
    assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("x")), TM_NONE);
    uint32_t b = tm_json_get(json.node, raw, 0, TM_STR("b"));
    assert_true(tm_str_is(get(raw, b, TM_STR("a")), "2"));
    assert_true(tm_str_is(get(raw, b, TM_STR("c")), "[3]"));
    assert_int_equal(tm_json_get(json.node, raw, b, TM_STR("b")), TM_NONE);
}

static void compares_keys_by_their_text_and_not_by_their_spelling(void **state)
{
    const char *raw = scan("{\"caf\\u00e9\":1,\"\xC3\xA9\":2,\"a\\nb\":3,\"\\ud83c\\udf72\":4,"
                           "\"\\u0061\":5,\"x\\u0000\":6,\"\\ud800\":7}");
    TM_UNUSED(state);
    assert_true(tm_str_is(get(raw, 0, TM_STR("caf\xC3\xA9")), "1"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("\xC3\xA9")), "2"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("a\nb")), "3"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("\xF0\x9F\x8D\xB2")), "4"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("a")), "5"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("x\0")), "6"));
    assert_true(tm_str_is(get(raw, 0, TM_STR("\xED\xA0\x80")), "7"));
    assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("caf\\u00e9")), TM_NONE);
    assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("x")), TM_NONE);
    /* An escaped spelling of an equal key is still the same key: the last one binds. */
    raw = scan("{\"a\":1,\"\\u0061\":2}");
    assert_true(tm_str_is(get(raw, 0, TM_STR("a")), "2"));
    raw = scan("{\"\\u0061\":1,\"a\":2}");
    assert_true(tm_str_is(get(raw, 0, TM_STR("a")), "2"));
}

static void finds_elements_by_number_and_counts(void **state)
{
    const char *raw = scan("[0,[1,1],{\"k\":[]},\"3\",[],{}]");
    static const char *const want[] = {"0", "[1,1]", "{\"k\":[]}", "\"3\"", "[]", "{}"};
    TM_UNUSED(state);
    for (uint32_t i = 0; i < TM_COUNT(want); i++) {
        uint32_t v = tm_json_at(json.node, 0, i);
        assert_int_not_equal(v, TM_NONE);
        assert_true(tm_str_is(tm_json_raw(json.node, raw, v), want[i]));
    }
    assert_int_equal(tm_json_at(json.node, 0, TM_COUNT(want)), TM_NONE);
    assert_int_equal(tm_json_at(json.node, 0, UINT32_MAX), TM_NONE);
    assert_int_equal(tm_json_count(json.node, 0), TM_COUNT(want));
    uint32_t object = tm_json_at(json.node, 0, 2), empty = tm_json_at(json.node, 0, 5);
    assert_int_equal(tm_json_count(json.node, object), 1);
    assert_int_equal(tm_json_count(json.node, empty), 0);
    assert_int_equal(tm_json_count(json.node, tm_json_at(json.node, 0, 4)), 0);
    assert_int_equal(tm_json_first(json.node, empty), TM_NONE);
}

static void says_that_there_is_nothing_in_what_is_no_container(void **state)
{
    static const char *const texts[] = {"1", "\"a\"", "null", "true"};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(texts); i++) {
        const char *raw = scan(texts[i]);
        assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("a")), TM_NONE);
        assert_int_equal(tm_json_at(json.node, 0, 0), TM_NONE);
        assert_int_equal(tm_json_count(json.node, 0), 0);
    }
    const char *raw = scan("[\"a\",1]");
    assert_int_equal(tm_json_get(json.node, raw, 0, TM_STR("a")), TM_NONE);
    scan("{\"a\":1}");
    assert_int_equal(tm_json_at(json.node, 0, 0), TM_NONE);
}

/* A random document; what it should say is known from how it was made. */
static uint32_t put_value(tm_buf *b, int depth)
{
    uint64_t kind = chance(depth > 4 ? 2 : 4);
    uint32_t count = kind < 2 ? 0 : (uint32_t)chance(7);
    if (kind == 0) tm_buf_print(b, "%u", (unsigned)chance(100));
    if (kind == 1) tm_buf_print(b, "\"s%u\\n\"", (unsigned)chance(9));
    if (kind < 2) return 0;
    tm_buf_z(b, kind == 2 ? "[" : "{");
    for (uint32_t i = 0; i < count; i++) {
        if (i) tm_buf_z(b, " ,");
        if (kind == 3) tm_buf_print(b, "\"k%u\": ", i);
        put_value(b, depth + 1);
    }
    tm_buf_z(b, kind == 2 ? "]" : " }");
    return count;
}

static void check_container(const char *raw, uint32_t v)
{
    const tm_json_node *node = json.node;
    uint32_t count = 0, key_bytes = 0;
    for (uint32_t c = tm_json_first(node, v); c != TM_NONE; c = tm_json_after(node, v, c)) {
        bool key = node[c].kind == TM_JSON_KEY;
        char name[16];
        assert_int_equal(node[c].depth, node[v].depth + 1);
        assert_int_equal(key, node[v].kind == TM_JSON_OBJECT);
        key_bytes = (uint32_t)snprintf(name, sizeof name, "k%u", count);
        uint32_t found =
            key ? tm_json_get(node, raw, v, (tm_str){name, key_bytes}) : tm_json_at(node, v, count);
        assert_int_equal(found, key ? c + 1 : c);
        count++;
    }
    assert_int_equal(tm_json_count(node, v), count);
    assert_int_equal(tm_json_at(node, v, count), TM_NONE);
}

static void walks_random_documents_as_they_were_made(void **state)
{
    tm_buf b = {0};
    TM_UNUSED(state);
    for (int round = 0; round < 5000; round++) {
        tm_buf_clear(&b);
        uint32_t count = put_value(&b, 0);
        json.nodes = 0;
        assert_true(tm_json_scan(&json, b.p, b.n, 0, (tm_json_limits){0}));
        assert_int_equal(tm_json_count(json.node, 0), count);
        for (uint32_t v = 0; v < json.nodes; v++)
            if (json.node[v].kind == TM_JSON_ARRAY || json.node[v].kind == TM_JSON_OBJECT)
                check_container(b.p, v);
    }
    tm_buf_release(&b);
}

static void says_line_and_column_in_characters(void **state)
{
    static const char text[] = "ab\n\xC3\xA9x\n\n\xF0\x9F\x8D\xB2y";
    static const struct {
        size_t at;
        uint64_t line, column;
    } cases[] = {{0, 1, 1}, {1, 1, 2}, {2, 1, 3},  {3, 2, 1},  {5, 2, 2}, {6, 2, 3},
                 {7, 3, 1}, {8, 4, 1}, {12, 4, 2}, {13, 4, 3}, {99, 4, 3}};
    uint64_t line, column;
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        char *p = guarded_copy((tm_str){text, sizeof text - 1});
        tm_text_position(p, sizeof text - 1, cases[i].at, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
    tm_text_position("", 0, 0, &line, &column);
    assert_true(line == 1 && column == 1);
}

static void says_the_place_of_every_byte_of_random_texts(void **state)
{
    static const char *const piece[] = {"a", "\n", "\xC3\xA9", "\xE2\x82\xAC", "word"};
    TM_UNUSED(state);
    for (int round = 0; round < 300; round++) {
        char text[400];
        size_t n = 0, most = (size_t)chance(300);
        uint64_t want_line = 1, want_column = 1, line, column;
        while (n < most) {
            const char *part = piece[chance(TM_COUNT(piece))];
            memcpy(text + n, part, strlen(part));
            n += strlen(part);
        }
        char *p = guarded_copy((tm_str){text, n});
        for (size_t at = 0; at < n; at++) {
            if (((uint8_t)p[at] & 0xC0) == 0x80) continue; /* begins no character */
            tm_text_position(p, n, at, &line, &column);
            assert_true(line == want_line && column == want_column);
            want_column++;
            if (p[at] == '\n') want_line++, want_column = 1;
        }
    }
}

static int forget(void **state)
{
    TM_UNUSED(state);
    tm_json_release(&json);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_members_by_key_and_the_last_of_equal_ones),
        cmocka_unit_test(compares_keys_by_their_text_and_not_by_their_spelling),
        cmocka_unit_test(finds_elements_by_number_and_counts),
        cmocka_unit_test(says_that_there_is_nothing_in_what_is_no_container),
        cmocka_unit_test(walks_random_documents_as_they_were_made),
        cmocka_unit_test(says_line_and_column_in_characters),
        cmocka_unit_test(says_the_place_of_every_byte_of_random_texts),
    };
    return cmocka_run_group_tests_name("json find", tests, NULL, forget);
}
