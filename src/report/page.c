/* The page: one file, no script, nothing from outside. Sections in the order in which people ask:
 * what happened, how long are the texts, what was noticed, where did it come from, show me some. */
#include <stdio.h>
#include <string.h>

#include "report/diff.h"
#include "report/page.h"
#include "report/report.h"

static const char HEAD[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n";

static const char STYLE[] =
    "<style>\n"
    ":root{--ink:#1d2327;--soft:#5c6770;--line:#dfe4e8;--paper:#fff;--card:#f6f8f9;--accent:#"
    "1f6f8b;"
    "--fell:#c7793a;--ins:#d7f0dd;--del:#fbdcd6;--mark:#fbe6b3;--heat:31,111,139}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e8eb;--soft:#9aa6af;--line:#343c43;"
    "--paper:#15191c;--card:#1e2428;--accent:#5fb4d0;--fell:#dd965c;--ins:#1f4a2c;--del:#5a2a22;--"
    "mark:"
    "#63501a;--heat:95,180,208}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);"
    "font:15px/1.55 system-ui,-apple-system,'Segoe UI',sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:3rem 1.5rem 5rem}"
    "h1{font-size:1.7rem;font-weight:600;margin:0 0 .2rem}"
    "h2{font-size:1.1rem;font-weight:600;margin:3rem 0 .8rem;padding-bottom:.3rem;"
    "border-bottom:1px solid var(--line)}h3{font-size:.95rem;margin:1.6rem 0 .5rem}"
    "h4{font-size:.85rem;font-weight:500;color:var(--soft);margin:1.2rem 0 .4rem}\n"
    "p{max-width:44rem}.soft{color:var(--soft)}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}th{font-weight:500;color:var(--soft);text-align:left}"
    "th,td{padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}"
    "td.n,th.n{text-align:right;white-space:nowrap}.wrap{overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto}.matrix td,.matrix th{padding:.35rem .6rem}.matrix "
    "th:first-child{padding-left:0}"
    ".matrix th[scope=row]{"
    "color:var(--ink);min-width:9rem;max-width:22rem}.matrix "
    "th{min-width:4rem;overflow-wrap:anywhere}.matrix th.n{white-space:normal}\n"
    ".dense{font-size:.75rem}.dense td,.dense th{padding:.3rem .4rem}"
    ".dense th.n{white-space:normal}.small{width:auto}"
    ".s1{background:rgba(var(--heat),.07)}.s2{background:rgba(var(--heat),.14)}"
    ".s3{background:rgba(var(--heat),.24)}.s4{background:rgba(var(--heat),.36)}"
    ".s5{background:rgba(var(--heat),.5)}.s6{background:rgba(var(--heat),.66)}"
    ".s4 .soft,.s5 .soft,.s6 .soft{color:inherit}"
    ".matrix td,mark,ins,del{print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "ul{max-width:44rem;padding-left:1.2rem}\n"
    ".big{display:flex;flex-wrap:wrap;gap:2.5rem;margin:1.6rem 0}.big div{min-width:6rem}"
    ".big b{display:block;font-size:1.9rem;font-weight:600;font-variant-numeric:tabular-nums}\n"
    "svg{max-width:100%;height:auto;display:block;margin:.5rem 0 1rem}svg text{fill:var(--ink);"
    "font:13px system-ui,sans-serif}svg .name{text-anchor:end}svg .value,svg "
    ".tick,svg .up{fill:var(--soft)}"
    "svg .tick{font-size:11px;text-anchor:middle}svg .up{font-size:11px;text-anchor:end}svg "
    ".left{fill:var(--accent)}"
    "svg .fell{fill:var(--fell)}svg .axis{stroke:var(--line)}\n"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:0 2rem}"
    "article{background:var(--card);border-radius:.5rem;padding:.9rem 1.1rem;margin:0 0 .8rem}"
    "article header{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.85rem;color:var(--soft)}"
    "article header b{color:var(--ink);font-weight:600}\n"
    ".pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem}@media(max-width:40rem){.pair{"
    "grid-template-columns:1fr}}pre{margin:.6rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font:12.5px/1.5 ui-monospace,'DejaVu Sans Mono',monospace;max-height:22rem;overflow:auto}\n"
    "code{font:12.5px ui-monospace,'DejaVu Sans Mono',monospace}ins,del{text-decoration:none;"
    "border-radius:2px}ins{background:var(--ins)}del{background:var(--del)}"
    "mark{background:var(--mark);color:inherit;border-radius:2px;box-shadow:0 1px var(--fell)}"
    ".reason{text-align:right;max-width:9rem}.warn{border-left:4px solid "
    "var(--fell);padding-left:.8rem}\n"
    "i.mark{font-style:normal;font-size:.8em;color:var(--fell)}\n"
    "@media "
    "print{body{font-size:11px}main{padding:0;max-width:none}article,svg,tr{break-inside:avoid}"
    "h2,h3,h4{break-after:avoid}pre{max-height:none}}\n</style>\n";

void tm_page_number(tm_buf *b, uint64_t n)
{
    tm_buf_z(b, "<td class=\"n\">");
    if (n)
        tm_html_number(b, n);
    else
        tm_buf_z(b, "<span class=\"soft\">0</span>");
    tm_buf_z(b, "</td>");
}

void tm_page_cell(tm_buf *b, tm_str text, const char *class)
{
    tm_buf_print(b, "<td%s%s%s>", class ? " class=\"" : "", class ? class : "", class ? "\"" : "");
    tm_html_text(b, text);
    tm_buf_z(b, "</td>");
}

void tm_page_place(tm_buf *b, tm_str source, uint64_t line, uint64_t column)
{
    tm_html_text(b, source);
    if (line) tm_buf_print(b, ":%llu", (unsigned long long)line);
    if (line && column) tm_buf_print(b, ":%llu", (unsigned long long)column);
}

void tm_page_share(tm_buf *b, uint64_t part, uint64_t whole)
{
    double percent = whole ? 100.0 * (double)part / (double)whole : 0;
    if (!part)
        tm_buf_z(b, "0 %");
    else
        tm_buf_print(b, percent < 0.095 ? "%.2g %%" : "%.1f %%", percent);
}

bool tm_page_flags_spelling(const tm_yaml *step)
{
    const tm_yaml *params = tm_yaml_get(step, "params");
    const tm_yaml *normalise = tm_yaml_get(params, "normalise");
    return normalise && normalise->count && tm_str_is(tm_yaml_text(params, "alike"), "flag");
}

tm_str tm_page_then(const tm_gathered *g, tm_str step, uint8_t own)
{
    const tm_yaml *plan = tm_yaml_get(g->manifest, "plan");
    const tm_yaml *steps = plan ? tm_yaml_get(plan, "steps") : NULL;
    for (uint32_t i = 0; steps && i < steps->count; i++) {
        const tm_yaml *then = tm_yaml_get(&steps->child[i], "then");
        if (!tm_str_eq(tm_yaml_text(&steps->child[i], "name"), step)) continue;
        if (then && then->quoted) return then->text;
    }
    return tm_str_of(tm_verdict_name((tm_verdict)own));
}

static void big(tm_buf *b, const char *name, uint64_t n)
{
    tm_buf_z(b, "<div><b>");
    tm_html_number(b, n);
    tm_buf_print(b, "</b><span class=\"soft\">%s</span></div>", name);
}

static void header(const tm_gathered *g, tm_buf *b)
{
    const tm_yaml *counts = tm_yaml_get(g->manifest, "counts");
    const tm_yaml *plan = tm_yaml_get(g->manifest, "plan");
    const tm_yaml *inputs = tm_yaml_get(g->manifest, "inputs");
    tm_buf_z(b, HEAD);
    tm_buf_z(b, "<title>tamis: ");
    tm_html_text(b, tm_yaml_text(plan, "recipe"));
    tm_buf_z(b, "</title>\n");
    tm_buf_z(b, STYLE);
    tm_buf_z(b, "</head><body><main>\n<h1>");
    tm_html_text(b, tm_yaml_text(plan, "recipe"));
    tm_buf_z(b, "</h1>\n<p class=\"soft\">");
    tm_html_number(b, inputs ? inputs->count : 0);
    tm_buf_print(b, " source%s, tamis ", inputs && inputs->count == 1 ? "" : "s");
    tm_html_text(b, tm_yaml_text(g->manifest, "version"));
    tm_buf_z(b, ", ");
    tm_html_text(b, tm_yaml_text(g->run, "ended"));
    tm_buf_z(b, ", ");
    tm_html_text(b, tm_yaml_text(g->run, "seconds"));
    tm_buf_z(b, " s</p>\n<div class=\"big\">");
    big(b, "read", tm_yaml_number(counts, "read"));
    big(b, "kept", tm_yaml_number(counts, "kept"));
    big(b, "merged", tm_yaml_number(counts, "merged"));
    big(b, "parked", tm_yaml_number(counts, "parked"));
    big(b, "dropped", tm_yaml_number(counts, "dropped"));
    big(b, "unreadable", tm_yaml_number(counts, "unreadable"));
    tm_buf_z(b, "</div>\n");
}

/* References without a record: what was compared with them is nothing. */
static void empty_references(const tm_gathered *g, tm_buf *b)
{
    const tm_yaml *list = tm_yaml_get(g->manifest, "references");
    for (uint32_t i = 0; list && i < list->count; i++) {
        if (!tm_str_is(tm_yaml_text(&list->child[i], "empty"), "true")) continue;
        tm_buf_z(b, "<p class=\"warn\"><b class=\"wrap\">");
        tm_html_text(b, tm_yaml_text(&list->child[i], "path"));
        tm_buf_z(b, "</b>: this reference holds no record, so nothing was compared with it "
                    "(T1130).</p>\n");
    }
}

/* What was said of the recipe before it ran. */
static void remarks(const tm_gathered *g, tm_buf *b)
{
    const tm_yaml *list = tm_yaml_get(tm_yaml_get(g->manifest, "plan"), "lint");
    for (uint32_t i = 0; list && i < list->count; i++) {
        tm_buf_z(b, "<p class=\"warn\">");
        tm_html_text(b, tm_yaml_text(&list->child[i], "sentence"));
        tm_buf_z(b, " (");
        tm_html_text(b, tm_yaml_text(&list->child[i], "code"));
        tm_buf_z(b, ").</p>\n");
    }
}

static uint64_t fell_of(const tm_yaml *counts)
{
    return tm_yaml_number(counts, "dropped") + tm_yaml_number(counts, "merged") +
           tm_yaml_number(counts, "parked") + tm_yaml_number(counts, "replaced");
}

static void waterfall_chart(const tm_gathered *g, tm_buf *b)
{
    tm_fall bars[64];
    uint32_t count = 0;
    const tm_yaml *counts = tm_yaml_get(g->manifest, "counts");
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    uint64_t read = tm_yaml_number(counts, "read"), lost = 0;
    const tm_yaml *inputs = tm_yaml_get(g->manifest, "inputs");
    for (uint32_t i = 0; inputs && i < inputs->count; i++)
        lost += tm_yaml_number(&inputs->child[i], "unreadable");
    bars[count++] = (tm_fall){TM_STR("readable"), read - lost, lost};
    for (uint32_t s = 0; steps && s < steps->count && count + 1 < TM_COUNT(bars); s++) {
        const tm_yaml *c = tm_yaml_get(&steps->child[s], "counts");
        bars[count++] = (tm_fall){tm_yaml_text(&steps->child[s], "name"), tm_yaml_number(c, "kept"),
                                  fell_of(c)};
    }
    tm_chart_waterfall(b, bars, count, "Records left behind each step, and what fell there");
}

static void waterfall(const tm_gathered *g, tm_buf *b)
{
    static const char *const COUNTS[] = {"read",   "made",   "kept",     "dropped",
                                         "merged", "parked", "replaced", "unreadable"};
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    tm_buf_z(b, "<h2>What happened</h2>\n");
    waterfall_chart(g, b);
    tm_buf_z(b, "<table><tr><th>step</th>");
    for (size_t i = 0; i < TM_COUNT(COUNTS); i++)
        tm_buf_print(b, "<th class=\"n\">%s</th>", COUNTS[i]);
    tm_buf_z(b, "</tr>\n");
    for (uint32_t s = 0; steps && s <= steps->count; s++) {
        bool all = s == steps->count;
        const tm_yaml *c = tm_yaml_get(all ? g->manifest : &steps->child[s], "counts");
        tm_buf_z(b, "<tr>");
        tm_page_cell(b, all ? TM_STR("the run") : tm_yaml_text(&steps->child[s], "name"), NULL);
        for (size_t i = 0; i < TM_COUNT(COUNTS); i++)
            tm_page_number(b, tm_yaml_number(c, COUNTS[i]));
        tm_buf_z(b, "</tr>\n");
    }
    tm_buf_z(
        b,
        "</table>\n<p class=\"soft\">In every row read + made = kept + dropped + merged + parked "
        "+ replaced + unreadable. Written: ");
    tm_html_number(b, tm_yaml_number(tm_yaml_get(g->manifest, "counts"), "written"));
    tm_buf_z(b, " records.</p>\n");
}

static void lengths(const tm_gathered *g, tm_buf *b)
{
    bool any = false;
    for (uint32_t h = 0; h < g->histograms; h++) any |= g->histogram[h].records > 0;
    if (!any) return;
    tm_buf_z(b, "<h2>Lengths</h2>\n<div class=\"charts\">");
    for (uint32_t h = 0; h < g->histograms; h++) {
        const tm_histogram *own = &g->histogram[h];
        if (!own->records || own->bins[0] == own->records) continue;
        tm_buf_z(b, "<div><h3>");
        tm_html_text(b, own->name);
        tm_buf_z(b, "</h3>");
        tm_chart_histogram(b, own->bins,
                           &(tm_axes){.title = "Number of records by length, in half powers of two",
                                      .across = own->unit,
                                      .up = TM_STR("records")});
        tm_buf_z(b, "</div>\n");
    }
    tm_buf_z(b, "</div>\n");
}

/* What happened to records with this finding: the step's `then:`, or the code's own verdict. */
static tm_str verdict_of(const tm_gathered *g, const tm_noticed *n)
{
    if (n->unreadable) return TM_STR("unreadable");
    if (!n->what) return (tm_str){0};
    tm_verdict own = (tm_verdict)n->what->verdict;
    if (own == TM_V_MERGE && n->placed && !n->fell) own = TM_V_FLAG; /* only flags are findings */
    if (n->what->fixed_verdict || own == TM_V_FLAG) return tm_str_of(tm_verdict_name(own));
    return tm_page_then(g, n->step, n->what->verdict);
}

static void findings(const tm_gathered *g, tm_buf *b)
{
    if (!g->kinds) return;
    tm_buf_z(b, "<h2>What was noticed</h2>\n<table><tr><th>code</th><th>step</th><th>what</th>"
                "<th class=\"n\">count</th><th>verdict</th><th>first place</th></tr>\n");
    for (uint32_t i = 0; i < g->kinds; i++) {
        const tm_noticed *n = &g->noticed[i];
        tm_buf_z(b, "<tr>");
        tm_page_cell(b, n->code, NULL);
        tm_page_cell(b, n->step.n ? n->step : TM_STR("reader"), NULL);
        tm_page_cell(b, n->sentence, NULL);
        tm_page_number(b, n->count);
        tm_page_cell(b, verdict_of(g, n), NULL);
        tm_buf_z(b, "<td class=\"wrap\">");
        tm_page_place(b, n->source, n->line, n->column);
        tm_buf_z(b, "</td></tr>\n");
    }
    tm_buf_z(b, "</table>\n");
}

/* A folder of texts is one row: there may be any number of them. */
static void container_cell(const tm_yaml *source, tm_buf *b)
{
    tm_str name = tm_yaml_text(source, "container");
    uint64_t texts = tm_yaml_number(source, "records");
    tm_buf_z(b, "<td>");
    tm_html_text(b, name);
    if (tm_str_is(name, tm_containers[TM_FOLDER].name)) {
        tm_buf_z(b, " of ");
        tm_html_number(b, texts);
        tm_buf_z(b, texts == 1 ? " text" : " texts");
    }
    tm_buf_z(b, "</td>");
}

static void sources(const tm_gathered *g, tm_buf *b)
{
    const tm_yaml *list = tm_yaml_get(g->manifest, "inputs");
    tm_buf_z(b, "<h2>Sources</h2>\n<table><tr><th>file</th><th>container</th><th>codec</th>"
                "<th class=\"n\">bytes</th>"
                "<th class=\"n\">records</th><th class=\"n\">unreadable</th></tr>\n");
    for (uint32_t i = 0; list && i < list->count; i++) {
        const tm_yaml *s = &list->child[i];
        tm_buf_z(b, "<tr>");
        tm_page_cell(b, tm_yaml_text(s, "path"), "wrap");
        container_cell(s, b);
        tm_page_cell(b, tm_yaml_text(s, "codec"), NULL);
        tm_page_number(b, tm_yaml_number(s, "bytes"));
        tm_page_number(b, tm_yaml_number(s, "records"));
        tm_page_number(b, tm_yaml_number(s, "unreadable"));
        tm_buf_z(b, "</tr>\n");
    }
    tm_buf_z(b, "</table>\n");
    list = tm_yaml_get(g->manifest, "outputs");
    tm_buf_z(b, "<h2>Output</h2>\n<table><tr><th>file</th><th class=\"n\">records</th>"
                "<th class=\"n\">bytes</th><th>SHA-256 of the decoded bytes</th></tr>\n");
    for (uint32_t i = 0; list && i < list->count; i++) {
        const tm_yaml *o = &list->child[i];
        tm_buf_z(b, "<tr>");
        tm_page_cell(b, tm_yaml_text(o, "path"), "wrap");
        tm_page_number(b, tm_yaml_number(o, "records"));
        tm_page_number(b, tm_yaml_number(o, "bytes"));
        tm_buf_z(b, "<td class=\"wrap\"><code>");
        tm_html_text(b, tm_yaml_text(o, "sha256_decoded"));
        tm_buf_z(b, "</code></td></tr>\n");
    }
    tm_buf_z(b, "</table>\n");
}

tm_status tm_page_pair(const tm_gathered *g, tm_str left, tm_str right, uint32_t most, tm_buf *b,
                       tm_err *err)
{
    tm_buf before = {0}, after = {0};
    tm_status status = TM_OK;
    bool both = left.p && right.p;
    if (both)
        status = tm_diff_html(g->mem, left, right, most, &before, &after, err);
    else if (left.p || right.p)
        tm_diff_plain(left.p ? left : right, most, &before);
    else
        tm_buf_z(
            &before,
            "<span class=\"soft\">(not shown: made by a step, or too far into its source)</span>");
    tm_buf_z(b, both ? "<div class=\"pair\"><pre>" : "<pre>");
    tm_buf_str(b, tm_buf_view(&before));
    if (both) tm_buf_z(b, "</pre><pre>"), tm_buf_str(b, tm_buf_view(&after));
    tm_buf_z(b, both ? "</pre></div>" : "</pre>");
    if (before.failed || after.failed) b->failed = true;
    tm_buf_release(&before);
    tm_buf_release(&after);
    return status;
}

static tm_status card(const tm_gathered *g, const tm_card *c, tm_buf *b, tm_err *err)
{
    tm_buf_z(b, "<article><header><b>");
    tm_page_place(b, c->source, c->line, c->column);
    tm_buf_z(b, "</b>");
    if (c->step.n) tm_buf_z(b, "<span>"), tm_html_text(b, c->step), tm_buf_z(b, "</span>");
    if (c->rule.n) tm_buf_z(b, "<span>"), tm_html_text(b, c->rule), tm_buf_z(b, "</span>");
    if (c->why.n) tm_buf_z(b, "<span>"), tm_html_text(b, c->why), tm_buf_z(b, "</span>");
    tm_buf_z(b, "</header>");
    tm_str after =
        c->before.p ? c->after : (tm_str){0}; /* alone it would be taken for the record */
    TM_TRY(tm_page_pair(g, c->before, after, TM_CARD_SHOWN, b, err));
    tm_buf_z(b, "</article>\n");
    return TM_OK;
}

static tm_status cards(const tm_gathered *g, tm_buf *b, tm_err *err)
{
    static const char *const TITLES[] = {"Edited: as read, as written", "Dropped",
                                         "Merged: the record, and the one it was merged into",
                                         "Parked", "Unreadable"};
    bool any = false;
    for (unsigned k = 0; k < TM_CARD_KINDS; k++) any |= g->cards[k] > 0;
    if (any)
        tm_buf_z(b, "<h2>Some of them</h2>\n<p class=\"soft\">The records of smallest id of each "
                    "kind: chosen by no one.</p>\n");
    for (unsigned k = 0; k < TM_CARD_KINDS; k++) {
        if (!g->cards[k]) continue;
        tm_buf_print(b, "<h3>%s</h3>\n", TITLES[k]);
        for (uint32_t i = 0; i < g->cards[k]; i++) TM_TRY(card(g, &g->card[k][i], b, err));
    }
    return TM_OK;
}

tm_status tm_report_write(tm_str folder, tm_err *err)
{
    tm_arena mem = {0};
    tm_buf b = {0};
    tm_gathered *g = tm_arena_zero(&mem, 1, sizeof *g);
    const char *path = tm_path_join(&mem, folder.p, "report.html");
    tm_status status =
        g && path ? tm_gather(g, &mem, folder, err) : tm_fail_memory(err, "the report", 0);
    if (status == TM_OK) {
        header(g, &b);
        remarks(g, &b);
        empty_references(g, &b);
        waterfall(g, &b);
        tm_page_sizes(g, &b);
        status = tm_page_duplicates(g, &b, err);
    }
    if (status == TM_OK) status = tm_page_contamination(g, &b, err);
    if (status == TM_OK) {
        lengths(g, &b);
        findings(g, &b);
        sources(g, &b);
        status = cards(g, &b, err);
        tm_buf_z(&b, "</main></body></html>\n");
    }
    if (status == TM_OK) status = tm_buf_ok(&b, err);
    if (status == TM_OK) status = tm_file_save(path, tm_buf_view(&b), true, err);
    if (status == TM_OK) status = tm_folder_note_report(&mem, folder, tm_buf_view(&b), err);
    tm_buf_release(&b);
    tm_arena_release(&mem);
    return status;
}
