/* Finding one's way in an index of nodes: members by key, elements by number, and places by line.
 *
 * Nothing is built for a look-up: it goes from sibling to sibling by `next`, which skips a subtree
 * in one step. Asking one object for a few keys costs its keys each time; who wants all members
 * walks them once instead (tm_json_first, tm_json_after). */
#include <string.h>

#include "text/json.h"
#include "text/kernel.h"

uint32_t tm_json_get(const tm_json_node *node, const char *raw, uint32_t object, tm_str name)
{
    if (node[object].kind != TM_JSON_OBJECT) return TM_NONE;
    uint32_t end = node[object].next, found = TM_NONE;
    for (uint32_t v = object + 1; v < end; v = node[v + 1].next) {
        uint32_t bytes = node[v].end - node[v].at - 2;
        bool same;
        if (TM_UNLIKELY(node[v].flags & TM_JSON_ESCAPED))
            same = tm_json_text_is(node, raw, v, name);
        else
            same = bytes == name.n && (!bytes || !memcmp(raw + node[v].at + 1, name.p, bytes));
        if (same) found = v + 1;
    }
    return found;
}

uint32_t tm_json_at(const tm_json_node *node, uint32_t array, uint32_t index)
{
    if (node[array].kind != TM_JSON_ARRAY) return TM_NONE;
    for (uint32_t v = tm_json_first(node, array); v != TM_NONE; v = tm_json_after(node, array, v))
        if (index-- == 0) return v;
    return TM_NONE;
}

uint32_t tm_json_count(const tm_json_node *node, uint32_t container)
{
    uint32_t count = 0;
    if (node[container].kind != TM_JSON_ARRAY && node[container].kind != TM_JSON_OBJECT) return 0;
    for (uint32_t v = tm_json_first(node, container); v != TM_NONE;
         v = tm_json_after(node, container, v))
        count++;
    return count;
}

void tm_text_position(const char *p, size_t n, size_t at, uint64_t *line, uint64_t *column)
{
    const tm_kernel *kernel = tm_kernel_now();
    at = TM_MIN(at, n);
    const char *newline = at ? memrchr(p, '\n', at) : NULL;
    size_t begin = newline ? (size_t)(newline - p) + 1 : 0;
    *line = 1 + kernel->count_newlines(p, begin);
    *column = 1 + kernel->utf8_count(p + begin, at - begin);
}
