/* The biggest clusters as the manifest names them, and matches as the findings do: places, to which
 * the ledger gives lines and the sources texts. All wanted places lie in one sorted list, so the
 * ledger is walked beside it. */
#include <math.h>
#include <stdlib.h>

#include "op/op.h"
#include "report/gather.h"

static void take_record(tm_gathered *g, const tm_yaml *from, tm_told *out)
{
    out->rid = (tm_rid){tm_yaml_number(from, "place"), tm_yaml_number(from, "path")};
    out->source = tm_yaml_text(from, "source");
    g->told[g->tolds++] = out;
}

static void take_matches(tm_gathered *g)
{
    for (uint32_t l = 0; l < g->matches; l++) {
        for (uint32_t i = 0; i < g->matched[l].count; i++) {
            g->told[g->tolds++] = &g->matched[l].match[i].record;
            g->told[g->tolds++] = &g->matched[l].match[i].item;
        }
    }
}

static int by_rid(const void *a, const void *b)
{
    return tm_rid_cmp((*(tm_told *const *)a)->rid, (*(tm_told *const *)b)->rid);
}

tm_status tm_gather_told(tm_gathered *g, tm_err *err)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    uint32_t n = 0;
    g->told = TM_NEW(g->mem, tm_told *, TM_TOLDS);
    if (!g->told) return tm_fail_memory(err, "the report", 0);
    for (uint32_t s = 0; steps && s < steps->count && n < TM_CLUSTER_STEPS; s++) {
        const tm_yaml *duplicates = tm_yaml_get(&steps->child[s], "duplicates");
        const tm_yaml *list = tm_yaml_get(tm_yaml_get(duplicates, "clusters"), "biggest");
        if (!duplicates || tm_step_finds(&steps->child[s]) == TM_FINDS_CONTAMINATION) continue;
        for (uint32_t i = 0; list && i < list->count && i < TM_BIGGEST; i++) {
            tm_told_cluster *c = &g->cluster[n][g->clusters[n]++];
            c->of = &list->child[i];
            take_record(g, tm_yaml_get(c->of, "first"), &c->first);
            take_record(g, tm_yaml_get(c->of, "least"), &c->least);
        }
        n++;
    }
    take_matches(g);
    if (g->tolds) qsort(g->told, g->tolds, sizeof *g->told, by_rid);
    return TM_OK;
}

bool tm_told_wants(tm_gathered *g, tm_rid rid)
{
    while (g->told_at < g->tolds && tm_rid_cmp(g->told[g->told_at]->rid, rid) < 0) g->told_at++;
    return g->told_at < g->tolds && tm_rid_cmp(g->told[g->told_at]->rid, rid) == 0;
}

void tm_told_line(tm_gathered *g, tm_rid rid, uint64_t line)
{
    for (uint32_t i = g->told_at; i < g->tolds && tm_rid_cmp(g->told[i]->rid, rid) == 0; i++)
        g->told[i]->line = line;
}
