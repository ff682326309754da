/* A tree of nodes back to YAML, in one fixed form.
 *
 * Maps stand as blocks of two spaces; lists of scalars and small maps go on one line. A scalar is
 * plain only when it holds nothing that YAML could take for something else, which is judged by a
 * short list of harmless characters and not by YAML's own long rules; everything else is a
 * double-quoted string, written as JSON, which YAML reads the same way. Bytes that are not UTF-8
 * become U+FFFD there. */
#include "plan/recipe.h"

#define FLOW_WIDTH 88 /* a list or map no longer than this stays on one line */

/* Harmless anywhere, also between brackets. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_./$%+-=*~^<>()", c) != NULL);
}

static bool may_begin(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '$';
}

static bool all_dots(tm_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != '.') return false;
    return true;
}

static bool plain_scalar(tm_str text)
{
    bool negative = text.n > 1 && text.p[0] == '-' && text.p[1] >= '0' && text.p[1] <= '9';
    if (!text.n || (!may_begin(text.p[0]) && !negative) || all_dots(text)) return false;
    for (size_t i = 0; i < text.n; i++) {
        bool inner_space = text.p[i] == ' ' && i + 1 < text.n && text.p[i + 1] != ' ';
        if (!is_plain(text.p[i]) && !inner_space) return false;
    }
    return true;
}

/* Length of the character at p[0..n) that JSON writes as it is and YAML refuses or loses raw
 * (U+007F, U+0080-9F, U+2028, U+2029, U+FEFF, U+FFFE, U+FFFF), or 0. */
static size_t needs_escape(const unsigned char *p, size_t n)
{
    if (p[0] == 0x7F) return 1;
    if (n >= 2 && p[0] == 0xC2 && p[1] < 0xA0) return 2;
    if (n < 3) return 0;
    if (p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9)) return 3;
    if (p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) return 3;
    return p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE ? 3 : 0;
}

static unsigned code_point(const unsigned char *p, size_t n)
{
    if (n == 1) return p[0];
    if (n == 2) return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    return (p[0] & 0xFu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
}

void tm_yaml_escape(tm_str json, tm_buf *out)
{
    const unsigned char *p = (const unsigned char *)json.p;
    for (size_t i = 0, n; i < json.n; i += n ? n : 1) {
        n = needs_escape(p + i, json.n - i);
        if (n)
            tm_buf_print(out, "\\u%04x", code_point(p + i, n));
        else
            tm_buf_char(out, json.p[i]);
    }
}

void tm_yaml_scalar(tm_str text, bool quoted, tm_buf *out)
{
    if (!quoted && plain_scalar(text)) {
        tm_buf_str(out, text);
        return;
    }
    tm_buf json = {0};
    tm_buf_json(&json, text);
    if (json.failed)
        out->failed = true;
    else
        tm_yaml_escape(tm_buf_view(&json), out);
    tm_buf_release(&json);
}

static void indent(unsigned levels, tm_buf *out)
{
    for (unsigned i = 0; i < levels; i++) tm_buf_z(out, "  ");
}

void tm_yaml_flow(const tm_yaml *node, tm_buf *out)
{
    if (node->kind == TM_YAML_SCALAR) {
        tm_yaml_scalar(node->text, node->quoted, out);
        return;
    }
    bool map = node->kind == TM_YAML_MAP;
    tm_buf_char(out, map ? '{' : '[');
    for (uint32_t i = 0; i < node->count; i++) {
        if (i) tm_buf_z(out, ", ");
        if (map) {
            tm_yaml_scalar(node->key[i], false, out);
            tm_buf_z(out, ": ");
        }
        tm_yaml_flow(&node->child[i], out);
    }
    tm_buf_char(out, map ? '}' : ']');
}

static bool on_one_line(const tm_yaml *node)
{
    if (node->kind == TM_YAML_SCALAR || !node->count) return true;
    for (uint32_t i = 0; i < node->count; i++)
        if (node->child[i].kind != TM_YAML_SCALAR) return false;
    return node->kind == TM_YAML_LIST;
}

static void print_block(const tm_yaml *node, unsigned level, tm_buf *out);

/* A value behind "key:" or "-": on the same line when it fits, else as a block below. */
static void print_value(const tm_yaml *node, unsigned level, bool behind_dash, tm_buf *out)
{
    size_t before = out->n;
    if (on_one_line(node)) {
        tm_buf_char(out, ' ');
        tm_yaml_flow(node, out);
        if (node->kind == TM_YAML_SCALAR || !node->count || out->n - before <= FLOW_WIDTH) {
            tm_buf_char(out, '\n');
            return;
        }
        if (!out->failed) out->n = before;
    }
    if (behind_dash && node->kind == TM_YAML_MAP && !out->failed) {
        /* "- a: 1" : the first key stands behind the dash, the others below it */
        size_t at = out->n;
        print_block(node, level, out);
        size_t skip = (size_t)level * 2;
        if (out->failed || out->n < at + skip) return;
        memmove(out->p + at + 1, out->p + at + skip, out->n - at - skip);
        out->p[at] = ' ';
        out->n -= skip - 1;
        return;
    }
    tm_buf_char(out, '\n');
    print_block(node, level, out);
}

static void print_block(const tm_yaml *node, unsigned level, tm_buf *out)
{
    for (uint32_t i = 0; i < node->count; i++) {
        indent(level, out);
        if (node->kind == TM_YAML_MAP) {
            tm_yaml_scalar(node->key[i], false, out);
            tm_buf_char(out, ':');
        } else {
            tm_buf_char(out, '-');
        }
        print_value(&node->child[i], level + 1, node->kind == TM_YAML_LIST, out);
    }
}

void tm_yaml_print(const tm_yaml *node, tm_buf *out)
{
    if (node->kind == TM_YAML_SCALAR || !node->count) {
        tm_yaml_flow(node, out);
        tm_buf_char(out, '\n');
        return;
    }
    print_block(node, 0, out);
}
