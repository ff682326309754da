/* V1 and V6 of check.record: texts that must be there, are there, and can be written as UTF-8.
 *
 * Empty is what shows nothing: white space, controls and zero-width marks alone (text/visible.h),
 * so that no later step that takes them out leaves an empty answer behind. An assistant's message
 * says something by its content, a call or a refusal; its reasoning, and what a tool said before
 * it, are no answer. Each message and each answer is looked at by itself, because each is trained
 * by itself. */
#include "op/check/check.h"
#include "text/visible.h"

static bool has_lone_surrogate(tm_str s)
{
    for (size_t at = tm_str_find_char(s, (char)0xED); at + 1 < s.n;) {
        if ((uint8_t)s.p[at + 1] >= 0xA0) return true;
        at += 1 + tm_str_find_char(tm_str_slice(s, at + 1, s.n), (char)0xED);
    }
    return false;
}

/* Text that stands in the record as it is: there are neither bare controls nor surrogates in it. */
static bool is_slice_of(tm_str text, tm_str raw)
{
    return (uintptr_t)text.p - (uintptr_t)raw.p < raw.n;
}

static tm_status check_part(const tm_checking *c, uint32_t p)
{
    const tm_part *part = &c->b->part[p];
    tm_str text;
    if (part->flags & TM_PART_NOT_TEXT) return tm_check_find(c, CHECK_NOT_TEXT, part->raw_at);
    if (part->present == TM_WRONG_TYPE) return tm_check_find(c, CHECK_WRONG_TYPE, part->raw_at);
    if (part->present != TM_IS_TEXT) return TM_OK;
    if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
    if (is_slice_of(text, c->b->raw[c->r])) return TM_OK;
    if (tm_str_find_char(text, 0) < text.n) TM_TRY(tm_check_find(c, CHECK_NUL, part->raw_at));
    if (has_lone_surrogate(text)) return tm_check_find(c, CHECK_LONE_SURROGATE, part->raw_at);
    return TM_OK;
}

/* Its text is a part like those of the content; that it is a refusal only its key says. */
static tm_status refuses(const tm_checking *c, const tm_turn *turn, bool *yes)
{
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t refusal = tm_check_key(c, turn->node, "refusal");
    if (refusal == TM_NONE || node[refusal].kind != TM_JSON_STRING) return TM_OK;
    tm_buf *text = &c->b->scratch;
    tm_buf_clear(text);
    tm_json_unescape(tm_json_inside(node, tm_check_raw(c), refusal), text);
    TM_TRY(tm_buf_ok(text, c->err));
    *yes |= !tm_text_is_blank(tm_buf_view(text));
    return TM_OK;
}

/* Does it call a tool or refuse? Keys that hold nothing (null, [], {}, "") are no excuse: tables
 * and client libraries write all keys into every message. */
static tm_status calls_or_refuses(const tm_checking *c, const tm_turn *turn, bool *yes)
{
    *yes = false;
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++) {
        const tm_part *part = &c->b->part[p];
        *yes |= part->kind == TM_CALL && (part->present != TM_ABSENT || part->name.p);
    }
    return *yes || turn->role != TM_ASSISTANT ? TM_OK : refuses(c, turn, yes);
}

/* Slots of one turn that no message holds (instruction and input of alpaca) need not all be filled:
 * tables write null into those that are not. */
static bool fills_a_slot(const tm_checking *c, const tm_turn *turn)
{
    bool fills = false;
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++)
        fills |= turn->node == TM_NONE && c->b->part[p].present == TM_IS_TEXT;
    return fills;
}

/* A system text that a slot of the record leaves open. */
static bool is_no_system(const tm_turn *turn)
{
    return turn->role == TM_SYSTEM && turn->node == TM_NONE;
}

static tm_status check_null(const tm_checking *c, const tm_turn *turn)
{
    if (is_no_system(turn) || fills_a_slot(c, turn)) return TM_OK;
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++) {
        const tm_part *part = &c->b->part[p];
        bool excused = turn->role == TM_ASSISTANT && part->kind != TM_CONTENT;
        if (part->present != TM_IS_NULL || excused) continue;
        if (turn->role == TM_ASSISTANT) TM_TRY(calls_or_refuses(c, turn, &excused));
        if (!excused) TM_TRY(tm_check_find(c, CHECK_NULL_CONTENT, part->raw_at));
    }
    return TM_OK;
}

/* Does its content say nothing? What is null or no text has a finding of its own; several slots
 * (instruction and input of alpaca) are empty when all are. */
static tm_status is_empty(const tm_checking *c, const tm_turn *turn, bool *empty)
{
    bool fills = fills_a_slot(c, turn);
    *empty = true;
    for (uint32_t p = turn->first_part; *empty && p < turn->first_part + turn->parts; p++) {
        const tm_part *part = &c->b->part[p];
        tm_str text;
        bool open = part->present == TM_ABSENT || (part->present == TM_IS_NULL && fills);
        if (part->kind == TM_REASONING || part->kind == TM_CALL || open) continue;
        *empty = part->present == TM_IS_TEXT && !(part->flags & TM_PART_NOT_TEXT);
        if (!*empty) continue;
        if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
        *empty = tm_text_is_blank(text);
    }
    bool said = false;
    if (*empty) TM_TRY(calls_or_refuses(c, turn, &said));
    *empty &= !said;
    return TM_OK;
}

/* Would a trainer learn this message? Every answer, what stands behind the last question, and the
 * earlier messages of a conversation that is nothing but one; not what has the weight 0. */
static bool is_trained(const tm_checking *c, const tm_turn *turn)
{
    if (turn->role != TM_ASSISTANT || tm_check_weight(c, turn, NULL) == 0) return false;
    bool trained = turn->answer > 0 || (c->kind == TM_SFT && !c->answers);
    for (uint32_t p = turn->first_part; !trained && p < turn->first_part + turn->parts; p++)
        trained = c->b->part[p].flags & TM_PART_RESPONSE;
    return trained;
}

/* A slot for the prompt that this record leaves open. */
static bool is_open_slot(const tm_checking *c, const tm_turn *turn)
{
    bool open = turn->role == TM_USER && turn->node == TM_NONE;
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++)
        open &= c->b->part[p].present == TM_ABSENT;
    return open;
}

/* A message of someone else than the assistant, who may have called instead, and nothing in it. */
static bool has_no_content(const tm_checking *c, const tm_turn *turn)
{
    bool none = turn->role != TM_ASSISTANT && tm_check_key(c, turn->node, "role") != TM_NONE;
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++) {
        const tm_part *part = &c->b->part[p];
        bool said = part->kind == TM_CONTENT || part->kind == TM_RESULT;
        none &= !said || part->present == TM_ABSENT;
    }
    return none && tm_check_key(c, turn->node, "content") == TM_NONE;
}

static tm_status check_empty(const tm_checking *c, const tm_turn *turn)
{
    if (has_no_content(c, turn)) return tm_check_find(c, CHECK_NO_CONTENT, tm_check_place(c, turn));
    bool empty, trained = is_trained(c, turn);
    if (!trained && turn->role != TM_USER && turn->role != TM_ASSISTANT) return TM_OK;
    TM_TRY(is_empty(c, turn, &empty));
    if (!empty) return TM_OK;
    uint32_t place = tm_check_place(c, turn);
    for (uint32_t p = turn->first_part + turn->parts; p-- > turn->first_part;)
        if (c->b->part[p].kind == TM_CONTENT) place = c->b->part[p].raw_at;
    tm_check code = trained                 ? CHECK_EMPTY_RESPONSE
                    : is_open_slot(c, turn) ? CHECK_NO_PROMPT
                                            : CHECK_EMPTY_TEXT;
    return tm_check_find(c, code, place);
}

/* A message that is trained on stands before all but system messages, so it answers nothing. Where
 * any order is taken, a question may stand behind it. */
tm_status tm_check_asked(const tm_checking *c)
{
    uint32_t t = c->b->first_turn[c->r], end = c->b->first_turn[c->r + 1];
    while (t < end && c->b->turn[t].role == TM_SYSTEM) t++;
    if (t == end || c->b->turn[t].node == TM_NONE || !is_trained(c, &c->b->turn[t])) return TM_OK;
    for (uint32_t u = t; u < end && c->profile == PROFILE_FREE; u++)
        if (c->b->turn[u].role != TM_SYSTEM && c->b->turn[u].role != TM_ASSISTANT) return TM_OK;
    return tm_check_find(c, CHECK_NO_PROMPT, tm_check_place(c, &c->b->turn[t]));
}

/* A prompt that is an empty list of messages has no message to look at. Whether a pair without one
 * shares a prompt is looked at with its answers. */
static tm_status check_prompt(const tm_checking *c)
{
    uint32_t prompt = tm_check_key(c, c->b->top[c->r], "prompt"), first = c->b->first_turn[c->r];
    bool asked = false;
    if (prompt == TM_NONE || !c->answers) {
        bool whole = c->kind == TM_PREFERENCE && first < c->b->first_turn[c->r + 1] &&
                     c->b->turn[first].answer > 0;
        return whole ? TM_OK : tm_check_asked(c);
    }
    for (uint32_t t = first; t < c->b->first_turn[c->r + 1] && !asked; t++)
        asked = c->b->turn[t].answer == 0 && c->b->turn[t].role != TM_SYSTEM;
    return asked ? TM_OK : tm_check_find(c, CHECK_NO_PROMPT, tm_check_nodes(c)[prompt].at);
}

/* A corpus record trains all its documents as one. */
static tm_status check_corpus(const tm_checking *c)
{
    uint32_t place = TM_NONE;
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++) {
        tm_str text;
        if (c->b->part[p].present != TM_IS_TEXT) continue;
        if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
        if (!tm_text_is_blank(text)) return TM_OK;
        place = c->b->part[p].raw_at;
    }
    return place == TM_NONE ? TM_OK : tm_check_find(c, CHECK_EMPTY_RESPONSE, place);
}

tm_status tm_check_texts(const tm_checking *c)
{
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++)
        TM_TRY(check_part(c, p));
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        TM_TRY(check_null(c, &c->b->turn[t]));
        TM_TRY(check_empty(c, &c->b->turn[t]));
    }
    return c->kind == TM_CORPUS ? check_corpus(c) : check_prompt(c);
}
