/* The parts of decontamination: places of terms are those of their hashes, whatever the text; the
 * sort is that of qsort; sampled probing finds what looking everywhere finds. What a whole run
 * finds is held against an oracle in test/oracle/test_decontaminate.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "op/decontaminate/leak_sort.h"
#include "op/decontaminate/leak_table.h"
#include "op/decontaminate/leak_terms.h"
#include "text/terms.h"
#include "text/utf8.h"

static uint64_t chance_state = 3;

static uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    return (z ^ (z >> 29)) % below;
}

/* Letters, marks, digits, what separates, what shows nothing, Han, kana, Thai, a lone surrogate. */
static const uint32_t ALPHABET[] = {'a',    'B',    'z',    '0',    '_',    ' ',     '-',   '\n',
                                    0xE9,   0x301,  0x130,  0xDF,   0x1E9E, 0x200B,  0xAD,  0x2019,
                                    0x6C34, 0x65E5, 0x3042, 0xE17,  0xE35,  0x1F600, 0x3A3, 0xD800,
                                    0xFB01, 0x1100, 0x1161, 0xAC00, 0x661,  0xFEFF,  0x939};

static void places_are_those_of_the_hashes(void **state)
{
    (void)state;
    tm_leak_text whole = {0}, alone = {0};
    for (unsigned trial = 0; trial < 20000; trial++) {
        char bytes[256];
        size_t n = 0, at = 0, from, to, terms = 0;
        for (size_t i = chance(40); i-- > 0;)
            n += tm_utf8_put(ALPHABET[chance(TM_COUNT(ALPHABET))], bytes + n);
        tm_str text = {bytes, n};
        assert_true(tm_leak_hashes(text, &whole));
        for (; tm_leak_next_term(text, &at, &from, &to); terms++) {
            assert_true(from < to && to <= n && terms < whole.count);
            assert_true(tm_leak_hashes(tm_str_slice(text, from, to), &alone));
            assert_int_equal(alone.count, 1);
            assert_true(alone.hash[0] == whole.hash[terms]);
        }
        assert_int_equal(terms, whole.count);
    }
    tm_leak_text_release(&whole);
    tm_leak_text_release(&alone);
}

static int by_all(const void *x, const void *y)
{
    const tm_leak_keyed *a = x, *b = y;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return (a->value > b->value) - (a->value < b->value);
}

static void the_sort_is_that_of_qsort(void **state)
{
    (void)state;
    static tm_leak_keyed list[5000], want[5000];
    for (unsigned trial = 0; trial < 60; trial++) {
        size_t count = chance(TM_COUNT(list));
        uint64_t spread = trial % 3 ? UINT64_MAX : 7;
        for (size_t i = 0; i < count; i++) {
            list[i].hash = chance(spread) << (trial % 2 ? 0 : 50);
            list[i].value = (uint32_t)chance(trial % 4 ? 1u << 31 : 3);
        }
        memcpy(want, list, sizeof list);
        qsort(want, count, sizeof *want, by_all);
        tm_leak_sort(list, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(list[i].hash == want[i].hash);
            assert_int_equal(list[i].value, want[i].value);
        }
    }
}

/* ---- probing --------------------------------------------------------------------------------- */

enum { ITEMS = 30, TERMS = 30, TEXT = 400 };

typedef struct source { /* items as facts, in order */
    tm_group group;
    unsigned next, ngram;
    uint64_t term[ITEMS][TERMS];
    uint32_t terms[ITEMS];
    char data[sizeof(tm_leak_fact) + TERMS * sizeof(uint64_t)];
} source;

static bool next_fact(tm_group *self, tm_fact *out)
{
    source *s = (source *)self;
    if (s->next == ITEMS) return false;
    uint32_t terms = s->terms[s->next];
    tm_leak_fact head = {.reference = 1, .terms = terms, .is_short = terms < s->ngram};
    if (head.is_short) head.pair = (uint32_t)chance(terms - 1);
    memcpy(s->data, &head, sizeof head);
    memcpy(s->data + sizeof head, s->term[s->next], terms * sizeof(uint64_t));
    *out = (tm_fact){.rid = {++s->next, 0}, .data = {s->data, sizeof head + terms * 8}};
    return true;
}

typedef struct seen { /* by place and length of the match */
    bool at[TEXT][TM_LEAK_NGRAM_MAX + 1];
    size_t last;
} seen;

static void note(void *arg, const tm_leak_hit *hit)
{
    seen *s = arg;
    assert_false(s->at[hit->from][hit->terms]); /* every place once */
    s->at[hit->from][hit->terms] = true;
}

/* Whether the terms at `from` are an item's: one of its n-grams, or all of a short one. */
static bool naive(const source *s, const uint64_t *text, size_t from, size_t n)
{
    for (size_t i = 0; i < ITEMS; i++) {
        bool brief = s->terms[i] < s->ngram;
        if (brief ? s->terms[i] != n : n != s->ngram) continue;
        for (size_t at = 0; at + n <= s->terms[i]; at++)
            if (memcmp(&s->term[i][at], text + from, n * sizeof *text) == 0) return true;
    }
    return false;
}

static void sampled_probing_finds_all(void **state)
{
    (void)state;
    uint64_t text[TEXT], found = 0;
    for (unsigned trial = 0; trial < 200; trial++) {
        source s = {.group.next = next_fact, .ngram = 1 + (unsigned)chance(20)};
        tm_buf told = {0};
        tm_leak_table table;
        seen *all = calloc(1, sizeof *all);
        for (size_t i = 0; i < ITEMS; i++) {
            s.terms[i] = 2 + (uint32_t)chance(TERMS - 1);
            for (size_t t = 0; t < TERMS; t++) s.term[i][t] = tm_mix64(1 + chance(40));
        }
        for (size_t t = 0; t < TEXT;) { /* pieces of items */
            size_t i = chance(ITEMS), from = chance(s.terms[i]);
            for (; from < s.terms[i] && t < TEXT; from++) text[t++] = s.term[i][from];
        }
        tm_leak_rules rules = {.ngram = s.ngram, .common = 1000000, .memory = UINT64_MAX};
        assert_int_equal(tm_leak_build(&rules, &s.group, &told, NULL), TM_OK);
        tm_leak_open(told.p, &table);
        size_t count = chance(TEXT + 1);
        tm_leak_probe(&table, text, count, note, all);
        for (size_t from = 0; from < count; from++)
            for (size_t n = 1; n <= s.ngram && from + n <= count; n++) {
                assert_int_equal(all->at[from][n], naive(&s, text, from, n));
                found += all->at[from][n];
            }
        free(all);
        tm_buf_release(&told);
    }
    assert_true(found > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_those_of_the_hashes),
        cmocka_unit_test(the_sort_is_that_of_qsort),
        cmocka_unit_test(sampled_probing_finds_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
