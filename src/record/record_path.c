/* The path of a raw offset, for messages: messages[3].content, meta["a b"].
 *
 * Walks down the record's nodes to the deepest value (or key) that holds the offset. When that is a
 * string with parts inside it, the string holds JSON: it is decoded and scanned on the side, the
 * offset is mapped into it, and the walk goes on there. For messages only: nothing here is hot. */
#include "record/frame.h"
#include "record/part_codec.h"

typedef struct walk {
    const tm_json_node *node;
    tm_str text;
    uint32_t at; /* the offset looked for, in text */
} walk;

static void add_index(tm_buf *out, uint32_t index)
{
    tm_buf_char(out, '[');
    tm_buf_u64(out, index);
    tm_buf_char(out, ']');
}

/* The key as a path writes it; `from`: where this path begins in out, which may hold other text. */
static void add_key(tm_buf *out, size_t from, tm_str inside)
{
    tm_buf key = {0}, path = {0};
    tm_json_unescape(inside, &key);
    if (out->n > from) tm_buf_char(&path, '$'); /* something stands before: a dot is needed */
    size_t skip = path.n;
    tm_fieldpath_key(&path, tm_buf_view(&key));
    out->failed |= path.failed || key.failed;
    if (!out->failed) tm_buf_add(out, path.p + skip, path.n - skip);
    tm_buf_release(&path);
    tm_buf_release(&key);
}

/* The deepest value that holds the offset. */
static uint32_t descend(const walk *w, uint32_t v, size_t from, tm_buf *out)
{
    const tm_json_node *node = w->node;
    for (;;) {
        uint32_t index = 0, inside = TM_NONE;
        bool object = node[v].kind == TM_JSON_OBJECT;
        if (!object && node[v].kind != TM_JSON_ARRAY) return v;
        for (uint32_t c = tm_json_first(node, v); c != TM_NONE; c = tm_json_after(node, v, c)) {
            uint32_t value = object ? c + 1 : c;
            if (w->at >= node[c].at && w->at < node[value].end) {
                inside = c;
                break;
            }
            index++;
        }
        if (inside == TM_NONE) return v;
        if (object)
            add_key(out, from, tm_json_inside(node, w->text.p, inside));
        else
            add_index(out, index);
        v = object ? inside + 1 : inside;
    }
}

/* True if parts lie inside this string of the record: then it holds JSON. */
static bool holds_parts(const tm_batch *b, uint32_t record, uint32_t at, uint32_t end)
{
    for (uint32_t i = b->first_part[record]; i < b->first_part[record + 1]; i++) {
        const tm_part *p = &b->part[i];
        if (p->codecs[0] == TM_CODEC_NONE || p->raw_at <= at + 1) continue;
        if (p->raw_at + p->raw_bytes < end) return true;
    }
    return false;
}

static void into_string(walk *w, uint32_t v, size_t from, tm_buf *out)
{
    tm_arena mem = {0};
    tm_json json = {0};
    for (unsigned depth = 0; depth < TM_FRAMES_MAX; depth++) {
        uint32_t start = w->node[v].at + 1;
        tm_str inside = tm_json_inside(w->node, w->text.p, v);
        if (w->at < start || w->at >= start + inside.n) break;
        tm_str text = tm_codec_decode(&mem, inside, 1);
        bool well = text.p && tm_json_scan(&json, text.p, text.n, 0, (tm_json_limits){0});
        out->failed |= !text.p || json.trouble == TM_JSON_MEMORY;
        if (!well) break;
        tm_codec_cursor c;
        tm_codec_begin(&c, inside, 0, 0);
        w->at = (uint32_t)tm_codec_to_encoded(&c, w->at - start);
        w->node = json.node;
        w->text = text;
        v = descend(w, 0, from, out);
        if (json.node[v].kind != TM_JSON_STRING || !(json.node[v].flags & TM_JSON_ESCAPED)) break;
    }
    tm_json_release(&json);
    tm_arena_release(&mem);
}

void tm_record_path(const tm_batch *b, uint32_t record, uint32_t raw_at, tm_buf *out)
{
    walk w = {b->json.node, b->raw[record], raw_at};
    size_t from = out->n;
    if (b->top[record] == TM_NONE) return;
    uint32_t v = descend(&w, b->top[record], from, out);
    const tm_json_node *node = &b->json.node[v];
    if (node->kind == TM_JSON_STRING && holds_parts(b, record, node->at, node->end))
        into_string(&w, v, from, out);
}
