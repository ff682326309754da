/* The checks of check.record, one file a family; all find through the same helper. Internal to
 * op/check. Rule numbers (V1 ...) are those of the field's data formats as docs/reference lists
 * them. */
#ifndef TM_OP_CHECK_CHECK_H
#define TM_OP_CHECK_CHECK_H

#include "op/op.h"

/*      name                    code     verdict      fixed  rule  */
#define TM_CHECKS(X)                                                                     \
    X(CHECK_EMPTY_TEXT, "T1201", TM_V_FLAG, true, "empty-text")                          \
    X(CHECK_EMPTY_RESPONSE, "T1202", TM_V_PARK, false, "empty-response")                 \
    X(CHECK_NUL, "T1203", TM_V_FLAG, true, "nul-character")                              \
    X(CHECK_LONE_SURROGATE, "T1204", TM_V_PARK, false, "lone-surrogate")                 \
    X(CHECK_NO_PROMPT, "T1205", TM_V_FLAG, true, "no-prompt")                            \
    X(CHECK_NO_CONTENT, "T1206", TM_V_PARK, false, "content-absent")                     \
    X(CHECK_NO_MESSAGES, "T1210", TM_V_PARK, false, "no-messages")                       \
    X(CHECK_UNKNOWN_ROLE, "T1211", TM_V_PARK, false, "unknown-role")                     \
    X(CHECK_SYSTEM_PLACE, "T1212", TM_V_PARK, false, "system-not-first")                 \
    X(CHECK_ALTERNATION, "T1213", TM_V_PARK, false, "roles-do-not-alternate")            \
    X(CHECK_NO_ASSISTANT, "T1214", TM_V_PARK, false, "no-assistant")                     \
    X(CHECK_LAST_ROLE, "T1215", TM_V_PARK, false, "wrong-last-role")                     \
    X(CHECK_NULL_CONTENT, "T1216", TM_V_PARK, false, "null-content")                     \
    X(CHECK_WRONG_TYPE, "T1217", TM_V_PARK, false, "text-of-wrong-type")                 \
    X(CHECK_RESULT_NO_CALL, "T1218", TM_V_PARK, false, "result-without-call")            \
    X(CHECK_CALL_ID_TWICE, "T1219", TM_V_PARK, false, "call-id-twice")                   \
    X(CHECK_CALL_UNANSWERED, "T1220", TM_V_PARK, false, "call-unanswered")               \
    X(CHECK_ARGUMENTS, "T1221", TM_V_PARK, false, "call-arguments-not-object")           \
    X(CHECK_UNKNOWN_TOOL, "T1222", TM_V_PARK, false, "call-of-unknown-tool")             \
    X(CHECK_TOOLS, "T1223", TM_V_PARK, false, "tools-malformed")                         \
    X(CHECK_TOOL_TWICE, "T1224", TM_V_PARK, false, "tool-name-twice")                    \
    X(CHECK_WEIGHT, "T1225", TM_V_PARK, false, "weight-not-a-number")                    \
    X(CHECK_NOTHING_TRAINED, "T1226", TM_V_PARK, false, "nothing-trained")               \
    X(CHECK_NAME, "T1227", TM_V_FLAG, true, "name-characters")                           \
    X(CHECK_FOREIGN_ROLE, "T1228", TM_V_PARK, false, "role-of-another-format")           \
    X(CHECK_CALL_NO_NAME, "T1229", TM_V_PARK, false, "call-without-name")                \
    X(CHECK_SAME_ANSWERS, "T1230", TM_V_PARK, false, "chosen-equals-rejected")           \
    X(CHECK_NO_SHARED_PROMPT, "T1231", TM_V_PARK, false, "no-shared-prompt")             \
    X(CHECK_ANSWER_END, "T1232", TM_V_PARK, false, "answer-does-not-end-with-assistant") \
    X(CHECK_LABEL, "T1233", TM_V_PARK, false, "label-not-boolean")                       \
    X(CHECK_SAME_BUT_SPACE, "T1234", TM_V_FLAG, true, "answers-differ-in-space-alone")   \
    X(CHECK_SPANS, "T1235", TM_V_FLAG, true, "answers-differ-in-several-places")         \
    X(CHECK_SCORE, "T1236", TM_V_PARK, false, "score-not-a-number")                      \
    X(CHECK_NOT_TEXT, "T1240", TM_V_FLAG, true, "not-text")

typedef enum tm_check {
#define X(name, code, verdict, fixed, rule) name,
    TM_CHECKS(X)
#undef X
        CHECKS
} tm_check;

typedef enum tm_check_profile { PROFILE_STRICT, PROFILE_TOOLS, PROFILE_FREE } tm_check_profile;

typedef struct tm_checking { /* one record under check */
    const tm_step_view *step;
    tm_batch *b;
    uint32_t r;
    tm_check_profile profile;
    tm_example_kind kind;
    bool answers; /* it has answers apart from the conversation: a completion, chosen ... */
    tm_err *err;
} tm_checking;

/* A finding at raw offset `at` of the record (path and column come from it). */
tm_status tm_check_find(const tm_checking *c, tm_check code, uint32_t at);
static inline const char *tm_check_raw(const tm_checking *c)
{
    return c->b->raw[c->r].p;
}
static inline const tm_json_node *tm_check_nodes(const tm_checking *c)
{
    return c->b->json.node;
}
/* Value of a key of an object node, or TM_NONE (also when the node is none or no object). */
static inline uint32_t tm_check_key(const tm_checking *c, uint32_t object, const char *name)
{
    const tm_json_node *node = tm_check_nodes(c);
    if (object == TM_NONE || node[object].kind != TM_JSON_OBJECT) return TM_NONE;
    return tm_json_get(node, tm_check_raw(c), object, tm_str_of(name));
}
/* A finding at a name that is not 1 to 64 of what providers take. */
tm_status tm_check_name(const tm_checking *c, uint32_t name);
bool tm_check_text_is(const tm_checking *c, uint32_t value, tm_str text);
/* Where a message stands in the raw record. */
uint32_t tm_check_place(const tm_checking *c, const tm_turn *turn);
/* The weight of a message: 1 where none is given or null, NAN if it is no number from 0 up. *at
 * (may be NULL): its node, or TM_NONE. */
double tm_check_weight(const tm_checking *c, const tm_turn *turn, uint32_t *at);

tm_status tm_check_texts(const tm_checking *c);        /* V1, V6 */
tm_status tm_check_asked(const tm_checking *c);        /* V5: an answer answers something */
tm_status tm_check_conversation(const tm_checking *c); /* V3, V4, V5 */
tm_status tm_check_calls(const tm_checking *c);        /* V7, V8 without schemas */
tm_status tm_check_tools(const tm_checking *c);        /* V9, V10, V11 */
tm_status tm_check_answers(const tm_checking *c);      /* V14, V15 */

#endif
