/* Exported Arrow batches, held against the format's rules by a validator written from the
 * specification alone (CDataInterface.html, Columnar.html), then against the values that went in.
 * Releases are in any order, children are moved out, and sanitizers watch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "record/arrow.h"

static const tm_arrow_column columns[] = {
    {"u64", TM_ARROW_U64, false},    {"i64", TM_ARROW_I64, true},
    {"f64", TM_ARROW_F64, true},     {"bool", TM_ARROW_BOOL, true},
    {"text", TM_ARROW_TEXT, true},   {"large", TM_ARROW_LARGE_TEXT, false},
    {"bytes", TM_ARROW_BYTES, true}, {"large_bytes", TM_ARROW_LARGE_BYTES, true},
};
enum { COLUMNS = TM_COUNT(columns) };

static bool null_at(uint32_t column, uint64_t row)
{
    return columns[column].optional && tm_chance(3, (tm_hash){row, column}, 0) % 4 == 0;
}

static uint64_t number_at(uint32_t column, uint64_t row)
{
    uint64_t n = tm_chance(4, (tm_hash){row, column}, 0);
    return columns[column].type == TM_ARROW_BOOL ? n & 1 : n;
}

static tm_str text_at(uint32_t column, uint64_t row, char room[64])
{
    size_t n = (size_t)(number_at(column, row) % 64);
    for (size_t i = 0; i < n; i++) room[i] = (char)('A' + (row + i) % 58);
    return (tm_str){room, n};
}

static void put_row(tm_arrow_builder *b, uint64_t row)
{
    char room[64];
    for (uint32_t c = 0; c < COLUMNS; c++) {
        if (null_at(c, row)) {
            tm_arrow_null(b);
        } else if (columns[c].type == TM_ARROW_F64) {
            tm_arrow_f64(b, (double)number_at(c, row));
        } else if (columns[c].type >= TM_ARROW_TEXT) {
            tm_arrow_text(b, text_at(c, row, room));
        } else {
            tm_arrow_u64(b, number_at(c, row));
        }
    }
}

/* ---- the validator ---- */

static bool bit_of(const void *map, int64_t i)
{
    return ((const uint8_t *)map)[i / 8] >> i % 8 & 1;
}

static int64_t offset_of(const void *offsets, char format, int64_t i)
{
    if (format == 'U' || format == 'Z') return ((const int64_t *)offsets)[i];
    return ((const int32_t *)offsets)[i];
}

static void schema_is_valid(const struct ArrowSchema *s)
{
    assert_non_null(s->release);
    assert_string_equal(s->format, "+s");
    assert_int_equal(s->n_children, COLUMNS);
    assert_null(s->dictionary);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        static const char *const format[] = {"L", "l", "g", "b", "u", "U", "z", "Z"};
        const struct ArrowSchema *child = s->children[c];
        assert_non_null(child->release);
        assert_string_equal(child->format, format[columns[c].type]);
        assert_string_equal(child->name, columns[c].name);
        assert_int_equal(child->flags, columns[c].optional ? ARROW_FLAG_NULLABLE : 0);
        assert_int_equal(child->n_children, 0);
        assert_null(child->dictionary);
        assert_null(child->metadata);
    }
}

static void child_is_valid(const struct ArrowSchema *s, const struct ArrowArray *a, int64_t length)
{
    char format = s->format[0];
    bool text = strchr("uUzZ", format) != NULL;
    int64_t nulls = 0;
    assert_non_null(a->release);
    assert_int_equal(a->length, length);
    assert_int_equal(a->offset, 0);
    assert_int_equal(a->n_children, 0);
    assert_null(a->dictionary);
    assert_int_equal(a->n_buffers, text ? 3 : 2);
    for (int64_t i = 1; i < a->n_buffers; i++) {
        assert_non_null(a->buffers[i]);
        assert_int_equal((uintptr_t)a->buffers[i] % 8, 0);
    }
    if (a->buffers[0]) {
        for (int64_t i = 0; i < length; i++) nulls += !bit_of(a->buffers[0], i);
    }
    assert_int_equal(a->null_count, nulls);
    if (nulls) assert_int_equal(s->flags & ARROW_FLAG_NULLABLE, ARROW_FLAG_NULLABLE);
    if (!text) return;
    assert_int_equal(offset_of(a->buffers[1], format, 0), 0);
    uint64_t sum = 0;
    for (int64_t i = 0; i < length; i++) {
        int64_t from = offset_of(a->buffers[1], format, i);
        int64_t to = offset_of(a->buffers[1], format, i + 1);
        assert_true(from <= to);
        for (int64_t k = from; k < to; k++) sum += ((const uint8_t *)a->buffers[2])[k];
    }
    assert_true(sum || !sum); /* every byte was read, under a sanitizer */
}

static void array_is_valid(const struct ArrowSchema *s, const struct ArrowArray *a)
{
    assert_non_null(a->release);
    assert_true(a->length >= 0);
    assert_int_equal(a->null_count, 0);
    assert_int_equal(a->offset, 0);
    assert_int_equal(a->n_buffers, 1);
    assert_null(a->buffers[0]);
    assert_int_equal(a->n_children, s->n_children);
    for (int64_t c = 0; c < a->n_children; c++) {
        child_is_valid(s->children[c], a->children[c], a->length);
    }
}

/* ---- values ---- */

static void value_is(uint32_t c, const struct ArrowArray *a, int64_t at, uint64_t row)
{
    char room[64], format = "LlgbuUzZ"[columns[c].type];
    bool null = a->buffers[0] && !bit_of(a->buffers[0], at);
    assert_int_equal(null, null_at(c, row));
    if (null) return;
    if (columns[c].type >= TM_ARROW_TEXT) {
        tm_str expected = text_at(c, row, room);
        int64_t from = offset_of(a->buffers[1], format, at);
        int64_t to = offset_of(a->buffers[1], format, at + 1);
        tm_str got = {(const char *)a->buffers[2] + from, (size_t)(to - from)};
        assert_true(tm_str_eq(got, expected));
    } else if (columns[c].type == TM_ARROW_BOOL) {
        assert_int_equal(bit_of(a->buffers[1], at), number_at(c, row));
    } else if (columns[c].type == TM_ARROW_F64) {
        assert_true(((const double *)a->buffers[1])[at] == (double)number_at(c, row));
    } else {
        assert_true(((const uint64_t *)a->buffers[1])[at] == number_at(c, row));
    }
}

static void rows_are(const struct ArrowArray *a, uint64_t first)
{
    for (uint32_t c = 0; c < COLUMNS; c++) {
        for (int64_t i = 0; i < a->length; i++) {
            value_is(c, a->children[c], i, first + (uint64_t)i);
        }
    }
}

static tm_arrow_builder *builder(void)
{
    tm_arrow_builder *b;
    assert_int_equal(tm_arrow_open(&b, columns, COLUMNS, NULL), TM_OK);
    return b;
}

static void batches_hold_what_went_in(void **state)
{
    TM_UNUSED(state);
    static const uint32_t counts[] = {0, 1, 7, 8, 9, 64, 1000, 0, 3};
    tm_arrow_builder *b = builder();
    struct ArrowSchema schema;
    assert_int_equal(tm_arrow_schema(b, &schema, NULL), TM_OK);
    schema_is_valid(&schema);
    uint64_t row = 0;
    for (size_t k = 0; k < TM_COUNT(counts); k++) {
        struct ArrowArray array;
        for (uint32_t i = 0; i < counts[k]; i++) {
            put_row(b, row + i);
            assert_int_equal(tm_arrow_row(b, NULL), TM_OK);
        }
        assert_int_equal(tm_arrow_rows(b), counts[k]);
        assert_int_equal(tm_arrow_bytes(b) > 0, counts[k] > 0);
        assert_int_equal(tm_arrow_take(b, &array, NULL), TM_OK);
        assert_int_equal(tm_arrow_rows(b), 0);
        assert_int_equal(array.length, counts[k]);
        array_is_valid(&schema, &array);
        rows_are(&array, row);
        row += counts[k];
        array.release(&array);
        assert_null(array.release);
    }
    schema.release(&schema);
    assert_null(schema.release);
    tm_arrow_close(b);
}

static void exports_outlive_the_builder_and_their_parents(void **state)
{
    TM_UNUSED(state);
    uint64_t live = tm_alloc_live();
    tm_arrow_builder *b = builder();
    struct ArrowSchema schema, one_schema;
    struct ArrowArray array, one;
    for (uint64_t row = 0; row < 100; row++) {
        put_row(b, row);
        assert_int_equal(tm_arrow_row(b, NULL), TM_OK);
    }
    assert_int_equal(tm_arrow_schema(b, &schema, NULL), TM_OK);
    assert_int_equal(tm_arrow_take(b, &array, NULL), TM_OK);
    put_row(b, 0);
    assert_int_equal(tm_arrow_row(b, NULL), TM_OK); /* a row that nobody takes */
    tm_arrow_close(b);
    array_is_valid(&schema, &array);
    one = *array.children[5]; /* moved out, as the specification says */
    array.children[5]->release = NULL;
    one_schema = *schema.children[5];
    schema.children[5]->release = NULL;
    array.release(&array);
    schema.release(&schema);
    child_is_valid(&one_schema, &one, 100);
    for (int64_t i = 0; i < one.length; i++) value_is(5, &one, i, (uint64_t)i);
    one.release(&one);
    one_schema.release(&one_schema);
    assert_int_equal(tm_alloc_live(), live);
}

static void no_nulls_no_bit_map(void **state)
{
    TM_UNUSED(state);
    static const tm_arrow_column two[] = {{"a", TM_ARROW_U64, true}, {"b", TM_ARROW_TEXT, true}};
    tm_arrow_builder *b;
    struct ArrowArray array;
    assert_int_equal(tm_arrow_open(&b, two, 2, NULL), TM_OK);
    tm_arrow_u64(b, 1);
    tm_arrow_text(b, TM_STR(""));
    assert_int_equal(tm_arrow_row(b, NULL), TM_OK);
    assert_int_equal(tm_arrow_take(b, &array, NULL), TM_OK);
    assert_null(array.children[0]->buffers[0]);
    assert_null(array.children[1]->buffers[0]);
    assert_int_equal(array.children[1]->null_count, 0);
    array.release(&array);
    tm_arrow_close(b);
}

static void text_is_always_utf8(void **state)
{
    TM_UNUSED(state);
    static const tm_arrow_column two[] = {{"a", TM_ARROW_TEXT, false},
                                          {"b", TM_ARROW_BYTES, false}};
    static const tm_str bad = TM_STR_INIT("a\xff");
    tm_arrow_builder *b;
    struct ArrowArray array;
    assert_int_equal(tm_arrow_open(&b, two, 2, NULL), TM_OK);
    tm_arrow_text(b, bad);
    tm_arrow_text(b, bad);
    assert_int_equal(tm_arrow_row(b, NULL), TM_OK);
    assert_int_equal(tm_arrow_take(b, &array, NULL), TM_OK);
    assert_memory_equal(array.children[0]->buffers[2], "a\xef\xbf\xbd", 4);
    assert_memory_equal(array.children[1]->buffers[2], "a\xff", 2);
    array.release(&array);
    tm_arrow_close(b);
}

/* ---- streams ---- */

typedef struct feed {
    uint32_t batch, batches;
    uint64_t row;
    bool fails, done;
} feed;

static tm_status fill(void *arg, tm_arrow_builder *b, bool *more, tm_err *err)
{
    feed *f = arg;
    if (f->fails && f->batch == 1) return tm_fail(err, TM_EIO, "the disk is gone");
    for (uint32_t i = 0; i < f->batch * 10; i++) { /* none in the first */
        put_row(b, f->row++);
        TM_TRY(tm_arrow_row(b, err));
    }
    f->batch++;
    *more = f->batch < f->batches;
    return TM_OK;
}

static void done(void *arg)
{
    ((feed *)arg)->done = true;
}

static void streams_give_every_batch_once(void **state)
{
    TM_UNUSED(state);
    for (uint32_t batches = 1; batches < 6; batches++) {
        feed f = {.batches = batches};
        struct ArrowArrayStream s;
        struct ArrowSchema schema;
        struct ArrowArray array;
        uint64_t row = 0;
        assert_int_equal(tm_arrow_stream(&s, columns, COLUMNS, fill, done, &f, NULL), TM_OK);
        assert_int_equal(s.get_schema(&s, &schema), 0);
        schema_is_valid(&schema);
        for (;;) {
            assert_int_equal(s.get_next(&s, &array), 0);
            if (!array.release) break;
            assert_true(array.length > 0);
            array_is_valid(&schema, &array);
            rows_are(&array, row);
            row += (uint64_t)array.length;
            array.release(&array);
        }
        assert_int_equal(s.get_next(&s, &array), 0); /* the end stays the end */
        assert_null(array.release);
        assert_null(s.get_last_error(&s));
        assert_int_equal(row, 10 * batches * (batches - 1) / 2);
        assert_false(f.done);
        s.release(&s);
        assert_null(s.release);
        assert_true(f.done);
        schema.release(&schema);
    }
}

static void streams_tell_why_they_fail(void **state)
{
    TM_UNUSED(state);
    feed f = {.batches = 5, .fails = true};
    struct ArrowArrayStream s;
    struct ArrowArray array;
    assert_int_equal(tm_arrow_stream(&s, columns, COLUMNS, fill, NULL, &f, NULL), TM_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_not_equal(s.get_next(&s, &array), 0);
        assert_null(array.release);
        assert_string_equal(s.get_last_error(&s), "the disk is gone");
    }
    s.release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_hold_what_went_in),
        cmocka_unit_test(exports_outlive_the_builder_and_their_parents),
        cmocka_unit_test(no_nulls_no_bit_map),
        cmocka_unit_test(text_is_always_utf8),
        cmocka_unit_test(streams_give_every_batch_once),
        cmocka_unit_test(streams_tell_why_they_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
