/* Union-find with path halving over records that have an edge (Tarjan and van Leeuwen, 1984). A
 * root is always the lowest rid of its tree. Vertices are numbered as they come, in an
 * open-addressing table; about 36 bytes a vertex: records without an edge cost nothing, so this is
 * the number of duplicates, not of records. When there is no room for more, each vertex is written
 * as an edge to its root and the table begins anew; sweep.h solves in the end what was written.
 *
 * Of millions of vertices none is where the processor has it at hand, and nothing says which comes
 * next, so edges are taken a few at a time: their slots are asked for first, then the vertices that
 * stand in them, and only then each is linked. */
#include "flow/components.h"

#include "base/vec.h"
#include "flow/sweep.h"
#include "text/terms.h"

enum { VERTEX_BYTES = 36, TAKE_BYTES = 256 << 10, AT_ONCE = 32 };

struct tm_components {
    tm_spill *spill;
    uint64_t budget;
    tm_sweep *sweep; /* once the table was full */
    tm_rid *rid;
    uint32_t *parent;
    uint32_t vertices, rid_room, parent_room;
    uint32_t *slot; /* vertex + 1, 0 = free */
    uint32_t slots;
};

tm_components *tm_components_new(tm_spill *spill, uint64_t budget_bytes)
{
    tm_components *c = tm_alloc_zero(1, sizeof *c);
    if (!c) return NULL;
    c->spill = spill;
    c->budget = budget_bytes;
    return c;
}

static uint32_t hash_of(tm_rid rid)
{
    return (uint32_t)tm_mix64(rid.place ^ rid.path * 0x9E3779B97F4A7C15u);
}

static uint32_t *slot_of(const tm_components *c, tm_rid rid, uint32_t hash)
{
    uint32_t at = hash & (c->slots - 1);
    while (c->slot[at] && tm_rid_cmp(c->rid[c->slot[at] - 1], rid) != 0)
        at = (at + 1) & (c->slots - 1);
    return &c->slot[at];
}

/* Vertices are all different: a free slot is all that each needs. */
static void place(tm_components *c, uint32_t vertex, uint32_t hash)
{
    uint32_t at = hash & (c->slots - 1);
    while (c->slot[at]) at = (at + 1) & (c->slots - 1);
    c->slot[at] = vertex + 1;
}

static tm_status grow_slots(tm_components *c, tm_err *err)
{
    uint32_t slots = c->slots ? c->slots * 2 : 1024, hash[AT_ONCE];
    uint32_t *fresh = tm_alloc_zero(slots, sizeof *fresh);
    if (!fresh) return tm_fail_memory(err, "components", slots * sizeof *fresh);
    tm_free(c->slot);
    tm_alloc_for_leaps(fresh, slots * sizeof *fresh);
    c->slot = fresh;
    c->slots = slots;
    for (uint32_t from = 0, n; from < c->vertices; from += n) {
        n = TM_MIN(c->vertices - from, (uint32_t)AT_ONCE);
        for (uint32_t i = 0; i < n; i++) {
            hash[i] = hash_of(c->rid[from + i]);
            __builtin_prefetch(&c->slot[hash[i] & (slots - 1)], 1);
        }
        for (uint32_t i = 0; i < n; i++) place(c, from + i, hash[i]);
    }
    return TM_OK;
}

static tm_status room_for_one(tm_components *c, tm_err *err)
{
    uint32_t room = c->rid_room;
    if (!TM_ROOM_HEAP(c->rid, c->vertices, c->rid_room, 1) ||
        !TM_ROOM_HEAP(c->parent, c->vertices, c->parent_room, 1))
        return tm_fail_memory(err, "components", VERTEX_BYTES);
    if (c->rid_room == room) return TM_OK;
    tm_alloc_for_leaps(c->rid, c->rid_room * sizeof *c->rid);
    tm_alloc_for_leaps(c->parent, c->parent_room * sizeof *c->parent);
    return TM_OK;
}

static tm_status vertex_of(tm_components *c, tm_rid rid, uint32_t hash, uint32_t *out, tm_err *err)
{
    if ((uint64_t)c->vertices * 3 >= (uint64_t)c->slots * 2) TM_TRY(grow_slots(c, err));
    uint32_t *slot = slot_of(c, rid, hash);
    if (!*slot) {
        TM_TRY(room_for_one(c, err));
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

static tm_status link(tm_components *c, const tm_edge *edge, const uint32_t hash[2], tm_err *err)
{
    uint32_t x, y;
    TM_TRY(vertex_of(c, edge->a, hash[0], &x, err));
    TM_TRY(vertex_of(c, edge->b, hash[1], &y, err));
    x = root_of(c, x);
    y = root_of(c, y);
    if (x == y) return TM_OK;
    if (tm_rid_cmp(c->rid[x], c->rid[y]) < 0)
        c->parent[y] = x;
    else
        c->parent[x] = y;
    return TM_OK;
}

/* The slots where the search for them begins. */
static void fetch_slots(const tm_components *c, const tm_edge *edge, size_t n, uint32_t (*hash)[2])
{
    for (size_t i = 0; i < n; i++) {
        hash[i][0] = hash_of(edge[i].a);
        hash[i][1] = hash_of(edge[i].b);
        for (size_t k = 0; c->slots && k < 2; k++)
            __builtin_prefetch(&c->slot[hash[i][k] & (c->slots - 1)]);
    }
}

static void fetch_vertices(const tm_components *c, size_t n, uint32_t (*hash)[2])
{
    for (size_t i = 0; c->slots && i < 2 * n; i++) {
        uint32_t v = c->slot[hash[i / 2][i % 2] & (c->slots - 1)];
        if (!v) continue;
        __builtin_prefetch(&c->rid[v - 1]);
        __builtin_prefetch(&c->parent[v - 1]);
    }
}

/* Each vertex as an edge to its root; then there are none. */
static tm_status write_out(tm_components *c, tm_err *err)
{
    if (!c->sweep) c->sweep = tm_sweep_new(c->spill, c->budget);
    if (!c->sweep) return tm_fail_memory(err, "components", 0);
    for (uint32_t v = 0; v < c->vertices; v++)
        TM_TRY(tm_sweep_edge(c->sweep, c->rid[v], c->rid[root_of(c, v)], err));
    c->vertices = 0;
    if (c->slots) memset(c->slot, 0, c->slots * sizeof *c->slot);
    return TM_OK;
}

static tm_status write_out_when_full(tm_components *c, tm_err *err)
{
    uint64_t most = c->budget - c->budget / TM_SWEEP_QUEUES;
    bool full = ((uint64_t)c->vertices + 2 * AT_ONCE) * VERTEX_BYTES > most;
    return full && c->vertices ? write_out(c, err) : TM_OK;
}

tm_status tm_components_edges(tm_components *c, const tm_edge *edge, size_t n, tm_err *err)
{
    uint32_t hash[AT_ONCE][2];
    for (size_t some; n; edge += some, n -= some) {
        some = TM_MIN(n, (size_t)AT_ONCE);
        TM_TRY(write_out_when_full(c, err));
        fetch_slots(c, edge, some, hash);
        fetch_vertices(c, some, hash);
        for (size_t i = 0; i < some; i++) TM_TRY(link(c, &edge[i], hash[i], err));
    }
    return TM_OK;
}

typedef struct teller {
    tm_decisions out;
    uint16_t step;
    tm_status (*take)(void *arg, tm_decisions *out, tm_err *err);
    void *arg;
} teller;

static tm_status tell(void *arg, tm_rid rid, tm_rid lowest, tm_err *err)
{
    teller *t = arg;
    tm_decision d = {.rid = rid, .step = t->step, .set = TM_D_OTHER, .other = lowest};
    TM_TRY(tm_decide(&t->out, &d, err));
    return t->out.bytes.n > TAKE_BYTES ? t->take(t->arg, &t->out, err) : TM_OK;
}

static void release_table(tm_components *c)
{
    tm_free(c->rid);
    tm_free(c->parent);
    tm_free(c->slot);
    c->rid = NULL;
    c->parent = c->slot = NULL;
    c->vertices = c->rid_room = c->parent_room = c->slots = 0;
}

static tm_status tell_all(tm_components *c, teller *t, tm_err *err)
{
    if (c->sweep) {
        TM_TRY(write_out(c, err));
        release_table(c);
        return tm_sweep_solve(c->sweep, tell, t, err);
    }
    for (uint32_t v = 0; v < c->vertices; v++)
        TM_TRY(tell(t, c->rid[v], c->rid[root_of(c, v)], err));
    return TM_OK;
}

tm_status tm_components_decide(tm_components *c, uint16_t step,
                               tm_status (*take)(void *arg, tm_decisions *out, tm_err *err),
                               void *arg, tm_err *err)
{
    teller t = {.step = step, .take = take, .arg = arg};
    tm_status status = tell_all(c, &t, err);
    if (status == TM_OK) status = take(arg, &t.out, err);
    tm_buf_release(&t.out.bytes);
    return status;
}

void tm_components_free(tm_components *c)
{
    if (!c) return;
    release_table(c);
    tm_sweep_free(c->sweep);
    tm_free(c);
}
