/* The record as it is now is written out, read once more on the side, and compared with what steps
 * see: part by part, with the texts that steps have edited. Slow, and asked only of records whose
 * change touches a key that a layout or a mapping reads. */
#include "record/reread.h"

#include "record/layout_bind.h"
#include "record/part_codec.h"

bool tm_field_is_read(const tm_batch *b, uint32_t record, const tm_layout_set *set,
                      const tm_fieldpath *path)
{
    const tm_step *step;
    if (b->layout[record] >= set->count) return false;
    if (!tm_fieldpath_steps(path, &step) || !step[0].key.p) return false;
    if (set->mapping) return tm_map_reads(set->mapping, step[0].key);
    return tm_is_known_key(step[0].key);
}

static tm_status read_now(tm_batch *b, uint32_t record, const tm_layout_set *set, tm_reread *own,
                          tm_err *err)
{
    tm_buf now = {0};
    tm_read_rules rules = {
        .layouts = set, .max_depth = UINT16_MAX, .max_parts = UINT32_MAX, .binding = TM_BIND_FOUND};
    if (!own->begun) tm_batch_init(&own->batch, &own->mem);
    own->begun = true;
    tm_arena_reset(&own->mem);
    TM_TRY(tm_batch_reset(&own->batch, 1, NULL, 0, err));
    tm_status status = tm_record_write(b, record, &now, err);
    tm_str copy = tm_arena_str(&own->mem, tm_buf_view(&now));
    if (status == TM_OK && !copy.p) status = tm_fail_memory(err, "a record", now.n);
    if (status == TM_OK)
        status = tm_batch_add(&own->batch, &rules, (tm_rid){0}, 1, copy, false, 0, NULL, err);
    tm_buf_release(&now);
    return status;
}

static tm_status text_of(tm_batch *b, uint32_t part, tm_str *out, tm_err *err)
{
    const tm_part *p = &b->part[part];
    *out = (tm_str){0};
    if (p->present == TM_ABSENT || p->present == TM_IS_NULL) return TM_OK;
    if (!tm_part_is_text(p)) {
        *out = tm_part_other(b, part);
        return TM_OK;
    }
    return tm_part_text(b, part, out) ? TM_OK : tm_fail_memory(err, "a text", 0);
}

static tm_status are_alike(tm_batch *b, uint32_t part, tm_batch *now, uint32_t other, bool *alike,
                           tm_err *err)
{
    const tm_part *p = &b->part[part], *q = &now->part[other];
    const uint8_t told = TM_PART_RESPONSE | TM_PART_COPY | TM_PART_JSON | TM_PART_NOT_TEXT;
    tm_str text, text_now;
    *alike = p->role == q->role && p->kind == q->kind && p->answer == q->answer &&
             p->turn == q->turn && p->present == q->present && !((p->flags ^ q->flags) & told) &&
             tm_str_eq(p->name, q->name);
    if (!*alike) return TM_OK;
    TM_TRY(text_of(b, part, &text, err));
    TM_TRY(text_of(now, other, &text_now, err));
    *alike = tm_str_eq(text, text_now);
    return TM_OK;
}

/* What a message calls its role: two words for one role are two things to check.record. */
static tm_str role_word(const tm_batch *b, uint32_t record, uint32_t turn)
{
    static const char *const KEYS[] = {"role", "from"};
    uint32_t node = b->turn[turn].node, value = TM_NONE;
    tm_str raw = b->raw[record];
    for (size_t k = 0; node != TM_NONE && value == TM_NONE && k < TM_COUNT(KEYS); k++)
        value = tm_json_get(b->json.node, raw.p, node, tm_str_of(KEYS[k]));
    return value == TM_NONE ? (tm_str){0} : tm_json_raw(b->json.node, raw.p, value);
}

static bool same_roles(const tm_batch *b, uint32_t record, const tm_batch *now)
{
    uint32_t first = b->first_turn[record], turns = b->first_turn[record + 1] - first;
    bool same = true;
    for (uint32_t t = 0; same && t < turns && turns == now->turns; t++)
        same = tm_str_eq(role_word(b, record, first + t), role_word(now, 0, t));
    return same;
}

tm_status tm_record_reread(tm_batch *b, uint32_t record, const tm_layout_set *set, tm_reread *own,
                           bool *otherwise, tm_err *err)
{
    TM_TRY(read_now(b, record, set, own, err));
    tm_batch *now = &own->batch;
    uint32_t other = 0;
    bool alike = now->fate[0] == TM_LIVE && now->layout[0] == b->layout[record] &&
                 same_roles(b, record, now);
    for (uint32_t p = b->first_part[record]; alike && p < b->first_part[record + 1]; p++) {
        if (b->part[p].flags & TM_PART_GONE) continue;
        alike = other < now->parts;
        if (alike) TM_TRY(are_alike(b, p, now, other++, &alike, err));
    }
    *otherwise = !alike || other != now->parts;
    return TM_OK;
}

void tm_reread_end(tm_reread *own)
{
    if (own->begun) tm_batch_release(&own->batch);
    tm_arena_release(&own->mem);
    *own = (tm_reread){0};
}
