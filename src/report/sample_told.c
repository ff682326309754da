/* A sample of pairs as lines for a terminal, and as one JSON object. On the terminal both sides of
 * a pair stand one under the other from a little before their difference, made visible; in JSON
 * they are the same stretches as they are. */
#include <math.h>
#include <stdio.h>

#include "report/sample_pairs.h"

#define INDENT "          "
enum { TEXT_MOST = 160 };

static const char *would_be(const tm_pairs_sample *s)
{
    switch (s->verdict) {
    case TM_V_DROP: return "dropped";
    case TM_V_PARK: return "parked";
    case TM_V_FLAG: return "flagged";
    default: return "merged";
    }
}

static void print_head(const tm_pairs_sample *s, tm_buf *out)
{
    tm_buf_print(out, "        of %s %llu records %u would be %s", s->all ? "all" : "the first",
                 (unsigned long long)s->records, s->found, would_be(s));
    if (s->nobody)
        tm_buf_print(out, ", all there are of %u cluster%s (keep: none)", s->clusters,
                     s->clusters == 1 ? "" : "s");
    else
        tm_buf_print(out, "%s %u other%s", s->verdict == TM_V_MERGE ? " into" : ", like",
                     s->clusters, s->clusters == 1 ? "" : "s");
    tm_buf_char(out, '\n');
}

static void print_list(const char *title, const tm_sample_list *list, tm_buf *out)
{
    if (list->count) tm_buf_print(out, "        %s\n", title);
    for (uint32_t i = 0; i < list->count; i++) {
        const tm_sample_pair *p = &list->pair[i];
        tm_buf_z(out, "        ");
        if (p->size) tm_buf_print(out, "%u records", p->size);
        if (p->size && !isnan(p->value)) tm_buf_z(out, ", the least like it ");
        if (!isnan(p->value)) tm_buf_print(out, "%.3f", p->value);
        tm_buf_char(out, '\n');
        tm_excerpt_print(&p->fell, &p->kept, INDENT, out);
    }
}

void tm_pairs_sample_print(const tm_pairs_sample *s, tm_buf *out)
{
    char title[80];
    if (s->why_not) {
        tm_buf_print(out, "        no sample of what it would do: %s\n", s->why_not);
        return;
    }
    print_head(s, out);
    snprintf(title, sizeof title, "the largest clusters, each with %s %s",
             s->compared ? "the record least like" : "a record beside",
             s->nobody ? "its first" : "the one that is kept");
    print_list(title, &s->largest, out);
    snprintf(title, sizeof title, "least similar of those that would be %s", would_be(s));
    print_list(title, &s->least, out);
    print_list("just below the threshold, and kept", &s->below, out);
}

static void side(tm_jw *w, const char *key, const tm_excerpt *e, size_t from)
{
    tm_jw_key(w, key);
    tm_jw_open(w, '{');
    tm_jw_key(w, "source");
    tm_jw_text(w, e->source);
    tm_jw_key(w, "line");
    tm_jw_u64(w, e->line);
    tm_jw_key(w, "text");
    if (e->text.p)
        tm_jw_text(w, tm_excerpt_cut(e->text, from, TEXT_MOST));
    else
        tm_jw_z(w, NULL);
    tm_jw_close(w, '}');
}

static void list_json(tm_jw *w, const char *key, const tm_sample_list *list)
{
    tm_jw_key(w, key);
    tm_jw_open(w, '[');
    for (uint32_t i = 0; i < list->count; i++) {
        const tm_sample_pair *p = &list->pair[i];
        size_t from = p->fell.text.p && p->kept.text.p
                          ? tm_excerpt_from(p->fell.text, p->kept.text, TEXT_MOST)
                          : 0;
        tm_jw_open(w, '{');
        if (p->size) tm_jw_key(w, "records"), tm_jw_u64(w, p->size);
        tm_jw_key(w, "value");
        if (isnan(p->value))
            tm_jw_z(w, NULL);
        else
            tm_jw_f64(w, p->value);
        side(w, "record", &p->fell, from);
        side(w, "other", &p->kept, from);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

void tm_pairs_sample_json(const tm_pairs_sample *s, tm_jw *w)
{
    tm_jw_open(w, '{');
    if (s->why_not) {
        tm_jw_key(w, "none_because");
        tm_jw_z(w, s->why_not);
        tm_jw_close(w, '}');
        return;
    }
    tm_jw_key(w, "records");
    tm_jw_u64(w, s->records);
    tm_jw_key(w, "all");
    tm_jw_bool(w, s->all);
    tm_jw_key(w, "then");
    tm_jw_z(w, tm_verdict_name(s->verdict));
    tm_jw_key(w, "found");
    tm_jw_u64(w, s->found);
    tm_jw_key(w, "clusters");
    tm_jw_u64(w, s->clusters);
    list_json(w, "largest", &s->largest);
    list_json(w, "least_similar", &s->least);
    list_json(w, "below_threshold", &s->below);
    tm_jw_close(w, '}');
}
