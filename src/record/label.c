/* What labels or scores a record, as it was read and after a step has set it.
 *
 * The label is JSON as it stands, of several keys (a pair's margin and scores) one after another.
 * It is bound with the texts. A step that sets a field can set the label: it is bound anew from the
 * record as it is now, so that later steps see it, and the id, which names what was read, is made
 * before. */
#include "record/label.h"

#include "record/field.h"
#include "record/identity.h"
#include "record/layout_bind.h"
#include "record/part_codec.h"
#include "record/reread.h"

tm_status tm_bind_labels(tm_batch *b, uint32_t record, const tm_layout *layout, const tm_doc *doc,
                         tm_err *err)
{
    unsigned key[TM_LABEL_KEYS];
    tm_str *label = &b->label[record];
    uint32_t count = layout->labels ? layout->labels(doc, key) : 0;
    for (uint32_t i = 0; i < count; i++) {
        tm_str one = tm_json_raw(doc->node, doc->raw.p, doc->keys->value[key[i]]);
        if (!label->p) {
            *label = one;
            continue;
        }
        char *both = tm_arena_alloc(b->mem, label->n + 1 + one.n, 1);
        if (!both) return tm_fail_memory(err, "the labels of a record", one.n);
        memcpy(both, label->p, label->n);
        both[label->n] = ' ';
        memcpy(both + label->n + 1, one.p, one.n);
        *label = (tm_str){both, label->n + 1 + one.n};
    }
    return TM_OK;
}

static bool is_one_string(tm_str json)
{
    if (json.n < 2 || json.p[0] != '"') return false;
    size_t at = 1;
    while (at < json.n && json.p[at] != '"') at += json.p[at] == '\\' ? 2 : 1;
    return at + 1 == json.n;
}

/* "true" and true are two labels: a string that would read as another value keeps its quotes. */
static bool is_other_value(tm_str text)
{
    bool word = tm_str_is(text, "true") || tm_str_is(text, "false") || tm_str_is(text, "null");
    return word || (text.n && (text.p[0] == '-' || (text.p[0] >= '0' && text.p[0] <= '9')));
}

tm_str tm_record_label_text(tm_batch *b, uint32_t record)
{
    tm_str label = b->label[record];
    tm_str inside = tm_str_slice(label, 1, label.n - 1);
    if (!is_one_string(label) || is_other_value(inside)) return label;
    return tm_str_find_char(inside, '\\') < inside.n ? tm_codec_decode(b->mem, inside, 1) : inside;
}

/* A record that no longer fits its layout keeps the label that its keys give: none, or another. */
static tm_status bind_now(tm_batch *b, uint32_t record, const tm_layout_set *set,
                          const tm_layout *layout, tm_err *err)
{
    tm_keys keys;
    tm_doc doc = {.keys = &keys};
    TM_TRY(tm_record_now(b, record, &doc.raw, &doc.top, err));
    doc.node = b->json.node;
    b->label[record] = (tm_str){0};
    if (layout == &tm_layout_map)
        return tm_map_label(b, record, set->mapping, doc.raw, doc.top, err);
    tm_keys_collect(&doc, &keys);
    return tm_bind_labels(b, record, layout, &doc, err);
}

tm_status tm_record_relabel(tm_batch *b, uint32_t record, const tm_layout_set *set,
                            const tm_fieldpath *changed, tm_err *err)
{
    tm_id id;
    if (b->layout[record] >= set->count) return TM_OK;
    const tm_layout *layout = set->layout[b->layout[record]];
    bool labels = layout == &tm_layout_map || layout->labels;
    if (!labels || !tm_field_is_read(b, record, set, changed)) return TM_OK;
    if (!tm_record_id(b, set, record, &id)) return tm_fail_memory(err, "a record's id", 0);
    uint32_t nodes = b->json.nodes;
    tm_status status = bind_now(b, record, set, layout, err);
    b->json.nodes = nodes;
    return status;
}
