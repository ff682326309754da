/* What a step that merges would do, tried on the first records: for --dry-run.
 *
 * The recipe runs up to that step behind a `head`, twice, with `then: flag` so that every pair
 * comes back as a finding: once as it stands, for clusters and the least similar pairs, and once
 * with a threshold a tenth lower, for pairs that just miss it. Nothing is written.
 *
 * Where nobody of a cluster is kept, its first record is a finding, too, beside one of its others:
 * the same pair seen from the other side. It counts as one that falls, and is shown once. */
#include "report/sample_pairs.h"

#include <stdlib.h>

#include "report/fetch.h"

enum { SAMPLE = 20000 };
#define LOWER 0.1

typedef struct pair {
    tm_rid rid, other;
    double value;
    uint32_t followers; /* whose other it is */
    bool folded;        /* its other says the same */
} pair;

typedef struct pairs {
    pair list[SAMPLE];
    uint32_t count, shown; /* shown: the first so many, each pair from one side */
    tm_str step;           /* who finds them: steps before it may flag pairs of their own */
} pairs;

typedef struct sampling {
    const tm_run *run;
    const tm_plan_step *step;
    const tm_param *threshold;
    tm_pairs_sample *out;
    tm_err *err;
} sampling;

static void take(void *arg, const tm_finding_view *f)
{
    pairs *p = arg;
    if (p->count < SAMPLE && f->other.place && tm_str_eq(f->step, p->step))
        p->list[p->count++] = (pair){.rid = f->rid, .other = f->other, .value = f->value};
}

/* head, the steps before, the step itself with `then: flag`. */
static tm_status make_recipe(sampling *s, tm_recipe *out, double lower)
{
    const tm_recipe *from = tm_run_plan(s->run)->recipe;
    const tm_op *head = tm_op_named(TM_STR("head")), *op = s->step->op;
    tm_arena *mem = &s->out->mem;
    tm_recipe_step *steps = TM_NEW(mem, tm_recipe_step, s->step->index + 2u);
    void *first = tm_arena_zero(mem, 1, head->args_bytes);
    char *args = tm_arena_zero(mem, 1, op->args_bytes);
    if (!steps || !first || !args) return tm_fail_memory(s->err, "a sample", 0);
    TM_TRY(tm_params_default(head->params, first, mem, s->err));
    tm_pvalue records = {.scalar = TM_STR("20000")};
    TM_TRY(tm_param_set(tm_params_find(head->params, TM_STR("records")), first, &records, mem,
                        s->err));
    steps[0] = (tm_recipe_step){.op = head, .name = TM_STR("sample_of_dry_run"), .args = first};
    memcpy(steps + 1, from->step, (s->step->index + 1u) * sizeof *steps);
    memcpy(args, s->step->args, op->args_bytes);
    double *threshold = (double *)(void *)(args + s->threshold->at);
    if (lower > 0) *threshold = TM_MAX(*threshold - lower, s->threshold->min);
    steps[s->step->index + 1u].args = args;
    steps[s->step->index + 1u].then = TM_V_FLAG;
    *out = *from;
    out->step = steps;
    out->steps = s->step->index + 2u;
    return TM_OK;
}

static tm_status find_pairs(sampling *s, double lower, pairs *found)
{
    tm_recipe recipe;
    tm_run *run = NULL;
    found->step = s->step->name;
    TM_TRY(make_recipe(s, &recipe, lower));
    tm_run_options options = {.measure_only = true, .on_finding = take, .finding_arg = found};
    tm_status status = tm_run_open(&run, &recipe, &options, s->err);
    if (status == TM_OK) status = tm_run_go(run, s->err);
    if (status == TM_OK) {
        const tm_run_result *result = tm_run_result_of(run);
        s->out->records = result->step[s->step->index + 1u].counts.read;
        s->out->all = result->step[0].counts.read < SAMPLE;
    }
    if (run) tm_run_close(run);
    return status;
}

/* ---- orders of pairs ------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->value < y->value) return -1;
    if (x->value > y->value) return 1;
    return tm_rid_cmp(x->rid, y->rid);
}

static int by_rid(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    return tm_rid_cmp(x->rid, y->rid);
}

/* Clusters together, in each the least similar first. */
static int by_other(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int c = tm_rid_cmp(x->other, y->other);
    return c ? c : by_value(a, b);
}

static pair *pair_of(const pairs *p, tm_rid rid) /* in order of rids */
{
    pair key = {.rid = rid};
    return bsearch(&key, p->list, p->count, sizeof key, by_rid);
}

/* Puts each pair from one side in front. The first of a cluster is the other of all of its records;
 * where there are only two, either would do. */
static void fold_mirrors(pairs *p)
{
    qsort(p->list, p->count, sizeof *p->list, by_rid);
    for (uint32_t i = 0; i < p->count; i++) {
        pair *other = pair_of(p, p->list[i].other);
        if (other) other->followers++;
    }
    for (uint32_t i = 0; i < p->count; i++) {
        pair *at = &p->list[i];
        const pair *other = pair_of(p, at->other);
        bool mirrored = other && !tm_rid_cmp(other->other, at->rid);
        at->folded =
            mirrored && (at->followers != other->followers ? at->followers > other->followers
                                                           : tm_rid_cmp(at->rid, other->rid) < 0);
    }
    p->shown = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        pair at = p->list[i];
        if (at.folded) continue;
        p->list[i] = p->list[p->shown];
        p->list[p->shown++] = at;
    }
}

/* ---- what is shown --------------------------------------------------------------------------- */

static void show(tm_sample_list *list, const pair *p, uint32_t size)
{
    list->pair[list->count++] =
        (tm_sample_pair){.rid = p->rid, .other = p->other, .value = p->value, .size = size};
}

typedef struct cluster {
    uint32_t first, size; /* in the list of pairs */
} cluster;

/* The largest clusters of a list sorted by_other; how many there are in all. */
static uint32_t find_clusters(const pairs *p, cluster largest[TM_SAMPLE_SHOWN])
{
    uint32_t count = 0;
    for (uint32_t i = 0, j; i < p->shown; i = j, count++) {
        for (j = i; j < p->shown && !tm_rid_cmp(p->list[j].other, p->list[i].other);) j++;
        cluster at_hand = {i, j - i};
        for (uint32_t k = 0; k < TM_SAMPLE_SHOWN; k++) {
            if (at_hand.size <= largest[k].size) continue;
            cluster smaller = largest[k];
            largest[k] = at_hand;
            at_hand = smaller;
        }
    }
    return count;
}

/* What falls as the step stands; leaves the pairs in order of rids. */
static void look_at_fallen(tm_pairs_sample *out, pairs *p)
{
    cluster largest[TM_SAMPLE_SHOWN] = {{0, 0}};
    out->found = p->count;
    fold_mirrors(p);
    out->nobody = p->shown < p->count;
    qsort(p->list, p->shown, sizeof *p->list, by_other);
    out->clusters = find_clusters(p, largest);
    for (uint32_t k = 0; k < TM_SAMPLE_SHOWN && largest[k].size; k++)
        show(&out->largest, &p->list[largest[k].first], largest[k].size + 1);
    qsort(p->list, p->shown, sizeof *p->list, by_value);
    for (uint32_t i = 0; out->compared && i < TM_MIN(p->shown, (uint32_t)TM_SAMPLE_SHOWN); i++)
        show(&out->least, &p->list[i], 0);
    qsort(p->list, p->count, sizeof *p->list, by_rid);
}

/* The most similar of those that only a lower threshold takes. */
static void look_below(tm_pairs_sample *out, const pairs *fallen, pairs *lower, double threshold)
{
    uint32_t count = 0;
    fold_mirrors(lower);
    for (uint32_t i = 0; i < lower->shown; i++) {
        const pair *p = &lower->list[i];
        if (p->value < threshold && !pair_of(fallen, p->rid)) lower->list[count++] = *p;
    }
    qsort(lower->list, count, sizeof *lower->list, by_value);
    for (uint32_t i = count > TM_SAMPLE_SHOWN ? count - TM_SAMPLE_SHOWN : 0; i < count; i++)
        show(&out->below, &lower->list[i], 0);
}

static tm_status fetch(sampling *s, tm_sample_list *list)
{
    tm_rid rid[2 * TM_SAMPLE_SHOWN];
    tm_excerpt side[2 * TM_SAMPLE_SHOWN];
    const tm_param *by = tm_params_find(s->step->op->params, TM_STR("by"));
    uint32_t selectors = TM_SEL_ALL;
    if (by && by->type == TM_P_SELECTOR)
        memcpy(&selectors, (const char *)s->step->args + by->at, sizeof selectors);
    for (uint32_t i = 0; i < list->count; i++)
        rid[2 * i] = list->pair[i].rid, rid[2 * i + 1] = list->pair[i].other;
    if (!list->count) return TM_OK;
    TM_TRY(tm_fetch_excerpts(s->run, &s->out->mem, rid, 2 * list->count, selectors, side, s->err));
    for (uint32_t i = 0; i < list->count; i++)
        list->pair[i].fell = side[2 * i], list->pair[i].kept = side[2 * i + 1];
    return TM_OK;
}

static tm_status look(sampling *s, pairs *as_is, pairs *lower)
{
    double threshold =
        *(const double *)(const void *)((const char *)s->step->args + s->threshold->at);
    TM_TRY(find_pairs(s, 0, as_is));
    look_at_fallen(s->out, as_is);
    if (s->out->compared) {
        TM_TRY(find_pairs(s, LOWER, lower));
        look_below(s->out, as_is, lower, threshold);
    }
    TM_TRY(fetch(s, &s->out->largest));
    TM_TRY(fetch(s, &s->out->least));
    return fetch(s, &s->out->below);
}

/* Why the inputs cannot be read once more; NULL: they can. */
static const char *read_once(const tm_run *run)
{
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t i = 0; i < r->sources; i++) {
        if (tm_source_is_file(&r->source[i])) continue;
        if (r->source[i].table) return "it is tried on files, and an input is a table";
        return "an input can be read only once; put it into a file to see clusters and pairs";
    }
    return NULL;
}

static const tm_param *threshold_of(const tm_plan_step *step)
{
    const tm_param *p = tm_params_find(step->op->params, TM_STR("threshold"));
    return p && p->type == TM_P_SHARE ? p : NULL;
}

bool tm_pairs_can_be_sampled(const tm_plan_step *step)
{
    return threshold_of(step) != NULL;
}

tm_status tm_pairs_sample_make(const tm_run *run, const tm_plan_step *step, const tm_preview *told,
                               tm_pairs_sample *out, tm_err *err)
{
    sampling s = {
        .run = run, .step = step, .threshold = threshold_of(step), .out = out, .err = err};
    *out = (tm_pairs_sample){
        .why_not = read_once(run), .verdict = told->verdict, .compared = told->compares};
    if (out->why_not) return TM_OK;
    pairs *as_is = tm_alloc_zero(1, sizeof *as_is), *lower = tm_alloc_zero(1, sizeof *lower);
    tm_status status =
        as_is && lower ? look(&s, as_is, lower) : tm_fail_memory(err, "a sample", sizeof *as_is);
    tm_free(as_is);
    tm_free(lower);
    return status;
}
