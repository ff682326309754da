/* The table of layouts, and detection by vote over a sample.
 *
 * Every record votes for the first layout that fits it and that it claims (where the layout asks);
 * a set to read with holds each layout that was first at least once, in the same order. So a file
 * with two shapes is read with two layouts, and a record's layout stays a pure function of the
 * record. */
#include "record/layout_bind.h"

#define X(symbol) extern const tm_layout symbol;
#include "record/layouts.def"
#undef X

const tm_layout *const tm_layouts[] = {
#define X(symbol) &symbol,
#include "record/layouts.def"
#undef X
    NULL};

uint32_t tm_layout_count(void)
{
    return (uint32_t)TM_COUNT(tm_layouts) - 1;
}

const tm_layout *tm_layout_named(tm_str name)
{
    for (size_t i = 0; tm_layouts[i]; i++)
        if (tm_str_is(name, tm_layouts[i]->name)) return tm_layouts[i];
    return tm_str_is(name, tm_layout_map.name) ? &tm_layout_map : NULL;
}

static tm_status unknown_layout(tm_str name, tm_err *err)
{
    const char *known[TM_COUNT(tm_layouts)];
    size_t count = 0;
    for (; tm_layouts[count]; count++) known[count] = tm_layouts[count]->name;
    const char *near = tm_str_suggest(name, known, count);
    name = tm_str_slice(name, 0, 60);
    if (near)
        return tm_fail(err, TM_EUSAGE, "there is no layout \"%.*s\"; did you mean \"%s\"?",
                       TM_FMT(name), near);
    return tm_fail(err, TM_EUSAGE, "there is no layout \"%.*s\": tamis ops --layouts lists them",
                   TM_FMT(name));
}

tm_status tm_layouts_named(tm_str names, tm_layout_set *out, tm_err *err)
{
    bool wanted[TM_COUNT(tm_layouts)] = {false};
    *out = (tm_layout_set){0};
    for (tm_str one, rest = names; rest.n;) {
        size_t i = 0;
        tm_str_cut(rest, ',', &one, &rest);
        one = tm_str_trim(one);
        while (tm_layouts[i] && !tm_str_is(one, tm_layouts[i]->name)) i++;
        if (!tm_layouts[i]) return unknown_layout(one, err);
        wanted[i] = true;
    }
    for (size_t i = 0; tm_layouts[i]; i++)
        if (wanted[i]) out->layout[out->count++] = tm_layouts[i];
    return TM_OK;
}

bool tm_layout_fits(const tm_layout *layout, const tm_doc *doc)
{
    tm_keys keys;
    tm_doc indexed = *doc;
    if (doc->keys) return layout->fits(doc);
    tm_keys_collect(doc, &keys);
    indexed.keys = &keys;
    return layout->fits(&indexed);
}

void tm_layout_vote(tm_layout_votes *votes, const tm_doc *doc)
{
    tm_keys keys;
    tm_doc indexed = *doc;
    bool found = false;
    tm_keys_collect(doc, &keys);
    indexed.keys = &keys;
    votes->records++;
    for (size_t i = 0; tm_layouts[i]; i++) {
        if (!tm_layouts[i]->fits(&indexed)) continue;
        votes->fits[i]++;
        if (found || (tm_layouts[i]->claims && !tm_layouts[i]->claims(&indexed))) continue;
        votes->first[i]++;
        found = true;
    }
    if (!found) votes->none++;
}

void tm_layout_choose(const tm_layout_votes *votes, tm_layout_set *out)
{
    *out = (tm_layout_set){0};
    for (size_t i = 0; tm_layouts[i]; i++)
        if (votes->first[i]) out->layout[out->count++] = tm_layouts[i];
}
