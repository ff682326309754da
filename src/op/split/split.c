/* split: gives every record a side (train, eval ...), whole groups at a time. How is said in
 * split_bonds.c, split_rounds.c and sides.h.
 *
 * A group field may be a signal that names clusters (dedup.near.cluster). Such names hold for one
 * run only: they bind records, and the chances of these decide. Records of an earlier split are
 * references, which no step but those that looked at them measures. */
#include "op/split/split.h"

typedef tm_split_shared shared;
typedef tm_split_scratch scratch;

typedef struct args {
    tm_pairs into;
    tm_str rest;
    tm_texts stratify;
    tm_texts group, earlier;
} args;

/* `earlier: none` says that this is the first split. */
static bool is_first(const args *a)
{
    return a->earlier.count == 1 && tm_str_is(a->earlier.item[0], TM_SPLIT_FIRST);
}

static bool is_bound(const args *a)
{
    return a->earlier.count && !is_first(a);
}

static tm_status name_earlier(tm_prep *prep, const args *a, shared *s, tm_err *err)
{
    uint64_t bits;
    if (!is_bound(a)) return TM_OK;
    s->bound = true;
    TM_TRY(tm_prep_references(prep, &a->earlier, &bits, err));
    for (uint32_t i = 0; i < prep->references && i < 64; i++) {
        uint32_t side = 0;
        if (!(bits >> i & 1)) continue;
        while (side < s->sides.sides && !tm_str_eq(s->sides.route[side].name, prep->reference[i]))
            side++;
        if (side == s->sides.sides)
            return tm_fail(err, TM_ERECIPE,
                           "earlier: names references that are named as the sides are; \"%.*s\" "
                           "is no side",
                           TM_FMT(prep->reference[i]));
        s->side_of[i + 1] = (uint8_t)(side + 1);
    }
    return TM_OK;
}

/* What a group field names decides what it is good for. */
static tm_status look_at_signals(tm_prep *prep, const args *a, const uint8_t *used, tm_str text,
                                 bool *of_run, tm_err *err)
{
    for (uint32_t i = 0; i < prep->env.signals; i++) {
        if (!used[i]) continue;
        if (prep->env.used) prep->env.used[i] = 1;
        *of_run |= prep->env.signal[i]->of_run;
        if (is_bound(a) && !prep->env.signal[i]->of_run)
            return tm_fail(err, TM_ERECIPE,
                           "group \"%.*s\" needs the signal %s, which the records of earlier: do "
                           "not have: group by a field of the records",
                           TM_FMT(text), prep->env.name[i]);
    }
    return TM_OK;
}

/* Shares are stable, and which cluster a record is of is not: records added later can join two, or
 * be the one that stands for the others. */
static tm_status ask_for_earlier(const args *a, const shared *s, tm_err *err)
{
    uint32_t i = 0;
    while (i < a->group.count && !s->of_run[i]) i++;
    if (i == a->group.count || s->sides.quotas || a->earlier.count) return TM_OK;
    return tm_fail(err, TM_ERECIPE,
                   "group \"%.*s\" holds clusters together, and records added later change "
                   "clusters, so shares alone would not leave records where they were: name the "
                   "references that hold the sides of the earlier split, earlier: [%.*s, %.*s], or "
                   "write earlier: " TM_SPLIT_FIRST " when this is the first one",
                   TM_FMT(a->group.item[i]), TM_FMT(s->sides.route[0].name),
                   TM_FMT(s->sides.route[1].name));
}

static tm_status add_groups(tm_prep *prep, const args *a, shared *s, tm_err *err)
{
    tm_expr_env env = prep->env;
    env.used = TM_NEW(prep->mem, uint8_t, prep->env.signals + 1);
    if (!env.used) return tm_fail_memory(err, "split", prep->env.signals);
    for (uint32_t i = 0; i < a->group.count; i++) {
        memset(env.used, 0, prep->env.signals);
        TM_TRY(tm_exprs_add(prep->mem, a->group.item[i], &env, &s->group, err));
        TM_TRY(look_at_signals(prep, a, env.used, a->group.item[i], &s->of_run[i], err));
    }
    return ask_for_earlier(a, s, err);
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "split", sizeof *s);
    s->seed = prep->seed;
    TM_TRY(tm_sides_make(prep->mem, &a->into, a->rest, a->stratify.count > 0, &s->sides, err));
    TM_TRY(name_earlier(prep, a, s, err));
    tm_status status = add_groups(prep, a, s, err);
    if (status == TM_OK)
        status = tm_exprs_compile(prep->mem, &a->stratify, &prep->env, &s->stratum, err);
    if (status != TM_OK) return tm_exprs_release(&s->group), status;
    *out = s;
    return TM_OK;
}

static void release(const void *of)
{
    const shared *s = of;
    tm_exprs_release(&s->group);
    tm_exprs_release(&s->stratum);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    TM_TRY(tm_exprs_begin(&s->group, &own->group, err));
    return tm_exprs_begin(&s->stratum, &own->stratum, err);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_exprs_end(&own->group);
    tm_exprs_end(&own->stratum);
    tm_buf_release(&own->key);
}

/* A field that is misspelt has no value anywhere, and then nothing is held together: what has none
 * is remarked. Clusters are left out: most records are of none. */
static tm_status remark(const tm_step_view *step, tm_batch *b, const tm_evalue *values,
                        uint16_t code, uint32_t field, tm_err *err)
{
    for (uint32_t r = 0; r < b->records; r++)
        if (tm_live(b, r) && values[r].type == TM_E_ANY)
            TM_TRY(tm_find(b, r, TM_NONE, 0, 0, step->step, code, field + 1, err));
    return TM_OK;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *values, *strata;
    TM_UNUSED(out);
    TM_TRY(tm_exprs_values(&s->group, &own->group, b, &values, err));
    TM_TRY(tm_exprs_values(&s->stratum, &own->stratum, b, &strata, err));
    for (uint32_t i = 0; i < s->group.count; i++)
        if (!s->of_run[i])
            TM_TRY(remark(step, b, values + (size_t)i * b->records, TM_SPLIT_NO_VALUE, i, err));
    for (uint32_t i = 0; i < s->stratum.count; i++)
        TM_TRY(remark(step, b, strata + (size_t)i * b->records, TM_SPLIT_NO_STRATUM, i, err));
    return TM_OK;
}

static const tm_route *routes(const void *of, uint32_t *count)
{
    const shared *s = of;
    *count = s->sides.sides;
    return s->sides.route;
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(given);
    TM_UNUSED(err);
    *out = (tm_cost){
        .memory = 1 << 20, .facts = facts->records * 3, .fact_bytes = facts->records * 144};
    return TM_OK;
}

static const tm_param PARAMS[] = {
    {
        .name = "into",
        .type = TM_P_PAIRS,
        .at = offsetof(args, into),
        .flags = TM_P_REST,
        .help = "sides and their sizes, shares or numbers of records; may be written as parameters "
                "of their own: eval: 2%, test: 500",
    },
    {
        .name = "rest",
        .type = TM_P_TEXT,
        .at = offsetof(args, rest),
        .fallback = "train",
        .help = "the side of all others",
    },
    {
        .name = "group",
        .type = TM_P_EXPRS,
        .at = offsetof(args, group),
        .help = "fields or signals whose equal values stay on one side; of several, any that two "
                "records share binds them",
    },
    {
        .name = "stratify",
        .type = TM_P_EXPRS,
        .at = offsetof(args, stratify),
        .help = "a field or signal, or several for their joint values: each value has its part of "
                "every side",
    },
    {
        .name = "earlier",
        .type = TM_P_TEXTS,
        .at = offsetof(args, earlier),
        .flags = TM_P_SIDES,
        .help =
            "references named as sides are, with the records of an earlier split: groups that "
            "are there already stay where they are. none: there is no earlier one, which shares "
            "of groups that are clusters have to say; as an option, SIDE=FILE, files named as a "
            "run names them (train-00000.jsonl), or the run's folder",
    },
    {0},
};

static const tm_elsewhere ELSEWHERE[] = {
    {"seed",
     "it draws by the seed of the recipe, which stands at its top; a side of that name is written "
     "under into:"},
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1541",
        .name = "bridges-sides",
        .sentence = "the record holds group values of two sides of an earlier split",
        .help =
            "Whichever side it joined, the two would touch, so it was parked, and binds nobody. "
            "Leave it out, or split anew without earlier:.",
        .verdict = TM_V_PARK,
        .fixed_verdict = true,
    },
    {
        .code = "T1542",
        .name = "no-group-value",
        .sentence = "the record has no value of a group field",
        .help = "An absent field, null, an array or an object binds the record to no other one by "
                "that field; with no value of any it is a group of its own. The finding's value is "
                "the number of the field in group:. When the count is that of all records, the "
                "field is misspelt, and records that should be held together are on two sides.",
        .verdict = TM_V_NONE,
    },
    {
        .code = "T1543",
        .name = "no-stratum-value",
        .sentence = "the record has no value of what stratify: names",
        .help = "Records without a value are a stratum of their own. When the count is that of all "
                "records, the field is misspelt, and there are no strata.",
        .verdict = TM_V_NONE,
    },
    {
        .code = "T1544",
        .name = "chain-bridges-sides",
        .sentence = "the record's group joins two sides of an earlier split",
        .help = "No record of the group holds values of two sides by itself (those are T1541), but "
                "new records that share values the earlier split does not hold lead from one side "
                "to the other. They were parked, all that are so bound and nobody else: which of "
                "them to leave out is not for us to say.",
        .verdict = TM_V_PARK,
        .fixed_verdict = true,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Groups stay together",
        .recipe = "{eval: 3, group: [$.user]}",
        .in = "{\"text\":\"a\",\"user\":1}\n{\"text\":\"b\",\"user\":1}\n{\"text\":\"c\",\"user\":"
              "1}\n",
        .out = "{\"text\":\"a\",\"user\":1}\n{\"text\":\"b\",\"user\":1}\n{\"text\":\"c\",\"user\":"
               "1}\n",
        .fates = "kept kept kept",
    },
    {0},
};

const tm_op tm_op_split = {
    .name = "split",
    .group = "select",
    .summary = "give every record a side, such as train and eval, groups whole",
    .why = "An evaluation set that shares users, documents or prompts with the training set "
           "measures memory. Groups never stand on two sides. Shares are stable: a group's side is "
           "a hash of the seed and its value, so records added later move nobody (with several "
           "group fields new records can join groups; earlier: keeps those where they were). "
           "A group may be a cluster of near duplicates (dedup.near.cluster), which changes with "
           "the records, so shares of clusters need earlier: too. Counts, and shares within "
           "strata, are met to within the largest group, so exactly without groups, however many "
           "strata there are. Each side becomes the beginning of its files' names.",
    .source = "L. Cox 1987, A constructive procedure for unbiased controlled rounding (strata)",
    .rev = 9,
    .shape = TM_SET,
    .flags = TM_REFERENCES | TM_ANY_RECORD | TM_BY_ID,
    .params = PARAMS,
    .elsewhere = ELSEWHERE,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .each = each,
    .end = end,
    .rounds = tm_split_rounds,
    .routes = routes,
};
