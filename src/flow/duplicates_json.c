/* Duplicates as JSON, the same in manifests and on the command line. Places are those of the
 * ledger. */
#include <math.h>

#include "flow/counts_json.h"
#include "flow/engine.h"

static unsigned long long ull(uint64_t n)
{
    return n;
}

static void put_source(const tm_run *run, const tm_clusters *c, const tm_mass *mass, uint32_t row,
                       tm_buf *b)
{
    tm_buf_z(b, row ? ",\n    {\"source\":" : "\n    {\"source\":");
    if (row < run->rows.own)
        tm_buf_json(b, run->source[run->rows.source[row]].path);
    else
        tm_buf_z(b, "null");
    tm_buf_print(b, ",\"records\":%llu,\"characters\":%llu", ull(mass->records),
                 ull(mass->characters));
    tm_buf_print(b, ",\"found\":%llu,\"characters_found\":%llu", ull(mass->found),
                 ull(mass->characters_found));
    if (c) {
        tm_buf_z(b, ",\"shared\":[");
        for (uint32_t other = 0; other < run->rows.count; other++)
            tm_buf_print(b, "%s%llu", other ? "," : "", ull(c->shared[row][other]));
        tm_buf_print(b, "],\"references\":%llu", ull(c->reference[row]));
    }
    tm_buf_char(b, '}');
}

static void put_value(const char *name, double value, tm_buf *b)
{
    tm_buf_print(b, ",\"%s\":", name);
    if (isnan(value))
        tm_buf_z(b, "null");
    else
        tm_buf_print(b, "%.6f", value);
}

static void put_place(const tm_run *run, const char *name, tm_rid rid, tm_buf *b)
{
    tm_buf_print(b, ",\"%s\":{\"source\":", name);
    tm_buf_json(b, run->source[TM_PLACE_SOURCE(rid.place) - 1].path);
    tm_buf_print(b, ",\"place\":%llu,\"path\":%llu}", ull(rid.place), ull(rid.path));
}

static void put_biggest(const tm_run *run, const tm_cluster *c, tm_buf *b)
{
    tm_buf_print(b, "{\"others\":%llu", ull(c->others));
    put_place(run, "first", c->first, b);
    put_place(run, "least", c->least, b);
    put_value("value", c->value, b);
    put_value("second", c->second, b);
    tm_buf_char(b, '}');
}

static void put_clusters(const tm_run *run, const tm_clusters *c, tm_buf *b)
{
    bool first = true;
    tm_buf_print(b, "{\"count\":%llu,\"records\":%llu", ull(c->count), ull(c->records));
    tm_buf_print(b, ",\"items\":%llu,\"item_records\":%llu,\"sizes\":[", ull(c->items),
                 ull(c->item_records));
    for (unsigned bin = 0; bin < TM_BINS; bin++) {
        if (!c->size[bin]) continue;
        tm_buf_print(b, "%s[%llu,%llu]", first ? "" : ",", ull(tm_bin_floor(bin)),
                     ull(c->size[bin]));
        first = false;
    }
    tm_buf_z(b, "],\"values\":[");
    first = true;
    for (unsigned bin = 0; bin < TM_VALUE_BINS; bin++) {
        if (!c->value[bin]) continue;
        tm_buf_print(b, "%s[0.%02u,%llu]", first ? "" : ",", bin * 100 / TM_VALUE_BINS,
                     ull(c->value[bin]));
        first = false;
    }
    tm_buf_z(b, "],\"biggest\":[");
    for (uint32_t i = 0; i < c->shown; i++) {
        tm_buf_z(b, i ? ",\n    " : "\n    ");
        put_biggest(run, &c->biggest[i], b);
    }
    tm_buf_z(b, "]}");
}

static void put_pair(const tm_run *run, uint32_t route, uint32_t other, bool *first, tm_buf *b)
{
    tm_buf_z(b, *first ? "{\"route\":" : ",{\"route\":");
    tm_buf_json(b, run->route[route].name);
    tm_buf_z(b, ",\"other\":");
    tm_buf_json(b, run->route[other].name);
    *first = false;
}

static void put_sides(const tm_run *run, const tm_clusters *c, tm_buf *b)
{
    bool first = true;
    if (!c || !c->kept) {
        tm_buf_z(b, "null");
        return;
    }
    tm_buf_char(b, '[');
    for (uint32_t i = 0; i < run->routes * run->routes; i++) {
        if (!c->kept[i] && !c->fell[i]) continue;
        put_pair(run, i / run->routes, i % run->routes, &first, b);
        tm_buf_print(b, ",\"kept\":%llu,\"fell\":%llu}", ull(c->kept[i]), ull(c->fell[i]));
    }
    tm_buf_char(b, ']');
}

void tm_same_sides_json(const tm_run *run, tm_buf *out)
{
    bool first = true;
    const uint64_t *same = run->result.same_sides;
    if (!same) {
        tm_buf_z(out, "null");
        return;
    }
    tm_buf_char(out, '[');
    for (uint32_t i = 0; i < run->routes * run->routes; i++) {
        if (!same[i]) continue;
        put_pair(run, i / run->routes, i % run->routes, &first, out);
        tm_buf_print(out, ",\"records\":%llu}", ull(same[i]));
    }
    tm_buf_char(out, ']');
}

void tm_duplicates_json(const tm_run *run, uint32_t step, tm_buf *out)
{
    const uint64_t *cells = run->result.matches;
    const tm_clusters *c = run->result.step[step].clusters;
    const tm_mass *mass = tm_matches_mass(run, cells, step);
    tm_mass all = {0};
    for (uint32_t row = 0; row < run->rows.count; row++) {
        all.characters += mass[row].characters;
        all.found += mass[row].found;
        all.characters_found += mass[row].characters_found;
    }
    tm_buf_print(out, "{\"characters\":%llu,\"found\":%llu,\"characters_found\":%llu",
                 ull(all.characters), ull(all.found), ull(all.characters_found));
    tm_buf_print(out, ",\"characters_merged\":%llu,\n   \"between\":",
                 ull(tm_matches_merged(run, cells, step)));
    tm_matches_between_json(run, cells, step, out);
    tm_buf_z(out, ",\n   \"sources\":[");
    for (uint32_t row = 0; row < run->rows.count; row++) put_source(run, c, &mass[row], row, out);
    tm_buf_z(out, "],\n   \"clusters\":");
    if (c)
        put_clusters(run, c, out);
    else
        tm_buf_z(out, "null");
    if (run->routes) {
        tm_buf_z(out, ",\n   \"sides\":");
        put_sides(run, c, out);
    }
    tm_buf_char(out, '}');
}
