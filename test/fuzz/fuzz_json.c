/* Any bytes as one JSON value. Every kernel says what the definition says, node by node and trouble
 * by trouble, and reads nothing behind the end. A refusal has a code, a sentence and a place
 * inside. What is accepted is a tree whose spans lie in each other, is cut out whole by the cutter
 * in any pieces, and written again from its nodes, all strings unescaped and escaped, it is the
 * same tree. */
#include <stdlib.h>
#include <string.h>

#include "text/json_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"avx2", "avx512"};

static void same_in_every_kernel(const tm_json *json, const char *p, size_t readable_after, bool ok,
                                 tm_json_limits limits)
{
    tm_json other = {0};
    size_t n = json->raw.n;
    for (size_t k = 0; k < TM_COUNT(names); k++) {
        const tm_kernel *kernel = tm_kernel_named(names[k]);
        if (!kernel) continue;
        other.nodes = 0;
        bool same = tm_json_scan_with(kernel, &other, p, n, readable_after, limits) == ok;
        TM_ASSERT(same && other.trouble == json->trouble && other.at == json->at);
        TM_ASSERT(other.length == json->length && other.nodes == json->nodes);
        TM_ASSERT(!ok || !memcmp(other.node, json->node, json->nodes * sizeof *json->node));
    }
    tm_json_release(&other);
}

/* The same with 64 bytes behind it that may be read: it repeats itself there. */
static void same_with_more_behind(const tm_json *json, bool ok, tm_json_limits limits)
{
    enum { MORE = 64 };
    size_t n = json->raw.n;
    char *longer = malloc(n + MORE);
    if (!longer) return;
    memcpy(longer, json->raw.p, n);
    for (size_t i = 0; i < MORE; i++) longer[n + i] = (char)(n ? json->raw.p[i % n] : '"');
    same_in_every_kernel(json, longer, MORE, ok, limits);
    free(longer);
}

static void check_refusal(const tm_json *json)
{
    TM_ASSERT(json->trouble != TM_JSON_OK && json->trouble != TM_JSON_MEMORY);
    TM_ASSERT(tm_json_trouble_code(json->trouble)[0] && tm_json_trouble_text(json->trouble)[0]);
    TM_ASSERT((uint64_t)json->at + json->length <= json->raw.n);
}

static void check_tree(const tm_json *json)
{
    const tm_json_node *node = json->node;
    TM_ASSERT(json->nodes && node[0].next == json->nodes && node[0].depth == 0);
    for (uint32_t v = 0; v < json->nodes; v++) {
        bool container = node[v].kind == TM_JSON_ARRAY || node[v].kind == TM_JSON_OBJECT;
        TM_ASSERT(node[v].at < node[v].end && node[v].end <= json->raw.n);
        TM_ASSERT(node[v].next > v && node[v].next <= json->nodes);
        TM_ASSERT(container || node[v].next == v + 1);
        if (!container) continue;
        uint32_t at = node[v].at + 1, count = 0;
        for (uint32_t c = v + 1; c < node[v].next; c = node[c].next) {
            TM_ASSERT(node[c].at >= at && node[c].end < node[v].end);
            TM_ASSERT(node[c].depth == node[v].depth + 1);
            at = node[c].end;
            count += node[c].kind != TM_JSON_KEY;
        }
        TM_ASSERT(tm_json_count(node, v) == count);
    }
}

/* In pieces of `step` bytes: one value, from its first byte to its last. */
static void check_cut(const tm_json *json, size_t step)
{
    tm_json_cutter c = {0};
    const tm_json_node *top = json->node;
    size_t from = SIZE_MAX, to = SIZE_MAX;
    for (size_t at = 0; at < json->raw.n && to == SIZE_MAX;) {
        size_t n = TM_MIN(step, json->raw.n - at), begin = SIZE_MAX, eaten = 0;
        bool inside = c.in_value;
        tm_json_cut cut = tm_json_cutter_feed(&c, json->raw.p + at, n, &begin, &eaten);
        TM_ASSERT(eaten <= n && (cut == TM_CUT_VALUE || (cut == TM_CUT_MORE && eaten == n)));
        if (!inside && (c.in_value || cut == TM_CUT_VALUE)) from = at + begin;
        at += eaten;
        if (cut == TM_CUT_VALUE) to = at;
    }
    TM_ASSERT(from == top->at);
    TM_ASSERT(to == top->end || (to == SIZE_MAX && c.in_scalar && top->end == json->raw.n));
}

static void write_string(const tm_json *json, uint32_t v, tm_buf *out)
{
    tm_buf text = {0};
    tm_str inside = tm_json_inside(json->node, json->raw.p, v);
    tm_json_unescape(inside, &text);
    TM_ASSERT(text.n <= inside.n);
    TM_ASSERT(tm_json_text_is(json->node, json->raw.p, v, tm_buf_view(&text)));
    tm_buf_char(out, '"');
    tm_json_escape(tm_buf_view(&text), out);
    tm_buf_char(out, '"');
    tm_buf_release(&text);
}

/* The node at v and all below it, without white space; depth is bounded by the scanner. */
static void write_node(const tm_json *json, uint32_t v, tm_buf *out)
{
    const tm_json_node *node = json->node;
    bool object = node[v].kind == TM_JSON_OBJECT;
    if (node[v].kind == TM_JSON_STRING || node[v].kind == TM_JSON_KEY) {
        write_string(json, v, out);
    } else if (object || node[v].kind == TM_JSON_ARRAY) {
        tm_buf_char(out, object ? '{' : '[');
        for (uint32_t c = v + 1; c < node[v].next; c = node[c].next) {
            write_node(json, c, out);
            if (node[c].next < node[v].next)
                tm_buf_char(out, node[c].kind == TM_JSON_KEY ? ':' : ',');
        }
        tm_buf_char(out, object ? '}' : ']');
    } else {
        tm_buf_str(out, tm_json_raw(node, json->raw.p, v));
    }
}

static void check_rewritten(const tm_json *json, tm_json_limits limits)
{
    tm_buf text[2] = {{0}, {0}};
    tm_json again = {0};
    write_node(json, 0, &text[0]);
    limits.known_ascii = false;
    TM_ASSERT(tm_json_scan(&again, text[0].p, text[0].n, 0, limits) && again.nodes == json->nodes);
    for (uint32_t v = 0; v < json->nodes; v++) {
        const tm_json_node *a = &json->node[v], *b = &again.node[v];
        TM_ASSERT(a->kind == b->kind && a->next == b->next && a->depth == b->depth);
        TM_ASSERT((a->flags & TM_JSON_LONE_SURROGATE) == (b->flags & TM_JSON_LONE_SURROGATE));
        if (a->kind != TM_JSON_NUMBER) continue;
        TM_ASSERT(tm_str_eq(tm_json_raw(json->node, json->raw.p, v),
                            tm_json_raw(again.node, again.raw.p, v)));
    }
    write_node(&again, 0, &text[1]);
    TM_ASSERT(tm_str_eq(tm_buf_view(&text[0]), tm_buf_view(&text[1])));
    tm_json_release(&again);
    tm_buf_release(&text[0]);
    tm_buf_release(&text[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_json json = {0};
    if (size < 1) return 0;
    size_t n = size - 1, step = data[0] % 64 + 1;
    char *copy = malloc(n ? n : 1); /* of its own: what lies behind it is watched */
    if (!copy) return 0;
    memcpy(copy, data + 1, n);
    bool ascii = true;
    for (size_t i = 0; i < n; i++) ascii = ascii && !(copy[i] & 0x80);
    tm_json_limits limits = {.depth = data[0] & 64 ? 8 : 0, .known_ascii = ascii && data[0] & 128};
    bool ok = tm_json_scan_with(&tm_kernel_scalar, &json, copy, n, 0, limits);
    same_in_every_kernel(&json, copy, 0, ok, limits);
    same_with_more_behind(&json, ok, limits);
    if (ok) {
        check_tree(&json);
        check_cut(&json, step);
        check_rewritten(&json, limits);
    } else {
        check_refusal(&json);
    }
    tm_json_release(&json);
    free(copy);
    return 0;
}
