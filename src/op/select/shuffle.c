/* shuffle: the whole dataset in a random order that depends on the seed and the records alone.
 *
 * One sort round: a record's key is a pseudo-random 64-bit number of (seed, id), then its rid. So
 * the order is the same for any number of threads, and the same records in another order come out
 * in the same order but for records of equal content, which the rid tells apart. The sort is
 * external: memory is bounded whatever the size. */
#include "op/op.h"

static tm_status observe(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++) {
        tm_id id;
        char order[8];
        if (!tm_live(b, r)) continue;
        if (!tm_record_id(b, step->layouts, r, &id)) return tm_fail_memory(err, "shuffle", 0);
        uint64_t key = tm_chance(step->seed, id, step->stream);
        for (int i = 7; i >= 0; i--, key >>= 8) order[i] = (char)(key & 255);
        tm_fact f = {.order = {order, 8}, .rid = b->rid[r]};
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

static tm_status cost(const void *args, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(args);
    TM_UNUSED(err);
    *out = (tm_cost){.facts = facts->records, .fact_bytes = facts->records * 40 + facts->bytes};
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {.name = "sort", .how = TM_SORT, .observe = observe},
    {0},
};

static const tm_param PARAMS[] = {{0}};

static const tm_example EXAMPLES[] = {
    {
        .title = "The same seed gives the same order",
        .recipe = "{}",
        .in = "{\"text\":\"one record\"}\n",
        .out = "{\"text\":\"one record\"}\n",
        .fates = "kept",
    },
    {0},
};

const tm_op tm_op_shuffle = {
    .name = "shuffle",
    .group = "select",
    .summary = "put the whole dataset into a random order, in bounded memory",
    .why = "Trainers that read files in order want the mix to be even. A window shuffle is not: "
           "neighbours stay neighbours. This one sorts by random keys, so any record can land "
           "anywhere. The seed is the recipe's.",
    .rev = 2,
    .shape = TM_SET,
    .flags = TM_REORDERS | TM_ANY_RECORD | TM_BY_ID,
    .params = PARAMS,
    .examples = EXAMPLES,
    .cost = cost,
    .rounds = ROUNDS,
};
