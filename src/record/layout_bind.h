/* What layouts use to bind a record: the index of its known keys, and the binder that takes turns
 * and parts. Internal to record/.
 *
 *   static bool fits(const tm_doc *doc)      reads doc->keys only: a few loads a record
 *   static tm_status bind(to, doc, err)      tm_bind_turn, then tm_bind_value for each text of it;
 *                                            tm_bind_chat for a whole list of messages
 *
 * The keys of the top object are looked at once (tm_keys_collect) and every layout asks the result.
 * A binder function returns TM_ELIMIT without a sentence when the record has more parts than the
 * limit; layouts pass it on and tm_batch_add makes the record unreadable. */
#ifndef TM_RECORD_LAYOUT_BIND_H
#define TM_RECORD_LAYOUT_BIND_H

#include "record/frame.h"
#include "record/layout.h"

/* The top-level keys layouts know. X(name, text). */
#define TM_KEYS(X)                           \
    X(TM_K_TEXT, "text")                     \
    X(TM_K_LABEL, "label")                   \
    X(TM_K_SCORE, "score")                   \
    X(TM_K_INPUT, "input")                   \
    X(TM_K_PROMPT, "prompt")                 \
    X(TM_K_OUTPUT, "output")                 \
    X(TM_K_SYSTEM, "system")                 \
    X(TM_K_REWARD, "reward")                 \
    X(TM_K_CHOSEN, "chosen")                 \
    X(TM_K_MARGIN, "margin")                 \
    X(TM_K_CONTEXT, "context")               \
    X(TM_K_HISTORY, "history")               \
    X(TM_K_KTO_TAG, "kto_tag")               \
    X(TM_K_MESSAGES, "messages")             \
    X(TM_K_REJECTED, "rejected")             \
    X(TM_K_RESPONSE, "response")             \
    X(TM_K_COMPLETION, "completion")         \
    X(TM_K_CARRIES, "tamis_carries")         \
    X(TM_K_INSTRUCTION, "instruction")       \
    X(TM_K_INDEX, "tamis_index")             \
    X(TM_K_CONVERSATION, "conversation")     \
    X(TM_K_SCORE_CHOSEN, "score_chosen")     \
    X(TM_K_CONVERSATIONS, "conversations")   \
    X(TM_K_SCORE_REJECTED, "score_rejected") \
    X(TM_K_PREFERRED, "preferred_output")    \
    X(TM_K_NOT_PREFERRED, "non_preferred_output")

typedef enum tm_key {
#define X(name, text) name,
    TM_KEYS(X)
#undef X
        TM_K_COUNT
} tm_key;

typedef struct tm_keys {
    uint64_t set;                                /* bit k: key k is there */
    uint32_t value[TM_K_COUNT], key[TM_K_COUNT]; /* nodes; only where the bit is set */
} tm_keys;

/* Fills keys for doc's top object (no key is set when it is not an object). Of equal keys the last
 * binds. */
void tm_keys_collect(const tm_doc *doc, tm_keys *keys);
bool tm_is_known_key(tm_str key);

struct tm_binder {
    tm_batch *b;
    const tm_mapping *mapping;
    uint32_t record, max_parts;
    uint32_t last_user; /* part behind the last user turn of the shared context */
    uint32_t turns[3];  /* turns so far of answer 0, 1 and 2 */
    uint32_t copy_from; /* parts from here on repeat parts from this index on; or TM_NONE */
    bool over;          /* more parts than the limit */
    bool no_memory;
};

/* One bit a key, for fits(). */
#define TM_HAS(k) ((uint64_t)1 << (k))
static inline bool tm_has(const tm_doc *doc, tm_key k)
{
    return (doc->keys->set >> k) & 1;
}
/* The value of a known key, or TM_NONE. */
static inline uint32_t tm_value_of(const tm_doc *doc, tm_key k)
{
    return tm_has(doc, k) ? doc->keys->value[k] : TM_NONE;
}
/* The kind of a known key's value; UINT8_MAX when the key is absent. */
static inline uint8_t tm_kind_of(const tm_doc *doc, tm_key k)
{
    return tm_has(doc, k) ? doc->node[doc->keys->value[k]].kind : UINT8_MAX;
}
/* Its value is a text, or null where a text belongs. */
static inline bool tm_is_slot(const tm_doc *doc, tm_key k)
{
    uint8_t kind = tm_kind_of(doc, k);
    return kind == TM_JSON_STRING || kind == TM_JSON_NULL;
}
/* Its value is an array that can be a list of messages: empty, or an object stands first. */
bool tm_is_chat(const tm_doc *doc, tm_key k);
bool tm_node_is_chat(const tm_doc *doc, uint32_t node);

/* Begins a turn; the parts that follow are its. node: the message object, or TM_NONE. */
tm_status tm_bind_turn(tm_binder *to, const tm_doc *doc, tm_role role, uint16_t answer,
                       uint32_t node, tm_err *err);
/* A part of the current turn from a value: text, null, or what is neither (TM_WRONG_TYPE).
 * key: its key node, or TM_NONE in an array. */
tm_status tm_bind_value(tm_binder *to, const tm_doc *doc, uint32_t key, uint32_t value,
                        tm_part_kind kind, uint8_t flags, tm_err *err);
/* A part whose text is the value's raw JSON. */
tm_status tm_bind_json(tm_binder *to, const tm_doc *doc, uint32_t key, uint32_t value,
                       tm_part_kind kind, tm_err *err);
/* A part whose key is not there; `object` is where it would be. */
tm_status tm_bind_absent(tm_binder *to, const tm_doc *doc, uint32_t object, tm_part_kind kind,
                         tm_err *err);
/* Gives the part bound last a name: the text of `value`, if that is a string. */
tm_status tm_bind_name(tm_binder *to, const tm_doc *doc, uint32_t value, tm_err *err);
/* A turn with one part for a known key, if the key is there. */
tm_status tm_bind_slot(tm_binder *to, const tm_doc *doc, tm_key k, tm_role role, uint16_t answer,
                       tm_err *err);
/* Marks the assistant and tool parts behind the last user turn of the shared context as
 * response. */
void tm_bind_trained(tm_binder *to);
/* Notes what labels or scores a record: JSON as it stands, of several keys one after another. */
tm_status tm_bind_labels(tm_batch *b, uint32_t record, const tm_layout *layout, const tm_doc *doc,
                         tm_err *err);

/* Messages, in OpenAI's or ShareGPT's words (bind_chat.c). */
tm_status tm_bind_chat(tm_binder *to, const tm_doc *doc, uint32_t array, uint16_t answer,
                       tm_err *err);
tm_status tm_bind_message(tm_binder *to, const tm_doc *doc, uint32_t node, uint16_t answer,
                          tm_err *err);
/* Elements [from, to) of an array of messages. */
tm_status tm_bind_messages(tm_binder *to, const tm_doc *doc, uint32_t array, uint32_t first,
                           uint32_t end, uint16_t answer, tm_err *err);
/* A text, a message or a list of messages as turn(s) of an answer; a text gets `role`. */
tm_status tm_bind_any(tm_binder *to, const tm_doc *doc, uint32_t key, uint32_t value, tm_role role,
                      uint16_t answer, tm_err *err);

/* instruction, input and output (layout_alpaca.c): a layout, and with a label the unpaired one. */
bool tm_fits_alpaca(const tm_doc *doc);
tm_status tm_bind_alpaca(tm_binder *to, const tm_doc *doc, tm_err *err);

/* Binds by a mapping (layout_map.c). *fits: false, and nothing bound, when no path leads
 * anywhere. */
tm_status tm_map_bind(tm_binder *to, tm_str raw, uint32_t top, bool *fits, tm_err *err);
/* The label alone. */
tm_status tm_map_label(tm_batch *b, uint32_t record, const tm_mapping *m, tm_str raw, uint32_t top,
                       tm_err *err);
/* Does a path of the mapping begin with this key? */
bool tm_map_reads(const tm_mapping *m, tm_str key);

#endif
