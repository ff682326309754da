/* The external sort against qsort: any facts, any budget, and nothing left on disk or in memory. */
#include "unit/base/base_help.h"

#include "flow/sorter.h"

enum { MOST = 20000 };

typedef struct row {
    char key[12], order[6], data[4];
    uint8_t key_n, order_n, data_n;
    tm_rid rid;
} row;

static row rows[MOST];

static tm_fact fact_of(const row *r)
{
    return (tm_fact){.key = {r->key, r->key_n},
                     .order = {r->order, r->order_n},
                     .data = {r->data, r->data_n},
                     .rid = r->rid};
}

static int by_definition(const void *a, const void *b)
{
    tm_fact f = fact_of(a), g = fact_of(b);
    int c = tm_str_cmp(f.key, g.key);
    if (!c) c = tm_str_cmp(f.order, g.order);
    if (!c) c = tm_rid_cmp(f.rid, g.rid);
    return c ? c : tm_str_cmp(f.data, g.data);
}

/* Few different bytes, so that equal keys, equal beginnings and whole equal facts are many. */
static void make_rows(size_t count, size_t longest_key)
{
    static const char letters[] = {0, 'a', (char)0x80, (char)0xFF};
    for (size_t i = 0; i < count; i++) {
        row *r = &rows[i];
        r->key_n = (uint8_t)chance(longest_key + 1);
        r->order_n = (uint8_t)chance(sizeof r->order + 1);
        r->data_n = (uint8_t)chance(sizeof r->data + 1);
        for (size_t k = 0; k < r->key_n; k++) r->key[k] = letters[chance(k < 8 ? 2 : 4)];
        for (size_t k = 0; k < r->order_n; k++) r->order[k] = letters[chance(4)];
        for (size_t k = 0; k < r->data_n; k++) r->data[k] = letters[chance(4)];
        r->rid = (tm_rid){TM_PLACE(1 + chance(2) * 300, chance(50)), chance(2) << 48};
    }
}

static void same_fact(const tm_fact *got, const row *want)
{
    tm_fact f = fact_of(want);
    assert_true(tm_str_eq(got->key, f.key));
    assert_true(tm_str_eq(got->order, f.order));
    assert_true(tm_str_eq(got->data, f.data));
    assert_int_equal(tm_rid_cmp(got->rid, f.rid), 0);
}

static void sorts_like_qsort(size_t count, uint64_t budget, bool spills)
{
    tm_spill spill = {.folder = room("spill")};
    tm_sorter *s = tm_sorter_new(&spill, budget);
    tm_err err = {0};
    tm_fact f;
    bool more = true;
    assert_non_null(s);
    for (size_t i = 0; i < count; i++) {
        f = fact_of(&rows[i]);
        assert_int_equal(tm_sorter_add(s, &f, &err), TM_OK);
    }
    assert_int_equal(tm_sorter_count(s), count);
    qsort(rows, count, sizeof *rows, by_definition);
    assert_int_equal(tm_sorter_finish(s, &err), TM_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(tm_sorter_next(s, &f, &more, &err), TM_OK);
        assert_true(more);
        same_fact(&f, &rows[i]);
    }
    for (int again = 0; again < 2; again++) {
        assert_int_equal(tm_sorter_next(s, &f, &more, &err), TM_OK);
        assert_false(more);
    }
    tm_sorter_free(s);
    assert_int_equal(spill.ever > 0, spills);
    assert_int_equal(spill.held, 0);
    if (spills) assert_int_equal(names_in(spill.folder), 0);
    assert_int_equal(tm_alloc_live(), 0);
}

static void facts_with_keys_sort_like_qsort(void **state)
{
    TM_UNUSED(state);
    for (size_t count = 0; count < 40; count++) {
        make_rows(count, 12);
        sorts_like_qsort(count, 1 << 20, false);
    }
    make_rows(MOST, 12);
    sorts_like_qsort(MOST, 64 << 20, false);
}

static void facts_without_keys_sort_by_their_order(void **state)
{
    TM_UNUSED(state);
    make_rows(MOST, 0);
    sorts_like_qsort(MOST, 64 << 20, false);
    make_rows(MOST, 0);
    sorts_like_qsort(MOST, 100000, true);
}

static void a_small_budget_spills_and_changes_nothing(void **state)
{
    TM_UNUSED(state);
    make_rows(MOST, 12);
    sorts_like_qsort(MOST, 300000, true); /* a few runs, one merge */
    make_rows(MOST, 3);
    sorts_like_qsort(MOST, 20000, true); /* more runs than are merged at once */
}

/* Rids in 64 bits sort as they do, come back as they were, and those that would not are refused. */
static void lean_rids_are_rids(void **state)
{
    static const uint64_t SOURCE[] = {1, 2, 253, 254, 255, 256, 65790, 65791, (1 << 24) - 1};
    static const uint64_t OFFSET[] = {0, 1, UINT32_MAX, (uint64_t)1 << 32, ((uint64_t)1 << 40) - 1};
    static const uint64_t PATH[] = {0,
                                    1,
                                    1 << 16,
                                    (uint64_t)1 << 48,
                                    (uint64_t)255 << 48,
                                    (uint64_t)256 << 48,
                                    (uint64_t)65535 << 48,
                                    UINT64_MAX};
    size_t held = 0;
    tm_lean last = {0};
    TM_UNUSED(state);
    for (size_t s = 0; s < TM_COUNT(SOURCE); s++) {
        for (size_t o = 0; o < TM_COUNT(OFFSET); o++) {
            for (size_t p = 0; p < TM_COUNT(PATH); p++) {
                tm_rid rid = {TM_PLACE(SOURCE[s], OFFSET[o]), PATH[p]};
                tm_fact f = {.key = {"8 bytes!", 8}, .rid = rid};
                bool deep = PATH[p] << 16, near = SOURCE[s] < 255;
                bool holds =
                    !deep &&
                    (near || (SOURCE[s] < 65791 && OFFSET[o] <= UINT32_MAX && PATH[p] >> 48 < 256));
                assert_int_equal(tm_fact_is_lean(&f), holds);
                if (!holds) continue;
                tm_lean now = tm_lean_of(&f);
                assert_true(now.rid > last.rid);
                assert_int_equal(tm_rid_cmp(tm_lean_rid(now.rid), rid), 0);
                last = now;
                held++;
            }
        }
    }
    assert_int_equal(held, 4 * 5 * 5 + 3 * 3 * 3);
}

/* Keys of eight bytes alone, of which `letters` differ; every `fat`th row is a framed one. */
static void make_lean_rows(size_t count, size_t random_bytes, size_t fat)
{
    make_rows(count, 12);
    for (size_t i = 0; i < count; i++) {
        if (fat && i % fat == fat - 1) continue;
        rows[i].key_n = 8;
        rows[i].order_n = rows[i].data_n = 0;
        rows[i].rid.path |= chance(5000) == 0; /* a child's child: a frame all the same */
        memset(rows[i].key, 7, 8);
        for (size_t k = 0; k < random_bytes; k++) rows[i].key[k] = (char)chance(256);
    }
}

static void lean_facts_sort_like_any(void **state)
{
    static const size_t RANDOM[] = {0, 1, 2, 8}, FAT[] = {0, 1000, 7};
    TM_UNUSED(state);
    for (size_t r = 0; r < TM_COUNT(RANDOM); r++) {
        for (size_t f = 0; f < TM_COUNT(FAT); f++) {
            for (size_t count = 1; count < 2000; count += 399) {
                make_lean_rows(count, RANDOM[r], FAT[f]);
                sorts_like_qsort(count, 64 << 20, false);
            }
            make_lean_rows(MOST, RANDOM[r], FAT[f]);
            sorts_like_qsort(MOST, 64 << 20, false);
            make_lean_rows(MOST, RANDOM[r], FAT[f]);
            sorts_like_qsort(MOST, 200000, true);
            make_lean_rows(3000, RANDOM[r], FAT[f]);
            sorts_like_qsort(3000, 4000, true);
        }
    }
}

static void no_budget_at_all_makes_every_fact_a_run(void **state)
{
    TM_UNUSED(state);
    for (size_t count = 1; count <= 100; count += count < 4 ? 1 : 32) {
        make_rows(count, 12);
        sorts_like_qsort(count, 0, true);
    }
}

static void one_large_fact_passes_through_a_tiny_budget(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("large")};
    tm_sorter *s = tm_sorter_new(&spill, 100);
    static char big[300000];
    tm_fact f = {.key = TM_STR("k"), .data = {big, sizeof big}};
    bool more;
    memset(big, 'x', sizeof big);
    assert_int_equal(tm_sorter_add(s, &f, NULL), TM_OK);
    assert_int_equal(tm_sorter_finish(s, NULL), TM_OK);
    assert_int_equal(tm_sorter_next(s, &f, &more, NULL), TM_OK);
    assert_true(more && f.data.n == sizeof big && !memcmp(f.data.p, big, sizeof big));
    tm_sorter_free(s);
    assert_int_equal(names_in(spill.folder), 0);
}

static void max_disk_is_a_limit_and_leaves_nothing_behind(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("limited"), .max_disk = 5000};
    tm_sorter *s = tm_sorter_new(&spill, 2000);
    tm_err err = {0};
    tm_status status = TM_OK;
    for (uint64_t i = 0; status == TM_OK && i < MOST; i++) {
        uint64_t key[2] = {chance(UINT64_MAX), i};
        tm_fact f = {.key = {(const char *)key, sizeof key}};
        status = tm_sorter_add(s, &f, &err);
    }
    assert_int_equal(status, TM_ELIMIT);
    says(err.msg, "--max-disk");
    assert_true(spill.held <= 5000);
    tm_sorter_free(s);
    assert_int_equal(spill.held, 0);
    assert_int_equal(names_in(spill.folder), 0);
    assert_int_equal(tm_alloc_live(), 0);
}

static void a_sorter_thrown_away_half_way_leaves_nothing(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("half")};
    tm_sorter *s = tm_sorter_new(&spill, 10000);
    tm_fact f;
    bool more;
    make_rows(2000, 12);
    for (size_t i = 0; i < 2000; i++) {
        f = fact_of(&rows[i]);
        assert_int_equal(tm_sorter_add(s, &f, NULL), TM_OK);
    }
    assert_int_equal(tm_sorter_finish(s, NULL), TM_OK);
    assert_int_equal(tm_sorter_next(s, &f, &more, NULL), TM_OK);
    assert_true(names_in(spill.folder) > 1);
    tm_sorter_free(s);
    assert_int_equal(names_in(spill.folder), 0);
    assert_int_equal(spill.held, 0);
    assert_int_equal(tm_alloc_live(), 0);
}

/* Facts of 6 MiB that differ at their ends, as texts of long records do. However little may be
 * merged at once, two go, and the order is the same. */
static void long_facts_are_merged_a_few_at_a_time(void **state)
{
    enum { LONG = 6 << 20, COUNT = 7 };
    TM_UNUSED(state);
    static const uint64_t MERGED[] = {0, 1, 20 << 20};
    char *text = tm_alloc(LONG);
    assert_non_null(text);
    for (size_t m = 0; m < TM_COUNT(MERGED); m++) {
        tm_spill spill = {.folder = room("spill"), .merge_most = MERGED[m]};
        tm_sorter *s = tm_sorter_new(&spill, 8 << 20);
        tm_fact f = {.key = {"k", 1}};
        bool more;
        uint64_t before = tm_alloc_live();
        memset(text, 'x', LONG);
        for (uint64_t i = 0; i < COUNT; i++) {
            text[LONG - 1] = (char)('a' + i * 3 % COUNT);
            f.data = (tm_str){text, LONG};
            f.rid = (tm_rid){7, 0};
            assert_int_equal(tm_sorter_add(s, &f, NULL), TM_OK);
            f.data.n = i; /* and short ones among them */
            f.rid.place = i;
            assert_int_equal(tm_sorter_add(s, &f, NULL), TM_OK);
        }
        assert_true(tm_sorter_is_long(s));
        assert_in_range(tm_alloc_live() - before, 0, 4 << 20);
        assert_int_equal(tm_sorter_limit(s, 1, NULL), TM_OK);
        assert_int_equal(tm_sorter_finish(s, NULL), TM_OK);
        if (MERGED[m]) assert_in_range(tm_alloc_live() - before, 0, 26 << 20);
        for (uint64_t i = 0; i < COUNT; i++) {
            assert_int_equal(tm_sorter_next(s, &f, &more, NULL), TM_OK);
            assert_int_equal(f.rid.place, i);
            assert_int_equal(f.data.n, i);
        }
        for (uint64_t i = 0; i < COUNT; i++) {
            assert_int_equal(tm_sorter_next(s, &f, &more, NULL), TM_OK);
            assert_true(more && f.data.n == LONG);
            assert_int_equal(f.data.p[LONG - 1], 'a' + (char)i);
        }
        assert_int_equal(tm_sorter_next(s, &f, &more, NULL), TM_OK);
        assert_false(more);
        tm_sorter_free(s);
        assert_int_equal(names_in(spill.folder), 0);
    }
    tm_free(text);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_with_keys_sort_like_qsort),
        cmocka_unit_test(facts_without_keys_sort_by_their_order),
        cmocka_unit_test(a_small_budget_spills_and_changes_nothing),
        cmocka_unit_test(lean_rids_are_rids),
        cmocka_unit_test(lean_facts_sort_like_any),
        cmocka_unit_test(no_budget_at_all_makes_every_fact_a_run),
        cmocka_unit_test(one_large_fact_passes_through_a_tiny_budget),
        cmocka_unit_test(long_facts_are_merged_a_few_at_a_time),
        cmocka_unit_test(max_disk_is_a_limit_and_leaves_nothing_behind),
        cmocka_unit_test(a_sorter_thrown_away_half_way_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
