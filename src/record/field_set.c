/* Setting and removing fields: one patch each.
 *
 * In a record without patches the place is found in the nodes of the raw bytes. In a record that
 * has some, the record is written out as it is now, the place is found there, and the change is
 * composed with the patches it touches, as edits of a text are (edit.c): a run of changes that
 * touch becomes one patch whose ends are known in raw coordinates. So a second field set in an
 * object that the first one made, or a second key appended at the same brace, simply works.
 *
 * A text that is a part is changed as a part (later steps see it); a patch that replaces a value
 * with parts inside makes them gone. New keys go to the end of their object, separated as the
 * members before them are. A place inside a string that holds JSON is reached through its frames,
 * unless that string is itself a part: then the change is blocked, for two writers of one span
 * cannot agree. */
#include "record/field.h"

#include "record/part_codec.h"

typedef struct place { /* a change of one text: the record or a frame's */
    tm_where where;
    uint32_t at, cut;
    tm_str put;
    bool blocked, found;
} place;

typedef struct setter {
    tm_batch *b;
    uint32_t record;
    const tm_fieldpath *path;
    uint16_t step;
    tm_str text; /* the record as it is now, or raw */
    uint32_t top;
    tm_raw_splices splices; /* empty when text is raw */
    tm_err *err;
} setter;

/* What stands between two members of this object, and between key and value. */
static void style_of(const tm_json_node *node, const char *raw, uint32_t object, tm_str *comma,
                     tm_str *colon)
{
    uint32_t first = tm_json_first(node, object);
    if (first == TM_NONE || node[object].kind != TM_JSON_OBJECT) return;
    uint32_t second = tm_json_after(node, object, first);
    *colon = (tm_str){raw + node[first].end, node[first + 1].at - node[first].end};
    if (second != TM_NONE)
        *comma = (tm_str){raw + node[first + 1].end, node[second].at - node[first + 1].end};
    else
        *comma = colon->n > 1 ? TM_STR(", ") : TM_STR(",");
}

static uint32_t last_value(const tm_json_node *node, uint32_t object)
{
    uint32_t last = TM_NONE;
    for (uint32_t k = tm_json_first(node, object); k != TM_NONE; k = tm_json_after(node, object, k))
        last = k + 1;
    return last;
}

/* The member to append: its key, objects for the steps below, the value. */
static tm_status new_member(setter *s, place *p, const tm_step *step, uint32_t steps, tm_str json)
{
    const tm_json_node *node = s->b->json.node;
    tm_str comma = TM_STR(", "), colon = TM_STR(": ");
    tm_buf out = {0};
    style_of(node, s->text.p, s->top, &comma, &colon);
    if (p->where.frame) style_of(node, p->where.text.p, p->where.top, &comma, &colon);
    if (memchr(comma.p, '\n', comma.n)) comma = TM_STR(", "); /* its indent is another object's */
    style_of(node, p->where.text.p, p->where.node, &comma, &colon);
    uint32_t last = last_value(node, p->where.node);
    p->at = last == TM_NONE ? node[p->where.node].at + 1 : node[last].end;
    p->cut = 0;
    if (last != TM_NONE) tm_buf_str(&out, comma);
    for (uint32_t i = 0; i < steps; i++) {
        if (i) tm_buf_char(&out, '{');
        tm_codec_quote(&out, step[i].key);
        tm_buf_str(&out, colon);
    }
    tm_buf_str(&out, json);
    for (uint32_t i = 1; i < steps; i++) tm_buf_char(&out, '}');
    tm_status status = tm_buf_ok(&out, s->err);
    if (status == TM_OK) {
        p->put = tm_arena_str(s->b->mem, tm_buf_view(&out));
        if (!p->put.p) status = tm_fail_memory(s->err, "a field", out.n);
    }
    tm_buf_release(&out);
    return status;
}

static tm_status find_set(setter *s, tm_str json, place *p)
{
    const tm_step *step;
    uint32_t steps = tm_fieldpath_steps(s->path, &step);
    *p = (place){.put = json, .blocked = steps == 0};
    if (!tm_path_walk(s->b, s->text, s->top, s->path, &p->where))
        return tm_fail_memory(s->err, "a record", s->text.n);
    if (p->blocked) return TM_OK;
    const tm_json_node *v = &s->b->json.node[p->where.node];
    p->found = p->where.steps == steps;
    if (p->found) {
        p->at = v->at;
        p->cut = v->end - v->at;
        return TM_OK;
    }
    p->blocked = v->kind != TM_JSON_OBJECT;
    for (uint32_t i = p->where.steps; i < steps; i++) p->blocked |= !step[i].key.p;
    if (p->blocked) return TM_OK;
    return new_member(s, p, step + p->where.steps, steps - p->where.steps, json);
}

/* Place number `nth` of those the path leads to; *places: how many there are at least. */
static tm_status find_remove(setter *s, uint32_t nth, uint32_t *places, place *p)
{
    *p = (place){.found = false};
    if (!tm_path_nth(s->b, s->text, s->top, s->path, nth, places, &p->where))
        return tm_fail_memory(s->err, "a record", s->text.n);
    p->found = p->where.steps && *places > nth;
    if (!p->found) return TM_OK;
    const tm_json_node *node = s->b->json.node;
    uint32_t v = p->where.node, parent = p->where.parent;
    uint32_t first = p->where.key != TM_NONE ? p->where.key : v, before = TM_NONE;
    p->at = node[first].at;
    uint32_t end = node[v].end;
    if (node[v].next < node[parent].next) {
        end = node[node[v].next].at;
    } else {
        for (uint32_t k = parent + 1; k < first; k = node[k].next) before = k;
        if (before != TM_NONE) p->at = node[before].end;
    }
    p->cut = end - p->at;
    return TM_OK;
}

/* From the frame's text to the record's. */
static bool lift_place(setter *s, place *p)
{
    const tm_frame *frame = p->where.frame;
    if (!frame) return true;
    uint32_t end = tm_frame_raw(frame, p->at + p->cut);
    p->at = tm_frame_raw(frame, p->at);
    p->cut = end - p->at;
    for (uint32_t i = 0; i < frame->depth && p->put.n; i++) {
        p->put = tm_codec_escape(s->b->mem, p->put);
        if (!p->put.p) return false;
    }
    return true;
}

/* Composes the change [at, at + cut) of the text as it is now with the patches it touches. */
static tm_status compose(setter *s, const place *p, tm_field_change *out)
{
    tm_batch *b = s->b;
    const tm_raw_splices *all = &s->splices;
    int64_t from = p->at, to = (int64_t)p->at + p->cut, before = 0, grown = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        const tm_raw_splice *x = &all->item[i];
        int64_t at = x->at + grown, end = at + (int64_t)x->put.n;
        bool patch = x->patch != TM_NONE;
        if (at > to || (at == to && !patch)) break;
        bool touches = patch ? end >= from : end > from;
        grown += (int64_t)x->put.n - x->cut;
        if (!touches) {
            before = grown;
            continue;
        }
        from = TM_MIN(from, at);
        to = TM_MAX(to, end);
        if (patch) tm_patch_drop(b, s->record, x->patch);
    }
    size_t head = (size_t)(p->at - from), tail = (size_t)(to - p->at - p->cut);
    char *put = tm_arena_alloc(b->mem, head + p->put.n + tail + 1, 1);
    tm_str path = tm_arena_str(b->mem, tm_fieldpath_text(s->path));
    if (!put || !path.p) return tm_fail_memory(s->err, "a patch", p->put.n);
    if (head) memcpy(put, s->text.p + from, head);
    if (p->put.n) memcpy(put + head, p->put.p, p->put.n);
    if (tail) memcpy(put + head + p->put.n, s->text.p + p->at + p->cut, tail);
    uint32_t at = (uint32_t)(from - before), end = (uint32_t)(to - grown);
    out->changed = true;
    out->at = at;
    return tm_patch_link(b, s->record, at, end - at, (tm_str){put, head + p->put.n + tail}, path,
                         s->step, 0, s->err);
}

/* True if a part's text surrounds the place: the string it lies in is itself a part. */
static bool inside_part(const setter *s, const place *p)
{
    uint32_t at = p->at;
    if (!p->where.frame) return false;
    if (!tm_splices_raw(&s->splices, at, &at)) return false;
    for (uint32_t i = s->b->first_part[s->record]; i < s->b->first_part[s->record + 1]; i++) {
        const tm_part *part = &s->b->part[i];
        if (part->flags & TM_PART_GONE || part->present != TM_IS_TEXT) continue;
        if (part->raw_at < at && at < part->raw_at + part->raw_bytes) return true;
    }
    return false;
}

static tm_status begin(setter *s)
{
    tm_batch *b = s->b;
    s->text = b->raw[s->record];
    s->top = b->top[s->record];
    s->splices = (tm_raw_splices){0};
    if (b->first_patch[s->record] == TM_NONE) return TM_OK;
    TM_TRY(tm_record_now(b, s->record, &s->text, &s->top, s->err));
    return tm_splices_of(b, s->record, &s->splices, s->err);
}

/* A text set to another text is an edit of its part. *done: it was one. */
static tm_status set_part(setter *s, const place *p, tm_str json, tm_field_change *out, bool *done)
{
    tm_batch *b = s->b;
    const tm_json_node *v = &b->json.node[p->where.node];
    uint32_t at, end, part = TM_NONE;
    *done = false;
    if (!p->found || v->kind != TM_JSON_STRING || json.n < 2 || json.p[0] != '"') return TM_OK;
    at = tm_frame_raw(p->where.frame, v->at + 1);
    end = tm_frame_raw(p->where.frame, v->end - 1);
    for (uint32_t i = b->first_part[s->record]; i < b->first_part[s->record + 1]; i++) {
        uint32_t raw;
        const tm_part *q = &b->part[i];
        if (q->flags & TM_PART_GONE || q->present != TM_IS_TEXT || !q->codecs[0]) continue;
        if (!s->splices.count)
            part = q->raw_at == at && q->raw_at + q->raw_bytes == end ? i : part;
        else if (tm_splices_raw(&s->splices, at, &raw) && q->raw_at == raw)
            part = i;
    }
    if (part == TM_NONE) return TM_OK;
    if (b->part[part].flags & TM_PART_COPY) return TM_OK;
    tm_str now, text = tm_codec_decode(b->mem, tm_str_slice(json, 1, json.n - 1), 1);
    if (!text.p || !tm_part_text(b, part, &now)) return tm_fail_memory(s->err, "a text", json.n);
    *done = true;
    tm_splice whole = {0, (uint32_t)now.n, text};
    out->changed = !tm_str_eq(now, text);
    out->at = b->part[part].raw_at;
    return tm_part_edit(b, part, &whole, 1, s->step, 0, s->err);
}

static tm_status set(setter *s, tm_str json, tm_field_change *out)
{
    place p;
    bool done;
    TM_TRY(begin(s));
    TM_TRY(find_set(s, json, &p));
    out->blocked = p.blocked;
    out->there = p.found;
    if (p.blocked) return TM_OK;
    if (p.found && tm_str_eq(tm_str_slice(p.where.text, p.at, p.at + p.cut), json)) return TM_OK;
    TM_TRY(set_part(s, &p, json, out, &done));
    if (done) return TM_OK;
    if (!lift_place(s, &p)) return tm_fail_memory(s->err, "a field", json.n);
    out->blocked = inside_part(s, &p);
    return out->blocked ? TM_OK : compose(s, &p, out);
}

tm_status tm_field_set(tm_batch *b, uint32_t record, const tm_fieldpath *path, tm_str json,
                       uint16_t step, tm_field_change *out, tm_err *err)
{
    setter s = {.b = b, .record = record, .path = path, .step = step, .err = err};
    *out = (tm_field_change){.blocked = b->top[record] == TM_NONE};
    if (out->blocked) return TM_OK;
    uint32_t nodes = b->json.nodes;
    tm_status status = set(&s, tm_str_trim(json), out);
    b->json.nodes = nodes;
    return status;
}

/* One of several places. The last goes first: that leaves the numbers of the others. */
static tm_status remove_place(setter *s, uint32_t nth, tm_field_change *out)
{
    place p;
    uint32_t places;
    TM_TRY(begin(s));
    TM_TRY(find_remove(s, nth, &places, &p));
    TM_ASSERT(p.found);
    if (!lift_place(s, &p)) return tm_fail_memory(s->err, "a field", 0);
    if (inside_part(s, &p)) {
        out->blocked = true;
        return TM_OK;
    }
    out->there = true;
    return compose(s, &p, out);
}

tm_status tm_field_remove(tm_batch *b, uint32_t record, const tm_fieldpath *path, uint16_t step,
                          tm_field_change *out, tm_err *err)
{
    setter s = {.b = b, .record = record, .path = path, .step = step, .err = err};
    uint32_t nodes = b->json.nodes, places = 0;
    const tm_step *steps;
    place none;
    *out = (tm_field_change){.blocked = false};
    if (b->top[record] == TM_NONE || !tm_fieldpath_steps(path, &steps)) return TM_OK;
    tm_status status = begin(&s);
    if (status == TM_OK) status = find_remove(&s, TM_NONE, &places, &none);
    b->json.nodes = nodes;
    while (status == TM_OK && places) {
        status = remove_place(&s, --places, out);
        b->json.nodes = nodes;
    }
    return status;
}
