/* scored: one answer with a number beside it (score or reward): prompt and response, or a
 * conversation. The number is never converted here: it is part of the record's identity as read.
 *
 * Only numbers bring this layout into a set. In a set that has it, a score that is none (a text, a
 * null) is not passed over, which would train answers of any worth as good ones: the record is of
 * this layout and check.record finds the score (T1236), as it finds labels (layout_unpaired.c). */
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

/* The key that holds the score: a number before another value, that before null. TM_K_COUNT:
 * none. */
static tm_key score_key(const tm_doc *doc)
{
    static const tm_key KEYS[] = {TM_K_SCORE, TM_K_REWARD};
    tm_key other = TM_K_COUNT, null = TM_K_COUNT;
    for (size_t i = TM_COUNT(KEYS); i-- > 0;) {
        if (tm_kind_of(doc, KEYS[i]) == TM_JSON_NULL)
            null = KEYS[i];
        else if (tm_has(doc, KEYS[i]))
            other = KEYS[i];
    }
    for (size_t i = 0; i < TM_COUNT(KEYS); i++)
        if (is_number(doc, KEYS[i])) return KEYS[i];
    return other != TM_K_COUNT ? other : null;
}

static bool fits(const tm_doc *doc)
{
    if (score_key(doc) == TM_K_COUNT) return false;
    return has_answer(doc) || tm_is_chat(doc, TM_K_MESSAGES);
}

static bool claims(const tm_doc *doc)
{
    return is_number(doc, score_key(doc));
}

static uint32_t labels(const tm_doc *doc, unsigned key[])
{
    key[0] = score_key(doc);
    return key[0] != TM_K_COUNT;
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
    .claims = claims,
    .bind = bind,
    .labels = labels};
