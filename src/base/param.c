/* Parses one value into its place in a typed struct. One function a type, found by a table; every
 * sentence names the parameter, what it takes and what it was given. */
#include "base/param.h"

#include <stdio.h>
#include <string.h>

#define TEXTS                                                                                      \
    "system", "user", "assistant", "tool", "document", "prompt", "response", "chosen", "rejected", \
        "reasoning", "call", "all"

const char *const tm_text_selectors[] = {TEXTS, NULL};
const char *const tm_selector_names[] = {TEXTS, "everything", NULL};

typedef struct setting {
    const tm_param *param;
    void *to;
    const tm_pvalue *value;
    tm_arena *mem;
    tm_err *err;
} setting;

static tm_str shown(const tm_pvalue *v)
{
    return v->form == TM_PV_SCALAR ? v->scalar
           : v->form == TM_PV_LIST ? TM_STR("a list")
                                   : TM_STR("a map");
}

static tm_status wrong(const setting *s, const char *takes)
{
    const char *quote = s->value->form == TM_PV_SCALAR ? "\"" : "";
    tm_fail(s->err, TM_ERECIPE, "\"%s\" takes %s, not %s%.*s%s", s->param->name, takes, quote,
            TM_FMT(shown(s->value)), quote);
    if (s->err) s->err->line = s->value->line, s->err->column = s->value->column;
    return TM_ERECIPE;
}

static bool bounded(const tm_param *p, double value)
{
    return (p->min == 0 && p->max == 0) || (value >= p->min && value <= p->max);
}

static const double WITHOUT_END = 1e15; /* a limit that no file has records or bytes for */

static tm_status out_of_range(const setting *s)
{
    const tm_param *p = s->param;
    const char *unit = p->unit ? p->unit : "";
    bool unset = p->fallback && strcmp(p->fallback, "-1") == 0; /* nothing a user would write */
    double min = unset ? 0 : p->min;
    char takes[160], least[32];
    snprintf(least, sizeof least, "%.15g", min);
    if (p->max < WITHOUT_END)
        snprintf(takes, sizeof takes, "a number from %s to %.15g%s%s", least, p->max,
                 unit[0] ? " " : "", unit);
    else
        snprintf(takes, sizeof takes, "a number of %s or more%s%s", least, unit[0] ? " " : "",
                 unit);
    return wrong(s, takes);
}

static tm_status set_bool(setting *s)
{
    static const char *const YES[] = {"true", "yes", "on"}, *const NO[] = {"false", "no", "off"};
    if (s->value->form != TM_PV_SCALAR) return wrong(s, "true or false");
    for (size_t i = 0; i < TM_COUNT(YES); i++) {
        if (tm_str_is(s->value->scalar, YES[i])) return *(bool *)s->to = true, TM_OK;
        if (tm_str_is(s->value->scalar, NO[i])) return *(bool *)s->to = false, TM_OK;
    }
    return wrong(s, "true or false");
}

static tm_status set_int(setting *s)
{
    int64_t value;
    if (s->value->form != TM_PV_SCALAR || !tm_str_to_i64(s->value->scalar, &value))
        return wrong(s, "a whole number");
    if (!bounded(s->param, (double)value)) return out_of_range(s);
    *(int64_t *)s->to = value;
    return TM_OK;
}

static tm_status set_u64(setting *s)
{
    uint64_t value;
    if (s->value->form != TM_PV_SCALAR || !tm_str_to_u64(s->value->scalar, &value))
        return wrong(s, "a whole number from 0 to 18446744073709551615");
    *(uint64_t *)s->to = value;
    return TM_OK;
}

static tm_status set_size(setting *s)
{
    uint64_t value;
    if (s->value->form != TM_PV_SCALAR || !tm_str_to_size(s->value->scalar, &value))
        return wrong(s, "a size such as 64MiB, 2GB or 4096");
    if (!bounded(s->param, (double)value)) return out_of_range(s);
    *(uint64_t *)s->to = value;
    return TM_OK;
}

static tm_status set_float(setting *s)
{
    double value;
    if (s->value->form != TM_PV_SCALAR || !tm_str_to_f64(s->value->scalar, &value))
        return wrong(s, "a number");
    if (!bounded(s->param, value)) return out_of_range(s);
    *(double *)s->to = value;
    return TM_OK;
}

static tm_status set_share(setting *s)
{
    double value;
    tm_str text = s->value->scalar;
    bool percent = s->value->form == TM_PV_SCALAR && tm_str_ends(text, TM_STR("%"));
    if (percent) text = tm_str_trim(tm_str_slice(text, 0, text.n - 1));
    if (s->value->form != TM_PV_SCALAR || !tm_str_to_f64(text, &value))
        return wrong(s, "a share such as 2% or 0.02");
    if (percent) value /= 100;
    bool unbounded = s->param->min == 0 && s->param->max == 0;
    bool is_share = value >= 0 && value <= 1;
    if (!(unbounded ? is_share : bounded(s->param, value)))
        return is_share ? out_of_range(s) : wrong(s, "a share from 0 to 1 (or 0% to 100%)");
    *(double *)s->to = value;
    return TM_OK;
}

static tm_status copy_text(const setting *s, tm_str from, tm_str *to)
{
    *to = tm_arena_str(s->mem, from);
    return to->p ? TM_OK : tm_fail_memory(s->err, s->param->name, from.n);
}

/* "a, b, c", cut where there is no room for more. */
static void list_names(const char *const *names, size_t count, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < count && n < room; i++) {
        int more = snprintf(out + n, room - n, "%s%s", i ? ", " : "", names[i]);
        n += more > 0 ? (size_t)more : 0;
    }
}

static tm_status index_of(const setting *s, tm_str text, const char *const *names, uint32_t *index)
{
    size_t count = 0;
    text = tm_str_trim(text);
    for (; names[count]; count++) {
        if (!tm_str_is(text, names[count])) continue;
        *index = (uint32_t)count;
        return TM_OK;
    }
    const char *near = tm_str_suggest(text, names, count);
    char list[400] = "";
    list_names(names, count, list, sizeof list);
    tm_fail(s->err, TM_ERECIPE, "\"%s\" takes one of %s, not \"%.*s\"%s%s%s", s->param->name, list,
            TM_FMT(text), near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    if (s->err) s->err->line = s->value->line, s->err->column = s->value->column;
    return TM_ERECIPE;
}

/* A text with choices is one of them, and is kept as it is written. */
static tm_status set_text(setting *s)
{
    uint32_t index;
    if (s->value->form != TM_PV_SCALAR) return wrong(s, "one text");
    if (s->param->choices) TM_TRY(index_of(s, s->value->scalar, s->param->choices, &index));
    return copy_text(s, s->value->scalar, s->to);
}

static tm_status set_choice(setting *s)
{
    uint32_t index;
    if (s->value->form != TM_PV_SCALAR) return wrong(s, "one word");
    TM_TRY(index_of(s, s->value->scalar, s->param->choices, &index));
    *(uint8_t *)s->to = (uint8_t)index;
    return TM_OK;
}

/* Where the first expression of a list ends. Brackets that do not match are the compiler's to
 * say. */
static size_t end_of_expression(tm_str s)
{
    size_t depth = 0;
    char quote = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool opens = c == '(' || c == '[', closes = c == ')' || c == ']';
        if (quote) {
            if (c == '\\') i++;
            if (c == quote) quote = 0;
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == ',' && !depth) {
            return i;
        }
        if (!quote) depth += opens, depth -= closes && depth;
    }
    return s.n;
}

bool tm_param_list_next(tm_ptype type, tm_str *rest, tm_str *item)
{
    do {
        size_t end = type == TM_P_EXPRS ? end_of_expression(*rest) : tm_str_find_char(*rest, ',');
        *item = tm_str_trim(tm_str_slice(*rest, 0, end));
        *rest = tm_str_slice(*rest, TM_MIN(end + 1, rest->n), rest->n);
    } while (!item->n && rest->n);
    return item->n > 0;
}

/* Calls item for each element of a list, or of a scalar split at commas. */
static tm_status for_each(setting *s, tm_status (*item)(setting *s, tm_str text, void *arg),
                          void *arg)
{
    if (s->value->form == TM_PV_MAP) return wrong(s, "a list");
    if (s->value->form == TM_PV_LIST) {
        for (uint32_t i = 0; i < s->value->count; i++)
            TM_TRY(item(s, s->value->item[i].value, arg));
        return TM_OK;
    }
    tm_str one, rest = s->value->scalar;
    while (tm_param_list_next(s->param->type, &rest, &one)) TM_TRY(item(s, one, arg));
    return TM_OK;
}

typedef struct bits {
    const char *const *names;
    uint64_t set;
} bits;

static tm_status add_bit(setting *s, tm_str text, void *arg)
{
    bits *b = arg;
    uint32_t index;
    TM_TRY(index_of(s, text, b->names, &index));
    b->set |= (uint64_t)1 << index;
    return TM_OK;
}

static tm_status set_choices(setting *s)
{
    bits b = {.names = s->param->choices};
    TM_TRY(for_each(s, add_bit, &b));
    *(uint64_t *)s->to = b.set;
    return TM_OK;
}

static tm_status add_selector(setting *s, tm_str text, void *arg)
{
    if (s->param->choices != tm_text_selectors || !tm_str_is(tm_str_trim(text), "everything"))
        return add_bit(s, text, arg);
    tm_fail(s->err, TM_ERECIPE,
            "\"%s\" looks at texts, of which all is every one: everything, the whole record with "
            "its other fields, is for dedup.exact",
            s->param->name);
    if (s->err) s->err->line = s->value->line, s->err->column = s->value->column;
    return TM_ERECIPE;
}

static tm_status set_selector(setting *s)
{
    bits b = {.names = s->param->choices};
    TM_TRY(for_each(s, add_selector, &b));
    if (!b.set) return wrong(s, "selectors such as response or all");
    *(uint32_t *)s->to = (uint32_t)b.set;
    return TM_OK;
}

typedef struct list {
    tm_str *item;
    uint32_t count, room;
} list;

static tm_status add_text(setting *s, tm_str text, void *arg)
{
    list *l = arg;
    if (l->count == l->room) {
        uint32_t room = l->room ? l->room * 2 : 8;
        l->item = tm_arena_grow(s->mem, l->item, l->room * sizeof *l->item, room * sizeof *l->item);
        if (!l->item) return tm_fail_memory(s->err, s->param->name, 0);
        l->room = room;
    }
    return copy_text(s, text, &l->item[l->count++]);
}

static tm_status set_texts(setting *s)
{
    list l = {0};
    TM_TRY(for_each(s, add_text, &l));
    *(tm_texts *)s->to = (tm_texts){l.item, l.count};
    return TM_OK;
}

static tm_status set_pairs(setting *s)
{
    tm_pairs *to = s->to;
    tm_pair one = {0};
    const tm_pvalue *v = s->value;
    const tm_pair *from = v->item;
    uint32_t count = v->count;
    if (v->form == TM_PV_SCALAR) { /* command line: NAME=VALUE, added to what is there */
        if (!tm_str_cut(v->scalar, '=', &one.name, &one.value) || !one.name.n)
            return wrong(s, "NAME=VALUE");
        from = &one;
        count = 1;
    } else if (v->form == TM_PV_LIST) {
        return wrong(s, "a map of names to values");
    }
    bool adds = v->form == TM_PV_SCALAR || s->param->flags & TM_P_REST; /* beside its own names */
    uint32_t had = adds ? to->count : 0;
    tm_pair *item = TM_NEW(s->mem, tm_pair, had + count + 1);
    if (!item) return tm_fail_memory(s->err, s->param->name, count);
    if (had) memcpy(item, to->item, had * sizeof *item);
    for (uint32_t i = 0; i < count; i++) {
        item[had + i].quoted = from[i].quoted;
        TM_TRY(copy_text(s, from[i].name, &item[had + i].name));
        TM_TRY(copy_text(s, from[i].value, &item[had + i].value));
    }
    *to = (tm_pairs){item, had + count};
    return TM_OK;
}

static const struct {
    const char *name;
    tm_status (*set)(setting *s);
} TYPES[] = {
    [TM_P_END] = {"", NULL},
    [TM_P_BOOL] = {"true or false", set_bool},
    [TM_P_INT] = {"number", set_int},
    [TM_P_U64] = {"number", set_u64},
    [TM_P_SIZE] = {"size", set_size},
    [TM_P_FLOAT] = {"decimal", set_float},
    [TM_P_SHARE] = {"share", set_share},
    [TM_P_TEXT] = {"text", set_text},
    [TM_P_CHOICE] = {"choice", set_choice},
    [TM_P_CHOICES] = {"choices", set_choices},
    [TM_P_SELECTOR] = {"selectors", set_selector},
    [TM_P_EXPR] = {"expression", set_text},
    [TM_P_TEXTS] = {"list", set_texts},
    [TM_P_EXPRS] = {"expressions", set_texts},
    [TM_P_PAIRS] = {"map", set_pairs},
};

const char *tm_ptype_name(tm_ptype type)
{
    return TYPES[type].name;
}

tm_status tm_param_set(const tm_param *param, void *args, const tm_pvalue *value, tm_arena *mem,
                       tm_err *err)
{
    setting s = {param, (char *)args + param->at, value, mem, err};
    return TYPES[param->type].set(&s);
}

tm_status tm_params_default(const tm_param *params, void *args, tm_arena *mem, tm_err *err)
{
    for (const tm_param *p = params; p && p->type != TM_P_END; p++) {
        tm_pvalue value = {.form = TM_PV_SCALAR, .scalar = tm_str_of(p->fallback)};
        if (p->fallback) TM_TRY(tm_param_set(p, args, &value, mem, err));
    }
    return TM_OK;
}

const tm_param *tm_params_find(const tm_param *params, tm_str name)
{
    for (const tm_param *p = params; p && p->type != TM_P_END; p++)
        if (tm_str_is(name, p->name)) return p;
    return NULL;
}

tm_status tm_params_unknown(const tm_param *params, const char *what, tm_str name, tm_err *err)
{
    const char *names[128] = {NULL};
    size_t count = 0;
    for (const tm_param *p = params; p && p->type != TM_P_END && count < TM_COUNT(names); p++)
        names[count++] = p->name;
    const char *near = tm_str_suggest(name, names, count);
    if (near)
        return tm_fail(err, TM_ERECIPE, "\"%s\" has no parameter \"%.*s\"; did you mean \"%s\"?",
                       what, TM_FMT(name), near);
    char all[400] = "";
    list_names(names, count, all, sizeof all);
    return tm_fail(err, TM_ERECIPE, "\"%s\" has no parameter \"%.*s\"%s%s", what, TM_FMT(name),
                   count ? ": it has " : "", all);
}

const tm_param *tm_params_rest(const tm_param *params)
{
    for (const tm_param *p = params; p && p->name; p++)
        if (p->flags & TM_P_REST) return p;
    return NULL;
}

const char *tm_params_slip(const tm_param *params, tm_str name)
{
    enum { SHORTEST = 4, LONG = 8 };
    for (const tm_param *p = params; p && p->type != TM_P_END; p++) {
        tm_str own = tm_str_of(p->name);
        bool another_word = own.n == SHORTEST && name.n == SHORTEST;
        if (own.n < SHORTEST || another_word) continue;
        if (tm_str_distance(name, own) <= (own.n < LONG ? 1u : 2u)) return p->name;
    }
    return NULL;
}

tm_status tm_param_add_pair(const tm_param *param, void *args, tm_str name, tm_str value,
                            tm_arena *mem, tm_err *err)
{
    tm_pairs *pairs = (tm_pairs *)(void *)((char *)args + param->at);
    tm_pair *grown = TM_NEW(mem, tm_pair, pairs->count + 1);
    if (!grown) return tm_fail_memory(err, param->name, pairs->count * sizeof *grown);
    if (pairs->count) memcpy(grown, pairs->item, pairs->count * sizeof *grown);
    grown[pairs->count].name = tm_arena_str(mem, name);
    grown[pairs->count].value = tm_arena_str(mem, value);
    if (!grown[pairs->count].name.p || !grown[pairs->count].value.p)
        return tm_fail_memory(err, param->name, name.n + value.n);
    *pairs = (tm_pairs){grown, pairs->count + 1};
    return TM_OK;
}
