/* The binder: where every layout puts the turns and parts of a record.
 *
 * A part is written once, completely, straight into the batch. A text without escapes is set at
 * once (it is a slice of the raw bytes); one with escapes waits until someone asks for it. For JSON
 * inside strings the frame says where the raw bytes are and how many codecs lie around the
 * value. */
#include "record/layout_bind.h"

#include "base/vec.h"

bool tm_node_is_chat(const tm_doc *doc, uint32_t node)
{
    if (doc->node[node].kind != TM_JSON_ARRAY) return false;
    uint32_t first = tm_json_first(doc->node, node);
    return first == TM_NONE || doc->node[first].kind == TM_JSON_OBJECT;
}

bool tm_is_chat(const tm_doc *doc, tm_key k)
{
    return tm_has(doc, k) && tm_node_is_chat(doc, doc->keys->value[k]);
}

tm_status tm_bind_turn(tm_binder *to, const tm_doc *doc, tm_role role, uint16_t answer,
                       uint32_t node, tm_err *err)
{
    tm_batch *b = to->b;
    if (!TM_ROOM(b->mem, b->turn, b->turns, b->turn_room, 1))
        return tm_fail_memory(err, "the turns of a batch", sizeof(tm_turn));
    b->turn[b->turns++] = (tm_turn){.role = (uint8_t)role,
                                    .answer = answer,
                                    .node = doc->frame ? TM_NONE : node,
                                    .first_part = b->parts};
    to->turns[TM_MIN(answer, 2)]++;
    if (role == TM_USER && answer == 0) to->last_user = b->parts;
    return TM_OK;
}

/* A new part of the current turn with what all parts have in common; NULL: *status says why. */
static tm_part *new_part(tm_binder *to, tm_part_kind kind, uint8_t flags, tm_status *status,
                         tm_err *err)
{
    tm_batch *b = to->b;
    if (b->parts - b->first_part[to->record] >= to->max_parts) {
        to->over = true;
        *status = TM_ELIMIT;
        return NULL;
    }
    if (!TM_ROOM(b->mem, b->part, b->parts, b->part_room, 1)) {
        *status = tm_fail_memory(err, "the parts of a batch", sizeof(tm_part));
        return NULL;
    }
    tm_turn *turn = &b->turn[b->turns - 1];
    uint32_t index = b->parts++, number = to->turns[TM_MIN(turn->answer, 2)] - 1;
    tm_part *p = &b->part[index];
    *p = (tm_part){.role = turn->role,
                   .kind = (uint8_t)kind,
                   .flags = turn->answer ? flags | TM_PART_RESPONSE : flags,
                   .turn = (uint16_t)TM_MIN(number, UINT16_MAX),
                   .answer = turn->answer,
                   .record = to->record,
                   .key_at = TM_NONE,
                   .first_edit = TM_NONE,
                   .twin = TM_NONE};
    turn->parts++;
    if (turn->role == TM_USER && turn->answer == 0) to->last_user = b->parts;
    if (TM_UNLIKELY(to->copy_from != TM_NONE)) {
        p->flags = (uint8_t)((p->flags | TM_PART_COPY) & ~TM_PART_RESPONSE);
        p->answer = 0;
        p->twin = to->copy_from++;
    }
    return p;
}

static uint32_t raw_place(const tm_doc *doc, uint32_t at)
{
    return TM_LIKELY(!doc->frame) ? at : tm_frame_raw(doc->frame, at);
}

/* Sets the raw span and the codec stack of doc text [at, end); `own`: layers of the value
 * itself. */
static void set_span(tm_part *p, const tm_doc *doc, uint32_t at, uint32_t end, unsigned own)
{
    p->raw_at = raw_place(doc, at);
    p->raw_bytes = raw_place(doc, end) - p->raw_at;
    unsigned layers = own + (doc->frame ? doc->frame->depth : 0);
    for (unsigned i = 0; i < layers; i++) p->codecs[i] = TM_CODEC_JSON_STRING;
}

tm_status tm_bind_value(tm_binder *to, const tm_doc *doc, uint32_t key, uint32_t value,
                        tm_part_kind kind, uint8_t flags, tm_err *err)
{
    const tm_json_node *v = &doc->node[value];
    tm_status status = TM_OK;
    tm_part *p = new_part(to, kind, flags, &status, err);
    if (!p) return status;
    if (key != TM_NONE) p->key_at = raw_place(doc, doc->node[key].at);
    if (TM_LIKELY(v->kind == TM_JSON_STRING && !(flags & TM_PART_NOT_TEXT))) {
        p->present = TM_IS_TEXT;
        set_span(p, doc, v->at + 1, v->end - 1, 1);
        if (!(v->flags & TM_JSON_ESCAPED))
            p->as_read = p->text = (tm_str){doc->raw.p + v->at + 1, v->end - v->at - 2};
        return TM_OK;
    }
    p->present = v->kind == TM_JSON_NULL ? TM_IS_NULL : TM_WRONG_TYPE;
    if (flags & TM_PART_NOT_TEXT) p->present = TM_IS_TEXT;
    set_span(p, doc, v->at, v->end, 0);
    return TM_OK;
}

tm_status tm_bind_json(tm_binder *to, const tm_doc *doc, uint32_t key, uint32_t value,
                       tm_part_kind kind, tm_err *err)
{
    const tm_json_node *v = &doc->node[value];
    tm_status status = TM_OK;
    tm_part *p = new_part(to, kind, TM_PART_JSON, &status, err);
    if (!p) return status;
    if (key != TM_NONE) p->key_at = raw_place(doc, doc->node[key].at);
    p->present = TM_IS_TEXT;
    set_span(p, doc, v->at, v->end, 0);
    p->as_read = p->text = tm_json_raw(doc->node, doc->raw.p, value);
    return TM_OK;
}

tm_status tm_bind_absent(tm_binder *to, const tm_doc *doc, uint32_t object, tm_part_kind kind,
                         tm_err *err)
{
    tm_status status = TM_OK;
    tm_part *p = new_part(to, kind, 0, &status, err);
    if (!p) return status;
    p->present = TM_ABSENT;
    set_span(p, doc, doc->node[object].at, doc->node[object].at, 0);
    return TM_OK;
}

tm_status tm_bind_name(tm_binder *to, const tm_doc *doc, uint32_t value, tm_err *err)
{
    if (value == TM_NONE || doc->node[value].kind != TM_JSON_STRING) return TM_OK;
    tm_batch *b = to->b;
    tm_str inside = tm_json_inside(doc->node, doc->raw.p, value);
    if (doc->node[value].flags & TM_JSON_ESCAPED) {
        char *text = tm_arena_alloc(b->mem, inside.n, 1);
        if (!text) return tm_fail_memory(err, "the name of a function", inside.n);
        inside = (tm_str){text, tm_json_unescape_to(inside, text)};
    }
    b->part[b->parts - 1].name = inside;
    return TM_OK;
}

tm_status tm_bind_slot(tm_binder *to, const tm_doc *doc, tm_key k, tm_role role, uint16_t answer,
                       tm_err *err)
{
    if (!tm_has(doc, k)) return TM_OK;
    TM_TRY(tm_bind_turn(to, doc, role, answer, TM_NONE, err));
    return tm_bind_value(to, doc, doc->keys->key[k], doc->keys->value[k], TM_CONTENT, 0, err);
}

tm_status tm_bind_any(tm_binder *to, const tm_doc *doc, uint32_t key, uint32_t value, tm_role role,
                      uint16_t answer, tm_err *err)
{
    if (tm_node_is_chat(doc, value)) return tm_bind_chat(to, doc, value, answer, err);
    if (doc->node[value].kind == TM_JSON_OBJECT)
        return tm_bind_message(to, doc, value, answer, err);
    TM_TRY(tm_bind_turn(to, doc, role, answer, TM_NONE, err));
    return tm_bind_value(to, doc, key, value, TM_CONTENT, 0, err);
}

void tm_bind_trained(tm_binder *to)
{
    tm_batch *b = to->b;
    for (uint32_t i = to->last_user; i < b->parts; i++) {
        tm_part *p = &b->part[i];
        if (p->answer == 0 && (p->role == TM_ASSISTANT || p->role == TM_TOOL))
            p->flags |= TM_PART_RESPONSE;
    }
}
