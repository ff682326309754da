/* scored: one answer with a number beside it (score or reward): prompt and response, or a
 * conversation. The number is never converted here: it is part of the record's identity as read. */
#include "record/layout_bind.h"

static bool is_number(const tm_doc *doc, tm_key k)
{
    return tm_kind_of(doc, k) == TM_JSON_NUMBER;
}

static bool is_side(const tm_doc *doc, tm_key k)
{
    return tm_is_slot(doc, k) || tm_is_chat(doc, k);
}

static bool has_answer(const tm_doc *doc)
{
    return is_side(doc, TM_K_PROMPT) &&
           (is_side(doc, TM_K_RESPONSE) || is_side(doc, TM_K_COMPLETION));
}

static bool fits(const tm_doc *doc)
{
    if (!is_number(doc, TM_K_SCORE) && !is_number(doc, TM_K_REWARD)) return false;
    return has_answer(doc) || tm_is_chat(doc, TM_K_MESSAGES);
}

static uint32_t labels(const tm_doc *doc, unsigned key[])
{
    key[0] = is_number(doc, TM_K_SCORE) ? TM_K_SCORE : TM_K_REWARD;
    return tm_has(doc, key[0]);
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    const tm_keys *keys = doc->keys;
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    if (!has_answer(doc)) {
        TM_TRY(tm_bind_chat(to, doc, keys->value[TM_K_MESSAGES], 0, err));
        tm_bind_trained(to);
        return TM_OK;
    }
    tm_key answer = is_side(doc, TM_K_RESPONSE) ? TM_K_RESPONSE : TM_K_COMPLETION;
    TM_TRY(tm_bind_any(to, doc, keys->key[TM_K_PROMPT], keys->value[TM_K_PROMPT], TM_USER, 0, err));
    return tm_bind_any(to, doc, keys->key[answer], keys->value[answer], TM_ASSISTANT, 1, err);
}

extern const tm_layout tm_layout_scored;
const tm_layout tm_layout_scored = {
    .name = "scored",
    .summary = "One answer with a numeric score",
    .keys = "score or reward (a number) with prompt and response, or with messages",
    .example = "{\"prompt\": \"Name a moon of Mars.\", \"response\": \"Phobos\", \"score\": 0.9}",
    .kind = TM_SCORED,
    .fits = fits,
    .bind = bind,
    .labels = labels};
