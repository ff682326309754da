/* What a name in an expression means, and what to say when it means nothing.
 *
 * In this order: a signal by its full name (step.signal), a fact of the record (layout, kind), a
 * selector, a signal by its own name where only one step has it. So an operator that calls a signal
 * "response" cannot take the selector away. A name that is nothing is compared with all that exist
 * (and functions with what other languages call them): most are misspellings. */
#include "base/param.h"
#include "expr/checker.h"

const char *const tm_fact_names[] = {"layout", "kind", "label", NULL};

/* The part of a signal's name behind the last dot. */
static const char *bare_name(const char *name)
{
    const char *bare = strrchr(name, '.');
    return bare ? bare + 1 : name;
}

static void become_signal(tm_node *n, const tm_expr_env *env, uint32_t i)
{
    n->kind = TM_N_SIGNAL;
    n->name = tm_str_of(env->name[i]);
    n->column = env->column[i];
    n->count = env->signal[i]->count;
    if (env->used) env->used[i] = 1;
    n->type = env->signal[i]->type == TM_WORD ? TM_E_TEXT : TM_E_NUMBER;
}

/* A signal by its full name, or by what stands behind its step where that is enough. */
static tm_status find_signal(tm_checker *c, tm_node *n, bool whole, bool *found)
{
    const char *other = NULL;
    uint32_t at = 0;
    *found = false;
    for (uint32_t i = 0; i < c->env->signals; i++) {
        tm_str name = tm_str_of(c->env->name[i]);
        bool is = tm_str_eq(name, n->name);
        if (!whole && name.n > n->name.n && tm_str_ends(name, n->name))
            is = name.p[name.n - n->name.n - 1] == '.';
        if (!is) continue;
        if (other)
            return TM_EFAIL(c->err, c->text, n->at, "\"%.*s\" may be %s or %s; write which",
                            TM_FMT(tm_elex_clip(n->name)), other, c->env->name[i]);
        other = c->env->name[i];
        at = i;
        *found = true;
    }
    if (*found) become_signal(n, c->env, at);
    return TM_OK;
}

static tm_status unknown_name(tm_checker *c, const tm_node *n)
{
    tm_str name = tm_elex_clip(n->name);
    uint32_t signals = c->env->signals, count = 0, room = 2 * signals + 32;
    const char **known = TM_NEW(c->mem, const char *, room);
    if (!known) return tm_echeck_memory(c);
    if (tm_efunction_find(n->name) >= 0)
        return TM_EFAIL(c->err, c->text, n->at, "%.*s is a function; write %s%s", TM_FMT(name),
                        tm_efunctions[tm_efunction_find(n->name)].example,
                        tm_str_is(n->name, "text") ? "; the selector of a plain text is document"
                                                   : "");
    for (uint32_t i = 0; i < signals; i++) {
        known[count++] = c->env->name[i];
        known[count++] = bare_name(c->env->name[i]);
    }
    for (uint32_t i = 0; tm_selector_names[i] && count < room - 2; i++)
        known[count++] = tm_selector_names[i];
    for (uint32_t i = 0; tm_fact_names[i]; i++) known[count++] = tm_fact_names[i];
    const char *near = tm_str_suggest(n->name, known, count);
    if (near)
        return TM_EFAIL(c->err, c->text, n->at, "there is no \"%.*s\" here; did you mean %s?",
                        TM_FMT(name), near);
    return TM_EFAIL(c->err, c->text, n->at,
                    "there is no \"%.*s\" here; a field of the record is "
                    "written $.%.*s, a text '%.*s', a signal of an earlier step step.signal",
                    TM_FMT(name), TM_FMT(name), TM_FMT(name));
}

tm_status tm_echeck_name(tm_checker *c, tm_node *n)
{
    bool found;
    TM_TRY(find_signal(c, n, true, &found));
    if (found) return TM_OK;
    for (uint32_t i = 0; tm_fact_names[i]; i++) {
        if (!tm_str_is(n->name, tm_fact_names[i])) continue;
        if (i == TM_FACT_LAYOUT && !c->e->layouts)
            return TM_EFAIL(c->err, c->text, n->at,
                            "the layouts of the records are not known here");
        if (c->env->binds) *c->env->binds = true;
        n->kind = TM_N_FACT;
        n->op = (uint8_t)i;
        n->type = TM_E_TEXT;
        return TM_OK;
    }
    for (uint32_t i = 0; tm_selector_names[i]; i++) {
        if (!tm_str_is(n->name, tm_selector_names[i])) continue;
        if (c->env->binds) *c->env->binds = true;
        n->kind = TM_N_PARTS;
        n->selectors = (uint32_t)1 << i;
        n->type = TM_E_PARTS;
        return TM_OK;
    }
    TM_TRY(find_signal(c, n, false, &found));
    return found ? TM_OK : unknown_name(c, n);
}

tm_status tm_echeck_no_function(tm_checker *c, const tm_node *n)
{
    static const struct {
        const char *name, *ours;
    } elsewhere[] = {
        {"len", "length"},        {"size", "length"},        {"strlen", "chars"},
        {"char_length", "chars"}, {"characters", "chars"},   {"word_count", "words"},
        {"startswith", "starts"}, {"starts_with", "starts"}, {"endswith", "ends"},
        {"ends_with", "ends"},    {"includes", "contains"},  {"regex", "matches"},
        {"regexp", "matches"},    {"search", "matches"},     {"rlike", "matches"},
        {"exists", "has"},        {"isnull", "x is null"},   {"is_null", "x is null"},
        {"strip", "trim"},        {"lowercase", "lower"},    {"casefold", "lower"},
        {"int", "number"},        {"float", "number"},       {"str", "text"},
        {"string", "text"},       {"timestamp", "date"},     {"datetime", "date"},
        {"ifnull", "coalesce"},   {"least", "min"},          {"greatest", "max"},
        {"default", "coalesce"},  {"num", "number"},
    };
    const char *names[64], *near = NULL;
    size_t count = 0;
    tm_str name = tm_elex_clip(n->name);
    for (size_t i = 0; i < TM_COUNT(elsewhere); i++) {
        if (tm_str_is(n->name, elsewhere[i].name)) near = elsewhere[i].ours;
    }
    for (; tm_efunctions[count].name && count < TM_COUNT(names); count++)
        names[count] = tm_efunctions[count].name;
    if (!near) near = tm_str_suggest(n->name, names, count);
    if (near)
        return TM_EFAIL(c->err, c->text, n->at, "there is no function %.*s; did you mean %s?",
                        TM_FMT(name), near);
    return TM_EFAIL(c->err, c->text, n->at,
                    "there is no function %.*s; there are words, chars, "
                    "lines, turns, text, lower, trim, contains, starts, ends, matches, has, count, "
                    "length, date, number, abs, min, max, round, coalesce",
                    TM_FMT(name));
}
