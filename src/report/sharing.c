/* Who shares duplicates with whom: sources with sources, inputs with inputs, and the sides of a
 * split. Tables of numbers, shaded by their size, so that they read on paper and aloud.
 *
 * Of the sides the page says what was counted and by what, and also what was not: a zero that
 * nobody counted is worse than none. */
#include <math.h>
#include <stdio.h>

#include "report/page.h"

enum { SHADES = 6, PAIRS_SHOWN = 30, DENSE = 6 };

/* ---- sources --------------------------------------------------------------------------------- */

static uint64_t cell_of(const tm_yaml *sources, uint32_t row, uint32_t column)
{
    uint64_t n = 0;
    const tm_yaml *shared = tm_yaml_get(&sources->child[row], "shared");
    if (!shared || column >= shared->count) return 0;
    return tm_str_to_u64(shared->child[column].text, &n) ? n : 0;
}

/* 0 for nothing, else 1 .. SHADES by the share. */
unsigned tm_page_shade(uint64_t part, uint64_t whole)
{
    static const double FROM[SHADES] = {0, 0.01, 0.03, 0.1, 0.25, 0.5};
    unsigned shade = 0;
    while (part && shade < SHADES && (double)part >= FROM[shade] * (double)whole) shade++;
    return shade;
}

void tm_page_source_name(const tm_yaml *source, tm_buf *b)
{
    const tm_yaml *name = tm_yaml_get(source, "source");
    if (name && name->quoted)
        tm_html_text(b, name->text);
    else
        tm_buf_z(b, "all others");
}

static void share_cell(uint64_t part, uint64_t whole, tm_buf *b)
{
    tm_buf_print(b, "<td class=\"n s%u\">", tm_page_shade(part, whole));
    double percent = whole ? 100.0 * (double)part / (double)whole : 0;
    if (part)
        tm_buf_print(b, percent < 0.095 ? "%.2g</td>" : "%.1f</td>", percent);
    else
        tm_buf_z(b, "<span class=\"soft\">0</span></td>");
}

static void source_row(const tm_yaml *sources, uint32_t row, bool references, tm_buf *b)
{
    const tm_yaml *source = &sources->child[row];
    uint64_t seen = tm_yaml_number(source, "records");
    tm_buf_print(b, "<tr><th scope=\"row\" class=\"wrap\">%u&ensp;", row + 1);
    tm_page_source_name(source, b);
    tm_buf_z(b, "</th>");
    tm_page_number(b, seen);
    tm_page_number(b, tm_yaml_number(source, "found"));
    for (uint32_t c = 0; c < sources->count; c++) share_cell(cell_of(sources, row, c), seen, b);
    if (references) share_cell(tm_yaml_number(source, "references"), seen, b);
    tm_buf_z(b, "</tr>\n");
}

static bool any_references(const tm_yaml *sources)
{
    for (uint32_t row = 0; row < sources->count; row++)
        if (tm_yaml_number(&sources->child[row], "references")) return true;
    return false;
}

/* Inputs with inputs, where they are several and not the sources themselves: who fell for whom. */
static void between(const tm_yaml *list, tm_buf *b)
{
    bool several = false;
    for (uint32_t i = 0; list && i < list->count; i++)
        several |= !tm_str_eq(tm_yaml_text(&list->child[i], "input"),
                              tm_yaml_text(&list->child[i], "other"));
    if (!several) return;
    tm_buf_z(b, "<table class=\"small\"><tr><th>records of input</th><th>repeat one of input</th>"
                "<th class=\"n\">records</th></tr>\n");
    for (uint32_t i = 0; i < list->count && i < PAIRS_SHOWN; i++) {
        tm_buf_z(b, "<tr>");
        tm_page_cell(b, tm_yaml_text(&list->child[i], "input"), NULL);
        tm_page_cell(b, tm_yaml_text(&list->child[i], "other"), NULL);
        tm_page_number(b, tm_yaml_number(&list->child[i], "records"));
        tm_buf_z(b, "</tr>\n");
    }
    tm_buf_z(b, "</table>\n");
    if (list->count > PAIRS_SHOWN)
        tm_buf_z(b, "<p class=\"soft\">And more: see manifest.json.</p>\n");
}

void tm_page_sources(const tm_yaml *duplicates, tm_buf *b)
{
    const tm_yaml *sources = tm_yaml_get(duplicates, "sources");
    if (!sources || !sources->count || !tm_yaml_get(&sources->child[0], "shared")) return;
    bool references = any_references(sources);
    if (sources->count < 2) return;
    tm_buf_print(b,
                 "<h4>Which sources share duplicates</h4>\n<div class=\"scroll\"><table "
                 "class=\"matrix%s\"><tr><th>of the records of</th><th class=\"n\">seen</th>"
                 "<th class=\"n\">found</th>",
                 sources->count > DENSE ? " dense" : "");
    for (uint32_t c = 0; c < sources->count; c++)
        tm_buf_print(b, "<th scope=\"col\" class=\"n\">%%&nbsp;in %u</th>", c + 1);
    if (references) tm_buf_z(b, "<th scope=\"col\" class=\"n\">%&nbsp;in references</th>");
    tm_buf_z(b, "</tr>\n");
    for (uint32_t row = 0; row < sources->count; row++) source_row(sources, row, references, b);
    tm_buf_z(b,
             "</table></div>\n<p class=\"soft\">Share of a source's records that have a duplicate "
             "in the source of the column; where they are the same, another one there. Who is "
             "kept makes no difference.</p>\n");
    between(tm_yaml_get(duplicates, "between"), b);
}

/* ---- sides ----------------------------------------------------------------------------------- */

typedef struct level { /* a column: what is counted as the same */
    const tm_yaml *step;
    const tm_yaml *pairs; /* of routes; NULL: equal as read */
    bool before;          /* stands before the split */
} level;

typedef struct sides {
    const tm_gathered *g;
    const tm_yaml *split, *routes;
    level level[16];
    uint32_t levels;
} sides;

static uint64_t count_of(const tm_yaml *pairs, tm_str route, tm_str other, const char *key)
{
    for (uint32_t i = 0; pairs && i < pairs->count; i++) {
        const tm_yaml *pair = &pairs->child[i];
        bool mine = tm_str_eq(tm_yaml_text(pair, "route"), route) &&
                    tm_str_eq(tm_yaml_text(pair, "other"), other);
        if (mine) return tm_yaml_number(pair, key);
    }
    return 0;
}

static bool is_list(const tm_yaml *node)
{
    return node && node->kind == TM_YAML_LIST;
}

static tm_str route_name(const sides *s, uint32_t r)
{
    return tm_yaml_text(&s->routes->child[r], "route");
}

static bool any_in(const sides *s, tm_str route, tm_str other)
{
    bool any = count_of(tm_yaml_get(s->split, "same"), route, other, "records") > 0;
    for (uint32_t l = 0; l < s->levels; l++)
        any |= count_of(s->level[l].pairs, route, other, "kept") > 0 ||
               count_of(s->level[l].pairs, route, other, "fell") > 0;
    return any;
}

static void side_row(const sides *s, tm_str route, tm_str other, tm_buf *b)
{
    const tm_yaml *same = tm_yaml_get(s->split, "same");
    tm_buf_z(b, "<tr>");
    tm_page_cell(b, route, NULL);
    tm_page_cell(b, other, NULL);
    if (is_list(same))
        tm_page_number(b, count_of(same, route, other, "records"));
    else
        tm_buf_z(b, "<td class=\"n soft\">not counted</td>");
    for (uint32_t l = 0; l < s->levels; l++) {
        uint64_t fell = count_of(s->level[l].pairs, route, other, "fell");
        if (!is_list(s->level[l].pairs)) {
            tm_buf_z(b, "<td class=\"n soft\">not counted</td>");
            continue;
        }
        uint64_t kept = count_of(s->level[l].pairs, route, other, "kept");
        if (!fell) {
            tm_page_number(b, kept);
            continue;
        }
        tm_buf_z(b, "<td class=\"n\">");
        tm_html_number(b, kept);
        tm_buf_z(b, "<span class=\"soft\"> left, ");
        tm_html_number(b, fell);
        tm_buf_z(b, " taken out</span></td>");
    }
    tm_buf_z(b, "</tr>\n");
}

/* Steps that compare records of the stream with each other. */
static void find_levels(sides *s)
{
    const tm_yaml *steps = tm_yaml_get(s->g->manifest, "steps");
    bool before = true;
    for (uint32_t i = 0; steps && i < steps->count && s->levels < TM_COUNT(s->level); i++) {
        const tm_yaml *step = &steps->child[i], *d = tm_yaml_get(step, "duplicates");
        before &= step != s->split;
        bool compares = d && tm_step_finds(step) != TM_FINDS_CONTAMINATION &&
                        !tm_str_is(tm_yaml_text(tm_yaml_get(step, "params"), "across"), "none");
        if (compares) s->level[s->levels++] = (level){step, tm_yaml_get(d, "sides"), before};
    }
}

static bool took_some(const level *l)
{
    for (uint32_t i = 0; l->pairs && i < l->pairs->count; i++)
        if (tm_yaml_number(&l->pairs->child[i], "fell")) return true;
    return false;
}

static void say_level(const sides *s, const level *l, tm_buf *b)
{
    tm_str name = tm_yaml_text(l->step, "name");
    bool flags = tm_str_is(tm_page_then(s->g, name, TM_V_MERGE), "flag");
    tm_buf_z(b, "<li>");
    tm_html_text(b, name);
    if (flags)
        tm_buf_z(b, " only flags: those of its pairs that came through are counted.");
    else if (l->before && tm_page_flags_spelling(l->step))
        tm_buf_z(b, " stands before the split, and only flags what is spelled otherwise: those of "
                    "its pairs that came through are counted.");
    else if (l->before)
        tm_buf_z(b, " stands before the split: of what it found nothing reached a side.");
    else if (took_some(l))
        tm_buf_z(b, " stands behind the split: what it took out of one side in favour of another "
                    "is gone, and that side is smaller.");
    else
        tm_buf_z(b, " stands behind the split, and found no pair on two sides.");
    if (tm_str_is(tm_yaml_text(tm_yaml_get(l->step, "params"), "across"), "inputs"))
        tm_buf_z(b, " It compares records of different inputs only: pairs within one are not "
                    "counted.");
    tm_buf_z(b, "</li>\n");
}

static void say_what_is_missing(const sides *s, tm_buf *b)
{
    bool near = false, edits = false;
    const tm_yaml *steps = tm_yaml_get(s->g->manifest, "steps");
    for (uint32_t l = 0; l < s->levels; l++)
        near |= tm_step_finds(s->level[l].step) == TM_FINDS_SIMILAR;
    for (uint32_t i = 0; steps && i < steps->count; i++) {
        const tm_op *op = tm_op_named(tm_yaml_text(&steps->child[i], "op"));
        edits |= op && (op->shape == TM_EDIT || op->shape == TM_FANOUT);
    }
    tm_buf_z(b, "<li>Equal as read: records with one id in the ledger, before any step changed "
                "them, whether or not a step has looked for duplicates.");
    if (edits) tm_buf_z(b, " What only the steps of this run made equal is not among them.");
    tm_buf_z(b, "</li>\n");
    tm_buf_z(b, near ? "<li>Pairs below the threshold of a step, and paraphrases, are not counted."
                       "</li>\n"
                     : "<li>Near duplicates are not counted: no step looks for them.</li>\n");
}

static const tm_yaml *find_split(const tm_gathered *g)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    for (uint32_t i = 0; steps && i < steps->count; i++)
        if (tm_str_is(tm_yaml_text(&steps->child[i], "op"), "split")) return &steps->child[i];
    return NULL;
}

/* How large they are, or the subsets of a sample, beside what was asked. */
void tm_page_sizes(const tm_gathered *g, tm_buf *b)
{
    uint64_t all = 0;
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps"), *routes = NULL;
    uint64_t largest = 0;
    for (uint32_t i = 0; steps && !routes && i < steps->count; i++) {
        routes = tm_yaml_get(&steps->child[i], "routes");
        largest = tm_yaml_number(&steps->child[i], "largest_group");
    }
    if (!routes) return;
    bool split = find_split(g) != NULL, any_off = false;
    for (uint32_t i = 0; i < routes->count; i++)
        all += tm_yaml_number(&routes->child[i], "records");
    tm_buf_z(b, split ? "<h2>The sides of the split</h2>\n<table><tr><th>side</th>"
                      : "<h2>The subsets of the sample</h2>\n<table><tr><th>file</th>");
    tm_buf_z(b, "<th class=\"n\">records</th><th class=\"n\">share</th>"
                "<th class=\"n\">asked</th><th class=\"n\">in records</th>"
                "<th class=\"n\">more or fewer</th></tr>\n");
    for (uint32_t i = 0; i < routes->count; i++) {
        const tm_yaml *route = &routes->child[i];
        uint64_t records = tm_yaml_number(route, "records");
        double off = tm_yaml_double(route, "off");
        any_off |= !isnan(off) && off != 0;
        tm_buf_z(b, "<tr>");
        tm_page_cell(b, tm_yaml_text(route, "route"), NULL);
        tm_page_number(b, records);
        tm_buf_z(b, "<td class=\"n\">");
        tm_page_share(b, records, all);
        tm_buf_z(b, "</td>");
        if (isnan(off)) {
            tm_buf_z(b, "<td class=\"n soft\">the rest</td><td></td><td></td></tr>\n");
            continue;
        }
        tm_page_cell(b, tm_yaml_text(route, "asked"), "n");
        tm_page_number(b, tm_yaml_number(route, "wanted"));
        tm_buf_print(b,
                     off != 0 ? "<td class=\"n\">%+.0f</td></tr>\n"
                              : "<td class=\"n soft\">%.0f</td></tr>\n",
                     off);
    }
    tm_buf_z(b, "</table>\n");
    if (!largest || !any_off) return;
    tm_buf_z(b, "<p class=\"soft\">The largest group has ");
    tm_html_number(b, largest);
    tm_buf_z(b, " records, ");
    tm_page_share(b, largest, all);
    tm_buf_z(b, " of all: a group is never parted.</p>\n");
}

void tm_page_sides(const tm_gathered *g, tm_buf *b)
{
    sides s = {.g = g, .split = find_split(g)};
    s.routes = tm_yaml_get(s.split, "routes");
    if (!s.routes || s.routes->count < 2) return;
    find_levels(&s);
    uint32_t rows = 0, routes = s.routes->count;
    bool all = routes * (routes - 1) <= PAIRS_SHOWN;
    tm_buf_z(b, s.levels ? "<h3>Between the sides of the split</h3>\n"
                         : "<h2>Between the sides of the split</h2>\n");
    tm_buf_z(b, "<table><tr><th>records of</th><th>with a duplicate in</th>"
                "<th class=\"n\">equal as read</th>");
    for (uint32_t l = 0; l < s.levels; l++) {
        tm_buf_z(b, "<th class=\"n\">by ");
        tm_html_text(b, tm_yaml_text(s.level[l].step, "name"));
        tm_buf_z(b, "</th>");
    }
    tm_buf_z(b, "</tr>\n");
    for (uint32_t i = 0; i < routes * routes; i++) {
        tm_str route = route_name(&s, i / routes), other = route_name(&s, i % routes);
        if (i / routes == i % routes || !(all || any_in(&s, route, other))) continue;
        if (rows++ < PAIRS_SHOWN) side_row(&s, route, other, b);
    }
    tm_buf_z(b, "</table>\n<ul class=\"soft\">\n");
    for (uint32_t l = 0; l < s.levels; l++) say_level(&s, &s.level[l], b);
    say_what_is_missing(&s, b);
    tm_buf_z(b, "</ul>\n");
}
