/* Editing a part: splices in coordinates of the text as it is now, kept as edits in coordinates of
 * the text as read.
 *
 * The part's edits and the new splices are two sorted rows over the same text, the text as it is
 * now: an old edit covers what it put there, a splice covers what it cuts. Runs of them that touch
 * or overlap become one edit. Its ends lie outside every edit, so they are known in both
 * coordinates (subtract how much the edits before it have lengthened the text); what it puts is the
 * current text between its ends with the splices carried out. One merge of two sorted rows, one
 * copy of the text. An edit that puts back exactly what was read is dropped: such a record is
 * written as it came. */
#include "base/vec.h"
#include "record/part_codec.h"
#include "record/writer.h"

typedef struct composer {
    tm_batch *b;
    tm_part *part;
    tm_str now;
    const tm_splice *splice;
    uint32_t count, next; /* splices, and how many are done */
    uint32_t edit;        /* next old edit, or TM_NONE */
    int64_t grown;        /* now - as read, behind the old edits done so far */
    uint32_t first, last; /* the new list */
    uint16_t step, rule;
} composer;

static tm_status push_edit(composer *c, tm_edit edit, tm_err *err)
{
    tm_batch *b = c->b;
    if (!TM_ROOM(b->mem, b->edit, b->edits, b->edit_room, 1))
        return tm_fail_memory(err, "an edit", sizeof(tm_edit));
    uint32_t index = b->edits++;
    b->edit[index] = edit;
    b->edit[index].next = TM_NONE;
    if (c->last == TM_NONE)
        c->first = index;
    else
        b->edit[c->last].next = index;
    c->last = index;
    return TM_OK;
}

/* What one group puts: now[from, to) with the splices [first, next) carried out. */
static tm_status group_put(composer *c, size_t from, size_t to, uint32_t first, tm_str *put,
                           tm_err *err)
{
    size_t n = to - from;
    for (uint32_t i = first; i < c->next; i++) n += c->splice[i].put.n - c->splice[i].cut;
    char *p = tm_arena_alloc(c->b->mem, n + 1, 1);
    if (!p) return tm_fail_memory(err, "an edit", n);
    *put = (tm_str){p, n};
    for (uint32_t i = first; i < c->next; i++) {
        const tm_splice *s = &c->splice[i];
        memcpy(p, c->now.p + from, s->at - from);
        p += s->at - from;
        if (s->put.n) memcpy(p, s->put.p, s->put.n);
        p += s->put.n;
        from = (size_t)s->at + s->cut;
    }
    memcpy(p, c->now.p + from, to - from);
    return TM_OK;
}

/* One group: everything that touches, from the first old edit or splice that is left. */
static tm_status next_group(composer *c, tm_err *err)
{
    const tm_batch *b = c->b;
    uint32_t splices = c->next, old = TM_NONE, olds = 0;
    int64_t grown = c->grown, from = INT64_MAX, to;
    if (c->edit != TM_NONE) from = b->edit[c->edit].at + grown;
    if (c->next < c->count) from = TM_MIN(from, (int64_t)c->splice[c->next].at);
    to = from;
    for (;;) {
        if (c->edit != TM_NONE && b->edit[c->edit].at + c->grown <= to) {
            const tm_edit *e = &b->edit[c->edit];
            to = TM_MAX(to, e->at + c->grown + (int64_t)e->put.n);
            c->grown += (int64_t)e->put.n - e->cut;
            old = c->edit;
            olds++;
            c->edit = e->next;
        } else if (c->next < c->count && c->splice[c->next].at <= to) {
            to = TM_MAX(to, (int64_t)c->splice[c->next].at + c->splice[c->next].cut);
            c->next++;
        } else {
            break;
        }
    }
    if (splices == c->next && olds == 1) return push_edit(c, b->edit[old], err);
    tm_edit edit = {.at = (uint32_t)(from - grown), .step = c->step, .rule = c->rule};
    edit.cut = (uint32_t)(to - c->grown) - edit.at;
    TM_TRY(group_put(c, (size_t)from, (size_t)to, splices, &edit.put, err));
    tm_str was = {c->part->as_read.p + edit.at, edit.cut};
    return tm_str_eq(was, edit.put) ? TM_OK : push_edit(c, edit, err);
}

static bool on_border(tm_str text, size_t at)
{
    return at >= text.n || ((unsigned char)text.p[at] & 0xC0) != 0x80;
}

/* Asserts what the header demands; true if any splice changes anything. */
static bool check(tm_str now, const tm_splice *splice, uint32_t count)
{
    size_t end = 0;
    bool changes = false;
    for (uint32_t i = 0; i < count; i++) {
        const tm_splice *s = &splice[i];
        TM_ASSERT(s->at >= end && (size_t)s->at + s->cut <= now.n);
        TM_ASSERT(on_border(now, s->at) && on_border(now, (size_t)s->at + s->cut));
        end = (size_t)s->at + s->cut;
        if (!tm_str_eq((tm_str){now.p + s->at, s->cut}, s->put)) changes = true;
    }
    return changes;
}

static tm_status new_text(tm_batch *b, tm_str now, const tm_splice *splice, uint32_t count,
                          tm_str *out, tm_err *err)
{
    size_t n = now.n, at = 0;
    for (uint32_t i = 0; i < count; i++) n += splice[i].put.n - splice[i].cut;
    char *p = tm_arena_alloc(b->mem, n + 1, 1);
    if (!p) return tm_fail_memory(err, "an edited text", n);
    *out = (tm_str){p, n};
    for (uint32_t i = 0; i < count; i++) {
        const tm_splice *s = &splice[i];
        memcpy(p, now.p + at, s->at - at);
        p += s->at - at;
        if (s->put.n) memcpy(p, s->put.p, s->put.n);
        p += s->put.n;
        at = (size_t)s->at + s->cut;
    }
    memcpy(p, now.p + at, now.n - at);
    return TM_OK;
}

static tm_status still_json(tm_str text, bool *is, tm_err *err)
{
    tm_json json = {0};
    *is = tm_json_scan(&json, text.p, text.n, 0, (tm_json_limits){0});
    bool no_memory = !*is && json.trouble == TM_JSON_MEMORY;
    tm_json_release(&json);
    return no_memory ? tm_fail_memory(err, "the index of a call", text.n) : TM_OK;
}

tm_status tm_part_edit(tm_batch *b, uint32_t part, const tm_splice *splices, uint32_t count,
                       uint16_t step, uint16_t rule, tm_err *err)
{
    tm_str now, text;
    if (b->part[part].flags & TM_PART_COPY) part = b->part[part].twin;
    tm_part *p = &b->part[part];
    if (p->present != TM_IS_TEXT || p->flags & (TM_PART_NOT_TEXT | TM_PART_GONE)) return TM_OK;
    if (!tm_part_as_read(b, part, &now) || !tm_part_text(b, part, &now))
        return tm_fail_memory(err, "a text", p->raw_bytes);
    if (!check(now, splices, count)) return TM_OK;
    TM_TRY(new_text(b, now, splices, count, &text, err));
    if (p->flags & TM_PART_JSON) {
        bool json;
        TM_TRY(still_json(text, &json, err));
        if (!json) return TM_OK;
    }
    composer c = {.b = b,
                  .part = p,
                  .now = now,
                  .splice = splices,
                  .count = count,
                  .edit = p->first_edit,
                  .first = TM_NONE,
                  .last = TM_NONE,
                  .step = step,
                  .rule = rule};
    while (c.edit != TM_NONE || c.next < c.count) TM_TRY(next_group(&c, err));
    p->first_edit = c.first;
    p->text = text;
    p->version++;
    return TM_OK;
}
