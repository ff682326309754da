/* messages: a list of {role, content} in OpenAI's words, with what has grown around them: calls and
 * their results, null content, lists of blocks, reasoning, a system text beside the list. What a
 * trainer trains on is what the assistant (and its tools) said behind the last user turn. */
#include "record/layout_bind.h"

static bool fits(const tm_doc *doc)
{
    return tm_is_chat(doc, TM_K_MESSAGES);
}

static tm_status bind(tm_binder *to, const tm_doc *doc, tm_err *err)
{
    TM_TRY(tm_bind_slot(to, doc, TM_K_SYSTEM, TM_SYSTEM, 0, err));
    TM_TRY(tm_bind_chat(to, doc, doc->keys->value[TM_K_MESSAGES], 0, err));
    tm_bind_trained(to);
    return TM_OK;
}

extern const tm_layout tm_layout_messages;
const tm_layout tm_layout_messages = {
    .name = "messages",
    .summary = "A conversation in OpenAI's words: a list of messages with role and content",
    .keys = "messages (a list of objects)",
    .example = "{\"messages\": [{\"role\": \"user\", \"content\": \"Is ice lighter than water?\"}, "
               "{\"role\": \"assistant\", \"content\": \"Yes: it floats.\"}]}",
    .kind = TM_SFT,
    .fits = fits,
    .bind = bind};
