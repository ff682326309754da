/* Of each benchmark a few records that hold its text: those that hold the smallest share of an
 * item, for a chance hit is among them if there is one; of equal ones the first of the input, and
 * one an item. They come from the findings, read once and never held: of a record at a time those
 * that name a reference, with all its stretches of one text. Benchmarks with most records come
 * first. */
#include <math.h>

#include "io/parquet.h"
#include "report/gather.h"

enum { PENDING = 64 }; /* findings of one record that are looked at together */

enum { PLACE, PATH, STEP, PART, AT, BYTES, VALUE, OTHER, COLUMNS };

typedef struct pending { /* a finding of the record at hand */
    uint32_t list;
    tm_str part; /* lives until the next row group */
    uint64_t at, bytes;
    double value;
    tm_rid other;
} pending;

typedef struct walk {
    tm_gathered *g;
    tm_pq_reader *r;
    uint32_t column[COLUMNS];
    tm_rid rid; /* the record at hand */
    pending of[PENDING];
    uint32_t count;
} walk;

/* ---- which files ----------------------------------------------------------------------------- */

static uint64_t records_of(const tm_yaml *file)
{
    uint64_t n, all = 0;
    const tm_yaml *rows = tm_yaml_get(file, "sources");
    for (uint32_t i = 0; rows && i < rows->count; i++)
        if (tm_str_to_u64(rows->child[i].text, &n)) all += n;
    return all;
}

/* The next of a step's files in the order of how many records hold text of theirs; false: no
 * more. */
static bool next_file(const tm_yaml *files, uint32_t *last)
{
    uint32_t best = TM_NONE;
    uint64_t bound = *last == TM_NONE ? UINT64_MAX : records_of(&files->child[*last]), most = 0;
    for (uint32_t f = 0; f < files->count; f++) {
        uint64_t n = records_of(&files->child[f]);
        bool behind = n < bound || (n == bound && f > *last);
        const tm_yaml *path = tm_yaml_get(&files->child[f], "path");
        if (!path || !path->quoted || !behind || n <= most) continue;
        most = n;
        best = f;
    }
    *last = best;
    return best != TM_NONE;
}

static void choose_lists(tm_gathered *g)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    for (uint32_t s = 0; steps && s < steps->count; s++) {
        const tm_yaml *step = &steps->child[s], *files = tm_yaml_get(step, "references");
        if (!files || tm_step_finds(step) != TM_FINDS_CONTAMINATION) continue;
        uint32_t taken = 0, file = TM_NONE;
        while (taken++ < TM_MATCH_FILES && g->matches < TM_MATCH_LISTS && next_file(files, &file))
            g->matched[g->matches++] = (tm_match_list){.step = step, .file = file};
    }
}

/* ---- which matches --------------------------------------------------------------------------- */

static tm_str source_of(const tm_gathered *g, tm_rid rid)
{
    const tm_yaml *inputs = tm_yaml_get(g->manifest, "inputs");
    const tm_yaml *references = tm_yaml_get(g->manifest, "references");
    uint32_t own = inputs ? inputs->count : 0, source = TM_PLACE_SOURCE(rid.place);
    if (source && source <= own) return tm_yaml_text(&inputs->child[source - 1], "path");
    bool there = source > own && references && source - own <= references->count;
    return there ? tm_yaml_text(&references->child[source - own - 1], "path") : (tm_str){0};
}

static bool goes_before(const tm_match *a, const tm_match *b)
{
    double x = isnan(a->value) ? 1 : a->value, y = isnan(b->value) ? 1 : b->value;
    return x != y ? x < y : tm_rid_cmp(a->record.rid, b->record.rid) < 0;
}

static bool same_rid(const tm_told *a, const tm_told *b)
{
    return tm_rid_cmp(a->rid, b->rid) == 0;
}

/* Puts it in its place among the best, of which each item and each record has one, or nowhere. */
static void offer(tm_match_list *list, const tm_match *m)
{
    uint32_t at = 0, gone = 0;
    while (gone < list->count && !same_rid(&list->match[gone].item, &m->item) &&
           !same_rid(&list->match[gone].record, &m->record))
        gone++;
    if (gone == TM_MATCHES) gone--;
    if (gone < list->count && !goes_before(m, &list->match[gone])) return;
    if (gone == list->count) list->count++;
    while (at < gone && !goes_before(m, &list->match[at])) at++;
    memmove(list->match + at + 1, list->match + at, (gone - at) * sizeof *list->match);
    list->match[at] = *m;
}

/* The longest stretch stands for the others of its list. */
static const pending *longest_of(const walk *w, uint32_t list)
{
    const pending *best = NULL;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->of[i].list == list && (!best || w->of[i].bytes > best->bytes)) best = &w->of[i];
    return best;
}

/* The record at hand is complete, or as far as it can be looked at together. */
static tm_status offer_pending(walk *w, tm_err *err)
{
    tm_gathered *g = w->g;
    for (uint32_t l = 0; w->count && l < g->matches; l++) {
        const pending *best = longest_of(w, l);
        if (!best) continue;
        tm_match m = {.record = {.rid = w->rid, .source = source_of(g, w->rid)},
                      .item = {.rid = best->other, .source = source_of(g, best->other)},
                      .value = best->value,
                      .part = best->part};
        for (uint32_t i = 0; i < w->count; i++)
            if (w->of[i].list == l && tm_str_eq(w->of[i].part, best->part))
                tm_mark_add(&m.in, w->of[i].at, w->of[i].at + w->of[i].bytes);
        tm_match_list *list = &g->matched[l];
        offer(list, &m);
        for (uint32_t i = 0; i < list->count; i++) { /* what stays outlives the row group */
            if (list->match[i].part.p != best->part.p) continue;
            list->match[i].part = tm_arena_str(g->mem, best->part);
            if (!list->match[i].part.p) return tm_fail_memory(err, "the report", best->part.n);
        }
    }
    w->count = 0;
    return TM_OK;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static uint32_t list_of(const tm_gathered *g, tm_str step, tm_rid other)
{
    const tm_yaml *inputs = tm_yaml_get(g->manifest, "inputs");
    uint32_t own = inputs ? inputs->count : 0, source = TM_PLACE_SOURCE(other.place);
    for (uint32_t l = 0; source > own && l < g->matches; l++) {
        bool mine = g->matched[l].file == source - own - 1 &&
                    tm_str_eq(tm_yaml_text(g->matched[l].step, "name"), step);
        if (mine) return l;
    }
    return TM_NONE;
}

static uint64_t get(const walk *w, unsigned column, uint32_t row)
{
    return tm_pq_get_u64(w->r, w->column[column], row);
}

static tm_status take_row(walk *w, uint32_t row, tm_err *err)
{
    tm_rid rid = {get(w, PLACE, row), get(w, PATH, row)};
    bool named =
        !tm_pq_is_null(w->r, w->column[OTHER], row) && !tm_pq_is_null(w->r, w->column[PART], row);
    if (!named || rid.path) return TM_OK; /* what a step made cannot be read again */
    tm_rid other = {get(w, OTHER, row), 0};
    uint32_t list = list_of(w->g, tm_pq_get_text(w->r, w->column[STEP], row), other);
    if (list == TM_NONE) return TM_OK;
    if (tm_rid_cmp(rid, w->rid) != 0) TM_TRY(offer_pending(w, err));
    w->rid = rid;
    if (w->count == PENDING) return TM_OK;
    w->of[w->count++] = (pending){.list = list,
                                  .part = tm_pq_get_text(w->r, w->column[PART], row),
                                  .at = get(w, AT, row),
                                  .bytes = get(w, BYTES, row),
                                  .value = tm_pq_get_f64(w->r, w->column[VALUE], row),
                                  .other = other};
    return TM_OK;
}

static tm_status read_findings(walk *w, tm_err *err)
{
    static const char *const NAMES[COLUMNS] = {"place", "path",  "step",  "part",
                                               "at",    "bytes", "value", "other_place"};
    bool more = true;
    for (unsigned c = 0; c < COLUMNS; c++) {
        w->column[c] = tm_pq_column_named(w->r, NAMES[c]);
        if (w->column[c] == TM_NONE) return TM_OK; /* of another program */
    }
    tm_pq_want(w->r, w->column, COLUMNS);
    for (uint32_t rows;;) {
        TM_TRY(tm_pq_next(w->r, &more, &rows, err));
        if (!more) return TM_OK;
        for (uint32_t row = 0; row < rows; row++) TM_TRY(take_row(w, row, err));
        TM_TRY(offer_pending(w, err)); /* its names live no longer */
    }
}

tm_status tm_gather_matches(tm_gathered *g, tm_err *err)
{
    bool there;
    walk w = {.g = g};
    choose_lists(g);
    const char *path = tm_path_join(g->mem, g->folder.p, "findings.parquet");
    if (!path) return tm_fail_memory(err, "a path", 0);
    if (!g->matches || g->private) return TM_OK;
    TM_TRY(tm_file_there(path, &there, err));
    if (!there) return TM_OK;
    TM_TRY(tm_pq_open(&w.r, path, err));
    tm_status status = read_findings(&w, err);
    tm_pq_close(w.r);
    return status;
}
