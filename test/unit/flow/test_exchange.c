/* The exchange: whoever adds and whoever reduces, every group comes whole, once and in order. */
#include "unit/base/base_help.h"

#include "flow/exchange.h"

enum { ADDERS = 4, EACH = 6000, KEYS = 500, ALL = ADDERS * EACH };

/* Fact number i, the same on every thread. */
static void add_fact(tm_facts *facts, uint64_t i)
{
    char key[16], order[8];
    uint64_t mixed = i * 0x9E3779B97F4A7C15u;
    int n = snprintf(key, sizeof key, "key %u", (unsigned)(mixed >> 20) % KEYS);
    for (int b = 0; b < 8; b++) order[b] = (char)(mixed >> (8 * b));
    tm_fact f = {.key = {key, (size_t)n},
                 .order = {order, 1},
                 .rid = {TM_PLACE(1, i), 0},
                 .data = {(const char *)&i, sizeof i}};
    assert_int_equal(tm_facts_add(facts, &f, NULL), TM_OK);
}

static void add_some(void *arg, unsigned worker)
{
    tm_facts facts = {0};
    for (uint64_t i = worker; i < ALL; i += ADDERS) {
        add_fact(&facts, i);
        if (facts.count < 100) continue;
        assert_int_equal(tm_exchange_add(arg, &facts, NULL), TM_OK);
        tm_buf_clear(&facts.bytes);
        facts.count = 0;
    }
    assert_int_equal(tm_exchange_add(arg, &facts, NULL), TM_OK);
    tm_buf_release(&facts.bytes);
}

static tm_exchange *filled(tm_spill *spill, uint64_t budget)
{
    tm_exchange *x = tm_exchange_new(spill, budget);
    assert_non_null(x);
    tm_parallel(ADDERS, add_some, x);
    assert_int_equal(tm_exchange_count(x), ALL);
    return x;
}

/* Checks the order inside the group; gives a fact {key, count} and a decision a record. */
static tm_status check_group(const tm_step_view *step, tm_group *group, tm_facts *next,
                             tm_decisions *out, tm_err *err)
{
    tm_fact f;
    char order = 0;
    uint64_t count = 0, last = 0;
    TM_UNUSED(step);
    while (group->next(group, &f)) {
        int c = count ? memcmp(f.order.p, &order, 1) : 1;
        if (!tm_str_eq(f.key, group->key) || f.order.n != 1 || c < 0 ||
            (c == 0 && f.rid.place <= last))
            return tm_fail(err, TM_EBUG, "out of order");
        order = f.order.p[0];
        last = f.rid.place;
        count++;
        TM_TRY(tm_decide(out, &(tm_decision){.rid = f.rid}, err));
    }
    tm_fact told = {.key = group->key, .data = {(const char *)&count, sizeof count}};
    return tm_facts_add(next, &told, err);
}

typedef struct taken {
    tm_lock lock;
    uint64_t group[KEYS], groups, decided;
    bool seen[ALL];
    tm_status answer;
} taken;

static tm_status take(void *arg, tm_facts *next, tm_decisions *out, tm_err *err)
{
    taken *t = arg;
    tm_fact f;
    tm_decision d;
    tm_lock_take(&t->lock);
    for (size_t at = 0; tm_facts_next(next, &at, &f); t->groups++) {
        uint64_t key, count;
        tm_str_to_u64(tm_str_slice(f.key, 4, f.key.n), &key);
        memcpy(&count, f.data.p, sizeof count);
        t->group[key] += count;
    }
    for (size_t at = 0; tm_decisions_next(tm_buf_view(&out->bytes), &at, &d); t->decided++)
        t->seen[TM_PLACE_OFFSET(d.rid.place)] = true;
    tm_lock_drop(&t->lock);
    tm_buf_clear(&next->bytes);
    tm_buf_clear(&out->bytes);
    next->count = out->count = 0;
    return t->answer == TM_OK ? TM_OK : tm_fail(err, t->answer, "enough");
}

static void reduces(unsigned threads, uint64_t budget)
{
    tm_spill spill = {.folder = room("spill")};
    static taken t;
    tm_err err = {0};
    memset(&t, 0, sizeof t);
    pthread_mutex_init(&t.lock, NULL);
    tm_exchange *x = filled(&spill, budget);
    const tm_reducer reducer = {.reduce = check_group, .take = take, .arg = &t};
    tm_status status = tm_exchange_reduce(x, threads, &reducer, &err);
    if (status != TM_OK) fail_msg("%s", err.msg);
    tm_exchange_free(x);
    uint64_t sum = 0;
    for (unsigned k = 0; k < KEYS; k++) sum += t.group[k];
    for (unsigned i = 0; i < ALL; i++) assert_true(t.seen[i]);
    assert_int_equal(sum, ALL);
    assert_int_equal(t.decided, ALL);
    assert_int_equal(t.groups, KEYS);
    assert_int_equal(spill.held, 0);
    assert_int_equal(tm_alloc_live(), 0);
}

static void groups_are_whole_and_sorted_in_memory(void **state)
{
    TM_UNUSED(state);
    for (unsigned threads = 1; threads <= 8; threads *= 2) reduces(threads, 64 << 20);
}

static void groups_are_whole_and_sorted_when_spilled(void **state)
{
    TM_UNUSED(state);
    reduces(1, 600000);
    reduces(4, 300000);
}

static void a_failure_of_one_worker_is_the_answer(void **state)
{
    TM_UNUSED(state);
    tm_spill spill = {.folder = room("failed")};
    static taken t;
    t.answer = TM_EIO;
    pthread_mutex_init(&t.lock, NULL);
    tm_err err = {0};
    tm_exchange *x = filled(&spill, 300000);
    const tm_reducer reducer = {.reduce = check_group, .take = take, .arg = &t};
    assert_int_equal(tm_exchange_reduce(x, 3, &reducer, &err), TM_EIO);
    assert_string_equal(err.msg, "enough");
    tm_exchange_free(x);
    assert_int_equal(spill.held, 0);
    assert_int_equal(names_in(spill.folder), 0);
    assert_int_equal(tm_alloc_live(), 0);
}

static tm_status tick(void *arg, const tm_fact *f, tm_err *err)
{
    uint64_t i;
    bool *seen = arg;
    TM_UNUSED(err);
    memcpy(&i, f->data.p, sizeof i);
    assert_false(seen[i]);
    seen[i] = true;
    return TM_OK;
}

static void drained_facts_are_all_facts_and_the_exchange_is_empty(void **state)
{
    TM_UNUSED(state);
    static bool seen[ALL];
    for (uint64_t budget = 300000; budget < (64 << 20); budget *= 100) {
        tm_spill spill = {.folder = room("drain")};
        memset(seen, 0, sizeof seen);
        tm_exchange *x = filled(&spill, budget);
        assert_int_equal(tm_exchange_drain(x, tick, seen, NULL), TM_OK);
        for (unsigned i = 0; i < ALL; i++) assert_true(seen[i]);
        assert_int_equal(tm_exchange_count(x), 0);
        assert_int_equal(spill.held, 0); /* given back as it goes, not at the end */
        memset(seen, 0, sizeof seen);
        assert_int_equal(tm_exchange_drain(x, tick, seen, NULL), TM_OK);
        for (unsigned i = 0; i < ALL; i++) assert_false(seen[i]);
        tm_exchange_free(x);
        assert_int_equal(tm_alloc_live(), 0);
    }
}

/* A reducer that stops early does not leave its facts to the next group. */
static tm_status read_one(const tm_step_view *step, tm_group *group, tm_facts *next,
                          tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(step);
    TM_UNUSED(next);
    if (!group->next(group, &f)) return tm_fail(err, TM_EBUG, "an empty group");
    return tm_decide(out, &(tm_decision){.rid = f.rid}, err);
}

static void what_a_reducer_does_not_read_is_passed_over(void **state)
{
    TM_UNUSED(state);
    static taken t;
    memset(&t, 0, sizeof t);
    pthread_mutex_init(&t.lock, NULL);
    tm_spill spill = {.folder = room("passed")};
    tm_exchange *x = filled(&spill, 64 << 20);
    const tm_reducer reducer = {.reduce = read_one, .take = take, .arg = &t};
    assert_int_equal(tm_exchange_reduce(x, 2, &reducer, NULL), TM_OK);
    tm_exchange_free(x);
    assert_int_equal(t.decided, KEYS);
}

/* Key k has k % 4 facts, lean ones or framed ones; a reducer that is shown pairs only counts
 * them. */
static void add_pairs(tm_exchange *x, bool lean)
{
    tm_facts facts = {0};
    for (uint64_t k = 0; k < KEYS; k++) {
        for (uint64_t i = 0; i < k % 4; i++) {
            uint64_t key = k * 0x9E3779B97F4A7C15u;
            tm_fact f = {.key = {(const char *)&key, sizeof key},
                         .rid = {TM_PLACE(1, k * 4 + i), 0}};
            if (!lean) f.data = (tm_str){(const char *)&k, sizeof k};
            assert_int_equal(tm_facts_add(&facts, &f, NULL), TM_OK);
        }
    }
    assert_int_equal(tm_exchange_add(x, &facts, NULL), TM_OK);
    tm_buf_release(&facts.bytes);
}

static tm_status count_pairs(const tm_step_view *step, tm_group *group, tm_facts *next,
                             tm_decisions *out, tm_err *err)
{
    tm_fact f;
    uint64_t first = 0, count = 0;
    TM_UNUSED(step);
    TM_UNUSED(next);
    for (; group->next(group, &f); count++) {
        uint64_t at = TM_PLACE_OFFSET(f.rid.place);
        if (!count) first = at;
        if (at != first + count || f.key.n != 8) return tm_fail(err, TM_EBUG, "out of order");
    }
    if (count < 2 || count != first / 4 % 4) return tm_fail(err, TM_EBUG, "not whole");
    return tm_decide(out, &(tm_decision){.rid = {first, 0}}, err);
}

static tm_status count_decided(void *arg, tm_facts *next, tm_decisions *out, tm_err *err)
{
    TM_UNUSED(next);
    TM_UNUSED(err);
    atomic_fetch_add((_Atomic uint64_t *)arg, out->count);
    tm_buf_clear(&out->bytes);
    out->count = 0;
    return TM_OK;
}

static void groups_of_one_fact_are_left_out(void **state)
{
    TM_UNUSED(state);
    for (unsigned way = 0; way < 4; way++) {
        tm_spill spill = {.folder = room("pairs")};
        tm_exchange *x = tm_exchange_new(&spill, way & 2 ? 4000 : 1 << 20);
        _Atomic uint64_t decided = 0;
        tm_reducer reducer = {
            .reduce = count_pairs, .pairs_only = true, .take = count_decided, .arg = &decided};
        tm_err err = {0};
        add_pairs(x, way & 1);
        assert_int_equal(tm_exchange_reduce(x, 2, &reducer, &err), TM_OK);
        assert_int_equal(decided, KEYS / 2);
        tm_exchange_free(x);
        assert_int_equal(tm_alloc_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_whole_and_sorted_in_memory),
        cmocka_unit_test(groups_are_whole_and_sorted_when_spilled),
        cmocka_unit_test(a_failure_of_one_worker_is_the_answer),
        cmocka_unit_test(drained_facts_are_all_facts_and_the_exchange_is_empty),
        cmocka_unit_test(what_a_reducer_does_not_read_is_passed_over),
        cmocka_unit_test(groups_of_one_fact_are_left_out),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
