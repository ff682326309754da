/* Decisions in a file: found by place at every edge, the same after opening the file again, and
 * refused when any byte of it is not what was written. */
#include "unit/base/base_help.h"

#include "flow/verdicts.h"

enum { MANY = 5000 };

static tm_rid rid_of(uint64_t i)
{
    return (tm_rid){TM_PLACE(1 + i / 2000, 10 * (i / 2)), i % 2}; /* a record and its child */
}

static void decide(tm_decisions *out, uint64_t i, size_t data_bytes)
{
    static char data[1 << 16];
    assert_true(data_bytes <= sizeof data);
    memset(data, (int)('a' + i % 26), data_bytes);
    tm_decision d = {.rid = rid_of(i),
                     .step = (uint16_t)(i % 7),
                     .rule = 3,
                     .verdict = TM_V_MERGE,
                     .set = TM_D_OTHER | TM_D_VALUE | TM_D_DATA,
                     .copies = (uint16_t)i,
                     .other = rid_of(i / 3),
                     .order = i * i,
                     .value = (double)i / 8,
                     .data = {data, data_bytes}};
    assert_int_equal(tm_decide(out, &d, NULL), TM_OK);
}

/* Decisions 0..count in a scattered order, some of them given twice. */
static tm_verdicts *made(const char *path, uint64_t count, size_t data_bytes, uint64_t budget,
                         tm_str told)
{
    tm_spill spill = {.folder = room("spill")};
    tm_verdicts *v = tm_verdicts_begin(&spill, budget);
    tm_err err = {0};
    assert_non_null(v);
    for (uint64_t i = 0; i < count; i++) {
        tm_decisions out = {0};
        decide(&out, i * 1237 % count, data_bytes);
        if (i % 5 == 0) decide(&out, i * 1237 % count, data_bytes);
        assert_int_equal(tm_verdicts_add(v, &out, &err), TM_OK);
        tm_buf_release(&out.bytes);
    }
    if (tm_verdicts_finish(v, path, true, told, &err) != TM_OK) fail_msg("%s", err.msg);
    assert_int_equal(tm_verdicts_count(v), count);
    assert_int_equal(spill.held, 0);
    return v;
}

static void is_decision(const tm_decision *d, uint64_t i, size_t data_bytes)
{
    assert_int_equal(tm_rid_cmp(d->rid, rid_of(i)), 0);
    assert_int_equal(tm_rid_cmp(d->other, rid_of(i / 3)), 0);
    assert_int_equal(d->step, i % 7);
    assert_int_equal(d->rule, 3);
    assert_int_equal(d->verdict, TM_V_MERGE);
    assert_int_equal(d->set, TM_D_OTHER | TM_D_VALUE | TM_D_DATA);
    assert_int_equal(d->copies, (uint16_t)i);
    assert_int_equal(d->order, i * i);
    assert_true(d->value == (double)i / 8);
    assert_int_equal(d->data.n, data_bytes);
    if (data_bytes) assert_int_equal(d->data.p[data_bytes - 1], 'a' + i % 26);
}

/* Every range a block may ask for, against the definition. */
static void ranges_are_right(const tm_verdicts *v, uint64_t count, size_t data_bytes, int tries)
{
    tm_verdict_range range = {0};
    for (int t = 0; t < tries; t++) {
        uint64_t from = rid_of(chance(count)).place, to = rid_of(chance(count)).place;
        from = from - 5 + 5 * chance(3), to = to - 5 + 5 * chance(3);
        if (t == 0) from = 0, to = UINT64_MAX;
        if (t == 1) to = from;
        assert_int_equal(tm_verdicts_range(v, from, to, &range, NULL), TM_OK);
        uint32_t at = 0;
        for (uint64_t i = 0; i < count; i++) {
            tm_rid rid = rid_of(i);
            bool in = rid.place >= from && rid.place <= to;
            if (in) is_decision(&range.list[at++], i, data_bytes);
            assert_int_equal(tm_verdict_of(&range, rid) != NULL, in);
            assert_int_equal(tm_verdict_touches(&range, rid.place), in);
        }
        assert_int_equal(at, range.count);
        assert_false(tm_verdict_touches(&range, 7));
        assert_null(tm_verdict_of(&range, (tm_rid){rid_of(0).place, 9}));
    }
    tm_verdict_range_release(&range);
}

static void made_opened_and_asked(uint64_t count, size_t data_bytes, uint64_t budget, int tries)
{
    const char *path = room("verdicts");
    tm_str told = TM_STR("told\0bytes");
    tm_verdicts *v = made(path, count, data_bytes, budget, told), *again = NULL;
    assert_true(tm_str_eq(tm_verdicts_told(v), told));
    ranges_are_right(v, count, data_bytes, tries);
    tm_verdicts_free(v);
    assert_int_equal(tm_verdicts_open(&again, path, NULL), TM_OK);
    assert_int_equal(tm_verdicts_count(again), count);
    assert_true(tm_str_eq(tm_verdicts_told(again), told));
    ranges_are_right(again, count, data_bytes, tries);
    tm_verdicts_free(again);
    assert_int_equal(tm_alloc_live(), 0);
}

static void few_decisions_are_found_by_place(void **state)
{
    TM_UNUSED(state);
    for (uint64_t count = 1; count < 9; count++) made_opened_and_asked(count, count % 3, 1000, 60);
}

static void many_decisions_are_found_over_the_index(void **state)
{
    TM_UNUSED(state);
    made_opened_and_asked(MANY, 0, 64 << 20, 100);
    made_opened_and_asked(MANY, 50, 100000, 100);
}

static void more_than_fits_in_memory_is_read_from_the_file(void **state)
{
    TM_UNUSED(state);
    made_opened_and_asked(450, 40000, 4 << 20, 30); /* 18 MB, rows larger than the index's step */
}

static void no_decisions_are_a_file_too(void **state)
{
    TM_UNUSED(state);
    const char *path = room("none");
    tm_verdict_range range = {0};
    tm_verdicts *v = made(path, 0, 0, 1000, TM_STR("")), *again;
    assert_int_equal(tm_verdicts_range(v, 0, UINT64_MAX, &range, NULL), TM_OK);
    assert_int_equal(range.count, 0);
    tm_verdicts_free(v);
    assert_int_equal(tm_verdicts_open(&again, path, NULL), TM_OK);
    assert_int_equal(tm_verdicts_count(again), 0);
    assert_int_equal(tm_verdicts_range(again, 0, UINT64_MAX, &range, NULL), TM_OK);
    assert_false(tm_verdict_touches(&range, 0));
    tm_verdict_range_release(&range);
    tm_verdicts_free(again);
}

/* Of several decisions about one rid the first in byte order counts, whoever came first. */
static void the_order_of_deciding_does_not_count(void **state)
{
    TM_UNUSED(state);
    tm_buf bytes[2] = {{0}, {0}};
    for (int turn = 0; turn < 2; turn++) {
        tm_spill spill = {.folder = room("spill")};
        tm_verdicts *v = tm_verdicts_begin(&spill, 1 << 20);
        for (int i = 0; i < 3; i++) {
            tm_decisions out = {0};
            tm_decision d = {.rid = {1, 0}, .order = (uint64_t)(turn ? 2 - i : i)};
            assert_int_equal(tm_decide(&out, &d, NULL), TM_OK);
            assert_int_equal(tm_verdicts_add(v, &out, NULL), TM_OK);
            tm_buf_release(&out.bytes);
        }
        assert_int_equal(tm_verdicts_finish(v, room("turn"), true, TM_STR(""), NULL), TM_OK);
        assert_int_equal(tm_verdicts_count(v), 1);
        tm_verdicts_free(v);
        assert_int_equal(tm_file_load(room("turn"), 1 << 20, &bytes[turn], NULL), TM_OK);
    }
    assert_int_equal(bytes[0].n, bytes[1].n);
    assert_memory_equal(bytes[0].p, bytes[1].p, bytes[0].n);
    tm_buf_release(&bytes[0]);
    tm_buf_release(&bytes[1]);
}

/* ---- two turns ------------------------------------------------------------------------------- */

/* What the first turn says of record i, if anything: twice of some, of which the first counts. */
static void decide_first(tm_decisions *out, uint64_t i)
{
    tm_decision d = {
        .rid = rid_of(i), .step = 2, .rule = 1, .verdict = TM_V_FLAG, .set = TM_D_VALUE};
    d.value = (double)i;
    if (i % 3 == 0) assert_int_equal(tm_decide(out, &d, NULL), TM_OK);
    d.rule = 2;
    if (i % 6 == 0) assert_int_equal(tm_decide(out, &d, NULL), TM_OK);
}

static void decide_second(tm_decisions *out, uint64_t i)
{
    tm_decision d = {.rid = rid_of(i), .step = 2, .set = TM_D_OTHER, .other = rid_of(i / 2)};
    if (i % 4 < 2) assert_int_equal(tm_decide(out, &d, NULL), TM_OK);
}

static void is_of_both(const tm_decision *d, uint64_t i)
{
    bool first = i % 3 == 0, second = i % 4 < 2;
    assert_int_equal(d != NULL, first || second);
    if (!d) return;
    assert_int_equal(d->set, (first ? TM_D_VALUE : 0) | (second ? TM_D_OTHER : 0));
    assert_int_equal(d->verdict, first ? TM_V_FLAG : TM_V_NONE);
    assert_int_equal(d->rule, first);
    if (first) assert_true(d->value == (double)i);
    if (second) assert_int_equal(tm_rid_cmp(d->other, rid_of(i / 2)), 0);
}

static void all_are_of_both(const tm_verdicts *v)
{
    tm_verdict_range range = {0};
    assert_int_equal(tm_verdicts_range(v, 0, UINT64_MAX, &range, NULL), TM_OK);
    for (uint64_t i = 0; i < MANY; i++) is_of_both(tm_verdict_of(&range, rid_of(i)), i);
    tm_verdict_range_release(&range);
}

static void a_second_turn_names_another_record(void **state)
{
    TM_UNUSED(state);
    for (uint64_t budget = 64 << 20; budget > 1000; budget >>= 8) {
        tm_spill spill = {.folder = room("spill")};
        tm_verdicts *v = tm_verdicts_begin(&spill, budget);
        for (int turn = 0; turn < 2; turn++) {
            if (turn) tm_verdicts_turn(v);
            for (uint64_t i = 0; i < MANY; i++) {
                tm_decisions out = {0};
                (turn ? decide_second : decide_first)(&out, i * 1237 % MANY);
                assert_int_equal(tm_verdicts_add(v, &out, NULL), TM_OK);
                tm_buf_release(&out.bytes);
            }
        }
        assert_int_equal(tm_verdicts_finish(v, room("turns"), false, TM_STR(""), NULL), TM_OK);
        assert_int_equal(tm_verdicts_count(v), MANY * 2 / 3 + 1);
        all_are_of_both(v);
        tm_verdicts_free(v);
    }
}

static void rows_of_two_turns_are_joined(void **state)
{
    TM_UNUSED(state);
    tm_decisions a = {0}, b = {0};
    tm_buf both = {0};
    tm_verdicts *v;
    for (uint64_t i = 0; i < MANY; i++) decide_first(&a, i), decide_second(&b, i);
    tm_str first = tm_buf_view(&a.bytes), second = tm_buf_view(&b.bytes);
    assert_int_equal(tm_verdicts_join(first, second, &both, NULL), TM_OK);
    assert_int_equal(tm_verdicts_take(&v, tm_buf_view(&both), TM_STR(""), NULL), TM_OK);
    all_are_of_both(v);
    tm_verdicts_free(v);
    tm_buf_clear(&both);
    assert_int_equal(tm_verdicts_join(first, TM_STR(""), &both, NULL), TM_OK);
    assert_true(tm_str_eq(tm_buf_view(&both), first));
    tm_buf_clear(&both);
    assert_int_equal(tm_verdicts_join(TM_STR(""), second, &both, NULL), TM_OK);
    assert_true(tm_str_eq(tm_buf_view(&both), second));
    first.n--;
    tm_err err = {0};
    assert_int_equal(tm_verdicts_join(first, second, &both, &err), TM_EINPUT);
    says(err.msg, "rows of decisions");
    tm_buf_release(&both);
    tm_buf_release(&a.bytes);
    tm_buf_release(&b.bytes);
}

static void is_refused(tm_str bytes)
{
    const char *path = room("damaged");
    tm_verdicts *v = NULL;
    tm_err err = {0};
    put_file(path, bytes);
    assert_int_equal(tm_verdicts_open(&v, path, &err), TM_EINPUT);
    assert_null(v);
    says(err.msg, "damaged");
}

static void a_file_that_is_cut_or_changed_is_refused(void **state)
{
    TM_UNUSED(state);
    tm_buf good = {0};
    tm_verdicts_free(made(room("good"), 6, 5, 1000, TM_STR("told")));
    assert_int_equal(tm_file_load(room("good"), 1 << 20, &good, NULL), TM_OK);
    for (size_t n = 0; n < good.n; n++) is_refused((tm_str){good.p, n});
    for (size_t at = 0; at < good.n; at++) {
        for (int bit = 0; bit < 8; bit++) {
            good.p[at] = (char)(good.p[at] ^ 1 << bit);
            is_refused(tm_buf_view(&good));
            good.p[at] = (char)(good.p[at] ^ 1 << bit);
        }
    }
    tm_buf_char(&good, 0);
    is_refused(tm_buf_view(&good));
    tm_buf_release(&good);
    tm_verdicts *v = NULL;
    assert_int_equal(tm_verdicts_open(&v, room("absent"), NULL), TM_EINPUT);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_decisions_are_found_by_place),
        cmocka_unit_test(many_decisions_are_found_over_the_index),
        cmocka_unit_test(more_than_fits_in_memory_is_read_from_the_file),
        cmocka_unit_test(no_decisions_are_a_file_too),
        cmocka_unit_test(the_order_of_deciding_does_not_count),
        cmocka_unit_test(a_second_turn_names_another_record),
        cmocka_unit_test(rows_of_two_turns_are_joined),
        cmocka_unit_test(a_file_that_is_cut_or_changed_is_refused),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
