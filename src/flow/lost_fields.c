/* A handful of names in a buffer: looked for one by one, which costs less than a table of them. */
#include "flow/lost_fields.h"

#include "flow/engine.h"

enum { FIELDS_NAMED = 64, NAME_MOST = 128 }; /* of a step; bytes: others are counted together */

static bool next_count(const tm_buf *counts, size_t *at, tm_field_count *c, tm_str *name)
{
    if (*at + sizeof *c > counts->n) return false;
    memcpy(c, counts->p + *at, sizeof *c);
    *name = (tm_str){counts->p + *at + sizeof *c, c->name};
    *at += sizeof *c + c->name;
    return true;
}

/* Where the counts of a step stand. */
typedef struct places {
    size_t same, last; /* of that name; of the name with the highest hash. SIZE_MAX: none */
    uint64_t last_hash;
    uint32_t names;
} places;

static places look_for(const tm_buf *counts, uint32_t step, tm_str name)
{
    tm_field_count c;
    tm_str known;
    places p = {.same = SIZE_MAX, .last = SIZE_MAX};
    for (size_t at = 0, from = 0; next_count(counts, &at, &c, &known); from = at) {
        if (c.step != step) continue;
        if (tm_str_eq(known, name)) p.same = from;
        if (!known.n) continue;
        p.names++;
        if (p.last != SIZE_MAX && c.hash < p.last_hash) continue;
        p.last = from;
        p.last_hash = c.hash;
    }
    return p;
}

static void add_count(tm_buf *counts, uint32_t step, tm_str name, uint64_t records);

/* The name with the highest hash becomes one of those without. */
static void leave_out(tm_buf *counts, size_t at)
{
    tm_field_count c;
    tm_str name;
    size_t next = at;
    if (!next_count(counts, &next, &c, &name)) return;
    memmove(counts->p + at, counts->p + next, counts->n - next);
    counts->n -= next - at;
    add_count(counts, c.step, (tm_str){"", 0}, c.records);
}

static void add_count(tm_buf *counts, uint32_t step, tm_str name, uint64_t records)
{
    if (name.n > NAME_MOST) name.n = 0;
    places p = look_for(counts, step, name);
    tm_field_count c = {.records = records,
                        .hash = tm_hash64(name.p, name.n, 0),
                        .step = step,
                        .name = (uint32_t)name.n};
    if (p.same != SIZE_MAX) {
        memcpy(&c, counts->p + p.same, sizeof c);
        c.records += records;
        memcpy(counts->p + p.same, &c, sizeof c);
        return;
    }
    bool full = name.n && p.names == FIELDS_NAMED;
    if (full && c.hash > p.last_hash) {
        add_count(counts, step, (tm_str){"", 0}, records);
        return;
    }
    tm_buf_add(counts, &c, sizeof c);
    tm_buf_str(counts, name);
    if (full && !counts->failed) leave_out(counts, p.last);
}

tm_status tm_lost_fields_find(tm_batch *b, uint32_t r, const tm_op *op, uint16_t step,
                              const tm_decision *d, tm_buf *counts, bool *found, tm_err *err)
{
    uint64_t lost = op->lost ? op->lost(d) : 0;
    const tm_json_node *node = b->json.node;
    uint32_t top = b->top[r];
    *found = false;
    if (!lost || top == TM_NONE || node[top].kind != TM_JSON_OBJECT) return TM_OK;
    double fields = (double)__builtin_popcountll(lost);
    for (uint32_t k = top + 1; lost && k < node[top].next; k = node[k + 1].next, lost >>= 1) {
        if (!(lost & 1)) continue;
        tm_buf_clear(&b->scratch);
        tm_json_unescape(tm_json_inside(node, b->raw[r].p, k), &b->scratch);
        TM_TRY(tm_buf_ok(&b->scratch, err));
        add_count(counts, step, tm_buf_view(&b->scratch), 1);
        if (*found) continue;
        uint32_t at = node[k + 1].at, bytes = node[k + 1].end - at;
        TM_TRY(tm_find(b, r, TM_NONE, at, bytes, step, op->lost_code, fields, err));
        b->finding[b->findings - 1].other = d->other;
        *found = true;
    }
    return tm_buf_ok(counts, err);
}

tm_status tm_lost_fields_merge(tm_buf *into, const tm_buf *from, tm_err *err)
{
    tm_field_count c;
    tm_str name;
    for (size_t at = 0; next_count(from, &at, &c, &name);) add_count(into, c.step, name, c.records);
    return tm_buf_ok(into, err);
}

/* $.answer, or $["two words"]. */
static void put_path(tm_str name, tm_buf *out)
{
    bool plain = name.n > 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i], small = (char)(c | 32);
        plain =
            plain && ((small >= 'a' && small <= 'z') || c == '_' || (i && c >= '0' && c <= '9'));
    }
    tm_buf_z(out, plain ? "$." : "$[\"");
    tm_json_escape(name, out);
    tm_buf_z(out, plain ? "" : "\"]");
}

/* Does a come before b? More records first, then by name. */
static bool before(uint64_t records, tm_str name, uint64_t others, tm_str other)
{
    return records != others ? records > others : tm_str_cmp(name, other) < 0;
}

uint64_t tm_lost_field(const tm_run *run, uint32_t step, uint32_t nth, tm_buf *out)
{
    tm_field_count c, best = {0};
    tm_str name, best_name = {"", 0}, last = {"", 0};
    const tm_buf *counts = &run->result.lost_fields;
    uint64_t most = UINT64_MAX;
    for (uint32_t i = 0; i <= nth; i++) {
        best = (tm_field_count){0};
        for (size_t at = 0; next_count(counts, &at, &c, &name);) {
            if (c.step != step || !before(most, last, c.records, name)) continue;
            if (best.records && !before(c.records, name, best.records, best_name)) continue;
            best = c, best_name = name;
        }
        if (!best.records) return 0;
        most = best.records, last = best_name;
    }
    if (best.records && best_name.n) put_path(best_name, out);
    return best.records;
}

void tm_lost_fields_json(const tm_run *run, uint32_t step, tm_buf *out)
{
    tm_buf path = {0};
    uint64_t records;
    tm_buf_char(out, '[');
    for (uint32_t i = 0; (records = tm_lost_field(run, step, i, &path)) > 0; i++) {
        tm_buf_z(out, i ? ",{\"field\":" : "{\"field\":");
        if (path.n)
            tm_buf_json(out, tm_buf_view(&path));
        else
            tm_buf_z(out, "null");
        tm_buf_print(out, ",\"records\":%llu}", (unsigned long long)records);
        tm_buf_clear(&path);
    }
    tm_buf_char(out, ']');
    if (path.failed) out->failed = true;
    tm_buf_release(&path);
}
