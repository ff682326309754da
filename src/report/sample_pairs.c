/* What a step that merges would do, tried on the first records: for --dry-run.
 *
 * The recipe runs up to that step behind a `head`, twice, with `then: flag` so that every pair
 * comes back as a finding: once as it stands, for groups and the least similar pairs, and once with
 * a threshold a tenth lower, for pairs that just miss it. Nothing is written. */
#include <stdlib.h>

#include "report/excerpt.h"
#include "report/fetch.h"
#include "report/report.h"

enum { SAMPLE = 20000, SHOWN = 3, PAIRS_MAX = SAMPLE };
#define LOWER 0.1
#define INDENT "          "

typedef struct pair {
    tm_rid rid, other;
    double value;
} pair;

typedef struct pairs {
    pair list[PAIRS_MAX];
    uint32_t count;
} pairs;

typedef struct sampling {
    const tm_run *run;
    const tm_plan_step *step;
    const tm_param *threshold;
    uint32_t by; /* the texts it compares */
    tm_arena mem;
    tm_buf *out;
    tm_err *err;
    uint64_t seen; /* records that came to the step */
    bool all;      /* and there are no more */
} sampling;

static void take(void *arg, const tm_finding_view *f)
{
    pairs *p = arg;
    if (p->count < PAIRS_MAX && f->other.place)
        p->list[p->count++] = (pair){f->rid, f->other, f->value};
}

/* head, the steps before, the step itself with `then: flag`. */
static tm_status make_recipe(sampling *s, tm_recipe *out, double lower)
{
    const tm_recipe *from = tm_run_plan(s->run)->recipe;
    const tm_op *head = tm_op_named(TM_STR("head")), *op = s->step->op;
    tm_recipe_step *steps = TM_NEW(&s->mem, tm_recipe_step, s->step->index + 2u);
    void *first = tm_arena_zero(&s->mem, 1, head->args_bytes);
    char *args = tm_arena_zero(&s->mem, 1, op->args_bytes);
    if (!steps || !first || !args) return tm_fail_memory(s->err, "a sample", 0);
    TM_TRY(tm_params_default(head->params, first, &s->mem, s->err));
    tm_pvalue records = {.scalar = TM_STR("20000")};
    TM_TRY(tm_param_set(tm_params_find(head->params, TM_STR("records")), first, &records, &s->mem,
                        s->err));
    steps[0] = (tm_recipe_step){.op = head, .name = TM_STR("sample_of_dry_run"), .args = first};
    memcpy(steps + 1, from->step, (s->step->index + 1u) * sizeof *steps);
    memcpy(args, s->step->args, op->args_bytes);
    double least = *(double *)(void *)(args + s->threshold->at) - lower;
    *(double *)(void *)(args + s->threshold->at) = TM_MAX(least, s->threshold->min);
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
    TM_TRY(make_recipe(s, &recipe, lower));
    tm_run_options options = {.measure_only = true, .on_finding = take, .finding_arg = found};
    tm_status status = tm_run_open(&run, &recipe, &options, s->err);
    if (status == TM_OK) status = tm_run_go(run, s->err);
    if (status == TM_OK) {
        const tm_run_result *result = tm_run_result_of(run);
        s->seen = result->step[s->step->index + 1u].counts.read;
        s->all = result->step[0].counts.read < SAMPLE;
    }
    if (run) tm_run_close(run);
    return status;
}

/* Both sides of each pair, the kept one below. */
static tm_status print_pairs(sampling *s, const char *title, const pair *list, uint32_t count)
{
    tm_rid rid[2 * SHOWN];
    tm_excerpt side[2 * SHOWN];
    count = TM_MIN(count, (uint32_t)SHOWN);
    if (!count) return TM_OK;
    tm_buf_print(s->out, "        %s\n", title);
    for (uint32_t i = 0; i < count; i++) rid[2 * i] = list[i].rid, rid[2 * i + 1] = list[i].other;
    TM_TRY(tm_fetch_excerpts(s->run, &s->mem, rid, 2 * count, s->by, side, s->err));
    for (uint32_t i = 0; i < count; i++) {
        tm_buf_print(s->out, "        %.3f\n", list[i].value);
        tm_excerpt_print(&side[2 * i], &side[2 * i + 1], INDENT, s->out);
    }
    return TM_OK;
}

static int by_value(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return tm_rid_cmp(x->rid, y->rid);
}

/* Groups together, in each the least similar first. */
static int by_other(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    int c = tm_rid_cmp(x->other, y->other);
    return c ? c : by_value(a, b);
}

typedef struct cluster {
    uint32_t first, size; /* in the list of pairs */
} cluster;

/* The largest clusters of a list sorted by the one that is kept; how many there are in all. */
static uint32_t find_clusters(const pairs *p, cluster largest[SHOWN])
{
    uint32_t count = 0;
    for (uint32_t i = 0, j; i < p->count; i = j, count++) {
        for (j = i; j < p->count && !tm_rid_cmp(p->list[j].other, p->list[i].other);) j++;
        cluster at_hand = {i, j - i};
        for (uint32_t k = 0; k < SHOWN; k++) {
            if (at_hand.size <= largest[k].size) continue;
            cluster smaller = largest[k];
            largest[k] = at_hand;
            at_hand = smaller;
        }
    }
    return count;
}

static tm_status print_clusters(sampling *s, const pairs *p)
{
    tm_rid rid[2 * SHOWN];
    tm_excerpt side[2 * SHOWN];
    cluster largest[SHOWN] = {{0, 0}};
    uint32_t clusters = find_clusters(p, largest), shown = 0;
    tm_buf_print(s->out, "        of %s %llu records %u would be merged into %u others\n",
                 s->all ? "all" : "the first", (unsigned long long)s->seen, p->count, clusters);
    for (; shown < SHOWN && largest[shown].size; shown++) {
        const pair *least = &p->list[largest[shown].first];
        rid[2 * shown] = least->rid, rid[2 * shown + 1] = least->other;
    }
    if (shown)
        tm_buf_z(s->out, "        the largest clusters, each with the record least like the "
                         "one that is kept\n");
    TM_TRY(tm_fetch_excerpts(s->run, &s->mem, rid, 2 * shown, s->by, side, s->err));
    for (uint32_t k = 0; k < shown; k++) {
        tm_buf_print(s->out, "        %u records, the least like it %.3f\n", largest[k].size + 1,
                     p->list[largest[k].first].value);
        tm_excerpt_print(&side[2 * k], &side[2 * k + 1], INDENT, s->out);
    }
    return TM_OK;
}

static uint32_t below(const pairs *p, double threshold)
{
    uint32_t count = 0;
    while (count < p->count && p->list[count].value < threshold) count++;
    return count;
}

static tm_status look(sampling *s, pairs *as_is, pairs *lower)
{
    double threshold =
        *(const double *)(const void *)((const char *)s->step->args + s->threshold->at);
    TM_TRY(find_pairs(s, 0, as_is));
    qsort(as_is->list, as_is->count, sizeof *as_is->list, by_other);
    TM_TRY(print_clusters(s, as_is));
    qsort(as_is->list, as_is->count, sizeof *as_is->list, by_value);
    TM_TRY(
        print_pairs(s, "least similar of those that would be merged", as_is->list, as_is->count));
    TM_TRY(find_pairs(s, LOWER, lower));
    qsort(lower->list, lower->count, sizeof *lower->list, by_value);
    uint32_t under = below(lower, threshold), from = under > SHOWN ? under - SHOWN : 0;
    return print_pairs(s, "just below the threshold, and kept", lower->list + from, under - from);
}

static bool can_be_read_twice(const tm_run *run)
{
    const tm_run_result *r = tm_run_result_of(run);
    for (uint32_t i = 0; i < r->sources; i++)
        if (!tm_source_is_file(&r->source[i])) return false;
    return true;
}

tm_status tm_report_sample_pairs(const tm_run *run, const tm_plan_step *step, tm_buf *out,
                                 tm_err *err)
{
    sampling s = {.run = run, .step = step, .out = out, .err = err};
    s.threshold = tm_params_find(step->op->params, TM_STR("threshold"));
    if (!s.threshold || s.threshold->type != TM_P_SHARE || !can_be_read_twice(run)) return TM_OK;
    const tm_param *by = tm_params_find(step->op->params, TM_STR("by"));
    s.by = TM_SEL_ALL;
    if (by && by->type == TM_P_SELECTOR)
        memcpy(&s.by, (const char *)step->args + by->at, sizeof s.by);
    pairs *as_is = tm_alloc_zero(1, sizeof *as_is), *lower = tm_alloc_zero(1, sizeof *lower);
    tm_status status =
        as_is && lower ? look(&s, as_is, lower) : tm_fail_memory(err, "a sample", sizeof *as_is);
    tm_free(as_is);
    tm_free(lower);
    tm_arena_release(&s.mem);
    return status;
}
