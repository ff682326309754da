/* The JSON scanner: one pass over one value that validates everything and leaves an index of nodes.
 *
 * Nothing is converted and nothing is copied: a node is a span of the raw bytes. Numbers stay text,
 * strings stay escaped until someone asks (tm_json_unescape), duplicate keys are all there in
 * order. Accepts exactly RFC 8259 (JSONTestSuite: every y_ accepted, every n_ refused) with any
 * value at the top, plus what its limits refuse. Lone surrogate escapes are accepted and flagged.
 *
 *   tm_json json = {0};                     reuse it: its arrays grow and stay
 *   if (!tm_json_scan(&json, raw, n, limits)) json.code, json.at and json.length say why
 *   for (uint32_t v = tm_json_first(&json, 0); v != TM_NONE; v = tm_json_next(&json, 0, v)) ...
 *
 * The kernels below it (end of string, UTF-8, newlines) stand in one const table per CPU
 * (kernel.h); the scalar one is the definition. */
#ifndef TM_TEXT_JSON_H
#define TM_TEXT_JSON_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

typedef enum tm_json_kind {
    TM_JSON_NULL,
    TM_JSON_FALSE,
    TM_JSON_TRUE,
    TM_JSON_NUMBER,
    TM_JSON_STRING,
    TM_JSON_ARRAY,
    TM_JSON_OBJECT,
    TM_JSON_KEY /* in an object, a key node stands right before its value node */
} tm_json_kind;

enum {                            /* flags of STRING and KEY nodes */
       TM_JSON_ESCAPED = 1,       /* holds a backslash: text differs from raw */
       TM_JSON_NOT_ASCII = 2,     /* raw bytes >= 0x80 (an escape alone does not set it) */
       TM_JSON_LONE_SURROGATE = 4 /* an unpaired \uD8xx-\uDFxx escape */
};

typedef struct tm_json_node {
    uint32_t at, end; /* raw span [at, end), quotes and brackets included */
    uint32_t next;    /* index of the node after this one's subtree */
    uint8_t kind, flags;
    uint16_t depth; /* 0 = the top value */
} tm_json_node;

/* Why a value was refused. X(name, code, sentence). The codes have pages in docs/reference. */
#define TM_JSON_TROUBLES(X)                                                             \
    X(TM_JSON_OK, "", "")                                                               \
    X(TM_JSON_EMPTY, "T1001", "there is no value here")                                 \
    X(TM_JSON_CUT, "T1002", "the record ends inside a value")                           \
    X(TM_JSON_TRAILING, "T1003", "there is something after the end of the value")       \
    X(TM_JSON_TOKEN, "T1004", "this is not JSON")                                       \
    X(TM_JSON_BAD_NUMBER, "T1005", "this number is not written as JSON writes numbers") \
    X(TM_JSON_BAD_ESCAPE, "T1006", "this escape sequence does not exist in JSON")       \
    X(TM_JSON_CONTROL, "T1007", "a control character stands raw inside a string")       \
    X(TM_JSON_UTF8, "T1008", "these bytes are not UTF-8")                               \
    X(TM_JSON_DEPTH, "T1009", "brackets are nested deeper than the limit")              \
    X(TM_JSON_NO_COLON, "T1010", "a colon is missing after this key")                   \
    X(TM_JSON_NO_COMMA, "T1011", "a comma or a closing bracket is missing here")        \
    X(TM_JSON_NO_KEY, "T1012", "a key in double quotes is missing here")                \
    X(TM_JSON_UNCLOSED, "T1013", "this string is never closed")                         \
    X(TM_JSON_MEMORY, "T1014", "there is no memory for what is made of this record")

typedef enum tm_json_trouble {
#define X(name, code, sentence) name,
    TM_JSON_TROUBLES(X)
#undef X
} tm_json_trouble;

typedef struct tm_json {
    tm_str raw; /* what was scanned */
    tm_json_node *node;
    uint32_t nodes, room;
    tm_json_trouble trouble;
    uint32_t at, length; /* of the trouble: first byte, number of bytes (0 or more) */
    uint32_t *open;      /* scratch: indices of the open brackets */
    uint32_t open_room;
} tm_json;

typedef struct tm_json_limits {
    uint32_t depth;   /* default 1024 when 0 */
    bool known_ascii; /* the caller has seen that no byte is >= 0x80 */
    bool append;      /* keep nodes of earlier scans: new ones follow (json->node[old nodes]) */
} tm_json_limits;

/* Scans one value in p[0..n), n < 4 GiB - 64. True if it is valid: node[first] is the top value.
 * At most 64 bytes behind n may be read if readable_after says so (padding of a batch buffer);
 * with 0 nothing behind n is touched. */
bool tm_json_scan(tm_json *json, const char *p, size_t n, size_t readable_after,
                  tm_json_limits limits);
void tm_json_release(tm_json *json);

const char *tm_json_trouble_code(tm_json_trouble trouble);
const char *tm_json_trouble_text(tm_json_trouble trouble);

/* Navigation over a node array. `node` is the array; indices are absolute in it. */
static inline uint32_t tm_json_first(const tm_json_node *node, uint32_t parent)
{
    return node[parent].next > parent + 1 ? parent + 1 : TM_NONE;
}
/* The sibling behind v (in an object: from key to next key when v is a key). */
static inline uint32_t tm_json_after(const tm_json_node *node, uint32_t parent, uint32_t v)
{
    uint32_t next = node[v].next;
    if (node[v].kind == TM_JSON_KEY) next = node[next].next;
    return next < node[parent].next ? next : TM_NONE;
}
/* Value of key `name` in object `object`, or TM_NONE. Of equal keys the last one binds. Compares
 * unescaped text. */
uint32_t tm_json_get(const tm_json_node *node, const char *raw, uint32_t object, tm_str name);
uint32_t tm_json_at(const tm_json_node *node, uint32_t array, uint32_t index); /* or TM_NONE */
uint32_t tm_json_count(const tm_json_node *node, uint32_t container); /* elements or members */

static inline tm_str tm_json_raw(const tm_json_node *node, const char *raw, uint32_t v)
{
    return (tm_str){raw + node[v].at, node[v].end - node[v].at};
}
/* Inside of a STRING or KEY, without its quotes, still escaped. */
static inline tm_str tm_json_inside(const tm_json_node *node, const char *raw, uint32_t v)
{
    return (tm_str){raw + node[v].at + 1, node[v].end - node[v].at - 2};
}

/* Appends the text of the inside of a valid JSON string. Lone surrogate escapes become the three
 * bytes of WTF-8 (ED A0..BF xx), so that they can be written back as the same escape. */
void tm_json_unescape(tm_str inside, tm_buf *out);
/* Unescapes into `to` (room for inside.n bytes: text is never longer); the text's length. */
size_t tm_json_unescape_to(tm_str inside, char *to);
/* Appends `text` escaped, without quotes: the inverse for text that JSON can hold. */
void tm_json_escape(tm_str text, tm_buf *out);
/* The same of any bytes: those above 0x7F go through as they are. */
void tm_json_escape_bytes(tm_str bytes, tm_buf *out);
/* Appends a valid value as everybody might have written it: no blanks between tokens, only the
 * escapes JSON demands. Equal values in the same order of keys give equal bytes; numbers stay. */
void tm_json_plain(tm_str value, tm_buf *out);
bool tm_json_text_is(const tm_json_node *node, const char *raw, uint32_t string, tm_str text);

/* Line and column (in characters, from 1) of byte `at` in p[0..n). */
void tm_text_position(const char *p, size_t n, size_t at, uint64_t *line, uint64_t *column);

/* Cuts a stream of top-level values without indexing them: for arrays and concatenated values of
 * any size. Feed it bytes in order; it finds where values begin and end. It follows strings and
 * brackets only; each value it cuts must still be scanned. */
typedef struct tm_json_cutter {
    uint64_t depth; /* brackets open now, within the current value */
    bool in_string, escaped, in_scalar, in_value;
} tm_json_cutter;
/* Looks at p[0..n); stops after the end of a value or at n. Sets *from and *to when a value
 * begins/ends in this piece: returns TM_CUT_MORE (all n eaten, value not ended), TM_CUT_VALUE
 * (ended at *eaten), TM_CUT_CLOSE (a top-level ']' at *eaten-1), TM_CUT_COMMA (a top-level ',' at
 * *eaten-1). */
typedef enum tm_json_cut { TM_CUT_MORE, TM_CUT_VALUE, TM_CUT_CLOSE, TM_CUT_COMMA } tm_json_cut;
tm_json_cut tm_json_cutter_feed(tm_json_cutter *c, const char *p, size_t n, size_t *begin,
                                size_t *eaten);

#endif
