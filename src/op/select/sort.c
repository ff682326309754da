/* sort: the whole dataset in the order of expressions, such as from short to long.
 *
 * One sort round: a record's key is the keys of its items (op/keep.h: comparable by memcmp, so
 * nothing is compared but bytes), then the rank that an earlier step gave it, then its rid. So
 * records that the items find equal stay in the order they had, be it that of the sources or of a
 * shuffle. The sort is external: memory is bounded whatever the size, and keys that are whole texts
 * spill like any other. */
#include "op/keep.h"
#include "op/op.h"

typedef struct args {
    tm_texts by;
} args;

typedef struct scratch {
    tm_keep_scratch *keep;
    tm_buf order;
} scratch;

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    tm_keep *k = NULL;
    if (!a->by.count)
        return tm_fail(err, TM_ERECIPE, "sort needs what to sort by, such as by: words(response)");
    TM_TRY(tm_keep_compile(prep->mem, &a->by, &prep->env, true, &k, err));
    if (prep->env.binds && tm_keep_measures(k)) *prep->env.binds = true;
    *out = k;
    return TM_OK;
}

static void release(const void *of)
{
    tm_keep_release(of);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    scratch *own = mine;
    own->keep = tm_keep_scratch_new(of);
    return own->keep ? TM_OK : tm_fail_memory(err, "sort", 0);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_keep_scratch_free(own->keep);
    tm_buf_release(&own->order);
}

static tm_status observe(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    scratch *own = step->scratch;
    tm_str *keys = TM_NEW(b->mem, tm_str, b->records + 1);
    if (!keys) return tm_fail_memory(err, "sort", b->records);
    TM_TRY(tm_keep_keys(step->shared, own->keep, step, b, keys, err));
    for (uint32_t r = 0; r < b->records; r++) {
        char rank[8];
        if (!tm_live(b, r)) continue;
        tm_be64_put(b->order[r], rank);
        tm_buf_clear(&own->order);
        tm_buf_str(&own->order, keys[r]);
        tm_buf_add(&own->order, rank, sizeof rank);
        TM_TRY(tm_buf_ok(&own->order, err));
        tm_fact f = {.order = tm_buf_view(&own->order), .rid = b->rid[r]};
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(given);
    TM_UNUSED(err);
    *out = (tm_cost){.facts = facts->records, .fact_bytes = facts->records * 56 + facts->bytes};
    return TM_OK;
}

static const tm_round ROUNDS[] = {
    {.name = "sort", .how = TM_SORT, .observe = observe},
    {0},
};

static const tm_param PARAMS[] = {
    {
        .name = "by",
        .type = TM_P_EXPRS,
        .at = offsetof(args, by),
        .flags = TM_P_REQUIRED,
        .help = "what to sort by, first difference decides: EXPR or min EXPR (least first), max "
                "EXPR, newest EXPR, shortest, longest, source_order; unknown values are last",
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "From easy to hard, the short ones of a level first",
        .recipe = "{by: [$.level, words(response)]}",
        .in = "{\"prompt\":\"a\",\"completion\":\"two words\",\"level\":2}\n"
              "{\"prompt\":\"b\",\"completion\":\"one and two\",\"level\":1}\n"
              "{\"prompt\":\"c\",\"completion\":\"one\",\"level\":1}\n",
        .out = "{\"prompt\":\"c\",\"completion\":\"one\",\"level\":1}\n"
               "{\"prompt\":\"b\",\"completion\":\"one and two\",\"level\":1}\n"
               "{\"prompt\":\"a\",\"completion\":\"two words\",\"level\":2}\n",
        .fates = "kept kept kept",
    },
    {
        .title = "The best rated first; those without a rating come last, as they stood",
        .recipe = "{by: max $.rating}",
        .in = "{\"text\":\"a\"}\n{\"text\":\"b\",\"rating\":3}\n"
              "{\"text\":\"c\",\"rating\":null}\n{\"text\":\"d\",\"rating\":4.5}\n",
        .out = "{\"text\":\"d\",\"rating\":4.5}\n{\"text\":\"b\",\"rating\":3}\n"
               "{\"text\":\"a\"}\n{\"text\":\"c\",\"rating\":null}\n",
        .fates = "kept kept kept kept",
    },
    {0},
};

const tm_op tm_op_sort = {
    .name = "sort",
    .group = "select",
    .summary = "put the whole dataset into the order of expressions, in bounded memory",
    .why = "A curriculum shows easy examples before hard ones, a trainer with little padding wants "
           "similar lengths together, and people read the worst cases first. Records that compare "
           "equal stay in the order they had: shuffle before it, and every level is shuffled "
           "within itself; sort twice, and the second order stands above the first.",
    .source = "Bengio et al. 2009, Curriculum learning",
    .rev = 3,
    .shape = TM_SET,
    .flags = TM_REORDERS | TM_STABLE | TM_ANY_RECORD,
    .params = PARAMS,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .rounds = ROUNDS,
};
