/* Following a path into a record, through strings that hold JSON.
 *
 * Entering a string decodes it, scans what it holds (behind the record's nodes in the batch's
 * index) and notes pairs of places, encoded and decoded, every 512 bytes of text: going back from
 * any offset then costs a walk of at most 512 bytes a layer, in whatever order the offsets come. A
 * string that does not begin like an array, an object or a string, or does not scan, ends the path
 * there. */
#include "record/frame.h"

#include "record/part_codec.h"

#define MARK_EVERY 512

uint32_t tm_frame_raw(const tm_frame *frame, uint32_t at)
{
    for (; frame; frame = frame->outer) {
        if (frame->marks) {
            const tm_frame_mark *mark = &frame->mark[TM_MIN(at / MARK_EVERY, frame->marks - 1)];
            tm_codec_cursor c;
            tm_codec_begin(&c, frame->encoded, mark->encoded, mark->text);
            at = (uint32_t)tm_codec_to_text(&c, at);
        }
        at += frame->at;
    }
    return at;
}

static bool make_marks(tm_arena *mem, tm_frame *frame)
{
    size_t count = frame->text.n / MARK_EVERY + 1;
    tm_frame_mark *mark = tm_arena_alloc(mem, count * sizeof *mark, 8);
    if (!mark) return false;
    tm_codec_cursor c;
    tm_codec_begin(&c, frame->encoded, 0, 0);
    mark[0] = (tm_frame_mark){0, 0};
    for (size_t i = 1; i < count; i++) {
        /* No mark lies behind its place: the last character before it may be cut by the place. */
        tm_codec_to_text(&c, i * MARK_EVERY - 4);
        mark[i] = (tm_frame_mark){(uint32_t)c.text, (uint32_t)c.at};
    }
    frame->mark = mark;
    frame->marks = (uint32_t)count;
    return true;
}

static bool looks_like_json(tm_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
            return c == '{' || c == '[' || c == '"';
    }
    return false;
}

/* What the scanner is shown of a string's text. A surrogate that was escaped alone stands in it as
 * three bytes that are not UTF-8 (WTF-8): in a copy, three that are take their place, so that all
 * places stay. Texts are read from the text itself. .p NULL: no memory. */
static tm_str scannable(tm_batch *b, tm_str text)
{
    char *copy = NULL;
    for (size_t i = 0; i + 2 < text.n; i++) {
        if ((uint8_t)text.p[i] != 0xED || (uint8_t)text.p[i + 1] < 0xA0) continue;
        if (!copy) {
            copy = tm_arena_alloc(b->mem, text.n, 1);
            if (!copy) return (tm_str){NULL, 0};
            memcpy(copy, text.p, text.n);
        }
        memcpy(copy + i, "\xEF\xBF\xBD", 3);
    }
    return copy ? (tm_str){copy, text.n} : text;
}

/* Enters the string at w->node. *entered: false when it holds no JSON. False: no memory. */
static bool enter(tm_batch *b, tm_where *w, bool *entered)
{
    const tm_json_node v = b->json.node[w->node]; /* a copy: scanning moves the nodes */
    tm_str inside = tm_json_inside(b->json.node, w->text.p, w->node);
    *entered = false;
    if (w->frame && w->frame->depth >= TM_FRAMES_MAX) return true;
    tm_frame *frame = TM_NEW(b->mem, tm_frame, 1);
    if (!frame) return false;
    *frame = (tm_frame){.outer = w->frame,
                        .encoded = inside,
                        .text = inside,
                        .at = v.at + 1,
                        .depth = w->frame ? w->frame->depth + 1 : 1};
    if (v.flags & TM_JSON_ESCAPED) {
        frame->text = tm_codec_decode(b->mem, inside, 1);
        if (!frame->text.p) return false;
    }
    if (!looks_like_json(frame->text)) return true;
    uint32_t top = b->json.nodes;
    tm_str shown = v.flags & TM_JSON_LONE_SURROGATE ? scannable(b, frame->text) : frame->text;
    if (!shown.p) return false;
    if (!tm_json_scan(&b->json, shown.p, shown.n, 0, (tm_json_limits){.append = true})) {
        b->json.nodes = top;
        return b->json.trouble != TM_JSON_MEMORY;
    }
    if (v.flags & TM_JSON_ESCAPED && !make_marks(b->mem, frame)) return false;
    w->frame = frame;
    w->text = frame->text;
    w->top = w->node = top;
    w->key = w->parent = TM_NONE;
    *entered = true;
    return true;
}

/* One step from the container at w->node; false if it is not there. */
static bool step_down(const tm_batch *b, tm_where *w, const tm_step *step)
{
    const tm_json_node *node = b->json.node;
    uint8_t kind = node[w->node].kind;
    if (step->key.p) {
        if (kind != TM_JSON_OBJECT) return false;
        uint32_t v = tm_json_get(node, w->text.p, w->node, step->key);
        if (v == TM_NONE) return false;
        w->parent = w->node;
        w->node = v;
        w->key = v - 1;
        return true;
    }
    if (kind != TM_JSON_ARRAY) return false;
    int64_t index = step->index;
    if (index < 0) index += tm_json_count(node, w->node);
    if (index < 0 || index > UINT32_MAX - 1) return false;
    uint32_t v = tm_json_at(node, w->node, (uint32_t)index);
    if (v == TM_NONE) return false;
    w->parent = w->node;
    w->node = v;
    w->key = TM_NONE;
    return true;
}

bool tm_path_walk(tm_batch *b, tm_str text, uint32_t top, const tm_fieldpath *path, tm_where *out)
{
    const tm_step *step;
    uint32_t steps = tm_fieldpath_steps(path, &step);
    *out = (tm_where){.text = text, .top = top, .node = top, .key = TM_NONE, .parent = TM_NONE};
    while (out->steps < steps) {
        if (b->json.node[out->node].kind == TM_JSON_STRING) {
            bool entered;
            if (!enter(b, out, &entered)) return false;
            if (!entered) return true;
            continue;
        }
        if (!step_down(b, out, &step[out->steps])) return true;
        out->steps++;
    }
    return true;
}

bool tm_path_enter(tm_batch *b, tm_where *at)
{
    bool entered = true;
    while (entered && b->json.node[at->node].kind == TM_JSON_STRING)
        if (!enter(b, at, &entered)) return false;
    return true;
}

typedef struct seeking {
    tm_batch *b;
    const tm_step *step;
    uint32_t steps, nth, places;
    tm_where *out;
    bool memory; /* false: exhausted */
} seeking;

static bool seek(seeking *s, tm_where w);

static bool seek_keys(seeking *s, const tm_where *at)
{
    tm_str key = s->step[at->steps].key;
    for (uint32_t k = at->node + 1; k < s->b->json.node[at->node].next;
         k = s->b->json.node[k + 1].next) {
        tm_where down = *at;
        if (!tm_json_text_is(s->b->json.node, at->text.p, k, key)) continue;
        down.parent = at->node;
        down.key = k;
        down.node = k + 1;
        down.steps++;
        if (seek(s, down)) return true;
    }
    return false;
}

/* True: found, or no memory to look on. Goes as deep as the path has steps. */
static bool seek(seeking *s, tm_where w)
{
    while (w.steps < s->steps && s->b->json.node[w.node].kind == TM_JSON_STRING) {
        bool entered;
        if (!enter(s->b, &w, &entered)) return s->memory = false, true;
        if (!entered) return false;
    }
    if (w.steps == s->steps) {
        *s->out = w;
        return s->places++ == s->nth;
    }
    if (s->step[w.steps].key.p)
        return s->b->json.node[w.node].kind == TM_JSON_OBJECT && seek_keys(s, &w);
    if (!step_down(s->b, &w, &s->step[w.steps])) return false;
    w.steps++;
    return seek(s, w);
}

bool tm_path_nth(tm_batch *b, tm_str text, uint32_t top, const tm_fieldpath *path, uint32_t nth,
                 uint32_t *places, tm_where *out)
{
    seeking s = {.b = b, .nth = nth, .out = out, .memory = true};
    s.steps = tm_fieldpath_steps(path, &s.step);
    *out = (tm_where){.text = text, .top = top, .node = top, .key = TM_NONE, .parent = TM_NONE};
    seek(&s, *out);
    *places = s.places;
    return s.memory;
}
