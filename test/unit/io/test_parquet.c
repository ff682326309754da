/* Parquet written and read back in memory: every type with and without nulls, row groups and pages
 * and where they end, notes, choice of columns, limits, damage at every byte, and failing calls.
 * What other programs make of the files is the business of test/oracle/test_parquet.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/parquet.h"
#include "support/memory_fs.h"

static const tm_pq_column columns[] = {
    {"i64", TM_PQ_I64, true},   {"u64", TM_PQ_U64, false},    {"f64", TM_PQ_F64, true},
    {"text", TM_PQ_TEXT, true}, {"bytes", TM_PQ_BYTES, true}, {"i32", TM_PQ_I32, true},
    {"bool", TM_PQ_BOOL, true},
};
enum { COLUMNS = TM_COUNT(columns) };

static int begin(void **state)
{
    TM_UNUSED(state);
    memory_fs_begin();
    return 0;
}

static int end(void **state)
{
    TM_UNUSED(state);
    memory_fs_end();
    return 0;
}

static bool null_at(uint32_t column, uint32_t row)
{
    return columns[column].optional && (row * 7 + column * 3) % 11 < 4;
}

static double double_at(uint32_t row)
{
    return (double)(row % 97) / 7 - 3;
}

static tm_str text_at(uint32_t row, char room[32])
{
    for (uint32_t i = 0; i < row % 23; i++) room[i] = (char)('a' + (row + i) % 26);
    return (tm_str){room, row % 23};
}

static void put_row(tm_pq_writer *w, uint32_t row)
{
    char room[32];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        if (null_at(c, row)) {
            tm_pq_null(w);
        } else if (columns[c].type == TM_PQ_F64) {
            tm_pq_f64(w, double_at(row));
        } else if (columns[c].type == TM_PQ_TEXT || columns[c].type == TM_PQ_BYTES) {
            tm_pq_text(w, text_at(row + c, room));
        } else {
            tm_pq_u64(w, columns[c].type == TM_PQ_BOOL ? row % 2 : 0 - (uint64_t)row);
        }
    }
}

static tm_status put_rows(uint32_t rows, tm_err *err)
{
    tm_pq_writer *w;
    tm_file_sum sum;
    tm_status status = TM_OK;
    TM_TRY(tm_pq_create(&w, "x", columns, COLUMNS, false, err));
    for (uint32_t row = 0; row < rows && status == TM_OK; row++) {
        put_row(w, row);
        status = tm_pq_row(w, err);
    }
    if (status != TM_OK) {
        tm_pq_abandon(w);
        return status;
    }
    tm_pq_note(w, "recipe", TM_STR("steps: []"));
    tm_pq_note(w, "empty", TM_STR(""));
    TM_TRY(tm_pq_commit(w, &sum, err));
    assert_int_equal(sum.bytes, memory_file.n);
    assert_int_equal(strlen(sum.sha256), 64);
    return TM_OK;
}

static void row_is(const tm_pq_reader *r, uint32_t at, uint32_t row)
{
    char room[32];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        assert_int_equal(tm_pq_is_null(r, c, at), null_at(c, row));
        if (null_at(c, row)) continue;
        switch (columns[c].type) {
        case TM_PQ_F64: assert_true(tm_pq_get_f64(r, c, at) == double_at(row)); break;
        case TM_PQ_TEXT:
        case TM_PQ_BYTES:
            assert_true(tm_str_eq(tm_pq_get_text(r, c, at), text_at(row + c, room)));
            break;
        case TM_PQ_BOOL: assert_int_equal(tm_pq_get_u64(r, c, at), row % 2); break;
        default: assert_true(tm_pq_get_u64(r, c, at) == 0 - (uint64_t)row);
        }
    }
}

static void file_has(uint32_t rows)
{
    tm_pq_reader *r;
    bool more;
    uint32_t here, row = 0;
    assert_int_equal(tm_pq_open(&r, "x", NULL), TM_OK);
    assert_int_equal(tm_pq_rows(r), rows);
    while (tm_pq_next(r, &more, &here, NULL) == TM_OK && more) {
        for (uint32_t i = 0; i < here; i++) row_is(r, i, row++);
    }
    assert_false(more);
    assert_int_equal(row, rows);
    tm_pq_close(r);
}

static void rows_read_back(void **state)
{
    TM_UNUSED(state);
    static const uint32_t counts[] = {0,
                                      1,
                                      2,
                                      8,
                                      63,
                                      64,
                                      65,
                                      1000,
                                      TM_PARQUET_ROWS,
                                      TM_PARQUET_ROWS + 1,
                                      2 * TM_PARQUET_ROWS + 77};
    for (size_t i = 0; i < TM_COUNT(counts); i++) {
        assert_int_equal(put_rows(counts[i], NULL), TM_OK);
        file_has(counts[i]);
    }
}

static void the_footer_says_columns_and_notes(void **state)
{
    TM_UNUSED(state);
    const tm_pq_column *found;
    tm_pq_reader *r;
    assert_int_equal(put_rows(5, NULL), TM_OK);
    assert_int_equal(tm_pq_open(&r, "x", NULL), TM_OK);
    assert_int_equal(tm_pq_columns(r, &found), COLUMNS);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        assert_string_equal(found[c].name, columns[c].name);
        assert_int_equal(found[c].type, columns[c].type);
        assert_int_equal(found[c].optional, columns[c].optional);
        assert_int_equal(tm_pq_column_named(r, columns[c].name), c);
    }
    assert_int_equal(tm_pq_column_named(r, "none such"), TM_NONE);
    assert_true(tm_str_is(tm_pq_note_of(r, "recipe"), "steps: []"));
    assert_int_equal(tm_pq_note_of(r, "empty").n, 0);
    assert_int_equal(tm_pq_note_of(r, "none such").n, 0);
    tm_pq_close(r);
}

static void only_wanted_columns_are_read(void **state)
{
    TM_UNUSED(state);
    static const uint32_t want[] = {1, 3};
    tm_pq_reader *r;
    tm_err err = {0};
    bool more;
    uint32_t rows;
    char room[32];
    assert_int_equal(put_rows(500, NULL), TM_OK);
    memory_file.p[20] ^= 1; /* in the first column's page */
    assert_int_equal(tm_pq_open(&r, "x", NULL), TM_OK);
    assert_int_equal(tm_pq_next(r, &more, &rows, &err), TM_EINPUT);
    assert_non_null(strstr(err.msg, "column i64"));
    tm_pq_want(r, want, TM_COUNT(want));
    assert_int_equal(tm_pq_next(r, &more, &rows, NULL), TM_OK);
    assert_true(more && rows == 500);
    assert_true(tm_pq_get_u64(r, 1, 499) == 0 - (uint64_t)499);
    uint32_t row = 400;
    while (null_at(3, row)) row++;
    assert_true(tm_str_eq(tm_pq_get_text(r, 3, row), text_at(row + 3, room)));
    tm_pq_close(r);
}

/* Rows of one text column, each of `bytes` bytes; the rows of the first row group. */
static uint32_t first_group_of(uint32_t rows, size_t bytes)
{
    static const tm_pq_column one[] = {{"text", TM_PQ_BYTES, true}};
    tm_pq_writer *w;
    tm_pq_reader *r;
    bool more;
    uint32_t here, first = 0, row = 0;
    char *p = tm_alloc_zero(1, bytes);
    assert_non_null(p);
    assert_int_equal(tm_pq_create(&w, "x", one, 1, true, NULL), TM_OK);
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(p, &i, TM_MIN(bytes, sizeof i));
        if (i % 3 == 2) {
            tm_pq_null(w);
        } else {
            tm_pq_text(w, (tm_str){p, bytes});
        }
        assert_int_equal(tm_pq_row(w, NULL), TM_OK);
    }
    assert_int_equal(tm_pq_commit(w, NULL, NULL), TM_OK);
    assert_int_equal(tm_pq_open(&r, "x", NULL), TM_OK);
    while (tm_pq_next(r, &more, &here, NULL) == TM_OK && more) {
        if (row == 0) first = here;
        for (uint32_t i = 0; i < here; i++, row++) {
            uint32_t number = row;
            tm_str s = tm_pq_get_text(r, 0, i);
            assert_int_equal(tm_pq_is_null(r, 0, i), row % 3 == 2);
            assert_int_equal(s.n, row % 3 == 2 ? 0 : bytes);
            if (s.n) memcpy(&number, s.p, TM_MIN(bytes, sizeof number));
            assert_int_equal(number, row);
        }
    }
    assert_int_equal(row, rows);
    tm_pq_close(r);
    tm_free(p);
    return first;
}

static void long_text_fills_pages_and_row_groups(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(first_group_of(30000, 700), 30000); /* 14 MB: many pages, one row group */
    uint32_t first = first_group_of(30000, 3000);        /* 60 MB: cut at 32 MiB of values */
    assert_in_range(first, 16000, 17000);
    assert_int_equal(first_group_of(5, 20 << 20), 2); /* two values of 20 MiB pass it */
}

static void same_rows_same_bytes(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(put_rows(20000, NULL), TM_OK);
    tm_buf first = {0};
    tm_buf_str(&first, tm_buf_view(&memory_file));
    assert_int_equal(put_rows(20000, NULL), TM_OK);
    assert_true(tm_str_eq(tm_buf_view(&first), tm_buf_view(&memory_file)));
    tm_buf_release(&first);
}

static void text_is_always_utf8(void **state)
{
    TM_UNUSED(state);
    static const tm_pq_column one[] = {{"text", TM_PQ_TEXT, false}, {"raw", TM_PQ_BYTES, false}};
    static const tm_str bad = TM_STR_INIT("a\xff|\xed\xa0\x80");
    static const tm_str good = TM_STR_INIT("\xf0\x9f\x8d\xb3");
    tm_pq_writer *w;
    tm_pq_reader *r;
    bool more;
    uint32_t rows;
    assert_int_equal(tm_pq_create(&w, "x", one, 2, false, NULL), TM_OK);
    tm_pq_text(w, bad);
    tm_pq_text(w, bad);
    assert_int_equal(tm_pq_row(w, NULL), TM_OK);
    tm_pq_text(w, good);
    tm_pq_text(w, good);
    assert_int_equal(tm_pq_row(w, NULL), TM_OK);
    assert_int_equal(tm_pq_commit(w, NULL, NULL), TM_OK);
    assert_int_equal(tm_pq_open(&r, "x", NULL), TM_OK);
    assert_int_equal(tm_pq_next(r, &more, &rows, NULL), TM_OK);
    tm_str s = tm_pq_get_text(r, 0, 0);
    assert_true(tm_str_starts(s, TM_STR("a\xef\xbf\xbd|\xef\xbf\xbd")));
    assert_true(tm_str_eq(tm_pq_get_text(r, 1, 0), bad));
    assert_true(tm_str_eq(tm_pq_get_text(r, 0, 1), good));
    tm_pq_close(r);
}

static void memory_of_a_row_group_has_a_limit(void **state)
{
    TM_UNUSED(state);
    tm_pq_reader *r;
    tm_err err = {0};
    bool more;
    uint32_t rows;
    assert_int_equal(put_rows(TM_PARQUET_ROWS, NULL), TM_OK);
    assert_int_equal(tm_pq_open(&r, "x", NULL), TM_OK);
    tm_pq_limit(r, TM_MIB);
    assert_int_equal(tm_pq_next(r, &more, &rows, &err), TM_ELIMIT);
    assert_false(more);
    assert_non_null(strstr(err.msg, "limit"));
    tm_pq_limit(r, 64 * TM_MIB);
    assert_int_equal(tm_pq_next(r, &more, &rows, &err), TM_OK);
    assert_int_equal(rows, TM_PARQUET_ROWS);
    tm_pq_close(r);
}

/* Opens and reads all; whatever comes out, it comes out in order. */
static tm_status read_all(tm_err *err)
{
    tm_pq_reader *r;
    uint32_t rows;
    bool more = true;
    tm_status status = tm_pq_open(&r, "x", err);
    if (status != TM_OK) return status;
    while (status == TM_OK && more) status = tm_pq_next(r, &more, &rows, err);
    tm_pq_close(r);
    return status;
}

static void every_cut_is_refused(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(put_rows(50, NULL), TM_OK);
    size_t whole = memory_file.n;
    for (size_t n = 0; n < whole; n++) {
        tm_err err = {0};
        memory_file.n = n;
        assert_int_equal(read_all(&err), TM_EINPUT);
        assert_true(err.msg[0] && err.source[0]);
    }
    memory_file.n = whole;
}

static void no_changed_byte_crashes_or_passes_a_checksum(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(put_rows(50, NULL), TM_OK);
    uint32_t footer;
    memcpy(&footer, memory_file.p + memory_file.n - 8, 4);
    for (size_t i = 0; i < memory_file.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            tm_err err = {0};
            memory_file.p[i] = (char)(memory_file.p[i] ^ 1 << bit);
            tm_status status = read_all(&err);
            if (status != TM_OK) assert_true(err.msg[0]);
            memory_file.p[i] = (char)(memory_file.p[i] ^ 1 << bit);
        }
    }
    assert_int_equal(read_all(NULL), TM_OK);
}

static void every_failing_call_is_told(void **state)
{
    TM_UNUSED(state);
    tm_status status = TM_EIO;
    for (long n = 1; status != TM_OK; n++) {
        tm_err err = {0};
        memory_fail_in = n;
        status = put_rows(3000, &err);
        bool fired = memory_fail_in <= 0;
        memory_fail_in = 0;
        if (!fired) break;
        if (status == TM_OK) continue; /* looking whether the file is there may fail */
        assert_true(status == TM_EIO && err.msg[0]);
        status = TM_EIO;
    }
    assert_int_equal(status, TM_OK);
    status = TM_EIO;
    for (long n = 1; status != TM_OK; n++) {
        tm_err err = {0};
        memory_fail_in = n;
        status = read_all(&err);
        bool fired = memory_fail_in <= 0;
        memory_fail_in = 0;
        if (fired && status != TM_OK) assert_true(err.msg[0]);
        if (fired && status == TM_OK) status = TM_EIO; /* closing may fail */
    }
    file_has(3000);
}

static void other_files_are_refused(void **state)
{
    TM_UNUSED(state);
    static const char *const others[] = {"", "PAR1", "PAR1PAR1", "PAR1\1\0\0\0PAR1",
                                         "{\"messages\": []}\n{\"messages\": []}\n"};
    for (size_t i = 0; i < TM_COUNT(others); i++) {
        tm_err err = {0};
        tm_buf_clear(&memory_file);
        tm_buf_z(&memory_file, others[i]);
        assert_int_equal(read_all(&err), TM_EINPUT);
        assert_non_null(strstr(err.msg, "not a Parquet file"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_read_back),
        cmocka_unit_test(the_footer_says_columns_and_notes),
        cmocka_unit_test(only_wanted_columns_are_read),
        cmocka_unit_test(long_text_fills_pages_and_row_groups),
        cmocka_unit_test(same_rows_same_bytes),
        cmocka_unit_test(text_is_always_utf8),
        cmocka_unit_test(memory_of_a_row_group_has_a_limit),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(no_changed_byte_crashes_or_passes_a_checksum),
        cmocka_unit_test(every_failing_call_is_told),
        cmocka_unit_test(other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
