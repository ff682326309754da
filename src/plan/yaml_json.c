/* Which texts are read as JSON when a recipe is asked for.
 *
 * JSON is nearly a part of YAML, but only nearly: libyaml refuses U+007F, keys of more than 1,024
 * characters and escapes of two surrogates, and is slow. So a text that is valid JSON is read as
 * JSON, with the limits that YAML has here. Whatever is wrong with it is left to YAML, whose
 * sentences and places are those that people who write recipes want. */
#include "plan/jsontree.h"
#include "plan/yaml_tree.h"

/* Whether a tree may be made of it; what may not is for YAML to complain about. */
static bool fits(const tm_json *json)
{
    if (json->nodes > TM_YAML_NODES_MAX) return false;
    for (uint32_t i = 0; i < json->nodes; i++) {
        bool text = json->node[i].kind == TM_JSON_STRING || json->node[i].kind == TM_JSON_KEY;
        if (text && json->node[i].flags & TM_JSON_LONE_SURROGATE) return false;
        bool inside = json->node[i].kind >= TM_JSON_ARRAY && json->node[i].kind <= TM_JSON_OBJECT;
        if (inside && json->node[i].depth >= TM_YAML_DEPTH_MAX) return false;
    }
    return true;
}

/* Keys are unique and short, all the way down. */
static tm_status check_keys(tm_arena *mem, const tm_yaml *node, bool *fine, tm_err *err)
{
    uint32_t second = TM_NONE;
    if (node->kind == TM_YAML_MAP) TM_TRY(tm_yaml_second(mem, node, &second, err));
    if (second != TM_NONE) *fine = false;
    for (uint32_t i = 0; *fine && i < node->count; i++) {
        if (node->kind == TM_YAML_MAP && node->key[i].n > TM_YAML_KEY_MAX) *fine = false;
        if (*fine) TM_TRY(check_keys(mem, &node->child[i], fine, err));
    }
    return TM_OK;
}

tm_status tm_yaml_from_json(tm_arena *mem, tm_str bytes, tm_yaml **out, tm_err *err)
{
    tm_json json = {0};
    tm_yaml *root = NULL;
    tm_status status = TM_OK;
    bool fine = true;
    *out = NULL;
    tm_str text = tm_str_trim(bytes);
    if (bytes.n > TM_YAML_BYTES_MAX || !text.n || (text.p[0] != '{' && text.p[0] != '['))
        return TM_OK;
    if (tm_json_scan(&json, bytes.p, bytes.n, 0, (tm_json_limits){0}) && fits(&json)) {
        status = tm_json_tree_of(mem, &json, &root, err);
        if (status == TM_OK) status = check_keys(mem, root, &fine, err);
        if (status == TM_OK && fine) *out = root;
    } else if (json.trouble == TM_JSON_MEMORY) {
        status = tm_fail_memory(err, "the recipe", bytes.n);
    }
    tm_json_release(&json);
    return status;
}
