/* Everything is counted in whole numbers: the exact part of a stratum of n records in a side of w
 * of all N is n w / N, so parts are rounded as multiples of 1 / N. */
#include "op/share/quotas.h"

#include "base/alloc.h"
#include "base/vec.h"

__extension__ typedef unsigned __int128 wide;

static int64_t *want_of(const tm_quotas *q, uint32_t stratum)
{
    return q->want + (size_t)stratum * q->sides->sides;
}

tm_status tm_quotas_add(tm_quotas *q, tm_hash stratum, uint64_t records, uint32_t fixed,
                        tm_err *err)
{
    uint32_t sides = q->sides->sides;
    bool fresh = !q->strata || tm_hash_cmp(q->stratum[q->strata - 1].key, stratum) != 0;
    if (fresh && q->strata == TM_STRATA_MAX)
        return tm_fail(err, TM_ELIMIT, "stratify has more than %d values: put them into bins",
                       TM_STRATA_MAX);
    if (fresh) {
        uint32_t used = q->strata * sides;
        if (!TM_ROOM_HEAP(q->stratum, q->strata, q->room, 1) ||
            !TM_ROOM_HEAP(q->want, used, q->want_room, sides))
            return tm_fail_memory(err, "strata", q->strata);
        memset(want_of(q, q->strata), 0, sides * sizeof *q->want);
        q->stratum[q->strata++] = (tm_stratum){.key = stratum};
    }
    q->stratum[q->strata - 1].records += records;
    if (fixed) want_of(q, q->strata - 1)[fixed - 1] -= (int64_t)records;
    return TM_OK;
}

/* ---- the sizes of sides ---------------------------------------------------------------------- */

/* As asked, the first ones first; but no side has less than what is fixed there. */
static void sizes_of(const tm_quotas *q, uint64_t all, int64_t size[TM_SIDES_MAX])
{
    int64_t fixed[TM_SIDES_MAX] = {0}, missing = 0;
    uint64_t left = all;
    for (uint32_t side = 1; side < q->sides->sides; side++) {
        const tm_route *of = &q->sides->route[side];
        double want = of->share < 0 ? (double)of->count : of->share * (double)all;
        size[side] = (int64_t)TM_MIN((uint64_t)(TM_MIN(want, (double)all) + 0.5), left);
        left -= (uint64_t)size[side];
    }
    size[0] = (int64_t)left;
    for (uint32_t k = 0; k < q->strata; k++)
        for (uint32_t side = 0; side < q->sides->sides; side++) fixed[side] -= want_of(q, k)[side];
    for (uint32_t side = 0; side < q->sides->sides; side++) {
        int64_t more = TM_MAX(fixed[side] - size[side], 0);
        size[side] += more;
        missing += more;
    }
    for (uint32_t side = 0; missing && side < q->sides->sides; side++) { /* the rest first */
        int64_t less = TM_MIN(TM_MAX(size[side] - fixed[side], 0), missing);
        size[side] -= less;
        missing -= less;
    }
}

/* ---- parts of strata ------------------------------------------------------------------------- */

static void take_part(void *of, uint32_t stratum, uint32_t up)
{
    const tm_quotas *q = of;
    for (uint32_t side = 0; side < q->sides->sides; side++)
        want_of(q, stratum)[side] += up >> side & 1;
}

static void share_out(tm_quotas *q, uint64_t all, const int64_t *size)
{
    q->rounding = (tm_rounding){.columns = q->sides->sides, .done = take_part, .to = q};
    for (uint32_t k = 0; k < q->strata; k++) {
        int64_t entry[TM_SIDES_MAX];
        for (uint32_t side = 0; side < q->sides->sides; side++) {
            wide part = (wide)q->stratum[k].records * (uint64_t)size[side];
            want_of(q, k)[side] += (int64_t)(part / all);
            entry[side] = (int64_t)(part % all);
        }
        tm_rounding_add(&q->rounding, k, (int64_t)all, entry);
    }
    TM_ASSERT(!q->rounding.rows);
}

/* Where more is fixed than a stratum's part, its other sides give way. */
static void raise_to_fixed(int64_t *want, uint32_t sides, int64_t *over)
{
    for (uint32_t side = 0; side < sides; side++)
        for (uint32_t i = 0; want[side] < 0 && i < sides; i++) {
            int64_t more = TM_MIN(TM_MAX(want[i], 0), -want[side]);
            want[i] -= more;
            want[side] += more;
            over[i] -= more;
            over[side] += more;
        }
}

/* And take it back from the other strata. */
static void give_back(int64_t *want, uint32_t sides, int64_t *over)
{
    for (uint32_t side = 0; side < sides; side++)
        for (uint32_t i = 0; over[side] > 0 && i < sides; i++) {
            int64_t more = TM_MIN(TM_MIN(want[side], over[side]), TM_MAX(-over[i], 0));
            want[side] -= more;
            want[i] += more;
            over[side] -= more;
            over[i] += more;
        }
}

void tm_quotas_settle(tm_quotas *q)
{
    int64_t size[TM_SIDES_MAX], over[TM_SIDES_MAX] = {0};
    uint64_t all = 0;
    for (uint32_t k = 0; k < q->strata; k++) all += q->stratum[k].records;
    if (!all) return;
    sizes_of(q, all, size);
    share_out(q, all, size);
    for (uint32_t k = 0; k < q->strata; k++) raise_to_fixed(want_of(q, k), q->sides->sides, over);
    for (uint32_t k = 0; k < q->strata; k++) give_back(want_of(q, k), q->sides->sides, over);
}

/* ---- the line -------------------------------------------------------------------------------- */

static void take_parted(void *of, uint32_t name, uint32_t up)
{
    const tm_quotas *q = of;
    uint32_t side = 0;
    while (!(up >> side & 1)) side++;
    q->parted[name] = (uint8_t)side;
}

static void enter(tm_quotas *q, uint32_t stratum)
{
    q->at.stratum = stratum;
    q->at.begun = true;
    memcpy(q->at.left, want_of(q, stratum), q->sides->sides * sizeof *q->at.left);
}

/* Sides stand in the order of the recipe, the rest last. */
static uint32_t side_at(const tm_quotas *q, uint32_t place)
{
    return (place + 1) % q->sides->sides;
}

/* The next group in the line, and how much of it lies on each side; false: all of it on at.side. */
static bool is_parted(tm_quotas *q, tm_hash stratum, uint64_t records, int64_t *entry)
{
    uint32_t at = q->at.stratum, sides = q->sides->sides;
    int64_t more = (int64_t)records;
    while (tm_hash_cmp(q->stratum[at].key, stratum) != 0) at++;
    if (!q->at.begun || at != q->at.stratum) enter(q, at);
    for (uint32_t i = 0; i < sides; i++) {
        q->at.side = side_at(q, i);
        if (q->at.left[q->at.side] < more) continue;
        q->at.left[q->at.side] -= more;
        return false;
    }
    memset(entry, 0, sides * sizeof *entry);
    for (uint32_t i = 0; i < sides; i++) {
        uint32_t side = side_at(q, i);
        entry[side] = TM_MIN(q->at.left[side], more);
        q->at.left[side] -= entry[side];
        more -= entry[side];
    }
    TM_ASSERT(!more);
    return true;
}

tm_status tm_quotas_line(tm_quotas *q, tm_hash stratum, uint64_t records, tm_err *err)
{
    int64_t entry[TM_SIDES_MAX];
    if (!q->at.begun)
        q->rounding = (tm_rounding){.columns = q->sides->sides, .done = take_parted, .to = q};
    if (!is_parted(q, stratum, records, entry)) return TM_OK;
    if (!TM_ROOM_HEAP(q->parted, q->at.parted, q->parted_room, 1))
        return tm_fail_memory(err, "groups", q->at.parted);
    tm_rounding_add(&q->rounding, q->at.parted++, (int64_t)records, entry);
    return TM_OK;
}

/* The groups that rounding leaves over, in a line of their own: what they have of each side is as
 * long as that side's piece of it. */
static void settle_left(tm_quotas *q)
{
    const tm_rounding *r = &q->rounding;
    uint32_t side = 0, passed = 0; /* sides before it in the line */
    int64_t at = 0, end = 0;
    for (uint32_t i = 0; i < r->rows; i++) {
        while (passed < r->columns && 2 * end <= 2 * at + r->row[i].cap) {
            side = ++passed % r->columns;
            for (uint32_t k = 0; k < r->rows; k++) end += r->row[k].entry[side];
        }
        q->parted[r->row[i].name] = (uint8_t)side;
        at += r->row[i].cap;
    }
}

void tm_quotas_close(tm_quotas *q)
{
    if (q->at.begun) settle_left(q);
    memset(&q->at, 0, sizeof q->at);
}

uint32_t tm_quotas_side(tm_quotas *q, tm_hash stratum, uint64_t records)
{
    int64_t entry[TM_SIDES_MAX];
    if (!is_parted(q, stratum, records, entry)) return q->at.side;
    return q->parted[q->at.parted++];
}

void tm_quotas_release(tm_quotas *q)
{
    tm_free(q->stratum);
    tm_free(q->want);
    tm_free(q->parted);
}
