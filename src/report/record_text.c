/* The record is read as a run reads it, in a batch of its own. */
#include "report/record_text.h"

#include "io/source.h"
#include "text/words.h"

static void add_text(tm_str text, tm_buf *out)
{
    size_t at = 0, from = out->n;
    tm_str word;
    while (tm_text_next_word(text, &at, &word)) {
        if (out->n > from) tm_buf_char(out, ' ');
        tm_buf_str(out, word);
    }
}

static tm_status add_parts(tm_batch *b, uint32_t selectors, tm_buf *out, tm_err *err)
{
    uint32_t chosen = 0;
    for (uint32_t p = 0; p < b->parts; p++)
        chosen += b->part[p].present == TM_IS_TEXT && tm_part_in(&b->part[p], selectors);
    for (uint32_t p = 0; p < b->parts; p++) {
        const tm_part *part = &b->part[p];
        tm_str text;
        if (part->present != TM_IS_TEXT || !tm_part_in(part, selectors)) continue;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
        if (chosen > 1)
            tm_buf_print(out, "%s[%s] ", out->n ? " " : "", tm_role_name((tm_role)part->role));
        add_text(text, out);
    }
    return tm_buf_ok(out, err);
}

static tm_status read_texts(tm_batch *b, const tm_layout_set *layouts, tm_str raw,
                            uint32_t selectors, tm_buf *out, tm_err *err)
{
    tm_read_rules rules = {.layouts = layouts, .replace_utf8 = true};
    char *copy = tm_arena_alloc(b->mem, raw.n + TM_BLOCK_SLACK, 16);
    if (!copy) return tm_fail_memory(err, "a record", raw.n);
    memcpy(copy, raw.p, raw.n);
    memset(copy + raw.n, 0, TM_BLOCK_SLACK);
    TM_TRY(tm_batch_reset(b, 1, NULL, 0, err));
    TM_TRY(tm_batch_add(b, &rules, (tm_rid){1, 0}, 0, (tm_str){copy, raw.n}, false, TM_BLOCK_SLACK,
                        NULL, err));
    return b->fate[0] == TM_LIVE ? add_parts(b, selectors, out, err) : TM_OK;
}

tm_status tm_record_text(const tm_layout_set *layouts, tm_str raw, uint32_t selectors,
                         tm_arena *mem, tm_str *out, tm_err *err)
{
    tm_arena own = {0};
    tm_batch b;
    tm_buf text = {0};
    *out = raw;
    if (!layouts->count) return TM_OK;
    tm_batch_init(&b, &own);
    tm_status status = read_texts(&b, layouts, raw, selectors, &text, err);
    if (status == TM_OK && text.n) *out = tm_arena_str(mem, tm_buf_view(&text));
    if (status == TM_OK && !out->p) status = tm_fail_memory(err, "a record's text", text.n);
    tm_batch_release(&b);
    tm_arena_release(&own);
    tm_buf_release(&text);
    return status;
}
