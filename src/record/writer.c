/* Writing a record as it is now: one walk over the raw bytes.
 *
 * What no splice touches is copied as it stands, so key order, spacing, the spelling of numbers,
 * escapes, unknown fields and duplicate keys come out as they came in. Without a change the raw
 * bytes are appended whole. */
#include "record/splices.h"

bool tm_record_changed(const tm_batch *b, uint32_t record)
{
    if (b->first_patch[record] != TM_NONE) return true;
    for (uint32_t i = b->first_part[record]; i < b->first_part[record + 1]; i++)
        if (b->part[i].first_edit != TM_NONE && !(b->part[i].flags & TM_PART_GONE)) return true;
    return false;
}

tm_status tm_record_write(tm_batch *b, uint32_t record, tm_buf *out, tm_err *err)
{
    tm_str raw = b->raw[record];
    if (TM_LIKELY(!tm_record_changed(b, record))) {
        tm_buf_str(out, raw);
        return tm_buf_ok(out, err);
    }
    tm_arena_mark here = tm_arena_here(b->mem);
    tm_raw_splices splices;
    tm_status status = tm_splices_of(b, record, &splices, err);
    size_t at = 0;
    for (uint32_t i = 0; status == TM_OK && i < splices.count; i++) {
        const tm_raw_splice *s = &splices.item[i];
        tm_buf_add(out, raw.p + at, s->at - at);
        tm_buf_str(out, s->put);
        at = (size_t)s->at + s->cut;
    }
    if (status == TM_OK) {
        tm_buf_add(out, raw.p + at, raw.n - at);
        status = tm_buf_ok(out, err);
    }
    tm_arena_rewind(b->mem, here);
    return status;
}

tm_status tm_patch_add(tm_batch *b, uint32_t record, uint32_t at, uint32_t cut, tm_str put,
                       tm_str path, uint16_t step, uint16_t rule, tm_err *err)
{
    TM_ASSERT((uint64_t)at + cut <= b->raw[record].n);
    tm_str kept = tm_arena_str(b->mem, put), name = tm_arena_str(b->mem, path);
    if (!kept.p || !name.p) return tm_fail_memory(err, "a patch", put.n);
    for (uint32_t i = b->first_patch[record], next; path.n && i != TM_NONE; i = next) {
        next = b->patch[i].next;
        if (tm_str_eq(b->patch[i].path, path)) tm_patch_drop(b, record, i);
    }
    return tm_patch_link(b, record, at, cut, kept, name, step, rule, err);
}
