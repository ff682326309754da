/* Prints a parameter's value as canonical JSON, which the parser reads back to the same value. */
#include <string.h>

#include "base/param.h"

static void print_names(const char *const *names, uint64_t set, tm_buf *out)
{
    bool first = true;
    tm_buf_char(out, '[');
    for (uint32_t i = 0; names[i]; i++) {
        if (!(set >> i & 1)) continue;
        tm_buf_print(out, "%s\"%s\"", first ? "" : ",", names[i]);
        first = false;
    }
    tm_buf_char(out, ']');
}

static void print_texts(const tm_texts *list, tm_buf *out)
{
    tm_buf_char(out, '[');
    for (uint32_t i = 0; i < list->count; i++) {
        if (i) tm_buf_char(out, ',');
        tm_buf_json(out, list->item[i]);
    }
    tm_buf_char(out, ']');
}

static size_t digits(tm_str s, size_t at)
{
    while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9') at++;
    return at;
}

/* By JSON's grammar: 007, .5 and +1 are numbers to people and none to a JSON parser. */
static bool is_json_number(tm_str s)
{
    size_t from = s.n && s.p[0] == '-', at = digits(s, from);
    if (at == from || (s.p[from] == '0' && at > from + 1)) return false;
    if (at < s.n && s.p[at] == '.') {
        from = at + 1;
        at = digits(s, from);
        if (at == from) return false;
    }
    if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
        from = at + 1;
        from += from < s.n && (s.p[from] == '-' || s.p[from] == '+');
        at = digits(s, from);
        if (at == from) return false;
    }
    return at == s.n;
}

/* A value that stood without quotes is printed so when it is a JSON scalar, to stay one. */
static bool is_bare(tm_str s)
{
    return tm_str_is(s, "true") || tm_str_is(s, "false") || tm_str_is(s, "null") ||
           is_json_number(s);
}

static void print_pairs(const tm_pairs *map, tm_buf *out)
{
    tm_buf_char(out, '{');
    for (uint32_t i = 0; i < map->count; i++) {
        if (i) tm_buf_char(out, ',');
        tm_buf_json(out, map->item[i].name);
        tm_buf_char(out, ':');
        if (!map->item[i].quoted && is_bare(map->item[i].value))
            tm_buf_str(out, map->item[i].value);
        else
            tm_buf_json(out, map->item[i].value);
    }
    tm_buf_char(out, '}');
}

void tm_param_print(const tm_param *param, const void *args, tm_buf *out)
{
    const void *at = (const char *)args + param->at;
    switch (param->type) {
    case TM_P_END: break;
    case TM_P_BOOL: tm_buf_z(out, *(const bool *)at ? "true" : "false"); break;
    case TM_P_INT: tm_buf_i64(out, *(const int64_t *)at); break;
    case TM_P_U64:
    case TM_P_SIZE: tm_buf_u64(out, *(const uint64_t *)at); break;
    case TM_P_FLOAT:
    case TM_P_SHARE: tm_buf_f64(out, *(const double *)at); break;
    case TM_P_TEXT:
    case TM_P_EXPR: tm_buf_json(out, *(const tm_str *)at); break;
    case TM_P_CHOICE: tm_buf_json(out, tm_str_of(param->choices[*(const uint8_t *)at])); break;
    case TM_P_CHOICES: print_names(param->choices, *(const uint64_t *)at, out); break;
    case TM_P_SELECTOR: print_names(param->choices, *(const uint32_t *)at, out); break;
    case TM_P_EXPRS:
    case TM_P_TEXTS: print_texts(at, out); break;
    case TM_P_PAIRS: print_pairs(at, out); break;
    }
}
