/* V14 and V15: pairs and labels. Two answers are the same when their texts are, white space
 * aside. */
#include "op/check/check.h"
#include "op/normalise.h"

static tm_status answer_text(const tm_checking *c, uint16_t answer, tm_buf *scratch, tm_buf *out)
{
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++) {
        const tm_part *part = &c->b->part[p];
        tm_str text;
        if (part->answer != answer) continue;
        if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
        tm_buf_char(out, (char)('0' + part->role));
        tm_normalise(text, TM_NORM_SPACE, scratch, out);
    }
    return tm_buf_ok(out, c->err);
}

static tm_status check_same(const tm_checking *c)
{
    tm_buf a = {0}, b = {0}, scratch = {0};
    tm_status status = answer_text(c, 1, &scratch, &a);
    if (status == TM_OK) status = answer_text(c, 2, &scratch, &b);
    bool same = status == TM_OK && tm_str_eq(tm_buf_view(&a), tm_buf_view(&b));
    tm_buf_release(&a);
    tm_buf_release(&b);
    tm_buf_release(&scratch);
    return same ? tm_check_find(c, CHECK_SAME_ANSWERS, 0) : status;
}

/* Two whole conversations as plain strings (implicit prompt) share at least how they begin. */
static bool begin_alike(const tm_checking *c)
{
    char first[3] = {0};
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++) {
        tm_str text;
        uint16_t answer = c->b->part[p].answer;
        bool wanted = answer < 3 && !first[answer];
        if (wanted && tm_part_text(c->b, p, &text) && text.n) first[answer] = text.p[0];
    }
    return first[1] && first[1] == first[2];
}

static tm_status check_pair(const tm_checking *c)
{
    bool prompt = false, ends[3] = {true, true, true};
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        const tm_turn *turn = &c->b->turn[t];
        if (turn->answer < 3) ends[turn->answer] = turn->role == TM_ASSISTANT;
    }
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++)
        prompt |= c->b->part[p].answer == 0;
    TM_TRY(check_same(c));
    bool explicit_prompt = tm_check_key(c, c->b->top[c->r], "prompt") != TM_NONE;
    if (!prompt && !explicit_prompt && !begin_alike(c))
        TM_TRY(tm_check_find(c, CHECK_NO_SHARED_PROMPT, 0));
    if (!ends[1] || !ends[2]) TM_TRY(tm_check_find(c, CHECK_ANSWER_END, 0));
    return TM_OK;
}

tm_status tm_check_answers(const tm_checking *c)
{
    if (c->kind == TM_PREFERENCE) return check_pair(c);
    if (c->kind != TM_UNPAIRED) return TM_OK;
    const tm_json_node *node = tm_check_nodes(c);
    uint32_t label = tm_check_key(c, c->b->top[c->r], "label");
    if (label == TM_NONE) label = tm_check_key(c, c->b->top[c->r], "kto_tag");
    if (label == TM_NONE) return TM_OK;
    bool boolean = node[label].kind == TM_JSON_TRUE || node[label].kind == TM_JSON_FALSE;
    return boolean ? TM_OK : tm_check_find(c, CHECK_LABEL, node[label].at);
}
