/* Conformance modes against what the packages themselves gave, kept as digests (datasketch 2.0.0,
 * datatrove 0.10.1 with spaCy 3.8, text-dedup 0.4.0); test/oracle/test_conform.py asks them again
 * over many more texts, where they are installed. Then the numbers of numpy's generator, the words
 * of each tool, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "op/conform/conform.h"
#include "op/conform/conform_random.h"

static const char *const TEXTS[] = {
    "",
    "Yes.",
    "one two three four",
    "They don't know what they're doing; we can't, and it'd cost 1,250.50 EUR for 12 km.",
    "Ο Σίσυφος ΑΝΕΒΑΙΝΕΙ ΤΟΝ ΛΟΦΟΣ → 5€ ‘so’ naïve Straße, İstanbul: مرحبا يا صديقي العزيز 中文 字 "
    "① ½ "
    "x²",
};

static const struct {
    tm_conform_tool tool;
    uint8_t hash;
    uint32_t ngram;
    const char *digest; /* XXH3-128 of all counts, values and keys, as conform_feed writes them */
} KNOWN[] = {
    {TM_CONFORM_DATASKETCH, TM_CONFORM_HASH_OWN, 5, "d38aaef987a3438ee4c50dae69554ba1"},
    {TM_CONFORM_DATASKETCH, TM_CONFORM_HASH_OWN, 2, "866953e4bb7788c06b3a1536ace26282"},
    {TM_CONFORM_DATASKETCH_64, TM_CONFORM_HASH_OWN, 5, "e564316e6a56433165458f547500ec9e"},
    {TM_CONFORM_DATASKETCH_64, TM_CONFORM_HASH_OWN, 2, "01cd8970b182642ac5c6f0a5d875bdc0"},
    {TM_CONFORM_DATASKETCH_LEGACY, TM_CONFORM_HASH_OWN, 5, "15ce52accc261d4e1f4487f84f945dbe"},
    {TM_CONFORM_DATASKETCH_LEGACY, TM_CONFORM_HASH_OWN, 2, "7d50f8c348c3f5f5f17b16451ea845ad"},
    {TM_CONFORM_DATATROVE, TM_CONFORM_HASH_OWN, 5, "e2663c6e374226f9a5353b2ae54a9ea8"},
    {TM_CONFORM_DATATROVE, TM_CONFORM_HASH_OWN, 2, "3fd40b72d6de2b3ba671092ca0aeba83"},
    {TM_CONFORM_DATATROVE_32, TM_CONFORM_HASH_OWN, 5, "2be320752582fb4d9ef66539d69b8517"},
    {TM_CONFORM_DATATROVE_32, TM_CONFORM_HASH_OWN, 2, "fc3edb289363cd2cca7961d5e11a0c45"},
    {TM_CONFORM_TEXT_DEDUP, TM_CONFORM_HASH_OWN, 5, "e800d614e1d554bbe930c429766a69f3"},
    {TM_CONFORM_TEXT_DEDUP, TM_CONFORM_HASH_OWN, 2, "fe46f0b12e6bf64d9d652511ec907f17"},
    {TM_CONFORM_TEXT_DEDUP_32, TM_CONFORM_HASH_OWN, 5, "1b7f2801ac014102227ab09b664dbd1f"},
    {TM_CONFORM_TEXT_DEDUP_32, TM_CONFORM_HASH_OWN, 2, "14d5a7d74b63b6fab401dcd333558562"},
    {TM_CONFORM_DATATROVE, TM_CONFORM_SHA1, 5, "fc8ddaf549d34b287f1ae111100acf1d"},
    {TM_CONFORM_DATATROVE, TM_CONFORM_SHA1, 2, "09359c29f4a82eb428ad4f205d0dbfa3"},
    {TM_CONFORM_DATATROVE_32, TM_CONFORM_SHA1, 5, "cca3f2fdb39021fb37746c9d40baa671"},
    {TM_CONFORM_DATATROVE_32, TM_CONFORM_SHA1, 2, "192bba84e6f9c9ed0f235d2967ac84cf"},
    {TM_CONFORM_TEXT_DEDUP, TM_CONFORM_XXH, 5, "e69e3f882a8db8003b0998c5ac852d7d"},
    {TM_CONFORM_TEXT_DEDUP, TM_CONFORM_XXH, 2, "f9331cb19c8184b621a149e79777630f"},
    {TM_CONFORM_TEXT_DEDUP_32, TM_CONFORM_XXH, 5, "e30bceb5d1074210feff42c79f8d753c"},
    {TM_CONFORM_TEXT_DEDUP_32, TM_CONFORM_XXH, 2, "2060fbce9f891fe82c6d79d64c84af39"},
    {TM_CONFORM_TEXT_DEDUP_SPARK, TM_CONFORM_HASH_OWN, 5, "4e0dae9d7339e3a2a2c776d2c77445f1"},
    {TM_CONFORM_TEXT_DEDUP_SPARK, TM_CONFORM_HASH_OWN, 2, "2204fffef80cc9ef6d7efdaf5f28b8c1"},
};

static void put_number(uint64_t x, unsigned bytes, tm_buf *out)
{
    for (unsigned i = 0; i < bytes; i++) tm_buf_char(out, (char)(x >> 8 * i & 255));
}

static void add_signature(const tm_conform *m, tm_conform_scratch *own, tm_str text, tm_buf *out)
{
    uint64_t signature[256];
    char key[8 * 32];
    size_t count;
    tm_err err;
    assert_int_equal(tm_conform_signature(m, own, text, signature, &count, &err), TM_OK);
    put_number(count, 4, out);
    for (size_t i = 0; i < count; i++) put_number(signature[i], 8, out);
    for (uint32_t band = 0; count && band < m->rules.bands; band++) {
        size_t n = tm_conform_band(m, signature, band, key);
        put_number(n, 4, out);
        tm_buf_add(out, key, n);
    }
}

static void add_long_text(tm_buf *text)
{
    for (unsigned i = 0; i < 300; i++)
        tm_buf_print(text, "w%u%s", i * 7919 % 97, i % 11 == 10 ? ".\n" : " ");
}

static void signatures_are_those_of_the_packages(void **state)
{
    tm_buf text = {0}, out = {0};
    tm_conform_scratch own = {0};
    TM_UNUSED(state);
    add_long_text(&text);
    for (size_t k = 0; k < TM_COUNT(KNOWN); k++) {
        tm_arena mem = {0};
        const tm_conform *m;
        tm_err err;
        char hex[33];
        tm_conform_rules r = tm_conform_defaults(KNOWN[k].tool);
        r.hash = KNOWN[k].hash, r.ngram = KNOWN[k].ngram;
        assert_int_equal(tm_conform_make(&mem, &r, &m, &err), TM_OK);
        tm_buf_clear(&out);
        for (size_t i = 0; i < TM_COUNT(TEXTS); i++)
            add_signature(m, &own, tm_str_of(TEXTS[i]), &out);
        add_signature(m, &own, tm_buf_view(&text), &out);
        tm_hash_hex(tm_hash128(out.p, out.n), hex);
        assert_string_equal(hex, KNOWN[k].digest);
        tm_arena_release(&mem);
    }
    tm_conform_scratch_release(&own);
    tm_buf_release(&text);
    tm_buf_release(&out);
}

/* RandomState(42): the first of randint(0, 2**32, dtype=uint32) and so on. */
static void numbers_are_numpys(void **state)
{
    static tm_numpy_random r;
    TM_UNUSED(state);
    tm_numpy_seed(&r, 42);
    assert_int_equal(tm_numpy_u32(&r, 0, UINT32_MAX), 1608637542u);
    assert_int_equal(tm_numpy_u32(&r, 1, 1000), 436u);
    assert_true(tm_numpy_u64(&r, 1, ((uint64_t)1 << 61) - 2) == 1396682528897996047u);
    for (int i = 0; i < 2000; i++) tm_numpy_u32(&r, 0, UINT32_MAX);
    assert_true(tm_numpy_u64(&r, 0, UINT64_MAX) == 16103008422431424850u);
}

static void assert_words(void (*cut)(tm_str, tm_conform_words *), const char *text,
                         const char *expected)
{
    tm_conform_words w = {0};
    tm_err err;
    tm_buf said = {0};
    tm_conform_words_begin(&w);
    cut(tm_str_of(text), &w);
    assert_int_equal(tm_conform_words_ok(&w, &err), TM_OK);
    for (uint32_t i = 0; i < w.count; i++) {
        tm_buf_char(&said, '|');
        tm_buf_str(&said, tm_conform_gram(&w, i, 1));
    }
    tm_buf_char(&said, 0);
    assert_string_equal(said.p, expected);
    tm_buf_release(&said);
    tm_conform_words_release(&w);
}

static void english(tm_str text, tm_conform_words *w)
{
    tm_words_datatrove(text, true, w);
}
static void any_language(tm_str text, tm_conform_words *w)
{
    tm_words_datatrove(text, false, w);
}

static void words_are_cut_as_each_tool_cuts_them(void **state)
{
    TM_UNUSED(state);
    assert_words(tm_words_found, "Don't  ΣΟΣ_1, x\xCC\x81y!", "|don|t|σος_1|x|y");
    assert_words(tm_words_found, " - ", "");
    assert_words(tm_words_split, "Don't  go.", "|don|t||go|");
    assert_words(tm_words_split, "", "|");
    assert_words(english, "Don't dont CANNOT 1,234.50km! I'MA ‘s it‘s",
                 "|don|t|do|nt|can|not|0|0|km|i|ma|‘s|it‘s");
    assert_words(english, "a©b ©dont© 5€ €5 a€ ٣٤٫٥ ÉCOLE", "|a|©|b|©|do|nt|©|0|€|€|0|a€|0|ecole");
    assert_words(any_language, "dont 7kg ‘s", "|dont|0|kg|‘|s");
    assert_words(english, " ... \xCC\x81 ", "");
}

static void what_does_not_fit_is_refused(void **state)
{
    tm_arena mem = {0};
    const tm_conform *m;
    tm_err err;
    TM_UNUSED(state);
    tm_conform_rules r = tm_conform_defaults(TM_CONFORM_DATASKETCH);
    r.bands = 6;
    assert_int_equal(tm_conform_make(&mem, &r, &m, &err), TM_ERECIPE);
    r.hashes = 0;
    assert_int_equal(tm_conform_make(&mem, &r, &m, &err), TM_OK);
    assert_int_equal(m->rules.hashes, 150);
    r.bands = r.rows = 65536;
    assert_int_equal(tm_conform_make(&mem, &r, &m, &err), TM_ERECIPE);
    r = tm_conform_defaults(TM_CONFORM_DATASKETCH);
    r.hash = TM_CONFORM_XXH;
    assert_int_equal(tm_conform_make(&mem, &r, &m, &err), TM_ERECIPE);
    tm_arena_release(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_the_packages),
        cmocka_unit_test(numbers_are_numpys),
        cmocka_unit_test(words_are_cut_as_each_tool_cuts_them),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
