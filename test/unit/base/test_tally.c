/* Quantiles of a tally against the sorted values themselves: never below, and above by less than
 * one part in 128. */
#include "base_help.h"

#include "base/tally.h"

enum { MOST = 4000 };

static tm_tally tally;
static uint64_t value[MOST];

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void take(size_t n)
{
    tally = (tm_tally){0};
    for (size_t i = 0; i < n; i++) tm_tally_add(&tally, value[i]);
    qsort(value, n, sizeof *value, by_size);
}

/* The smallest of the values that `percent` of them do not exceed. */
static uint64_t true_quantile(size_t n, unsigned percent)
{
    size_t least = 0;
    while (least * 100 < n * percent) least++;
    return value[least - 1];
}

static void check(size_t n)
{
    static const unsigned percents[] = {1, 10, 50, 90, 99, 100};
    take(n);
    for (size_t i = 0; i < TM_COUNT(percents); i++) {
        tm_quantile q = tm_tally_quantile(&tally, percents[i]);
        uint64_t want = true_quantile(n, percents[i]);
        assert_true(q.value >= want);
        assert_true(q.value - want <= want / 128);
        if (q.exact || want < 1024) assert_int_equal(q.value, want);
        if (want < 1024) assert_true(q.exact);
    }
    assert_int_equal(tm_tally_quantile(&tally, 100).value, value[n - 1]);
}

static void quantiles_are_those_of_the_sorted_values(void **state)
{
    TM_UNUSED(state);
    for (unsigned round = 0; round < 200; round++) {
        size_t n = 1 + (size_t)chance(round < 100 ? 12 : MOST);
        uint64_t most = (uint64_t)1 << (1 + chance(32));
        for (size_t i = 0; i < n; i++) value[i] = chance(most);
        check(n);
    }
}

static void equal_values_are_exact_whatever_their_size(void **state)
{
    TM_UNUSED(state);
    for (uint64_t v = 1; v && v < (uint64_t)1 << 40; v = v * 3 + 1) {
        for (size_t i = 0; i < 100; i++) value[i] = v;
        take(100);
        assert_int_equal(tm_tally_quantile(&tally, 50).value, v);
        assert_true(tm_tally_quantile(&tally, 90).exact);
        assert_int_equal(tally.sum, 100 * v);
    }
}

static void nothing_has_no_quantile_but_zero(void **state)
{
    TM_UNUSED(state);
    take(0);
    assert_int_equal(tm_tally_quantile(&tally, 50).value, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
        cmocka_unit_test(equal_values_are_exact_whatever_their_size),
        cmocka_unit_test(nothing_has_no_quantile_but_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
