/* V9 to V11: the record's tool list, the weights of its messages, and the names in it. */
#include <math.h>

#include "op/check/check.h"
#include "op/check/name_set.h"

static bool is_name(tm_str inside)
{
    if (!inside.n || inside.n > 64) return false;
    for (size_t i = 0; i < inside.n; i++) {
        char ch = inside.p[i];
        bool good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                    (ch >= '0' && ch <= '9') || ch == '_' || ch == '-';
        if (!good) return false;
    }
    return true;
}

tm_status tm_check_name(const tm_checking *c, uint32_t name)
{
    const tm_json_node *node = tm_check_nodes(c);
    if (name == TM_NONE || node[name].kind != TM_JSON_STRING) return TM_OK;
    if (is_name(tm_json_inside(node, tm_check_raw(c), name))) return TM_OK;
    return tm_check_find(c, CHECK_NAME, node[name].at);
}

/* Absent, or null: tables write keys that a record does not have as null. */
static bool is_nothing(const tm_checking *c, uint32_t value)
{
    return value == TM_NONE || tm_check_nodes(c)[value].kind == TM_JSON_NULL;
}

/* One entry: {type: function, function: {name, parameters object}}. The name's node in *name. */
static tm_status check_tool(const tm_checking *c, uint32_t tool, uint32_t *name)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t function = tm_check_key(c, tool, "function");
    uint32_t type = tm_check_key(c, tool, "type");
    uint32_t parameters = tm_check_key(c, function, "parameters");
    *name = tm_check_key(c, function, "name");
    bool good = function != TM_NONE && *name != TM_NONE && node[*name].kind == TM_JSON_STRING &&
                tm_check_text_is(c, type, TM_STR("function")) &&
                (is_nothing(c, parameters) || node[parameters].kind == TM_JSON_OBJECT);
    if (good) return tm_check_name(c, *name);
    *name = TM_NONE;
    return tm_check_find(c, CHECK_TOOLS, node[tool].at);
}

static tm_status check_list(const tm_checking *c, uint32_t tools)
{
    const tm_json_node *node = tm_check_nodes(c);
    const char *raw = tm_check_raw(c);
    tm_name_set names = {0};
    for (uint32_t t = tm_json_first(node, tools); t != TM_NONE; t = tm_json_after(node, tools, t)) {
        uint32_t name;
        TM_TRY(check_tool(c, t, &name));
        if (name == TM_NONE) continue;
        tm_set_name *known = tm_name_set_put(&names, c->b->mem, tm_json_raw(node, raw, name));
        if (!known) return tm_fail_memory(c->err, "the names of tools", names.count);
        if (known->number != TM_NONE) TM_TRY(tm_check_find(c, CHECK_TOOL_TWICE, node[name].at));
        known->number = t;
    }
    return TM_OK;
}

/* A sharegpt `tools` is a string that holds the list: its JSON is looked at, its entries are
 * not. */
static tm_status check_tools_text(const tm_checking *c, uint32_t tools)
{
    const tm_json_node *node = tm_check_nodes(c);
    tm_buf *text = &c->b->scratch;
    tm_json json = {0};
    tm_str inside = tm_json_inside(node, tm_check_raw(c), tools);
    if (!inside.n) return TM_OK;
    tm_buf_clear(text);
    tm_json_unescape(inside, text);
    TM_TRY(tm_buf_ok(text, c->err));
    bool good = tm_json_scan(&json, text->p, text->n, 0, (tm_json_limits){0}) &&
                json.node[0].kind == TM_JSON_ARRAY;
    tm_json_release(&json);
    return good ? TM_OK : tm_check_find(c, CHECK_TOOLS, node[tools].at);
}

double tm_check_weight(const tm_checking *c, const tm_turn *turn, uint32_t *at)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t weight = tm_check_key(c, turn->node, "weight");
    double value = 1;
    if (at) *at = weight;
    if (weight == TM_NONE || node[weight].kind == TM_JSON_NULL) return 1;
    bool good = node[weight].kind == TM_JSON_NUMBER &&
                tm_str_to_f64(tm_json_raw(node, tm_check_raw(c), weight), &value) && value >= 0 &&
                value < 1e30;
    return good ? value : TM_NO_VALUE;
}

/* What has a weight that is none may well be meant to train: then nothing is said of the sum. */
static tm_status check_weights(const tm_checking *c)
{
    uint32_t spoken = 0, last = 0;
    bool trains = false;
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        const tm_turn *turn = &c->b->turn[t];
        if (turn->role != TM_ASSISTANT) continue;
        uint32_t at;
        double value = tm_check_weight(c, turn, &at);
        spoken++;
        if (at != TM_NONE) last = tm_check_nodes(c)[at].at;
        if (isnan(value)) TM_TRY(tm_check_find(c, CHECK_WEIGHT, last));
        trains |= value != 0;
    }
    return spoken && !trains ? tm_check_find(c, CHECK_NOTHING_TRAINED, last) : TM_OK;
}

tm_status tm_check_tools(const tm_checking *c)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t tools = tm_check_key(c, c->b->top[c->r], "tools");
    if (tools != TM_NONE) {
        tm_json_kind kind = (tm_json_kind)node[tools].kind;
        if (kind == TM_JSON_ARRAY)
            TM_TRY(check_list(c, tools));
        else if (kind == TM_JSON_STRING)
            TM_TRY(check_tools_text(c, tools));
        else if (kind != TM_JSON_NULL)
            TM_TRY(tm_check_find(c, CHECK_TOOLS, node[tools].at));
    }
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++)
        TM_TRY(tm_check_name(c, tm_check_key(c, c->b->turn[t].node, "name")));
    return check_weights(c);
}
