/* preference: two answers, one chosen and one rejected.
 *
 * The prompt stands in prompt, messages, conversations or input.messages; or nowhere, and then both
 * answers are whole conversations and their longest common run of messages from the start is the
 * prompt. Such a prompt is in the record twice: the copy in `rejected` is bound as parts that
 * repeat the first ones (TM_PART_COPY), so an edit of the prompt is written to both. Messages are
 * equal when all their keys and values are, in order, however they are escaped or spaced.
 *
 * A prompt that is a text beside answers that are whole conversations is the same text again in
 * most published sets; it is left alone then, and bound only when the answers begin with the
 * assistant. */
#include "record/layout_bind.h"

static bool is_answer(const tm_doc *doc, tm_key k)
{
    return tm_is_slot(doc, k) || tm_is_chat(doc, k) || tm_kind_of(doc, k) == TM_JSON_OBJECT;
}

static bool fits(const tm_doc *doc)
{
    if (is_answer(doc, TM_K_CHOSEN) && is_answer(doc, TM_K_REJECTED)) return true;
    return tm_is_chat(doc, TM_K_PREFERRED) && tm_is_chat(doc, TM_K_NOT_PREFERRED);
}

static bool same_text(tm_binder *to, const tm_doc *doc, uint32_t a, uint32_t b)
{
    tm_buf *both = &to->b->scratch;
    tm_buf_clear(both);
    tm_json_unescape(tm_json_inside(doc->node, doc->raw.p, a), both);
    size_t half = both->n;
    tm_json_unescape(tm_json_inside(doc->node, doc->raw.p, b), both);
    if (both->failed) to->no_memory = true;
    return !both->failed && both->n == 2 * half && !memcmp(both->p, both->p + half, half);
}

/* Equal as JSON, with keys in the same order. */
static bool same_value(tm_binder *to, const tm_doc *doc, uint32_t a, uint32_t b)
{
    const tm_json_node *node = doc->node;
    const char *raw = doc->raw.p;
    uint32_t count = node[a].next - a;
    if (node[b].next - b != count) return false;
    if (tm_str_eq(tm_json_raw(node, raw, a), tm_json_raw(node, raw, b))) return true;
    for (uint32_t i = 0; i < count; i++) {
        const tm_json_node *x = &node[a + i], *y = &node[b + i];
        if (x->kind != y->kind || x->next - a != y->next - b) return false;
        if (x->kind == TM_JSON_ARRAY || x->kind == TM_JSON_OBJECT) continue;
        if (tm_str_eq(tm_json_raw(node, raw, a + i), tm_json_raw(node, raw, b + i))) continue;
        if (x->kind != TM_JSON_STRING && x->kind != TM_JSON_KEY) return false;
        if (!((x->flags | y->flags) & TM_JSON_ESCAPED)) return false;
        if (!same_text(to, doc, a + i, b + i)) return false;
    }
    return true;
}

/* How many messages both lists begin with. */
static uint32_t common_prefix(tm_binder *to, const tm_doc *doc, uint32_t chosen, uint32_t rejected)
{
    const tm_json_node *node = doc->node;
    uint32_t count = 0, a = chosen + 1, b = rejected + 1;
    while (a < node[chosen].next && b < node[rejected].next && same_value(to, doc, a, b)) {
        a = node[a].next;
        b = node[b].next;
        count++;
    }
    return count;
}

static tm_status bind_implicit(tm_binder *to, const tm_doc *doc, uint32_t chosen, uint32_t rejected,
                               uint32_t prefix, tm_err *err)
{
    uint32_t prompt = to->b->parts;
    TM_TRY(tm_bind_messages(to, doc, chosen, 0, prefix, 0, err));
    TM_TRY(tm_bind_messages(to, doc, chosen, prefix, UINT32_MAX, 1, err));
    uint32_t turns = to->b->turns, before = to->turns[0];
    to->turns[0] = 0;
    to->copy_from = prompt;
    TM_TRY(tm_bind_messages(to, doc, rejected, 0, prefix, 0, err));
    to->copy_from = TM_NONE;
    to->turns[0] = before;
    to->b->turns = turns; /* the conversation has these turns once */
    return tm_bind_messages(to, doc, rejected, prefix, UINT32_MAX, 2, err);
}

static tm_status bind_prompt(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    static const tm_key list[] = {TM_K_MESSAGES, TM_K_CONVERSATIONS, TM_K_CONVERSATION};
    const tm_keys *keys = doc->keys;
    if (tm_has(doc, TM_K_PROMPT))
        return tm_bind_any(to, doc, keys->key[TM_K_PROMPT], keys->value[TM_K_PROMPT], TM_USER, 0,
                           err);
    for (size_t i = 0; i < TM_COUNT(list); i++)
        if (tm_is_chat(doc, list[i])) return tm_bind_chat(to, doc, keys->value[list[i]], 0, err);
    if (tm_kind_of(doc, TM_K_INPUT) == TM_JSON_OBJECT) {
        uint32_t messages =
            tm_json_get(doc->node, doc->raw.p, keys->value[TM_K_INPUT], TM_STR("messages"));
        if (messages != TM_NONE && tm_node_is_chat(doc, messages))
            return tm_bind_chat(to, doc, messages, 0, err);
    }
    if (tm_is_slot(doc, TM_K_INSTRUCTION)) {
        TM_TRY(tm_bind_slot(to, doc, TM_K_INSTRUCTION, TM_USER, 0, err));
        if (tm_is_slot(doc, TM_K_INPUT))
            return tm_bind_value(to, doc, keys->key[TM_K_INPUT], keys->value[TM_K_INPUT],
                                 TM_CONTENT, 0, err);
    }
    return TM_OK;
}

static uint32_t labels(const tm_doc *doc, unsigned key[])
{
    static const tm_key ALL[] = {TM_K_MARGIN, TM_K_SCORE_CHOSEN, TM_K_SCORE_REJECTED};
    uint32_t count = 0;
    for (size_t i = 0; i < TM_COUNT(ALL); i++)
        if (tm_has(doc, ALL[i])) key[count++] = ALL[i];
    return count;
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    const tm_keys *keys = doc->keys;
    bool plain = is_answer(doc, TM_K_CHOSEN) && is_answer(doc, TM_K_REJECTED);
    tm_key good = plain ? TM_K_CHOSEN : TM_K_PREFERRED;
    tm_key bad = plain ? TM_K_REJECTED : TM_K_NOT_PREFERRED;
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    bool named = tm_is_chat(doc, TM_K_PROMPT) || tm_is_chat(doc, TM_K_MESSAGES) ||
                 tm_is_chat(doc, TM_K_CONVERSATIONS) || tm_is_chat(doc, TM_K_CONVERSATION);
    if (plain && !named && tm_is_chat(doc, good) && tm_is_chat(doc, bad)) {
        uint32_t chosen = keys->value[good], rejected = keys->value[bad];
        uint32_t prefix = common_prefix(to, doc, chosen, rejected);
        if (to->no_memory) return tm_fail_memory(err, "a record", doc->raw.n);
        if (prefix) return bind_implicit(to, doc, chosen, rejected, prefix, err);
    }
    TM_TRY(bind_prompt(to, doc, err));
    TM_TRY(tm_bind_any(to, doc, keys->key[good], keys->value[good], TM_ASSISTANT, 1, err));
    return tm_bind_any(to, doc, keys->key[bad], keys->value[bad], TM_ASSISTANT, 2, err);
}

extern const tm_layout tm_layout_preference;
const tm_layout tm_layout_preference = {
    .name = "preference",
    .summary = "A chosen and a rejected answer, as texts or as lists of messages",
    .keys = "chosen and rejected, with or without prompt",
    .example =
        "{\"prompt\": \"Is it safe to eat snow?\", \"chosen\": \"Fresh and white: mostly.\", "
        "\"rejected\": \"Always.\"}",
    .kind = TM_PREFERENCE,
    .fits = fits,
    .bind = bind,
    .labels = labels};
