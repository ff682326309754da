/* Looking a field up in a record as it is now.
 *
 * Most records are unchanged when a field is read, or changed elsewhere: then the path is followed
 * through the nodes of the raw bytes. A text that steps have edited answers with its text as it is
 * now. Only where a change lies inside or around what the path leads to is the record written out,
 * scanned and searched again. That is slow (as slow as reading it once more) and always right. */
#include "record/field.h"

#include "record/part_codec.h"

tm_status tm_record_now(tm_batch *b, uint32_t record, tm_str *text, uint32_t *top, tm_err *err)
{
    tm_buf out = {0};
    tm_status status = tm_record_write(b, record, &out, err);
    if (status == TM_OK) {
        *text = tm_arena_str(b->mem, tm_buf_view(&out));
        if (!text->p) status = tm_fail_memory(err, "a record", out.n);
    }
    tm_buf_release(&out);
    TM_TRY(status);
    *top = b->json.nodes;
    tm_json_limits limits = {.depth = TM_ANY_DEPTH, .append = true};
    if (tm_json_scan(&b->json, text->p, text->n, 0, limits)) return TM_OK;
    b->json.nodes = *top;
    TM_ASSERT(b->json.trouble == TM_JSON_MEMORY); /* else a patch has broken the record */
    return tm_fail_memory(err, "the index of a record", text->n);
}

uint32_t tm_part_at(const tm_batch *b, uint32_t record, uint32_t at, uint32_t bytes)
{
    for (uint32_t i = b->first_part[record]; i < b->first_part[record + 1]; i++) {
        const tm_part *p = &b->part[i];
        if (p->raw_at == at && p->raw_bytes == bytes && p->present == TM_IS_TEXT) return i;
    }
    return TM_NONE;
}

static bool fill(tm_batch *b, const tm_where *w, tm_field *out)
{
    const tm_json_node *v = &b->json.node[w->node];
    *out = (tm_field){.present = v->kind == TM_JSON_NULL ? TM_IS_NULL : TM_IS_TEXT,
                      .kind = v->kind,
                      .raw = tm_json_raw(b->json.node, w->text.p, w->node)};
    if (v->kind == TM_JSON_ARRAY || v->kind == TM_JSON_OBJECT)
        out->count = tm_json_count(b->json.node, w->node);
    if (v->kind != TM_JSON_STRING) return true;
    out->text = tm_json_inside(b->json.node, w->text.p, w->node);
    if (v->flags & TM_JSON_ESCAPED) out->text = tm_codec_decode(b->mem, out->text, 1);
    return out->text.p != NULL;
}

/* Raw span of the value, or of the outermost string it lies in. */
static void raw_span(const tm_batch *b, const tm_where *w, uint32_t *at, uint32_t *end)
{
    const tm_frame *frame = w->frame;
    if (!frame) {
        *at = b->json.node[w->node].at;
        *end = b->json.node[w->node].end;
        return;
    }
    while (frame->outer) frame = frame->outer;
    *at = frame->at;
    *end = frame->at + (uint32_t)frame->encoded.n;
}

static bool patched_inside(const tm_batch *b, uint32_t record, uint32_t at, uint32_t end)
{
    for (uint32_t i = b->first_patch[record]; i != TM_NONE; i = b->patch[i].next) {
        const tm_patch *p = &b->patch[i];
        if (p->at < end && p->at + p->cut > at) return true;
        if (!p->cut && p->at > at && p->at < end) return true;
    }
    return false;
}

static bool edited_inside(const tm_batch *b, uint32_t record, uint32_t at, uint32_t end)
{
    for (uint32_t i = b->first_part[record]; i < b->first_part[record + 1]; i++) {
        const tm_part *p = &b->part[i];
        uint32_t edit = p->flags & TM_PART_COPY ? b->part[p->twin].first_edit : p->first_edit;
        if (edit != TM_NONE && p->raw_at < end && p->raw_at + p->raw_bytes >= at) return true;
    }
    return false;
}

/* A part's text as it is now, with its JSON. */
static bool fill_part(tm_batch *b, uint32_t part, tm_field *out)
{
    tm_buf json = {0};
    if (b->part[part].flags & TM_PART_COPY) part = b->part[part].twin;
    if (!tm_part_text(b, part, &out->text)) return false;
    tm_codec_quote(&json, out->text);
    out->raw = json.failed ? (tm_str){0} : tm_arena_str(b->mem, tm_buf_view(&json));
    tm_buf_release(&json);
    out->present = TM_IS_TEXT;
    out->kind = TM_JSON_STRING;
    return out->raw.p != NULL;
}

static bool get_slowly(tm_batch *b, uint32_t record, const tm_fieldpath *path, uint32_t steps,
                       tm_field *out)
{
    tm_where w;
    tm_str text;
    uint32_t top;
    if (tm_record_now(b, record, &text, &top, NULL) != TM_OK) return false;
    if (!tm_path_walk(b, text, top, path, &w)) return false;
    return w.steps < steps || fill(b, &w, out);
}

static bool get(tm_batch *b, uint32_t record, const tm_fieldpath *path, tm_field *out)
{
    const tm_step *step;
    uint32_t steps = tm_fieldpath_steps(path, &step), at, end;
    bool patched = b->first_patch[record] != TM_NONE;
    tm_where w;
    if (!tm_path_walk(b, b->raw[record], b->top[record], path, &w)) return false;
    bool found = w.steps == steps;
    if (!tm_record_changed(b, record)) return !found || fill(b, &w, out);
    raw_span(b, &w, &at, &end);
    if (patched) {
        if (!found || tm_fieldpath_indexed(path) || patched_inside(b, record, at, end))
            return get_slowly(b, record, path, steps, out);
    }
    if (!edited_inside(b, record, at, end)) return !found || fill(b, &w, out);
    if (found && !w.frame && b->json.node[w.node].kind == TM_JSON_STRING) {
        uint32_t part = tm_part_at(b, record, at + 1, end - at - 2);
        if (part != TM_NONE) return fill_part(b, part, out);
    }
    return get_slowly(b, record, path, steps, out);
}

bool tm_field_get(tm_batch *b, uint32_t record, const tm_fieldpath *path, tm_field *out)
{
    *out = (tm_field){.present = TM_ABSENT};
    if (b->top[record] == TM_NONE) return true;
    uint32_t nodes = b->json.nodes;
    bool well = get(b, record, path, out);
    b->json.nodes = nodes;
    return well;
}
