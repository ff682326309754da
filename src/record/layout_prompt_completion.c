/* prompt-completion: what is asked and what is answered, each a text or a list of messages; and
 * prompt alone, for trainers that make the answers themselves. */
#include "record/layout_bind.h"

static bool is_side(const tm_doc *doc, tm_key k)
{
    return tm_is_slot(doc, k) || tm_is_chat(doc, k);
}

static bool fits(const tm_doc *doc)
{
    return is_side(doc, TM_K_PROMPT) &&
           (is_side(doc, TM_K_COMPLETION) || is_side(doc, TM_K_RESPONSE));
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    const tm_keys *keys = doc->keys;
    tm_key answer = is_side(doc, TM_K_COMPLETION) ? TM_K_COMPLETION : TM_K_RESPONSE;
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    TM_TRY(tm_bind_any(to, doc, keys->key[TM_K_PROMPT], keys->value[TM_K_PROMPT], TM_USER, 0, err));
    return tm_bind_any(to, doc, keys->key[answer], keys->value[answer], TM_ASSISTANT, 1, err);
}

extern const tm_layout tm_layout_prompt_completion;
const tm_layout tm_layout_prompt_completion = {
    .name = "prompt-completion",
    .summary = "A prompt and its completion, as texts or as lists of messages",
    .keys = "prompt and completion (or response)",
    .example = "{\"prompt\": \"The sky is\", \"completion\": \" blue.\"}",
    .kind = TM_SFT,
    .fits = fits,
    .bind = bind};

static bool prompt_fits(const tm_doc *doc)
{
    return is_side(doc, TM_K_PROMPT) && !tm_has(doc, TM_K_COMPLETION) &&
           !tm_has(doc, TM_K_RESPONSE) && !tm_has(doc, TM_K_CHOSEN);
}

static tm_status prompt_bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    const tm_keys *keys = doc->keys;
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    return tm_bind_any(to, doc, keys->key[TM_K_PROMPT], keys->value[TM_K_PROMPT], TM_USER, 0, err);
}

extern const tm_layout tm_layout_prompt;
const tm_layout tm_layout_prompt = {
    .name = "prompt",
    .summary = "A prompt alone, as a text or a list of messages",
    .keys = "prompt, without completion or chosen",
    .example = "{\"prompt\": [{\"role\": \"user\", \"content\": \"Name a prime above 90.\"}]}",
    .kind = TM_PROMPT,
    .fits = prompt_fits,
    .bind = prompt_bind};
