/* The table of references and sources: how many records of each source hold or repeat something of
 * each file of the references. Rows are files, for there may be many; sources are at most those
 * that the manifest tells of by name. A file that the step did not look at has no row: a zero that
 * nobody counted is worse than none. */
#include "report/page.h"

enum { FILES_SHOWN = 30, WIDE = 6 };

typedef struct table {
    const tm_yaml *step, *files, *sources;
    bool wide;      /* names of sources stand below it */
    uint64_t seen;  /* by all sources */
    uint32_t count; /* of files that were looked at */
} table;

static uint64_t number_at(const tm_yaml *list, uint32_t i)
{
    uint64_t n = 0;
    return list && i < list->count && tm_str_to_u64(list->child[i].text, &n) ? n : 0;
}

static uint64_t sum_of(const tm_yaml *list)
{
    uint64_t all = 0;
    for (uint32_t i = 0; list && i < list->count; i++) all += number_at(list, i);
    return all;
}

/* `against:` names what the step looks at; none named: all. */
static bool is_looked_at(const tm_yaml *step, const tm_yaml *file)
{
    const tm_yaml *names = tm_yaml_get(tm_yaml_get(step, "params"), "against");
    tm_str name = tm_yaml_text(file, "reference");
    bool all = !names || !names->count;
    bool contamination = tm_step_finds(step) == TM_FINDS_CONTAMINATION;
    for (uint32_t i = 0; names && i < names->count; i++)
        if (tm_str_eq(names->child[i].text, name)) return true;
    return all && contamination;
}

/* share: shaded by it, and with it where there is room. */
static void cell(const table *t, uint64_t n, uint64_t seen, bool share, tm_buf *b)
{
    tm_buf_print(b, "<td class=\"n s%u\">", share ? tm_page_shade(n, seen) : 0);
    if (n)
        tm_html_number(b, n);
    else
        tm_buf_z(b, "<span class=\"soft\">0</span>");
    if (n && share && !t->wide) {
        tm_buf_z(b, " <span class=\"soft\">");
        tm_page_share(b, n, seen);
        tm_buf_z(b, "</span>");
    }
    tm_buf_z(b, "</td>");
}

static uint64_t seen_by(const table *t, uint32_t source)
{
    return tm_yaml_number(&t->sources->child[source], "records");
}

static void head(const table *t, bool contamination, tm_buf *b)
{
    tm_buf_print(b,
                 "<div class=\"scroll\"><table class=\"matrix%s\"><tr><th>%s</th>"
                 "<th scope=\"col\" class=\"n\">%s</th>",
                 t->wide ? " dense" : "",
                 contamination ? "records with text of" : "records that repeat one of",
                 t->sources->count > 1 ? "all sources" : "records");
    for (uint32_t c = 0; t->sources->count > 1 && c < t->sources->count; c++) {
        tm_buf_print(b, "<th scope=\"col\" class=\"n\">%s%u", t->wide ? "in&nbsp;" : "", c + 1);
        if (!t->wide) tm_buf_z(b, "&ensp;"), tm_page_source_name(&t->sources->child[c], b);
        tm_buf_z(b, "</th>");
    }
    tm_buf_z(b, "</tr>\n");
}

static void file_name(const tm_yaml *file, tm_buf *b)
{
    tm_str name = tm_yaml_text(file, "reference"), path = tm_yaml_text(file, "path");
    const tm_yaml *known = tm_yaml_get(file, "path");
    if (!known || !known->quoted) {
        tm_buf_z(b, "all other files");
        return;
    }
    tm_html_text(b, name);
    if (tm_str_eq(name, path)) return;
    tm_buf_z(b, " <span class=\"soft\">");
    tm_html_text(b, path);
    tm_buf_z(b, "</span>");
}

static void file_row(const table *t, const tm_yaml *file, tm_buf *b)
{
    const tm_yaml *rows = tm_yaml_get(file, "sources");
    tm_buf_z(b, "<tr><th scope=\"row\" class=\"wrap\">");
    file_name(file, b);
    tm_buf_z(b, "</th>");
    cell(t, sum_of(rows), t->seen, true, b);
    for (uint32_t c = 0; t->sources->count > 1 && c < t->sources->count; c++)
        cell(t, number_at(rows, c), seen_by(t, c), true, b);
    tm_buf_z(b, "</tr>\n");
}

/* A number of each source, below the files. */
static void total_row(const table *t, const char *name, const char *key, bool share, tm_buf *b)
{
    uint64_t all = 0;
    for (uint32_t c = 0; c < t->sources->count; c++)
        all += tm_yaml_number(&t->sources->child[c], key);
    tm_buf_print(b, "<tr><th scope=\"row\">%s</th>", name);
    cell(t, all, t->seen, share, b);
    for (uint32_t c = 0; t->sources->count > 1 && c < t->sources->count; c++)
        cell(t, tm_yaml_number(&t->sources->child[c], key), seen_by(t, c), share, b);
    tm_buf_z(b, "</tr>\n");
}

/* Of more than FILES_SHOWN files first those of which something was found. */
static void file_rows(const table *t, tm_buf *b)
{
    uint32_t shown = 0, found = 0;
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t f = 0; f < t->files->count; f++) {
            const tm_yaml *file = &t->files->child[f];
            bool any = sum_of(tm_yaml_get(file, "sources")) > 0, few = t->count <= FILES_SHOWN;
            if (!is_looked_at(t->step, file) || (few ? round : any == (round == 1))) continue;
            found += any;
            if (shown == FILES_SHOWN) continue;
            file_row(t, file, b);
            shown++;
        }
    }
    if (t->count <= FILES_SHOWN) return;
    tm_buf_print(b, "<tr><td class=\"soft\" colspan=\"%u\">and ",
                 t->sources->count > 1 ? t->sources->count + 2 : 2);
    tm_html_number(b, t->count - FILES_SHOWN);
    tm_buf_print(b, " more files%s</td></tr>\n",
                 found <= FILES_SHOWN ? ", of which nothing was found" : ": see manifest.json");
}

static void legend(const table *t, tm_buf *b)
{
    if (!t->wide) return;
    tm_buf_z(b, "<p class=\"soft wrap\">");
    for (uint32_t c = 0; c < t->sources->count; c++) {
        tm_buf_print(b, "%s%u&nbsp;", c ? ", " : "", c + 1);
        tm_page_source_name(&t->sources->child[c], b);
    }
    tm_buf_z(b, "</p>\n");
}

/* ---- what was looked for --------------------------------------------------------------------- */

static uint64_t items_of(const table *t, const char *name)
{
    uint64_t all = 0;
    for (uint32_t f = 0; f < t->files->count; f++)
        all += tm_yaml_number(tm_yaml_get(&t->files->child[f], "items"), name);
    return all;
}

static void item_row(const table *t, const tm_yaml *file, const tm_item_count *items, tm_buf *b)
{
    const tm_yaml *counts = tm_yaml_get(file, "items");
    tm_buf_z(b, "<tr><th scope=\"row\" class=\"wrap\">");
    file_name(file, b);
    tm_buf_z(b, "</th>");
    for (unsigned i = 0; items[i].name; i++)
        if (i < TM_ITEM_REASONS || items_of(t, items[i].name))
            tm_page_number(b, tm_yaml_number(counts, items[i].name));
    tm_buf_z(b, "</tr>\n");
}

/* Of each file: texts that the step looked for, and why it left others out. */
static void items_table(const table *t, const tm_item_count *items, tm_buf *b)
{
    bool any_left = false;
    for (unsigned i = TM_ITEM_REASONS; items[i].name; i++)
        any_left |= items_of(t, items[i].name) > 0;
    tm_buf_print(b,
                 "<h4>What was looked for</h4>\n<div class=\"scroll\"><table class=\"matrix\"><tr>"
                 "<th></th><th class=\"n\">records</th><th class=\"n\">texts looked for</th>");
    for (unsigned i = TM_ITEM_REASONS; items[i].name; i++)
        if (items_of(t, items[i].name))
            tm_buf_print(b, "<th class=\"reason\">%s</th>", items[i].sentence);
    tm_buf_z(b, "</tr>\n");
    for (uint32_t f = 0, shown = 0; f < t->files->count && shown < FILES_SHOWN; f++) {
        if (!is_looked_at(t->step, &t->files->child[f])) continue;
        item_row(t, &t->files->child[f], items, b);
        shown++;
    }
    tm_buf_z(b, "</table></div>\n");
    if (any_left)
        tm_buf_z(b, "<p class=\"soft\">What stands right of the texts looked for was left out: "
                    "nothing says whether a record holds it.</p>\n");
}

void tm_page_references(const tm_yaml *step, tm_buf *b)
{
    const tm_yaml *d = tm_yaml_get(step, "duplicates");
    bool contamination = tm_step_finds(step) == TM_FINDS_CONTAMINATION;
    table t = {.step = step,
               .files = tm_yaml_get(step, "references"),
               .sources = tm_yaml_get(d, "sources")};
    if (!t.files || !t.sources || !t.sources->count) return;
    for (uint32_t f = 0; f < t.files->count; f++) t.count += is_looked_at(step, &t.files->child[f]);
    for (uint32_t c = 0; c < t.sources->count; c++) t.seen += seen_by(&t, c);
    if (!t.count) return;
    t.wide = t.sources->count > WIDE;
    const tm_op *op = tm_op_named(tm_yaml_text(step, "op"));
    if (op && op->items && tm_yaml_get(&t.files->child[0], "items")) items_table(&t, op->items, b);
    tm_buf_z(b, contamination ? "<h4>Which benchmarks stand in which sources</h4>\n"
                              : "<h4>Which references repeat in which sources</h4>\n");
    head(&t, contamination, b);
    file_rows(&t, b);
    if (contamination && t.count > 1) total_row(&t, "any of them", "found", true, b);
    total_row(&t, "records seen", "records", false, b);
    tm_buf_z(b, "</table></div>\n");
    legend(&t, b);
}
