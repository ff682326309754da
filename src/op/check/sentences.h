/* What check.record says, check by check: a sentence, and what to do. Prose, apart from the table
 * of codes and verdicts in check.h. */
#ifndef TM_OP_CHECK_SENTENCES_H
#define TM_OP_CHECK_SENTENCES_H

#define CHECK_EMPTY_TEXT_SENTENCE "a message of the context is empty"
#define CHECK_EMPTY_TEXT_HELP                                                     \
    "The user asks nothing, or an assistant message that is not trained on says " \
    "nothing. Empty alpaca inputs are normal and not meant."
#define CHECK_NO_PROMPT_SENTENCE "no prompt stands before the answer"
#define CHECK_NO_PROMPT_HELP                                                                   \
    "The answer stands alone: what it answers is absent. A conversation that begins with the " \
    "assistant is refused by most chat templates; where the message only greets, give it the " \
    "weight 0. A path of map: that leads nowhere in this record gives no prompt."
#define CHECK_NO_CONTENT_SENTENCE "a message has no content"
#define CHECK_NO_CONTENT_HELP                                                            \
    "The key is absent, so trainers stop at the record or show the word None. What has " \
    "nothing to say has an empty content; of an assistant that calls tools it may be "   \
    "null or absent."
#define CHECK_EMPTY_RESPONSE_SENTENCE "there is nothing to train on: the response is empty"
#define CHECK_EMPTY_RESPONSE_HELP                                                       \
    "An answer that a trainer would learn from shows nothing (white space, controls "   \
    "and zero-width characters show nothing), calls no tool and refuses nothing. "      \
    "Reasoning is no answer. Each answer is looked at: chosen and rejected, and every " \
    "assistant message of a conversation. Fill it in, give it the weight 0, or drop "   \
    "the record. Short answers are not empty."
#define CHECK_NUL_SENTENCE "the text holds U+0000"
#define CHECK_NUL_HELP "Many programs end a text there. clean.text with fix: control takes it out."
#define CHECK_LONE_SURROGATE_SENTENCE "the text holds half of a surrogate pair"
#define CHECK_LONE_SURROGATE_HELP                                                      \
    "An emoji or rare character was cut in two. The text cannot be written as UTF-8; " \
    "repair it at its source."
#define CHECK_NO_MESSAGES_SENTENCE "the list of messages is empty"
#define CHECK_NO_MESSAGES_HELP "There is no conversation here."
#define CHECK_UNKNOWN_ROLE_SENTENCE "this role is unknown"
#define CHECK_UNKNOWN_ROLE_HELP                                                      \
    "Known are system, developer, user, assistant, tool, function and the sharegpt " \
    "names. Chat templates fail on others."
#define CHECK_FOREIGN_ROLE_SENTENCE                                                      \
    "chat templates do not know this role: human is user there; ai, bot, chatgpt, gpt, " \
    "model are assistant"
#define CHECK_FOREIGN_ROLE_HELP                                                        \
    "These words belong to from and value of sharegpt. Under role trainers take them " \
    "as they are: templates fail on them, or put the text in no turn. Write user and " \
    "assistant; or, where the list is sharegpt's, name it conversations."
#define CHECK_SYSTEM_PLACE_SENTENCE "a system message stands behind other messages"
#define CHECK_SYSTEM_PLACE_HELP \
    "Most chat templates take one system message, first. profile: free allows it."
#define CHECK_ALTERNATION_SENTENCE "this message may not follow the one before it"
#define CHECK_ALTERNATION_HELP                                                       \
    "Two messages of one role in a row, or a tool result without a call. The first " \
    "such place is named. profile: free allows any order."
#define CHECK_NO_ASSISTANT_SENTENCE "no message is the assistant's"
#define CHECK_NO_ASSISTANT_HELP                                                       \
    "There is nothing to train on. If these are prompts only, give them in a prompt " \
    "layout."
#define CHECK_LAST_ROLE_SENTENCE "the last message is not the one to train on"
#define CHECK_LAST_ROLE_HELP "An example for finetuning ends with the assistant; a prompt does not."
#define CHECK_NULL_CONTENT_SENTENCE "content is null and there is no tool call or refusal"
#define CHECK_NULL_CONTENT_HELP                                                         \
    "Only an assistant message that calls tools or refuses may have no content. A key " \
    "that holds nothing (null, [], {}, an empty text) is no call and no refusal."
#define CHECK_WRONG_TYPE_SENTENCE "this should be text and is not"
#define CHECK_WRONG_TYPE_HELP "A number, an object or a list stands where a text is needed."
#define CHECK_RESULT_NO_CALL_SENTENCE "this tool result answers no open call"
#define CHECK_RESULT_NO_CALL_HELP                                                                  \
    "Its tool_call_id names no call made before it that is still open. Where calls have no ids a " \
    "result answers the first open call of its name, or without a name the first open call: "      \
    "there is none."
#define CHECK_CALL_ID_TWICE_SENTENCE "this call id is used twice"
#define CHECK_CALL_ID_TWICE_HELP "Results could answer either call."
#define CHECK_CALL_UNANSWERED_SENTENCE "this call is not answered before the next user message"
#define CHECK_CALL_UNANSWERED_HELP                                                  \
    "Trainers teach the model to ignore results. Calls at the end of a record are " \
    "fine: they are what is trained."
#define CHECK_ARGUMENTS_SENTENCE "the call's arguments are not a JSON object"
#define CHECK_ARGUMENTS_HELP                                                           \
    "They must be an object, or a text that holds one; not an array, a bare value, or" \
    " JSON encoded twice, and not left out: a call without arguments has {}."
#define CHECK_CALL_NO_NAME_SENTENCE "this call names no function"
#define CHECK_CALL_NO_NAME_HELP "Its name is absent, empty or no text, so nothing can be called."
#define CHECK_UNKNOWN_TOOL_SENTENCE "the called tool is not in the record's tools"
#define CHECK_UNKNOWN_TOOL_HELP "The name is misspelt, or the list of tools is not complete."
#define CHECK_TOOLS_SENTENCE "the list of tools is not well formed"
#define CHECK_TOOLS_HELP                                                              \
    "Each entry is {type: function, function: {name, description, parameters}} with " \
    "parameters an object. Nothing else may be the type, and it may not be left out."
#define CHECK_TOOL_TWICE_SENTENCE "two tools have one name"
#define CHECK_TOOL_TWICE_HELP "A call could mean either."
#define CHECK_WEIGHT_SENTENCE "a weight is not a number from 0 up"
#define CHECK_WEIGHT_HELP "Weights are 0 or 1, or finite numbers, on assistant messages."
#define CHECK_NOTHING_TRAINED_SENTENCE "every assistant message has weight 0"
#define CHECK_NOTHING_TRAINED_HELP "The record trains nothing."
#define CHECK_NAME_SENTENCE "this name has characters that providers refuse"
#define CHECK_NAME_HELP "Letters, digits, _ and -, 64 at most."
#define CHECK_SAME_ANSWERS_SENTENCE "chosen and rejected are the same"
#define CHECK_SAME_ANSWERS_HELP                                                         \
    "White space at the ends of lines and characters that show nothing aside, nothing " \
    "tells the answers apart: the pair teaches nothing."
#define CHECK_SAME_BUT_SPACE_SENTENCE "chosen and rejected differ in white space alone"
#define CHECK_SAME_BUT_SPACE_HELP                                                          \
    "Word for word they are the same. In code an indentation may be the whole difference " \
    "and the pair is kept; in prose it teaches nothing, or a habit of spacing."
#define CHECK_SPANS_SENTENCE "chosen and rejected differ in more than one place"
#define CHECK_SPANS_HELP                                                                 \
    "Messages that are the same stand between some that are not, so nothing says which " \
    "difference was judged. One record for each difference, with what stands before it " \
    "as its prompt, would."
#define CHECK_NO_SHARED_PROMPT_SENTENCE "chosen and rejected share no prompt"
#define CHECK_NO_SHARED_PROMPT_HELP \
    "They begin with different messages, so they do not answer the same question."
#define CHECK_ANSWER_END_SENTENCE "an answer does not end with the assistant"
#define CHECK_ANSWER_END_HELP "Chosen and rejected must both end with an assistant message."
#define CHECK_LABEL_SENTENCE "the label is not true or false"
#define CHECK_LABEL_HELP                                                                           \
    "Unpaired preferences are labelled with a boolean; 1, \"true\" and null are not. Make one of " \
    "it in front of this step: tag: {set: {label: \"= $.label = 1\"}}, or \"= $.label = 'up'\". "  \
    "Where the label is no verdict but a class, read the records with --layout "                   \
    "prompt-completion or messages. One answer with both labels, and a set with labels of one "    \
    "class, are check.labels's to find."
#define CHECK_SCORE_SENTENCE "the score is not a number"
#define CHECK_SCORE_HELP                                                                         \
    "Other records of the set are scored with a number; \"5\" and null are none, and without "   \
    "its score an answer would pass for a good one. Make one of it in front of this step: "      \
    "tag: {set: {score: \"= number($.score)\"}}. Where it need not be scored, read the records " \
    "with --layout prompt-completion or messages."
#define CHECK_NOT_TEXT_SENTENCE "this content is not text; it is carried untouched"
#define CHECK_NOT_TEXT_HELP "An image, audio or unknown block. Text steps pass it by."

#endif
