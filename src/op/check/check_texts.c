/* V1 and V6 of check.record: texts that must be there, are there, and can be written as UTF-8. */
#include "op/check/check.h"
#include "text/words.h"

static bool is_blank(tm_str s)
{
    tm_str word;
    size_t at = 0;
    return !tm_text_next_word(s, &at, &word);
}

static bool has_lone_surrogate(tm_str s)
{
    for (size_t at = tm_str_find_char(s, (char)0xED); at + 1 < s.n;) {
        if ((uint8_t)s.p[at + 1] >= 0xA0) return true;
        at += 1 + tm_str_find_char(tm_str_slice(s, at + 1, s.n), (char)0xED);
    }
    return false;
}

static tm_status check_part(const tm_checking *c, uint32_t p, bool *said)
{
    const tm_part *part = &c->b->part[p];
    tm_str text;
    if (part->flags & TM_PART_NOT_TEXT) {
        *said = true;
        return tm_check_find(c, CHECK_NOT_TEXT, part->raw_at);
    }
    if (part->present == TM_WRONG_TYPE) return tm_check_find(c, CHECK_WRONG_TYPE, part->raw_at);
    if (part->present != TM_IS_TEXT) return TM_OK;
    if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
    bool blank = is_blank(text);
    if (!blank && (part->flags & TM_PART_RESPONSE)) *said = true;
    if (part->kind == TM_CALL && (part->flags & TM_PART_RESPONSE)) *said = true;
    if (tm_str_find_char(text, 0) < text.n) TM_TRY(tm_check_find(c, CHECK_NUL, part->raw_at));
    if (has_lone_surrogate(text)) return tm_check_find(c, CHECK_LONE_SURROGATE, part->raw_at);
    return TM_OK;
}

/* V6: null content is right beside tool calls or a refusal only; *said then, so that it is not
 * called empty as well. */
static tm_status check_null(const tm_checking *c, const tm_turn *turn, bool *said)
{
    static const char *const EXCUSES[] = {"tool_calls", "function_call", "refusal"};
    for (uint32_t p = turn->first_part; p < turn->first_part + turn->parts; p++) {
        const tm_part *part = &c->b->part[p];
        bool excused = turn->role == TM_ASSISTANT && part->kind != TM_CONTENT;
        if (part->present != TM_IS_NULL) continue;
        for (size_t i = 0; i < TM_COUNT(EXCUSES) && turn->role == TM_ASSISTANT; i++)
            excused |= tm_check_key(c, turn->node, EXCUSES[i]) != TM_NONE;
        *said = true;
        if (!excused) TM_TRY(tm_check_find(c, CHECK_NULL_CONTENT, part->raw_at));
    }
    return TM_OK;
}

/* A user message is empty when all its texts are: an empty alpaca `input` beside an instruction is
 * normal. */
static tm_status check_user(const tm_checking *c, const tm_turn *turn)
{
    bool blank = turn->role == TM_USER && turn->parts;
    for (uint32_t p = turn->first_part; blank && p < turn->first_part + turn->parts; p++) {
        tm_str text;
        if (c->b->part[p].flags & TM_PART_NOT_TEXT || c->b->part[p].present != TM_IS_TEXT)
            return TM_OK;
        if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
        blank = is_blank(text);
    }
    return blank ? tm_check_find(c, CHECK_EMPTY_TEXT, c->b->part[turn->first_part].raw_at) : TM_OK;
}

tm_status tm_check_texts(const tm_checking *c)
{
    bool said = false, response = false;
    uint32_t first = c->b->first_part[c->r], end = c->b->first_part[c->r + 1];
    for (uint32_t p = first; p < end; p++) {
        TM_TRY(check_part(c, p, &said));
        response |= (c->b->part[p].flags & TM_PART_RESPONSE) != 0;
        if (c->kind != TM_CORPUS || c->b->part[p].present != TM_IS_TEXT) continue;
        tm_str text;
        if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
        response = true;
        said |= !is_blank(text);
    }
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        TM_TRY(check_null(c, &c->b->turn[t], &said));
        TM_TRY(check_user(c, &c->b->turn[t]));
    }
    bool empty = response && !said && c->kind != TM_PROMPT;
    return empty ? tm_check_find(c, CHECK_EMPTY_RESPONSE, c->b->part[end - 1].raw_at) : TM_OK;
}
