/* Cutting a stream of values: the cuts are those of the definition (scanning each value where it
 * begins), and any split of the stream into pieces gives the same ones. */
#include "text_help.h"

enum { MOST = 64 };

typedef struct cuts {
    tm_json_cut kind[MOST];
    size_t begin[MOST], end[MOST], count;
} cuts;

/* Feeds the stream in pieces of up to `most` bytes, each ending at a page nobody may read. */
static void cut(tm_str s, size_t most, cuts *out)
{
    tm_json_cutter c = {0};
    size_t value_begin = 0;
    out->count = 0;
    for (size_t at = 0; at < s.n;) {
        size_t n = (size_t)chance(most) + 1, begin = SIZE_MAX, eaten = 0;
        n = TM_MIN(n, s.n - at);
        bool inside = c.in_value;
        const char *p = guarded_copy((tm_str){s.p + at, n});
        tm_json_cut kind = tm_json_cutter_feed(&c, p, n, &begin, &eaten);
        assert_true(eaten <= n);
        if (!inside && c.in_value) value_begin = at + begin;
        if (!inside && kind == TM_CUT_VALUE) value_begin = at + begin;
        at += eaten;
        if (kind == TM_CUT_MORE) {
            assert_int_equal(eaten, n);
            continue;
        }
        assert_true(out->count < MOST);
        out->kind[out->count] = kind;
        out->begin[out->count] = kind == TM_CUT_VALUE ? value_begin : at - 1;
        out->end[out->count++] = at;
    }
}

static void check(tm_str s, const cuts *want)
{
    cuts got;
    for (size_t most = 1; most <= s.n + 1; most += 1 + most / 2) {
        cut(s, most, &got);
        assert_int_equal(got.count, want->count);
        assert_memory_equal(got.kind, want->kind, want->count * sizeof *want->kind);
        assert_memory_equal(got.begin, want->begin, want->count * sizeof *want->begin);
        assert_memory_equal(got.end, want->end, want->count * sizeof *want->end);
    }
}

static void add(cuts *c, tm_json_cut kind, size_t begin, size_t end)
{
    c->kind[c->count] = kind;
    c->begin[c->count] = begin;
    c->end[c->count++] = end;
}

static void finds_values_commas_and_the_closing_bracket_in_any_pieces(void **state)
{
    static const char *const value[] = {"{\"a\":[1,2,{\"b\":\"]},\\\"\"}]}",
                                        "[]",
                                        "{}",
                                        "\"\"",
                                        "\"a\\\\\"",
                                        "\"[{,\\\"\\\\\\\"\"",
                                        "-1.5e3",
                                        "true",
                                        "null",
                                        "[[[[\"]\"]]]]",
                                        "\"\xC3\xA9\\u0022\"",
                                        "{\"\\\"\":1}"};
    TM_UNUSED(state);
    for (int round = 0; round < 4000; round++) {
        tm_buf b = {0};
        cuts want = {.count = 0};
        for (uint64_t k = chance(8); k; k--) {
            const char *v = value[chance(TM_COUNT(value))];
            if (chance(2)) tm_buf_z(&b, chance(2) ? " " : "\r\n\t");
            add(&want, TM_CUT_VALUE, b.n, b.n + strlen(v));
            tm_buf_z(&b, v);
            if (chance(2)) tm_buf_z(&b, "\n");
            add(&want, TM_CUT_COMMA, b.n, b.n + 1);
            tm_buf_z(&b, ",");
        }
        add(&want, TM_CUT_CLOSE, b.n, b.n + 1);
        tm_buf_z(&b, "]");
        check(tm_buf_view(&b), &want);
        tm_buf_release(&b);
    }
}

static void cuts_values_that_stand_one_behind_the_other(void **state)
{
    tm_str s = TM_STR("{}[1]\"a\"1 2\ntrue{\"k\":1}null ");
    cuts want = {.count = 0};
    TM_UNUSED(state);
    add(&want, TM_CUT_VALUE, 0, 2);
    add(&want, TM_CUT_VALUE, 2, 5);
    add(&want, TM_CUT_VALUE, 5, 8);
    add(&want, TM_CUT_VALUE, 8, 9);
    add(&want, TM_CUT_VALUE, 10, 11);
    add(&want, TM_CUT_VALUE, 12, 16);
    add(&want, TM_CUT_VALUE, 16, 23);
    add(&want, TM_CUT_VALUE, 23, 27);
    check(s, &want);
}

static void waits_for_the_end_of_what_is_not_closed(void **state)
{
    static const char *const open[] = {"{\"a\":", "[[]", "\"abc", "\"abc\\", "\"\\\"", "12", "  "};
    cuts want = {.count = 0};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(open); i++) check(tm_str_of(open[i]), &want);
}

static void follows_any_depth(void **state)
{
    static char deep[200000];
    tm_json_cutter c = {0};
    size_t begin, eaten;
    TM_UNUSED(state);
    memset(deep, '[', sizeof deep);
    for (int k = 0; k < 30; k++)
        assert_int_equal(tm_json_cutter_feed(&c, deep, sizeof deep, &begin, &eaten), TM_CUT_MORE);
    assert_true(c.depth == 30 * sizeof deep);
    memset(deep, ']', sizeof deep);
    for (int k = 0; k < 29; k++)
        assert_int_equal(tm_json_cutter_feed(&c, deep, sizeof deep, &begin, &eaten), TM_CUT_MORE);
    assert_int_equal(tm_json_cutter_feed(&c, deep, sizeof deep, &begin, &eaten), TM_CUT_VALUE);
    assert_int_equal(eaten, sizeof deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_values_commas_and_the_closing_bracket_in_any_pieces),
        cmocka_unit_test(cuts_values_that_stand_one_behind_the_other),
        cmocka_unit_test(waits_for_the_end_of_what_is_not_closed),
        cmocka_unit_test(follows_any_depth),
    };
    return cmocka_run_group_tests_name("json cut", tests, NULL, NULL);
}
