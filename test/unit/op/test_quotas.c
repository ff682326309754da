/* Quotas against what their header promises, worked out from the groups alone: random strata,
 * sides, sizes and groups that are fixed already. */
#include "unit/base/base_help.h"

#include "op/share/quotas.h"

enum { GROUPS = 400, STRATA = 200, SIDES = 8 };

typedef struct group {
    uint64_t records;
    uint32_t stratum, fixed, side;
} group;

typedef struct trial {
    tm_sides sides;
    group group[GROUPS];
    uint32_t groups;
    int64_t got[SIDES], part[STRATA][SIDES], of[STRATA], fixed[SIDES], all, largest;
} trial;

static uint64_t draw(uint64_t *n, uint64_t below)
{
    return tm_chance(5, (tm_hash){++*n, 0}, 0) % below;
}

static int by_stratum(const void *a, const void *b)
{
    uint32_t x = ((const group *)a)->stratum, y = ((const group *)b)->stratum;
    return x < y ? -1 : x > y;
}

static void make(trial *t, uint64_t *n, uint64_t largest, bool fixed)
{
    uint32_t strata = 1 + (uint32_t)draw(n, STRATA);
    memset(t, 0, sizeof *t);
    t->groups = 1 + (uint32_t)draw(n, GROUPS);
    t->sides.sides = 2 + (uint32_t)draw(n, SIDES - 1);
    for (uint32_t i = 0; i < t->groups; i++) {
        group *g = &t->group[i];
        *g = (group){1 + draw(n, largest), (uint32_t)draw(n, strata), 0, 0};
        if (fixed && draw(n, 3) == 0) g->fixed = 1 + (uint32_t)draw(n, t->sides.sides);
        t->all += (int64_t)g->records;
        t->of[g->stratum] += (int64_t)g->records;
        t->largest = TM_MAX(t->largest, (int64_t)g->records);
        if (g->fixed) t->fixed[g->fixed - 1] += (int64_t)g->records;
    }
    qsort(t->group, t->groups, sizeof *t->group, by_stratum);
    for (uint32_t side = 0; side < t->sides.sides; side++)
        t->sides.route[side] = (tm_route){.share = -1, .count = -1};
    for (uint32_t side = 1; side < t->sides.sides; side++)
        t->sides.route[side].count =
            (int64_t)draw(n, (uint64_t)(2 * t->all) / (t->sides.sides - 1) + 1);
}

static tm_hash name_of(const group *g)
{
    return (tm_hash){g->stratum, 7};
}

static void settle(trial *t)
{
    tm_quotas q = {.sides = &t->sides};
    for (uint32_t i = 0; i < t->groups; i++)
        assert_int_equal(
            tm_quotas_add(&q, name_of(&t->group[i]), t->group[i].records, t->group[i].fixed, NULL),
            TM_OK);
    tm_quotas_settle(&q);
    for (uint32_t i = 0; i < t->groups; i++)
        if (!t->group[i].fixed)
            assert_int_equal(tm_quotas_line(&q, name_of(&t->group[i]), t->group[i].records, NULL),
                             TM_OK);
    tm_quotas_close(&q);
    for (uint32_t i = 0; i < t->groups; i++) {
        group *g = &t->group[i];
        g->side = g->fixed ? g->fixed - 1 : tm_quotas_side(&q, name_of(g), g->records);
        t->got[g->side] += (int64_t)g->records;
        t->part[g->stratum][g->side] += (int64_t)g->records;
    }
    tm_quotas_release(&q);
}

/* What the sides should have: the first ones first, at least what is fixed. */
static void asked(const trial *t, int64_t *size)
{
    int64_t left = t->all, missing = 0;
    for (uint32_t side = 1; side < t->sides.sides; side++) {
        size[side] = TM_MIN(t->sides.route[side].count, left);
        left -= size[side];
    }
    size[0] = left;
    for (uint32_t side = 0; side < t->sides.sides; side++)
        for (; size[side] < t->fixed[side]; size[side]++) missing++;
    for (uint32_t side = 0; side < t->sides.sides; side++)
        for (; missing && size[side] > t->fixed[side]; size[side]--) missing--;
}

static void check_sizes(const trial *t)
{
    int64_t size[SIDES];
    asked(t, size);
    for (uint32_t side = 0; side < t->sides.sides; side++) {
        int64_t off = t->got[side] - size[side];
        assert_in_range(off < 0 ? -off : off, 0, t->largest == 1 ? 0 : t->largest);
    }
}

/* |part - of * size / all| against `most` records. */
static void check_parts(const trial *t, int64_t most)
{
    int64_t size[SIDES];
    asked(t, size);
    for (uint32_t k = 0; k < STRATA; k++)
        for (uint32_t side = 0; side < t->sides.sides; side++) {
            int64_t off = t->part[k][side] * t->all - t->of[k] * size[side];
            assert_true((off < 0 ? -off : off) < most * t->all || (!off && !most));
        }
}

static void single_records_are_exact(void **state)
{
    static trial t;
    uint64_t n = 0;
    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        make(&t, &n, 1, false);
        settle(&t);
        check_sizes(&t);
        check_parts(&t, 1);
    }
}

static void groups_are_met_to_within_the_largest(void **state)
{
    static trial t;
    uint64_t n = 1000000000;
    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        make(&t, &n, i % 2 ? 5 : 60, false);
        settle(&t);
        check_sizes(&t);
        check_parts(&t, 1 + 3 * t.largest);
    }
}

static void fixed_groups_count(void **state)
{
    static trial t;
    uint64_t n = 2000000000;
    (void)state;
    for (uint32_t i = 0; i < 3000; i++) {
        make(&t, &n, i % 2 ? 1 : 20, true);
        settle(&t);
        check_sizes(&t);
    }
}

static void strata_of_one_record_each(void **state)
{
    static trial t;
    (void)state;
    memset(&t, 0, sizeof t);
    t.sides.sides = 4;
    t.groups = 30;
    t.all = 30;
    t.largest = 1;
    for (uint32_t i = 0; i < 30; i++) {
        t.group[i] = (group){1, i, 0, 0};
        t.of[i] = 1;
    }
    for (uint32_t side = 1; side < 4; side++)
        t.sides.route[side] = (tm_route){.share = -1, .count = 10};
    settle(&t);
    assert_int_equal(t.got[0], 0);
    for (uint32_t side = 1; side < 4; side++) assert_int_equal(t.got[side], 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_records_are_exact),
        cmocka_unit_test(groups_are_met_to_within_the_largest),
        cmocka_unit_test(fixed_groups_count),
        cmocka_unit_test(strata_of_one_record_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
