/* UTF-8 by hand: the tables of ill-formed sequences of the Unicode Standard, a public list of 222
 * sequences, and what holds for any bytes, against a reading of the definitions as slow as they
 * are: a sequence is well-formed if its bits give a number that could not be written shorter, and
 * a maximal subpart is the longest beginning that anything well-formed begins with. */
#include "text/utf8.h"
#include "text_help.h"

static uint32_t naive_decode(const uint8_t *p, size_t n, bool surrogates)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n == 1) return p[0] < 0x80 ? p[0] : TM_UTF8_BAD;
    uint8_t lead = (uint8_t)(0xF00u >> n);
    if ((p[0] & (0xFFu << (7 - n) & 0xFF)) != lead) return TM_UTF8_BAD;
    uint32_t point = p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] >> 6 != 2) return TM_UTF8_BAD;
        point = point << 6 | (p[i] & 0x3F);
    }
    if (point < least[n] || point > 0x10FFFF) return TM_UTF8_BAD;
    return !surrogates && point >= 0xD800 && point < 0xE000 ? TM_UTF8_BAD : point;
}

/* Bytes of what stands well-formed at p, and its number. */
static size_t naive_sequence(const char *p, size_t n, bool surrogates, uint32_t *point)
{
    for (size_t bytes = 1; bytes <= 4 && bytes <= n; bytes++) {
        *point = naive_decode((const uint8_t *)p, bytes, surrogates);
        if (*point != TM_UTF8_BAD) return bytes;
    }
    return 0;
}

/* The lowest and the highest continuations are enough to try: the ranges have no holes. */
static bool begins_anything(const char *p, size_t n)
{
    for (size_t bytes = n + 1; bytes <= 4; bytes++) {
        for (unsigned filler = 0x80; filler <= 0xBF; filler += 0x3F) {
            uint8_t four[4];
            memcpy(four, p, n);
            memset(four + n, (int)filler, bytes - n);
            if (naive_decode(four, bytes, false) != TM_UTF8_BAD) return true;
        }
    }
    return false;
}

static size_t naive_subpart(const char *p, size_t n)
{
    size_t bytes = 1;
    while (bytes < 3 && bytes < n && begins_anything(p, bytes + 1)) bytes++;
    return bytes;
}

static size_t naive_repair(tm_str s, tm_buf *out)
{
    size_t replaced = 0;
    for (size_t i = 0, bytes; i < s.n; i += bytes) {
        uint32_t point;
        bytes = naive_sequence(s.p + i, s.n - i, false, &point);
        if (bytes) {
            tm_buf_add(out, s.p + i, bytes);
            continue;
        }
        bytes = naive_subpart(s.p + i, s.n - i);
        tm_buf_z(out, "\xEF\xBF\xBD");
        replaced++;
    }
    return replaced;
}

/* s ends at a page that may not be read. */
static void check(tm_str s)
{
    static tm_buf want, got;
    uint32_t point;
    for (size_t i = 0; i < s.n; i++) {
        size_t at = i, bytes = naive_sequence(s.p + i, s.n - i, false, &point);
        assert_int_equal(tm_utf8_sequence(s.p + i, s.n - i), bytes);
        if (!bytes)
            assert_int_equal(tm_utf8_ill_formed(s.p + i, s.n - i), naive_subpart(s.p + i, s.n - i));
        bytes = naive_sequence(s.p + i, s.n - i, true, &point);
        assert_int_equal(tm_utf8_next(s, &at), point);
        assert_int_equal(at - i, bytes ? bytes : 1);
    }
    for (size_t end = 1; end <= s.n; end++) {
        size_t want_at = end - 1;
        for (size_t back = 1; back <= 4 && back <= end; back++)
            if (naive_sequence(s.p + end - back, back, true, &point) == back) want_at = end - back;
        assert_int_equal(tm_utf8_back(s, end), want_at);
    }
    assert_int_equal(tm_utf8_back(s, 0), 0);
    tm_buf_clear(&want);
    tm_buf_clear(&got);
    assert_int_equal(tm_utf8_repair(s, &got), naive_repair(s, &want));
    assert_true(tm_str_eq(tm_buf_view(&got), tm_buf_view(&want)));
    assert_int_equal(tm_kernel_scalar.utf8_valid(got.p, got.n), got.n);
}

static void check_guarded(const void *p, size_t n)
{
    check((tm_str){guarded_copy((tm_str){p, n}), n});
}

typedef struct repair_case {
    const char *bytes, *repaired; /* ? stands for U+FFFD */
    size_t replaced;
} repair_case;

/* Unicode 15.0, section 3.9: tables 3-8 to 3-11, and the text beside D93b. */
static void repairs_the_tables_of_the_standard_as_they_say(void **state)
{
    static const repair_case cases[] = {
        {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", "????????A", 8},
        {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", "????????A", 8},
        {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", "?????A??B", 7},
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "????A", 4},
        {"\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", "a???b?c??d", 6},
        {"", "", 0},
        {"plain", "plain", 0},
        {"\xF0\x9F\x8D\xB2", "\xF0\x9F\x8D\xB2", 0},
        {"\xF0\x9F\x8D", "?", 1},
        {"\xE2\x82", "?", 1},
        {"\xFE\xFE\xFF\xFF", "????", 4},
    };
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        tm_buf want = {0}, got = {0};
        for (const char *c = cases[i].repaired; *c; c++)
            tm_buf_add(&want, *c == '?' ? "\xEF\xBF\xBD" : c, *c == '?' ? 3 : 1);
        tm_str s = tm_str_of(cases[i].bytes);
        assert_int_equal(tm_utf8_repair(s, &got), cases[i].replaced);
        assert_true(tm_str_eq(tm_buf_view(&got), tm_buf_view(&want)));
        check_guarded(s.p, s.n);
        tm_buf_release(&want);
        tm_buf_release(&got);
    }
}

static size_t field_bytes(tm_str *line, char *to, bool hex)
{
    tm_str field, tail;
    tm_str_cut(*line, ':', &field, &tail);
    *line = tail;
    if (tm_str_is(field, "nothing")) return 0;
    if (hex) return hex_bytes(field.p, field.n, to);
    if (field.n) memcpy(to, field.p, field.n);
    return field.n;
}

static void check_line(tm_str line, unsigned *valid, unsigned *invalid)
{
    char bytes[512], skip_bytes[512], repaired[512];
    tm_str number, kind;
    tm_buf got = {0};
    tm_str_cut(line, ':', &number, &line);
    tm_str_cut(line, ':', &kind, &line);
    kind = tm_str_trim(kind);
    bool good = !tm_str_starts(kind, TM_STR("invalid"));
    size_t n = field_bytes(&line, bytes, !tm_str_is(kind, "valid"));
    for (size_t k = 0; k < kernel_count(); k++)
        assert_true((kernel_at(k)->utf8_valid(bytes, n) == n) == good);
    assert_true((tm_utf8_repair((tm_str){bytes, n}, &got) == 0) == good);
    check_guarded(bytes, n);
    if (!good) {
        field_bytes(&line, skip_bytes, true);
        size_t want = field_bytes(&line, repaired, true);
        if (!tm_str_eq(tm_buf_view(&got), (tm_str){repaired, want}))
            fail_msg("%.*s is repaired to something else", TM_FMT(number));
    }
    *(good ? valid : invalid) += 1;
    tm_buf_release(&got);
}

static void judges_and_repairs_a_public_list_as_it_says(void **state)
{
    char line[4096];
    unsigned valid = 0, invalid = 0;
    gzFile file = torture("utf8tests.txt");
    TM_UNUSED(state);
    while (gzgets(file, line, sizeof line)) {
        tm_str s = tm_str_trim(tm_str_of(line));
        if (s.n && s.p[0] != '#') check_line(s, &valid, &invalid);
    }
    gzclose(file);
    assert_int_equal(valid, 77);
    assert_int_equal(invalid, 145);
}

static void round_trips_every_code_point_and_surrogate(void **state)
{
    unsigned scalars = 0;
    TM_UNUSED(state);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char four[4];
        size_t n = tm_utf8_put(c, four), at = 0;
        tm_str s = {guarded_copy((tm_str){four, n}), n};
        bool surrogate = c >= 0xD800 && c < 0xE000;
        assert_int_equal(tm_utf8_next(s, &at), c);
        assert_int_equal(at, n);
        assert_int_equal(tm_utf8_back(s, n), 0);
        assert_int_equal(tm_utf8_sequence(s.p, n), surrogate ? 0 : n);
        scalars += !surrogate;
    }
    assert_int_equal(scalars, 1112064);
}

static void agrees_with_the_definition_on_every_border_sequence(void **state)
{
    static const uint8_t border[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                     0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEE, 0xEF,
                                     0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    const size_t all = TM_COUNT(border);
    TM_UNUSED(state);
    for (size_t number = 0; number < all * all * all; number++) {
        uint8_t five[5] = {border[number % all], border[number / all % all],
                           border[number / all / all], border[chance(all)], border[chance(all)]};
        check_guarded(five, 3 + number % 3);
        if (number < all * all) check_guarded(five, 2);
        if (number < all) check_guarded(five, 1);
    }
}

static void agrees_with_the_definition_on_random_bytes(void **state)
{
    static const char *const piece[] = {
        "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x8D\xB2", "\xED\xA0\x80", "\xED\xBF\xBF"};
    TM_UNUSED(state);
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t n = 0, most = (size_t)chance(40);
        while (n < most) {
            const char *p = piece[chance(TM_COUNT(piece))];
            memcpy(text + n, p, strlen(p));
            n += strlen(p);
        }
        for (uint64_t k = chance(4); k && n; k--) text[chance(n)] = (char)chance(256);
        check_guarded(text, n);
    }
}

static void walks_back_the_way_it_came(void **state)
{
    TM_UNUSED(state);
    for (int round = 0; round < 2000; round++) {
        char text[512];
        size_t begin[100], count = 1 + (size_t)chance(99), n = 0, at = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t c = (uint32_t)chance((uint64_t)1 << (1 + chance(21)));
            begin[i] = n;
            n += tm_utf8_put(TM_MIN(c, (uint32_t)0x10FFFF), text + n);
        }
        tm_str s = {text, n};
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(at, begin[i]);
            assert_int_not_equal(tm_utf8_next(s, &at), TM_UTF8_BAD);
        }
        for (size_t i = count; i--;) assert_int_equal(at = tm_utf8_back(s, at), begin[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repairs_the_tables_of_the_standard_as_they_say),
        cmocka_unit_test(judges_and_repairs_a_public_list_as_it_says),
        cmocka_unit_test(round_trips_every_code_point_and_surrogate),
        cmocka_unit_test(agrees_with_the_definition_on_every_border_sequence),
        cmocka_unit_test(agrees_with_the_definition_on_random_bytes),
        cmocka_unit_test(walks_back_the_way_it_came),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
