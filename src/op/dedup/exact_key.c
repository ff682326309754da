/* Elements one behind another, each with a head that says what it is, where it stands and how long
 * it is. */
#include "op/dedup/exact_key.h"

#include "base/vec.h"
#include "op/normalise.h"
#include "record/writer.h"

static tm_status end_message(tm_exact_key *own, tm_err *err)
{
    if (!TM_ROOM_HEAP(own->ends, own->messages, own->room, 1))
        return tm_fail_memory(err, "dedup.exact", own->messages);
    own->ends[own->messages++] = (uint32_t)own->text.n;
    return TM_OK;
}

/* What stands behind a head. An absent text, null and an empty one are three things. */
enum { KEY_TEXT, KEY_OTHER, KEY_NAME, KEY_NODE, KEY_NULL, KEY_ABSENT, KEY_WITHIN, KEY_WEIGHT };

/* One element of the key: what and where it is, its length and its bytes, so that no two different
 * records give the same key. */
static void add_element(tm_exact_key *own, uint64_t what, uint64_t where, tm_str bytes,
                        uint64_t steps)
{
    uint64_t head[2] = {what << 56 | where, 0};
    size_t at = own->text.n;
    tm_buf_add(&own->text, head, sizeof head);
    if (steps)
        tm_normalise(bytes, steps, &own->pass, &own->text);
    else
        tm_buf_str(&own->text, bytes);
    if (own->text.failed) return;
    head[1] = own->text.n - at - sizeof head;
    memcpy(own->text.p + at, head, sizeof head);
}

/* A value of JSON, whatever blanks and escapes it was written with. */
static void add_value(tm_exact_key *own, uint64_t where, tm_str json)
{
    tm_buf_clear(&own->string);
    tm_json_plain(json, &own->string);
    if (own->string.failed) own->text.failed = true;
    add_element(own, KEY_OTHER, where, tm_buf_view(&own->string), 0);
}

static tm_status add_part(const tm_exact_rules *rules, tm_exact_key *own, tm_batch *b, uint32_t p,
                          tm_err *err)
{
    const tm_part *part = &b->part[p];
    uint32_t alternative = part->answer ? part->answer - 1u : 0;
    uint64_t where = (uint64_t)part->role << 32 | (uint64_t)part->kind << 16 | alternative;
    tm_str text, other = tm_part_other(b, p);
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    size_t before = own->text.n;
    uint64_t what = part->present == TM_IS_NULL  ? KEY_NULL
                    : part->present == TM_ABSENT ? KEY_ABSENT
                                                 : KEY_TEXT;
    add_element(own, what, where, text, rules->normalise);
    own->any |= own->text.n > before + 2 * sizeof where || other.n || part->name.n;
    if (other.n) add_value(own, where, other);
    if (part->name.p) add_element(own, KEY_NAME, where, part->name, 0);
    return tm_buf_ok(&own->text, err);
}

/* The nodes of a record in their order: with their depths they are its structure. */
static void add_nodes(const tm_exact_rules *rules, tm_exact_key *own, const tm_json_node *node,
                      const char *raw, uint32_t top)
{
    for (uint32_t v = top; v < node[top].next; v++) {
        uint64_t where = (uint64_t)node[v].kind << 32 | node[v].depth;
        bool string = node[v].kind == TM_JSON_STRING || node[v].kind == TM_JSON_KEY;
        bool open = node[v].kind == TM_JSON_OBJECT || node[v].kind == TM_JSON_ARRAY;
        tm_str bytes = open ? (tm_str){"", 0} : tm_json_raw(node, raw, v);
        if (string) {
            tm_buf_clear(&own->string);
            tm_json_unescape(tm_json_inside(node, raw, v), &own->string);
            if (own->string.failed) own->text.failed = true;
            bytes = tm_buf_view(&own->string);
        }
        add_element(own, KEY_NODE, where, bytes,
                    node[v].kind == TM_JSON_STRING ? rules->normalise : 0);
    }
}

static tm_status add_everything(const tm_exact_rules *rules, tm_exact_key *own, tm_batch *b,
                                uint32_t r, tm_err *err)
{
    own->any = true;
    if (!tm_record_changed(b, r) && b->top[r] != TM_NONE) {
        add_nodes(rules, own, b->json.node, b->raw[r].p, b->top[r]);
    } else {
        tm_json_limits limits = {.depth = UINT16_MAX};
        tm_buf_clear(&own->now);
        TM_TRY(tm_record_write(b, r, &own->now, err));
        if (!tm_json_scan(&own->json, own->now.p, own->now.n, 0, limits))
            return tm_fail_memory(err, "the index of a record", own->now.n);
        add_nodes(rules, own, own->json.node, own->now.p, 0);
    }
    return tm_buf_ok(&own->text, err);
}

static tm_status add_within(const tm_exact_rules *rules, tm_exact_key *own, const tm_batch *b,
                            uint32_t r, const tm_evalue *value, tm_err *err)
{
    for (uint32_t i = 0; i < rules->within.count; i++) {
        tm_buf_clear(&own->value);
        tm_evalue_key(&value[(size_t)i * b->records + r], &own->value);
        TM_TRY(tm_buf_ok(&own->value, err));
        add_element(own, KEY_WITHIN, i, tm_buf_view(&own->value), 0);
    }
    return tm_buf_ok(&own->text, err);
}

tm_status tm_exact_key_of(const tm_exact_rules *rules, tm_batch *b, uint32_t r,
                          const tm_evalue *within, tm_exact_key *own, tm_err *err)
{
    tm_chosen chosen;
    const tm_part *last = NULL;
    uint32_t turn = 0;
    own->any = false;
    tm_buf_clear(&own->text);
    own->messages = 0;
    TM_TRY(add_within(rules, own, b, r, within, err));
    if (rules->choice.by & TM_SEL_EVERYTHING) {
        TM_TRY(add_everything(rules, own, b, r, err));
        return end_message(own, err);
    }
    if (!tm_choose(&rules->choice, b, r, &chosen)) return TM_OK;
    for (uint32_t k = TM_NONE; (k = tm_chosen_beside(&chosen, b, r, k)) != TM_NONE;) {
        tm_str name = tm_json_inside(b->json.node, b->raw[r].p, k);
        add_value(own, tm_hash64(name.p, name.n, 0) >> 8,
                  tm_json_raw(b->json.node, b->raw[r].p, k + 1));
    } /* in front, so that each beginning has them */
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        if (!tm_is_chosen(&chosen, part)) continue;
        bool next = !last || last->turn != part->turn || last->answer != part->answer;
        if (last && next) TM_TRY(end_message(own, err));
        tm_str weight = next ? tm_chosen_weight(b, p, &turn) : (tm_str){"", 0};
        if (weight.n) add_element(own, KEY_WEIGHT, 0, weight, 0);
        last = part;
        TM_TRY(add_part(rules, own, b, p, err));
    }
    return end_message(own, err);
}

void tm_exact_key_release(tm_exact_key *own)
{
    tm_buf_release(&own->text);
    tm_buf_release(&own->pass);
    tm_buf_release(&own->string);
    tm_buf_release(&own->now);
    tm_buf_release(&own->value);
    tm_json_release(&own->json);
    tm_free(own->ends);
}
