/* The fast JSON scanners against the definition, and the definition against a naive one: every
 * sequence of a few tokens, random documents at every length and alignment, and mutations of them.
 * Text always ends at a page that may not be read. */
#include "text_help.h"

/* Straight from the grammar of RFC 8259, for ASCII: the end of a value, or NULL. */
static const char *naive_value(const char *p, const char *end, int depth);

static const char *naive_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

static const char *naive_string(const char *p, const char *end)
{
    if (p >= end || *p++ != '"') return NULL;
    while (p < end && *p != '"') {
        if ((unsigned char)*p < 0x20) return NULL;
        if (*p++ != '\\') continue;
        if (p >= end) return NULL;
        char c = *p++;
        if (!c || !strchr("\"\\/bfnrtu", c)) return NULL;
        for (int i = 0; c == 'u' && i < 4; i++, p++)
            if (p >= end || !*p || !strchr("0123456789abcdefABCDEF", *p)) return NULL;
    }
    return p < end ? p + 1 : NULL;
}

static const char *naive_digits(const char *p, const char *end)
{
    const char *from = p;
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p > from ? p : NULL;
}

static const char *naive_number(const char *p, const char *end)
{
    if (p < end && *p == '-') p++;
    if (p < end && *p == '0')
        p++;
    else if (!(p = naive_digits(p, end)))
        return NULL;
    if (p < end && *p == '.' && !(p = naive_digits(p + 1, end))) return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = naive_digits(p, end);
    }
    return p;
}

static const char *naive_container(const char *p, const char *end, int depth)
{
    bool object = *p == '{';
    char close = object ? '}' : ']';
    p = naive_space(p + 1, end);
    if (p < end && *p == close) return p + 1;
    for (;;) {
        if (object) {
            p = naive_string(naive_space(p, end), end);
            if (!p) return NULL;
            p = naive_space(p, end);
            if (p >= end || *p++ != ':') return NULL;
        }
        p = naive_value(p, end, depth + 1);
        if (!p) return NULL;
        p = naive_space(p, end);
        if (p >= end) return NULL;
        if (*p == close) return p + 1;
        if (*p++ != ',') return NULL;
    }
}

static const char *naive_value(const char *p, const char *end, int depth)
{
    p = naive_space(p, end);
    if (p >= end || depth > 1024) return NULL;
    if (*p == '"') return naive_string(p, end);
    if (*p == '{' || *p == '[') return naive_container(p, end, depth);
    if (end - p >= 4 && !memcmp(p, "null", 4)) return p + 4;
    if (end - p >= 4 && !memcmp(p, "true", 4)) return p + 4;
    if (end - p >= 5 && !memcmp(p, "false", 5)) return p + 5;
    return naive_number(p, end);
}

static bool naive(tm_str s)
{
    const char *end = s.p + s.n, *p = naive_value(s.p, end, 0);
    return p && naive_space(p, end) == end;
}

static tm_json json;

static void check(tm_str s)
{
    bool ok = scan_all_kernels(&json, s, (tm_json_limits){0});
    if (ok != naive(s)) fail_msg("scanner says %d: %.*s", ok, TM_FMT(s));
}

static void agree_on_every_short_sequence_of_tokens(void **state)
{
    static const char *const token[] = {"{",     "}",  "[",  "]",  ":", ",",
                                        "\"a\"", "-1", "\"", "\\", " "};
    char text[64];
    TM_UNUSED(state);
    unsigned most = getenv("TAMIS_FULL") ? 7 : 5;
    for (unsigned length = 0; length <= most; length++) {
        uint64_t all = 1;
        for (unsigned i = 0; i < length; i++) all *= TM_COUNT(token);
        for (uint64_t number = 0; number < all; number++) {
            size_t n = 0;
            uint64_t rest = number;
            for (unsigned i = 0; i < length; i++, rest /= TM_COUNT(token)) {
                const char *t = token[rest % TM_COUNT(token)];
                memcpy(text + n, t, strlen(t));
                n += strlen(t);
            }
            check((tm_str){text, n});
        }
    }
}

static void agree_on_every_short_string_inside_an_array(void **state)
{
    static const char byte[] = "\"\\un0dD8aE\n";
    char text[80];
    TM_UNUSED(state);
    for (size_t pad = 0; pad < 70; pad += pad < 50 ? 50 : 1) {
        for (uint32_t number = 0; number < 11 * 11 * 11 * 11; number++) {
            size_t n = 0;
            uint32_t rest = number;
            text[n++] = '[';
            text[n++] = '"';
            memset(text + n, 'x', pad);
            n += pad;
            for (int i = 0; i < 4; i++, rest /= 11) text[n++] = byte[rest % 11];
            text[n++] = '"';
            text[n++] = ']';
            check((tm_str){text, n});
        }
    }
}

/* A random value; most of the time a valid one. */
static void put(tm_buf *b, const char *s)
{
    tm_buf_z(b, s);
}

static void put_space(tm_buf *b)
{
    static const char *const space[] = {" ", "  ", "\n    ", "\t", "\r\n"};
    if (chance(6) == 0) put(b, space[chance(TM_COUNT(space))]);
}

static void put_string(tm_buf *b)
{
    static const char *const piece[] = {
        "a",
        "word ",
        "\\n",
        "\\\"",
        "\\\\",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\\\\\\\\\\\",
        "\xC3\xA9",
        "\xE7\xAF\xA9",
        "\xF0\x9F\x8D\xB2",
        "{}[]:,",
        "/",
        "\\/",
        "\\uDC00",
        "\x7F",
        "longer words go here and fill a block of bytes, don't they? "};
    put(b, "\"");
    bool ascii = chance(3);
    for (uint64_t i = chance(chance(8) ? 4 : 40); i; i--) {
        const char *s = piece[chance(TM_COUNT(piece))];
        if (!ascii || !(*s & 0x80)) put(b, s);
    }
    put(b, "\"");
}

static void put_value(tm_buf *b, int depth)
{
    static const char *const word[] = {"null",
                                       "true",
                                       "false",
                                       "0",
                                       "-0",
                                       "12",
                                       "-7",
                                       "1.5e3",
                                       "0.001",
                                       "1E-9",
                                       "123456789012345678901"};
    uint64_t kind = chance(depth > 5 ? 2 : 4);
    put_space(b);
    if (kind == 0) put(b, word[chance(TM_COUNT(word))]);
    if (kind == 1) put_string(b);
    if (kind >= 2) {
        put(b, kind == 2 ? "[" : "{");
        for (uint64_t i = 0, n = chance(chance(20) ? 5 : 60); i < n; i++) {
            if (i) put(b, ",");
            put_space(b);
            if (kind == 3) {
                put_string(b);
                put_space(b);
                put(b, ":");
            }
            put_value(b, depth + 1);
        }
        put_space(b);
        put(b, kind == 2 ? "]" : "}");
    }
    put_space(b);
}

static void mutate(tm_buf *b)
{
    static const char byte[] = "\"\\{}[]:,u0-.eE tnf\n\x01\x80\xC3\xE2\xED\xF0\xFF\xA0\xFB";
    size_t at = (size_t)chance(b->n);
    switch (chance(4)) {
    case 0: b->p[at] = byte[chance(sizeof byte)]; break; /* NUL too */
    case 1: b->n = at; break;
    case 2:
        memmove(b->p + at, b->p + at + 1, b->n - at - 1);
        b->n--;
        break;
    default: {
        char c = b->p[at];
        b->p[at] = b->p[b->n - 1];
        b->p[b->n - 1] = c;
    }
    }
}

static void agree_on_random_documents_and_mutations_of_them(void **state)
{
    tm_buf b = {0};
    uint64_t rounds = getenv("TAMIS_FULL") ? 300000 : 12000;
    unsigned valid = 0;
    TM_UNUSED(state);
    for (uint64_t i = 0; i < rounds; i++) {
        tm_buf_clear(&b);
        put_value(&b, 0);
        if (b.n > GUARDED_MOST) continue;
        assert_true(scan_all_kernels(&json, tm_buf_view(&b), (tm_json_limits){0}));
        for (uint64_t k = 1 + chance(3); k && b.n; k--) {
            mutate(&b);
            valid += scan_all_kernels(&json, tm_buf_view(&b), (tm_json_limits){0});
        }
    }
    assert_true(valid > rounds / 100);
    tm_buf_release(&b);
}

static void agree_at_every_length_and_alignment(void **state)
{
    static const char text[] =
        "[\"ab\\\\\\\"c\\u0041\\n\",{\"k\":-1.5e+3,\"\xC3\xA9\":[]},true,null,"
        "\"0123456789012345678901234567890123456789012345678901234567\","
        "[[[{}]]],\"\\ud83d\\ude00\\ud83d\",false,10,\"x\"]       ";
    char moved[sizeof text + 64];
    TM_UNUSED(state);
    for (size_t shift = 0; shift < 64; shift++) {
        memset(moved, ' ', sizeof moved);
        memcpy(moved + shift, text, sizeof text - 1);
        for (size_t n = 0; n < shift + sizeof text; n++)
            scan_all_kernels(&json, (tm_str){moved, n}, (tm_json_limits){0});
    }
}

/* Pieces of 4 KiB: whatever stands at their edges. */
static void agree_where_pieces_meet(void **state)
{
    static const char *const part[] = {"[[[[[[[[[[[]]]]]]]]]]]",
                                       "{\"k\":{\"l\":[1,2]}}",
                                       "\"\\\\\\\\\\\"\"",
                                       "\"\\ud83d\\ude00\"",
                                       "-12.5e3",
                                       "false"};
    tm_buf b = {0};
    TM_UNUSED(state);
    for (size_t shift = 4030; shift < 4110; shift++) {
        for (size_t k = 0; k < TM_COUNT(part); k++) {
            tm_buf_clear(&b);
            put(&b, "[\"");
            while (b.n < shift) tm_buf_char(&b, 'x');
            put(&b, "\",");
            put(&b, part[k]);
            put(&b, ",1");
            while (b.n < shift + 4090) put(&b, ",[]");
            put(&b, ",");
            put(&b, part[k]);
            put(&b, "]");
            check(tm_buf_view(&b));
            b.p[b.n - 2] = ']';
            check(tm_buf_view(&b));
        }
    }
    tm_buf_release(&b);
}

/* Long strings have a faster way of their own: trouble at every place of one must be found. */
static void find_trouble_anywhere_in_a_long_string(void **state)
{
    static const char *const bad[] = {"\x01",   "\\x",  "\\u12G4", "\xC3(",   "\"",
                                      "\\\"\"", "\x80", "\\\\\\",  "\\uD800", "\\\\"};
    char text[1200];
    TM_UNUSED(state);
    for (size_t k = 0; k < TM_COUNT(bad); k++) {
        for (size_t at = 2; at < 1100; at++) {
            memset(text, 'x', sizeof text);
            for (size_t i = 60; i < 1000; i += 77) memcpy(text + i, "\\n", 2);
            memcpy(text, "[\"", 2);
            memcpy(text + at, bad[k], strlen(bad[k]));
            memcpy(text + sizeof text - 2, "\"]", 2);
            scan_all_kernels(&json, (tm_str){text, sizeof text}, (tm_json_limits){0});
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
        cmocka_unit_test(agree_on_every_short_sequence_of_tokens),
        cmocka_unit_test(agree_on_every_short_string_inside_an_array),
        cmocka_unit_test(agree_on_random_documents_and_mutations_of_them),
        cmocka_unit_test(agree_at_every_length_and_alignment),
        cmocka_unit_test(agree_where_pieces_meet),
        cmocka_unit_test(find_trouble_anywhere_in_a_long_string),
    };
    return cmocka_run_group_tests_name("json kernels", tests, NULL, forget);
}
