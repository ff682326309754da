/* The record that stands for all has the text "x" in each column of texts and null in all others.
 * Which column a part is of is told by where its text lies in that record. */
#include "record/row_model.h"

#include "base/vec.h"
#include "record/batch_room.h"
#include "record/layout_bind.h"

enum { NESTED_MAX = 128 /* deeper than any table */ };

static bool holds_texts(const tm_table_column *c)
{
    return c->kind == TM_TABLE_TEXT || (c->kind == TM_TABLE_DICTIONARY && holds_texts(c->child));
}

/* at[i]: where the text of column i stands; UINT32_MAX: it holds none. */
static tm_status write_model(tm_row_model *m, const tm_table_column *row, uint32_t *at, tm_str *out,
                             tm_err *err)
{
    tm_buf json = {0};
    for (uint32_t i = 0; i < row->children; i++) {
        bool texts = holds_texts(&row->child[i]);
        tm_buf_char(&json, i ? ',' : '{');
        tm_buf_str(&json, row->child[i].key);
        at[i] = texts ? (uint32_t)json.n + 1 : UINT32_MAX;
        tm_buf_z(&json, texts ? "\"x\"" : "null");
    }
    tm_buf_char(&json, '}');
    *out = json.failed ? (tm_str){0} : tm_arena_str(&m->mem, tm_buf_view(&json));
    tm_buf_release(&json);
    return out->p ? TM_OK : tm_fail_memory(err, "a table", row->children);
}

static tm_status find_columns(tm_row_model *m, uint32_t columns, const uint32_t *at, tm_err *err)
{
    const tm_batch *b = &m->batch;
    m->column = TM_NEW(&m->mem, uint32_t, b->parts + 1);
    if (!m->column) return tm_fail_memory(err, "a table", b->parts);
    for (uint32_t p = 0; p < b->parts; p++) {
        const tm_part *part = &b->part[p];
        bool plain = part->present == TM_IS_TEXT && !part->name.p && part->twin == TM_NONE &&
                     !(part->flags & (TM_PART_NOT_TEXT | TM_PART_JSON | TM_PART_ANY));
        uint32_t c = 0;
        while (c < columns && at[c] != part->raw_at) c++;
        m->fits &= plain && c < columns;
        m->column[p] = c;
    }
    return TM_OK;
}

/* Columns whose names layouts know: all must hold texts, or it depends on the row what it is. */
static tm_status find_known(tm_row_model *m, uint32_t columns, const uint32_t *at, tm_err *err)
{
    tm_keys keys;
    const tm_batch *b = &m->batch;
    tm_doc doc = {.raw = b->raw[0], .node = b->json.node, .top = b->top[0], .keys = &keys};
    tm_keys_collect(&doc, &keys);
    m->known = TM_NEW(&m->mem, uint32_t, TM_K_COUNT);
    if (!m->known) return tm_fail_memory(err, "a table", TM_K_COUNT);
    for (uint32_t k = 0; k < TM_K_COUNT; k++) {
        uint32_t c = 0;
        if (!tm_has(&doc, k)) continue;
        while (c < columns && at[c] != doc.node[keys.value[k]].at + 1) c++;
        m->fits &= c < columns;
        m->known[m->knowns++] = c;
    }
    return TM_OK;
}

static tm_status bind_model(tm_row_model *m, const tm_table_column *row, const tm_read_rules *rules,
                            tm_err *err)
{
    tm_str json;
    uint32_t first, *at = TM_NEW(&m->mem, uint32_t, row->children + 1);
    if (!at) return tm_fail_memory(err, "a table", row->children);
    TM_TRY(write_model(m, row, at, &json, err));
    TM_TRY(tm_batch_reset(&m->batch, 1, NULL, 0, err));
    TM_TRY(tm_batch_add(&m->batch, rules, (tm_rid){0, 0}, 0, json, false, 0, NULL, err));
    const tm_batch *b = &m->batch;
    m->fits = b->fate[0] == TM_LIVE && b->layout[0] != UINT16_MAX && !b->label[0].p &&
              !tm_record_duplicate_keys(b, 0, &first);
    if (!m->fits) return TM_OK;
    TM_TRY(find_columns(m, row->children, at, err));
    return find_known(m, row->children, at, err);
}

tm_status tm_row_model_make(tm_row_model *m, const tm_table_column *row, const tm_read_rules *rules,
                            tm_err *err)
{
    *m = (tm_row_model){.fits = false};
    bool shallow = !rules->max_depth || rules->max_depth >= NESTED_MAX;
    if (rules->binding != TM_BIND_ALWAYS || rules->layouts->mapping || !row->children || !shallow)
        return TM_OK;
    tm_batch_init(&m->batch, &m->mem);
    return bind_model(m, row, rules, err);
}

tm_status tm_row_model_add(const tm_row_model *m, tm_batch *b, tm_rid rid, uint64_t line,
                           const tm_str *text, tm_err *err)
{
    const tm_batch *of = &m->batch;
    uint32_t r = b->records, part = b->parts;
    TM_TRY(tm_batch_begin(b, rid, line, (tm_str){0}, err));
    if (!TM_ROOM(b->mem, b->part, b->parts, b->part_room, of->parts) ||
        !TM_ROOM(b->mem, b->turn, b->turns, b->turn_room, of->turns))
        return tm_fail_memory(err, "a batch", of->parts * sizeof *b->part);
    b->layout[r] = of->layout[0];
    b->kind[r] = of->kind[0];
    for (uint32_t t = 0; t < of->turns; t++) {
        tm_turn *turn = &b->turn[b->turns++];
        *turn = of->turn[t];
        turn->node = TM_NONE;
        turn->first_part += part;
    }
    for (uint32_t p = 0; p < of->parts; p++) {
        tm_part *to = &b->part[b->parts++];
        *to = of->part[p];
        to->record = r;
        to->as_read = to->text = text[p];
    }
    tm_batch_end(b);
    return TM_OK;
}

void tm_row_model_release(tm_row_model *m)
{
    tm_batch_release(&m->batch);
    tm_arena_release(&m->mem);
    *m = (tm_row_model){.fits = false};
}
