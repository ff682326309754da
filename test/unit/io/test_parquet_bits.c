/* Bit packing, the hybrid and the differences: round trips over shapes and widths, the known bytes
 * of the format's own examples, and damaged input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "io/parquet_bits.h"

enum { MOST = 2000 };

static uint64_t dice(uint64_t i, uint64_t stream)
{
    return tm_chance(7, (tm_hash){i, 0}, stream);
}

/* Reads back from a copy of exactly the right size, for sanitizers. */
static void hybrid_reads_back(const uint32_t *value, uint32_t count, unsigned width)
{
    static uint32_t back[MOST];
    tm_buf b = {0};
    tm_pq_hybrid_encode(value, count, width, &b);
    assert_false(b.failed);
    char *copy = tm_alloc(b.n + 1);
    assert_non_null(copy);
    if (b.n) memcpy(copy, b.p, b.n);
    memset(back, 0xa5, sizeof back);
    assert_true(tm_pq_hybrid_decode(copy, b.n, width, count, back));
    assert_memory_equal(back, value, count * sizeof *value);
    if (count) assert_false(tm_pq_hybrid_decode(copy, 0, width, count, back));
    tm_free(copy);
    tm_buf_release(&b);
}

static void hybrid_round_trips(void **state)
{
    TM_UNUSED(state);
    static uint32_t value[MOST];
    static const uint32_t counts[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1999, 2000};
    for (unsigned width = 0; width <= 32; width++) {
        uint64_t mask = (UINT64_C(1) << width) - 1;
        for (unsigned shape = 1; shape <= 40; shape += 3) { /* lengths of runs */
            for (uint32_t i = 0; i < MOST; i++)
                value[i] = (uint32_t)(dice(i / shape, width) & mask);
            for (size_t k = 0; k < TM_COUNT(counts); k++) {
                hybrid_reads_back(value, counts[k], width);
            }
        }
    }
}

static void hybrid_knows_the_formats_example(void **state)
{
    TM_UNUSED(state);
    static const uint32_t value[8] = {0, 1, 2, 3, 4, 5, 6, 7}; /* Encodings.md, width 3 */
    tm_buf b = {0};
    tm_pq_hybrid_encode(value, 8, 3, &b);
    assert_int_equal(b.n, 4);
    assert_memory_equal(b.p, "\x03\x88\xc6\xfa", 4);
    tm_buf_release(&b);
}

static void equal_values_are_one_run(void **state)
{
    TM_UNUSED(state);
    static uint32_t value[MOST];
    tm_buf b = {0};
    for (uint32_t i = 0; i < MOST; i++) value[i] = 300;
    tm_pq_hybrid_encode(value, MOST, 9, &b);
    assert_int_equal(b.n, 4); /* two bytes of head, two of value */
    tm_buf_release(&b);
}

static void levels_round_trip(void **state)
{
    TM_UNUSED(state);
    static uint32_t back[MOST];
    for (unsigned shape = 1; shape <= 200; shape += 13) {
        for (uint32_t count = 0; count < MOST; count += 1 + count / 16) {
            uint64_t bit[MOST / 64 + 1] = {0};
            tm_buf b = {0};
            for (uint32_t i = 0; i < MOST; i++) {
                if (dice(i / shape, count) & 1) bit[i / 64] |= UINT64_C(1) << i % 64;
            }
            tm_pq_levels_encode(bit, count, &b);
            assert_true(tm_pq_hybrid_decode(b.p, b.n, 1, count, back));
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(back[i], bit[i / 64] >> i % 64 & 1);
            }
            tm_buf_release(&b);
        }
    }
}

static void hostile_runs_fail_or_are_cut(void **state)
{
    TM_UNUSED(state);
    uint32_t v[100];
    assert_false(tm_pq_hybrid_decode("\xff\xff\xff\xff\xff\xff", 6, 1, 100, v)); /* endless head */
    assert_false(tm_pq_hybrid_decode("\x00\x00", 2, 1, 100, v));                 /* a run of none */
    assert_false(tm_pq_hybrid_decode("\x03\x01", 2, 3, 8, v));                   /* too short */
    assert_false(tm_pq_hybrid_decode("\x10\x07", 2, 2, 8, v));                   /* 7 in two bits */
    assert_false(tm_pq_hybrid_decode("\x10\x07", 2, 33, 8, v));
    assert_true(tm_pq_hybrid_decode("\xfe\xff\xff\xff\x0f\x01", 6, 1, 100, v)); /* 2 billion, 100 */
    assert_int_equal(v[99], 1);
}

static void delta_reads_back(const uint64_t *value, uint32_t count)
{
    static uint64_t back[MOST];
    size_t used;
    tm_buf b = {0};
    tm_pq_delta_encode(value, count, &b);
    assert_false(b.failed);
    assert_int_equal(b.n, tm_pq_delta_size(value, count));
    for (size_t cut = 0; cut <= b.n; cut += cut < 20 || cut + 20 > b.n ? 1 : 7) {
        char *copy = tm_alloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, b.p, cut);
        bool whole = tm_pq_delta_decode(copy, cut, count, back, &used);
        tm_free(copy);
        if (cut < b.n) continue; /* may be well: the filling of the last part is not needed */
        assert_true(whole);
        assert_int_equal(used, b.n);
        assert_memory_equal(back, value, count * sizeof *value);
    }
    assert_false(tm_pq_delta_decode(b.p, b.n, count + 1, back, &used));
    tm_buf_release(&b);
}

static void delta_round_trips(void **state)
{
    TM_UNUSED(state);
    static uint64_t value[MOST];
    static const uint32_t counts[] = {0, 1, 2, 31, 32, 33, 34, 127, 128, 129, 130, 257, 1500};
    for (unsigned width = 0; width <= 64; width++) {
        uint64_t mask = width == 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
        for (uint32_t i = 0; i < MOST; i++) value[i] = i * 1000 + (dice(i, width) & mask);
        for (size_t k = 0; k < TM_COUNT(counts); k++) delta_reads_back(value, counts[k]);
    }
    for (uint32_t i = 0; i < MOST; i++)
        value[i] = i % 2 ? (uint64_t)INT64_MAX : (uint64_t)INT64_MIN;
    delta_reads_back(value, 1000);
}

static void delta_knows_the_formats_example(void **state)
{
    TM_UNUSED(state);
    static const uint64_t value[5] = {1, 2, 3, 4, 5}; /* Encodings.md, example 1: no bits at all */
    static const char expected[] = "\x80\x01\x04\x05\x02\x02\x00\x00\x00\x00";
    tm_buf b = {0};
    tm_pq_delta_encode(value, 5, &b);
    assert_int_equal(b.n, 10);
    assert_memory_equal(b.p, expected, 10);
    tm_buf_release(&b);
}

static void hostile_deltas_fail(void **state)
{
    TM_UNUSED(state);
    uint64_t v[10];
    size_t used;
    assert_false(tm_pq_delta_decode("\x00\x04\x05\x02", 4, 5, v, &used));     /* blocks of none */
    assert_false(tm_pq_delta_decode("\x80\x01\x00\x05\x02", 5, 5, v, &used)); /* no parts */
    assert_false(tm_pq_delta_decode("\x80\x01\x03\x05\x02", 5, 5, v, &used)); /* parts of 42.7 */
    assert_false(tm_pq_delta_decode("\x80\x01\x04\x05\x02\x02\x41\x00\x00\x00", 10, 5, v, &used));
    assert_false(tm_pq_delta_decode("\x80\x80\x80\x80\x01\x04\x05\x02", 8, 5, v, &used));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hybrid_round_trips),
        cmocka_unit_test(hybrid_knows_the_formats_example),
        cmocka_unit_test(equal_values_are_one_run),
        cmocka_unit_test(levels_round_trip),
        cmocka_unit_test(hostile_runs_fail_or_are_cut),
        cmocka_unit_test(delta_round_trips),
        cmocka_unit_test(delta_knows_the_formats_example),
        cmocka_unit_test(hostile_deltas_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
