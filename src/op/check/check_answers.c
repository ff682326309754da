/* V14 and V15: pairs, labels and scores. Two answers are the same when what can be seen of them is,
 * with the white space before and between it, for code lives of that: cleaning may not make them
 * so. Where white space alone tells them apart that is remarked, as it is when messages that are
 * the same stand between others that are not: the rule asks for one difference. */
#include "op/check/check.h"
#include "text/utf8.h"
#include "text/visible.h"
#include "text/words.h"

/* What no text tells: who speaks, which function is called, which picture is shown. */
static void add_unspoken(const tm_checking *c, const tm_part *part, tm_buf *out)
{
    tm_buf_char(out, (char)('0' + part->role));
    tm_buf_char(out, (char)('0' + part->kind));
    if (part->name.p) tm_buf_add(out, part->name.p, part->name.n);
    if (part->flags & TM_PART_NOT_TEXT)
        tm_buf_add(out, tm_check_raw(c) + part->raw_at, part->raw_bytes);
    tm_buf_char(out, '\0');
}

/* Appends what is seen of the parts [from, end) of an answer. */
static tm_status add_parts(const tm_checking *c, uint32_t from, uint32_t end, uint16_t answer,
                           tm_buf *out)
{
    for (uint32_t p = from; p < end; p++) {
        const tm_part *part = &c->b->part[p];
        tm_str text;
        if (part->answer != answer) continue;
        if (!tm_part_text(c->b, p, &text)) return tm_fail_memory(c->err, "a part's text", 0);
        add_unspoken(c, part, out);
        tm_text_seen(text, out);
    }
    return tm_buf_ok(out, c->err);
}

static tm_status answer_text(const tm_checking *c, uint16_t answer, tm_buf *out)
{
    return add_parts(c, c->b->first_part[c->r], c->b->first_part[c->r + 1], answer, out);
}

/* The next run of what is no white space from *at on; U+0000, which ends what is unspoken, is a run
 * of its own. Empty: there is none. */
static tm_str next_run(tm_str s, size_t *at)
{
    size_t begin = *at, next = begin;
    while (next < s.n && tm_is_space(tm_utf8_next(s, &next))) begin = next;
    if (begin < s.n && s.p[begin] == '\0') {
        *at = begin + 1;
    } else {
        for (next = *at = begin; next < s.n && s.p[next] != '\0'; *at = next)
            if (tm_is_space(tm_utf8_next(s, &next))) break;
    }
    return tm_str_slice(s, begin, *at);
}

/* Stops at the first difference, which most answers begin with. */
static bool same_but_space(tm_str a, tm_str b)
{
    for (size_t at_a = 0, at_b = 0;;) {
        tm_str x = next_run(a, &at_a), y = next_run(b, &at_b);
        if (!tm_str_eq(x, y)) return false;
        if (!x.n) return true;
    }
}

static tm_status check_same(const tm_checking *c, bool *same)
{
    tm_buf a = {0}, b = {0};
    tm_status status = answer_text(c, 1, &a);
    if (status == TM_OK) status = answer_text(c, 2, &b);
    *same = status == TM_OK && tm_str_eq(tm_buf_view(&a), tm_buf_view(&b));
    bool alike = status == TM_OK && !*same && same_but_space(tm_buf_view(&a), tm_buf_view(&b));
    tm_buf_release(&a);
    tm_buf_release(&b);
    if (alike) return tm_check_find(c, CHECK_SAME_BUT_SPACE, 0);
    return *same ? tm_check_find(c, CHECK_SAME_ANSWERS, 0) : status;
}

/* The turn at or behind t that is of this answer, or the record's last one plus one. */
static uint32_t turn_of(const tm_checking *c, uint32_t t, uint16_t answer)
{
    uint32_t end = c->b->first_turn[c->r + 1];
    while (t < end && c->b->turn[t].answer != answer) t++;
    return t;
}

static tm_status same_turn(const tm_checking *c, uint32_t x, uint32_t y, bool *same)
{
    const tm_turn *a = &c->b->turn[x], *b = &c->b->turn[y];
    tm_buf said[2] = {0};
    tm_status status = add_parts(c, a->first_part, a->first_part + a->parts, 1, &said[0]);
    if (status == TM_OK)
        status = add_parts(c, b->first_part, b->first_part + b->parts, 2, &said[1]);
    *same = tm_str_eq(tm_buf_view(&said[0]), tm_buf_view(&said[1]));
    tm_buf_release(&said[0]);
    tm_buf_release(&said[1]);
    return status;
}

/* Messages are held against each other in order; one that the other answer does not have differs.
 * An answer of one message has one difference. */
static tm_status check_spans(const tm_checking *c)
{
    uint32_t first = c->b->first_turn[c->r], end = c->b->first_turn[c->r + 1], spans = 0;
    uint32_t a = turn_of(c, first, 1), b = turn_of(c, first, 2);
    if (turn_of(c, a + 1, 1) >= end || turn_of(c, b + 1, 2) >= end) return TM_OK;
    for (bool differed = false, same; a < end || b < end; differed = !same) {
        same = false;
        if (a < end && b < end) TM_TRY(same_turn(c, a, b, &same));
        if (!same && !differed && ++spans == 2)
            return tm_check_find(c, CHECK_SPANS, tm_check_place(c, &c->b->turn[a < end ? a : b]));
        if (a < end) a = turn_of(c, a + 1, 1);
        if (b < end) b = turn_of(c, b + 1, 2);
    }
    return TM_OK;
}

/* Its first character that can be seen; 0: none. */
static uint32_t first_seen(tm_str s)
{
    for (size_t at = 0; at < s.n;) {
        uint32_t c = tm_utf8_next(s, &at);
        if (!tm_is_unseen(c)) return c;
    }
    return 0;
}

/* Two whole conversations as plain strings (implicit prompt) share at least how they begin. */
static bool begin_alike(const tm_checking *c)
{
    uint32_t first[3] = {0};
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++) {
        tm_str text;
        uint16_t answer = c->b->part[p].answer;
        bool wanted = answer < 3 && !first[answer];
        if (wanted && tm_part_text(c->b, p, &text)) first[answer] = first_seen(text);
    }
    return first[1] && first[1] == first[2];
}

/* An answer without a message: an empty list, or nothing behind the prompt that both share. */
static tm_status check_missing(const tm_checking *c, const char *key)
{
    uint32_t value = tm_check_key(c, c->b->top[c->r], key);
    return tm_check_find(c, CHECK_EMPTY_RESPONSE,
                         value == TM_NONE ? 0 : tm_check_nodes(c)[value].at);
}

static tm_status check_pair(const tm_checking *c)
{
    bool prompt = false, ends[3] = {true, true, true}, there[3] = {false, false, false};
    for (uint32_t t = c->b->first_turn[c->r]; t < c->b->first_turn[c->r + 1]; t++) {
        const tm_turn *turn = &c->b->turn[t];
        if (turn->answer >= 3) continue;
        there[turn->answer] = true;
        ends[turn->answer] = turn->role == TM_ASSISTANT;
    }
    for (uint32_t p = c->b->first_part[c->r]; p < c->b->first_part[c->r + 1]; p++)
        prompt |= c->b->part[p].answer == 0;
    bool same;
    TM_TRY(check_same(c, &same));
    if (!same) TM_TRY(check_spans(c));
    if (!there[1]) TM_TRY(check_missing(c, "chosen"));
    if (!there[2]) TM_TRY(check_missing(c, "rejected"));
    bool explicit_prompt = tm_check_key(c, c->b->top[c->r], "prompt") != TM_NONE;
    if (!prompt && !explicit_prompt)
        TM_TRY(begin_alike(c) ? tm_check_asked(c) : tm_check_find(c, CHECK_NO_SHARED_PROMPT, 0));
    if (!ends[1] || !ends[2]) TM_TRY(tm_check_find(c, CHECK_ANSWER_END, 0));
    return TM_OK;
}

/* The label as the layout or the mapping bound it. One inside a string has no place of its own. */
static tm_status find_label(const tm_checking *c, tm_check code)
{
    tm_str label = c->b->label[c->r], raw = c->b->raw[c->r];
    bool inside = label.p && label.p >= raw.p && label.p < raw.p + raw.n;
    return tm_check_find(c, code, inside ? (uint32_t)(label.p - raw.p) : 0);
}

static tm_status check_label(const tm_checking *c)
{
    tm_str label = c->b->label[c->r];
    if (tm_str_is(label, "true") || tm_str_is(label, "false")) return TM_OK;
    return find_label(c, CHECK_LABEL);
}

/* It is JSON that was scanned, so its first character says what it is. */
static tm_status check_score(const tm_checking *c)
{
    tm_str score = c->b->label[c->r];
    if (score.n && (score.p[0] == '-' || (score.p[0] >= '0' && score.p[0] <= '9'))) return TM_OK;
    return find_label(c, CHECK_SCORE);
}

tm_status tm_check_answers(const tm_checking *c)
{
    if (c->kind == TM_PREFERENCE) return check_pair(c);
    if (c->kind == TM_SCORED) return check_score(c);
    return c->kind == TM_UNPAIRED ? check_label(c) : TM_OK;
}
