/* Builds the tree from the scanner's node index. The scanner bounds the depth (1,024), so the
 * recursion here is bounded too; places are not kept, because these files are written by us. */
#include "plan/jsontree.h"

#include "text/json.h"

typedef struct builder {
    tm_arena *mem;
    const tm_json_node *node;
    const char *raw;
    tm_err *err;
} builder;

static tm_status build(builder *b, uint32_t v, tm_yaml *out);

static tm_status text_of(builder *b, uint32_t v, tm_str *out)
{
    tm_str inside = tm_json_inside(b->node, b->raw, v);
    char *text = tm_arena_alloc(b->mem, inside.n + 1, 1);
    if (!text) return tm_fail_memory(b->err, "a JSON document", inside.n);
    size_t n = tm_json_unescape_to(inside, text);
    text[n] = 0;
    *out = (tm_str){text, n};
    return TM_OK;
}

static tm_status build_children(builder *b, uint32_t v, tm_yaml *out)
{
    bool map = out->kind == TM_YAML_MAP;
    uint32_t count = tm_json_count(b->node, v), i = 0;
    tm_yaml *child = TM_NEW(b->mem, tm_yaml, count + 1);
    tm_str *key = map ? TM_NEW(b->mem, tm_str, count + 1) : NULL;
    if (!child || (map && !key)) return tm_fail_memory(b->err, "a JSON document", count);
    for (uint32_t c = tm_json_first(b->node, v); c != TM_NONE; c = tm_json_after(b->node, v, c)) {
        if (map) TM_TRY(text_of(b, c, &key[i]));
        TM_TRY(build(b, map ? c + 1 : c, &child[i++]));
    }
    out->child = child;
    out->key = key;
    out->count = i;
    return TM_OK;
}

static tm_status build(builder *b, uint32_t v, tm_yaml *out)
{
    switch ((tm_json_kind)b->node[v].kind) {
    case TM_JSON_OBJECT: out->kind = TM_YAML_MAP; return build_children(b, v, out);
    case TM_JSON_ARRAY: out->kind = TM_YAML_LIST; return build_children(b, v, out);
    case TM_JSON_STRING: out->quoted = true; return text_of(b, v, &out->text);
    case TM_JSON_NULL:
    case TM_JSON_FALSE:
    case TM_JSON_TRUE:
    case TM_JSON_NUMBER:
    case TM_JSON_KEY: break;
    }
    out->text = tm_json_raw(b->node, b->raw, v);
    return TM_OK;
}

tm_status tm_json_tree(tm_arena *mem, tm_str name, tm_str bytes, tm_yaml **out, tm_err *err)
{
    tm_json json = {0};
    tm_status status = TM_OK;
    *out = TM_NEW(mem, tm_yaml, 1);
    if (!*out) return tm_fail_memory(err, "a JSON document", sizeof **out);
    if (!tm_json_scan(&json, bytes.p, bytes.n, 0, (tm_json_limits){0})) {
        uint64_t line, column;
        tm_text_position(bytes.p, bytes.n, json.at, &line, &column);
        tm_fail(err, TM_EINPUT, "%s", tm_json_trouble_text(json.trouble));
        status = tm_err_at(err, name, line, column, json.at);
        if (status == TM_OK) status = TM_EINPUT;
    } else {
        builder b = {mem, json.node, bytes.p, err};
        status = build(&b, 0, *out);
    }
    tm_json_release(&json);
    return status;
}
