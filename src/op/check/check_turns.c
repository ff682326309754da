/* V3 to V5: who speaks when.
 *
 * Three profiles: strict is user and assistant in turn after at most one system message; tools also
 * lets an assistant's calls be followed by tool results and the assistant again; free asks only for
 * known roles. The first place that breaks the order is reported, never more. */
#include "op/check/check.h"

/* Words for a speaker that belong to sharegpt's lists, where trainers map them, and not under role.
 * What else sharegpt calls by names of its own (observation, tool_call ...) some trainer knows. */
static tm_status check_role(const tm_checking *c, const tm_turn *turn)
{
    static const char *const foreign[] = {"human", "ai", "bot", "chatgpt", "gpt", "model"};
    static const char *const mapped[] = {"conversations", "conversation"};
    if (turn->role == TM_ROLE_OTHER)
        return tm_check_find(c, CHECK_UNKNOWN_ROLE, tm_check_place(c, turn));
    uint32_t role = tm_check_key(c, turn->node, "role");
    if (role == TM_NONE || (turn->role != TM_USER && turn->role != TM_ASSISTANT)) return TM_OK;
    if (tm_check_text_is(c, role, TM_STR("user"))) return TM_OK;
    if (tm_check_text_is(c, role, TM_STR("assistant"))) return TM_OK;
    for (size_t i = 0; i < TM_COUNT(mapped); i++)
        if (tm_check_key(c, c->b->top[c->r], mapped[i]) != TM_NONE) return TM_OK;
    for (size_t i = 0; i < TM_COUNT(foreign); i++)
        if (tm_check_text_is(c, role, tm_str_of(foreign[i])))
            return tm_check_find(c, CHECK_FOREIGN_ROLE, tm_check_nodes(c)[role].at);
    return TM_OK;
}

static bool makes_calls(const tm_checking *c, const tm_turn *turn)
{
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++)
        if (c->b->part[p].kind == TM_CALL) return true;
    return false;
}

/* May `now` come behind `before` (NULL: at the start)? System messages are looked at elsewhere. */
static bool follows(const tm_checking *c, const tm_turn *before, const tm_turn *now)
{
    tm_role role = (tm_role)now->role;
    if (!before) return role == TM_USER || (c->profile == PROFILE_TOOLS && role == TM_ASSISTANT);
    tm_role was = (tm_role)before->role;
    if (c->profile == PROFILE_STRICT)
        return (was == TM_USER && role == TM_ASSISTANT) || (was == TM_ASSISTANT && role == TM_USER);
    bool called = makes_calls(c, before);
    switch (role) {
    case TM_USER: return was == TM_ASSISTANT || was == TM_TOOL;
    case TM_ASSISTANT: return was == TM_USER || was == TM_TOOL || (was == TM_ASSISTANT && called);
    case TM_TOOL: return was == TM_TOOL || (was == TM_ASSISTANT && called);
    case TM_SYSTEM:
    case TM_DOCUMENT:
    case TM_ROLE_OTHER: return true;
    }
    return true;
}

static tm_status check_order(const tm_checking *c, uint32_t answer)
{
    const tm_turn *before = NULL;
    uint32_t place = 0;
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        const tm_turn *turn = &c->b->turn[t];
        bool shown = turn->answer == 0 || turn->answer == answer;
        if (!shown) continue;
        bool late = turn->role == TM_SYSTEM && place++ > 0;
        if (late && c->profile != PROFILE_FREE)
            return tm_check_find(c, CHECK_SYSTEM_PLACE, tm_check_place(c, turn));
        if (turn->role == TM_SYSTEM || turn->role == TM_ROLE_OTHER) continue;
        if (c->profile != PROFILE_FREE && !follows(c, before, turn))
            return tm_check_find(c, CHECK_ALTERNATION, tm_check_place(c, turn));
        before = turn;
        place++;
    }
    return TM_OK;
}

static tm_status check_last(const tm_checking *c, const tm_turn *last, bool assistant)
{
    bool ends = last->role == TM_ASSISTANT;
    if (c->kind == TM_PROMPT)
        return ends ? tm_check_find(c, CHECK_LAST_ROLE, tm_check_place(c, last)) : TM_OK;
    if (!assistant) return tm_check_find(c, CHECK_NO_ASSISTANT, tm_check_place(c, last));
    if (c->kind == TM_SFT && !ends)
        return tm_check_find(c, CHECK_LAST_ROLE, tm_check_place(c, last));
    return TM_OK;
}

/* A message list that is there and empty has no turn to point at: the top value is. */
static tm_status check_empty(const tm_checking *c)
{
    static const char *const LISTS[] = {"messages", "conversations", "conversation"};
    for (size_t i = 0; i < TM_COUNT(LISTS); i++) {
        uint32_t list = tm_check_key(c, c->b->top[c->r], LISTS[i]);
        if (list != TM_NONE) return tm_check_find(c, CHECK_NO_MESSAGES, tm_check_nodes(c)[list].at);
    }
    return TM_OK;
}

tm_status tm_check_conversation(const tm_checking *c)
{
    uint32_t first = c->b->first_turn[c->r], end = c->b->first_turn[c->r + 1], answers = 0;
    bool assistant = false;
    if (c->kind == TM_CORPUS) return TM_OK;
    if (first == end) return check_empty(c);
    for (uint32_t t = first; t < end; t++) {
        const tm_turn *turn = &c->b->turn[t];
        assistant |= turn->role == TM_ASSISTANT;
        answers = TM_MAX(answers, turn->answer);
        TM_TRY(check_role(c, turn));
    }
    TM_TRY(check_order(c, answers ? 1 : 0));
    return check_last(c, &c->b->turn[end - 1], assistant);
}
