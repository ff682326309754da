/* V7 and V8: calls and their results. A call's arguments must be a JSON object (as text or as a
 * value); every result answers an open call; every call is answered before the next user turn. Ids
 * are asked for where the layout has them (messages); sharegpt has none. */
#include "op/check/check.h"

enum { OPEN_MAX = 256 };

typedef struct open_calls { /* ids of calls not answered yet; slices of the raw record */
    tm_str id[OPEN_MAX];
    uint32_t at[OPEN_MAX];
    uint32_t count;
} open_calls;

static tm_status check_arguments(const tm_checking *c, uint32_t value, bool whole_call)
{
    const tm_json_node *node = tm_check_nodes(c);
    if (value == TM_NONE || node[value].kind == TM_JSON_OBJECT) return TM_OK;
    bool good = false;
    if (node[value].kind == TM_JSON_STRING) {
        tm_buf *text = &c->b->scratch;
        tm_json json = {0};
        tm_buf_clear(text);
        tm_json_unescape(tm_json_inside(node, tm_check_raw(c), value), text);
        TM_TRY(tm_buf_ok(text, c->err));
        good = tm_json_scan(&json, text->p, text->n, 0, (tm_json_limits){0}) &&
               json.node[0].kind == TM_JSON_OBJECT;
        if (good && whole_call)
            good = tm_json_get(json.node, text->p, 0, TM_STR("name")) != TM_NONE;
        tm_json_release(&json);
    }
    return good ? TM_OK : tm_check_find(c, CHECK_ARGUMENTS, node[value].at);
}

/* Names of the record's tools hold the called one? Unknown (no tools) is fine. */
static tm_status check_known(const tm_checking *c, uint32_t function)
{
    const tm_json_node *node = tm_check_nodes(c);
    const char *raw = tm_check_raw(c);
    uint32_t tools = tm_check_key(c, c->b->top[c->r], "tools");
    uint32_t name = tm_check_key(c, function, "name");
    if (tools == TM_NONE || node[tools].kind != TM_JSON_ARRAY) return TM_OK;
    if (name == TM_NONE || node[name].kind != TM_JSON_STRING)
        return tm_check_find(c, CHECK_UNKNOWN_TOOL, node[function].at);
    for (uint32_t t = tm_json_first(node, tools); t != TM_NONE; t = tm_json_after(node, tools, t)) {
        uint32_t inner = tm_check_key(c, t, "function");
        uint32_t known = tm_check_key(c, inner != TM_NONE ? inner : t, "name");
        bool same = known != TM_NONE &&
                    tm_str_eq(tm_json_raw(node, raw, known), tm_json_raw(node, raw, name));
        if (same) return TM_OK;
    }
    return tm_check_find(c, CHECK_UNKNOWN_TOOL, node[name].at);
}

static tm_status open_call(const tm_checking *c, open_calls *open, uint32_t call)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t id = tm_check_key(c, call, "id");
    if (id == TM_NONE || node[id].kind != TM_JSON_STRING) return TM_OK;
    tm_str text = tm_json_raw(node, tm_check_raw(c), id);
    for (uint32_t i = 0; i < open->count; i++)
        if (tm_str_eq(open->id[i], text)) return tm_check_find(c, CHECK_CALL_ID_TWICE, node[id].at);
    if (open->count == OPEN_MAX) return TM_OK;
    open->id[open->count] = text;
    open->at[open->count++] = node[call].at;
    return TM_OK;
}

static tm_status check_assistant(const tm_checking *c, open_calls *open, const tm_turn *turn)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t calls = tm_check_key(c, turn->node, "tool_calls");
    uint32_t old = tm_check_key(c, turn->node, "function_call");
    if (old != TM_NONE && node[old].kind == TM_JSON_OBJECT) {
        TM_TRY(check_arguments(c, tm_check_key(c, old, "arguments"), false));
        TM_TRY(check_known(c, old));
    }
    if (calls == TM_NONE || node[calls].kind != TM_JSON_ARRAY) return TM_OK;
    for (uint32_t k = tm_json_first(node, calls); k != TM_NONE; k = tm_json_after(node, calls, k)) {
        uint32_t function = tm_check_key(c, k, "function");
        if (function == TM_NONE) {
            TM_TRY(tm_check_find(c, CHECK_ARGUMENTS, node[k].at));
            continue;
        }
        TM_TRY(check_arguments(c, tm_check_key(c, function, "arguments"), false));
        TM_TRY(check_known(c, function));
        TM_TRY(open_call(c, open, k));
    }
    return TM_OK;
}

/* A sharegpt function_call turn: its value is the whole call as JSON text. */
static tm_status check_sharegpt(const tm_checking *c, const tm_turn *turn)
{
    uint32_t from = tm_check_key(c, turn->node, "from");
    if (from == TM_NONE || !tm_check_text_is(c, from, TM_STR("function_call"))) return TM_OK;
    return check_arguments(c, tm_check_key(c, turn->node, "value"), true);
}

static tm_status answer_call(const tm_checking *c, open_calls *open, const tm_turn *turn)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t id = tm_check_key(c, turn->node, "tool_call_id");
    if (tm_check_key(c, turn->node, "role") == TM_NONE) return TM_OK; /* sharegpt: no ids */
    if (tm_check_text_is(c, tm_check_key(c, turn->node, "role"), TM_STR("function"))) return TM_OK;
    uint32_t at = turn->node != TM_NONE ? node[turn->node].at : 0;
    if (id == TM_NONE) return tm_check_find(c, CHECK_RESULT_NO_CALL, at);
    tm_str text = tm_json_raw(node, tm_check_raw(c), id);
    for (uint32_t i = 0; i < open->count; i++) {
        if (!tm_str_eq(open->id[i], text)) continue;
        open->id[i] = open->id[--open->count];
        open->at[i] = open->at[open->count];
        return TM_OK;
    }
    return tm_check_find(c, CHECK_RESULT_NO_CALL, node[id].at);
}

tm_status tm_check_calls(const tm_checking *c)
{
    open_calls open = {.count = 0};
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        const tm_turn *turn = &c->b->turn[t];
        if (turn->node == TM_NONE) continue;
        if (turn->role == TM_USER && open.count) {
            TM_TRY(tm_check_find(c, CHECK_CALL_UNANSWERED, open.at[0]));
            open.count = 0;
        }
        if (turn->role == TM_ASSISTANT) {
            TM_TRY(check_assistant(c, &open, turn));
            TM_TRY(check_sharegpt(c, turn));
        }
        if (turn->role == TM_TOOL) TM_TRY(answer_call(c, &open, turn));
    }
    return TM_OK; /* calls open at the end of a record are what it trains: no finding */
}
