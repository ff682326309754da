/* The meter over what a thread takes: what it refuses, what it counts, and that it is one thread's
 * own. */
#include "base_help.h"

#include "base/thread.h"

enum { KIB = 1024 };

static void the_meter_refuses_what_goes_beyond_it(void **state)
{
    TM_UNUSED(state);
    tm_alloc_meter(1000 * KIB);
    char *first = tm_alloc(600 * KIB), *second = tm_alloc(600 * KIB);
    assert_non_null(first);
    assert_null(second);
    assert_null(tm_alloc_zero(600, KIB));
    assert_null(tm_realloc(first, 1100 * KIB));
    assert_true(tm_alloc_meter_has(300 * KIB));
    first = tm_realloc(first, 900 * KIB);
    assert_non_null(first);
    assert_false(tm_alloc_meter_has(300 * KIB));
    uint64_t needed = tm_alloc_meter_end();
    assert_in_range(needed, 1200 * KIB, 1216 * KIB); /* of the first it refused */
    second = tm_alloc(600 * KIB);
    assert_non_null(second);
    tm_free(first);
    tm_free(second);
    assert_int_equal(tm_alloc_live(), 0);
}

static void what_is_given_back_may_be_taken_again(void **state)
{
    TM_UNUSED(state);
    char *before = tm_alloc(500 * KIB);
    assert_non_null(before);
    tm_alloc_meter(1000 * KIB);
    for (int i = 0; i < 100; i++) {
        char *p = tm_alloc(990 * KIB);
        assert_non_null(p);
        tm_free(p);
    }
    tm_free(before); /* that was there before it was set makes room, too */
    char *more = tm_alloc(1400 * KIB);
    assert_non_null(more);
    assert_int_equal(tm_alloc_meter_end(), 0);
    tm_free(more);
}

static void *take_much(void *arg)
{
    char *p = tm_alloc(2000 * KIB);
    *(bool *)arg = p != NULL;
    tm_free(p);
    return NULL;
}

static void other_threads_are_not_metered(void **state)
{
    tm_thread other;
    bool well = false;
    TM_UNUSED(state);
    tm_alloc_meter(1000 * KIB);
    assert_true(tm_thread_start(&other, take_much, &well));
    tm_thread_join(other);
    assert_true(well);
    assert_true(tm_alloc_meter_has(990 * KIB));
    assert_int_equal(tm_alloc_meter_end(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_meter_refuses_what_goes_beyond_it),
        cmocka_unit_test(what_is_given_back_may_be_taken_again),
        cmocka_unit_test(other_threads_are_not_metered),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
