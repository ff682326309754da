/* The two rounds of sample, for what one record alone cannot tell.
 *
 * `strata` counts the records of each stratum and shares the places of every subset out among them
 * (apportion.h): a table that says how many a stratum has. More places never take one away, so a
 * larger sample, and a larger subset, holds every smaller one.
 *
 * `draw` brings the records of each stratum together in the order of their draws: (draw, id, hash
 * of the record's bytes), and the first take the places. Records of equal texts share their draw,
 * and at the edge their other fields decide, not their order; of equal bytes the first is drawn. */
#include "op/select/sample.h"

#include <stdlib.h>

#include "base/vec.h"
#include "op/share/apportion.h"

typedef tm_sample_shared shared;
typedef tm_sample_scratch scratch;

typedef struct stratum { /* its name: the hash of its values, big endian */
    char key[16];
} stratum;

/* ---- strata ---------------------------------------------------------------------------------- */

/* The table: its number of rows; in each a name, ascending, and its places in every subset. */
static size_t row_bytes(const shared *s)
{
    return sizeof(stratum) + s->subsets * sizeof(uint64_t);
}

static int by_name(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(stratum));
}

static bool no_strata(const void *of)
{
    return !((const shared *)of)->stratum.count;
}

static tm_status name_of(const tm_step_view *step, const tm_batch *b, uint32_t r,
                         const tm_evalue *values, stratum *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_buf_clear(&own->key);
    tm_exprs_key(&s->stratum, values, b, r, &own->key);
    TM_TRY(tm_buf_ok(&own->key, err));
    tm_hash_put(tm_hash128(own->key.p, own->key.n), out->key);
    return TM_OK;
}

/* A fact for each stratum of the batch, with its number of records. */
static tm_status observe_strata(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    scratch *own = step->scratch;
    tm_evalue *values;
    uint32_t live = 0;
    TM_TRY(
        tm_exprs_values(&((const shared *)step->shared)->stratum, &own->stratum, b, &values, err));
    stratum *name = TM_NEW(b->mem, stratum, b->records + 1);
    if (!name) return tm_fail_memory(err, "strata", b->records * sizeof *name);
    for (uint32_t r = 0; r < b->records; r++)
        if (tm_live(b, r)) TM_TRY(name_of(step, b, r, values, &name[live++], err));
    if (live) qsort(name, live, sizeof *name, by_name);
    for (uint32_t i = 0, first = 0; i < live; i++) {
        if (i + 1 < live && by_name(&name[i], &name[i + 1]) == 0) continue;
        uint64_t records = i + 1 - first;
        tm_fact f = {.order = {name[i].key, sizeof *name},
                     .data = {(const char *)&records, sizeof records}};
        TM_TRY(tm_facts_add(out, &f, err));
        first = i + 1;
    }
    return TM_OK;
}

typedef struct strata {
    stratum *name;
    tm_portion *part;
    uint32_t count, name_room, part_room;
} strata;

static tm_status add_records(strata *st, const tm_fact *f, const tm_step_view *step, tm_err *err)
{
    uint64_t records;
    memcpy(&records, f->data.p, sizeof records);
    if (!st->count || by_name(&st->name[st->count - 1], f->order.p) != 0) {
        if (st->count == TM_SAMPLE_STRATA_MAX)
            return tm_fail(err, TM_ELIMIT, "stratify has more than %d values: put them into bins",
                           TM_SAMPLE_STRATA_MAX);
        if (!TM_ROOM_HEAP(st->name, st->count, st->name_room, 1) ||
            !TM_ROOM_HEAP(st->part, st->count, st->part_room, 1))
            return tm_fail_memory(err, "strata", st->count);
        memcpy(st->name[st->count].key, f->order.p, sizeof *st->name);
        uint64_t chance = tm_chance(step->seed, tm_hash_get(f->order.p), step->stream);
        st->part[st->count++] = (tm_portion){.chance = chance};
    }
    st->part[st->count - 1].records += records;
    return TM_OK;
}

static void write_names(const strata *st, const shared *s, tm_buf *told)
{
    uint64_t rows = st->count;
    size_t bytes = sizeof rows + st->count * row_bytes(s);
    if (!tm_buf_grow(told, bytes)) return;
    memset(told->p, 0, bytes);
    told->n = bytes;
    memcpy(told->p, &rows, sizeof rows);
    for (uint32_t i = 0; i < st->count; i++)
        memcpy(told->p + sizeof rows + i * row_bytes(s), &st->name[i], sizeof *st->name);
}

/* Every subset for itself: the order of all places is the same. */
static tm_status share_out(const strata *st, const shared *s, tm_buf *told, tm_err *err)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < st->count; i++) all += st->part[i].records;
    write_names(st, s, told);
    TM_TRY(tm_buf_ok(told, err));
    for (uint32_t k = 0; k < s->subsets; k++) {
        double want = s->counts ? (double)s->count[k] : s->share[k] * (double)all;
        TM_TRY(tm_apportion(st->part, st->count, (uint64_t)s->floor,
                            (uint64_t)(TM_MIN(want, (double)all) + 0.5), err));
        size_t at = sizeof(uint64_t) + sizeof(stratum) + k * sizeof(uint64_t);
        for (uint32_t i = 0; i < st->count; i++, at += row_bytes(s))
            memcpy(told->p + at, &st->part[i].given, sizeof(uint64_t));
    }
    return TM_OK;
}

static tm_status tell(const tm_step_view *step, tm_group *facts, tm_buf *told, tm_err *err)
{
    strata st = {.count = 0};
    tm_status status = TM_OK;
    for (tm_fact f; status == TM_OK && facts->next(facts, &f);)
        status = add_records(&st, &f, step, err);
    if (status == TM_OK) status = share_out(&st, step->shared, told, err);
    tm_free(st.name);
    tm_free(st.part);
    return status;
}

/* ---- draw ------------------------------------------------------------------------------------ */

/* A share of all records, in one file: each record tells by itself. */
static bool by_chance(const void *of)
{
    const shared *s = of;
    return !s->counts && !s->nested && no_strata(s);
}

static tm_status observe_draws(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *values;
    TM_TRY(tm_exprs_values(&s->stratum, &own->stratum, b, &values, err));
    for (uint32_t r = 0; r < b->records; r++) {
        uint64_t draw;
        tm_id id;
        stratum name;
        char order[32];
        if (!tm_live(b, r)) continue;
        if (!tm_sample_draw(step, b, r, &draw, &id)) return tm_fail_memory(err, "sample", 0);
        if (s->stratum.count) TM_TRY(name_of(step, b, r, values, &name, err));
        tm_be64_put(draw, order);
        tm_hash_put(id, order + 8);
        tm_be64_put(tm_hash64(b->raw[r].p, b->raw[r].n, step->seed), order + 24);
        tm_fact f = {.key = {name.key, s->stratum.count ? sizeof name : 0},
                     .order = {order, sizeof order},
                     .rid = b->rid[r]};
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

/* How many records of that stratum each subset takes. */
static void places_of(const tm_step_view *step, tm_str key, uint64_t *out)
{
    const shared *s = step->shared;
    uint64_t rows;
    for (uint32_t k = 0; k < s->subsets; k++) out[k] = (uint64_t)s->count[k];
    if (!s->stratum.count) return;
    memcpy(&rows, step->told, sizeof rows);
    const char *row =
        bsearch(key.p, (const char *)step->told + sizeof rows, rows, row_bytes(s), by_name);
    TM_ASSERT(row); /* both rounds see the same records */
    memcpy(out, row + sizeof(stratum), s->subsets * sizeof *out);
}

/* rank: how many of its stratum come before it. subset: `subsets` when it is in none. The first
 * route needs no word. */
static tm_status decide(const tm_step_view *step, tm_rid rid, uint64_t rank, uint32_t subset,
                        tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    bool drawn = subset < s->subsets;
    tm_decision d = {.rid = rid,
                     .step = step->step,
                     .rule = rank < (uint64_t)s->floor ? TM_FLOOR_NOT_MET : TM_NOT_DRAWN,
                     .verdict = drawn ? TM_V_NONE : s->verdict,
                     .set = drawn ? TM_D_ROUTE : 0,
                     .route = drawn ? (uint16_t)subset : 0,
                     .value = TM_NO_VALUE};
    return subset ? tm_decide(out, &d, err) : TM_OK;
}

static tm_status reduce_draws(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    bool by_rank = s->counts || s->stratum.count;
    uint64_t places[TM_SUBSETS_MAX];
    tm_fact f;
    TM_UNUSED(next);
    places_of(step, group->key, places);
    for (uint64_t rank = 0; group->next(group, &f); rank++) {
        uint32_t k = 0;
        if (!by_rank) k = tm_subset_of_draw(s, tm_be64_get(f.order.p));
        while (by_rank && k < s->subsets && rank >= places[k]) k++;
        TM_TRY(decide(step, f.rid, rank, k, out, err));
    }
    return TM_OK;
}

const tm_round tm_sample_rounds[] = {
    {
        .name = "strata",
        .how = TM_TABLE,
        .idle = no_strata,
        .observe = observe_strata,
        .tell = tell,
    },
    {
        .name = "draw",
        .how = TM_GROUP,
        .idle = by_chance,
        .observe = observe_draws,
        .reduce = reduce_draws,
    },
    {0},
};
