/* The page's section on contamination: for each step that looks for text of references what it
 * looks for, how many records hold some, of which benchmark and in which source; and of each
 * benchmark a few records beside the item that they hold, the matched text marked in both. */
#include <math.h>

#include "flow/quote.h"
#include "report/page.h"

enum { TEXT_SHOWN = 1500 };

static bool is_mine(const tm_yaml *step)
{
    return tm_yaml_get(step, "duplicates") && tm_step_finds(step) == TM_FINDS_CONTAMINATION;
}

/* ---- the steps ------------------------------------------------------------------------------- */

static void describe(const tm_yaml *params, tm_buf *b)
{
    tm_str overlap = tm_yaml_text(params, "overlap");
    tm_page_list(b, tm_yaml_get(params, "on"));
    tm_buf_z(b, ": ");
    tm_html_text(b, tm_yaml_text(params, "ngram"));
    tm_buf_z(b, " terms in a row of a text");
    if (overlap.n && !tm_str_is(overlap, "0"))
        tm_buf_z(b, ", and of its n-grams "), tm_html_text(b, overlap), tm_buf_z(b, " or more");
    if (tm_str_is(tm_yaml_text(params, "short"), "exact")) tm_buf_z(b, "; shorter ones as a whole");
}

static void step_row(const tm_gathered *g, const tm_yaml *step, tm_buf *b)
{
    tm_buf_z(b, "<tr>");
    tm_page_cell(b, tm_yaml_text(step, "name"), NULL);
    tm_buf_z(b, "<td>");
    describe(tm_yaml_get(step, "params"), b);
    tm_buf_z(b, "</td>");
    tm_page_mass(g, step, b);
    tm_buf_z(b, "</tr>\n");
}

static void steps_table(const tm_gathered *g, const tm_yaml *steps, tm_buf *b)
{
    tm_buf_z(b, "<table><tr><th>step</th><th>what is looked for</th><th>then</th>"
                "<th class=\"n\">seen</th><th class=\"n\">found</th><th class=\"n\">share</th>"
                "<th class=\"n\">characters</th></tr>\n");
    for (uint32_t s = 0; s < steps->count; s++)
        if (is_mine(&steps->child[s])) step_row(g, &steps->child[s], b);
    tm_buf_z(b, "</table>\n<p class=\"soft\">Seen: what came to the step. Found: records that hold "
                "text of a reference. Share: of the records seen; of their characters, as they "
                "stand in the files.</p>\n");
}

/* ---- the matches ----------------------------------------------------------------------------- */

/* Places, and on the right how much of it was found. */
static void card_header(const tm_told *of, tm_str part, double share, tm_buf *b)
{
    tm_buf_z(b, "<header><b class=\"wrap\">");
    tm_page_place(b, of->source, of->line, of->column);
    tm_buf_z(b, "</b>");
    if (part.n) tm_buf_z(b, "<span class=\"wrap\">"), tm_html_text(b, part), tm_buf_z(b, "</span>");
    if (!isnan(share)) tm_buf_print(b, "<span>%.3g %% of it found</span>", 100 * share);
    tm_buf_z(b, "</header>");
}

static void card_text(const tm_marked *m, tm_buf *b)
{
    tm_buf_z(b, "<pre>");
    if (m->text.p)
        tm_marked_html(m, TEXT_SHOWN, b);
    else
        tm_buf_z(b,
                 "<span class=\"soft\">(not shown: too long, too far into its file, or not to be "
                 "read again)</span>");
    tm_buf_z(b, "</pre>");
}

/* Both texts, as far as their records could be read. */
static tm_status find_texts(const tm_gathered *g, const tm_match_list *list, const tm_match *m,
                            tm_marked *in, tm_marked *item, tm_err *err)
{
    uint64_t ngram = tm_yaml_number(tm_yaml_get(list->step, "params"), "ngram");
    tm_buf text = {0};
    bool there = false;
    tm_status status = TM_OK;
    *in = m->in;
    *item = (tm_marked){.marks = 0};
    if (m->record.text.p) status = tm_quote_text(m->record.text, m->part, &there, &text, err);
    if (status == TM_OK && there && m->in.marks && m->in.mark[m->in.marks - 1].to <= text.n) {
        in->text = tm_arena_str(g->mem, tm_buf_view(&text));
        if (!in->text.p) status = tm_fail_memory(err, "a text", text.n);
    }
    tm_buf_release(&text);
    if (status == TM_OK && in->text.p && m->item.text.p)
        status = tm_marked_find(g->mem, m->item.text, in, (size_t)ngram, item, err);
    if (status == TM_OK && !item->text.p) item->text = m->item.text;
    return status;
}

static tm_status card(const tm_gathered *g, const tm_match_list *list, const tm_match *m, tm_buf *b,
                      tm_err *err)
{
    tm_marked in, item;
    TM_TRY(find_texts(g, list, m, &in, &item, err));
    tm_buf_z(b, "<article class=\"pair\"><div>");
    card_header(&m->record, m->part, (double)NAN, b);
    card_text(&in, b);
    tm_buf_z(b, "</div><div>");
    card_header(&m->item, (tm_str){0}, m->value, b);
    card_text(&item, b);
    tm_buf_z(b, "</div></article>\n");
    return TM_OK;
}

static void list_title(const tm_match_list *list, tm_buf *b)
{
    const tm_yaml *file = &tm_yaml_get(list->step, "references")->child[list->file];
    tm_buf_z(b, "<h4>Text of ");
    tm_html_text(b, tm_yaml_text(file, "reference"));
    tm_buf_z(b, "</h4>\n");
}

static tm_status matches_of(const tm_gathered *g, const tm_yaml *step, tm_buf *b, tm_err *err)
{
    bool any = false;
    for (uint32_t l = 0; l < g->matches; l++) {
        const tm_match_list *list = &g->matched[l];
        if (list->step != step || !list->count) continue;
        if (!any)
            tm_buf_z(b,
                     "<p class=\"soft\">Of each benchmark the records that hold the smallest share "
                     "of an item: look at them for false alarms. On the left the record, on the "
                     "right the item.</p>\n");
        any = true;
        list_title(list, b);
        for (uint32_t i = 0; i < list->count; i++) TM_TRY(card(g, list, &list->match[i], b, err));
    }
    uint64_t found = tm_yaml_number(tm_yaml_get(step, "duplicates"), "found");
    if (found && !any)
        tm_buf_z(b, g->private
                        ? "<p class=\"soft\">Texts are not shown: a step of this run is for "
                          "privacy.</p>\n"
                        : "<p class=\"soft\">Texts are not shown: this run keeps no findings of "
                          "records that could be read again (output: {ledger: reasons} keeps "
                          "them).</p>\n");
    return TM_OK;
}

tm_status tm_page_contamination(const tm_gathered *g, tm_buf *b, tm_err *err)
{
    const tm_yaml *steps = tm_yaml_get(g->manifest, "steps");
    uint32_t count = 0;
    for (uint32_t s = 0; steps && s < steps->count; s++) count += is_mine(&steps->child[s]);
    if (!count) return TM_OK;
    tm_buf_z(b, "<h2>Contamination</h2>\n");
    steps_table(g, steps, b);
    for (uint32_t s = 0; s < steps->count; s++) {
        const tm_yaml *step = &steps->child[s];
        if (!is_mine(step)) continue;
        if (count > 1) {
            tm_buf_z(b, "<h3>");
            tm_html_text(b, tm_yaml_text(step, "name"));
            tm_buf_z(b, "</h3>\n");
        }
        tm_page_references(step, b);
        TM_TRY(matches_of(g, step, b, err));
    }
    return TM_OK;
}
