/* The page's section on duplicates: for each step that looks for them what it compares, how much it
 * found in records and in characters, how large the clusters are, and the biggest of them with
 * their first record and the one least like it side by side. Everything but texts and lines comes
 * from the manifest. */
#include <math.h>
#include <stdio.h>

#include "report/page.h"

enum { CLUSTER_SHOWN = 1500, EQUAL_SHOWN = 2 };

static const tm_yaml *params_of(const tm_yaml *step)
{
    return tm_yaml_get(step, "params");
}

void tm_page_list(tm_buf *b, const tm_yaml *of)
{
    for (uint32_t i = 0; of && i < of->count; i++) {
        if (i) tm_buf_z(b, ", ");
        tm_html_text(b, of->child[i].text);
    }
}

static bool has_items(const tm_yaml *of)
{
    return of && of->count > 0;
}

static void describe_near(const tm_yaml *params, tm_buf *b)
{
    tm_str units = tm_yaml_text(params, "units");
    bool words = !tm_str_is(units, "characters"), chars = !tm_str_is(units, "words");
    if (tm_str_is(tm_yaml_text(params, "measure"), "containment"))
        tm_buf_z(b, "of the n-grams of the shorter one, ");
    tm_html_text(b, tm_yaml_text(params, "threshold"));
    tm_buf_z(b, " in common, by ");
    if (words) tm_html_text(b, tm_yaml_text(params, "ngram")), tm_buf_z(b, " words");
    if (words && chars) tm_buf_z(b, " or ");
    if (chars) tm_html_text(b, tm_yaml_text(params, "char_ngram")), tm_buf_z(b, " characters");
}

/* What a step takes for the same, in a line. */
static void describe(const tm_yaml *step, tm_buf *b)
{
    const tm_yaml *params = params_of(step);
    const tm_yaml *normalise = tm_yaml_get(params, "normalise");
    tm_page_list(b, tm_yaml_get(params, "by"));
    tm_buf_z(b, ": ");
    if (tm_step_finds(step) == TM_FINDS_SIMILAR) {
        describe_near(params, b);
    } else {
        tm_buf_z(b, has_items(normalise) ? "equal but for " : "equal");
        tm_page_list(b, normalise);
    }
    if (has_items(tm_yaml_get(params, "within"))) {
        tm_buf_z(b, "; of equal ");
        tm_page_list(b, tm_yaml_get(params, "within"));
        tm_buf_z(b, " only");
    }
    if (tm_page_flags_spelling(step)) tm_buf_z(b, "; what is spelled otherwise is flagged");
    if (tm_str_is(tm_yaml_text(params, "across"), "inputs")) tm_buf_z(b, "; between inputs only");
    if (tm_str_is(tm_yaml_text(params, "across"), "none")) tm_buf_z(b, "; references only");
}

static tm_verdict own_verdict(const tm_yaml *step)
{
    const tm_op *op = tm_op_named(tm_yaml_text(step, "op"));
    return op && op->codes ? (tm_verdict)op->codes[0].verdict : TM_V_NONE;
}

void tm_page_mass(const tm_gathered *g, const tm_yaml *step, tm_buf *b)
{
    const tm_yaml *d = tm_yaml_get(step, "duplicates");
    uint64_t seen = tm_yaml_number(tm_yaml_get(step, "counts"), "read");
    uint64_t found = tm_yaml_number(d, "found");
    tm_page_cell(b, tm_page_then(g, tm_yaml_text(step, "name"), (uint8_t)own_verdict(step)), NULL);
    tm_page_number(b, seen);
    tm_page_number(b, found);
    tm_buf_z(b, "<td class=\"n\">");
    tm_page_share(b, found, seen);
    tm_buf_z(b, "</td><td class=\"n\">");
    tm_page_share(b, tm_yaml_number(d, "characters_found"), tm_yaml_number(d, "characters"));
    tm_buf_z(b, "</td>");
}

static void mass_row(const tm_gathered *g, const tm_yaml *step, const tm_yaml *d, tm_buf *b)
{
    const tm_yaml *clusters = tm_yaml_get(d, "clusters");
    tm_buf_z(b, "<tr>");
    tm_page_cell(b, tm_yaml_text(step, "name"), NULL);
    tm_buf_z(b, "<td>");
    describe(step, b);
    tm_buf_z(b, "</td>");
    tm_page_mass(g, step, b);
    if (tm_yaml_get(g->manifest, "references"))
        tm_page_number(b, tm_yaml_number(clusters, "item_records"));
    tm_buf_z(b, "</tr>\n");
}

/* Its records repeat others; what holds text of references has a section of its own. */
static bool is_mine(const tm_yaml *step)
{
    return tm_yaml_get(step, "duplicates") && tm_step_finds(step) != TM_FINDS_CONTAMINATION;
}

static void masses(const tm_gathered *g, tm_buf *b)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    bool references = tm_yaml_get(g->manifest, "references") != NULL;
    tm_buf_z(b, "<table><tr><th>step</th><th>what counts as the same</th><th>then</th>"
                "<th class=\"n\">seen</th><th class=\"n\">found</th><th class=\"n\">share</th>"
                "<th class=\"n\">characters</th>");
    tm_buf_z(b, references ? "<th class=\"n\">references</th></tr>\n" : "</tr>\n");
    for (uint32_t s = 0; steps && s < steps->count; s++) {
        const tm_yaml *d = tm_yaml_get(&steps->child[s], "duplicates");
        if (is_mine(&steps->child[s])) mass_row(g, &steps->child[s], d, b);
    }
    tm_buf_z(b, "</table>\n<p class=\"soft\">Seen: what came to the step. Found: records that "
                "repeat another; the one that stands for them is not among them. Share: of the "
                "records seen; of their characters, as they stand in the files.");
    if (references)
        tm_buf_z(b, " References: those of the found that repeat a record of a reference.");
    tm_buf_z(b, "</p>\n");
}

/* "dedup.exact merged records that differ in $.url (812), $.answer (40)" */
static void differing(const tm_yaml *step, tm_buf *b)
{
    const tm_yaml *fields = tm_yaml_get(step, "differs");
    if (!has_items(fields)) return;
    tm_buf_z(b, "<p>Records that ");
    tm_html_text(b, tm_yaml_text(step, "name"));
    tm_buf_z(b, " merged had these fields otherwise than the one that stays: ");
    for (uint32_t i = 0; i < fields->count; i++) {
        tm_str name = tm_yaml_text(&fields->child[i], "field");
        tm_buf_z(b, i ? ", <code>" : "<code>");
        tm_html_text(b, name);
        tm_buf_z(b, "</code> ");
        tm_html_number(b, tm_yaml_number(&fields->child[i], "records"));
    }
    tm_buf_z(b, ". <code>within:</code> keeps apart what differs in a field.</p>\n");
}

/* ---- clusters -------------------------------------------------------------------------------- */

/* The second number of a pair [first, second] in a list of them. */
static uint64_t second_of(const tm_yaml *pair)
{
    uint64_t n = 0;
    return pair->count > 1 && tm_str_to_u64(pair->child[1].text, &n) ? n : 0;
}

/* "4-5"; bins without a number of their own are passed over. */
static bool size_label(unsigned bin, tm_bar *bar)
{
    unsigned long long floor = tm_bin_floor(bin), next = tm_bin_floor(bin + 1);
    if (bin < 3) return false; /* a cluster has two records */
    if (next - floor > 1 && next <= 1000)
        snprintf(bar->label, sizeof bar->label, "%llu\xE2\x80\x93%llu", floor, next - 1);
    else
        snprintf(bar->label, sizeof bar->label, "%llu%s", floor, next - floor > 1 ? "+" : "");
    return true;
}

static void size_chart(const tm_yaml *clusters, tm_buf *b)
{
    tm_bar bars[TM_BINS];
    const tm_yaml *sizes = tm_yaml_get(clusters, "sizes");
    uint32_t count = 0;
    for (uint32_t i = 0, bin = 0; sizes && i < sizes->count; i++) {
        uint64_t floor = 0;
        bool well =
            sizes->child[i].count > 0 && tm_str_to_u64(sizes->child[i].child[0].text, &floor);
        for (unsigned last = tm_bin(floor); well && bin <= last; bin++) {
            bars[count].n = bin == last ? second_of(&sizes->child[i]) : 0;
            bool first = !count && bin < last;
            if (!first && size_label(bin, &bars[count])) count++;
        }
    }
    if (!count) return;
    tm_buf_z(b, "<div><h4>Clusters by their number of records</h4>");
    static const tm_axes AXES = {.title = "Number of clusters by their number of records",
                                 .across = TM_STR_INIT("records of a cluster"),
                                 .up = TM_STR_INIT("clusters")};
    tm_chart_bars(b, bars, count, &AXES);
    tm_buf_z(b, "</div>\n");
}

/* Where a bin of similarities begins. */
static void value_label(unsigned bin, char label[32])
{
    snprintf(label, 32, "0.%02u", bin * 100 / TM_VALUE_BINS);
}

static void value_chart(const tm_yaml *clusters, tm_buf *b)
{
    tm_bar bars[TM_VALUE_BINS];
    const tm_yaml *values = tm_yaml_get(clusters, "values");
    uint32_t count = 0;
    unsigned last = 0;
    for (uint32_t i = 0, bin = 0; values && i < values->count; i++) {
        double from = 0;
        bool well =
            values->child[i].count > 0 && tm_str_to_f64(values->child[i].child[0].text, &from);
        last = TM_MIN((unsigned)(from * TM_VALUE_BINS + 0.5), (unsigned)TM_VALUE_BINS - 1);
        for (; well && bin <= last; bin++) {
            if (!count && bin < last) continue;
            bars[count].n = bin == last ? second_of(&values->child[i]) : 0;
            value_label(bin, bars[count++].label);
        }
    }
    if (!count) return;
    tm_buf_z(b, "<div><h4>Records by similarity to the one they repeat</h4>");
    char end[32] = "1.00";
    if (last + 1 < TM_VALUE_BINS) value_label(last + 1, end);
    tm_axes axes = {.title = "Number of records by similarity, in steps of 0.05",
                    .across = TM_STR_INIT("similarity"),
                    .up = TM_STR_INIT("records"),
                    .end = end};
    tm_chart_bars(b, bars, count, &axes);
    tm_buf_z(b, "</div>\n");
}

/* "5 others; least like it: b.jsonl:7 (0.812); no two of them further apart than 0.31" */
static void cluster_header(const tm_yaml *step, const tm_told_cluster *c, tm_buf *b)
{
    double value = tm_yaml_double(c->of, "value"), second = tm_yaml_double(c->of, "second");
    uint64_t others = tm_yaml_number(c->of, "others");
    tm_str measure = tm_yaml_text(params_of(step), "measure");
    tm_buf_z(b, "<header><b>");
    tm_page_place(b, c->first.source, c->first.line, c->first.column);
    tm_buf_z(b, "</b><span>and ");
    tm_html_number(b, others);
    tm_buf_print(b, " that repeat%s it</span><span>%s ", others == 1 ? "s" : "",
                 isnan(value) ? "the first of them:" : "least like it:");
    tm_page_place(b, c->least.source, c->least.line, c->least.column);
    if (!isnan(value)) tm_buf_print(b, " (%.3f)", value);
    tm_buf_z(b, "</span>");
    if (!isnan(second) && tm_str_is(measure, "jaccard"))
        tm_buf_print(b, "<span>any two of them: at least %.3f</span>",
                     TM_MAX(0.0, value + second - 1));
    tm_buf_z(b, "</header>");
}

static tm_status cluster_card(const tm_gathered *g, const tm_yaml *step, const tm_told_cluster *c,
                              tm_buf *b, tm_err *err)
{
    tm_str first = c->first.text, least = c->least.text;
    tm_buf_z(b, "<article>");
    cluster_header(step, c, b);
    if (g->private)
        tm_buf_z(b,
                 "<p class=\"soft\">Texts are not shown: a step of this run is for privacy.</p>");
    else
        TM_TRY(tm_page_pair(g, first, first.p ? least : (tm_str){0}, CLUSTER_SHOWN, b, err));
    tm_buf_z(b, "</article>\n");
    return TM_OK;
}

static void counted(tm_buf *b, uint64_t n, const char *one, const char *many)
{
    tm_html_number(b, n);
    tm_buf_print(b, " %s", n == 1 ? one : many);
}

/* Of a step, its clusters with records of the stream and those of records of references. */
static void clusters_line(const tm_yaml *clusters, tm_buf *b)
{
    uint64_t items = tm_yaml_number(clusters, "items");
    tm_buf_z(b, "<p>");
    counted(b, tm_yaml_number(clusters, "records"), "record repeats ", "records repeat ");
    counted(b, tm_yaml_number(clusters, "count"), "other", "others");
    if (items) {
        tm_buf_z(b, "; ");
        counted(b, tm_yaml_number(clusters, "item_records"), "repeats ", "repeat ");
        counted(b, items, "record of a reference", "records of references");
    }
    tm_buf_z(b, ".</p>\n");
}

static tm_status step_section(const tm_gathered *g, const tm_yaml *step, uint32_t number, tm_buf *b,
                              tm_err *err)
{
    const tm_yaml *d = tm_yaml_get(step, "duplicates"), *clusters = tm_yaml_get(d, "clusters");
    if (!tm_yaml_number(d, "found")) return TM_OK;
    bool valued = has_items(tm_yaml_get(clusters, "values"));
    tm_buf_z(b, "<h3>");
    tm_html_text(b, tm_yaml_text(step, "name"));
    tm_buf_z(b, "</h3>\n");
    if (clusters && clusters->kind == TM_YAML_MAP) {
        clusters_line(clusters, b);
        tm_buf_z(b, "<div class=\"charts\">");
        size_chart(clusters, b);
        value_chart(clusters, b);
        tm_buf_z(b, "</div>\n");
    }
    tm_page_sources(d, b);
    tm_page_references(step, b);
    if (number >= TM_CLUSTER_STEPS || !g->clusters[number]) return TM_OK;
    tm_buf_z(b, "<h4>The biggest clusters</h4>\n");
    uint32_t shown = valued ? TM_BIGGEST : EQUAL_SHOWN; /* what is equal is soon looked at */
    for (uint32_t i = 0; i < g->clusters[number] && i < shown; i++)
        TM_TRY(cluster_card(g, step, &g->cluster[number][i], b, err));
    return TM_OK;
}

static bool any_duplicates(const tm_yaml *steps)
{
    for (uint32_t s = 0; steps && s < steps->count; s++)
        if (is_mine(&steps->child[s])) return true;
    return false;
}

tm_status tm_page_duplicates(const tm_gathered *g, tm_buf *b, tm_err *err)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    uint32_t number = 0;
    if (any_duplicates(steps)) {
        tm_buf_z(b, "<h2>Duplicates</h2>\n");
        masses(g, b);
        for (uint32_t s = 0; s < steps->count; s++) differing(&steps->child[s], b);
    }
    tm_page_sides(g, b);
    for (uint32_t s = 0; steps && s < steps->count; s++)
        if (is_mine(&steps->child[s])) TM_TRY(step_section(g, &steps->child[s], number++, b, err));
    return TM_OK;
}
