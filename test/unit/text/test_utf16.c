/* UTF-16 and UTF-32 to UTF-8: every code point in all four encodings, random units against a plain
 * decoder of whole texts, any split into pieces, and the marks that tell encodings apart. */
#include "text/utf8.h"
#include "text_help.h"

static const tm_encoding wide[] = {TM_UTF16LE, TM_UTF16BE, TM_UTF32LE, TM_UTF32BE};

static size_t unit_bytes(tm_encoding e)
{
    return e == TM_UTF16LE || e == TM_UTF16BE ? 2 : 4;
}

static void put_unit(tm_encoding e, uint32_t unit, tm_buf *out)
{
    size_t bytes = unit_bytes(e);
    bool little = e == TM_UTF16LE || e == TM_UTF32LE;
    for (size_t i = 0; i < bytes; i++)
        tm_buf_char(out, (char)(unit >> 8 * (little ? i : bytes - 1 - i)));
}

static void put_point(tm_encoding e, uint32_t c, tm_buf *out)
{
    if (unit_bytes(e) == 4 || c < 0x10000) {
        put_unit(e, c, out);
    } else {
        put_unit(e, 0xD800 + ((c - 0x10000) >> 10), out);
        put_unit(e, 0xDC00 + ((c - 0x10000) & 0x3FF), out);
    }
}

static void put_utf8(uint32_t c, tm_buf *out)
{
    char four[4];
    tm_buf_add(out, four, tm_utf8_put(c, four));
}

/* The whole of it, in pieces of at most `most` bytes; 0: in one. */
static uint64_t transcode(tm_encoding e, tm_str s, size_t most, tm_buf *out)
{
    tm_transcoder t = {.from = e};
    tm_buf_clear(out);
    for (size_t at = 0, n; at < s.n; at += n) {
        n = most ? (size_t)chance(most) + 1 : s.n;
        n = TM_MIN(n, s.n - at);
        bool last = at + n == s.n && chance(2);
        tm_transcode(&t, guarded_copy((tm_str){s.p + at, n}), n, last, out);
        if (last) return t.spoiled;
    }
    tm_transcode(&t, NULL, 0, true, out);
    return t.spoiled;
}

static void turns_every_code_point_into_utf8(void **state)
{
    tm_buf in = {0}, got = {0}, want = {0};
    TM_UNUSED(state);
    for (size_t e = 0; e < TM_COUNT(wide); e++) {
        for (uint32_t from = 0; from <= 0x10FFFF; from += 0x8000) {
            tm_buf_clear(&in);
            tm_buf_clear(&want);
            for (uint32_t c = from; c < from + 0x8000 && c <= 0x10FFFF; c++) {
                if (c >= 0xD800 && c < 0xE000) continue;
                put_point(wide[e], c, &in);
                put_utf8(c, &want);
            }
            for (size_t most = 0; most <= 4099; most = most * 5 + 4099) {
                assert_int_equal(transcode(wide[e], tm_buf_view(&in), most, &got), 0);
                assert_true(tm_str_eq(tm_buf_view(&got), tm_buf_view(&want)));
            }
        }
    }
    tm_buf_release(&in);
    tm_buf_release(&got);
    tm_buf_release(&want);
}

/* A unit without meaning: as UTF-8 wrote any number, bit by bit. */
static void put_spoiled(uint64_t number, tm_buf *out)
{
    unsigned bytes = 3, bits = 16;
    while (number >> bits) bits = ++bytes < 7 ? bits + 5 : 36;
    for (unsigned i = 0; i < bytes; i++) {
        unsigned low = 6 * (bytes - 1 - i);
        uint64_t part = number >> low & 0x3F;
        tm_buf_char(out, (char)(i ? 0x80 | part : (0xFF00u >> bytes & 0xFF) | number >> low));
    }
}

/* Units as numbers; what has no meaning is written and told back. */
static uint64_t naive(tm_encoding e, const uint32_t *unit, size_t count, tm_buf *out)
{
    uint64_t spoiled = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t c = unit[i];
        bool pair = unit_bytes(e) == 2 && c >= 0xD800 && c < 0xDC00 && i + 1 < count &&
                    unit[i + 1] >= 0xDC00 && unit[i + 1] < 0xE000;
        if (pair) c = 0x10000 + ((c - 0xD800) << 10) + (unit[++i] - 0xDC00);
        bool wrong = c > 0x10FFFF || (c >= 0xD800 && c < 0xE000);
        if (wrong) {
            size_t at = out->n;
            tm_wide_unit told;
            put_spoiled(c, out);
            assert_int_equal(tm_wide_unit_at(out->p + at, out->n - at, &told), out->n - at);
            assert_true(told.number == c && !told.cut_bytes);
        } else {
            put_utf8(c, out);
        }
        spoiled += wrong;
    }
    return spoiled;
}

static void spoils_what_has_no_meaning_however_it_is_split(void **state)
{
    static const uint32_t special[] = {
        0,      'a',    0x7F,   0x80,   0xD7FF, 0xD800, 0xDBFF,  0xDC00,   0xDFFF,   0xE000,
        0xFFFD, 0xFFFE, 0xFFFF, 0xFEFF, 0xD83D, 0xDE00, 0x10000, 0x10FFFF, 0x110000, UINT32_MAX};
    tm_buf in = {0}, got = {0}, want = {0};
    TM_UNUSED(state);
    for (int round = 0; round < 40000; round++) {
        tm_encoding e = wide[round % 4];
        size_t count = (size_t)chance(12), half = (size_t)chance(unit_bytes(e));
        uint32_t unit[12];
        tm_buf_clear(&in);
        tm_buf_clear(&want);
        for (size_t i = 0; i < count; i++) {
            unit[i] = special[chance(unit_bytes(e) == 2 ? 16 : TM_COUNT(special))];
            put_unit(e, unit[i], &in);
        }
        uint64_t spoiled = naive(e, unit, count, &want);
        for (size_t i = 0; i < half; i++) tm_buf_char(&in, 'x'); /* cut in the middle of a unit */
        if (half) {
            uint64_t cut = (uint64_t)half << 32;
            for (size_t i = 0; i < half; i++) cut |= (uint64_t)'x' << 8 * i;
            put_spoiled(cut, &want);
            spoiled++;
        }
        for (size_t most = 0; most < 6; most++) {
            assert_int_equal(transcode(e, tm_buf_view(&in), most, &got), spoiled);
            assert_true(tm_str_eq(tm_buf_view(&got), tm_buf_view(&want)));
        }
        tm_buf_clear(&got);
        assert_int_equal(tm_utf8_repair_wide(tm_buf_view(&want), &got), spoiled);
        assert_int_equal(tm_utf8_repair(tm_buf_view(&got), &want), 0);
    }
    tm_buf_release(&in);
    tm_buf_release(&got);
    tm_buf_release(&want);
}

static void only_its_own_bytes_are_units(void **state)
{
    static const char *const none[] = {"a",
                                       "\xC3\xA9",
                                       "\xE2\x82\xAC",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xED\xA0",
                                       "\xED\xA0x",
                                       "\xF4\x8F\xBF\xBF",
                                       "\xFF\x80\x80\x80\x80\x80\x80",
                                       "\xF0\x8D\xA0\x80",
                                       "\xF8\x84\x90\x80",
                                       "\xFF",
                                       "\x80",
                                       "\xFE\x90\x80\x80\x80\x80\x80"};
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(none); i++) {
        tm_wide_unit unit;
        tm_str s = {guarded_copy(tm_str_of(none[i])), strlen(none[i])};
        if (tm_wide_unit_at(s.p, s.n, &unit)) fail_msg("row %zu", i);
    }
}

static void leaves_utf8_alone(void **state)
{
    tm_buf got = {0};
    TM_UNUSED(state);
    assert_int_equal(transcode(TM_UTF8, TM_STR("a\xC3\xA9\xFF"), 2, &got), 0);
    assert_true(tm_str_is(tm_buf_view(&got), "a\xC3\xA9\xFF"));
    tm_buf_release(&got);
}

static void tells_encodings_by_their_marks(void **state)
{
    static const struct {
        tm_str head;
        tm_encoding encoding;
        size_t mark;
    } cases[] = {
        {TM_STR_INIT(""), TM_UTF8, 0},
        {TM_STR_INIT("{\"a\":1}"), TM_UTF8, 0},
        {TM_STR_INIT("\xEF\xBB"), TM_UTF8, 0},
        {TM_STR_INIT("\xEF\xBB\xBF"), TM_UTF8_BOM, 3},
        {TM_STR_INIT("\xEF\xBB\xBF{}"), TM_UTF8_BOM, 3},
        {TM_STR_INIT("\xFF"), TM_UTF8, 0},
        {TM_STR_INIT("\xFF\xFE"), TM_UTF16LE, 2},
        {TM_STR_INIT("\xFF\xFE{\0"), TM_UTF16LE, 2},
        {TM_STR_INIT("\xFF\xFE\0"), TM_UTF16LE, 2},
        {TM_STR_INIT("\xFF\xFE\0\0"), TM_UTF32LE, 4},
        {TM_STR_INIT("\xFE\xFF\0{"), TM_UTF16BE, 2},
        {TM_STR_INIT("\0\0\xFE"), TM_UTF8, 0},
        {TM_STR_INIT("\0\0\xFE\xFF\0\0\0{"), TM_UTF32BE, 4},
    };
    TM_UNUSED(state);
    for (size_t i = 0; i < TM_COUNT(cases); i++) {
        size_t mark = 99;
        tm_str s = cases[i].head;
        assert_int_equal(tm_encoding_of(guarded_copy(s), s.n, &mark), cases[i].encoding);
        assert_int_equal(mark, cases[i].mark);
        assert_true(tm_encoding_name(cases[i].encoding)[0] != 0);
    }
}

static void smells_wide_text_without_a_mark_and_nothing_else(void **state)
{
    static const char json[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello there\"}]}\n";
    tm_buf in = {0};
    TM_UNUSED(state);
    for (size_t e = 0; e < TM_COUNT(wide); e++) {
        tm_buf_clear(&in);
        for (const char *c = json; *c; c++) put_unit(wide[e], (uint8_t)*c, &in);
        for (size_t n = 4; n <= in.n; n++) {
            tm_str s = {guarded_copy((tm_str){in.p, n}), n};
            assert_true(tm_encoding_smells_wide(s.p, s.n));
        }
    }
    for (size_t n = 0; n < sizeof json; n++) assert_false(tm_encoding_smells_wide(json, n));
    char zeros[64] = {0};
    for (size_t n = 0; n <= sizeof zeros; n++) assert_false(tm_encoding_smells_wide(zeros, n));
    tm_buf_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_every_code_point_into_utf8),
        cmocka_unit_test(spoils_what_has_no_meaning_however_it_is_split),
        cmocka_unit_test(only_its_own_bytes_are_units),
        cmocka_unit_test(leaves_utf8_alone),
        cmocka_unit_test(tells_encodings_by_their_marks),
        cmocka_unit_test(smells_wide_text_without_a_mark_and_nothing_else),
    };
    return cmocka_run_group_tests_name("utf16", tests, NULL, NULL);
}
