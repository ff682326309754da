/* Quotas of strata are whole numbers that add up to what was asked for all (apportion.h). */
#include "op/select/sides.h"

#include "base/vec.h"
#include "op/select/apportion.h"

static bool is_share(tm_str text)
{
    return tm_str_find_char(text, '%') < text.n || tm_str_find_char(text, '.') < text.n;
}

tm_status tm_size_read(tm_str text, tm_route *to)
{
    static const tm_param SHARE = {.name = "share", .type = TM_P_SHARE, .min = 0, .max = 1};
    static const tm_param COUNT = {.name = "count", .type = TM_P_INT, .min = 0, .max = 1e15};
    tm_pvalue value = {.scalar = text};
    tm_arena none = {0};
    *to = (tm_route){.asked = text, .share = -1, .count = -1};
    tm_status status = is_share(text) ? tm_param_set(&SHARE, &to->share, &value, &none, NULL)
                                      : tm_param_set(&COUNT, &to->count, &value, &none, NULL);
    tm_arena_release(&none);
    return status;
}

static tm_status read_size(const tm_pair *given, tm_route *to, tm_err *err)
{
    tm_status status = tm_size_read(given->value, to);
    to->name = given->name;
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
    out->route[out->sides++] = (tm_route){.name = rest, .share = -1, .count = -1};
    if (!into->count)
        return tm_fail(err, TM_ERECIPE, "split needs a side, such as eval: 2%% or test: 500");
    for (uint32_t i = 0; i < into->count; i++) {
        uint32_t side = out->sides;
        if (side == TM_SIDES_MAX)
            return tm_fail(err, TM_ERECIPE, "a split has %d sides at most", TM_SIDES_MAX);
        TM_TRY(check_name(into->item[i].name, out, err));
        TM_TRY(read_size(&into->item[i], &out->route[side], err));
        out->sides++;
        out->quotas |= out->route[side].share < 0;
        sum += TM_MAX(out->route[side].share, 0);
    }
    if (sum > 1 + 1e-9)
        return tm_fail(err, TM_ERECIPE, "the shares add up to more than all: %g%%", sum * 100);
    return TM_OK;
}

uint32_t tm_side_of_chance(const tm_sides *s, uint64_t chance)
{
    double at = tm_chance_share(chance), end = 0;
    for (uint32_t side = 1; side < s->sides; side++) {
        end += s->route[side].share;
        if (at < end) return side;
    }
    return 0;
}

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

static tm_status settle_side(tm_quotas *q, tm_portion *part, uint32_t side, uint64_t all,
                             tm_err *err)
{
    const tm_route *of = &q->sides->route[side];
    double want = of->share < 0 ? (double)of->count : of->share * (double)all;
    uint64_t whole = (uint64_t)(TM_MIN(want, (double)all) + 0.5);
    TM_TRY(tm_apportion(part, q->strata, 0, whole, err));
    for (uint32_t k = 0; k < q->strata; k++) want_of(q, k)[side] += (int64_t)part[k].given;
    return TM_OK;
}

tm_status tm_quotas_settle(tm_quotas *q, tm_err *err)
{
    uint64_t all = 0;
    tm_status status = TM_OK;
    tm_portion *part = tm_alloc_zero(q->strata + (size_t)1, sizeof *part);
    if (!part) return tm_fail_memory(err, "strata", q->strata);
    for (uint32_t k = 0; k < q->strata; k++) {
        part[k] = (tm_portion){q->stratum[k].records, q->stratum[k].key.lo, 0};
        all += q->stratum[k].records;
    }
    for (uint32_t side = 1; status == TM_OK && side < q->sides->sides; side++)
        status = settle_side(q, part, side, all, err);
    tm_free(part);
    return status;
}

void tm_quotas_enter(tm_quotas *q, tm_hash stratum)
{
    while (tm_hash_cmp(q->stratum[q->at].key, stratum) != 0) {
        TM_ASSERT(q->at + 1 < q->strata);
        for (uint32_t side = 1; side < q->sides->sides; side++)
            want_of(q, q->at + 1)[side] += want_of(q, q->at)[side];
        q->at++;
    }
}

uint32_t tm_quotas_side(tm_quotas *q, uint64_t records)
{
    int64_t *want = want_of(q, q->at), more = (int64_t)records;
    for (uint32_t side = 1; side < q->sides->sides; side++) {
        if (want[side] <= 0 || more >= 2 * want[side]) continue;
        want[side] -= more;
        return side;
    }
    return 0;
}

void tm_quotas_release(tm_quotas *q)
{
    tm_free(q->stratum);
    tm_free(q->want);
}
