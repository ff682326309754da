/* One external sort by (record that is repeated, step), one walk over its groups.
 *
 * On which side of a split the record that stands for others came to lie is not known when they are
 * met: it is looked up in the ledger, which is in the order of the same rids and is walked beside
 * the groups. */
#include "flow/clusters.h"

#include <math.h>

#include "flow/crossings.h"
#include "flow/engine.h"

enum { BUDGET_SHARE = 8, KEY_BYTES = 18 };

typedef struct carried { /* of a pair, in its fact's data */
    double value;
    uint16_t route, unused;
    uint32_t end;
} carried;

struct tm_clustering {
    const tm_run *run;
    tm_sorter *sorter;
    tm_clusters *of; /* by step */
    tm_ledger_sides sides;
    uint64_t *kept, *fell; /* by route, of the group at hand */
};

typedef struct group {
    char key[KEY_BYTES];
    uint16_t step;
    tm_cluster c;
    uint64_t row[TM_ROWS];
} group;

tm_clustering *tm_clustering_new(tm_run *run)
{
    tm_clustering *c = tm_alloc_zero(1, sizeof *c);
    if (!c) return NULL;
    c->run = run;
    c->sorter = tm_sorter_new(&run->spill, run->exchange_budget / BUDGET_SHARE);
    if (c->sorter) return c;
    tm_clustering_free(c);
    return NULL;
}

void tm_clustering_free(tm_clustering *c)
{
    if (!c) return;
    tm_sorter_free(c->sorter);
    tm_ledger_sides_close(&c->sides);
    tm_free(c->kept);
    tm_free(c->fell);
    tm_free(c);
}

tm_status tm_clustering_add(tm_clustering *c, tm_str repeats, tm_err *err)
{
    tm_repeat p;
    for (size_t at = 0; at + sizeof p <= repeats.n; at += sizeof p) {
        char key[KEY_BYTES];
        memcpy(&p, repeats.p + at, sizeof p);
        carried data = {.value = p.value, .route = p.route, .end = p.end};
        tm_rid_put(p.other, key);
        key[16] = (char)(p.step >> 8), key[17] = (char)p.step;
        tm_fact f = {
            .key = {key, sizeof key}, .rid = p.rid, .data = {(const char *)&data, sizeof data}};
        TM_TRY(tm_sorter_add(c->sorter, &f, err));
    }
    return TM_OK;
}

/* ---- one group ------------------------------------------------------------------------------- */

static void begin_group(group *g, tm_str key)
{
    *g = (group){.c.value = TM_NO_VALUE, .c.second = TM_NO_VALUE};
    memcpy(g->key, key.p, sizeof g->key);
    g->c.first = (tm_rid){tm_be64_get(g->key), tm_be64_get(g->key + 8)};
    g->step = (uint16_t)((uint8_t)g->key[16] << 8 | (uint8_t)g->key[17]);
}

/* Facts of one key come in the order of their rids. */
static void take_value(tm_cluster *c, tm_clusters *all, tm_rid rid, double value)
{
    if (!c->others) c->least = rid;
    c->others++;
    if (isnan(value)) return;
    double bin = value * TM_VALUE_BINS;
    all->value[bin < 0 ? 0 : TM_MIN((unsigned)bin, (unsigned)TM_VALUE_BINS - 1)]++;
    if (isnan(c->value) || value < c->value) {
        c->second = c->value;
        c->value = value;
        c->least = rid;
    } else if (isnan(c->second) || value < c->second) {
        c->second = value;
    }
}

static void take_member(tm_clustering *c, group *g, const tm_fact *f)
{
    carried data;
    memcpy(&data, f->data.p, sizeof data);
    take_value(&g->c, &c->of[g->step], f->rid, data.value);
    g->row[c->run->rows.of[TM_PLACE_SOURCE(f->rid.place) - 1]]++;
    if (!c->sides.open || data.route >= c->run->routes) return;
    if (data.end == TM_REPEAT_KEPT) c->kept[data.route]++;
    if (data.end == TM_REPEAT_FELL && g->step > c->run->router) c->fell[data.route]++;
}

static void offer(tm_clusters *all, const tm_cluster *c)
{
    uint32_t at = all->shown; /* they come in the order of `first` */
    while (at && c->others > all->biggest[at - 1].others) at--;
    if (at == TM_BIGGEST) return;
    if (all->shown < TM_BIGGEST) all->shown++;
    memmove(all->biggest + at + 1, all->biggest + at, (all->shown - 1 - at) * sizeof *c);
    all->biggest[at] = *c;
}

static void share(const tm_clustering *c, tm_clusters *all, const group *g)
{
    uint32_t rows = c->run->rows.count;
    for (uint32_t a = 0; a < rows; a++)
        for (uint32_t b = 0; g->row[a] && b < rows; b++)
            if (g->row[b] > (a == b)) all->shared[a][b] += g->row[a];
}

static tm_status cross_sides(tm_clustering *c, tm_clusters *all, const group *g, tm_err *err)
{
    uint32_t routes = c->run->routes, side = TM_NONE;
    TM_TRY(tm_ledger_side(&c->sides, g->c.first, &side, err));
    if (side != TM_NONE) c->kept[side]++;
    for (uint32_t a = 0; a < routes; a++) {
        for (uint32_t b = 0; b < routes; b++) {
            size_t cell = (size_t)a * routes + b;
            if (a != b && c->kept[b]) all->kept[cell] += c->kept[a];
            if (a != b && b == side) all->fell[cell] += c->fell[a];
        }
    }
    memset(c->kept, 0, routes * sizeof *c->kept);
    memset(c->fell, 0, routes * sizeof *c->fell);
    return TM_OK;
}

static tm_status end_group(tm_clustering *c, group *g, tm_err *err)
{
    tm_clusters *all = &c->of[g->step];
    uint32_t source = TM_PLACE_SOURCE(g->c.first.place);
    if (!g->c.others) return TM_OK;
    all->size[tm_bin(g->c.others + 1)]++;
    offer(all, &g->c);
    if (source > c->run->sources) { /* what repeats a reference is compared with that alone */
        all->items++;
        all->item_records += g->c.others;
        for (uint32_t row = 0; row < TM_ROWS; row++) all->reference[row] += g->row[row];
        if (c->sides.open) memset(c->kept, 0, c->run->routes * sizeof *c->kept);
        if (c->sides.open) memset(c->fell, 0, c->run->routes * sizeof *c->fell);
        return TM_OK;
    }
    all->count++;
    all->records += g->c.others;
    g->row[c->run->rows.of[source - 1]]++;
    share(c, all, g);
    return c->sides.open ? cross_sides(c, all, g, err) : TM_OK;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static tm_status walk(tm_clustering *c, tm_err *err)
{
    tm_fact f;
    bool more = true;
    group g = {.step = 0};
    TM_TRY(tm_sorter_finish(c->sorter, err));
    for (;;) {
        TM_TRY(tm_sorter_next(c->sorter, &f, &more, err));
        bool same = more && g.c.others && memcmp(f.key.p, g.key, KEY_BYTES) == 0;
        if (!same) {
            TM_TRY(end_group(c, &g, err));
            if (!more) return TM_OK;
            begin_group(&g, f.key);
        }
        take_member(c, &g, &f);
        if (tm_cancelled(c->run)) return tm_fail(err, TM_ECANCELLED, "interrupted");
    }
}

static tm_status prepare_sides(tm_clustering *c, tm_run *run, const char *ledger, tm_err *err)
{
    size_t cells = (size_t)run->routes * run->routes;
    if (!run->routes || !ledger) return TM_OK;
    c->kept = tm_alloc_zero(run->routes, sizeof *c->kept);
    c->fell = tm_alloc_zero(run->routes, sizeof *c->fell);
    if (!c->kept || !c->fell) return tm_fail_memory(err, "the sides of a split", cells);
    for (uint32_t s = 0; s < run->plan->steps; s++) {
        if (!run->plan->step[s].op->finds) continue;
        c->of[s].kept = TM_NEW(&run->mem, uint64_t, cells);
        c->of[s].fell = TM_NEW(&run->mem, uint64_t, cells);
        if (!c->of[s].kept || !c->of[s].fell)
            return tm_fail_memory(err, "the sides of a split", cells);
    }
    return tm_ledger_sides_open(&c->sides, run, ledger, err);
}

tm_status tm_clustering_finish(tm_clustering *c, tm_run *run, const char *ledger, tm_err *err)
{
    c->of = TM_NEW(&run->mem, tm_clusters, run->plan->steps + 1);
    if (!c->of) return tm_fail_memory(err, "clusters", run->plan->steps * sizeof *c->of);
    TM_TRY(prepare_sides(c, run, ledger, err));
    TM_TRY(walk(c, err));
    for (uint32_t s = 0; s < run->plan->steps; s++)
        if (run->plan->step[s].op->finds) run->result.step[s].clusters = &c->of[s];
    return TM_OK;
}
