/* sharegpt: a conversation as a list of {from, value}, and its relatives: role and content under
 * the key conversations, or pairs {human, assistant} under conversation. function_call turns are
 * the assistant's, observation turns are a tool's. */
#include "record/layout_bind.h"

static bool fits(const tm_doc *doc)
{
    return tm_is_chat(doc, TM_K_CONVERSATIONS) || tm_is_chat(doc, TM_K_CONVERSATION);
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    tm_key list = tm_is_chat(doc, TM_K_CONVERSATIONS) ? TM_K_CONVERSATIONS : TM_K_CONVERSATION;
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    TM_TRY(tm_bind_chat(to, doc, doc->keys->value[list], 0, err));
    tm_bind_trained(to);
    return TM_OK;
}

extern const tm_layout tm_layout_sharegpt;
const tm_layout tm_layout_sharegpt = {
    .name = "sharegpt",
    .summary = "A conversation in ShareGPT's words: a list of turns with from and value",
    .keys = "conversations (a list of objects)",
    .example = "{\"conversations\": [{\"from\": \"human\", \"value\": \"Is ice lighter than "
               "water?\"}, {\"from\": \"gpt\", \"value\": \"Yes: it floats.\"}]}",
    .kind = TM_SFT,
    .fits = fits,
    .bind = bind};
