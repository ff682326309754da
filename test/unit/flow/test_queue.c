/* The queue against a plain list that is searched for its least pair each time; and against qsort
 * where it is large. Any budget, and nothing left on disk or in memory. */
#include "unit/base/base_help.h"

#include "flow/queue.h"

enum { MOST = 30000 };

static tm_pair list[MOST];
static size_t listed;

static int pair_order(const void *a, const void *b)
{
    const tm_pair *x = a, *y = b;
    int c = tm_rid_cmp(x->key, y->key);
    return c ? c : tm_rid_cmp(x->value, y->value);
}

static tm_rid any_rid(uint64_t different)
{
    return (tm_rid){TM_PLACE(1 + chance(3), chance(different)), chance(2) << 48};
}

static void put(tm_queue *q, uint64_t different)
{
    tm_pair pair = {any_rid(different), any_rid(different)};
    assert_int_equal(tm_queue_put(q, pair.key, pair.value, NULL), TM_OK);
    assert_true(listed < MOST);
    list[listed++] = pair;
}

/* The least one of both. */
static void take(tm_queue *q)
{
    tm_pair got;
    size_t least = 0;
    for (size_t i = 1; i < listed; i++)
        if (pair_order(&list[i], &list[least]) < 0) least = i;
    assert_int_equal(tm_queue_look(q, &got), listed > 0);
    if (!listed) return;
    assert_int_equal(pair_order(&got, &list[least]), 0);
    assert_int_equal(tm_queue_drop(q, NULL), TM_OK);
    list[least] = list[--listed];
}

static void ended(tm_queue *q, const tm_spill *spill)
{
    tm_pair none;
    assert_false(tm_queue_look(q, &none));
    tm_queue_free(q);
    assert_int_equal(spill->held, 0);
    if (spill->ever) assert_int_equal(names_in(spill->folder), 0);
    assert_int_equal(tm_alloc_live(), 0);
}

/* Before the first look, and then more put than taken, as many, and fewer. */
static void agrees_with_a_list(uint64_t budget)
{
    tm_spill spill = {.folder = room("spill")};
    tm_queue *q = tm_queue_new(&spill, budget);
    assert_non_null(q);
    listed = 0;
    for (int i = 0; i < 700; i++) put(q, 100);
    assert_int_equal(tm_queue_begin(q, NULL), TM_OK);
    for (uint64_t puts = 4; puts-- > 0;)
        for (int i = 0; i < 700; i++)
            if (chance(4) < puts)
                put(q, 100);
            else
                take(q);
    while (listed) take(q);
    assert_true(spill.ever > 0); /* what was put first lies there by then */
    ended(q, &spill);
}

static void any_order_of_putting_and_taking(void **state)
{
    TM_UNUSED(state);
    for (int round = 0; round < 10; round++) {
        agrees_with_a_list(1 << 20);
        agrees_with_a_list(60000);
        agrees_with_a_list(0); /* the least there is */
    }
}

/* Files that are open: a stream is one. */
static void few_are_open(void)
{
    assert_in_range(names_in("/proc/self/fd"), 3, 50);
}

/* Many heaps are written, so that streams are made into longer ones, level by level. */
static void many_streams_come_out_in_order(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("many")};
    tm_queue *q = tm_queue_new(&spill, 0);
    assert_non_null(q);
    assert_int_equal(tm_queue_begin(q, NULL), TM_OK);
    listed = 0;
    while (listed < MOST) put(q, 1 << 30);
    few_are_open();
    qsort(list, listed, sizeof *list, pair_order);
    for (size_t i = 0; i < listed; i++) {
        tm_pair got;
        assert_true(tm_queue_look(q, &got));
        assert_int_equal(pair_order(&got, &list[i]), 0);
        assert_int_equal(tm_queue_drop(q, NULL), TM_OK);
    }
    assert_true(spill.ever > 0);
    ended(q, &spill);
}

static void equal_pairs_come_as_often_as_they_were_put(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("equal")};
    tm_pair one = {{TM_PLACE(1, 7), 0}, {TM_PLACE(1, 3), 0}}, got;
    tm_queue *q = tm_queue_new(&spill, 0);
    for (int i = 0; i < 500; i++) {
        if (i == 200) assert_int_equal(tm_queue_begin(q, NULL), TM_OK);
        assert_int_equal(tm_queue_put(q, one.key, one.value, NULL), TM_OK);
    }
    for (int i = 0; i < 500; i++) {
        assert_true(tm_queue_look(q, &got));
        assert_int_equal(pair_order(&got, &one), 0);
        assert_int_equal(tm_queue_drop(q, NULL), TM_OK);
    }
    ended(q, &spill);
}

static void one_that_is_left_gives_all_back(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("left")};
    for (int begun = 0; begun < 2; begun++) {
        tm_queue *q = tm_queue_new(&spill, 0);
        listed = 0;
        for (int i = 0; i < 5000; i++) {
            if (begun && i == 2500) assert_int_equal(tm_queue_begin(q, NULL), TM_OK);
            put(q, 1000);
        }
        tm_queue_free(q);
        assert_int_equal(spill.held, 0);
        assert_int_equal(names_in(spill.folder), 0);
        assert_int_equal(tm_alloc_live(), 0);
    }
    tm_queue_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_putting_and_taking),
        cmocka_unit_test(many_streams_come_out_in_order),
        cmocka_unit_test(equal_pairs_come_as_often_as_they_were_put),
        cmocka_unit_test(one_that_is_left_gives_all_back),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
