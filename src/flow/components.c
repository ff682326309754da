/* Union-find with path halving over records that have an edge (Tarjan and van Leeuwen, 1984). A
 * root is always the lowest rid of its tree. Vertices are numbered as they come, in an
 * open-addressing table; about 36 bytes a vertex, which must fit into the budget: records without
 * an edge cost nothing, so this is the number of duplicates, not of records. */
#include "flow/components.h"

#include "base/hash.h"
#include "base/vec.h"

enum { VERTEX_BYTES = 36, TAKE_BYTES = 256 << 10 };

struct tm_components {
    uint64_t budget;
    tm_rid *rid;
    uint32_t *parent;
    uint32_t vertices, rid_room, parent_room;
    uint32_t *slot; /* vertex + 1, 0 = free */
    uint32_t slots;
};

tm_components *tm_components_new(uint64_t budget_bytes)
{
    tm_components *c = tm_alloc_zero(1, sizeof *c);
    if (c) c->budget = budget_bytes;
    return c;
}

static uint32_t *slot_of(const tm_components *c, tm_rid rid)
{
    uint32_t at = (uint32_t)tm_hash64(&rid, sizeof rid, 0) & (c->slots - 1);
    while (c->slot[at] && tm_rid_cmp(c->rid[c->slot[at] - 1], rid) != 0)
        at = (at + 1) & (c->slots - 1);
    return &c->slot[at];
}

static tm_status grow_slots(tm_components *c, tm_err *err)
{
    uint32_t slots = c->slots ? c->slots * 2 : 1024;
    uint32_t *fresh = tm_alloc_zero(slots, sizeof *fresh);
    if (!fresh) return tm_fail_memory(err, "components", slots * sizeof *fresh);
    tm_free(c->slot);
    c->slot = fresh;
    c->slots = slots;
    for (uint32_t v = 0; v < c->vertices; v++) *slot_of(c, c->rid[v]) = v + 1;
    return TM_OK;
}

static tm_status vertex_of(tm_components *c, tm_rid rid, uint32_t *out, tm_err *err)
{
    if ((uint64_t)c->vertices * 3 >= (uint64_t)c->slots * 2) TM_TRY(grow_slots(c, err));
    uint32_t *slot = slot_of(c, rid);
    if (!*slot) {
        if ((uint64_t)c->vertices * VERTEX_BYTES > c->budget)
            return tm_fail(err, TM_ELIMIT,
                           "%u records are linked to others: grouping them needs a larger --memory",
                           c->vertices);
        if (!TM_ROOM_HEAP(c->rid, c->vertices, c->rid_room, 1) ||
            !TM_ROOM_HEAP(c->parent, c->vertices, c->parent_room, 1))
            return tm_fail_memory(err, "components", VERTEX_BYTES);
        c->rid[c->vertices] = rid;
        c->parent[c->vertices] = c->vertices;
        *slot = ++c->vertices;
    }
    *out = *slot - 1;
    return TM_OK;
}

static uint32_t root_of(tm_components *c, uint32_t v)
{
    while (c->parent[v] != v) v = c->parent[v] = c->parent[c->parent[v]];
    return v;
}

tm_status tm_components_edge(tm_components *c, tm_rid a, tm_rid b, tm_err *err)
{
    uint32_t x, y;
    TM_TRY(vertex_of(c, a, &x, err));
    TM_TRY(vertex_of(c, b, &y, err));
    x = root_of(c, x);
    y = root_of(c, y);
    if (x == y) return TM_OK;
    if (tm_rid_cmp(c->rid[x], c->rid[y]) < 0)
        c->parent[y] = x;
    else
        c->parent[x] = y;
    return TM_OK;
}

tm_status tm_components_decide(tm_components *c, uint16_t step,
                               tm_status (*take)(void *arg, tm_decisions *out, tm_err *err),
                               void *arg, tm_err *err)
{
    tm_decisions out = {0};
    tm_status status = TM_OK;
    for (uint32_t v = 0; status == TM_OK && v < c->vertices; v++) {
        tm_decision d = {
            .rid = c->rid[v], .step = step, .set = TM_D_OTHER, .other = c->rid[root_of(c, v)]};
        status = tm_decide(&out, &d, err);
        if (status == TM_OK && out.bytes.n > TAKE_BYTES) status = take(arg, &out, err);
    }
    if (status == TM_OK) status = take(arg, &out, err);
    tm_buf_release(&out.bytes);
    return status;
}

void tm_components_free(tm_components *c)
{
    if (!c) return;
    tm_free(c->rid);
    tm_free(c->parent);
    tm_free(c->slot);
    tm_free(c);
}
