/* The compact protocol: what is written reads back, what is unknown is passed over, and what is
 * broken fails without reading past the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/thrift.h"

static tm_thrift_in in_of(const tm_buf *b)
{
    return (tm_thrift_in){.p = b->p, .end = b->p + b->n};
}

/* A struct with a field of each kind, the numbers far apart and near. */
static void write_all(tm_buf *b)
{
    tm_thrift_out o = {.buf = b};
    tm_thrift_begin(&o, 0);
    tm_thrift_put_bool(&o, 1, true);
    tm_thrift_put_bool(&o, 2, false);
    tm_thrift_put_i8(&o, 3, -7);
    tm_thrift_put_i32(&o, 4, INT32_MIN);
    tm_thrift_put_i64(&o, 5, INT64_MIN);
    tm_thrift_put_text(&o, 40, TM_STR("sieve"));
    tm_thrift_list(&o, 41, TM_THRIFT_I64, 20);
    for (int i = 0; i < 20; i++) tm_thrift_item_int(&o, i - 10);
    tm_thrift_list(&o, 42, TM_THRIFT_STRUCT, 2);
    for (int i = 0; i < 2; i++) {
        tm_thrift_begin_item(&o);
        tm_thrift_begin(&o, 300);
        tm_thrift_put_i64(&o, 1, i);
        tm_thrift_end(&o);
        tm_thrift_end(&o);
    }
    tm_thrift_put_i64(&o, 43, INT64_MAX);
    tm_thrift_end(&o);
    assert_int_equal(o.depth, 0);
}

static void all_kinds_read_back(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    write_all(&b);
    tm_thrift_in in = in_of(&b);
    int16_t id, outer = tm_thrift_enter(&in);
    tm_thrift_type type, of;
    int64_t sum = 0;
    unsigned seen = 0;
    while (tm_thrift_field(&in, &id, &type)) {
        seen++;
        switch (id) {
        case 1: assert_true(tm_thrift_bool(&in, type)); break;
        case 2: assert_false(tm_thrift_bool(&in, type)); break;
        case 3: assert_int_equal(tm_thrift_int(&in, type), -7); break;
        case 4: assert_int_equal(tm_thrift_int(&in, type), INT32_MIN); break;
        case 5: assert_true(tm_thrift_int(&in, type) == INT64_MIN); break;
        case 40: assert_true(tm_str_is(tm_thrift_text(&in, type), "sieve")); break;
        case 41:
            assert_int_equal(tm_thrift_count(&in, type, &of), 20);
            for (int i = 0; i < 20; i++) sum += tm_thrift_int(&in, of);
            assert_int_equal(sum, -10);
            break;
        case 43: assert_true(tm_thrift_int(&in, type) == INT64_MAX); break;
        default: tm_thrift_skip(&in, type);
        }
    }
    tm_thrift_leave(&in, outer);
    assert_false(in.failed);
    assert_int_equal(seen, 9);
    assert_ptr_equal(in.p, in.end);
    tm_buf_release(&b);
}

static void skipping_all_ends_at_the_end(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    write_all(&b);
    tm_thrift_in in = in_of(&b);
    tm_thrift_skip(&in, TM_THRIFT_STRUCT);
    assert_false(in.failed);
    assert_ptr_equal(in.p, in.end);
    tm_buf_release(&b);
}

static void every_cut_fails(void **state)
{
    TM_UNUSED(state);
    tm_buf b = {0};
    write_all(&b);
    for (size_t n = 0; n < b.n; n++) {
        char *copy = tm_alloc(n + 1); /* so that a sanitizer sees a read behind it */
        assert_non_null(copy);
        memcpy(copy, b.p, n);
        tm_thrift_in in = {.p = copy, .end = copy + n};
        tm_thrift_skip(&in, TM_THRIFT_STRUCT);
        assert_true(in.failed);
        tm_free(copy);
    }
    tm_buf_release(&b);
}

static void hostile_sizes_fail(void **state)
{
    TM_UNUSED(state);
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\x18\xff\xff\xff\xff\x0f"
         "a",
         7},                                                      /* text of 4 GiB */
        {"\x19\xfc\xff\xff\xff\xff\x0f", 7},                      /* list of 4 billion structs */
        {"\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, /* a varint without end */
        {"\x1b\xff\x01\x11", 4},                                  /* a map of 255 */
        {"\x1d", 1},                                              /* no such type */
        {"\x06\x01\x02", 3},                                      /* field number -1 */
    };
    for (size_t i = 0; i < TM_COUNT(bad); i++) {
        tm_thrift_in in = {.p = bad[i].bytes, .end = bad[i].bytes + bad[i].n};
        tm_thrift_skip(&in, TM_THRIFT_STRUCT);
        assert_true(in.failed);
    }
}

static void nesting_has_a_limit(void **state)
{
    TM_UNUSED(state);
    char deep[1000];
    memset(deep, 0x1c, sizeof deep);
    tm_thrift_in in = {.p = deep, .end = deep + sizeof deep};
    tm_thrift_skip(&in, TM_THRIFT_STRUCT);
    assert_true(in.failed);
    memset(deep, 0x19, sizeof deep); /* lists of lists */
    in = (tm_thrift_in){.p = deep, .end = deep + sizeof deep};
    tm_thrift_skip(&in, TM_THRIFT_LIST);
    assert_true(in.failed);
}

static void the_wrong_type_fails(void **state)
{
    TM_UNUSED(state);
    tm_thrift_type of;
    tm_thrift_in in = {.p = "abcdef", .end = NULL};
    in.end = in.p + 6;
    tm_thrift_in a = in, b = in, c = in, d = in;
    (void)tm_thrift_int(&a, TM_THRIFT_TEXT);
    (void)tm_thrift_text(&b, TM_THRIFT_I32);
    (void)tm_thrift_bool(&c, TM_THRIFT_I32);
    assert_int_equal(tm_thrift_count(&d, TM_THRIFT_STRUCT, &of), 0);
    assert_true(a.failed && b.failed && c.failed && d.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_read_back), cmocka_unit_test(skipping_all_ends_at_the_end),
        cmocka_unit_test(every_cut_fails),     cmocka_unit_test(hostile_sizes_fail),
        cmocka_unit_test(nesting_has_a_limit), cmocka_unit_test(the_wrong_type_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
