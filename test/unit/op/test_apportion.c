/* Apportionment against giving the places out one by one, which is slow and plain, and against what
 * every part is owed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "op/share/apportion.h"

enum { PARTS = 9 };

static uint64_t draw(uint64_t n, uint64_t below)
{
    return tm_chance(11, (tm_hash){n, 0}, 0) % below;
}

/* (j - u) 2^32 of the next place */
static uint64_t rest(const tm_portion *p)
{
    return ((p->given + 1) << 32) - (p->chance >> 32);
}

/* Whether the next place of `a` comes before that of `b`, which stands behind it in the list. */
static bool before(const tm_portion *a, const tm_portion *b, uint64_t floor)
{
    bool x = a->given < floor, y = b->given < floor;
    if (x != y) return x;
    if (x && a->given != b->given) return a->given < b->given;
    uint64_t left = rest(a) * b->records, right = rest(b) * a->records;
    if (!x && left != right) return left < right;
    return a->chance <= b->chance;
}

static void one_by_one(tm_portion *part, uint32_t parts, uint64_t floor, uint64_t places)
{
    for (uint32_t i = 0; i < parts; i++) part[i].given = 0;
    for (; places; places--) {
        uint32_t best = parts;
        for (uint32_t i = 0; i < parts; i++) {
            if (part[i].given == part[i].records) continue;
            if (best == parts || !before(&part[best], &part[i], floor)) best = i;
        }
        if (best == parts) return;
        part[best].given++;
    }
}

static void as_one_by_one_and_more_take_none_away(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 400; n++) {
        tm_portion fast[PARTS], slow[PARTS], last[PARTS];
        uint32_t parts = 1 + (uint32_t)draw(n, PARTS);
        uint64_t floor = n % 3 ? draw(n + 1000, 12) : 0, all = 0;
        for (uint32_t i = 0; i < parts; i++) {
            uint64_t most = n % 5 ? 40 : 3;
            uint64_t u = n % 4 ? draw(n * 77 + i, (uint64_t)1 << 32) : draw(n, 4) << 30;
            fast[i] = (tm_portion){draw(n * 100 + i, most), u << 32 | draw(n * 55 + i, 4), 0};
            all += fast[i].records;
        }
        memcpy(slow, fast, sizeof slow);
        for (uint64_t places = 0; places <= all + 2; places++) {
            uint64_t sum = 0;
            memcpy(last, fast, sizeof last);
            assert_int_equal(tm_apportion(fast, parts, floor, places, NULL), TM_OK);
            one_by_one(slow, parts, floor, places);
            for (uint32_t i = 0; i < parts; i++) {
                assert_int_equal(fast[i].given, slow[i].given);
                assert_true(!places || fast[i].given >= last[i].given);
                sum += fast[i].given;
            }
            assert_int_equal(sum, places < all ? places : all);
        }
    }
}

static void as_large_as_they_come(void **state)
{
    (void)state;
    const uint64_t million = 1000000, huge = (uint64_t)1 << 40;
    tm_portion part[3] = {{huge, 0, 0}, {3 * huge, 0, 0}, {million, 0, 0}};
    assert_int_equal(tm_apportion(part, 3, 5, huge, NULL), TM_OK);
    assert_int_equal(part[0].given + part[1].given + part[2].given, huge);
    assert_in_range(part[0].given, huge / 4 - million, huge / 4 + 1);
    assert_in_range(part[2].given, million / 4 - 1, million / 4 + 1);
    enum { MANY = 65536 };
    tm_portion *many = calloc(MANY, sizeof *many);
    for (uint32_t i = 0; i < MANY; i++) many[i] = (tm_portion){10, MANY - i, 0};
    assert_int_equal(tm_apportion(many, MANY, 2, MANY + 7, NULL), TM_OK);
    for (uint32_t i = 0; i < MANY; i++) assert_int_equal(many[i].given, 1 + (i >= MANY - 7));
    free(many);
    assert_int_equal(tm_apportion(NULL, 0, 3, 9, NULL), TM_OK);
}

/* Half of 2,000 records are one part's, a hundred parts have ten each; ten places. Rounded to the
 * nearest, all ten are the first part's. */
static void rare_parts_have_what_is_theirs(void **state)
{
    (void)state;
    enum { RARE = 100, DRAWS = 4000 };
    tm_portion part[1 + RARE];
    uint64_t first = 0, third = 0;
    for (uint64_t n = 0; n < DRAWS; n++) {
        part[0] = (tm_portion){.records = 1000, .chance = tm_chance(n, (tm_hash){0}, 1)};
        for (uint64_t i = 1; i <= RARE; i++)
            part[i] = (tm_portion){.records = 10, .chance = tm_chance(n, (tm_hash){i, 0}, 1)};
        assert_int_equal(tm_apportion(part, 1 + RARE, 0, 10, NULL), TM_OK);
        for (uint32_t i = 1; i <= RARE; i++) assert_in_range(part[i].given, 0, 1);
        first += part[0].given;
        third += part[3].given;
    }
    /* five and a twentieth a draw; the tolerance is above four standard errors */
    assert_in_range(first, 5 * DRAWS - 400, 5 * DRAWS + 400);
    assert_in_range(third, DRAWS / 20 - 56, DRAWS / 20 + 56);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_one_by_one_and_more_take_none_away),
                                       cmocka_unit_test(rare_parts_have_what_is_theirs),
                                       cmocka_unit_test(as_large_as_they_come)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
