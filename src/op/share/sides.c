/* Sizes are read as the parameters of recipes are, and a side's name is one that a file may
 * have. */
#include "op/share/sides.h"

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
    if (tm_str_is(name, "parked") || tm_str_is(name, "unreadable"))
        return tm_fail(err, TM_ERECIPE,
                       "\"%.*s\" cannot name a side: files of that name hold what a run sets aside",
                       TM_FMT(name));
    if (!plain)
        return tm_fail(err, TM_ERECIPE,
                       "\"%.*s\" cannot name a side: letters, digits, _ and - make a file's name",
                       TM_FMT(tm_str_slice(name, 0, TM_MIN(name.n, (size_t)64))));
    for (uint32_t i = 0; i < so_far->sides; i++)
        if (tm_str_eq(so_far->route[i].name, name))
            return tm_fail(err, TM_ERECIPE, "two sides are named \"%.*s\"", TM_FMT(name));
    return TM_OK;
}

/* Every side is named, the rest's, too, and the shares make one: then that side is the rest. */
static tm_status may_name_rest(const tm_pairs *into, tm_str rest, tm_err *err)
{
    double sum = 0;
    bool shares = true;
    for (uint32_t i = 0; i < into->count; i++) {
        tm_route of;
        TM_TRY(read_size(&into->item[i], &of, err));
        shares &= of.share >= 0;
        sum += TM_MAX(of.share, 0);
    }
    if (shares && sum > 1 - 1e-9 && sum < 1 + 1e-9) return TM_OK;
    return tm_fail(err, TM_ERECIPE,
                   "\"%.*s\" is the side that gets the rest, whose size is what the others leave: "
                   "leave it out, or give the rest another name (--rest NAME)",
                   TM_FMT(rest));
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
        if (tm_str_eq(into->item[i].name, rest)) {
            TM_TRY(may_name_rest(into, rest, err));
            continue;
        }
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
