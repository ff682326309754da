/* The ledger is in rid order, so it is walked once beside rids that come in order. Identities are
 * sorted as lean facts: half of one is the key, the other half and the route lie in the rid. */
#include "flow/crossings.h"

#include "flow/engine.h"

enum { BUDGET_SHARE = 8 };

tm_status tm_ledger_sides_open(tm_ledger_sides *s, const tm_run *run, const char *ledger,
                               tm_err *err)
{
    *s = (tm_ledger_sides){.run = run};
    TM_TRY(tm_ledger_read(&s->ledger, ledger, err));
    s->open = true;
    uint32_t wanted[] = {tm_pq_column_named(s->ledger.reader, "place"),
                         tm_pq_column_named(s->ledger.reader, "path"),
                         tm_pq_column_named(s->ledger.reader, "route")};
    tm_pq_want(s->ledger.reader, wanted, TM_COUNT(wanted));
    return tm_ledger_step(&s->ledger, &s->more, err);
}

tm_status tm_ledger_side(tm_ledger_sides *s, tm_rid rid, uint32_t *route, tm_err *err)
{
    *route = TM_NONE;
    while (s->more && tm_rid_cmp(tm_ledger_rid(&s->ledger), rid) < 0)
        TM_TRY(tm_ledger_step(&s->ledger, &s->more, err));
    if (!s->more || tm_rid_cmp(tm_ledger_rid(&s->ledger), rid) != 0) return TM_OK;
    tm_str name = tm_ledger_route(&s->ledger);
    for (uint32_t r = 0; r < s->run->routes; r++)
        if (tm_str_eq(name, s->run->route[r].name)) *route = r;
    return TM_OK;
}

void tm_ledger_sides_close(tm_ledger_sides *s)
{
    if (s->open) tm_ledger_close(&s->ledger);
    s->open = false;
}

tm_status tm_same_sides_open(tm_same_sides *s, tm_run *run, tm_err *err)
{
    s->run = run;
    s->sorter = tm_sorter_new(&run->spill, run->exchange_budget / BUDGET_SHARE);
    return s->sorter ? TM_OK : tm_fail_memory(err, "the sides of a split", 0);
}

tm_status tm_same_sides_add(tm_same_sides *s, tm_id id, uint32_t route, tm_err *err)
{
    char key[8];
    tm_be64_put(id.hi, key);
    tm_fact f = {.key = {key, sizeof key}, .rid = {id.lo, route}};
    return tm_sorter_add(s->sorter, &f, err);
}

/* `of`: records by route of one identity. */
static void count(uint64_t *same, uint64_t *of, uint32_t routes)
{
    for (uint32_t a = 0; a < routes; a++)
        for (uint32_t b = 0; of[a] && b < routes; b++)
            if (a != b && of[b]) same[(size_t)a * routes + b] += of[a];
    memset(of, 0, routes * sizeof *of);
}

static tm_status walk(tm_same_sides *s, uint64_t *of, uint64_t *same, tm_err *err)
{
    tm_fact f;
    bool more = true;
    tm_id last = {0};
    uint64_t held = 0;
    uint32_t routes = s->run->routes;
    TM_TRY(tm_sorter_finish(s->sorter, err));
    tm_sorter_leave_out_single(s->sorter);
    for (;;) {
        TM_TRY(tm_sorter_next(s->sorter, &f, &more, err));
        if (!more) break;
        uint64_t key;
        memcpy(&key, f.key.p, sizeof key);
        bool equal = held && last.hi == key && last.lo == f.rid.place;
        if (!equal && held > 1) count(same, of, routes);
        if (!equal && held == 1) memset(of, 0, routes * sizeof *of);
        held = equal ? held + 1 : 1;
        last = (tm_id){.hi = key, .lo = f.rid.place};
        of[f.rid.path]++;
    }
    count(same, of, routes);
    return TM_OK;
}

tm_status tm_same_sides_finish(tm_same_sides *s, uint64_t *same, tm_err *err)
{
    uint64_t *of = tm_alloc_zero(s->run->routes, sizeof *of);
    if (!of) return tm_fail_memory(err, "the sides of a split", s->run->routes);
    tm_status status = walk(s, of, same, err);
    tm_free(of);
    return status;
}

void tm_same_sides_close(tm_same_sides *s)
{
    tm_sorter_free(s->sorter);
    s->sorter = NULL;
}
