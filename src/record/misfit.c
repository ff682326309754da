/* Which value keeps a record from fitting a layout whose keys it has.
 *
 * Layouts are asked, not described a second time: the record's known keys get stand-ins, first one
 * and then two of them of another type, and the layout says whether it would fit so. fits() looks
 * at the kinds of those values and at what stands first in their lists, so a stand-in is a node,
 * and for a list one more. */
#include "record/misfit.h"

static const char *const KEY[] = {
#define X(name, text) text,
    TM_KEYS(X)
#undef X
};

/* What can belong somewhere. An empty list is one of messages. */
static const struct {
    tm_json_kind kind;
    const char *name;
} BELONGS[] = {{TM_JSON_STRING, "a text"},
               {TM_JSON_ARRAY, "a list of messages"},
               {TM_JSON_NUMBER, "a number"},
               {TM_JSON_TRUE, "true or false"}};
enum { OF_TEXT = 2 }; /* the first of these */

typedef struct stand_ins {
    tm_json_node node[1 + 2 * TM_K_COUNT];
    tm_keys keys;
    tm_doc doc;
} stand_ins;

static void stand_as_they_are(stand_ins *s, const tm_doc *doc)
{
    *s = (stand_ins){.keys = *doc->keys};
    s->doc = (tm_doc){.raw = doc->raw, .node = s->node, .keys = &s->keys};
    s->node[0] = (tm_json_node){.kind = TM_JSON_OBJECT, .next = TM_COUNT(s->node)};
    for (uint32_t k = 0; k < TM_K_COUNT; k++) {
        uint32_t at = 1 + 2 * k;
        if (!tm_has(doc, (tm_key)k)) continue;
        uint32_t value = doc->keys->value[k], first = tm_json_first(doc->node, value);
        s->node[at] = doc->node[value];
        if (first != TM_NONE) s->node[at + 1] = doc->node[first];
        s->node[at].next = at + (first != TM_NONE ? 2 : 1);
        s->node[at + 1].next = at + 2;
        s->keys.value[k] = at;
    }
}

static bool fits_with(stand_ins *s, const tm_layout *layout, const tm_key *key, uint32_t keys,
                      tm_json_kind kind)
{
    tm_json_node was[2];
    for (uint32_t i = 0; i < keys; i++) {
        tm_json_node *node = &s->node[s->keys.value[key[i]]];
        was[i] = *node;
        node->kind = (uint8_t)kind;
        node->next = s->keys.value[key[i]] + 1;
    }
    bool fits = layout->fits(&s->doc) && (!layout->claims || layout->claims(&s->doc));
    for (uint32_t i = 0; i < keys; i++) s->node[s->keys.value[key[i]]] = was[i];
    return fits;
}

static bool is_plain(const tm_doc *doc, tm_key k)
{
    uint8_t kind = tm_kind_of(doc, k);
    return kind != TM_JSON_ARRAY && kind != TM_JSON_OBJECT;
}

/* One key or two; the two get the same type. */
static bool blame(stand_ins *s, bool plain, tm_misfit *m)
{
    for (uint32_t a = 0; a < TM_K_COUNT; a++) {
        uint32_t to = m->keys == 1 ? a + 1 : TM_K_COUNT;
        if (!tm_has(&s->doc, (tm_key)a) || (plain && !is_plain(&s->doc, (tm_key)a))) continue;
        for (uint32_t b = m->keys == 1 ? a : a + 1; b < to; b++) {
            if (!tm_has(&s->doc, (tm_key)b) || (plain && !is_plain(&s->doc, (tm_key)b))) continue;
            m->key[0] = (tm_key)a;
            m->key[1] = (tm_key)b;
            for (uint32_t t = 0; t < TM_COUNT(BELONGS); t++) {
                m->of_text = t < OF_TEXT;
                if (fits_with(s, m->layout, m->key, m->keys, BELONGS[t].kind)) return true;
            }
        }
    }
    return false;
}

bool tm_misfit_find(const tm_doc *doc, const tm_layout *const *layout, uint32_t layouts, bool plain,
                    tm_misfit *out)
{
    stand_ins s;
    stand_as_they_are(&s, doc);
    for (uint32_t keys = 1; keys <= TM_COUNT(out->key); keys++)
        for (uint32_t i = 0; i < layouts; i++) {
            *out = (tm_misfit){.layout = layout[i], .keys = keys};
            if (blame(&s, plain, out)) return true;
        }
    return false;
}

static void say_type(const tm_doc *doc, uint32_t value, tm_buf *out)
{
    static const char *const NAME[] = {"null",   "false",  "true",      "a number",
                                       "a text", "a list", "an object", "a key"};
    const tm_json_node *node = doc->node;
    uint32_t first = tm_json_first(node, value);
    bool list = node[value].kind == TM_JSON_ARRAY && first != TM_NONE;
    tm_buf_z(out, NAME[node[value].kind]);
    if (list && node[first].kind != TM_JSON_OBJECT)
        tm_buf_print(out, " that begins with %s", NAME[node[first].kind]);
}

void tm_misfit_say(const tm_doc *doc, const tm_misfit *m, tm_buf *out)
{
    stand_ins s;
    stand_as_they_are(&s, doc);
    for (uint32_t i = 0; i < m->keys; i++) {
        uint32_t named = 0;
        tm_buf_print(out, "%s%s is ", i ? ", " : "", KEY[m->key[i]]);
        say_type(doc, doc->keys->value[m->key[i]], out);
        for (uint32_t t = 0; t < TM_COUNT(BELONGS); t++)
            if (fits_with(&s, m->layout, m->key, m->keys, BELONGS[t].kind))
                tm_buf_print(out, "%s%s", named++ ? " or " : " where ", BELONGS[t].name);
        tm_buf_z(out, " belongs");
    }
}

bool tm_misfit_holds_more(const tm_doc *doc, const tm_misfit *m)
{
    uint32_t value = doc->keys->value[m->key[0]], first = tm_json_first(doc->node, value);
    if (doc->node[value].kind != TM_JSON_ARRAY) return doc->node[value].kind == TM_JSON_OBJECT;
    return first != TM_NONE && doc->node[first].kind >= TM_JSON_ARRAY;
}
