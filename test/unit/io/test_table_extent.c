/* How long rows are as JSON, told without writing them, against rows that are written: bytes,
 * characters counted one by one, and which rows the short way leaves to the long one. */
#include "io/table_json.h"
#include "io_help.h"
#include "toy_table.h"

enum { ROWS = 3000, MOST = 24 };

static uint64_t seed = 5;
static uint64_t chance(uint64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
}

static int32_t ends[ROWS + 1];
static char bytes[ROWS * MOST * 4];

/* Of all lengths, with what escapes, what takes several bytes, and here and there what is no UTF-8:
 * a half of a character, a surrogate. */
static void fill_texts(void)
{
    static const char *const piece[] = {
        "a",    "word ",    "\"",           "\\",   "\n",
        "\x01", "\xC3\xA9", "\xE5\xA4\xA9", "\x7F", "\xF0\x9F\x98\x80"};
    static const char *const wrong[] = {"\xC3", "\xED\xA0\x80", "\xFF"};
    int32_t at = 0;
    for (int i = 0; i < ROWS; i++) {
        uint64_t pieces = chance(MOST / 2);
        for (uint64_t k = 0; k < pieces; k++) {
            const char *one = piece[chance(TM_COUNT(piece))];
            if (chance(200) == 0) one = wrong[chance(TM_COUNT(wrong))];
            memcpy(bytes + at, one, strlen(one));
            at += (int32_t)strlen(one);
        }
        ends[i + 1] = at;
    }
}

/* Bytes of the character that begins at p, by the table of RFC 3629; 0: none does. */
static size_t character(const uint8_t *p, size_t n)
{
    static const uint8_t first[][5] = {
        {1, 0x00, 0x7F, 0, 0},       {2, 0xC2, 0xDF, 0x80, 0xBF}, {3, 0xE0, 0xE0, 0xA0, 0xBF},
        {3, 0xE1, 0xEC, 0x80, 0xBF}, {3, 0xED, 0xED, 0x80, 0x9F}, {3, 0xEE, 0xEF, 0x80, 0xBF},
        {4, 0xF0, 0xF0, 0x90, 0xBF}, {4, 0xF1, 0xF3, 0x80, 0xBF}, {4, 0xF4, 0xF4, 0x80, 0x8F}};
    for (size_t i = 0; i < TM_COUNT(first); i++) {
        const uint8_t *f = first[i];
        if (p[0] < f[1] || p[0] > f[2] || n < f[0]) continue;
        if (f[0] > 1 && (p[1] < f[3] || p[1] > f[4])) return 0;
        for (size_t k = 2; k < f[0]; k++)
            if ((p[k] & 0xC0) != 0x80) return 0;
        return f[0];
    }
    return 0;
}

static bool is_utf8(tm_str s)
{
    for (size_t at = 0, n; at < s.n; at += n)
        if (!(n = character((const uint8_t *)s.p + at, s.n - at))) return false;
    return true;
}

static uint64_t characters_of(tm_str s)
{
    uint64_t count = 0;
    for (size_t i = 0; i < s.n; i++) count += ((uint8_t)s.p[i] & 0xC0) != 0x80;
    return count;
}

/* Returns whether it could be told. */
static bool check_row(const tm_table *table, int64_t index)
{
    tm_buf row = {0}, scratch = {0};
    tm_row_writer w = {.out = &row, .most = SIZE_MAX};
    tm_row_extent extent;
    tm_row_value(&w, &table->row, &table->chunk[0], index);
    assert_int_equal(
        tm_row_extent_of(&table->row, &table->chunk[0], index, &scratch, &extent, NULL), TM_OK);
    tm_str json = tm_buf_view(&row);
    assert_int_equal(extent.readable, !w.broken && !w.lost && is_utf8(json));
    if (extent.readable) {
        assert_int_equal(extent.bytes, json.n);
        assert_int_equal(extent.characters, characters_of(json));
    }
    tm_buf_release(&row);
    tm_buf_release(&scratch);
    return extent.readable;
}

static int check_table(const toy *batch)
{
    tm_table *table;
    struct ArrowArrayStream stream;
    tm_err err = {0};
    int known = 0;
    toy_stream(&stream, (toy_batches){batch, 1, -1});
    if (tm_table_take(&table, TM_STR("table"), &stream, &err) != TM_OK) fail_msg("%s", err.msg);
    for (uint64_t i = 0; i < table->rows; i++) known += check_row(table, (int64_t)i);
    tm_table_free(table);
    assert_int_equal(toy_live, 0);
    return known;
}

static toy rows_of(const toy *columns, int count, int64_t rows)
{
    return (toy){.format = "+s", .length = rows, .buffers = 1, .children = count, .child = columns};
}

static void texts_of_all_kinds(void **state)
{
    TM_UNUSED(state);
    static uint8_t valid[ROWS / 8 + 1], indices[ROWS];
    static double numbers[ROWS];
    fill_texts();
    for (size_t i = 0; i < sizeof valid; i++) valid[i] = (uint8_t)chance(256);
    for (size_t i = 0; i < ROWS; i++) indices[i] = (uint8_t)chance(100);
    for (size_t i = 0; i < ROWS; i++) numbers[i] = (double)chance(1000) / 8 - 20;
    numbers[3] = numbers[1] / 0.0;
    const toy words = {.format = "u", .length = 100, .buffers = 3, .buffer = {NULL, ends, bytes}};
    const toy columns[] = {
        {.format = "u", .name = "t", .length = ROWS, .buffers = 3, .buffer = {valid, ends, bytes}},
        {.format = "g",
         .name = "n\"\xC3\xA9",
         .length = ROWS,
         .buffers = 2,
         .buffer = {0, numbers}},
        {.format = "C",
         .name = "d",
         .length = ROWS,
         .buffers = 2,
         .buffer = {valid, indices},
         .dictionary = &words},
        {.format = "u", .name = "", .length = ROWS, .buffers = 3, .buffer = {NULL, ends, bytes}}};
    for (int count = 1; count <= 4; count++) {
        toy batch = rows_of(columns, count, ROWS);
        int known = check_table(&batch);
        assert_in_range(known, ROWS / 2, ROWS - 1); /* most can be told, and some cannot */
    }
}

static void rows_and_columns_that_are_none(void **state)
{
    TM_UNUSED(state);
    static const uint8_t valid[] = {0x05};
    static const int32_t three[] = {0, 1, 2, 3};
    const toy column = {
        .format = "u", .name = "t", .length = 3, .buffers = 3, .buffer = {NULL, three, "abc"}};
    toy batch = rows_of(&column, 1, 3);
    batch.buffer[0] = valid;
    assert_int_equal(check_table(&batch), 3);
    toy none = rows_of(NULL, 0, 3);
    assert_int_equal(check_table(&none), 3);
}

/* What leads outside is not told, so that it is read the long way, which says where. */
static void offsets_that_lead_outside_are_left_to_the_reader(void **state)
{
    TM_UNUSED(state);
    static const int32_t back[] = {0, 2, 1};
    const toy column = {
        .format = "u", .name = "t", .length = 2, .buffers = 3, .buffer = {NULL, back, "ab"}};
    toy batch = rows_of(&column, 1, 2);
    assert_int_equal(check_table(&batch), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_all_kinds),
        cmocka_unit_test(rows_and_columns_that_are_none),
        cmocka_unit_test(offsets_that_lead_outside_are_left_to_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
