/* Records that lie in a list of a record: {"data": [{...}, ...], "version": 1}, as APIs answer and
 * datasets are dumped. No option reaches them, but a command that takes the list apart does.
 *
 * What is said of a list is that its objects fit layouts, not that they are the records: a record
 * may well hold such a list and be one. */
#include "record/misfit.h"

enum { DEEPEST = 3, LOOKED_AT = 8 };

typedef struct finding {
    const tm_doc *doc;
    tm_str key[DEEPEST]; /* the way to the list */
    uint32_t keys;
    tm_layout_votes votes;
    uint32_t elements;
} finding;

/* The first elements are objects that fit layouts; of the others some may not. */
static bool holds_records(finding *f, uint32_t list)
{
    const tm_json_node *node = f->doc->node;
    f->votes = (tm_layout_votes){0};
    f->elements = 0;
    for (uint32_t v = list + 1; v < node[list].next; v = node[v].next) {
        tm_doc element = {.raw = f->doc->raw, .node = node, .top = v};
        if (node[v].kind == TM_JSON_OBJECT)
            tm_layout_vote(&f->votes, &element);
        else
            f->votes.none++;
        f->elements++;
        if (f->elements <= LOOKED_AT && f->votes.none) return false;
    }
    return f->elements > 0;
}

static bool find(finding *f, uint32_t object, uint32_t level)
{
    const tm_json_node *node = f->doc->node;
    for (uint32_t k = object + 1; k < node[object].next; k = node[k + 1].next) {
        f->key[level] = tm_json_inside(node, f->doc->raw.p, k);
        f->keys = level + 1;
        if (!tm_key_is_word(f->key[level])) continue;
        if (node[k + 1].kind == TM_JSON_ARRAY && holds_records(f, k + 1)) return true;
        bool deeper = node[k + 1].kind == TM_JSON_OBJECT && level + 1 < DEEPEST;
        if (deeper && find(f, k + 1, level + 1)) return true;
    }
    return false;
}

/* As jq takes it bare. */
static bool is_name(tm_str key)
{
    bool digit = key.p[0] >= '0' && key.p[0] <= '9';
    return !digit && tm_str_find_char(key, '-') == key.n && tm_str_find_char(key, '.') == key.n;
}

static void put_command(const finding *f, tm_buf *out)
{
    tm_buf_z(out, "jq -c '");
    for (uint32_t i = 0; i < f->keys; i++) {
        bool bare = is_name(f->key[i]);
        tm_buf_print(out, bare ? ".%.*s" : i ? "[\"%.*s\"]" : ".[\"%.*s\"]", TM_FMT(f->key[i]));
    }
    tm_buf_z(out, "[]' FILE > records.jsonl");
}

bool tm_inner_list(const tm_doc *doc, tm_buf *out)
{
    finding f = {.doc = doc};
    tm_layout_set set;
    if (!find(&f, doc->top, 0)) return false;
    bool one = f.elements == 1;
    tm_buf_z(out, "; ");
    for (uint32_t i = 0; i < f.keys; i++)
        tm_buf_print(out, "%s%.*s", i ? "." : "", TM_FMT(f.key[i]));
    tm_buf_print(out, " holds a list of %u object%s ", f.elements, one ? "" : "s");
    if (f.votes.none)
        tm_buf_print(out, "of which %u fit ", f.elements - f.votes.none);
    else
        tm_buf_z(out, one ? "that fits " : "that fit ");
    tm_layout_choose(&f.votes, &set);
    for (uint32_t i = 0; i < set.count; i++)
        tm_buf_print(out, "%s%s", i ? ", " : "", set.layout[i]->name);
    tm_buf_z(out, one ? "; if it is the record: " : "; if they are the records: ");
    put_command(&f, out);
    return true;
}
