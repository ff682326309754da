/* sample: a random part of the records, as a share or as an exact number; of each stratum its part;
 * as subsets that lie in one another.
 *
 * A record's draw is a pseudo-random number of (seed, id). A share keeps the records whose draw
 * lies below it: decided record by record, and stable: adding records never changes the draw of
 * others, and a larger share holds every smaller one. What needs all draws, exact numbers and
 * strata, is in sample_rounds.c. */
#include "op/select/sample.h"

#include "op/share/sides.h"

typedef tm_sample_shared shared;
typedef tm_sample_scratch scratch;

typedef struct args {
    double share;
    int64_t count, floor;
    tm_texts nested;
    tm_texts stratify;
} args;

static tm_status add_subset(shared *s, tm_str text, tm_err *err)
{
    uint32_t k = s->subsets;
    tm_route *size = &s->route[k];
    if (k == TM_SUBSETS_MAX)
        return tm_fail(err, TM_ERECIPE, "nested: has %d subsets at most", TM_SUBSETS_MAX);
    if (tm_size_read(text, size) != TM_OK || (size->share <= 0 && size->count <= 0))
        return tm_fail(err, TM_ERECIPE,
                       "nested: takes shares such as 25%% or numbers of records such as 500, not "
                       "\"%.*s\"",
                       TM_FMT(tm_str_slice(text, 0, TM_MIN(text.n, (size_t)40))));
    if (k && s->counts != (size->share < 0))
        return tm_fail(err, TM_ERECIPE,
                       "nested: takes shares or numbers of records, not some of both");
    s->counts = size->share < 0;
    if (k && (s->counts ? size->count <= s->count[k - 1] : size->share <= s->share[k - 1]))
        return tm_fail(err, TM_ERECIPE,
                       "nested: goes from the smallest to the largest, and \"%.*s\" is not larger "
                       "than what stands before it",
                       TM_FMT(text));
    s->share[k] = size->share;
    s->count[k] = size->count;
    s->subsets++;
    return TM_OK;
}

/* A file holds what its subset has beyond the one before: 25% behind 10% is named 10to25. Its share
 * is told of the whole sample, which is all that is written. */
static tm_status name_file(tm_prep *prep, shared *s, uint32_t k, tm_err *err)
{
    tm_route *file = &s->route[k];
    char *name, *asked;
    if (s->counts) {
        int64_t to = s->count[k], from = k ? s->count[k - 1] : 0;
        file->count = to - from;
        name = tm_arena_printf(prep->mem, "%lldto%lld", (long long)from, (long long)to);
        asked = tm_arena_printf(prep->mem, "%lld", (long long)file->count);
    } else {
        double to = s->share[k], from = k ? s->share[k - 1] : 0;
        file->share = (to - from) / s->share[s->subsets - 1];
        name = tm_arena_printf(prep->mem, "%.12gto%.12g", from * 100, to * 100);
        asked = tm_arena_printf(prep->mem, "%.12g%%", (to - from) * 100);
    }
    if (!name || !asked) return tm_fail_memory(err, "sample", 0);
    file->name = tm_str_of(name);
    file->asked = tm_str_of(asked);
    return TM_OK;
}

static tm_status take_nested(tm_prep *prep, const args *a, shared *s, tm_err *err)
{
    s->nested = true;
    if (s->verdict == TM_V_FLAG)
        return tm_fail(err, TM_ERECIPE,
                       "nested: writes a file for each subset, and a record that is only flagged "
                       "as not drawn has none: give a last subset of 100%%");
    for (uint32_t i = 0; i < a->nested.count; i++) TM_TRY(add_subset(s, a->nested.item[i], err));
    for (uint32_t i = 0; i < s->subsets; i++) TM_TRY(name_file(prep, s, i, err));
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "sample", sizeof *s);
    s->verdict = prep->then == TM_V_NONE ? TM_V_DROP : (uint8_t)prep->then;
    s->floor = a->floor;
    if ((a->share >= 0) + (a->count >= 0) + (a->nested.count > 0) != 1)
        return tm_fail(err, TM_ERECIPE,
                       "sample takes one of share (such as 10%%), count (a number of records) and "
                       "nested (a list of either)");
    if (a->floor && !a->stratify.count)
        return tm_fail(err, TM_ERECIPE, "floor: is of each value of stratify:, which is missing");
    if (a->nested.count) TM_TRY(take_nested(prep, a, s, err));
    if (!a->nested.count) {
        s->share[0] = a->share;
        s->count[0] = a->count;
        s->counts = a->count >= 0;
        s->subsets = 1;
    }
    TM_TRY(tm_exprs_compile(prep->mem, &a->stratify, &prep->env, &s->stratum, err));
    *out = s;
    return TM_OK;
}

static void release(const void *of)
{
    tm_exprs_release(&((const shared *)of)->stratum);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    return tm_exprs_begin(&((const shared *)of)->stratum, &((scratch *)mine)->stratum, err);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_exprs_end(&own->stratum);
    tm_buf_release(&own->key);
}

static const tm_route *routes(const void *of, uint32_t *count)
{
    const shared *s = of;
    *count = s->nested ? s->subsets : 0;
    return s->nested ? s->route : NULL;
}

bool tm_sample_draw(const tm_step_view *step, tm_batch *b, uint32_t r, uint64_t *draw, tm_id *id)
{
    if (!tm_record_id(b, step->layouts, r, id)) return false;
    *draw = tm_chance(step->seed, *id, step->stream);
    return true;
}

uint32_t tm_subset_of_draw(const tm_sample_shared *s, uint64_t draw)
{
    uint32_t k = 0;
    while (k < s->subsets && tm_chance_share(draw) >= s->share[k]) k++;
    return k;
}

static tm_status each(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err)
{
    const shared *s = step->shared;
    TM_UNUSED(out);
    if (!tm_round_idle(&tm_sample_rounds[TM_DRAW_ROUND], s)) return TM_OK;
    for (uint32_t r = 0; r < b->records; r++) {
        uint64_t draw;
        tm_id id;
        if (!tm_live(b, r)) continue;
        if (!tm_sample_draw(step, b, r, &draw, &id)) return tm_fail_memory(err, "sample", 0);
        if (tm_subset_of_draw(s, draw))
            TM_TRY(
                tm_find(b, r, TM_NONE, 0, 0, step->step, TM_NOT_DRAWN, tm_chance_share(draw), err));
    }
    return TM_OK;
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    const args *a = given;
    TM_UNUSED(err);
    uint64_t facts_made = a->share < 0 || a->stratify.count ? facts->records : 0;
    *out = (tm_cost){.facts = facts_made, .fact_bytes = facts_made * 80};
    if (a->stratify.count)
        out->shared = TM_SAMPLE_STRATA_MAX * (48 + 8 * (uint64_t)a->nested.count);
    return TM_OK;
}

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
        .letter = 'n',
    },
    {
        .name = "nested",
        .type = TM_P_TEXTS,
        .at = offsetof(args, nested),
        .help = "subsets that lie in one another, from the smallest: shares or numbers of records, "
                "such as 25%, 50%, 100%; each file holds what its subset has beyond the one "
                "before",
    },
    {
        .name = "stratify",
        .type = TM_P_EXPRS,
        .at = offsetof(args, stratify),
        .help = "a field or signal, or several for their joint values: the sample is dealt among "
                "the values in proportion, each part "
                "rounded down or up by chance, so that rare values together have their share, too "
                "(see floor); a share is then an exact number",
    },
    {
        .name = "floor",
        .type = TM_P_INT,
        .at = offsetof(args, floor),
        .fallback = "0",
        .unit = "records",
        .min = 0,
        .max = 1e15,
        .help = "at least so many of each value of stratify: (all, if there are fewer), and the "
                "rest in proportion; where the sample has no room for it, T1502 says so",
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
    {
        .code = "T1502",
        .name = "floor-not-met",
        .sentence = "there are not places enough for the floor of the record's stratum",
        .help = "The floors of all values of stratify: together need more records than the sample "
                "was given, so this value has fewer than its floor though it has more records. "
                "Raise share: or count:, lower floor:, or put values into bins.",
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
    {
        .title = "A rare value has its floor",
        .recipe = "{count: 2, stratify: $.lang, floor: 1}",
        .in = "{\"text\":\"a\",\"lang\":\"en\"}\n{\"text\":\"a\",\"lang\":\"en\"}\n"
              "{\"text\":\"a\",\"lang\":\"en\"}\n{\"text\":\"b\",\"lang\":\"fi\"}\n",
        .out = "{\"text\":\"a\",\"lang\":\"en\"}\n{\"text\":\"b\",\"lang\":\"fi\"}\n",
        .fates = "kept dropped dropped kept",
    },
    {0},
};

const tm_op tm_op_sample = {
    .name = "sample",
    .group = "select",
    .summary = "keep a random share or number of the records, by strata or in nested subsets",
    .why = "For trying a recipe on a fair part, and for budgets. The draw depends on the seed and "
           "the record's content only: reordering, splitting or adding files does not change who "
           "is in a share. With stratify: every stratum has its share, rounded down or up by "
           "chance, floors first; together they are met exactly. A larger sample holds every "
           "smaller one of the same seed; nested: "
           "writes several at once, for a learning curve.",
    .source = "rounding: E. Ohlsson, Sequential Poisson Sampling, J. Official Statistics 14, 1998",
    .rev = 4,
    .shape = TM_SET,
    .flags = TM_ANY_RECORD | TM_BY_ID,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .each = each,
    .rounds = tm_sample_rounds,
    .routes = routes,
};
