/* A naive model of a record under edits, and how records of it are made at random.
 *
 * A record is a row of cells: a piece of structure, or one code point of a text in the bytes that
 * encode it (through one to four JSON strings, each character escaped in a random way in every
 * layer). A text is a slot; editing it removes cells and puts in cells escaped in the plain way. */
#ifndef TEST_PROPERTY_EDIT_MODEL_H
#define TEST_PROPERTY_EDIT_MODEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chance.h"
#include "record/layout.h"
#include "text/utf8.h"

#define CELLS 4096
#define SLOTS 32
#define NO_SLOT 255
#define DEEPEST 4 /* codecs around a text, its own included */

typedef struct cell {
    uint32_t code;  /* code point of a text */
    uint8_t slot;   /* NO_SLOT: structure */
    uint16_t at, n; /* bytes in the pool */
} cell;

typedef struct model {
    cell cell[CELLS];
    uint32_t cells;
    char pool[60000];
    uint32_t pooled;
    uint8_t layers[SLOTS], twin[SLOTS]; /* twin: another slot with the same text, or NO_SLOT */
    uint32_t begin[SLOTS];              /* its first cell (its closing quote when it is empty) */
    uint32_t slots;
    bool wide; /* ", " and ": " */
} model;

static bool must_escape(uint32_t code)
{
    return code < 0x20 || code == '"' || code == '\\' || (code >= 0xD800 && code < 0xE000);
}

/* One layer: each code point raw or escaped, at random where JSON leaves the choice. */
static void wrap(tm_str text, tm_buf *out)
{
    for (size_t at = 0; at < text.n;) {
        size_t from = at;
        uint32_t code = tm_utf8_next(text, &at);
        if (!must_escape(code) && below(6)) {
            tm_buf_add(out, text.p + from, at - from);
        } else if (code == '/' || ((code == '"' || code == '\\') && below(3))) {
            tm_buf_char(out, '\\');
            tm_buf_char(out, (char)code);
        } else if (code == '\n' && below(2)) {
            tm_buf_z(out, "\\n");
        } else if (code < 0x10000) {
            tm_buf_print(out, below(2) ? "\\u%04x" : "\\u%04X", code);
        } else {
            tm_buf_print(out, "\\u%04x\\u%04X", 0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF));
        }
    }
}

static cell make_cell(model *m, uint32_t code, uint8_t slot, const tm_buf *bytes)
{
    cell c = {code, slot, (uint16_t)m->pooled, (uint16_t)bytes->n};
    assert_true(!bytes->failed && m->pooled + bytes->n < sizeof m->pool);
    if (bytes->n) memcpy(m->pool + m->pooled, bytes->p, bytes->n);
    m->pooled += (uint32_t)bytes->n;
    return c;
}

static void wrapped(tm_str text, unsigned layers, tm_buf *out)
{
    tm_buf in = {0};
    tm_buf_clear(out);
    tm_buf_str(out, text);
    for (unsigned i = 0; i < layers; i++) {
        tm_buf swap = in;
        in = *out;
        *out = swap;
        tm_buf_clear(out);
        wrap(tm_buf_view(&in), out);
    }
    tm_buf_release(&in);
}

/* Structure at a depth of strings. */
static void put(model *m, unsigned depth, const char *structure)
{
    tm_buf bytes = {0};
    wrapped(tm_str_of(structure), depth, &bytes);
    m->cell[m->cells++] = make_cell(m, 0, NO_SLOT, &bytes);
    tm_buf_release(&bytes);
}

static void put_text(model *m, unsigned depth, const uint32_t *code, uint32_t count)
{
    tm_buf bytes = {0};
    uint8_t slot = (uint8_t)m->slots++;
    put(m, depth, "\"");
    m->begin[slot] = m->cells;
    for (uint32_t i = 0; i < count; i++) {
        char utf8[4];
        unsigned n = tm_utf8_put(code[i], utf8);
        wrapped((tm_str){utf8, n}, depth + 1, &bytes);
        m->cell[m->cells++] = make_cell(m, code[i], slot, &bytes);
    }
    put(m, depth, "\"");
    m->layers[slot] = (uint8_t)(depth + 1);
    m->twin[slot] = NO_SLOT;
    tm_buf_release(&bytes);
}

static uint32_t random_text(uint32_t *code)
{
    static const uint32_t alphabet[] = {'a',  'b',  ' ',    '\\',   '/',     '\n',
                                        0x01, 0xE9, 0x20AC, 0xD83D, 0x1F600, 'c'};
    uint32_t count = below(4) ? below(8) : 0;
    for (uint32_t i = 0; i < count; i++) code[i] = alphabet[below((uint32_t)TM_COUNT(alphabet))];
    return count;
}

static void text(model *m, unsigned depth)
{
    uint32_t code[8];
    uint32_t count = random_text(code);
    put_text(m, depth, code, count);
}

static void key(model *m, unsigned depth, bool first, const char *name)
{
    char piece[64];
    snprintf(piece, sizeof piece, "%s\"%s\":%s",
             first     ? ""
             : m->wide ? ", "
                       : ",",
             name, m->wide ? " " : "");
    put(m, depth, piece);
}

static void message(model *m, unsigned depth, bool gpt, const char *role)
{
    bool swap = below(4) == 0;
    char piece[64];
    snprintf(piece, sizeof piece, "\"%s\"", role);
    put(m, depth, "{");
    if (!swap) key(m, depth, true, gpt ? "from" : "role"), put(m, depth, piece);
    key(m, depth, swap, gpt ? "value" : "content");
    if (below(10))
        text(m, depth);
    else
        put(m, depth, "null");
    if (swap) key(m, depth, false, gpt ? "from" : "role"), put(m, depth, piece);
    if (!gpt && !strcmp(role, "assistant") && below(3) == 0) {
        key(m, depth, false, "tool_calls");
        put(m, depth, "[{\"id\":\"1\",\"function\":{\"name\":\"f\",\"arguments\":");
        text(m, depth);
        put(m, depth, "}}]");
        key(m, depth, false, "reasoning_content");
        text(m, depth);
    }
    put(m, depth, "}");
}

static void chat(model *m, unsigned depth, bool gpt)
{
    static const char *const role[] = {"system", "user", "assistant", "tool", "human", "gpt"};
    uint32_t count = 1 + below(3);
    put(m, depth, "[");
    for (uint32_t i = 0; i < count; i++) {
        if (i) put(m, depth, ",");
        message(m, depth, gpt, gpt ? role[4 + below(2)] : role[below(4)]);
    }
    put(m, depth, "]");
}

static void slots_of(model *m, const char *const *name, uint32_t count)
{
    uint32_t turn = below(count); /* any order of keys */
    for (uint32_t i = 0; i < count; i++) {
        key(m, 0, false, name[(i + turn) % count]);
        text(m, 0);
    }
}

/* chosen and rejected begin with the same message: two spellings of one text. */
static void implicit_preference(model *m)
{
    uint32_t code[8], count = random_text(code);
    uint8_t first = NO_SLOT;
    for (int side = 0; side < 2; side++) {
        key(m, 0, false, side ? "rejected" : "chosen");
        put(m, 0, side ? "[{\"role\":\"user\",\"content\":" : "[{\"role\": \"user\", \"content\":");
        put_text(m, 0, code, count);
        if (side)
            m->twin[first] = (uint8_t)(m->slots - 1);
        else
            first = (uint8_t)(m->slots - 1);
        put(m, 0,
            side ? "},{\"role\":\"assistant\",\"side\":1,\"content\":"
                 : "},{\"role\":\"assistant\",\"content\":");
        text(m, 0);
        put(m, 0, "}]");
    }
}

/* A conversation and a text inside `depth` strings under the key log. */
static void nested(model *m, unsigned depth)
{
    key(m, 0, false, "log");
    for (unsigned d = 0; d < depth; d++) put(m, d, d ? "{\"in\":\"" : "\"");
    put(m, depth, "{");
    key(m, depth, true, "messages");
    unsigned quoted = depth + below(2); /* the list itself in one more string */
    if (quoted >= DEEPEST) quoted = depth;
    if (quoted > depth) put(m, depth, "\"");
    chat(m, quoted, below(2));
    if (quoted > depth) put(m, depth, "\"");
    key(m, depth, false, "answer");
    text(m, depth);
    put(m, depth, "}");
    for (unsigned d = depth; d-- > 0;) put(m, d, d ? "\"}" : "\"");
}

/* The list and a text are the record's own, the list in one to three strings. */
static void listed(model *m)
{
    unsigned depth = 1 + below(DEEPEST - 1);
    key(m, 0, false, "messages");
    for (unsigned d = 0; d < depth; d++) put(m, d, "\"");
    chat(m, depth, below(2));
    for (unsigned d = depth; d-- > 0;) put(m, d, "\"");
    key(m, 0, false, "answer");
    text(m, 0);
}

static const char *build(model *m)
{
    static const char *const alpaca[] = {"instruction", "input", "output"},
                             *const pair[] = {"prompt", "completion"},
                             *const choice[] = {"prompt", "chosen", "rejected"},
                             *const document[] = {"text"};
    m->cells = m->pooled = m->slots = 0;
    m->wide = below(2);
    put(m, 0, "{");
    key(m, 0, true, "meta");
    put(m, 0, "{\"n\":1.50,\"s\":\"\\u0061\"}");
    uint32_t shape = below(11);
    switch (shape) {
    case 0: key(m, 0, false, "messages"), chat(m, 0, false); break;
    case 1: key(m, 0, false, "conversations"), chat(m, 0, true); break;
    case 2: slots_of(m, alpaca, 3); break;
    case 3: slots_of(m, pair, 2); break;
    case 4: slots_of(m, choice, 3); break;
    case 5: implicit_preference(m); break;
    case 6: slots_of(m, document, 1); break;
    case 10: listed(m); break;
    default: nested(m, shape - 6); break;
    }
    key(m, 0, false, "x");
    put(m, 0, "[1,{}]");
    put(m, 0, "}");
    if (shape == 10) return "";
    return shape < 7 ? NULL : shape == 7 ? "log" : shape == 8 ? "log.in" : "log.in.in";
}

static void spell(const model *m, tm_buf *out)
{
    tm_buf_clear(out);
    for (uint32_t i = 0; i < m->cells; i++) tm_buf_add(out, m->pool + m->cell[i].at, m->cell[i].n);
}

/* Raw offset of the slot's first byte. */
static uint32_t slot_at(const model *m, uint8_t slot)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < m->begin[slot]; i++) at += m->cell[i].n;
    return at;
}

static void slot_text(const model *m, uint8_t slot, tm_buf *out)
{
    tm_buf_clear(out);
    for (uint32_t i = m->begin[slot]; i < m->cells && m->cell[i].slot == slot; i++) {
        char utf8[4];
        tm_buf_add(out, utf8, tm_utf8_put(m->cell[i].code, utf8));
    }
}

/* Replaces cells [at, at + cut) by the code points, escaped as the writer does. */
static void splice_model(model *m, uint32_t at, uint32_t cut, uint8_t slot, const uint32_t *code,
                         uint32_t count)
{
    tm_buf bytes = {0}, swap = {0};
    cell fresh[8];
    for (uint32_t i = 0; i < count; i++) {
        char utf8[4];
        tm_buf_clear(&bytes);
        tm_buf_add(&bytes, utf8, tm_utf8_put(code[i], utf8));
        for (unsigned layer = 0; layer < m->layers[slot]; layer++) {
            tm_buf_clear(&swap);
            tm_json_escape(tm_buf_view(&bytes), &swap);
            tm_buf other = bytes;
            bytes = swap;
            swap = other;
        }
        fresh[i] = make_cell(m, code[i], slot, &bytes);
    }
    assert_true(m->cells + count < CELLS);
    memmove(m->cell + at + count, m->cell + at + cut, (m->cells - at - cut) * sizeof *m->cell);
    memcpy(m->cell + at, fresh, count * sizeof *fresh);
    m->cells += count - cut;
    tm_buf_release(&bytes);
    tm_buf_release(&swap);
}

#endif
