/* Tables as a container: which rows a block is, what they are as JSON, and what is refused. That
 * every type comes out as pyarrow reads it is test/oracle/test_tables.py's to say; here are arrays
 * that pyarrow would not make. */
#include "io_help.h"
#include "toy_table.h"

#define ROW(list, rows)                                                             \
    {                                                                               \
        .format = "+s", .length = (rows), .buffers = 1, .children = TM_COUNT(list), \
        .child = (list)                                                             \
    }

static tm_status take(const toy *batch, int count, tm_table **out, tm_err *err)
{
    struct ArrowArrayStream stream;
    toy_stream(&stream, (toy_batches){batch, count, -1});
    tm_status status = tm_table_take(out, TM_STR("table"), &stream, err);
    assert_null(stream.release);
    return status;
}

/* All that a reader gives of a table: its records, and every place of them. */
static told read_table(const tm_table *table, tm_read_limits limits)
{
    told t = {.source = tm_source_of_table(table)};
    told_read(&t, &limits);
    return t;
}

static void assert_reads(const toy *batch, const char *wanted)
{
    tm_table *table;
    tm_err err = {0};
    if (take(batch, 1, &table, &err) != TM_OK) fail_msg("%s", err.msg);
    told t = read_table(table, (tm_read_limits){0});
    if (t.status != TM_OK) fail_msg("%s", t.err.msg);
    tm_buf_char(&t.raws, 0);
    assert_string_equal(t.raws.p, wanted);
    told_free(&t);
    tm_table_free(table);
    assert_int_equal(toy_live, 0);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void rows_begin_where_parents_and_children_say(void **state)
{
    TM_UNUSED(state);
    static const int16_t numbers[] = {9, 9, 9, 1, -2, 3, 9};
    static const uint8_t valid[] = {0x50}; /* of the rows that are read, the second is none */
    static const int32_t ends[] = {0, 1, 1, 3, 4, 4, 4};
    static const char bytes[] = "abcd";
    static const toy columns[] = {{.format = "s",
                                   .name = "n",
                                   .length = 5,
                                   .offset = 2,
                                   .buffers = 2,
                                   .buffer = {NULL, numbers}},
                                  {.format = "u",
                                   .name = "t",
                                   .length = 5,
                                   .offset = 1,
                                   .buffers = 3,
                                   .buffer = {valid, ends, bytes}}};
    toy batch = ROW(columns, 3);
    batch.offset = 1;
    assert_reads(&batch, "{\"n\":1,\"t\":null}\n{\"n\":-2,\"t\":null}\n{\"n\":3,\"t\":\"\"}\n");
}

static void a_null_row_is_null_and_a_table_may_have_no_columns(void **state)
{
    TM_UNUSED(state);
    static const uint8_t valid[] = {0x02};
    static const int8_t numbers[] = {1, 2};
    static const toy column[] = {
        {.format = "c", .name = "a\"", .length = 2, .buffers = 2, .buffer = {NULL, numbers}}};
    toy batch = ROW(column, 2);
    batch.buffer[0] = valid;
    assert_reads(&batch, "null\n{\"a\\\"\":2}\n");
    static const toy none = {.format = "+s", .length = 2, .buffers = 1};
    assert_reads(&none, "{}\n{}\n");
}

static void times_beyond_the_calendar_of_others(void **state)
{
    TM_UNUSED(state);
    static const int64_t seconds[] = {INT64_MIN, -62167219201, -62167219200, 253402300800,
                                      INT64_MAX};
    static const int64_t spans[] = {INT64_MIN, -1, 0, 1500, INT64_MAX};
    static const int32_t clocks[] = {0, -1, 86400, 3599, 360000};
    static const toy columns[] = {
        {.format = "tss:", .name = "s", .length = 5, .buffers = 2, .buffer = {NULL, seconds}},
        {.format = "tDm", .name = "d", .length = 5, .buffers = 2, .buffer = {NULL, spans}},
        {.format = "tts", .name = "c", .length = 5, .buffers = 2, .buffer = {NULL, clocks}}};
    toy batch = ROW(columns, 5);
    assert_reads(&batch,
                 "{\"s\":\"-292277022657-01-27T08:29:52\",\"d\":\"-PT9223372036854775.808S\","
                 "\"c\":\"00:00:00\"}\n"
                 "{\"s\":\"-000001-12-31T23:59:59\",\"d\":\"-PT0.001S\",\"c\":\"-00:00:01\"}\n"
                 "{\"s\":\"0000-01-01T00:00:00\",\"d\":\"PT0S\",\"c\":\"24:00:00\"}\n"
                 "{\"s\":\"+010000-01-01T00:00:00\",\"d\":\"PT1.500S\",\"c\":\"00:59:59\"}\n"
                 "{\"s\":\"+292277026596-12-04T15:30:07\",\"d\":\"PT9223372036854775.807S\","
                 "\"c\":\"100:00:00\"}\n");
}

/* ---- what leads outside ---------------------------------------------------------------------- */

static void assert_broken(const toy *column, const char *name)
{
    toy batch = {.format = "+s", .length = column->length, .buffers = 1, .children = 1};
    batch.child = column;
    tm_table *table;
    tm_err err = {0};
    if (take(&batch, 1, &table, &err) != TM_OK) fail_msg("%s", err.msg);
    told t = read_table(table, (tm_read_limits){0});
    assert_int_equal(t.status, TM_EINPUT);
    assert_non_null(strstr(t.err.msg, "leads outside its data"));
    assert_non_null(strstr(t.err.msg, name));
    assert_string_equal(t.err.source, "table");
    assert_int_equal(t.err.line, 2);
    told_free(&t);
    tm_table_free(table);
    assert_int_equal(toy_live, 0);
}

static void offsets_and_indices_that_lead_outside_are_said(void **state)
{
    TM_UNUSED(state);
    static const int32_t back[] = {0, 2, 1}, minus[] = {0, 0, -1}, over[] = {0, 1, 9},
                         some[] = {0, 0, 1};
    static const int64_t far[] = {0, 1, 3};
    static const char bytes[] = "ab";
    static const int8_t numbers[] = {0, 2}, below[] = {0, -1};
    static const int32_t at[] = {0, 1}, sizes[] = {1, 2};
    static const toy two = {
        .format = "c", .name = "item", .length = 2, .buffers = 2, .buffer = {NULL, numbers}};
    static const toy broken[] = {
        {.format = "u", .name = "back", .length = 2, .buffers = 3, .buffer = {NULL, back, bytes}},
        {.format = "u", .name = "minus", .length = 2, .buffers = 3, .buffer = {NULL, minus, bytes}},
        {.format = "u", .name = "none", .length = 2, .buffers = 3, .buffer = {NULL, some, NULL}},
        {.format = "+l",
         .name = "long",
         .length = 2,
         .buffers = 2,
         .buffer = {NULL, over},
         .children = 1,
         .child = &two},
        {.format = "+L",
         .name = "far",
         .length = 2,
         .buffers = 2,
         .buffer = {NULL, far},
         .children = 1,
         .child = &two},
        {.format = "+vl",
         .name = "view",
         .length = 2,
         .buffers = 3,
         .buffer = {NULL, at, sizes},
         .children = 1,
         .child = &two},
        {.format = "c",
         .name = "index",
         .length = 2,
         .buffers = 2,
         .buffer = {NULL, numbers},
         .dictionary = &two},
        {.format = "c",
         .name = "below",
         .length = 2,
         .buffers = 2,
         .buffer = {NULL, below},
         .dictionary = &two}};
    for (size_t i = 0; i < TM_COUNT(broken); i++) assert_broken(&broken[i], broken[i].name);
}

static void views_that_lead_outside_are_said(void **state)
{
    TM_UNUSED(state);
    static const char bytes[] = "thirteen byte";
    static const int64_t sizes[] = {13};
    static const int32_t wrong[][4] = {{-1, 0, 0, 0}, {13, 0, 1, 0}, {13, 0, -1, 0},
                                       {13, 0, 0, 1}, {14, 0, 0, 0}, {13, 0, 0, -1}};
    for (size_t i = 0; i < TM_COUNT(wrong); i++) {
        int32_t views[2][4] = {{13, 0, 0, 0}};
        memcpy(views[1], wrong[i], sizeof views[1]);
        toy column = {.format = i % 2 ? "vu" : "vz",
                      .name = "view",
                      .length = 2,
                      .buffers = 4,
                      .buffer = {NULL, views, bytes, sizes}};
        assert_broken(&column, "view");
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void assert_refused(const toy *batch, tm_status wanted, const char *says)
{
    tm_table *table;
    tm_err err = {0};
    assert_int_equal(take(batch, 1, &table, &err), wanted);
    if (!strstr(err.msg, says)) fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
    assert_null(table);
    assert_int_equal(toy_live, 0);
}

static void types_without_a_form_are_refused(void **state)
{
    TM_UNUSED(state);
    static const char *const formats[] = {
        "",        "x",         "tiM", "ts",    "tss",  "tsx:", "w:",      "w:-1",
        "w:x",     "d:",        "d:5", "d:5,x", "+w:x", "+r",   "+ud:0",   "d:5,2,",
        "d:5,2,7", "d:5,2,512", "tdx", "+w:-1", "w",    "tts:", "d:5,9999"};
    for (size_t i = 0; i < TM_COUNT(formats); i++) {
        toy inner = {.format = formats[i], .name = "inner"};
        toy outer = {.format = "+s", .name = "outer", .buffers = 1, .children = 1, .child = &inner};
        toy batch = {.format = "+s", .buffers = 1, .children = 1, .child = &outer};
        assert_refused(&batch, TM_EUNSUPPORTED, "column \"outer.inner\" of the table");
    }
    static const toy number = {.format = "c", .name = "n", .buffers = 2};
    static const toy two[] = {{.format = "u", .name = "a", .buffers = 3},
                              {.format = "u", .name = "b", .buffers = 3}};
    const toy wrong[] = {
        {.format = "+l", .name = "x", .buffers = 2},
        {.format = "+l", .name = "x", .buffers = 2, .children = 2, .child = two},
        {.format = "u", .name = "x", .buffers = 3, .children = 1, .child = &number},
        {.format = "+m", .name = "x", .buffers = 2, .children = 1, .child = &number},
        {.format = "u", .name = "x", .buffers = 3, .dictionary = &number}};
    for (size_t i = 0; i < TM_COUNT(wrong); i++) {
        toy batch = {.format = "+s", .buffers = 1, .children = 1, .child = &wrong[i]};
        assert_refused(&batch, TM_EUNSUPPORTED, "described wrongly");
    }
    assert_refused(&number, TM_EUNSUPPORTED, "hand over a table");
}

static void a_type_nested_without_end_is_refused(void **state)
{
    TM_UNUSED(state);
    toy list[80] = {{.format = "c", .name = "n", .buffers = 2}};
    for (size_t i = 1; i < TM_COUNT(list); i++)
        list[i] =
            (toy){.format = "+s", .name = "s", .buffers = 1, .children = 1, .child = &list[i - 1]};
    assert_refused(&list[TM_COUNT(list) - 1], TM_EUNSUPPORTED, "nested too deeply");
}

static void arrays_that_do_not_fit_are_refused(void **state)
{
    TM_UNUSED(state);
    static const int8_t numbers[4] = {0};
    static const int32_t ends[5] = {0};
    static const toy few = {
        .format = "c", .name = "n", .length = 1, .buffers = 2, .buffer = {NULL, numbers}};
    const toy wrong[] = {
        {.format = "c",
         .name = "x",
         .length = 1,
         .buffers = 2,
         .buffer = {NULL, numbers}}, /* short */
        {.format = "c", .name = "x", .length = 2, .buffers = 1},
        {.format = "c", .name = "x", .length = 2, .buffers = 2},
        {.format = "c", .name = "x", .length = -1, .buffers = 2, .buffer = {NULL, numbers}},
        {.format = "c",
         .name = "x",
         .length = 2,
         .offset = -1,
         .buffers = 2,
         .buffer = {NULL, numbers}},
        {.format = "c",
         .name = "x",
         .length = 2,
         .offset = INT64_MAX,
         .buffers = 2,
         .buffer = {NULL, numbers}},
        {.format = "u", .name = "x", .length = 2, .buffers = 2, .buffer = {NULL, ends}},
        {.format = "vu", .name = "x", .length = 2, .buffers = 2, .buffer = {NULL, ends}},
        {.format = "+w:2", .name = "x", .length = 2, .buffers = 1, .children = 1, .child = &few},
        {.format = "+w:2",
         .name = "x",
         .length = INT64_MAX / 2,
         .buffers = 1,
         .children = 1,
         .child = &few},
        {.format = "+vl",
         .name = "x",
         .length = 2,
         .buffers = 3,
         .buffer = {NULL, ends, NULL},
         .children = 1,
         .child = &few}};
    for (size_t i = 0; i < TM_COUNT(wrong); i++) {
        toy batch = {.format = "+s", .length = 2, .buffers = 1, .children = 1, .child = &wrong[i]};
        assert_refused(&batch, TM_EINPUT, "batch 1 of the table \"table\" does not fit its schema");
    }
}

static void a_stream_that_fails_gives_all_back(void **state)
{
    TM_UNUSED(state);
    static const int8_t numbers[4] = {0};
    static const toy column[] = {
        {.format = "c", .name = "n", .length = 4, .buffers = 2, .buffer = {NULL, numbers}}};
    static const toy batches[] = {ROW(column, 4), ROW(column, 0), ROW(column, 4)};
    for (int fails_at = 0; fails_at <= 3; fails_at++) {
        struct ArrowArrayStream stream;
        tm_table *table;
        tm_err err = {0};
        toy_stream(&stream, (toy_batches){batches, 3, fails_at});
        assert_int_equal(tm_table_take(&table, TM_STR("t"), &stream, &err), TM_EINPUT);
        assert_non_null(strstr(err.msg, "the rows ran out"));
        assert_int_equal(toy_live, 0);
        assert_int_equal(tm_table_take(&table, TM_STR("t"), &stream, &err), TM_EUSAGE);
    }
    tm_table *table;
    assert_int_equal(take(batches, 3, &table, NULL), TM_OK);
    assert_int_equal(table->rows, 8);
    assert_int_equal(table->chunks, 2);
    assert_int_equal(toy_live, 4); /* two batches of a row and its child each */
    tm_table_free(table);
    assert_int_equal(toy_live, 0);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

enum { ROWS = 20000 };
static int32_t ends[ROWS + 1];
static char *text;

/* Texts of all lengths, some of them longer than a block. */
static size_t fill_texts(void)
{
    size_t at = 0;
    uint64_t seed = 9;
    for (int i = 0; i < ROWS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        at += seed >> 33 & 255;
        if (i % 5000 == 4321) at += 3 << 20;
        ends[i + 1] = (int32_t)at;
    }
    text = malloc(at);
    assert_non_null(text);
    memset(text, 'x', at);
    for (size_t i = 0; i < at; i += 97) text[i] = '\n';
    return at;
}

static told read_cut(int step, tm_read_limits limits, uint64_t *rows)
{
    tm_table *table;
    toy column[64], batch[64];
    int count = 0;
    for (int at = 0; at < ROWS; at += step, count++) {
        int n = ROWS - at < step ? ROWS - at : step;
        column[count] = (toy){.format = "u",
                              .name = "t",
                              .length = n,
                              .offset = at,
                              .buffers = 3,
                              .buffer = {NULL, ends, text}};
        batch[count] = (toy){
            .format = "+s", .length = n, .buffers = 1, .children = 1, .child = &column[count]};
    }
    assert_int_equal(take(batch, count, &table, NULL), TM_OK);
    told t = read_table(table, limits);
    *rows = table->rows;
    tm_table_free(table);
    assert_int_equal(toy_live, 0);
    return t;
}

static void blocks_depend_on_the_values_alone(void **state)
{
    TM_UNUSED(state);
    uint64_t rows;
    size_t bytes = fill_texts();
    told whole = read_cut(ROWS, (tm_read_limits){0}, &rows);
    assert_int_equal(whole.status, TM_OK);
    assert_int_equal(whole.records, ROWS);
    assert_int_equal(whole.lines, ROWS);
    assert_true(whole.raws.n > bytes);
    assert_in_range(whole.block_count, 4 + 2, 4 + 5 + 3); /* the long ones, what is between them */
    for (int step = 317; step < ROWS; step *= 7) {
        told cut = read_cut(step, (tm_read_limits){0}, &rows);
        assert_int_equal(tm_hash_cmp(cut.blocks, whole.blocks), 0);
        told_free(&cut);
    }
    told digest = read_cut(ROWS, (tm_read_limits){.digest = true}, &rows);
    tm_sha256 *sha = tm_sha256_new();
    char hex[65];
    assert_non_null(sha);
    tm_sha256_add(sha, whole.raws.p, whole.raws.n);
    tm_sha256_hex(sha, hex);
    assert_string_equal(digest.sha256, hex);
    assert_int_equal(tm_hash_cmp(digest.blocks, whole.blocks), 0);
    assert_int_equal(digest.decoded_bytes, whole.raws.n);
    tm_sha256_free(sha);
    told_free(&digest);
    told_free(&whole);
    free(text);
}

static void rows_longer_than_the_limit_are_damage_at_their_place(void **state)
{
    TM_UNUSED(state);
    uint64_t rows;
    fill_texts();
    told t = read_cut(ROWS, (tm_read_limits){.max_line = 1 << 20}, &rows);
    assert_int_equal(t.status, TM_OK);
    assert_int_equal(t.damages, 4);
    assert_int_equal(t.records, ROWS - 4);
    assert_int_equal(t.lines, ROWS);
    for (uint32_t i = 0; i < t.damages; i++) {
        assert_string_equal(t.damage[i].code, "T1110");
        assert_int_equal(t.damage[i].at, i * 5000 + 4321);
        assert_false(t.damage[i].ends_source);
    }
    assert_true(t.most_room < 8 << 20);
    told_free(&t);
    free(text);
}

static void a_row_is_found_again_by_place_and_by_line(void **state)
{
    TM_UNUSED(state);
    static const int32_t numbers[] = {10, 20, 30};
    static const toy column[] = {
        {.format = "i", .name = "n", .length = 3, .buffers = 2, .buffer = {NULL, numbers}}};
    const toy batch = ROW(column, 3);
    tm_table *table;
    tm_buf raw = {0};
    uint64_t line, offset;
    tm_read_limits limits = {0};
    assert_int_equal(take(&batch, 1, &table, NULL), TM_OK);
    tm_source source = tm_source_of_table(table);
    assert_int_equal(tm_source_record(&source, &limits, 2, &raw, &line, NULL), TM_OK);
    assert_int_equal(line, 3);
    assert_true(tm_str_is(tm_buf_view(&raw), "{\"n\":30}"));
    assert_int_equal(tm_source_line(&source, &limits, 2, 0, &raw, &offset, NULL), TM_OK);
    assert_int_equal(offset, 1);
    assert_true(tm_str_is(tm_buf_view(&raw), "{\"n\":20}"));
    assert_int_equal(tm_source_line(&source, &limits, 4, 0, &raw, &offset, NULL), TM_EINPUT);
    tm_buf_release(&raw);
    tm_table_free(table);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_begin_where_parents_and_children_say),
        cmocka_unit_test(a_null_row_is_null_and_a_table_may_have_no_columns),
        cmocka_unit_test(times_beyond_the_calendar_of_others),
        cmocka_unit_test(offsets_and_indices_that_lead_outside_are_said),
        cmocka_unit_test(views_that_lead_outside_are_said),
        cmocka_unit_test(types_without_a_form_are_refused),
        cmocka_unit_test(a_type_nested_without_end_is_refused),
        cmocka_unit_test(arrays_that_do_not_fit_are_refused),
        cmocka_unit_test(a_stream_that_fails_gives_all_back),
        cmocka_unit_test(blocks_depend_on_the_values_alone),
        cmocka_unit_test(rows_longer_than_the_limit_are_damage_at_their_place),
        cmocka_unit_test(a_row_is_found_again_by_place_and_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
