/* sample: a random part of the records, as a share or as an exact number.
 *
 * A record's draw is a pseudo-random number of (seed, id). A share keeps the records whose draw
 * lies below it: decided record by record, and stable: adding records never changes the draw of
 * others, and a larger share holds every smaller one. An exact number keeps the n smallest draws,
 * which one group round over (draw, id) finds. Records of equal content share their draw; the rid
 * breaks ties at the edge of an exact number. */
#include "op/op.h"

enum { NOT_DRAWN };

typedef struct args {
    double share;
    int64_t count;
} args;

typedef struct shared {
    const args *args;
    uint8_t verdict; /* of those not drawn */
} shared;

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "sample", sizeof *s);
    if ((a->share >= 0) == (a->count >= 0))
        return tm_fail(err, TM_ERECIPE,
                       "sample takes either share (such as 10%%) or count (a number of records)");
    *s = (shared){a, prep->then == TM_V_NONE ? TM_V_DROP : (uint8_t)prep->then};
    *out = s;
    return TM_OK;
}

static bool draw(const tm_step_view *step, tm_batch *b, uint32_t r, uint64_t *out, tm_id *id)
{
    if (!tm_record_id(b, step->layouts, r, id)) return false;
    *out = tm_chance(step->seed, *id, step->stream);
    return true;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const args *a = ((const shared *)step->shared)->args;
    TM_UNUSED(out);
    for (uint32_t r = 0; a->share >= 0 && r < b->records; r++) {
        uint64_t key;
        tm_id id;
        if (!tm_live(b, r)) continue;
        if (!draw(step, b, r, &key, &id)) return tm_fail_memory(err, "sample", 0);
        double at = (double)(key >> 11) * 0x1p-53;
        if (at >= a->share) TM_TRY(tm_find(b, r, TM_NONE, 0, 0, step->step, NOT_DRAWN, at, err));
    }
    return TM_OK;
}

static tm_status observe(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const args *a = ((const shared *)step->shared)->args;
    for (uint32_t r = 0; a->count >= 0 && r < b->records; r++) {
        uint64_t key;
        tm_id id;
        char order[24];
        if (!tm_live(b, r)) continue;
        if (!draw(step, b, r, &key, &id)) return tm_fail_memory(err, "sample", 0);
        uint64_t words[3] = {key, id.hi, id.lo};
        for (int w = 0; w < 3; w++)
            for (int i = 7; i >= 0; i--, words[w] >>= 8) order[w * 8 + i] = (char)(words[w] & 255);
        tm_fact f = {.order = {order, sizeof order}, .rid = b->rid[r]};
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

static tm_status reduce(const tm_step_view *step, tm_group *group, tm_facts *next,
                        tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    TM_UNUSED(next);
    for (int64_t i = 0; group->next(group, &f); i++) {
        tm_decision d = {.rid = f.rid,
                         .step = step->step,
                         .rule = NOT_DRAWN,
                         .verdict = s->verdict,
                         .value = TM_NO_VALUE};
        if (i >= s->args->count) TM_TRY(tm_decide(out, &d, err));
    }
    return TM_OK;
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    const args *a = given;
    TM_UNUSED(err);
    *out = (tm_cost){0};
    if (a->count >= 0) *out = (tm_cost){.facts = facts->records, .fact_bytes = facts->records * 64};
    return TM_OK;
}

static bool by_share(const void *of)
{
    return ((const shared *)of)->args->count < 0;
}

static const tm_round ROUNDS[] = {
    {.name = "draw", .how = TM_GROUP, .idle = by_share, .observe = observe, .reduce = reduce},
    {0},
};

static const tm_param PARAMS[] = {
    {
        .name = "share",
        .type = TM_P_SHARE,
        .at = offsetof(args, share),
        .fallback = "-1",
        .min = -1,
        .max = 1,
        .help = "the part to keep, such as 10% or 0.1; a larger share holds every smaller one",
    },
    {
        .name = "count",
        .type = TM_P_INT,
        .at = offsetof(args, count),
        .fallback = "-1",
        .unit = "records",
        .min = -1,
        .max = 1e15,
        .help = "exactly how many records to keep (all, if there are fewer)",
    },
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1501",
        .name = "not-drawn",
        .sentence = "the record was not drawn into the sample",
        .help = "Chance decided, by the recipe's seed and the record's id. Another seed draws "
                "others.",
        .verdict = TM_V_DROP,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "All of it",
        .recipe = "{share: 100%}",
        .in = "{\"text\":\"a\"}\n{\"text\":\"b\"}\n",
        .out = "{\"text\":\"a\"}\n{\"text\":\"b\"}\n",
        .fates = "kept kept",
    },
    {
        .title = "An exact number of equal records keeps the first of them",
        .recipe = "{count: 1}",
        .in = "{\"text\":\"a\"}\n{\"text\":\"a\"}\n",
        .out = "{\"text\":\"a\"}\n",
        .fates = "kept dropped",
    },
    {0},
};

const tm_op tm_op_sample = {
    .name = "sample",
    .group = "select",
    .summary = "keep a random share, or an exact number, of the records",
    .why = "For trying a recipe on a fair part, and for budgets. The draw depends on the seed and "
           "the record's content only: reordering, splitting or adding files does not change who "
           "is in a share.",
    .rev = 2,
    .shape = TM_SET,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .cost = cost,
    .prepare = prepare,
    .each = each,
    .rounds = ROUNDS,
};
