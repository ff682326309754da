/* unpaired: one answer with a verdict, true or false (KTO). The answer is a completion, the output
 * of an instruction (LLaMA-Factory's kto_tag), or the end of a conversation. The label must be a
 * boolean: 0 and 1 are also class numbers, and guessing between the two would teach the wrong
 * thing.
 *
 * So a label of another type is not guessed at, and not passed over either, which would train bad
 * answers as good ones: the record is of this layout and check.record finds the label (T1233). A
 * null label is none in a set where no record has another (tables write columns that nobody filled
 * so); beside labelled records it is one that is missing. Likewise a label of another type beside
 * messages or an instruction, where it is more often a class: only booleans bring this layout into
 * a set. */
#include "record/layout_bind.h"

static bool is_truth(const tm_doc *doc, tm_key k)
{
    uint8_t kind = tm_kind_of(doc, k);
    return kind == TM_JSON_TRUE || kind == TM_JSON_FALSE;
}

/* The key that holds the label: a boolean before another value, that before null. TM_K_COUNT:
 * none. */
static tm_key label_key(const tm_doc *doc)
{
    static const tm_key KEYS[] = {TM_K_LABEL, TM_K_KTO_TAG};
    tm_key other = TM_K_COUNT, null = TM_K_COUNT;
    for (size_t i = TM_COUNT(KEYS); i-- > 0;) {
        if (tm_has(doc, KEYS[i]) && tm_kind_of(doc, KEYS[i]) == TM_JSON_NULL)
            null = KEYS[i];
        else if (tm_has(doc, KEYS[i]))
            other = KEYS[i];
    }
    if (is_truth(doc, TM_K_LABEL)) return TM_K_LABEL;
    if (is_truth(doc, TM_K_KTO_TAG)) return TM_K_KTO_TAG;
    return other != TM_K_COUNT ? other : null;
}

static bool is_side(const tm_doc *doc, tm_key k)
{
    return tm_is_slot(doc, k) || tm_is_chat(doc, k);
}

static bool has_answer(const tm_doc *doc)
{
    return is_side(doc, TM_K_PROMPT) &&
           (is_side(doc, TM_K_COMPLETION) || is_side(doc, TM_K_RESPONSE));
}

static bool fits(const tm_doc *doc)
{
    tm_key label = label_key(doc);
    if (label == TM_K_COUNT) return false;
    bool scored = tm_has(doc, TM_K_SCORE) || tm_has(doc, TM_K_REWARD);
    if (scored && !is_truth(doc, label)) return false;
    return has_answer(doc) || tm_fits_alpaca(doc) || tm_is_chat(doc, TM_K_MESSAGES) ||
           tm_is_chat(doc, TM_K_CONVERSATIONS);
}

static bool claims(const tm_doc *doc)
{
    tm_key label = label_key(doc);
    if (is_truth(doc, label)) return true;
    bool null = tm_kind_of(doc, label) == TM_JSON_NULL;
    return !null && (label == TM_K_KTO_TAG || has_answer(doc));
}

static uint32_t labels(const tm_doc *doc, unsigned key[])
{
    key[0] = label_key(doc);
    return key[0] != TM_K_COUNT;
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    const tm_keys *keys = doc->keys;
    if (!has_answer(doc) && tm_fits_alpaca(doc)) return tm_bind_alpaca(to, doc, err);
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    if (!has_answer(doc)) {
        tm_key list = tm_is_chat(doc, TM_K_MESSAGES) ? TM_K_MESSAGES : TM_K_CONVERSATIONS;
        TM_TRY(tm_bind_chat(to, doc, keys->value[list], 0, err));
        tm_bind_trained(to);
        return TM_OK;
    }
    tm_key answer = is_side(doc, TM_K_COMPLETION) ? TM_K_COMPLETION : TM_K_RESPONSE;
    TM_TRY(tm_bind_any(to, doc, keys->key[TM_K_PROMPT], keys->value[TM_K_PROMPT], TM_USER, 0, err));
    return tm_bind_any(to, doc, keys->key[answer], keys->value[answer], TM_ASSISTANT, 1, err);
}

extern const tm_layout tm_layout_unpaired;
const tm_layout tm_layout_unpaired = {
    .name = "unpaired",
    .summary = "One answer and whether it is wanted",
    .keys = "label or kto_tag (true or false) with prompt and completion, with "
            "instruction and output, or with messages",
    .example = "{\"prompt\": \"2+2?\", \"completion\": \"5\", \"label\": false}",
    .kind = TM_UNPAIRED,
    .fits = fits,
    .claims = claims,
    .bind = bind,
    .labels = labels};
