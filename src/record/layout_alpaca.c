/* alpaca: instruction, input and output, perhaps with a system text and a history of earlier
 * exchanges. Instruction and input are two parts of one user turn; the output is the answer. An
 * input that is not there gives no part; an empty or a null one does. */
#include "record/layout_bind.h"

bool tm_fits_alpaca(const tm_doc *doc)
{
    return tm_is_slot(doc, TM_K_INSTRUCTION) &&
           (tm_is_slot(doc, TM_K_OUTPUT) || tm_is_slot(doc, TM_K_RESPONSE));
}

/* history: [[user, assistant], ...] */
static tm_status bind_history(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    const tm_json_node *node = doc->node;
    uint32_t list = tm_value_of(doc, TM_K_HISTORY);
    if (list == TM_NONE || node[list].kind != TM_JSON_ARRAY) return TM_OK;
    for (uint32_t v = list + 1; v < node[list].next; v = node[v].next) {
        unsigned side = 0;
        if (node[v].kind != TM_JSON_ARRAY) continue;
        for (uint32_t text = v + 1; text < node[v].next; text = node[text].next, side ^= 1) {
            TM_TRY(tm_bind_turn(to, doc, side ? TM_ASSISTANT : TM_USER, 0, TM_NONE, err));
            TM_TRY(tm_bind_value(to, doc, TM_NONE, text, TM_CONTENT, 0, err));
        }
    }
    return TM_OK;
}

tm_status tm_bind_alpaca(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    tm_key answer = tm_is_slot(doc, TM_K_OUTPUT) ? TM_K_OUTPUT : TM_K_RESPONSE;
    tm_key more = tm_has(doc, TM_K_INPUT) ? TM_K_INPUT : TM_K_CONTEXT;
    const tm_keys *keys = doc->keys;
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    TM_TRY(bind_history(to, doc, err));
    TM_TRY(tm_bind_slot(to, doc, TM_K_INSTRUCTION, TM_USER, 0, err));
    if (tm_has(doc, more))
        TM_TRY(tm_bind_value(to, doc, keys->key[more], keys->value[more], TM_CONTENT, 0, err));
    return tm_bind_slot(to, doc, answer, TM_ASSISTANT, 1, err);
}

extern const tm_layout tm_layout_alpaca;
const tm_layout tm_layout_alpaca = {
    .name = "alpaca",
    .summary = "An instruction with an optional input, and the output",
    .keys = "instruction and output (or response), as text",
    .example = "{\"instruction\": \"Add the numbers.\", \"input\": \"2 3\", \"output\": \"5\"}",
    .kind = TM_SFT,
    .fits = tm_fits_alpaca,
    .bind = tm_bind_alpaca};
