/* The fast JSON scanner, but for its vectors: included by json_scan_avx2.c and json_scan_avx512.c,
 * each of which defines TM_TARGET (its function attribute) before.
 *
 * Two stages over pieces of a few KiB, after Langdale and Lemire, "Parsing gigabytes of JSON per
 * second" (VLDB Journal 28, 2019), section 3:
 *
 *   1. Each 64 bytes become bit masks (quotes, backslashes, ...: the kernel's vectors).
 *      Arithmetic on these masks, without a branch, finds what is escaped, what is inside strings,
 *      and which bytes are tokens: brackets, colons, commas, both quotes of each string, first
 *      bytes of numbers and words. The kernel writes two arrays: where each token is, and which
 *      byte it is (its kind).
 *   2. A walk over the two arrays checks the grammar and writes nodes. It compares several kinds at
 *      once and takes both ends of a string from the array with one load, so that no step waits for
 *      the length of the string before it; that is what makes short strings cheap.
 *
 * Ours differs in three ways: closing quotes are tokens too (a node needs its end); a closing
 * quote's kind carries the flags of its string (kind - '"': TM_JSON_ESCAPED, TM_JSON_NOT_ASCII),
 * found by letting an addition carry from the backslash to the end of the string; and escapes are
 * checked.
 *
 * Limits: says yes or not sure, never what is wrong (json_scan.h). A value that is not a container
 * is not sure, so a number or word always has a byte behind it. */
#ifndef TM_TEXT_JSON_WALK_H
#define TM_TEXT_JSON_WALK_H

#include <immintrin.h>
#include <string.h>

#include "text/json_scan.h"

#define TM_PIECE 4096u /* bytes a piece */
#define TM_AHEAD 8u    /* tokens the walk may look at beyond the one it stands on */
#define TM_INLINE static inline __attribute__((always_inline)) TM_TARGET

/* Masks of 64 bytes: bit i speaks of byte i. */
typedef struct tm_json_masks {
    uint64_t quote, backslash;
    uint64_t control; /* below 0x20 */
    uint64_t bracket; /* one of {}[]:, */
    uint64_t space;
    uint64_t simple; /* may stand behind a backslash, without 'u' */
    uint64_t high;   /* 0x80 and above */
} tm_json_masks;

/* What one block hands to the next. */
typedef struct tm_json_carry {
    uint64_t in_string;   /* all ones inside of a string */
    uint64_t escaped;     /* 1: the next byte is escaped */
    uint64_t gap;         /* 1: the last byte belonged to no number or word; 1 at the beginning */
    uint64_t hex;         /* bits 0..3: these bytes must be hexadecimal digits */
    uint64_t escape_seen; /* 1: the string that is open now holds a backslash */
    uint64_t high_seen;   /* 1: ... a byte >= 0x80 */
    uint64_t wrong;       /* not 0: this is not JSON */
    uint64_t high;        /* all bytes >= 0x80 so far */
    uint64_t surrogate;   /* not 0: an escape may be a surrogate */
} tm_json_carry;

/* What the algebra makes of the masks. */
typedef struct tm_json_marks {
    uint64_t token;
    uint64_t escape_close, high_close; /* closing quotes of strings with a backslash, a high byte */
} tm_json_marks;

/* Bytes behind an odd run of backslashes. Single ones are all there is in most blocks. Else, within
 * each run bytes alternate; an addition carries through the run and its parity tells how the run
 * ended (Langdale and Lemire, 3.1.1). */
TM_INLINE uint64_t tm_json_escaped(uint64_t backslash, uint64_t *carry)
{
    const uint64_t even = 0x5555555555555555u;
    uint64_t follows = backslash << 1 | *carry;
    if (TM_LIKELY(!(backslash & follows))) {
        *carry = backslash >> 63;
        return follows;
    }
    backslash &= ~*carry;
    follows = backslash << 1 | *carry;
    uint64_t odd_starts = backslash & ~even & ~follows, from_even;
    *carry = __builtin_add_overflow(odd_starts, backslash, &from_even);
    return (even ^ (from_even << 1)) & follows;
}

/* Closing quotes of the strings that hold one of `bits`: added to the run of ones that a string is,
 * a bit carries to the place behind the run, once, however many there are. *seen does the same for
 * the string that was open at the start, and is set for the one that is open at the end. */
TM_INLINE uint64_t tm_json_closed(uint64_t in, uint64_t bits, uint64_t close, uint64_t *seen)
{
    uint64_t sum;
    *seen = __builtin_add_overflow(in, bits | *seen, &sum);
    return sum & close;
}

/* Escaped bytes that are neither simple nor 'u' are wrong; four digits must follow a 'u'. doubt:
 * escaped bytes that are not simple. digit: hexadecimal digits. d: 'd' and 'D'. */
TM_INLINE void tm_json_unicode(uint64_t doubt, uint64_t u, uint64_t digit, uint64_t d,
                               tm_json_carry *c)
{
    uint64_t at = doubt & u;
    uint64_t need = at << 1 | at << 2 | at << 3 | at << 4 | c->hex;
    c->wrong |= (doubt & ~u) | (need & ~digit);
    c->hex = at >> 63 | at >> 62 | at >> 61 | at >> 60;
    c->surrogate |= (at << 1 & d) | c->hex;
}

/* quote: those that are not escaped. parity: their prefix XOR, by the kernel (a carry-less
 * multiplication). A backslash outside of a string belongs to a word, which the walk refuses. */
TM_INLINE tm_json_marks tm_json_mark(const tm_json_masks *m, uint64_t quote, uint64_t parity,
                                     tm_json_carry *c, bool ascii)
{
    tm_json_marks out;
    uint64_t in = parity ^ c->in_string; /* opening quote and inside, without the closing quote */
    c->in_string = (uint64_t)((int64_t)in >> 63);
    uint64_t close = quote & ~in, string = quote | in;
    out.escape_close = tm_json_closed(in, m->backslash, close, &c->escape_seen);
    out.high_close = 0;
    c->wrong |= m->control & in;
    if (!ascii) {
        out.high_close = tm_json_closed(in, m->high, close, &c->high_seen);
        c->wrong |= m->high & ~in;
        c->high |= m->high;
    }
    uint64_t no_word = string | m->bracket | m->space;
    uint64_t first = ~no_word & (no_word << 1 | c->gap);
    c->gap = no_word >> 63;
    out.token = quote | (m->bracket & ~string) | first;
    return out;
}

/* The same of a block within a string, without any quote: it holds no token. */
TM_INLINE void tm_json_inside_string(const tm_json_masks *m, tm_json_carry *c, bool ascii)
{
    c->wrong |= m->control;
    c->escape_seen |= m->backslash != 0;
    c->gap = 1;
    if (ascii) return;
    c->high_seen |= m->high != 0;
    c->high |= m->high;
}

/* The tokens of one piece, and where the walk over them stands. */
typedef struct tm_json_walk {
    const char *p;
    size_t n;
    tm_json *json;
    uint32_t tokens, i; /* i: the token the walk stands on */
    uint32_t depth, limit, first;
    bool after, done; /* after: a value has ended, a comma or bracket is next */
    uint32_t at[TM_PIECE + TM_AHEAD + 64];
    char kind[TM_PIECE + TM_AHEAD + 64];
} tm_json_walk;

TM_INLINE void tm_json_begin(tm_json_walk *w, tm_json *json, const char *p, size_t n,
                             uint32_t limit)
{
    w->p = p;
    w->n = n;
    w->json = json;
    w->tokens = w->i = w->depth = 0;
    w->limit = limit;
    w->first = json->nodes;
    w->after = w->done = false;
}

/* True for the bytes that may stand right behind a number or word. */
TM_INLINE bool tm_json_ends_word(char c)
{
    return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The end of the number at `at`, or 0 if it is none. There is a byte behind it. */
static inline TM_TARGET uint32_t tm_json_number_end(const char *p, size_t n, uint32_t at)
{
    size_t i = at + (p[at] == '-'), from = i;
    while (i < n && (uint8_t)(p[i] - '0') <= 9) i++;
    if (i == from || (p[from] == '0' && i > from + 1)) return 0;
    if (i < n && p[i] == '.') {
        from = ++i;
        while (i < n && (uint8_t)(p[i] - '0') <= 9) i++;
        if (i == from) return 0;
    }
    if (i < n && (p[i] | 0x20) == 'e') {
        i++;
        if (i < n && (p[i] == '+' || p[i] == '-')) i++;
        from = i;
        while (i < n && (uint8_t)(p[i] - '0') <= 9) i++;
        if (i == from) return 0;
    }
    return i < n && tm_json_ends_word(p[i]) ? (uint32_t)i : 0;
}

/* True if `word` stands at p[at..n) with its end behind it. */
TM_INLINE bool tm_json_is_word(const char *p, size_t n, size_t at, const char *word, size_t length)
{
    return n - at > length && !memcmp(p + at, word, length) && tm_json_ends_word(p[at + length]);
}

/* The end of the word or number at `at`, which begins with `first`, and its kind; or 0. When the
 * tokens are at their end `first` is 0, and `at` means nothing. */
TM_INLINE uint32_t tm_json_word_end(const char *p, size_t n, uint32_t at, char first,
                                    tm_json_kind *kind)
{
    *kind = TM_JSON_NUMBER;
    if (TM_LIKELY((uint8_t)(first - '0') <= 9 || first == '-')) return tm_json_number_end(p, n, at);
    *kind = TM_JSON_TRUE;
    if (first == 't') return tm_json_is_word(p, n, at, "true", 4) ? at + 4 : 0;
    *kind = TM_JSON_FALSE;
    if (first == 'f') return tm_json_is_word(p, n, at, "false", 5) ? at + 5 : 0;
    *kind = TM_JSON_NULL;
    return first == 'n' && tm_json_is_word(p, n, at, "null", 4) ? at + 4 : 0;
}

/* Where the walk stands, in registers. */
typedef struct tm_json_step {
    const uint32_t *at;
    const char *kind;
    tm_json_node *node;
    uint32_t *open;
    uint32_t index, depth; /* of the next node */
    char close;            /* what ends the innermost container: '}' or ']' */
} tm_json_step;

/* A node as two words: its span, and the rest. x86 is little-endian, as the struct is laid out. */
TM_INLINE void tm_json_put(tm_json_step *s, uint64_t span, tm_json_kind kind, unsigned flags)
{
    uint64_t rest = (s->index + 1) | (uint64_t)((unsigned)kind | flags << 8 | s->depth << 16) << 32;
    uint64_t both[2] = {span, rest};
    _Static_assert(sizeof both == sizeof(tm_json_node), "a node is two words");
    memcpy(&s->node[s->index++], both, sizeof both);
}

/* The string whose two quotes are the next tokens. */
TM_INLINE void tm_json_put_string(tm_json_step *s, tm_json_kind kind, uint64_t closing)
{
    uint64_t span;
    memcpy(&span, s->at, sizeof span);
    tm_json_put(s, span + ((uint64_t)1 << 32), kind, (unsigned)(uint8_t)closing - '"');
}

/* Opens the bracket of the next token. */
TM_INLINE tm_json_fast tm_json_push(tm_json_walk *w, tm_json_step *s, char bracket)
{
    if (TM_UNLIKELY(s->depth >= w->limit)) return TM_FAST_UNSURE;
    if (TM_UNLIKELY(s->depth >= w->json->open_room)) {
        if (!tm_json_open_room(w->json, s->depth + 1)) return TM_FAST_MEMORY;
        s->open = w->json->open;
    }
    s->open[s->depth] = s->index;
    tm_json_put(s, *s->at, bracket == '{' ? TM_JSON_OBJECT : TM_JSON_ARRAY, 0);
    s->depth++;
    s->close = (char)(bracket + 2); /* in ASCII both closing brackets stand two behind */
    return TM_FAST_YES;
}

/* Closes the innermost container at the next token. */
TM_INLINE void tm_json_pop(tm_json_step *s)
{
    tm_json_node *top = &s->node[s->open[--s->depth]];
    top->end = *s->at + 1;
    top->next = s->index;
    bool object = s->depth && s->node[s->open[s->depth - 1]].kind == TM_JSON_OBJECT;
    s->close = object ? '}' : ']';
}

/* Two strings and the comma behind them, the most frequent member by far: both nodes at once. */
TM_INLINE bool tm_json_string_member(tm_json_step *s, uint64_t kinds)
{
    const uint64_t mask = 0xFF00FFFF00FFu;
    const uint64_t want = '"' | ':' << 16 | (uint64_t)'"' << 24 | (uint64_t)',' << 40;
    if ((kinds & mask) != want) return false;
    uint64_t span[2], rest = s->index + ((uint64_t)s->depth << 48) - ((uint64_t)'"' << 40);
    memcpy(&span[0], s->at, 8);
    memcpy(&span[1], s->at + 3, 8);
    char *to = (char *)&s->node[s->index];
    uint64_t word = span[0] + ((uint64_t)1 << 32);
    memcpy(to, &word, 8);
    word = rest + 1 + ((uint64_t)TM_JSON_KEY << 32) + ((kinds & 0xFF00) << 32);
    memcpy(to + 8, &word, 8);
    word = span[1] + ((uint64_t)1 << 32);
    memcpy(to + 16, &word, 8);
    word = rest + 2 + ((uint64_t)TM_JSON_STRING << 32) + ((kinds & 0xFF00000000) << 8);
    memcpy(to + 24, &word, 8);
    s->index += 2;
    s->at += 6;
    s->kind += 6;
    return true;
}

/* A member or element: in an object the key and its colon, then the value or its opening bracket.
 * *ended: the value has ended, too. */
TM_INLINE tm_json_fast tm_json_item(tm_json_walk *w, tm_json_step *s, bool *ended)
{
    uint64_t kinds;
    memcpy(&kinds, s->kind, sizeof kinds);
    if (s->close == '}') {
        *ended = false;
        if (tm_json_string_member(s, kinds)) return TM_FAST_YES;
        if (TM_UNLIKELY((kinds & 0xFF00FF) != ('"' | ':' << 16))) return TM_FAST_UNSURE;
        tm_json_put_string(s, TM_JSON_KEY, kinds >> 8);
        s->at += 3;
        s->kind += 3;
        kinds >>= 24;
    }
    char c = (char)kinds;
    *ended = true;
    if (TM_LIKELY(c == '"')) {
        tm_json_put_string(s, TM_JSON_STRING, kinds >> 8);
        s->at += 2;
        s->kind += 2;
        return TM_FAST_YES;
    }
    tm_json_fast fast = TM_FAST_YES;
    if (c == '{' || c == '[') {
        fast = tm_json_push(w, s, c);
        *ended = (char)(kinds >> 8) == s->close;
    } else {
        tm_json_kind kind;
        uint32_t end = tm_json_word_end(w->p, w->n, *s->at, c, &kind);
        if (TM_UNLIKELY(!end)) fast = TM_FAST_UNSURE;
        tm_json_put(s, *s->at | (uint64_t)end << 32, kind, 0);
    }
    s->at++;
    s->kind++;
    return fast;
}

/* Walks from token w->i up to `stop`. Room for a node a token is there. */
static TM_TARGET tm_json_fast tm_json_walk_on(tm_json_walk *w, uint32_t stop)
{
    tm_json *json = w->json;
    tm_json_step s = {.at = w->at + w->i,
                      .kind = w->kind + w->i,
                      .node = json->node,
                      .open = json->open,
                      .index = json->nodes,
                      .depth = w->depth,
                      .close = ']'};
    const char *end = w->kind + stop;
    if (s.depth && s.node[s.open[s.depth - 1]].kind == TM_JSON_OBJECT) s.close = '}';
    bool after = w->after;
    while (s.kind < end) {
        if (!after) {
            tm_json_fast fast = tm_json_item(w, &s, &after);
            if (TM_UNLIKELY(fast != TM_FAST_YES)) return fast;
            if (!after) continue;
        }
        char c = *s.kind;
        after = c != ',';
        if (after) {
            if (TM_UNLIKELY(c != s.close)) return TM_FAST_UNSURE;
            tm_json_pop(&s);
        }
        s.at++;
        s.kind++;
        if (TM_UNLIKELY(!s.depth)) {
            w->done = true;
            break;
        }
    }
    w->i = (uint32_t)(s.kind - w->kind);
    w->depth = s.depth;
    w->after = after;
    json->nodes = s.index;
    return TM_FAST_YES;
}

/* Walks over the tokens of a piece; what the next piece must see with its own moves to the
 * front. */
static TM_TARGET tm_json_fast tm_json_walk_piece(tm_json_walk *w, bool last)
{
    tm_json *json = w->json;
    size_t more = (size_t)w->tokens + TM_AHEAD;
    if (TM_UNLIKELY(json->room - json->nodes < more) && !tm_json_room(json, more))
        return TM_FAST_MEMORY;
    if (w->done) return w->tokens > w->i ? TM_FAST_UNSURE : TM_FAST_YES;
    if (last)
        memset(w->kind + w->tokens, 0, TM_AHEAD);
    else if (w->tokens < TM_AHEAD)
        return TM_FAST_YES;
    if (!w->depth && w->kind[0] != '{' && w->kind[0] != '[') return TM_FAST_UNSURE;
    tm_json_fast fast = tm_json_walk_on(w, last ? w->tokens : w->tokens - TM_AHEAD);
    if (fast != TM_FAST_YES) return fast;
    if (w->done && w->i < w->tokens) return TM_FAST_UNSURE;
    if (last) return w->done ? TM_FAST_YES : TM_FAST_UNSURE;
    w->tokens -= w->i;
    memmove(w->at, w->at + w->i, w->tokens * sizeof *w->at);
    memmove(w->kind, w->kind + w->i, w->tokens);
    w->i = 0;
    return TM_FAST_YES;
}

/* Flags lone surrogates of this value's strings; only called when there may be some. */
static TM_TARGET void tm_json_flag_lone(tm_json *json, const char *p, uint32_t first)
{
    for (uint32_t v = first; v < json->nodes; v++) {
        tm_json_node *node = &json->node[v];
        if ((node->kind == TM_JSON_STRING || node->kind == TM_JSON_KEY) &&
            (node->flags & TM_JSON_ESCAPED) &&
            tm_json_has_lone(p + node->at + 1, node->end - node->at - 2))
            node->flags |= TM_JSON_LONE_SURROGATE;
    }
}

#endif
