/* Text to JSON string and back: all 1,112,064 scalar values in every spelling, lone surrogates that
 * come back as the escapes they were, random strings against a plain reading of RFC 8259 section 7,
 * and comparing without unescaping. */
#include "text/utf8.h"
#include "text_help.h"

static uint32_t hex4(const char *p)
{
    char digits[5] = {p[0], p[1], p[2], p[3], 0};
    return (uint32_t)strtoul(digits, NULL, 16);
}

static void put_point(uint32_t c, tm_buf *out)
{
    char four[4];
    tm_buf_add(out, four, tm_utf8_put(c, four));
}

static void naive_unescape(tm_str s, tm_buf *out)
{
    static const char from[] = "bfnrt", means[] = "\b\f\n\r\t";
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] != '\\') {
            tm_buf_char(out, s.p[i++]);
        } else if (s.p[i + 1] != 'u') {
            const char *known = strchr(from, s.p[i + 1]);
            tm_buf_char(out, known ? means[known - from] : s.p[i + 1]);
            i += 2;
        } else {
            uint32_t unit = hex4(s.p + i + 2), low = 0;
            i += 6;
            bool may_pair = unit >= 0xD800 && unit < 0xDC00 && i + 6 <= s.n && s.p[i] == '\\';
            if (may_pair && s.p[i + 1] == 'u') low = hex4(s.p + i + 2);
            if (low >= 0xDC00 && low < 0xE000) {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                i += 6;
            }
            put_point(unit, out);
        }
    }
}

static tm_json json;

/* Scans "inside" as a JSON string; its only node is 0. */
static void scan_inside(tm_str inside, tm_buf *quoted)
{
    tm_buf_clear(quoted);
    tm_buf_char(quoted, '"');
    tm_buf_str(quoted, inside);
    tm_buf_char(quoted, '"');
    json.nodes = 0;
    if (!tm_json_scan(&json, quoted->p, quoted->n, 0, (tm_json_limits){0}))
        fail_msg("refused: %.*s", TM_FMT(inside));
}

/* Whatever may be asked of the inside of a valid string. */
static void check(tm_str inside)
{
    static tm_buf want, got, quoted, again;
    tm_buf_clear(&want);
    tm_buf_clear(&got);
    tm_buf_clear(&again);
    naive_unescape(inside, &want);
    tm_str text = tm_buf_view(&want);
    char *to = guarded(inside.n); /* text is never longer, and nothing is written behind */
    assert_int_equal(tm_json_unescape_to(inside, to), text.n);
    assert_true(!text.n || !memcmp(to, text.p, text.n));
    tm_buf_z(&got, "kept");
    tm_json_unescape(inside, &got);
    assert_true(tm_str_eq((tm_str){got.p + 4, got.n - 4}, text));
    scan_inside(inside, &quoted);
    assert_true(tm_json_text_is(json.node, quoted.p, 0, text));
    if (text.n) {
        assert_false(tm_json_text_is(json.node, quoted.p, 0, (tm_str){text.p, text.n - 1}));
        want.p[want.n - 1] ^= 1;
        assert_false(tm_json_text_is(json.node, quoted.p, 0, text));
        want.p[want.n - 1] ^= 1;
    }
    tm_buf_char(&want, 'x');
    assert_false(tm_json_text_is(json.node, quoted.p, 0, tm_buf_view(&want)));
    want.n--;
    tm_json_escape(text, &again); /* what is escaped again means the same */
    scan_inside(tm_buf_view(&again), &quoted);
    assert_true(tm_json_text_is(json.node, quoted.p, 0, text));
    tm_buf_clear(&got);
    tm_json_unescape(tm_buf_view(&again), &got);
    assert_true(tm_str_eq(tm_buf_view(&got), text));
}

static size_t put_escape(uint32_t unit, bool upper, char *to)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    memcpy(to, "\\u", 2);
    for (unsigned i = 0; i < 4; i++) to[2 + i] = digits[unit >> (12 - 4 * i) & 15];
    return 6;
}

static size_t spell(uint32_t c, bool upper, char *to)
{
    if (c < 0x10000) return put_escape(c, upper, to);
    put_escape(0xD800 + ((c - 0x10000) >> 10), upper, to);
    return 6 + put_escape(0xDC00 + ((c - 0x10000) & 0x3FF), upper, to + 6);
}

static void round_trips_every_scalar_value_in_every_spelling(void **state)
{
    unsigned scalars = 0;
    tm_buf escaped = {0}, back = {0};
    TM_UNUSED(state);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c < 0xE000) continue;
        char four[4], escape[16], to[16];
        tm_str raw = {four, tm_utf8_put(c, four)};
        tm_buf_clear(&escaped);
        tm_buf_clear(&back);
        tm_json_escape(raw, &escaped);
        tm_json_unescape(tm_buf_view(&escaped), &back);
        assert_true(tm_str_eq(tm_buf_view(&back), raw));
        bool must = c < 0x20 || c == '"' || c == '\\';
        assert_true(must ? escaped.p[0] == '\\' : tm_str_eq(tm_buf_view(&escaped), raw));
        for (int upper = 0; upper < 2; upper++) {
            size_t n = spell(c, upper, escape);
            assert_int_equal(tm_json_unescape_to((tm_str){escape, n}, to), raw.n);
            assert_memory_equal(to, four, raw.n);
        }
        scalars++;
    }
    assert_int_equal(scalars, 1112064);
    tm_buf_release(&escaped);
    tm_buf_release(&back);
}

static void writes_only_the_escapes_that_must_be(void **state)
{
    tm_buf out = {0};
    char all[0x20 + 3];
    TM_UNUSED(state);
    for (int c = 0; c < 0x20; c++) all[c] = (char)c;
    memcpy(all + 0x20, "\"\\\x7F", 3);
    tm_json_escape((tm_str){all, sizeof all}, &out);
    assert_true(tm_str_is(tm_buf_view(&out),
                          "\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b"
                          "\\f\\r\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016"
                          "\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"
                          "\\\"\\\\\x7F"));
    tm_buf_clear(&out);
    tm_json_escape(TM_STR("/ plain \xC3\xA9 \xE2\x80\xA8 </script>"), &out);
    assert_true(tm_str_is(tm_buf_view(&out), "/ plain \xC3\xA9 \xE2\x80\xA8 </script>"));
    tm_buf_release(&out);
}

static void carries_every_lone_surrogate_back_as_its_escape(void **state)
{
    tm_buf text = {0}, back = {0};
    TM_UNUSED(state);
    for (uint32_t unit = 0xD800; unit < 0xE000; unit++) {
        char escape[16];
        snprintf(escape, sizeof escape, "\\u%04x", unit);
        tm_buf_clear(&text);
        tm_buf_clear(&back);
        tm_json_unescape(tm_str_of(escape), &text);
        assert_int_equal(text.n, 3);
        tm_json_escape(tm_buf_view(&text), &back);
        assert_true(tm_str_is(tm_buf_view(&back), escape));
        check(tm_str_of(escape));
        assert_true(tm_json_has_lone(escape, 6));
        assert_true(json.node[0].flags & TM_JSON_LONE_SURROGATE);
    }
    tm_buf_release(&text);
    tm_buf_release(&back);
}

static void tells_a_pair_from_two_halves(void **state)
{
    static const struct {
        const char *inside;
        bool lone;
        size_t bytes;
    } cases[] = {
        {"\\ud83d\\ude00", false, 4},
        {"\\uD83D\\uDE00", false, 4},
        {"\\ude00\\ud83d", true, 6},
        {"\\ud83d\\ud83d\\ude00", true, 7},
        {"\\ud83d\\ude00\\ude00", true, 7},
        {"\\ud83d \\ude00", true, 7},
        {"\\ud83d\\n\\ude00", true, 7},
        {"\\ud83d\\\\ude00", true, 9},
        {"\\ud83d\\u0041", true, 4},
        {"\\ud83d", true, 3},
        {"\\\\ud83d", false, 6},
        {"\\\\\\ud83d", true, 4},
        {"\\udbff\\udfff", false, 4},
        {"\\ud800\\udc00", false, 4},
    };
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        char to[64];
        tm_str in = tm_str_of(cases[i].inside);
        check(in);
        assert_int_equal(tm_json_unescape_to(in, to), cases[i].bytes);
        assert_int_equal(tm_json_has_lone(in.p, in.n), cases[i].lone);
    }
}

static void agrees_with_the_definition_on_random_strings(void **state)
{
    static const char *const piece[] = {
        "a",
        "\\n",
        "\\\"",
        "\\\\",
        "\\/",
        "\\b",
        "\\u0000",
        "\\u00e9",
        "\\ud83d",
        "\\uDE00",
        "\\uFFFF",
        "\xC3\xA9",
        "\\t",
        "\xE2\x82\xAC",
        "u0041",
        "\\u005c",
        "\\u0022",
        "word ",
        "\xF0\x9F\x8D\xB2",
        "\\f",
        "\\r",
        "this is a longer plain stretch that fills more than one block of 64 bytes, yes"};
    tm_buf inside = {0};
    TM_UNUSED(state);
    for (int round = 0; round < 40000; round++) {
        tm_buf_clear(&inside);
        for (uint64_t k = chance(chance(4) ? 6 : 60); k; k--)
            tm_buf_z(&inside, piece[chance(chance(2) ? 8 : TM_COUNT(piece))]);
        check(tm_buf_view(&inside));
    }
    tm_buf_release(&inside);
}

/* Text that did not come from JSON: it is not made valid, but it is not lost either. */
static void leaves_other_broken_bytes_as_they_are(void **state)
{
    tm_buf out = {0};
    TM_UNUSED(state);
    tm_json_escape(TM_STR("\xFF\xED\xA0\"\xED\xA0\x80\x80\xED"), &out);
    assert_true(tm_str_is(tm_buf_view(&out), "\xFF\xED\xA0\\\"\\ud800\x80\xED"));
    tm_buf_clear(&out);
    tm_json_escape(TM_STR("\xED\xC3\xA9"), &out);
    assert_true(tm_str_is(tm_buf_view(&out), "\xED\xC3\xA9"));
    tm_buf_release(&out);
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
        cmocka_unit_test(round_trips_every_scalar_value_in_every_spelling),
        cmocka_unit_test(writes_only_the_escapes_that_must_be),
        cmocka_unit_test(carries_every_lone_surrogate_back_as_its_escape),
        cmocka_unit_test(tells_a_pair_from_two_halves),
        cmocka_unit_test(agrees_with_the_definition_on_random_strings),
        cmocka_unit_test(leaves_other_broken_bytes_as_they_are),
    };
    return cmocka_run_group_tests_name("json text", tests, NULL, forget);
}
