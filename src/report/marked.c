/* Findings say where text stands in a record, and not where in the other one: that is worked out
 * here, by the table of common runs (Ukkonen's problem by the plain way: texts are short, and at
 * most TERMS_MAX terms of what is marked are looked at). */
#include "report/marked.h"

#include "op/decontaminate/leak_terms.h"
#include "report/excerpt.h"
#include "report/html.h"
#include "text/json.h"

enum { TERMS_MAX = 1000 };

void tm_mark_add(tm_marked *m, size_t at, size_t to)
{
    uint32_t first = 0, last;
    while (first < m->marks && m->mark[first].to < at) first++;
    for (last = first; last < m->marks && m->mark[last].at <= to; last++) {
        at = TM_MIN(at, m->mark[last].at);
        to = TM_MAX(to, m->mark[last].to);
    }
    if (last == first && m->marks == TM_MARKS) return;
    memmove(m->mark + first + 1, m->mark + last, (m->marks - last) * sizeof *m->mark);
    m->mark[first] = (tm_mark){at, to};
    m->marks += 1 - (last - first);
}

/* ---- as HTML --------------------------------------------------------------------------------- */

static void left_out(tm_buf *out, bool any, const char *mark)
{
    if (any) tm_buf_print(out, "<span class=\"soft\">%s</span>", mark);
}

void tm_marked_html(const tm_marked *m, size_t most, tm_buf *out)
{
    size_t from = 0;
    if (m->text.n > most && m->marks && m->mark[0].to > most)
        from = tm_excerpt_word(m->text, m->mark[0].at - TM_MIN(m->mark[0].at, most / 4));
    tm_str shown = tm_excerpt_cut(m->text, from, most);
    size_t at = from, end = from + shown.n;
    left_out(out, from > 0, "... ");
    for (uint32_t i = 0; i < m->marks && m->mark[i].at < end; i++) {
        size_t to = TM_MIN(m->mark[i].to, end);
        if (to <= at) continue;
        size_t begin = TM_MAX(m->mark[i].at, at);
        tm_html_text(out, tm_str_slice(m->text, at, begin));
        tm_buf_z(out, "<mark>");
        tm_html_text(out, tm_str_slice(m->text, begin, to));
        tm_buf_z(out, "</mark>");
        at = to;
    }
    tm_html_text(out, tm_str_slice(m->text, at, end));
    left_out(out, end < m->text.n, " ...");
}

/* ---- where it stands in another text --------------------------------------------------------- */

typedef struct runs { /* common runs of terms */
    tm_leak_text a, b;
    tm_buf wanted; /* uint64_t: hashes of what is marked; 0 between two marks */
    uint32_t *length;
    bool *held; /* terms of b that stand in a run */
    size_t room;
    size_t longest; /* of b */
} runs;

static tm_status take_wanted(runs *r, const tm_marked *as, tm_err *err)
{
    const uint64_t between = 0;
    for (uint32_t i = 0; i < as->marks; i++) {
        tm_str text = tm_str_slice(as->text, as->mark[i].at, as->mark[i].to);
        if (!tm_leak_hashes(text, &r->a)) return tm_fail_memory(err, "a text", text.n);
        tm_buf_add(&r->wanted, r->a.hash, r->a.count * sizeof between);
        tm_buf_add(&r->wanted, &between, sizeof between);
    }
    return tm_buf_ok(&r->wanted, err);
}

static tm_status make_room(runs *r, tm_err *err)
{
    size_t n = r->b.count + 1;
    if (n > r->room) {
        tm_free(r->length);
        tm_free(r->held);
        r->room = n + n / 2;
        r->length = tm_alloc(r->room * sizeof *r->length);
        r->held = tm_alloc(r->room * sizeof *r->held);
        if (!r->length || !r->held) return tm_fail_memory(err, "a text", n);
    }
    memset(r->held, 0, n * sizeof *r->held);
    return TM_OK;
}

/* Lengths of the common runs that end at each pair; those of `least` and more are held. */
static void compare(runs *r, size_t least)
{
    const uint64_t *a = (const uint64_t *)(const void *)r->wanted.p;
    size_t count = TM_MIN(r->wanted.n / sizeof *a, (size_t)TERMS_MAX);
    memset(r->length, 0, (r->b.count + 1) * sizeof *r->length);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = r->b.count; j > 0; j--) {
            bool same = a[i] && a[i] == r->b.hash[j - 1];
            size_t run = r->length[j] = same ? r->length[j - 1] + 1 : 0;
            r->longest = TM_MAX(r->longest, run);
            if (run == least) memset(r->held + j - run, 1, run * sizeof *r->held);
            if (run > least) r->held[j - 1] = true;
        }
    }
}

/* The held terms of `text` as marks. A text in which the terms are not as many as were hashed
 * (characters that only together are one) is marked as a whole. */
static void place(const runs *r, tm_str text, tm_marked *out)
{
    size_t at = 0, from, to, term = 0, begin = 0, end = 0;
    *out = (tm_marked){.text = text};
    while (tm_leak_next_term(text, &at, &from, &to)) {
        bool held = term < r->b.count && r->held[term];
        if (!held && end) tm_mark_add(out, begin, end);
        if (held && !end) begin = from;
        end = held ? to : 0;
        term++;
    }
    if (end) tm_mark_add(out, begin, end);
    if (term == r->b.count) return;
    out->marks = 0;
    tm_mark_add(out, 0, text.n);
}

static tm_status look_into(runs *r, tm_str text, size_t least, size_t *best, tm_marked *out,
                           tm_err *err)
{
    if (!tm_leak_hashes(text, &r->b)) return tm_fail_memory(err, "a text", text.n);
    TM_TRY(make_room(r, err));
    r->longest = 0;
    compare(r, SIZE_MAX);
    if (r->longest <= *best) return TM_OK;
    *best = r->longest;
    compare(r, TM_MIN(least, r->longest));
    place(r, text, out);
    return TM_OK;
}

static tm_status look_at_strings(runs *r, tm_arena *mem, const tm_json *json, size_t least,
                                 tm_marked *out, tm_err *err)
{
    size_t best = 0;
    for (uint32_t v = 0; v < json->nodes; v++) {
        if (json->node[v].kind != TM_JSON_STRING) continue;
        tm_str inside = tm_json_inside(json->node, json->raw.p, v);
        char *room = tm_arena_alloc(mem, inside.n + 1, 1);
        if (!room) return tm_fail_memory(err, "a text", inside.n);
        tm_str text = {room, tm_json_unescape_to(inside, room)};
        TM_TRY(look_into(r, text, least, &best, out, err));
    }
    return TM_OK;
}

tm_status tm_marked_find(tm_arena *mem, tm_str raw, const tm_marked *as, size_t least,
                         tm_marked *out, tm_err *err)
{
    runs r = {.room = 0};
    tm_json json = {0};
    *out = (tm_marked){.marks = 0};
    tm_status status = take_wanted(&r, as, err);
    bool well = status == TM_OK && tm_json_scan(&json, raw.p, raw.n, 0, (tm_json_limits){0});
    if (well) status = look_at_strings(&r, mem, &json, least, out, err);
    tm_json_release(&json);
    tm_leak_text_release(&r.a);
    tm_leak_text_release(&r.b);
    tm_buf_release(&r.wanted);
    tm_free(r.length);
    tm_free(r.held);
    return status;
}
