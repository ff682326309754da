/* A list is a byte with the number of its entries, and the entries. */
#include "op/dedup/exact_fields.h"

typedef struct entry { /* as it stands in a list: without padding */
    uint32_t name, value;
    uint8_t field; /* which one of the object */
} entry;
enum { ENTRY_BYTES = 9 };

static bool holds_part(const tm_batch *b, uint32_t r, const tm_json_node *value)
{
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        const tm_part *part = &b->part[p];
        if (part->present == TM_ABSENT) continue;
        if (part->raw_at >= value->at && part->raw_at <= value->end) return true;
    }
    return false;
}

static bool only_names(tm_str key)
{
#define NAME(name) TM_STR_INIT(name),
    static const tm_str names[] = {TM_FIELDS_THAT_NAME(NAME, NAME)};
#undef NAME
    for (size_t i = 0; i < TM_COUNT(names); i++)
        if (tm_str_eq(key, names[i])) return true;
    return false;
}

static uint64_t hash_of(tm_batch *b, tm_str value)
{
    tm_buf_clear(&b->scratch);
    tm_json_plain(value, &b->scratch);
    return tm_hash64(b->scratch.p, b->scratch.n, 0);
}

static void add_entry(tm_buf *out, const entry *e)
{
    char bytes[ENTRY_BYTES];
    memcpy(bytes, &e->name, 4);
    memcpy(bytes + 4, &e->value, 4);
    bytes[8] = (char)e->field;
    tm_buf_add(out, bytes, sizeof bytes);
}

static entry entry_at(tm_str list, uint32_t i)
{
    entry e;
    const char *from = list.p + 1 + (size_t)i * ENTRY_BYTES;
    memcpy(&e.name, from, 4);
    memcpy(&e.value, from + 4, 4);
    e.field = (uint8_t)from[8];
    return e;
}

void tm_exact_fields_of(tm_batch *b, uint32_t r, bool none, tm_buf *out)
{
    const tm_json_node *node = b->json.node;
    const char *raw = b->raw[r].p;
    uint32_t top = b->top[r], count = 0, field = 0;
    size_t at = out->n;
    tm_buf_char(out, 0);
    if (none || top == TM_NONE || node[top].kind != TM_JSON_OBJECT) return;
    for (uint32_t k = top + 1; k < node[top].next && field < TM_FIELDS_SEEN;
         k = node[k + 1].next, field++) {
        if (node[k + 1].kind == TM_JSON_NULL || holds_part(b, r, &node[k + 1])) continue;
        tm_str name = tm_json_inside(node, raw, k);
        if (only_names(name)) continue;
        entry e = {.name = (uint32_t)hash_of(b, tm_json_raw(node, raw, k)),
                   .value = (uint32_t)hash_of(b, tm_json_raw(node, raw, k + 1)),
                   .field = (uint8_t)field};
        add_entry(out, &e);
        count++;
    }
    out->failed |= b->scratch.failed;
    if (!out->failed) out->p[at] = (char)count;
}

size_t tm_exact_fields_bytes(tm_str from)
{
    TM_ASSERT(from.n);
    return 1 + (size_t)(uint8_t)from.p[0] * ENTRY_BYTES;
}

/* Most records have their fields in one order, so the place of the last one is tried first. */
uint64_t tm_exact_fields_lost(tm_str own, tm_str into)
{
    uint64_t lost = 0;
    uint32_t owns = own.n ? (uint8_t)own.p[0] : 0, others = into.n ? (uint8_t)into.p[0] : 0;
    for (uint32_t i = 0; i < owns; i++) {
        entry e = entry_at(own, i), other = {0};
        bool there = i < others && entry_at(into, i).name == e.name;
        if (there) other = entry_at(into, i);
        for (uint32_t j = 0; !there && j < others; j++) {
            other = entry_at(into, j);
            there = other.name == e.name;
        }
        if (!there || other.value != e.value) lost |= UINT64_C(1) << e.field;
    }
    return lost;
}
