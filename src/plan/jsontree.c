/* JSON as a tree of nodes, through our own scanner.
 *
 * Scalars of JSON become text without quotes (numbers, true, null) or with (strings, decoded).
 * Nodes come in the order of their bytes, so lines and columns are counted once, going forward.
 * The scanner bounds the depth (1,024), and with it the recursion here. Everything is copied
 * into the arena. */
#include "plan/jsontree.h"

typedef struct building {
    tm_arena *mem;
    tm_err *err;
    const tm_json_node *node;
    tm_str raw;
    size_t at; /* where line and column are counted to */
    uint32_t line, column;
} building;

static void go_to(building *b, size_t at)
{
    for (; b->at < at; b->at++) {
        if (b->raw.p[b->at] == '\n')
            b->line++, b->column = 1;
        else if (((unsigned char)b->raw.p[b->at] & 0xC0) != 0x80)
            b->column++;
    }
}

static tm_status no_memory(const building *b)
{
    return tm_fail_memory(b->err, "a JSON document", b->raw.n);
}

static tm_status text_of(const building *b, uint32_t v, tm_str *out)
{
    tm_str inside = tm_json_inside(b->node, b->raw.p, v);
    char *to = tm_arena_alloc(b->mem, inside.n + 1, 1);
    if (!to) return no_memory(b);
    size_t n = tm_json_unescape_to(inside, to);
    to[n] = 0;
    *out = (tm_str){to, n};
    return TM_OK;
}

static tm_status build(building *b, uint32_t v, tm_yaml *out);

static tm_status build_children(building *b, uint32_t v, bool map, tm_yaml *out)
{
    uint32_t count = tm_json_count(b->node, v), i = 0;
    tm_yaml *child = TM_NEW(b->mem, tm_yaml, count + 1);
    tm_str *key = map ? TM_NEW(b->mem, tm_str, count + 1) : NULL;
    uint32_t *place = map ? TM_NEW(b->mem, uint32_t, 2 * (count + 1)) : NULL;
    if (!child || (map && (!key || !place))) return no_memory(b);
    for (uint32_t c = tm_json_first(b->node, v); c != TM_NONE; c = tm_json_after(b->node, v, c)) {
        uint32_t value = c;
        if (map) {
            go_to(b, b->node[c].at);
            place[i] = b->line, place[count + 1 + i] = b->column;
            TM_TRY(text_of(b, c, &key[i]));
            value = b->node[c].next;
        }
        TM_TRY(build(b, value, &child[i++]));
    }
    out->child = child, out->key = key, out->count = count;
    out->key_line = place, out->key_column = map ? place + count + 1 : NULL;
    return TM_OK;
}

static tm_status build(building *b, uint32_t v, tm_yaml *out)
{
    const tm_json_node *n = &b->node[v];
    go_to(b, n->at);
    *out = (tm_yaml){.line = b->line, .column = b->column};
    if (n->kind == TM_JSON_STRING) {
        out->quoted = true;
        return text_of(b, v, &out->text);
    }
    if (n->kind != TM_JSON_ARRAY && n->kind != TM_JSON_OBJECT) {
        out->text = tm_arena_str(b->mem, tm_json_raw(b->node, b->raw.p, v));
        return out->text.p ? TM_OK : no_memory(b);
    }
    out->kind = n->kind == TM_JSON_OBJECT ? TM_YAML_MAP : TM_YAML_LIST;
    return build_children(b, v, n->kind == TM_JSON_OBJECT, out);
}

tm_status tm_json_tree_of(tm_arena *mem, const tm_json *json, tm_yaml **out, tm_err *err)
{
    building b = {mem, err, json->node, json->raw, 0, 1, 1};
    *out = TM_NEW(mem, tm_yaml, 1);
    return *out ? build(&b, 0, *out) : no_memory(&b);
}

static tm_status refuse(const tm_json *json, tm_str name, tm_str bytes, tm_err *err)
{
    uint64_t line, column;
    if (json->trouble == TM_JSON_MEMORY) return tm_fail_memory(err, "a JSON document", bytes.n);
    tm_text_position(bytes.p, bytes.n, json->at, &line, &column);
    tm_fail(err, TM_EINPUT, "%s", tm_json_trouble_text(json->trouble));
    if (err) tm_err_at(err, name, line, column, json->at);
    return TM_EINPUT;
}

tm_status tm_json_tree(tm_arena *mem, tm_str name, tm_str bytes, tm_yaml **out, tm_err *err)
{
    tm_json json = {0};
    bool valid = tm_json_scan(&json, bytes.p, bytes.n, 0, (tm_json_limits){0});
    tm_status status =
        valid ? tm_json_tree_of(mem, &json, out, err) : refuse(&json, name, bytes, err);
    tm_json_release(&json);
    return status;
}
