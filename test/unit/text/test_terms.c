/* Terms: where they lie, how they are joined, that every kernel gives the same, and that n-grams
 * are what their definition says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/kernel.h"
#include "text/terms.h"
#include "text/words.h"

static void assert_terms(const char *text, const char *want)
{
    tm_buf out = {0};
    tm_text_terms(tm_str_of(text), &out);
    assert_false(out.failed);
    assert_int_equal(out.n, strlen(want));
    assert_memory_equal(out.p ? out.p : "", want, out.n);
    tm_buf_release(&out);
}

static void test_terms_are_words_without_what_separates(void **state)
{
    (void)state;
    assert_terms("", "");
    assert_terms(" .,;", "");
    assert_terms("The  cat's", "the cat s");
    assert_terms("  snake_case 3.14!", "snake_case 3 14");
    assert_terms("don\xE2\x80\x99t \xC3\x89t\xC3\xA9", "don t \xC3\xA9t\xC3\xA9");
    assert_terms("STRASSE Stra\xC3\x9F"
                 "e",
                 "strasse strasse");
    assert_terms("\xE5\xA4\xA9\xE6\xB0\x97\xE3\x80\x82"
                 "abc",
                 "\xE5\xA4\xA9\xE6\xB0\x97 abc");
    assert_terms("e\xCC\x81", "e\xCC\x81"); /* a mark belongs to its word */
}

static uint64_t chance_state = 5;
static uint64_t chance(uint64_t below)
{
    chance_state = tm_mix64(chance_state + 0x9E3779B97F4A7C15u);
    return chance_state % below;
}

/* Text of ASCII, wide letters and wide separators, in stretches of any length. */
static size_t random_text(char *to, size_t most)
{
    static const char *const PIECES[] = {"a",
                                         "Zebra",
                                         " ",
                                         "  ",
                                         ". ",
                                         "_9",
                                         "\n",
                                         "\t",
                                         "-",
                                         "supercalifragilistic",
                                         "\xC3\x89",
                                         "\xE2\x80\x99",
                                         "\xE5\xA4\xA9",
                                         "\xD0\x96"};
    size_t n = 0, want = chance(most - 32), plain = chance(3) ? 10 : TM_COUNT(PIECES);
    while (n < want) {
        const char *piece = PIECES[chance(plain)];
        memcpy(to + n, piece, strlen(piece));
        n += strlen(piece);
    }
    return n;
}

static void test_joined_terms_are_those_of_the_definition(void **state)
{
    char text[600];
    (void)state;
    for (int round = 0; round < 3000; round++) {
        tm_buf joined = {0}, slow = {0};
        tm_str s = {text, random_text(text, sizeof text)}, term;
        tm_text_terms(s, &joined);
        for (size_t at = 0; tm_text_next_term(s, &at, &term);) {
            if (slow.n) tm_buf_char(&slow, ' ');
            tm_text_fold(term, &slow);
        }
        assert_int_equal(joined.n, slow.n);
        if (slow.n) assert_memory_equal(joined.p, slow.p, slow.n);
        tm_buf_release(&joined);
        tm_buf_release(&slow);
    }
}

static void test_every_kernel_gives_the_same(void **state)
{
    static const char *const NAMES[] = {"avx2", "avx512"};
    (void)state;
    for (int round = 0; round < 4000; round++) {
        char text[400], a[400], b[400];
        uint64_t x[400], y[400];
        size_t n = random_text(text, sizeof text);
        char *copy = malloc(n + 1); /* exactly as long: reading behind it is seen by ASan */
        memcpy(copy, text, n);
        for (size_t k = 0; k < TM_COUNT(NAMES); k++) {
            const tm_kernel *fast = tm_kernel_named(NAMES[k]);
            if (!fast) continue;
            bool in_a = round & 1, in_b = round & 1;
            size_t wrote_a = 0, wrote_b = 0;
            size_t eaten = tm_kernel_scalar.terms(copy, n, a, &in_a, &wrote_a);
            assert_int_equal(fast->terms(copy, n, b, &in_b, &wrote_b), eaten);
            assert_int_equal(wrote_a, wrote_b);
            assert_int_equal(in_a, in_b);
            if (wrote_a) assert_memory_equal(a, b, wrote_a);
            size_t terms = tm_kernel_scalar.term_hashes(a, wrote_a, x);
            assert_int_equal(fast->term_hashes(a, wrote_a, y), terms);
            assert_memory_equal(x, y, terms * sizeof *x);
        }
        free(copy);
    }
}

static void test_an_ngram_is_its_terms_in_order(void **state)
{
    uint64_t hash[40], all[40], one[40];
    (void)state;
    for (unsigned n = 1; n <= 13; n++) {
        for (size_t i = 0; i < 40; i++) hash[i] = tm_mix64(i * 7 + n);
        hash[20] = hash[3];
        assert_int_equal(tm_ngram_hashes(hash, 40, n, all), 40 - n + 1);
        for (size_t i = 0; i + n <= 40; i++) {
            assert_int_equal(tm_ngram_hashes(hash + i, n, n, one), 1);
            assert_true(one[0] == all[i]);
        }
        assert_int_equal(tm_ngram_hashes(hash, n - 1, n, one), 0);
        uint64_t swapped[2] = {hash[1], hash[0]}, pair, other;
        tm_ngram_hashes(hash, 2, 2, &pair);
        tm_ngram_hashes(swapped, 2, 2, &other);
        assert_true(pair != other);
    }
}

static void test_terms_of_any_length_hash_by_their_bytes_alone(void **state)
{
    char text[80];
    uint64_t seen[40], hash;
    (void)state;
    for (size_t n = 1; n <= 40; n++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(tm_term_hashes((tm_str){text, n}, &seen[n - 1]), 1);
        text[n] = ' ';
        uint64_t both[2];
        assert_int_equal(tm_term_hashes((tm_str){text, n + 30}, both), 2);
        assert_true(both[0] == seen[n - 1]);
        for (size_t i = 0; i + 1 < n; i++) assert_true(seen[i] != seen[n - 1]);
        text[n - 1] = 'y';
        tm_term_hashes((tm_str){text, n}, &hash);
        assert_true(hash != seen[n - 1]);
    }
}

static void test_scripts_without_spaces_are_counted(void **state)
{
    tm_script_count c = {0};
    (void)state;
    tm_text_scripts(TM_STR("ab, c\xE5\xA4\xA9\xE3\x81\x82\xE0\xB8\x81\xD0\x96"), &c);
    assert_int_equal(c.all, 7);
    assert_int_equal(c.unspaced, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms_are_words_without_what_separates),
        cmocka_unit_test(test_joined_terms_are_those_of_the_definition),
        cmocka_unit_test(test_every_kernel_gives_the_same),
        cmocka_unit_test(test_an_ngram_is_its_terms_in_order),
        cmocka_unit_test(test_terms_of_any_length_hash_by_their_bytes_alone),
        cmocka_unit_test(test_scripts_without_spaces_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
