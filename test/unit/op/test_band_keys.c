/* Band keys in an index: what is read is what was written, and keys of other rules or of another
 * text are not read. */
#include "unit/record/record_help.h"

#include "op/minhash/band_keys.h"

enum { BEGIN = 16 }; /* {"tamis_index":" */

typedef struct made {
    fixture f;
    tm_arena mem;
    tm_band_rules rules;
    tm_band_scratch own;
    tm_buf json;
} made;

static const tm_band_args PLAIN = {.threshold = 0.8, .ngram = 5, .char_ngram = 5, .hashes = 128};

static void open_rules(made *m, const tm_band_args *a)
{
    *m = (made){.rules.sketch.kind = a->sketch};
    tm_arena_init(&m->mem, 0);
    fx_open(&m->f, "index");
    tm_choice all = {TM_SEL_ALL, 0};
    assert_int_equal(tm_band_choose(a, false, &m->rules.sketch, &m->f.err), TM_OK);
    assert_int_equal(tm_band_rules_make(&m->mem, a, all, &m->rules, &m->f.err), TM_OK);
    assert_int_equal(tm_band_begin(&m->rules, &m->own, &m->f.err), TM_OK);
}

static void close_rules(made *m)
{
    tm_band_end(&m->own);
    tm_buf_release(&m->json);
    fx_close(&m->f);
    tm_arena_release(&m->mem);
}

/* The keys of a record without them, by its n-grams. */
static uint32_t sketched(made *m, const char *record)
{
    uint32_t keys, r = fx_add(&m->f, record);
    assert_int_equal(tm_grams_of(&m->rules.grams, &m->f.b, r, &m->own.grams, &m->f.err), TM_OK);
    tm_band_keys(&m->rules, &m->own, &keys);
    return keys;
}

/* The record with its keys; lives until the next. */
static const char *with_keys(made *m, const char *record)
{
    uint32_t keys = sketched(m, record);
    tm_buf_clear(&m->json);
    tm_buf_add(&m->json, record, strlen(record) - 1);
    tm_band_write(&m->rules, m->own.key, keys, BEGIN, &m->json);
    tm_buf_z(&m->json, "}");
    tm_buf_char(&m->json, 0);
    assert_int_equal(tm_buf_ok(&m->json, &m->f.err), TM_OK);
    return m->json.p;
}

static bool reads(made *m, const char *record, uint32_t *keys)
{
    uint32_t r = fx_add(&m->f, record);
    assert_int_equal(m->f.b.fate[r], TM_LIVE);
    return tm_band_read(&m->rules, &m->f.b, r, &m->own, keys);
}

static const char LONG[] = "{\"tamis_index\":\"one two three four five six seven\"}",
                  SHORT[] = "{\"tamis_index\":\"one two\"}", DOTS[] = "{\"tamis_index\":\"...\"}",
                  CARRIES[] = "{\"tamis_index\":\"one two three four five six\","
                              "\"tamis_carries\":\"0123456789abcdef\"}";

static void what_is_read_is_what_was_written(void **state)
{
    TM_UNUSED(state);
    static const char *const records[] = {LONG, SHORT, DOTS, CARRIES};
    for (uint8_t kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < TM_COUNT(records); i++) {
            made m;
            uint64_t want[128];
            uint32_t keys = 0;
            tm_band_args a = PLAIN;
            a.sketch = kind;
            open_rules(&m, &a);
            const char *record = with_keys(&m, records[i]);
            uint32_t count = i == 1 || i == 2 ? 1 : m.rules.sketch.bands;
            assert_in_range(count, 1, TM_COUNT(want));
            memcpy(want, m.own.key, count * sizeof *want);
            memset(m.own.key, 0, count * sizeof *want);
            assert_true(reads(&m, record, &keys));
            assert_int_equal(keys, count);
            assert_memory_equal(m.own.key, want, count * sizeof *want);
            close_rules(&m);
        }
    }
}

static void nothing_to_compare_has_no_keys(void **state)
{
    TM_UNUSED(state);
    made m;
    static const char empty[] = "{\"tamis_index\":\"\"}";
    open_rules(&m, &PLAIN);
    assert_string_equal(with_keys(&m, empty), empty);
    close_rules(&m);
}

/* A byte of the record or of its check is another one, and a record that was printed anew. */
static void keys_of_another_text_are_not_read(void **state)
{
    TM_UNUSED(state);
    made m;
    uint32_t keys;
    char other[1024];
    open_rules(&m, &PLAIN);
    snprintf(other, sizeof other, "%s", with_keys(&m, LONG));
    char *check = strstr(other, "tamis_bands");
    assert_non_null(check);
    check += strlen("tamis_bands\":\"");
    assert_true(reads(&m, other, &keys));
    other[BEGIN + 1] = 'f';
    assert_false(reads(&m, other, &keys));
    other[BEGIN + 1] = 'n';
    check[5] = check[5] == 'A' ? 'B' : 'A';
    assert_false(reads(&m, other, &keys));
    close_rules(&m);
    open_rules(&m, &PLAIN);
    const char *record = with_keys(&m, LONG);
    snprintf(other, sizeof other, "%.*s }", (int)strlen(record) - 1, record);
    assert_false(reads(&m, other, &keys));
    assert_false(reads(&m, LONG, &keys));
    assert_false(reads(&m, "{\"tamis_index\":\"\",\"tamis_bands\":\"\"}", &keys));
    close_rules(&m);
}

static void keys_of_other_rules_are_not_read(void **state)
{
    TM_UNUSED(state);
    made m, n;
    uint32_t keys;
    tm_band_args other[] = {PLAIN, PLAIN, PLAIN, PLAIN, PLAIN, PLAIN};
    other[0].threshold = 0.6;
    other[1].ngram = 4;
    other[2].char_ngram = 4;
    other[3].units = TM_UNITS_WORDS;
    other[4].sketch = TM_SKETCH_CLASSIC;
    other[5].bands = 4, other[5].rows = 5, other[5].hashes = 0;
    open_rules(&m, &PLAIN);
    const char *record = with_keys(&m, LONG);
    for (size_t i = 0; i < TM_COUNT(other); i++) {
        open_rules(&n, &other[i]);
        assert_false(reads(&n, record, &keys));
        close_rules(&n);
    }
    assert_true(reads(&m, record, &keys));
    close_rules(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_what_was_written),
        cmocka_unit_test(nothing_to_compare_has_no_keys),
        cmocka_unit_test(keys_of_another_text_are_not_read),
        cmocka_unit_test(keys_of_other_rules_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
