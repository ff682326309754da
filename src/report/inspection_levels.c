/* The steps flag what they find; findings that name another record are counted here with the
 * characters of the texts, and clusters and sources are those that the run gathers for every step
 * that looks for duplicates. */
#include "report/inspection_levels.h"

#include <math.h>

#include "flow/counts_json.h"
#include "flow/engine.h"
#include "report/fetch.h"
#include "text/visible.h"

enum { CLUSTERS_SHOWN = 3, NAME_WIDTH = 24 };

static const char *const NAMES[TM_LEVELS] = {TM_LEVEL_EQUAL, TM_LEVEL_FOLDED, TM_LEVEL_NEAR};
static const char *const TITLES[TM_LEVELS] = {"equal", "but for case and space", "nearly equal"};

unsigned tm_level_of(tm_str step)
{
    unsigned level = 0;
    while (level < TM_LEVELS && !tm_str_is(step, NAMES[level])) level++;
    return level;
}

void tm_levels_count(tm_levels *l, const tm_batch_view *view, const uint64_t *chars)
{
    const tm_batch *b = view->batch;
    for (uint32_t i = 0; i < b->findings; i++) {
        const tm_finding *f = &b->finding[i];
        if (f->step == TM_NO_STEP || !f->other.place) continue;
        unsigned level = tm_level_of(view->plan->step[f->step].name);
        if (level == TM_LEVELS) continue;
        l->records[level]++;
        l->chars[level] += chars[f->record];
    }
}

static const tm_plan_step *step_in(const tm_run *run, unsigned level)
{
    const tm_plan *plan = tm_run_plan(run);
    for (uint32_t s = 0; s < plan->steps; s++)
        if (tm_level_of(plan->step[s].name) == level) return &plan->step[s];
    return NULL;
}

/* Which of the two runs looked for a level; NULL: none. */
static const tm_level_view *view_of(const tm_level_view *all, const tm_level_view *sample,
                                    unsigned level)
{
    if (step_in(all->run, level)) return all;
    return sample && step_in(sample->run, level) ? sample : NULL;
}

static const tm_clusters *clusters_of(const tm_level_view *v, unsigned level)
{
    return tm_run_result_of(v->run)->step[step_in(v->run, level)->index].clusters;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void row(const tm_level_view *v, unsigned level, tm_buf *out)
{
    const tm_clusters *c = clusters_of(v, level);
    uint64_t largest = c && c->shown ? c->biggest[0].others + 1 : 0;
    tm_buf_print(out, "%-*s%10llu  %5.1f  %8.1f %%  %8llu  %8llu\n", NAME_WIDTH, TITLES[level],
                 (unsigned long long)v->levels->records[level],
                 percent(v->levels->records[level], v->records),
                 percent(v->levels->chars[level], v->chars), (unsigned long long)(c ? c->count : 0),
                 (unsigned long long)largest);
}

static void table(const tm_level_view *all, const tm_level_view *sample, tm_buf *out)
{
    tm_buf_print(out, "\n%-*s   records      %%  characters  clusters   largest\n", NAME_WIDTH,
                 "duplicates");
    for (unsigned level = 0; level < TM_LEVELS; level++) {
        const tm_level_view *v = view_of(all, sample, level);
        if (v) row(v, level, out);
        if (v && v == sample && v->records < all->records)
            tm_buf_print(
                out,
                "  (nearly equal: of the first %llu records alone, so too few; --near-whole "
                "looks further)\n",
                (unsigned long long)v->records);
    }
}

/* The first of each cluster, and the one least like it. */
static tm_status clusters(const tm_run *run, const tm_clusters *c, tm_arena *mem, tm_buf *out,
                          tm_err *err)
{
    tm_rid rid[2 * CLUSTERS_SHOWN];
    tm_excerpt side[2 * CLUSTERS_SHOWN];
    uint32_t shown = TM_MIN(c->shown, (uint32_t)CLUSTERS_SHOWN);
    for (uint32_t i = 0; i < shown; i++)
        rid[2 * i] = c->biggest[i].first, rid[2 * i + 1] = c->biggest[i].least;
    TM_TRY(tm_fetch_excerpts(run, mem, rid, 2 * shown, TM_SEL_ALL, side, err));
    tm_buf_z(out, "\nbiggest clusters\n");
    for (uint32_t i = 0; i < shown; i++) {
        tm_buf_print(out, "%8llu  records", (unsigned long long)c->biggest[i].others + 1);
        double value = c->biggest[i].value;
        if (isnan(value) || value == 1)
            tm_buf_z(out, ", all alike\n");
        else
            tm_buf_print(out, ", the least like the first %.3f\n", value);
        tm_excerpt_print(&side[2 * i], &side[2 * i + 1], "          ", out);
    }
    return TM_OK;
}

/* Back over *points characters from `at`, or as many as there are: then *points says how many. */
static size_t step_back(tm_str s, size_t at, size_t *points)
{
    size_t most = *points;
    for (*points = 0; at && *points < most; ++*points) do
            at--;
        while (at && ((uint8_t)s.p[at] & 0xC0) == 0x80);
    return at;
}

/* The beginning of a text, so many characters of it. */
static tm_str first_points(tm_str s, size_t points)
{
    size_t at = 0;
    for (; at < s.n && points; points--) do
            at++;
        while (at < s.n && ((uint8_t)s.p[at] & 0xC0) == 0x80);
    return tm_str_slice(s, 0, at);
}

/* The end of a path in so many columns, padded; dots stand for what is left out. Files of one run
 * differ where their names begin: of a name that is too long the middle goes, and one that just
 * fits stands alone. */
static void cut_path(tm_str path, size_t width, tm_buf *out)
{
    tm_buf name = {0};
    tm_text_visible(path, &name);
    tm_str all = tm_buf_view(&name), file = all;
    size_t shown = width, of_file = width, end = width - 3;
    if (step_back(all, all.n, &shown)) {
        size_t slash = tm_str_rfind_char(all, '/');
        if (slash < all.n) file = tm_str_slice(all, slash + 1, all.n);
        bool long_name = step_back(file, file.n, &of_file), alone = !long_name && of_file > end;
        if (long_name) tm_buf_str(out, first_points(file, end / 2));
        if (long_name) end -= end / 2;
        if (alone) end = of_file, shown = of_file;
        if (!alone) tm_buf_z(out, "...");
        all = tm_str_slice(all, step_back(all, all.n, &end), all.n);
    }
    tm_buf_str(out, all);
    for (; shown < width; shown++) tm_buf_char(out, ' ');
    if (name.failed) out->failed = true;
    tm_buf_release(&name);
}

static void source_row(const tm_run *run, const tm_mass *mass, const uint64_t *shared, uint32_t r,
                       tm_buf *out)
{
    const tm_rows *rows = &run->rows;
    tm_str path = r < rows->own ? run->source[rows->source[r]].path : TM_STR("all others");
    tm_buf_print(out, "%2u  ", r + 1);
    cut_path(path, NAME_WIDTH - 4, out);
    tm_buf_print(out, "%10llu", (unsigned long long)mass->records);
    for (uint32_t k = 0; k < rows->count; k++)
        tm_buf_print(out, "  %7.1f", percent(shared[k], mass->records));
    tm_buf_char(out, '\n');
}

static void sources(const tm_run *run, uint32_t step, const tm_clusters *c, tm_buf *out)
{
    const tm_rows *rows = &run->rows;
    const tm_mass *mass = tm_matches_mass(run, run->result.matches, step);
    if (rows->count < 2) return;
    tm_buf_print(out, "\n%-*s   records", NAME_WIDTH, "shared by source");
    for (uint32_t k = 0; k < rows->count; k++)
        tm_buf_print(out, "%*s%% in %u", k < 9 ? 3 : 2, "", k + 1);
    tm_buf_char(out, '\n');
    for (uint32_t r = 0; r < rows->count; r++) source_row(run, &mass[r], c->shared[r], r, out);
}

tm_status tm_levels_text(const tm_level_view *all, const tm_level_view *sample, tm_buf *out,
                         tm_err *err)
{
    tm_arena mem = {0};
    unsigned last = 0; /* the most lenient level */
    tm_status status = TM_OK;
    table(all, sample, out);
    for (unsigned level = 0; level < TM_LEVELS; level++)
        if (view_of(all, sample, level)) last = level;
    const tm_level_view *v = view_of(all, sample, last);
    const tm_clusters *c = v ? clusters_of(v, last) : NULL;
    if (c && c->count) {
        status = clusters(v->run, c, &mem, out, err);
        if (status == TM_OK) sources(v->run, step_in(v->run, last)->index, c, out);
    }
    tm_arena_release(&mem);
    return status;
}

void tm_levels_json(const tm_level_view *all, const tm_level_view *sample, tm_buf *out)
{
    bool first = true;
    tm_buf_char(out, '[');
    for (unsigned level = 0; level < TM_LEVELS; level++) {
        const tm_level_view *v = view_of(all, sample, level);
        if (!v) continue;
        tm_buf_print(out, "%s{\"level\":\"%s\",\"whole\":%s,\"of_records\":%llu", first ? "" : ",",
                     NAMES[level], v->records < all->records ? "false" : "true",
                     (unsigned long long)v->records);
        tm_buf_print(out, ",\"records\":%llu,\"chars\":%llu,\"duplicates\":",
                     (unsigned long long)v->levels->records[level],
                     (unsigned long long)v->levels->chars[level]);
        tm_duplicates_json(v->run, step_in(v->run, level)->index, out);
        tm_buf_char(out, '}');
        first = false;
    }
    tm_buf_char(out, ']');
}
