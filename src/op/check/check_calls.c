/* V7 and V8: calls and their results. A call's arguments must be a JSON object (as text or as a
 * value); every result answers an open call; every call is answered before the next user turn. What
 * answers what is in open_calls.h. The layout sharegpt has neither ids nor names: there only the
 * order of roles is asked for (check_turns.c). */
#include "op/check/check.h"
#include "op/check/name_set.h"
#include "op/check/open_calls.h"

typedef struct calls { /* of a record */
    tm_open_calls open;
    uint32_t tools_at; /* the record's list of tools, or TM_NONE */
    tm_name_set tools; /* what it says can be called */
    bool tools_known;
} calls;

/* A whole call as JSON text has a name and arguments. */
static bool is_call(const tm_json_node *node, const char *text)
{
    return tm_json_get(node, text, 0, TM_STR("name")) != TM_NONE &&
           tm_json_get(node, text, 0, TM_STR("arguments")) != TM_NONE;
}

static tm_status check_object(const tm_checking *c, uint32_t value, bool whole_call)
{
    const tm_json_node *node = tm_check_nodes(c);
    if (node[value].kind == TM_JSON_OBJECT) return TM_OK;
    bool good = false;
    if (node[value].kind == TM_JSON_STRING) {
        tm_buf *text = &c->b->scratch;
        tm_json json = {0};
        tm_buf_clear(text);
        tm_json_unescape(tm_json_inside(node, tm_check_raw(c), value), text);
        TM_TRY(tm_buf_ok(text, c->err));
        good = tm_json_scan(&json, text->p, text->n, 0, (tm_json_limits){0}) &&
               json.node[0].kind == TM_JSON_OBJECT;
        if (good && whole_call) good = is_call(json.node, text->p);
        tm_json_release(&json);
    }
    return good ? TM_OK : tm_check_find(c, CHECK_ARGUMENTS, node[value].at);
}

static tm_status check_arguments(const tm_checking *c, uint32_t function)
{
    uint32_t value = tm_check_key(c, function, "arguments");
    if (value != TM_NONE) return check_object(c, value, false);
    return tm_check_find(c, CHECK_ARGUMENTS, tm_check_nodes(c)[function].at);
}

static tm_status learn_tools(const tm_checking *c, calls *all, uint32_t tools)
{
    const tm_json_node *node = tm_check_nodes(c);
    all->tools_known = true;
    for (uint32_t t = tm_json_first(node, tools); t != TM_NONE; t = tm_json_after(node, tools, t)) {
        uint32_t inner = tm_check_key(c, t, "function");
        uint32_t name = tm_check_key(c, inner != TM_NONE ? inner : t, "name");
        if (name == TM_NONE) continue;
        tm_str text = tm_json_raw(node, tm_check_raw(c), name);
        if (!tm_name_set_put(&all->tools, c->b->mem, text))
            return tm_fail_memory(c->err, "the names of tools", text.n);
    }
    return TM_OK;
}

/* Is there a name, and do those of the record's tools hold it? Unknown (no tools) is fine. */
static tm_status check_known(const tm_checking *c, calls *all, uint32_t function)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t name = tm_check_key(c, function, "name");
    if (name == TM_NONE) return tm_check_find(c, CHECK_CALL_NO_NAME, node[function].at);
    if (node[name].kind != TM_JSON_STRING || tm_check_text_is(c, name, TM_STR("")))
        return tm_check_find(c, CHECK_CALL_NO_NAME, node[name].at);
    TM_TRY(tm_check_name(c, name));
    if (all->tools_at == TM_NONE) return TM_OK;
    if (!all->tools_known) TM_TRY(learn_tools(c, all, all->tools_at));
    if (tm_name_set_get(&all->tools, tm_json_raw(node, tm_check_raw(c), name))) return TM_OK;
    return tm_check_find(c, CHECK_UNKNOWN_TOOL, node[name].at);
}

/* A name or an id as the record spells it; none when it is not there, null or empty. */
static tm_str spelling(const tm_checking *c, uint32_t value)
{
    const tm_json_node *node = tm_check_nodes(c);
    if (value == TM_NONE || node[value].kind == TM_JSON_NULL) return (tm_str){0};
    tm_str raw = tm_json_raw(node, tm_check_raw(c), value);
    return tm_str_eq(raw, TM_STR("\"\"")) ? (tm_str){0} : raw;
}

static tm_status open_call(const tm_checking *c, calls *all, uint32_t call, uint32_t function)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t id = tm_check_key(c, call, "id");
    tm_str name = spelling(c, tm_check_key(c, function, "name"));
    switch (tm_calls_open(&all->open, node[call].at, spelling(c, id), name)) {
    case TM_CALL_OPENED: return TM_OK;
    case TM_CALL_ID_TWICE: return tm_check_find(c, CHECK_CALL_ID_TWICE, node[id].at);
    case TM_CALL_NO_MEMORY: break;
    }
    return tm_fail_memory(c->err, "the calls of a record", node[call].end - node[call].at);
}

static tm_status check_assistant(const tm_checking *c, calls *all, const tm_turn *turn)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t list = tm_check_key(c, turn->node, "tool_calls");
    uint32_t old = tm_check_key(c, turn->node, "function_call");
    bool called = old != TM_NONE && node[old].kind == TM_JSON_OBJECT;
    if (called && node[old].next > old + 1) { /* {} is no call */
        TM_TRY(check_arguments(c, old));
        TM_TRY(check_known(c, all, old));
    }
    if (list == TM_NONE || node[list].kind != TM_JSON_ARRAY) return TM_OK;
    for (uint32_t k = tm_json_first(node, list); k != TM_NONE; k = tm_json_after(node, list, k)) {
        uint32_t function = tm_check_key(c, k, "function");
        if (function == TM_NONE) {
            TM_TRY(tm_check_find(c, CHECK_ARGUMENTS, node[k].at));
            continue;
        }
        TM_TRY(check_arguments(c, function));
        TM_TRY(check_known(c, all, function));
        TM_TRY(open_call(c, all, k, function));
    }
    return TM_OK;
}

/* A sharegpt function_call turn: its value is the whole call as JSON text. */
static tm_status check_sharegpt(const tm_checking *c, const tm_turn *turn)
{
    uint32_t from = tm_check_key(c, turn->node, "from");
    if (from == TM_NONE || !tm_check_text_is(c, from, TM_STR("function_call"))) return TM_OK;
    uint32_t value = tm_check_key(c, turn->node, "value");
    return value == TM_NONE ? TM_OK : check_object(c, value, true);
}

static tm_status answer_call(const tm_checking *c, calls *all, const tm_turn *turn)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t role = tm_check_key(c, turn->node, "role");
    uint32_t id = tm_check_key(c, turn->node, "tool_call_id");
    uint32_t name = tm_check_key(c, turn->node, "name");
    if (role == TM_NONE) return TM_OK; /* sharegpt */
    tm_str its_id = spelling(c, id), its_name = spelling(c, name);
    if (tm_calls_answer(&all->open, its_id, its_name)) return TM_OK;
    /* A result of function_call, which is older than calls with ids. */
    if (tm_check_text_is(c, role, TM_STR("function"))) return TM_OK;
    uint32_t why = its_id.p ? id : its_name.p ? name : turn->node;
    return tm_check_find(c, CHECK_RESULT_NO_CALL, node[why].at);
}

/* A new question: no call before it can be answered any more. */
static tm_status check_answered(const tm_checking *c, calls *all)
{
    uint32_t at = tm_calls_close(&all->open);
    return at == TM_NONE ? TM_OK : tm_check_find(c, CHECK_CALL_UNANSWERED, at);
}

tm_status tm_check_calls(const tm_checking *c)
{
    calls all = {.open.mem = c->b->mem, .tools_at = tm_check_key(c, c->b->top[c->r], "tools")};
    if (all.tools_at != TM_NONE && tm_check_nodes(c)[all.tools_at].kind != TM_JSON_ARRAY)
        all.tools_at = TM_NONE;
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        const tm_turn *turn = &c->b->turn[t];
        if (turn->node == TM_NONE) continue;
        tm_calls_enter(&all.open, turn->answer);
        if (turn->role == TM_USER) TM_TRY(check_answered(c, &all));
        if (turn->role == TM_ASSISTANT) {
            TM_TRY(check_assistant(c, &all, turn));
            TM_TRY(check_sharegpt(c, turn));
        }
        if (turn->role == TM_TOOL) TM_TRY(answer_call(c, &all, turn));
    }
    return TM_OK; /* calls open at the end of a record are what it trains: no finding */
}
