/* Quotas of strata are whole numbers by largest remainder (Hamilton's method), so they add up to
 * what was asked for all; equal remainders go to the stratum told first, which is that of the
 * smallest chance. */
#include "op/select/sides.h"

#include "base/vec.h"

enum { STRATA_MAX = 65536 };

static bool is_share(tm_str text)
{
    return tm_str_find_char(text, '%') < text.n || tm_str_find_char(text, '.') < text.n;
}

static tm_status read_size(const tm_pair *given, double *share, int64_t *count, tm_err *err)
{
    static const tm_param SHARE = {.name = "share", .type = TM_P_SHARE, .min = 0, .max = 1};
    static const tm_param COUNT = {.name = "count", .type = TM_P_INT, .min = 0, .max = 1e15};
    tm_pvalue value = {.scalar = given->value};
    bool part = is_share(given->value);
    tm_arena none = {0};
    *share = -1;
    *count = -1;
    tm_status status = part ? tm_param_set(&SHARE, share, &value, &none, NULL)
                            : tm_param_set(&COUNT, count, &value, &none, NULL);
    tm_arena_release(&none);
    if (status == TM_OK) return TM_OK;
    return tm_fail(
        err, TM_ERECIPE,
        "side \"%.*s\" takes a share such as 2%% or a number of records such as 500, not "
        "\"%.*s\"",
        TM_FMT(given->name),
        TM_FMT(tm_str_slice(given->value, 0, TM_MIN(given->value.n, (size_t)40))));
}

/* A name becomes the beginning of a file's name. */
static tm_status check_name(tm_str name, const tm_sides *so_far, tm_err *err)
{
    bool plain = name.n > 0 && name.n <= 64;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_' || (c == '-' && i > 0);
    }
    if (!plain || tm_str_is(name, "parked") || tm_str_is(name, "unreadable"))
        return tm_fail(err, TM_ERECIPE,
                       "\"%.*s\" cannot name a side: letters, digits, _ and - make a file's name",
                       TM_FMT(tm_str_slice(name, 0, TM_MIN(name.n, (size_t)64))));
    for (uint32_t i = 0; i < so_far->sides; i++)
        if (tm_str_eq(so_far->route[i].name, name))
            return tm_fail(err, TM_ERECIPE, "two sides are named \"%.*s\"", TM_FMT(name));
    return TM_OK;
}

tm_status tm_sides_make(tm_arena *mem, const tm_pairs *into, tm_str rest, bool strata,
                        tm_sides *out, tm_err *err)
{
    double sum = 0;
    TM_UNUSED(mem);
    *out = (tm_sides){.quotas = strata};
    TM_TRY(check_name(rest, out, err));
    out->route[out->sides++] = (tm_route){.name = rest};
    if (!into->count)
        return tm_fail(err, TM_ERECIPE, "split needs a side, such as eval: 2%% or test: 500");
    for (uint32_t i = 0; i < into->count; i++) {
        uint32_t side = out->sides;
        if (side == TM_SIDES_MAX)
            return tm_fail(err, TM_ERECIPE, "a split has %d sides at most", TM_SIDES_MAX);
        TM_TRY(check_name(into->item[i].name, out, err));
        TM_TRY(read_size(&into->item[i], &out->share[side], &out->count[side], err));
        out->route[out->sides++] = (tm_route){into->item[i].name, into->item[i].value};
        out->quotas |= out->share[side] < 0;
        sum += out->share[side] > 0 ? out->share[side] : 0;
    }
    if (sum > 1 + 1e-9)
        return tm_fail(err, TM_ERECIPE, "the shares add up to more than all: %g%%", sum * 100);
    return TM_OK;
}

uint32_t tm_side_of_chance(const tm_sides *s, uint64_t chance)
{
    double at = (double)(chance >> 11) * 0x1p-53, end = 0;
    for (uint32_t side = 1; side < s->sides; side++) {
        end += s->share[side];
        if (at < end) return side;
    }
    return 0;
}

tm_status tm_quotas_stratum(tm_quotas *q, tm_str key, uint32_t *out, tm_err *err)
{
    for (*out = 0; *out < q->strata; ++*out)
        if (tm_str_eq(q->stratum[*out].key, key)) return TM_OK;
    if (q->strata == STRATA_MAX)
        return tm_fail(err, TM_ELIMIT, "stratify has more than %d values: put them into bins",
                       STRATA_MAX);
    if (!TM_ROOM(&q->mem, q->stratum, q->strata, q->room, 1))
        return tm_fail_memory(err, "strata", q->strata);
    tm_stratum fresh = {.key = tm_arena_str(&q->mem, key)};
    if (!fresh.key.p) return tm_fail_memory(err, "strata", key.n);
    q->stratum[q->strata++] = fresh;
    return TM_OK;
}

static void settle_side(tm_quotas *q, uint32_t side, uint64_t all)
{
    const tm_sides *s = q->sides;
    double want = s->share[side] < 0 ? (double)s->count[side] : s->share[side] * (double)all;
    uint64_t whole = (uint64_t)(TM_MIN(want, (double)all) + 0.5), given = 0;
    for (uint32_t k = 0; k < q->strata; k++) {
        double exact = all ? (double)whole * (double)q->stratum[k].records / (double)all : 0;
        q->stratum[k].quota[side] = (uint64_t)exact;
        given += q->stratum[k].quota[side];
    }
    for (; given < whole; given++) { /* the one with the largest remainder */
        uint32_t best = 0;
        double most = -1;
        for (uint32_t k = 0; k < q->strata; k++) {
            double exact = (double)whole * (double)q->stratum[k].records / (double)all;
            double left = exact - (double)q->stratum[k].quota[side];
            if (left > most) most = left, best = k;
        }
        q->stratum[best].quota[side]++;
    }
}

void tm_quotas_settle(tm_quotas *q)
{
    uint64_t all = 0;
    for (uint32_t k = 0; k < q->strata; k++) all += q->stratum[k].records;
    for (uint32_t side = 1; side < q->sides->sides; side++) settle_side(q, side, all);
}

uint32_t tm_quotas_side(const tm_quotas *q, uint32_t stratum, uint64_t records)
{
    const tm_stratum *k = &q->stratum[stratum];
    for (uint32_t side = 1; side < q->sides->sides; side++)
        if (k->taken[side] < k->quota[side] && records < 2 * (k->quota[side] - k->taken[side]))
            return side;
    return 0;
}
