/* The JSON scanner: its definition, and the door through which all kernels are called.
 *
 * One loop over the bytes with an explicit stack of open brackets (no recursion, so depth costs
 * four bytes a level and nothing else). It is the definition of what is accepted: RFC 8259 to the
 * letter, plus limits; and of what is said about the rest: the first offending byte in reading
 * order. A string that never ends is reported at its opening quote, a container that never ends at
 * the end of the record, a broken number or word at its first byte.
 *
 * A faster kernel may only say yes. Everything else comes here, so that each trouble has one place
 * in the code and one answer on every CPU; refused records are rare enough to be read twice. */
#include "text/json_scan.h"

#include <string.h>

#include "base/vec.h"
#include "text/utf8.h"

#define DEFAULT_DEPTH 1024u
#define MOST_DEPTH 65535u /* tm_json_node.depth is 16 bits */

typedef struct scan {
    tm_json *json;
    const char *p;
    size_t n, i;
    uint32_t depth, limit;
} scan;

static bool refuse(scan *s, tm_json_trouble trouble, size_t at, size_t length)
{
    s->json->trouble = trouble;
    s->json->at = (uint32_t)at;
    s->json->length = (uint32_t)length;
    return false;
}

static bool put(scan *s, tm_json_kind kind, unsigned flags, size_t at, size_t end)
{
    tm_json *json = s->json;
    if (!tm_json_room(json, 1)) return refuse(s, TM_JSON_MEMORY, at, 0);
    json->node[json->nodes] = (tm_json_node){.at = (uint32_t)at,
                                             .end = (uint32_t)end,
                                             .next = json->nodes + 1,
                                             .kind = (uint8_t)kind,
                                             .flags = (uint8_t)flags,
                                             .depth = (uint16_t)s->depth};
    json->nodes++;
    return true;
}

static void skip_space(scan *s)
{
    while (s->i < s->n &&
           (s->p[s->i] == ' ' || s->p[s->i] == '\n' || s->p[s->i] == '\r' || s->p[s->i] == '\t'))
        s->i++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A byte that people put into numbers and words: what a broken one is shown up to. */
static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '.' || c == '_';
}

static size_t word_end(const scan *s, size_t at)
{
    size_t end = at;
    while (end < s->n && is_word(s->p[end])) end++;
    return end > at ? end : at + 1;
}

static size_t digits_end(const scan *s, size_t i)
{
    while (i < s->n && is_digit(s->p[i])) i++;
    return i;
}

/* number = [ "-" ] int [ frac ] [ exp ] (RFC 8259, section 6) */
static bool scan_number(scan *s)
{
    size_t at = s->i, i = at, from;
    if (s->p[i] == '-') i++;
    from = i;
    if (i < s->n && s->p[i] == '0')
        i++;
    else
        i = digits_end(s, i);
    if (i > from && i < s->n && s->p[i] == '.') {
        from = ++i;
        i = digits_end(s, i);
    }
    if (i > from && i < s->n && (s->p[i] == 'e' || s->p[i] == 'E')) {
        i++;
        if (i < s->n && (s->p[i] == '+' || s->p[i] == '-')) i++;
        from = i;
        i = digits_end(s, i);
    }
    if (i == from && i == s->n) return refuse(s, TM_JSON_CUT, s->n, 0);
    if (i == from || (i < s->n && is_word(s->p[i])))
        return refuse(s, TM_JSON_BAD_NUMBER, at, word_end(s, at) - at);
    s->i = i;
    return put(s, TM_JSON_NUMBER, 0, at, i);
}

static bool scan_word(scan *s, const char *word, size_t length, tm_json_kind kind)
{
    size_t left = s->n - s->i, at = s->i;
    size_t same = 0;
    while (same < length && same < left && s->p[at + same] == word[same]) same++;
    if (same == left && same < length) return refuse(s, TM_JSON_CUT, s->n, 0);
    if (same < length || (same < left && is_word(s->p[at + same])))
        return refuse(s, TM_JSON_TOKEN, at, word_end(s, at) - at);
    s->i = at + length;
    return put(s, kind, 0, at, s->i);
}

/* A "\u" escape at *i, in a string that began at `quote`. */
static bool scan_unicode_escape(scan *s, size_t quote, size_t *i, unsigned *flags)
{
    const char *p = s->p;
    size_t at = *i, left = s->n - at;
    for (size_t k = 2; k < 6; k++) {
        if (k >= left) return refuse(s, TM_JSON_UNCLOSED, quote, s->n - quote);
        char c = p[at + k];
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F'))
            return refuse(s, TM_JSON_BAD_ESCAPE, at, k);
    }
    uint32_t unit = tm_json_hex4(p + at + 2);
    *i = at + 6;
    if (unit < 0xD800 || unit > 0xDFFF) return true;
    if (unit < 0xDC00 && left >= 12 && p[at + 6] == '\\' && p[at + 7] == 'u') {
        uint32_t low = tm_json_hex4(p + at + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *i = at + 12;
            return true;
        }
    }
    *flags |= TM_JSON_LONE_SURROGATE;
    return true;
}

static bool scan_escape(scan *s, size_t quote, size_t *i, unsigned *flags)
{
    static const char simple[] = {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'};
    size_t at = *i;
    *flags |= TM_JSON_ESCAPED;
    if (at + 1 >= s->n) return refuse(s, TM_JSON_UNCLOSED, quote, s->n - quote);
    char c = s->p[at + 1];
    if (c == 'u') return scan_unicode_escape(s, quote, i, flags);
    if (!c || !memchr(simple, c, sizeof simple)) return refuse(s, TM_JSON_BAD_ESCAPE, at, 2);
    *i = at + 2;
    return true;
}

static bool scan_string(scan *s, tm_json_kind kind)
{
    size_t quote = s->i, i = quote + 1;
    unsigned flags = 0;
    while (i < s->n && s->p[i] != '"') {
        uint8_t c = (uint8_t)s->p[i];
        if (c == '\\') {
            if (!scan_escape(s, quote, &i, &flags)) return false;
        } else if (c < 0x20) {
            return refuse(s, TM_JSON_CONTROL, i, 1);
        } else if (c < 0x80) {
            i++;
        } else {
            size_t bytes = tm_utf8_sequence(s->p + i, s->n - i);
            if (!bytes) return refuse(s, TM_JSON_UTF8, i, tm_utf8_ill_formed(s->p + i, s->n - i));
            flags |= TM_JSON_NOT_ASCII;
            i += bytes;
        }
    }
    if (i >= s->n) return refuse(s, TM_JSON_UNCLOSED, quote, s->n - quote);
    s->i = i + 1;
    return put(s, kind, flags, quote, s->i);
}

/* A key and its colon. */
static bool scan_key(scan *s)
{
    skip_space(s);
    if (s->i >= s->n) return refuse(s, TM_JSON_CUT, s->n, 0);
    if (s->p[s->i] != '"') return refuse(s, TM_JSON_NO_KEY, s->i, 1);
    if (!scan_string(s, TM_JSON_KEY)) return false;
    skip_space(s);
    if (s->i >= s->n) return refuse(s, TM_JSON_CUT, s->n, 0);
    if (s->p[s->i] != ':') return refuse(s, TM_JSON_NO_COLON, s->i, 1);
    s->i++;
    return true;
}

static bool in_object(const scan *s)
{
    return s->json->node[s->json->open[s->depth - 1]].kind == TM_JSON_OBJECT;
}

static void close_bracket(scan *s)
{
    tm_json_node *node = &s->json->node[s->json->open[--s->depth]];
    node->end = (uint32_t)++s->i;
    node->next = s->json->nodes;
}

/* An opening bracket, and the closing one or the first key behind it. *ended: it was closed. */
static bool scan_bracket(scan *s, bool *ended)
{
    bool object = s->p[s->i] == '{';
    if (s->depth >= s->limit) return refuse(s, TM_JSON_DEPTH, s->i, 1);
    if (!tm_json_open_room(s->json, s->depth + 1)) return refuse(s, TM_JSON_MEMORY, s->i, 0);
    if (!put(s, object ? TM_JSON_OBJECT : TM_JSON_ARRAY, 0, s->i, s->i + 1)) return false;
    s->json->open[s->depth++] = s->json->nodes - 1;
    s->i++;
    skip_space(s);
    *ended = s->i < s->n && s->p[s->i] == (object ? '}' : ']');
    if (*ended)
        close_bracket(s);
    else if (object)
        return scan_key(s);
    return true;
}

/* One value, or the beginning of a container (then *ended is false). */
static bool scan_value(scan *s, bool *ended)
{
    skip_space(s);
    *ended = true;
    if (s->i >= s->n) {
        bool nothing = !s->depth;
        return refuse(s, nothing ? TM_JSON_EMPTY : TM_JSON_CUT, s->n, 0);
    }
    switch (s->p[s->i]) {
    case '{':
    case '[': return scan_bracket(s, ended);
    case '"': return scan_string(s, TM_JSON_STRING);
    case 'n': return scan_word(s, "null", 4, TM_JSON_NULL);
    case 't': return scan_word(s, "true", 4, TM_JSON_TRUE);
    case 'f': return scan_word(s, "false", 5, TM_JSON_FALSE);
    default: break;
    }
    char c = s->p[s->i];
    if (c == '-' || is_digit(c)) return scan_number(s);
    size_t length = word_end(s, s->i) - s->i;
    return refuse(s, c == '+' || c == '.' ? TM_JSON_BAD_NUMBER : TM_JSON_TOKEN, s->i, length);
}

/* What may stand behind a value: a comma (then the next key), or closing brackets. */
static bool scan_after(scan *s)
{
    while (s->depth) {
        bool object = in_object(s);
        skip_space(s);
        if (s->i >= s->n) return refuse(s, TM_JSON_CUT, s->n, 0);
        if (s->p[s->i] == ',') {
            s->i++;
            return !object || scan_key(s);
        }
        if (s->p[s->i] != (object ? '}' : ']')) return refuse(s, TM_JSON_NO_COMMA, s->i, 1);
        close_bracket(s);
    }
    return true;
}

static bool scan_all(scan *s)
{
    bool ended;
    do {
        if (!scan_value(s, &ended)) return false;
        if (ended && !scan_after(s)) return false;
    } while (s->depth);
    skip_space(s);
    return s->i >= s->n || refuse(s, TM_JSON_TRAILING, s->i, s->n - s->i);
}

bool tm_json_room(tm_json *json, size_t more)
{
    if (TM_LIKELY(json->room - json->nodes >= more)) return true;
    if (more > UINT32_MAX / 2 - json->nodes) return false;
    return tm_vec_grow_heap((void **)&json->node, json->nodes, &json->room, more,
                            sizeof *json->node);
}

bool tm_json_open_room(tm_json *json, size_t depth)
{
    if (TM_LIKELY(json->open_room >= depth)) return true;
    return tm_vec_grow_heap((void **)&json->open, json->open_room, &json->open_room,
                            depth - json->open_room, sizeof *json->open);
}

uint32_t tm_json_hex4(const char *p)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t c = (uint8_t)p[i];
        uint32_t digit = c - '0';
        if (digit > 9) digit = (c | 0x20) - 'a' < 6 ? (c | 0x20) - 'a' + 10 : 0x10000;
        value = value << 4 | digit;
    }
    return value;
}

bool tm_json_has_lone(const char *p, size_t n)
{
    scan s = {.p = p, .n = n};
    unsigned flags = 0;
    for (size_t i = 0; i + 1 < n;) {
        const char *backslash = memchr(p + i, '\\', n - i);
        if (!backslash) break;
        i = (size_t)(backslash - p);
        if (p[i + 1] != 'u')
            i += 2;
        else if (i + 6 > n || !scan_unicode_escape(&s, 0, &i, &flags))
            break;
    }
    return flags & TM_JSON_LONE_SURROGATE;
}

bool tm_json_scan_with(const tm_kernel *kernel, tm_json *json, const char *p, size_t n,
                       size_t readable_after, tm_json_limits limits)
{
    TM_ASSERT(n < UINT32_MAX - 64);
    uint32_t first = limits.append ? json->nodes : 0;
    limits.depth = limits.depth ? TM_MIN(limits.depth, MOST_DEPTH) : DEFAULT_DEPTH;
    json->raw = (tm_str){p, n};
    json->nodes = first;
    json->trouble = TM_JSON_OK;
    json->at = json->length = 0;
    if (kernel->json_accept) {
        tm_json_fast fast =
            kernel->json_accept(json, p, n, readable_after, limits.depth, limits.known_ascii);
        if (TM_LIKELY(fast == TM_FAST_YES)) return true;
        json->nodes = first;
    }
    scan s = {.json = json, .p = p, .n = n, .limit = limits.depth};
    if (scan_all(&s)) return true;
    json->nodes = first;
    return false;
}

bool tm_json_scan(tm_json *json, const char *p, size_t n, size_t readable_after,
                  tm_json_limits limits)
{
    return tm_json_scan_with(tm_kernel_now(), json, p, n, readable_after, limits);
}

void tm_json_release(tm_json *json)
{
    tm_free(json->node);
    tm_free(json->open);
    *json = (tm_json){0};
}

const char *tm_json_trouble_code(tm_json_trouble trouble)
{
    static const char *const code[] = {
#define X(name, id, sentence) id,
        TM_JSON_TROUBLES(X)
#undef X
    };
    return (size_t)trouble < TM_COUNT(code) ? code[trouble] : "";
}

const char *tm_json_trouble_text(tm_json_trouble trouble)
{
    static const char *const text[] = {
#define X(name, id, sentence) sentence,
        TM_JSON_TROUBLES(X)
#undef X
    };
    return (size_t)trouble < TM_COUNT(text) ? text[trouble] : "";
}
