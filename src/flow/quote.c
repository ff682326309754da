/* The record is scanned as a batch of one, and the part looked up as a field: the way of `cat
 * --where`, which goes into strings that hold JSON as well. */
#include "flow/quote.h"

#include "io/source.h"
#include "record/fieldpath.h"
#include "record/identity.h"
#include "record/layout.h"

/* As a batch of one. */
static tm_status scan_one(tm_batch *b, tm_str raw, const tm_read_rules *rules, tm_err *err)
{
    char *copy = tm_arena_alloc(b->mem, raw.n + TM_BLOCK_SLACK, 16);
    if (!copy) return tm_fail_memory(err, "a record", raw.n);
    memcpy(copy, raw.p, raw.n);
    memset(copy + raw.n, 0, TM_BLOCK_SLACK);
    raw.p = copy;
    TM_TRY(tm_batch_reset(b, 1, NULL, 0, err));
    return tm_batch_add(b, rules, (tm_rid){0}, 1, raw, false, TM_BLOCK_SLACK, NULL, err);
}

tm_status tm_quote_id(tm_str raw, tm_str layouts, tm_hash *id, tm_err *err)
{
    tm_arena mem = {0};
    tm_batch b;
    tm_layout_set set;
    TM_TRY(tm_layouts_named(layouts, &set, err));
    tm_batch_init(&b, &mem);
    tm_read_rules rules = {.layouts = &set};
    tm_status status = scan_one(&b, raw, &rules, err);
    if (status == TM_OK && !tm_record_id(&b, &set, 0, id))
        status = tm_fail_memory(err, "a record", raw.n);
    tm_batch_release(&b);
    tm_arena_release(&mem);
    return status;
}

static tm_status look_up(tm_batch *b, tm_str raw, tm_str part, tm_field *out, tm_err *err)
{
    tm_fieldpath *path;
    tm_read_rules rules = {.binding = TM_BIND_NEVER};
    TM_TRY(scan_one(b, raw, &rules, err));
    *out = (tm_field){0};
    if (b->fate[0] != TM_LIVE || tm_fieldpath_compile(b->mem, part, &path, NULL) != TM_OK)
        return TM_OK;
    return tm_field_get(b, 0, path, out) ? TM_OK : tm_fail_memory(err, "a text", raw.n);
}

tm_status tm_quote_text(tm_str raw, tm_str part, bool *there, tm_buf *out, tm_err *err)
{
    tm_arena mem = {0};
    tm_batch b;
    tm_field field;
    tm_batch_init(&b, &mem);
    tm_status status = look_up(&b, raw, part, &field, err);
    *there = status == TM_OK && field.kind == TM_JSON_STRING && field.text.p;
    if (*there) tm_buf_str(out, field.text);
    tm_batch_release(&b);
    tm_arena_release(&mem);
    return status == TM_OK ? tm_buf_ok(out, err) : status;
}

tm_status tm_quote(tm_str raw, tm_str part, uint64_t at, uint64_t bytes, tm_buf *out, tm_err *err)
{
    tm_buf text = {0};
    bool there;
    tm_status status = tm_quote_text(raw, part, &there, &text, err);
    if (status == TM_OK && at <= text.n && bytes <= text.n - at)
        tm_buf_str(out, tm_str_slice(tm_buf_view(&text), (size_t)at, (size_t)(at + bytes)));
    tm_buf_release(&text);
    return status == TM_OK ? tm_buf_ok(out, err) : status;
}
