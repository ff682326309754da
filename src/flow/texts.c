/* One model a worker and source. A row is looked at once: are its texts there and all of it UTF-8,
 * and how long were it as JSON (what a run tells of its inputs counts that). */
#include "flow/texts.h"

#include "op/chosen.h"

static bool asks_for_texts(const tm_worker *w)
{
    const tm_pass *pass = w->pass;
    const tm_plan *plan = w->run->plan;
    if (pass->kind != TM_PASS_OBSERVE || pass->earlier || !pass->round->texts_only) return false;
    for (uint32_t s = 0; s < pass->steps; s++) {
        const tm_plan_step *step = &plan->step[s];
        bool decides = step->op->shape == TM_SET && w->run->state[s].verdicts;
        if (!decides && step->op->shape != TM_MEASURE) return false;
        if (step->op->each && !tm_step_is_idle(w, step)) return false;
    }
    return pass->round->texts_only(plan->step[pass->step].shared);
}

/* What stands beside a conversation counts as well, and no part holds it. */
static bool has_more(const tm_table_column *row)
{
    for (uint32_t i = 0; i < row->children; i++)
        if (tm_stands_beside(row->child[i].name)) return true;
    return false;
}

static tm_status make_model(tm_worker *w, const tm_table_column *row, const tm_read_rules *rules,
                            tm_err *err)
{
    tm_row_model *m = &w->texts.model;
    const tm_input_tag *tags = w->run->tags[w->run->input_of[w->block.source - 1]];
    tm_row_model_release(m);
    w->texts.source = w->block.source;
    TM_TRY(tm_row_model_make(m, row, rules, err));
    m->fits &= !(tags && tags->path) && !has_more(row);
    if (!m->fits) return TM_OK;
    w->texts.text = TM_NEW(&m->mem, tm_str, m->batch.parts + 1);
    return w->texts.text ? TM_OK : tm_fail_memory(err, "a table", m->batch.parts);
}

tm_status tm_texts_begin(tm_worker *w, const tm_read_rules *rules, tm_err *err)
{
    const tm_block *b = &w->block;
    const tm_table *table = w->run->source[b->source - 1].table;
    w->texts.on =
        table && !b->written && b->rows > 1 && b->source <= w->run->sources && asks_for_texts(w);
    if (!w->texts.on) return TM_OK;
    if (w->texts.source != b->source) TM_TRY(make_model(w, &table->row, rules, err));
    w->texts.on = w->texts.model.fits;
    return TM_OK;
}

tm_status tm_texts_look(tm_worker *w, uint32_t span, bool *is, tm_row_extent *extent, tm_err *err)
{
    const tm_row_model *m = &w->texts.model;
    const tm_source *source = &w->run->source[w->block.source - 1];
    tm_str text;
    *is = w->texts.on;
    for (uint32_t k = 0; *is && k < m->knowns; k++)
        *is = tm_block_row_text(&w->block, source, span, m->known[k], &text);
    if (!*is) return TM_OK;
    TM_TRY(tm_block_row_extent(&w->block, source, span, &w->line, extent, err));
    *is = extent->readable && extent->bytes <= w->block.max_line;
    return TM_OK;
}

tm_status tm_texts_add(tm_worker *w, uint32_t span, tm_err *err)
{
    const tm_row_model *m = &w->texts.model;
    const tm_source *source = &w->run->source[w->block.source - 1];
    const tm_span *at = &w->block.span[span];
    tm_rid rid = {TM_PLACE(w->block.source, tm_span_offset(&w->block, at)), 0};
    for (uint32_t p = 0; p < m->batch.parts; p++) {
        bool there = tm_block_row_text(&w->block, source, span, m->column[p], &w->texts.text[p]);
        TM_ASSERT(there);
    }
    return tm_row_model_add(m, &w->level[0].batch, rid, at->line, w->texts.text, err);
}

void tm_texts_release(tm_worker *w)
{
    tm_row_model_release(&w->texts.model);
}
