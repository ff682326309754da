/* Messages: lists of objects in OpenAI's words (role, content, tool_calls) or ShareGPT's (from,
 * value), or pairs {human, assistant}.
 *
 * Each message object is walked once; its keys are told apart as in keys.c. A message is one turn.
 * Its parts, in this order: reasoning, content (one part a block when it is a list),
 * refusal (of the assistant, if it says something), calls. A
 * message that has none of these keys gets one part that is absent, so nothing without text goes
 * unseen. Roles are compared as they are written: "User" is not a role anyone trains with, and a
 * check says so. What stands in the list but is no object is a turn of another role with a part of
 * the wrong type. */
#include "record/layout_bind.h"

enum {
    M_ROLE,
    M_FROM,
    M_CONTENT,
    M_VALUE,
    M_REASONING,
    M_REFUSAL,
    M_TOOL_CALLS,
    M_FUNCTION_CALL,
    M_HUMAN,
    M_ASSISTANT,
    M_COUNT
};

typedef struct message { /* key nodes, TM_NONE where absent; the value stands behind its key */
    uint32_t key[M_COUNT + 1];
} message;

#define IS(literal, slot) \
    if (!memcmp(p, literal, sizeof(literal) - 1)) return slot

static unsigned message_key(const char *p, size_t n)
{
    switch (n) {
    case 4:
        IS("role", M_ROLE);
        IS("from", M_FROM);
        break;
    case 5:
        IS("value", M_VALUE);
        IS("human", M_HUMAN);
        break;
    case 7:
        IS("content", M_CONTENT);
        IS("refusal", M_REFUSAL);
        break;
    case 8: IS("thinking", M_REASONING); break;
    case 9:
        IS("reasoning", M_REASONING);
        IS("assistant", M_ASSISTANT);
        break;
    case 10: IS("tool_calls", M_TOOL_CALLS); break;
    case 13: IS("function_call", M_FUNCTION_CALL); break;
    case 17: IS("reasoning_content", M_REASONING); break;
    default: break;
    }
    return M_COUNT;
}

static unsigned escaped_key(tm_str inside)
{
    char text[128];
    if (inside.n > sizeof text) return M_COUNT;
    return message_key(text, tm_json_unescape_to(inside, text));
}

static void read_message(const tm_doc *doc, uint32_t object, message *m)
{
    const tm_json_node *node = doc->node;
    uint32_t end = node[object].next;
    for (unsigned i = 0; i < M_COUNT; i++) m->key[i] = TM_NONE;
    for (uint32_t k = object + 1; k < end; k = node[k + 1].next) {
        tm_str inside = tm_json_inside(node, doc->raw.p, k);
        unsigned slot = TM_UNLIKELY(node[k].flags & TM_JSON_ESCAPED)
                            ? escaped_key(inside)
                            : message_key(inside.p, inside.n);
        m->key[slot] = k; /* slot M_COUNT takes what is not known */
    }
}

typedef struct speaker {
    uint8_t role, kind;
} speaker;

static speaker speaker_named(const char *p, size_t n)
{
    static const speaker user = {TM_USER, TM_CONTENT}, assistant = {TM_ASSISTANT, TM_CONTENT},
                         tool = {TM_TOOL, TM_RESULT}, system = {TM_SYSTEM, TM_CONTENT},
                         call = {TM_ASSISTANT, TM_CALL};
    switch (n) {
    case 2: IS("ai", assistant); break;
    case 3:
        IS("gpt", assistant);
        IS("bot", assistant);
        break;
    case 4:
        IS("user", user);
        IS("tool", tool);
        break;
    case 5:
        IS("human", user);
        IS("model", assistant);
        break;
    case 6: IS("system", system); break;
    case 7:
        IS("chatgpt", assistant);
        IS("ipython", tool);
        break;
    case 8: IS("function", tool); break;
    case 9:
        IS("assistant", assistant);
        IS("developer", system);
        IS("tool_call", call);
        break;
    case 11: IS("observation", tool); break;
    case 13:
        IS("function_call", call);
        IS("tool_response", tool);
        break;
    default: break;
    }
    return (speaker){TM_ROLE_OTHER, TM_CONTENT};
}

static speaker speaker_of(const tm_doc *doc, uint32_t key)
{
    if (key == TM_NONE || doc->node[key + 1].kind != TM_JSON_STRING)
        return (speaker){TM_ROLE_OTHER, TM_CONTENT};
    tm_str inside = tm_json_inside(doc->node, doc->raw.p, key + 1);
    char text[96];
    if (!(doc->node[key + 1].flags & TM_JSON_ESCAPED)) return speaker_named(inside.p, inside.n);
    if (inside.n > sizeof text) return (speaker){TM_ROLE_OTHER, TM_CONTENT};
    return speaker_named(text, tm_json_unescape_to(inside, text));
}

static uint32_t get(const tm_doc *doc, uint32_t object, tm_str key)
{
    return tm_json_get(doc->node, doc->raw.p, object, key);
}

static bool type_is(const tm_doc *doc, uint32_t type, tm_str text)
{
    return type != TM_NONE && doc->node[type].kind == TM_JSON_STRING &&
           tm_json_text_is(doc->node, doc->raw.p, type, text);
}

/* One block of a content list: {"type": "text", "text": ...}, a string, or something else. */
static tm_status bind_block(tm_binder *to, const tm_doc *doc, uint32_t block, tm_part_kind kind,
                            tm_err *err)
{
    if (doc->node[block].kind != TM_JSON_OBJECT) {
        return tm_bind_value(to, doc, TM_NONE, block, kind, 0, err);
    }
    uint32_t type = get(doc, block, TM_STR("type")), text = get(doc, block, TM_STR("text"));
    if (type_is(doc, type, TM_STR("thinking"))) {
        uint32_t thought = get(doc, block, TM_STR("thinking"));
        if (thought != TM_NONE)
            return tm_bind_value(to, doc, thought - 1, thought, TM_REASONING, 0, err);
    }
    if (text == TM_NONE && type_is(doc, type, TM_STR("text")))
        text = get(doc, block, TM_STR("value"));
    bool known = type == TM_NONE || type_is(doc, type, TM_STR("text")) ||
                 type_is(doc, type, TM_STR("input_text")) ||
                 type_is(doc, type, TM_STR("output_text"));
    if (!known || (text == TM_NONE && type == TM_NONE))
        return tm_bind_value(to, doc, TM_NONE, block, kind, TM_PART_NOT_TEXT, err);
    if (text == TM_NONE) return tm_bind_absent(to, doc, block, kind, err);
    return tm_bind_value(to, doc, text - 1, text, kind, 0, err);
}

static tm_status bind_content(tm_binder *to, const tm_doc *doc, uint32_t key, tm_part_kind kind,
                              tm_err *err)
{
    uint32_t value = key + 1;
    if (TM_LIKELY(doc->node[value].kind != TM_JSON_ARRAY) || doc->node[value].next == value + 1)
        return tm_bind_value(to, doc, key, value, kind, 0, err);
    for (uint32_t v = value + 1; v < doc->node[value].next; v = doc->node[v].next)
        TM_TRY(bind_block(to, doc, v, kind, err));
    return TM_OK;
}

static tm_status bind_arguments(tm_binder *to, const tm_doc *doc, uint32_t function, tm_err *err)
{
    uint32_t arguments = get(doc, function, TM_STR("arguments"));
    if (arguments == TM_NONE) return tm_bind_absent(to, doc, function, TM_CALL, err);
    uint8_t kind = doc->node[arguments].kind;
    if (kind == TM_JSON_OBJECT || kind == TM_JSON_ARRAY)
        return tm_bind_json(to, doc, arguments - 1, arguments, TM_CALL, err);
    return tm_bind_value(to, doc, arguments - 1, arguments, TM_CALL, 0, err);
}

/* One call: {"function": {"name": ..., "arguments": ...}}, or the function itself. */
static tm_status bind_call(tm_binder *to, const tm_doc *doc, uint32_t call, tm_err *err)
{
    if (doc->node[call].kind != TM_JSON_OBJECT)
        return tm_bind_value(to, doc, TM_NONE, call, TM_CALL, 0, err);
    uint32_t function = get(doc, call, TM_STR("function"));
    if (function == TM_NONE || doc->node[function].kind != TM_JSON_OBJECT) function = call;
    TM_TRY(bind_arguments(to, doc, function, err));
    return tm_bind_name(to, doc, get(doc, function, TM_STR("name")), err);
}

static tm_status bind_calls(tm_binder *to, const tm_doc *doc, const message *m, tm_err *err)
{
    uint32_t calls = m->key[M_TOOL_CALLS], old = m->key[M_FUNCTION_CALL];
    if (calls != TM_NONE && doc->node[calls + 1].kind == TM_JSON_ARRAY) {
        for (uint32_t v = calls + 2; v < doc->node[calls + 1].next; v = doc->node[v].next)
            TM_TRY(bind_call(to, doc, v, err));
    } else if (calls != TM_NONE && doc->node[calls + 1].kind != TM_JSON_NULL) {
        TM_TRY(tm_bind_value(to, doc, calls, calls + 1, TM_CALL, 0, err));
    }
    if (old != TM_NONE && doc->node[old + 1].kind != TM_JSON_NULL)
        TM_TRY(bind_call(to, doc, old + 1, err));
    return TM_OK;
}

/* What the assistant says in the place of an answer. Client libraries write the key into every
 * message, so an empty one is none. */
static tm_status bind_refusal(tm_binder *to, const tm_doc *doc, uint32_t key, tm_err *err)
{
    if (key == TM_NONE || doc->node[key + 1].kind != TM_JSON_STRING) return TM_OK;
    if (doc->node[key + 1].end - doc->node[key + 1].at == 2) return TM_OK;
    return tm_bind_value(to, doc, key, key + 1, TM_CONTENT, 0, err);
}

static tm_status bind_pair(tm_binder *to, const tm_doc *doc, uint32_t node, const message *m,
                           uint16_t answer, tm_err *err)
{
    static const struct {
        uint8_t slot, role;
    } side[] = {{M_HUMAN, TM_USER}, {M_ASSISTANT, TM_ASSISTANT}};
    for (size_t i = 0; i < TM_COUNT(side); i++) {
        uint32_t key = m->key[side[i].slot];
        if (key == TM_NONE) continue;
        TM_TRY(tm_bind_turn(to, doc, side[i].role, answer, node, err));
        TM_TRY(bind_content(to, doc, key, TM_CONTENT, err));
    }
    return TM_OK;
}

tm_status tm_bind_message(tm_binder *to, const tm_doc *doc, uint32_t node, uint16_t answer,
                          tm_err *err)
{
    if (doc->node[node].kind != TM_JSON_OBJECT) {
        TM_TRY(tm_bind_turn(to, doc, TM_ROLE_OTHER, answer, TM_NONE, err));
        return tm_bind_value(to, doc, TM_NONE, node, TM_CONTENT, 0, err);
    }
    message m;
    read_message(doc, node, &m);
    uint32_t role = m.key[M_ROLE] != TM_NONE ? m.key[M_ROLE] : m.key[M_FROM];
    uint32_t content = m.key[M_CONTENT] != TM_NONE ? m.key[M_CONTENT] : m.key[M_VALUE];
    if (role == TM_NONE && content == TM_NONE &&
        (m.key[M_HUMAN] != TM_NONE || m.key[M_ASSISTANT] != TM_NONE))
        return bind_pair(to, doc, node, &m, answer, err);
    speaker who = speaker_of(doc, role);
    TM_TRY(tm_bind_turn(to, doc, who.role, answer, node, err));
    uint32_t thought = m.key[M_REASONING];
    if (thought != TM_NONE && doc->node[thought + 1].kind != TM_JSON_NULL)
        TM_TRY(tm_bind_value(to, doc, thought, thought + 1, TM_REASONING, 0, err));
    if (content == TM_NONE)
        TM_TRY(tm_bind_absent(to, doc, node, who.kind, err));
    else
        TM_TRY(bind_content(to, doc, content, who.kind, err));
    if (who.role == TM_ASSISTANT) TM_TRY(bind_refusal(to, doc, m.key[M_REFUSAL], err));
    return bind_calls(to, doc, &m, err);
}

tm_status tm_bind_messages(tm_binder *to, const tm_doc *doc, uint32_t array, uint32_t first,
                           uint32_t end, uint16_t answer, tm_err *err)
{
    uint32_t index = 0;
    for (uint32_t v = array + 1; v < doc->node[array].next; v = doc->node[v].next, index++)
        if (index >= first && index < end) TM_TRY(tm_bind_message(to, doc, v, answer, err));
    return TM_OK;
}

tm_status tm_bind_chat(tm_binder *to, const tm_doc *doc, uint32_t array, uint16_t answer,
                       tm_err *err)
{
    return tm_bind_messages(to, doc, array, 0, UINT32_MAX, answer, err);
}
