/* Sets of n-grams: what a record is compared by, that sets are sorted and hold each element once,
 * and that what two of them have in common is what their texts have in common, counted naively. */
#include "unit/record/record_help.h"

#include "op/minhash/grams.h"
#include "text/terms.h"

static uint64_t chance_state = 1;

static uint64_t chance(uint64_t below)
{
    chance_state = tm_mix64(chance_state + 0x9E3779B97F4A7C15u);
    return chance_state % below;
}

/* ---- sorting and counting ---- */

enum { MOST = 6000, LOOKS = 7 };

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t element(unsigned look, size_t k)
{
    switch (look) {
    case 0: return tm_mix64(k + 1);            /* as hashes are */
    case 1: return tm_mix64(chance(9));        /* said again and again */
    case 2: return 42;                         /* one */
    case 3: return k;                          /* all in one bucket, in order */
    case 4: return UINT64_MAX - k;             /* all in the last one, in reverse */
    case 5: return chance(2) ? 0 : UINT64_MAX; /* the two ends */
    default: return chance(4) ? tm_mix64(k) : chance(50);
    }
}

static void sorting_leaves_each_element_once(void **state)
{
    static uint64_t got[MOST], want[MOST], spare[MOST];
    TM_UNUSED(state);
    for (size_t count = 0; count <= MOST; count += count < 200 ? 1 : 1 + chance(400)) {
        for (unsigned look = 0; look < LOOKS; look++) {
            size_t distinct = 0;
            for (size_t k = 0; k < count; k++) got[k] = want[k] = element(look, k);
            qsort(want, count, sizeof *want, by_value);
            for (size_t k = 0; k < count; k++)
                if (!k || want[k] != want[k - 1]) want[distinct++] = want[k];
            assert_int_equal(tm_grams_sort(got, count, spare), distinct);
            assert_memory_equal(got, want, distinct * sizeof *got);
        }
    }
}

static size_t naive_common(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
    size_t both = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m; k++) both += a[i] == b[k];
    return both;
}

static void what_two_sets_have_in_common_is_counted(void **state)
{
    uint64_t a[200], b[200], spare[200];
    TM_UNUSED(state);
    for (int turn = 0; turn < 5000; turn++) {
        size_t n = chance(200), m = chance(turn % 3 ? 200 : 4);
        uint64_t range = 1 + chance(400);
        for (size_t i = 0; i < n; i++) a[i] = tm_mix64(chance(range));
        for (size_t i = 0; i < m; i++) b[i] = tm_mix64(chance(range));
        n = tm_grams_sort(a, n, spare);
        m = tm_grams_sort(b, m, spare);
        assert_int_equal(tm_grams_common(a, n, b, m), naive_common(a, n, b, m));
        assert_int_equal(tm_grams_common(b, m, a, n), naive_common(a, n, b, m));
    }
    uint64_t ends[] = {0, UINT64_MAX};
    assert_int_equal(tm_grams_common(ends, 2, ends, 2), 2);
    assert_int_equal(tm_grams_common(ends, 1, ends + 1, 1), 0);
}

/* ---- of records ---- */

static const tm_gram_rules fives = {.choice = {TM_SEL_ALL, 0}, .words = 5, .chars = 5};

/* The grams of one record; `out` is the caller's to release. */
static void grams_of(const char *json, const tm_gram_rules *rules, tm_grams *out)
{
    fixture f;
    fx_open(&f, NULL);
    uint32_t r = fx_add(&f, json);
    assert_int_equal(f.b.fate[r], TM_LIVE);
    assert_int_equal(tm_grams_of(rules, &f.b, r, out, &f.err), TM_OK);
    fx_close(&f);
}

static void assert_kind(const char *json, const tm_gram_rules *rules, tm_gram_kind kind,
                        size_t count)
{
    tm_grams g = {0};
    grams_of(json, rules, &g);
    if (g.kind != kind || g.count != count)
        fail_msg("%s: kind %d, %zu grams; not kind %d, %zu", json, (int)g.kind, g.count, (int)kind,
                 count);
    tm_grams_release(&g);
}

static void assert_same(const char *one, const char *other, const tm_gram_rules *rules, bool same)
{
    tm_grams g = {0}, h = {0};
    grams_of(one, rules, &g);
    grams_of(other, rules, &h);
    bool equal =
        g.kind == h.kind && g.count == h.count && !memcmp(g.gram, h.gram, g.count * sizeof *g.gram);
    if (equal != same) fail_msg("%s and %s: %s", one, other, same ? "not the same" : "the same");
    tm_grams_release(&g);
    tm_grams_release(&h);
}

static void short_texts_are_compared_by_their_terms(void **state)
{
    TM_UNUSED(state);
    assert_kind("{\"text\":\"a b c d e f\"}", &fives, TM_GRAM_WORDS, 2);
    assert_kind("{\"text\":\"a b c d e\"}", &fives, TM_GRAM_WORDS, 1);
    assert_kind("{\"text\":\"a b c d\"}", &fives, TM_GRAM_TERMS, 1);
    assert_kind("{\"text\":\"no\"}", &fives, TM_GRAM_TERMS, 1);
    assert_same("{\"text\":\"No, thanks!\"}", "{\"text\":\"no THANKS\"}", &fives, true);
    assert_same("{\"text\":\"no\"}", "{\"text\":\"yes\"}", &fives, false);
    assert_same("{\"text\":\"a b\"}", "{\"text\":\"b a\"}", &fives, false);
    assert_same("{\"text\":\"a b\"}", "{\"text\":\"ab\"}", &fives, false);
    assert_same("{\"text\":\"a b c d\"}", "{\"text\":\"a b c d e\"}", &fives, false);
}

static void texts_without_words_are_compared_as_they_stand(void **state)
{
    TM_UNUSED(state);
    assert_kind("{\"text\":\"...\"}", &fives, TM_GRAM_TEXT, 1);
    assert_kind("{\"text\":\"\"}", &fives, TM_GRAM_NONE, 0);
    assert_kind("{\"text\":\" \\n\\t \"}", &fives, TM_GRAM_NONE, 0);
    assert_same("{\"text\":\" ...\\n\"}", "{\"text\":\"...\"}", &fives, true);
    assert_same("{\"text\":\"...\"}", "{\"text\":\"....\"}", &fives, false);
    assert_same("{\"text\":\"\\uD83C\\uDF72\"}", "{\"text\":\"\\uD83C\\uDF73\"}", &fives, false);
    assert_same("{\"text\":\"+\"}", "{\"text\":\"no\"}", &fives, false);
}

#define TENKI "\xE5\xA4\xA9\xE6\xB0\x97"                                    /* two Han characters */
#define THAI "\xE0\xB8\xAD\xE0\xB8\xB2\xE0\xB8\x81\xE0\xB8\xB2\xE0\xB8\xA8" /* five, one word */

static void scripts_without_spaces_are_compared_by_characters(void **state)
{
    tm_gram_rules words = fives, chars = fives;
    TM_UNUSED(state);
    words.units = TM_UNITS_WORDS;
    chars.units = TM_UNITS_CHARS;
    assert_kind("{\"text\":\"" TENKI TENKI TENKI "\"}", &fives, TM_GRAM_CHARS, 2);
    assert_kind("{\"text\":\"\\u5929\\u6C17\\u5929\\u6c17\\u5929\"}", &fives, TM_GRAM_CHARS, 1);
    assert_kind("{\"text\":\"" THAI "\"}", &fives, TM_GRAM_CHARS, 1);
    assert_kind("{\"text\":\"" TENKI TENKI "\"}", &fives, TM_GRAM_TERMS, 1);
    assert_kind("{\"text\":\"" TENKI TENKI TENKI "\"}", &words, TM_GRAM_TERMS, 1);
    assert_kind("{\"text\":\"a b c\"}", &chars, TM_GRAM_CHARS, 1);
    /* 4 of 8 letters are not most of them, 4 of 7 are; the blanks between terms are units */
    assert_kind("{\"text\":\"" TENKI TENKI " abcd\"}", &fives, TM_GRAM_TERMS, 1);
    assert_kind("{\"text\":\"" TENKI TENKI " abc\"}", &fives, TM_GRAM_CHARS, 4);
    assert_same("{\"text\":\"" TENKI TENKI TENKI "\"}", "{\"text\":\"" TENKI TENKI ", " TENKI "\"}",
                &fives, false);
    assert_same("{\"text\":\"" TENKI TENKI TENKI "!\"}", "{\"text\":\"" TENKI TENKI TENKI "\"}",
                &fives, true);
}

static void messages_stand_behind_one_another(void **state)
{
    static const char chat[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"one two three\"},"
                               "{\"role\":\"assistant\",\"content\":\"!!\"},"
                               "{\"role\":\"assistant\",\"content\":\"four five six\"}]}";
    tm_gram_rules rules = fives;
    TM_UNUSED(state);
    assert_kind(chat, &rules, TM_GRAM_WORDS, 2);
    assert_same(chat, "{\"text\":\"one two three, four five six\"}", &rules, true);
    rules.choice.by = TM_SEL_USER;
    assert_same(chat, "{\"prompt\":\"one two three\",\"completion\":\"ten\"}", &rules, true);
    rules.choice.by = TM_SEL_ASSISTANT;
    rules.choice.turn = -1;
    assert_kind(chat, &rules, TM_GRAM_TERMS, 1);
    rules.choice.turn = 1; /* of that message nothing is a term */
    assert_kind(chat, &rules, TM_GRAM_TEXT, 1);
    rules.choice.turn = 3;
    assert_kind(chat, &rules, TM_GRAM_NONE, 0);
    rules.choice = (tm_choice){TM_SEL_TOOL, 0};
    assert_kind(chat, &rules, TM_GRAM_NONE, 0);
}

/* ---- against texts, naively ---- */

enum { WORDS = 60 };

typedef struct words {
    unsigned word[WORDS];
    size_t count;
} words;

static words random_words(unsigned vocabulary)
{
    words w = {.count = 1 + chance(WORDS)};
    for (size_t i = 0; i < w.count; i++) w.word[i] = (unsigned)chance(vocabulary);
    return w;
}

static const char *json_of(const words *w, char to[1200])
{
    size_t n = (size_t)snprintf(to, 1200, "{\"text\":\"");
    for (size_t i = 0; i < w->count; i++)
        n += (size_t)snprintf(to + n, 1200 - n, "%sw%u", i ? ", " : "", w->word[i]);
    snprintf(to + n, 1200 - n, ".\"}");
    return to;
}

/* Whether the gram at i of `a` also stands in `b` before `end`. */
static bool stands_in(const words *a, size_t i, const words *b, size_t end, size_t n)
{
    for (size_t k = 0; k < end; k++)
        if (!memcmp(a->word + i, b->word + k, n * sizeof *a->word)) return true;
    return false;
}

static void counts_are_those_of_the_texts(void **state)
{
    static uint64_t spare[WORDS];
    char text[1200];
    TM_UNUSED(state);
    for (unsigned turn = 0; turn < 1500; turn++) {
        tm_gram_rules rules = {.choice = {TM_SEL_ALL, 0}, .words = 1 + (uint32_t)chance(6)};
        size_t n = rules.words, in_a = 0, both = 0;
        words a = random_words(2 + turn % 20), b = random_words(2 + turn % 20);
        if (a.count < n || b.count < n) continue;
        for (size_t i = 0; i + n <= a.count; i++) {
            bool again = stands_in(&a, i, &a, i, n);
            in_a += !again;
            both += !again && stands_in(&a, i, &b, b.count - n + 1, n);
        }
        tm_grams g = {0}, h = {0};
        grams_of(json_of(&a, text), &rules, &g);
        grams_of(json_of(&b, text), &rules, &h);
        assert_int_equal(g.count, a.count - n + 1);
        size_t of_a = tm_grams_sort(g.gram, g.count, spare);
        size_t of_b = tm_grams_sort(h.gram, h.count, spare);
        assert_int_equal(of_a, in_a);
        assert_int_equal(tm_grams_common(g.gram, of_a, h.gram, of_b), both);
        tm_grams_release(&g);
        tm_grams_release(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting_leaves_each_element_once),
        cmocka_unit_test(what_two_sets_have_in_common_is_counted),
        cmocka_unit_test(short_texts_are_compared_by_their_terms),
        cmocka_unit_test(texts_without_words_are_compared_as_they_stand),
        cmocka_unit_test(scripts_without_spaces_are_compared_by_characters),
        cmocka_unit_test(messages_stand_behind_one_another),
        cmocka_unit_test(counts_are_those_of_the_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
