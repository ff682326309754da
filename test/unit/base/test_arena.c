/* Arenas and growing arrays: alignment, limits, marks, growing in place, and what a reset keeps. */
#include "base_help.h"

#include "base/vec.h"

enum { PIECES = 3000 };

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    TM_UNUSED(state);
    static unsigned char *piece[PIECES];
    static size_t size[PIECES];
    tm_arena a = {0};
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < PIECES; i++) {
            size_t align = (size_t)1 << chance(7);
            size[i] = chance(i % 100 == 0 ? 200000 : 300);
            piece[i] = tm_arena_alloc(&a, size[i], align);
            assert_non_null(piece[i]);
            assert_int_equal((uintptr_t)piece[i] % align, 0);
            memset(piece[i], (int)(i % 251), size[i]);
        }
        for (size_t i = 0; i < PIECES; i++)
            for (size_t k = 0; k < size[i]; k += 17) assert_int_equal(piece[i][k], i % 251);
        assert_true(a.used <= a.held);
        tm_arena_reset(&a);
        assert_int_equal(a.used, 0);
        assert_true(a.held <= 4 * TM_MIB);
    }
    tm_arena_release(&a);
    assert_int_equal(a.held, 0);
    assert_int_equal(tm_alloc_live(), 0);
}

static void a_reset_arena_needs_no_new_memory(void **state)
{
    TM_UNUSED(state);
    tm_arena a = {0};
    uint64_t live = 0;
    for (int turn = 0; turn < 10; turn++) {
        for (int i = 0; i < 3000; i++) assert_non_null(tm_arena_alloc(&a, 500, 8));
        if (turn) assert_int_equal(tm_alloc_live(), live);
        live = tm_alloc_live();
        tm_arena_reset(&a);
        assert_int_equal(tm_alloc_live(), live);
    }
    tm_arena_release(&a);
}

static void the_limit_is_of_what_is_held(void **state)
{
    TM_UNUSED(state);
    for (size_t limit = 1000; limit <= 10000000; limit *= 10) {
        tm_arena a;
        tm_arena_init(&a, limit);
        size_t got = 0;
        while (tm_arena_alloc(&a, 100, 1)) got += 100;
        assert_true(a.held <= limit);
        assert_true(got > limit / 2); /* and most of it can be had */
        assert_null(tm_arena_alloc(&a, limit, 1));
        tm_arena_reset(&a);
        assert_non_null(tm_arena_alloc(&a, 100, 1));
        tm_arena_release(&a);
        assert_int_equal(a.limit, limit);
    }
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    TM_UNUSED(state);
    tm_arena a = {0};
    assert_null(tm_arena_zero(&a, SIZE_MAX / 2, 3));
    assert_null(tm_arena_alloc(&a, SIZE_MAX, 1));
    assert_null(tm_arena_alloc(&a, SIZE_MAX / 2 + 1, 64));
    assert_non_null(tm_arena_alloc(&a, 0, 1));
    const unsigned char *zero = tm_arena_zero(&a, 100, 7);
    for (int i = 0; i < 700; i++) assert_int_equal(zero[i], 0);
    tm_arena_release(&a);
}

static void a_mark_gives_back_what_came_after_it(void **state)
{
    TM_UNUSED(state);
    tm_arena a = {0};
    tm_arena_mark start = tm_arena_here(&a);
    char *kept = tm_arena_alloc(&a, 10, 1);
    memset(kept, 'k', 10);
    tm_arena_mark mark = tm_arena_here(&a);
    const char *first = tm_arena_alloc(&a, 100, 1);
    for (int i = 0; i < 5000; i++) assert_non_null(tm_arena_alloc(&a, 200, 8));
    size_t held = a.held;
    tm_arena_rewind(&a, mark);
    assert_int_equal(a.used, 10);
    assert_ptr_equal(tm_arena_alloc(&a, 100, 1), first);
    for (int i = 0; i < 5000; i++) assert_non_null(tm_arena_alloc(&a, 200, 8));
    assert_int_equal(a.held, held);
    for (int i = 0; i < 10; i++) assert_int_equal(kept[i], 'k');
    tm_arena_rewind(&a, start);
    assert_int_equal(a.used, 0);
    assert_ptr_equal(tm_arena_alloc(&a, 10, 1), kept);
    tm_arena_release(&a);
}

static void growing_keeps_the_bytes(void **state)
{
    TM_UNUSED(state);
    tm_arena a = {0};
    char *p = tm_arena_grow(&a, NULL, 0, 16), *was = p;
    memset(p, 'a', 16);
    p = tm_arena_grow(&a, p, 16, 1000);
    assert_ptr_equal(p, was); /* the last one grows in place */
    memset(p + 16, 'b', 984);
    assert_non_null(tm_arena_alloc(&a, 1, 1));
    p = tm_arena_grow(&a, p, 1000, 300000);
    assert_ptr_not_equal(p, was);
    for (int i = 0; i < 1000; i++) assert_int_equal(p[i], i < 16 ? 'a' : 'b');
    const char *less = tm_arena_grow(&a, p, 300000, 20);
    assert_memory_equal(less, "aaaaaaaaaaaaaaaabbbb", 20);
    tm_arena_release(&a);
    tm_arena_init(&a, 1000);
    p = tm_arena_grow(&a, NULL, 0, 500);
    assert_non_null(p);
    memset(p, 'c', 500);
    assert_null(tm_arena_grow(&a, p, 500, 5000));
    assert_int_equal(p[499], 'c'); /* what cannot grow stays as it was */
    tm_arena_release(&a);
}

static void copies_end_in_a_nul(void **state)
{
    TM_UNUSED(state);
    tm_arena a = {0};
    tm_str s = tm_arena_str(&a, TM_STR("a\0b"));
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "a\0b", 4);
    assert_string_equal(tm_arena_str(&a, (tm_str){0}).p, "");
    assert_string_equal(tm_arena_printf(&a, "%d-%s", 7, "x"), "7-x");
    tm_arena_release(&a);
    tm_arena_init(&a, 100);
    static char big[200];
    assert_null(tm_arena_str(&a, (tm_str){big, 200}).p);
    assert_null(tm_arena_printf(&a, "%200d", 7));
    tm_arena_release(&a);
}

static void arrays_grow_and_keep_their_elements(void **state)
{
    TM_UNUSED(state);
    tm_arena a = {0};
    uint64_t *in_arena = NULL, *on_heap = NULL;
    uint32_t room[2] = {0, 0};
    for (uint32_t i = 0; i < 5000; i++) {
        assert_true(TM_ROOM(&a, in_arena, i, room[0], 1));
        assert_true(TM_ROOM_HEAP(on_heap, i, room[1], 1));
        in_arena[i] = on_heap[i] = i * (uint64_t)i;
    }
    for (uint32_t i = 0; i < 5000; i++) assert_true(in_arena[i] == i * (uint64_t)i);
    assert_memory_equal(in_arena, on_heap, 5000 * sizeof *on_heap);
    uint32_t before = room[1];
    assert_false(TM_ROOM_HEAP(on_heap, 5000, room[1], UINT32_MAX)); /* counts are 32 bits wide */
    assert_false(TM_ROOM_HEAP(on_heap, 5000, room[1], SIZE_MAX));
    assert_int_equal(room[1], before);
    tm_free(on_heap);
    tm_arena_release(&a);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_reset_arena_needs_no_new_memory),
        cmocka_unit_test(the_limit_is_of_what_is_held),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(a_mark_gives_back_what_came_after_it),
        cmocka_unit_test(growing_keeps_the_bytes),
        cmocka_unit_test(copies_end_in_a_nul),
        cmocka_unit_test(arrays_grow_and_keep_their_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
