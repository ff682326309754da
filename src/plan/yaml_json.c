/* JSON as a tree of nodes, through our own scanner.
 *
 * JSON is nearly a part of YAML, but only nearly: libyaml refuses U+007F, keys of more than 1,024
 * characters and escapes of two surrogates, and it is slow on manifests of many megabytes. So a
 * text that is valid JSON is read as JSON. Whatever is wrong with it is left to YAML, whose
 * sentences and places are those that people who write recipes want.
 *
 * Scalars of JSON become text without quotes (numbers, true, null) or with (strings). Nodes come
 * in the order of their bytes, so lines and columns are counted once, going forward. */
#include "plan/yaml_tree.h"
#include "text/json.h"

#define JSON_BYTES_MAX (64 * TM_MIB)

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
    return tm_fail_memory(b->err, "the recipe", b->raw.n);
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

/* Whether a tree may be made of it; what may not is for YAML to complain about. */
static bool fits(const tm_json *json)
{
    for (uint32_t i = 0; i < json->nodes; i++) {
        bool text = json->node[i].kind == TM_JSON_STRING || json->node[i].kind == TM_JSON_KEY;
        if (text && json->node[i].flags & TM_JSON_LONE_SURROGATE) return false;
        bool inside = json->node[i].kind >= TM_JSON_ARRAY && json->node[i].kind <= TM_JSON_OBJECT;
        if (inside && json->node[i].depth >= TM_YAML_DEPTH_MAX) return false;
    }
    return true;
}

static tm_status check_keys(const building *b, const tm_yaml *node, bool *fine)
{
    uint32_t second = TM_NONE;
    if (node->kind == TM_YAML_MAP) TM_TRY(tm_yaml_second(b->mem, node, &second, b->err));
    if (second != TM_NONE) *fine = false;
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->kind == TM_YAML_MAP && node->key[i].n > TM_YAML_KEY_MAX) *fine = false;
        if (*fine) TM_TRY(check_keys(b, &node->child[i], fine));
    }
    return TM_OK;
}

tm_status tm_yaml_from_json(tm_arena *mem, tm_str bytes, tm_yaml **out, tm_err *err)
{
    tm_json json = {0};
    tm_status status = TM_OK;
    *out = NULL;
    tm_str text = tm_str_trim(bytes);
    if (bytes.n > JSON_BYTES_MAX || !text.n || (text.p[0] != '{' && text.p[0] != '[')) return TM_OK;
    if (tm_json_scan(&json, bytes.p, bytes.n, 0, (tm_json_limits){0}) && fits(&json)) {
        building b = {mem, err, json.node, bytes, 0, 1, 1};
        tm_yaml *root = TM_NEW(mem, tm_yaml, 1);
        bool fine = true;
        status = root ? build(&b, 0, root) : no_memory(&b);
        if (status == TM_OK) status = check_keys(&b, root, &fine);
        if (status == TM_OK && fine) *out = root;
    } else if (json.trouble == TM_JSON_MEMORY) {
        status = tm_fail_memory(err, "the recipe", bytes.n);
    }
    tm_json_release(&json);
    return status;
}
