/* The known keys of a record's top object, found in one pass.
 *
 * A key is told apart by its length first, then by one memcmp against the few names of that length:
 * no hashing, no allocation. A key that holds an escape is unescaped into a small buffer first;
 * names of layouts are short, so a longer one is not known. The cost is linear in the number of
 * keys, whatever they are called. */
#include "record/layout_bind.h"

#define LONGEST_KEY 24

#define IS(literal, key) \
    if (!memcmp(p, literal, sizeof(literal) - 1)) return key

static unsigned short_key(const char *p, size_t n)
{
    switch (n) {
    case 4: IS("text", TM_K_TEXT); break;
    case 5:
        IS("label", TM_K_LABEL);
        IS("score", TM_K_SCORE);
        IS("input", TM_K_INPUT);
        break;
    case 6:
        IS("prompt", TM_K_PROMPT);
        IS("output", TM_K_OUTPUT);
        IS("system", TM_K_SYSTEM);
        IS("chosen", TM_K_CHOSEN);
        IS("reward", TM_K_REWARD);
        IS("margin", TM_K_MARGIN);
        break;
    case 7:
        IS("context", TM_K_CONTEXT);
        IS("history", TM_K_HISTORY);
        IS("kto_tag", TM_K_KTO_TAG);
        break;
    case 8:
        IS("messages", TM_K_MESSAGES);
        IS("rejected", TM_K_REJECTED);
        IS("response", TM_K_RESPONSE);
        break;
    default: break;
    }
    return TM_K_COUNT;
}

static unsigned known_key(const char *p, size_t n)
{
    if (n <= 8) return short_key(p, n);
    switch (n) {
    case 10: IS("completion", TM_K_COMPLETION); break;
    case 11:
        IS("instruction", TM_K_INSTRUCTION);
        IS("tamis_index", TM_K_INDEX);
        break;
    case 12:
        IS("conversation", TM_K_CONVERSATION);
        IS("score_chosen", TM_K_SCORE_CHOSEN);
        break;
    case 13:
        IS("conversations", TM_K_CONVERSATIONS);
        IS("tamis_carries", TM_K_CARRIES);
        break;
    case 14: IS("score_rejected", TM_K_SCORE_REJECTED); break;
    case 16: IS("preferred_output", TM_K_PREFERRED); break;
    case 20: IS("non_preferred_output", TM_K_NOT_PREFERRED); break;
    default: break;
    }
    return TM_K_COUNT;
}

bool tm_is_known_key(tm_str key)
{
    return known_key(key.p, key.n) != TM_K_COUNT;
}

static unsigned escaped_key(const char *p, size_t n)
{
    char text[LONGEST_KEY * 6];
    if (n > sizeof text) return TM_K_COUNT;
    return known_key(text, tm_json_unescape_to((tm_str){p, n}, text));
}

void tm_keys_collect(const tm_doc *doc, tm_keys *keys)
{
    const tm_json_node *node = doc->node;
    uint32_t end = node[doc->top].next;
    keys->set = 0;
    if (node[doc->top].kind != TM_JSON_OBJECT) return;
    for (uint32_t k = doc->top + 1; k < end; k = node[k + 1].next) {
        const char *p = doc->raw.p + node[k].at + 1;
        size_t n = node[k].end - node[k].at - 2;
        unsigned key =
            TM_UNLIKELY(node[k].flags & TM_JSON_ESCAPED) ? escaped_key(p, n) : known_key(p, n);
        if (key == TM_K_COUNT) continue;
        keys->set |= TM_HAS(key);
        keys->value[key] = k + 1;
        keys->key[key] = k;
    }
}
