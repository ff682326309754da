/* The place where the order of ranks is cut is found by halving, first in whole levels of the floor
 * or in steps of 2^-62 of a rank; what is left then is at most one place a part, and those are put
 * in order. Ranks are compared as fractions of whole numbers, so nothing is rounded. */
#include "op/share/apportion.h"

#include <stdlib.h>

#include "base/alloc.h"

__extension__ typedef unsigned __int128 wide;

enum { SCALE = 62, CHANCE = 32 }; /* a rank is at most 1, or 2^62 steps; u has 32 bits */

typedef struct next { /* the next place of a part: its rank is rest / records */
    uint64_t records, chance;
    wide rest; /* (j - u) 2^32 */
    uint32_t part;
} next;

/* What a part has when all places of at most that rank, or of that level, are given. */
static uint64_t up_to(const tm_portion *p, uint64_t floor, uint64_t cut, bool levels)
{
    if (levels) return TM_MIN(cut, p->records);
    wide u = (wide)(p->chance >> CHANCE) << (SCALE - CHANCE);
    uint64_t first = (uint64_t)(((wide)cut * p->records + u) >> SCALE);
    return TM_MIN(TM_MAX(first, floor), p->records);
}

static uint64_t all_up_to(const tm_portion *part, uint32_t parts, uint64_t floor, uint64_t cut,
                          bool levels)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < parts; i++) sum += up_to(&part[i], floor, cut, levels);
    return sum;
}

static int by_rank(const void *a, const void *b)
{
    const next *x = a, *y = b;
    wide left = x->rest * y->records, right = y->rest * x->records;
    if (left != right) return left < right ? -1 : 1;
    if (x->chance != y->chance) return x->chance < y->chance ? -1 : 1;
    return x->part < y->part ? -1 : x->part > y->part;
}

/* The places left go to the parts whose next one is next in the order. */
static tm_status give_rest(tm_portion *part, uint32_t parts, uint64_t floor, uint64_t cut,
                           bool levels, uint64_t left, tm_err *err)
{
    uint32_t count = 0;
    next *list = tm_alloc((parts + (size_t)1) * sizeof *list);
    if (!list) return tm_fail_memory(err, "strata", parts * sizeof *list);
    for (uint32_t i = 0; i < parts; i++) {
        const tm_portion *p = &part[i];
        if (up_to(p, floor, cut + 1, levels) == p->given) continue;
        /* within one level all ranks are the same, and chance decides */
        wide rest = (((wide)p->given + 1) << CHANCE) - (p->chance >> CHANCE);
        list[count++] = (next){.rest = levels ? 1 : rest,
                               .records = levels ? 1 : p->records,
                               .chance = p->chance,
                               .part = i};
    }
    if (count) qsort(list, count, sizeof *list, by_rank);
    for (uint32_t i = 0; i < count && left; i++, left--) part[list[i].part].given++;
    tm_free(list);
    TM_ASSERT(!left);
    return TM_OK;
}

tm_status tm_apportion(tm_portion *part, uint32_t parts, uint64_t floor, uint64_t places,
                       tm_err *err)
{
    uint64_t all = all_up_to(part, parts, floor, UINT64_MAX, true), low = 0;
    places = TM_MIN(places, all);
    bool levels = places < all_up_to(part, parts, floor, floor, true);
    uint64_t high = levels ? floor : (uint64_t)1 << SCALE;
    while (low < high) { /* the last cut that gives no more than there is */
        uint64_t middle = low + (high - low + 1) / 2;
        if (all_up_to(part, parts, floor, middle, levels) <= places)
            low = middle;
        else
            high = middle - 1;
    }
    uint64_t given = 0;
    for (uint32_t i = 0; i < parts; i++) {
        part[i].given = up_to(&part[i], floor, low, levels);
        given += part[i].given;
    }
    return given < places ? give_rest(part, parts, floor, low, levels, places - given, err) : TM_OK;
}
