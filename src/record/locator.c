/* Places in one record, by an index made at the first question.
 *
 * Lines and columns: every MARK_BYTES of a long record its line and column are noted once; a
 * question counts from the last mark before it.
 *
 * Paths: nodes stand in the order of their first bytes, so the deepest one that begins at or before
 * an offset is found by bisection; from there up to the first one that holds the offset, and from
 * that up to the top. Nodes have no parents: a table of parent and ordinal, eight bytes a node, is
 * made with one walk. A string that holds parts holds JSON: it is decoded, scanned and indexed on
 * the side in the same way, once, with marks that take an offset into it. */
#include "record/locator.h"

#include "base/vec.h"
#include "record/frame.h"
#include "record/part_codec.h"
#include "text/kernel.h"

enum { MARK_BYTES = 4096 };

struct tm_locator_mark {
    uint32_t line;   /* newlines before the mark */
    uint32_t column; /* characters between the last of them and the mark */
};

typedef struct crossing { /* the same place in a string: its encoded bytes, its text */
    uint32_t encoded, text;
} crossing;

struct tm_locator_text { /* the record, or what a string in it holds */
    tm_str text;
    const tm_json_node *node;
    uint32_t top, end;          /* its nodes: from the top value on */
    uint32_t *parent, *ordinal; /* by node from the top; of a key and its value the same */
    tm_locator_text **inside;   /* likewise: what the string holds; NULL until one was entered */
    tm_str encoded;             /* of a string: its inside, in the outer text */
    uint32_t at;                /* where that begins */
    crossing *crossing;         /* every MARK_BYTES of it */
};

void tm_locator_begin(tm_locator *l, const tm_batch *b, uint32_t record)
{
    if (l->whole || l->mark) tm_arena_reset(&l->mem);
    l->b = b;
    l->record = record;
    l->whole = NULL;
    l->mark = NULL;
    l->chain = NULL;
    l->chain_room = 0;
}

void tm_locator_release(tm_locator *l)
{
    tm_arena_release(&l->mem);
    tm_json_release(&l->json);
    *l = (tm_locator){0};
}

/* ---- lines and columns ----------------------------------------------------------------------- */

/* Goes on from a place over n bytes. */
static void pass_over(const char *p, size_t n, tm_locator_mark *place)
{
    uint64_t line, column;
    tm_text_position(p, n, n, &line, &column);
    place->column = (line > 1 ? 0 : place->column) + (uint32_t)column - 1;
    place->line += (uint32_t)line - 1;
}

static bool make_marks(tm_locator *l, tm_str raw)
{
    size_t marks = raw.n / MARK_BYTES + 1;
    tm_locator_mark *mark = TM_NEW(&l->mem, tm_locator_mark, marks);
    if (!mark) return false;
    for (size_t i = 1; i < marks; i++) {
        mark[i] = mark[i - 1];
        pass_over(raw.p + (i - 1) * MARK_BYTES, MARK_BYTES, &mark[i]);
    }
    l->mark = mark;
    return true;
}

void tm_locator_position(tm_locator *l, size_t at, uint64_t *line, uint64_t *column)
{
    tm_str raw = l->b->raw[l->record];
    at = TM_MIN(at, raw.n);
    if (raw.n <= MARK_BYTES || (!l->mark && !make_marks(l, raw))) {
        tm_text_position(raw.p, raw.n, at, line, column);
        return;
    }
    size_t from = at / MARK_BYTES;
    tm_locator_mark place = l->mark[from];
    pass_over(raw.p + from * MARK_BYTES, at - from * MARK_BYTES, &place);
    *line = 1 + (uint64_t)place.line;
    *column = 1 + (uint64_t)place.column;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static void set_parent(tm_locator_text *t, uint32_t v, uint32_t parent, uint32_t ordinal)
{
    t->parent[v - t->top] = parent;
    t->ordinal[v - t->top] = ordinal;
}

static bool index_nodes(tm_locator *l, tm_locator_text *t)
{
    size_t nodes = t->end - t->top;
    t->parent = tm_arena_alloc(&l->mem, nodes * sizeof *t->parent, 4);
    t->ordinal = tm_arena_alloc(&l->mem, nodes * sizeof *t->ordinal, 4);
    if (!t->parent || !t->ordinal) return false;
    for (uint32_t v = t->top; v < t->end; v++) {
        bool object = t->node[v].kind == TM_JSON_OBJECT;
        uint32_t ordinal = 0;
        if (!object && t->node[v].kind != TM_JSON_ARRAY) continue;
        for (uint32_t c = tm_json_first(t->node, v); c != TM_NONE;
             c = tm_json_after(t->node, v, c)) {
            set_parent(t, c, v, ordinal);
            if (object) set_parent(t, c + 1, v, ordinal);
            ordinal++;
        }
    }
    return true;
}

/* The deepest value that holds the offset, or whose key does. */
static uint32_t deepest(const tm_locator_text *t, uint32_t at)
{
    uint32_t low = t->top, high = t->end;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->node[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    if (t->node[low].kind == TM_JSON_KEY) low++;
    while (low > t->top && at >= t->node[low].end) low = t->parent[low - t->top];
    return low;
}

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

/* The way from the text's top to v. */
static void add_way(tm_locator *l, const tm_locator_text *t, uint32_t v, size_t from, tm_buf *out)
{
    uint32_t steps = 0;
    for (; v > t->top; v = t->parent[v - t->top]) {
        if (!TM_ROOM(&l->mem, l->chain, steps, l->chain_room, 1)) {
            out->failed = true;
            return;
        }
        l->chain[steps++] = v;
    }
    while (steps--) {
        v = l->chain[steps];
        if (t->node[t->parent[v - t->top]].kind == TM_JSON_OBJECT)
            add_key(out, from, tm_json_inside(t->node, t->text.p, v - 1));
        else
            add_index(out, t->ordinal[v - t->top]);
    }
}

/* What string v of the outer text holds: decoded, scanned, indexed; no nodes: not JSON. */
static bool open_string(tm_locator *l, const tm_locator_text *outer, uint32_t v, tm_locator_text *t)
{
    t->encoded = tm_json_inside(outer->node, outer->text.p, v);
    t->at = outer->node[v].at + 1;
    t->text = tm_codec_decode(&l->mem, t->encoded, 1);
    if (!t->text.p) return false;
    if (!tm_json_scan(&l->json, t->text.p, t->text.n, 0, (tm_json_limits){0}))
        return l->json.trouble != TM_JSON_MEMORY;
    size_t crossings = t->encoded.n / MARK_BYTES + 1;
    tm_json_node *node = tm_arena_alloc(&l->mem, l->json.nodes * sizeof *node, 8);
    t->crossing = TM_NEW(&l->mem, crossing, crossings);
    if (!node || !t->crossing) return false;
    memcpy(node, l->json.node, l->json.nodes * sizeof *node);
    t->node = node;
    t->end = l->json.nodes;
    tm_codec_cursor c;
    tm_codec_begin(&c, t->encoded, 0, 0);
    for (size_t i = 1; i < crossings; i++) {
        tm_codec_to_encoded(&c, i * MARK_BYTES);
        t->crossing[i] = (crossing){(uint32_t)c.at, (uint32_t)c.text};
    }
    return index_nodes(l, t);
}

static tm_locator_text *inside_of(tm_locator *l, tm_locator_text *outer, uint32_t v)
{
    if (!outer->inside) outer->inside = TM_NEW(&l->mem, tm_locator_text *, outer->end - outer->top);
    if (!outer->inside) return NULL;
    tm_locator_text **place = &outer->inside[v - outer->top];
    if (*place) return *place;
    tm_locator_text *t = TM_NEW(&l->mem, tm_locator_text, 1);
    if (!t || !open_string(l, outer, v, t)) return NULL;
    *place = t;
    return t;
}

/* The offset in the outer text as one in the text that the string holds. */
static uint32_t cross(const tm_locator_text *t, uint32_t at)
{
    tm_codec_cursor c;
    uint32_t encoded = at - t->at, mark = encoded / MARK_BYTES;
    /* a mark in the middle of an escape stands behind it */
    while (mark && t->crossing[mark].encoded > encoded) mark--;
    tm_codec_begin(&c, t->encoded, t->crossing[mark].encoded, t->crossing[mark].text);
    return (uint32_t)tm_codec_to_encoded(&c, encoded);
}

static bool is_inside(const tm_locator_text *t, uint32_t v, uint32_t at)
{
    return at > t->node[v].at && at < t->node[v].end - 1;
}

/* Notes the strings that hold parts. A part that is a whole string stands right behind a quote that
 * nothing escapes: only the others are looked for. */
static bool enter_strings(tm_locator *l, tm_locator_text *whole)
{
    const tm_batch *b = l->b;
    for (uint32_t i = b->first_part[l->record]; i < b->first_part[l->record + 1]; i++) {
        const tm_part *p = &b->part[i];
        const char *before = whole->text.p + p->raw_at;
        if (p->codecs[0] == TM_CODEC_NONE || p->raw_at < 2) continue;
        if (before[-1] == '"' && before[-2] != '\\') continue;
        uint32_t v = deepest(whole, p->raw_at);
        const tm_json_node *node = &whole->node[v];
        bool holds = node->kind == TM_JSON_STRING && p->raw_at > node->at + 1 &&
                     p->raw_at + p->raw_bytes < node->end;
        if (holds && !inside_of(l, whole, v)) return false;
    }
    return true;
}

static bool index_record(tm_locator *l)
{
    const tm_batch *b = l->b;
    uint32_t top = b->top[l->record];
    tm_locator_text *whole = TM_NEW(&l->mem, tm_locator_text, 1);
    if (!whole) return false;
    l->whole = whole;
    *whole = (tm_locator_text){
        .text = b->raw[l->record], .node = b->json.node, .top = top, .end = b->json.node[top].next};
    return index_nodes(l, whole) && enter_strings(l, whole);
}

void tm_locator_path(tm_locator *l, uint32_t at, tm_buf *out)
{
    size_t from = out->n;
    if (l->b->top[l->record] == TM_NONE) return;
    if (!l->whole && !index_record(l)) {
        l->whole = NULL;
        out->failed = true;
        return;
    }
    tm_locator_text *t = l->whole;
    t->node = l->b->json.node; /* which may have moved */
    uint32_t v = deepest(t, at);
    add_way(l, t, v, from, out);
    bool enters = t->inside && t->inside[v - t->top];
    for (unsigned depth = 0; enters && depth < TM_FRAMES_MAX && is_inside(t, v, at); depth++) {
        tm_locator_text *inner = inside_of(l, t, v);
        out->failed |= !inner;
        if (!inner || !inner->end) return;
        at = cross(inner, at);
        t = inner;
        v = deepest(t, at);
        add_way(l, t, v, from, out);
        enters = t->node[v].kind == TM_JSON_STRING && t->node[v].flags & TM_JSON_ESCAPED;
    }
}

void tm_record_path(const tm_batch *b, uint32_t record, uint32_t raw_at, tm_buf *out)
{
    tm_locator l = {0};
    tm_locator_begin(&l, b, record);
    tm_locator_path(&l, raw_at, out);
    tm_locator_release(&l);
}
