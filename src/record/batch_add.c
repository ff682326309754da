/* Adding a record: scan, choose the layout, bind the parts. The hot path of reading.
 *
 * One pass of the scanner validates and indexes; one pass over the top keys tells which known keys
 * are there; the layouts of the set are asked in order (each a few bit tests); the one that fits
 * binds its parts straight into the batch. Nothing is allocated on the heap once the batch has its
 * size. A record that fails on the way leaves no parts, turns or nodes behind, only its trouble. */
#include "base/vec.h"
#include "record/batch_room.h"
#include "record/layout_bind.h"
#include "record/trouble.h"
#include "text/utf8.h"

#include <math.h>

tm_status tm_batch_begin(tm_batch *b, tm_rid rid, uint64_t line, tm_str raw, tm_err *err)
{
    uint32_t r = b->records;
    if (TM_UNLIKELY(r == b->record_room) && !tm_batch_room(b, 2 * r))
        return tm_fail_memory(err, "a batch", r);
    b->rid[r] = rid;
    b->id[r] = (tm_id){0, 0};
    b->raw[r] = raw;
    b->line[r] = line;
    b->top[r] = TM_NONE;
    b->layout[r] = UINT16_MAX;
    b->kind[r] = TM_SFT;
    b->label[r] = (tm_str){0};
    b->first_patch[r] = TM_NONE;
    b->fate[r] = TM_LIVE;
    b->reason[r] = (tm_reason){TM_NO_STEP, 0, (double)NAN, {0, 0}, false};
    b->route[r] = 0;
    b->copies[r] = 1;
    b->order[r] = 0;
    b->trouble[r] = (tm_trouble){0};
    b->decision[r] = NULL;
    return TM_OK;
}

static bool scan(tm_batch *b, const tm_read_rules *rules, tm_str raw, bool ascii, size_t slack)
{
    tm_json_limits limits = {.depth = rules->max_depth, .known_ascii = ascii, .append = true};
    return tm_json_scan(&b->json, raw.p, raw.n, slack, limits);
}

/* A copy of the record with U+FFFD for what is not UTF-8. */
static tm_status repair(tm_batch *b, uint32_t r, bool wide, uint32_t *replaced, tm_err *err)
{
    tm_buf_clear(&b->scratch);
    size_t count =
        wide ? tm_utf8_repair_wide(b->raw[r], &b->scratch) : tm_utf8_repair(b->raw[r], &b->scratch);
    TM_TRY(tm_buf_ok(&b->scratch, err));
    tm_str copy = tm_arena_str(b->mem, tm_buf_view(&b->scratch));
    if (!copy.p) return tm_fail_memory(err, "a repaired record", b->scratch.n);
    b->raw[r] = copy;
    if (replaced) *replaced = (uint32_t)TM_MIN(count, UINT32_MAX);
    return TM_OK;
}

static tm_status bind_layout(tm_binder *to, const tm_read_rules *rules, const tm_doc *doc,
                             bool *fits, tm_err *err)
{
    const tm_layout_set *set = rules->layouts;
    tm_batch *b = to->b;
    uint32_t r = to->record;
    *fits = false;
    for (uint32_t i = 0; i < set->count; i++) {
        const tm_layout *layout = set->layout[i];
        if (layout == &tm_layout_map) {
            if (!set->mapping) continue;
            TM_TRY(tm_map_bind(to, doc->raw, doc->top, fits, err));
            b->kind[r] = (uint8_t)tm_mapping_kind(set->mapping);
        } else if (layout->fits(doc)) {
            *fits = true;
            b->kind[r] = (uint8_t)layout->kind;
            TM_TRY(tm_bind_labels(b, r, layout, doc, err));
            TM_TRY(layout->bind(to, doc, err));
        }
        if (!*fits) continue;
        b->layout[r] = (uint16_t)i;
        return TM_OK;
    }
    return TM_OK;
}

static tm_status bind_record(tm_batch *b, uint32_t r, const tm_read_rules *rules, tm_err *err)
{
    tm_keys keys;
    tm_doc doc = {.raw = b->raw[r], .node = b->json.node, .top = b->top[r], .keys = &keys};
    bool must = rules->binding == TM_BIND_ALWAYS;
    if (doc.node[doc.top].kind != TM_JSON_OBJECT)
        return must ? tm_trouble_not_object(b, r, &doc, err) : TM_OK;
    tm_keys_collect(&doc, &keys);
    tm_binder to = {.b = b,
                    .mapping = rules->layouts->mapping,
                    .record = r,
                    .max_parts = rules->max_parts ? rules->max_parts : TM_PARTS_MAX,
                    .last_user = b->parts,
                    .copy_from = TM_NONE};
    bool fits;
    tm_status status = bind_layout(&to, rules, &doc, &fits, err);
    if (status == TM_OK && fits) return TM_OK;
    b->parts = b->first_part[r];
    b->turns = b->first_turn[r];
    b->layout[r] = UINT16_MAX;
    b->label[r] = (tm_str){0};
    if (to.over) return must ? tm_trouble_parts(b, r, to.max_parts, err) : TM_OK;
    TM_TRY(status);
    if (!must) return TM_OK;
    doc.node = b->json.node; /* a mapping may have moved it */
    return tm_trouble_no_layout(b, r, &doc, rules->layouts, err);
}

void tm_batch_end(tm_batch *b)
{
    uint32_t r = ++b->records;
    b->first_part[r] = b->parts;
    b->first_turn[r] = b->turns;
}

tm_status tm_batch_add(tm_batch *b, const tm_read_rules *rules, tm_rid rid, uint64_t line,
                       tm_str raw, bool known_ascii, size_t slack, uint32_t *replaced, tm_err *err)
{
    uint32_t r = b->records, nodes = b->json.nodes;
    TM_ASSERT(raw.n < UINT32_MAX - 64);
    if (replaced) *replaced = 0;
    TM_TRY(tm_batch_begin(b, rid, line, raw, err));
    bool well = scan(b, rules, raw, known_ascii, slack);
    if (TM_UNLIKELY(!well) && b->json.trouble == TM_JSON_UTF8 && rules->replace_utf8) {
        TM_TRY(repair(b, r, rules->wide, replaced, err));
        b->json.nodes = nodes;
        well = scan(b, rules, b->raw[r], false, 0);
    }
    tm_status status = TM_OK;
    if (TM_LIKELY(well)) {
        b->top[r] = nodes;
        if (rules->binding != TM_BIND_NEVER) status = bind_record(b, r, rules, err);
    } else if (b->json.trouble == TM_JSON_MEMORY) {
        status = tm_fail_memory(err, "the index of a record", raw.n);
    } else {
        status = tm_trouble_json(b, r, rules->wide, err);
    }
    if (b->fate[r] == TM_UNREADABLE || status != TM_OK) b->json.nodes = nodes, b->top[r] = TM_NONE;
    TM_TRY(status);
    tm_batch_end(b);
    return TM_OK;
}

tm_status tm_batch_refuse(tm_batch *b, tm_rid rid, uint64_t line, tm_str raw, tm_str sentence,
                          tm_err *err)
{
    uint32_t r = b->records;
    TM_TRY(tm_batch_begin(b, rid, line, raw, err));
    TM_TRY(tm_trouble_memory(b, r, sentence, err));
    tm_batch_end(b);
    return TM_OK;
}
