/* Cuts a stream of JSON values into values, for arrays and files that do not fit into memory.
 *
 * It follows only what tells where a value ends: strings, escapes in them, and how many brackets
 * are open. It does not tell {} from [] and checks nothing: what it cuts is scanned afterwards, and
 * a value it cut wrongly is one that cannot be right. State is four flags and a counter, so any
 * split of the input gives the same cuts, and depth costs nothing. */
#include "text/json.h"
#include "text/kernel.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Inside of a string: up to and with its closing quote, or to n. */
static size_t eat_string(tm_json_cutter *c, const char *p, size_t n, size_t i)
{
    const tm_kernel *kernel = tm_kernel_now();
    while (i < n) {
        if (c->escaped) {
            c->escaped = false;
            i++;
            continue;
        }
        i += kernel->string_plain(p + i, n - i);
        if (i == n) break;
        if (p[i] == '"') {
            c->in_string = false;
            return i + 1;
        }
        c->escaped = p[i] == '\\';
        i++;
    }
    return i;
}

/* A number or word ends before anything that cannot belong to it. */
static size_t eat_scalar(tm_json_cutter *c, const char *p, size_t n, size_t i)
{
    for (; i < n; i++) {
        char b = p[i];
        bool ends = is_space(b) || b == ',' || b == ']' || b == '}' || b == '[' || b == '{' ||
                    b == '"' || b == ':';
        if (ends) {
            c->in_scalar = false;
            return i;
        }
    }
    return i;
}

/* Between brackets, outside of strings. */
static size_t eat_nested(tm_json_cutter *c, const char *p, size_t n, size_t i)
{
    while (i < n && c->depth && !c->in_string) {
        switch (p[i++]) {
        case '"': c->in_string = true; break;
        case '{':
        case '[': c->depth++; break;
        case '}':
        case ']': c->depth--; break;
        default: break;
        }
    }
    return i;
}

static void begin_value(tm_json_cutter *c, char first)
{
    c->in_value = true;
    if (first == '"')
        c->in_string = true;
    else if (first == '{' || first == '[')
        c->depth = 1;
    else
        c->in_scalar = true;
}

tm_json_cut tm_json_cutter_feed(tm_json_cutter *c, const char *p, size_t n, size_t *begin,
                                size_t *eaten)
{
    size_t i = 0;
    if (!c->in_value) {
        while (i < n && is_space(p[i])) i++;
        *begin = *eaten = i;
        if (i == n) return TM_CUT_MORE;
        if (p[i] == ',' || p[i] == ']') {
            *eaten = i + 1;
            return p[i] == ',' ? TM_CUT_COMMA : TM_CUT_CLOSE;
        }
        begin_value(c, p[i++]);
    }
    while (i < n || (!c->in_string && !c->in_scalar && !c->depth)) {
        if (c->in_string)
            i = eat_string(c, p, n, i);
        else if (c->depth)
            i = eat_nested(c, p, n, i);
        else if (c->in_scalar)
            i = eat_scalar(c, p, n, i);
        if (c->in_string || c->in_scalar || c->depth) continue;
        c->in_value = false;
        *eaten = i;
        return TM_CUT_VALUE;
    }
    *eaten = i;
    return TM_CUT_MORE;
}
