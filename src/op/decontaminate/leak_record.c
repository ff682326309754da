/* Looks into one record; see leak_record.h.
 *
 * A record is probed part by part. In most nothing is found and nothing else happens. Where
 * something is, the share of each item's n-grams is counted over the whole record (an item may be
 * split over turns), and a second probe of the parts turns what belongs to items of enough share
 * into spans: maximal runs of terms covered by items of one file, each a finding at its place.
 * Counting marks positions of the table, not of the text, so memory is bounded by the table however
 * often a text repeats an item.
 *
 * When spans are cut, what then stands together may hold an item again, so the record is probed
 * until nothing is found. After CUTS times, and where a cut is impossible (tool calls, whose text
 * is a program's), what is left is contamination like any other. */
#include "op/decontaminate/leak_record.h"

#include <stdlib.h>

enum { CUTS = 16 };

typedef struct tm_leak_span { /* [from, to) in terms, then in bytes */
    size_t from, to;
    uint32_t item;  /* whose n-grams were found; TM_NONE: no span */
    uint32_t names; /* it, or its twin in another file */
} span;

static uint32_t item_index(const tm_leak_search *own, uint32_t gram)
{
    return (uint32_t)(tm_leak_item_of(&own->table, gram) - own->table.item);
}

/* First probe: marks the n-grams that are found. */
static void mark(void *arg, const tm_leak_hit *hit)
{
    tm_leak_search *own = arg;
    for (uint32_t i = 0; i < hit->entries; i++) {
        uint32_t gram = hit->entry[i].gram;
        if (own->seen[gram >> 3] >> (gram & 7) & 1) continue;
        own->seen[gram >> 3] |= (uint8_t)(1u << (gram & 7));
        uint32_t item = item_index(own, gram);
        tm_buf_add(&own->grams, &gram, sizeof gram);
        if (!own->found[item]++) tm_buf_add(&own->items, &item, sizeof item);
    }
}

static double share_of(const tm_leak_search *own, uint32_t item)
{
    return (double)own->found[item] / (double)own->table.item[item].counted;
}

static bool enough(const tm_leak_search *own, uint32_t item)
{
    return share_of(own, item) >= own->overlap;
}

static uint32_t file_of(const tm_leak_search *own, const span *s)
{
    return own->table.item[s->names].file;
}

/* The span becomes as long as both are and names the item of the higher share; of equal ones the
 * first. */
static void extend(const tm_leak_search *own, span *s, const span *by)
{
    double x = share_of(own, by->item), y = share_of(own, s->item);
    s->to = TM_MAX(s->to, by->to);
    if (x < y || (!(x > y) && by->names >= s->names)) return;
    s->item = by->item;
    s->names = by->names;
}

static void close_span(tm_leak_search *own, span *open)
{
    if (open->item != TM_NONE) tm_buf_add(&own->spans, open, sizeof *open);
    open->item = TM_NONE;
}

static void close_spans(tm_leak_search *own)
{
    for (uint32_t f = 0; f < own->table.head.files; f++) close_span(own, &own->open[f]);
}

static void add_span(tm_leak_search *own, const span *s)
{
    span *open = &own->open[file_of(own, s)];
    if (open->item != TM_NONE && s->from <= open->to) {
        extend(own, open, s);
        return;
    }
    close_span(own, open);
    *open = *s;
}

/* Second probe: hits of items that have enough become spans, one a file that holds them. Hits come
 * by place, but those of short items behind all others. */
static void gather(void *arg, const tm_leak_hit *hit)
{
    tm_leak_search *own = arg;
    for (uint32_t i = 0; i < hit->entries; i++) {
        span s = {hit->from, hit->from + hit->terms, item_index(own, hit->entry[i].gram), 0};
        if (!enough(own, s.item)) continue;
        if (own->table.item[s.item].is_short && !own->in_shorts) {
            close_spans(own);
            own->in_shorts = true;
        }
        for (s.names = s.item; s.names != TM_NONE; s.names = own->table.item[s.names].twin)
            add_span(own, &s);
    }
}

static span *list_of(const tm_buf *b, size_t *count)
{
    *count = b->n / sizeof(span);
    return (span *)(void *)b->p;
}

static int by_place(const void *a, const void *b)
{
    const span *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return (x->names > y->names) - (x->names < y->names);
}

/* What overlaps or touches and is of one file is joined; the spans are in order of place then. */
static void join_spans(tm_leak_search *own)
{
    size_t count;
    span *list = list_of(&own->spans, &count);
    if (!count) return;
    qsort(list, count, sizeof *list, by_place);
    tm_buf all = own->spans;
    own->spans = own->splices;
    tm_buf_clear(&own->spans);
    for (size_t i = 0; i < count; i++) add_span(own, &list[i]);
    close_spans(own);
    own->splices = all;
    list = list_of(&own->spans, &count);
    if (count) qsort(list, count, sizeof *list, by_place);
}

typedef struct place {
    size_t from, to;
} place;

/* Spans of terms become spans of bytes. A text in which the terms are not as many as were hashed
 * (characters that only together are one) is one span. */
static void place_spans(tm_leak_search *own, tm_str text)
{
    size_t spans, at = 0;
    place term;
    span *s = list_of(&own->spans, &spans);
    tm_buf_clear(&own->places);
    while (tm_leak_next_term(text, &at, &term.from, &term.to))
        tm_buf_add(&own->places, &term, sizeof term);
    bool as_hashed = own->places.n == own->text.count * sizeof term;
    const place *places = (const place *)(const void *)own->places.p;
    for (size_t i = 0; i < spans && !own->places.failed; i++) {
        s[i].from = as_hashed ? places[s[i].from].from : 0;
        s[i].to = as_hashed ? places[s[i].to - 1].to : text.n;
    }
    if (!as_hashed) join_spans(own);
}

static tm_status find_spans(tm_leak_search *own, tm_batch *b, uint32_t p, tm_err *err)
{
    tm_str text;
    tm_buf_clear(&own->spans);
    own->in_shorts = false;
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    if (!tm_leak_hashes(text, &own->text)) return tm_fail_memory(err, "decontaminate", text.n);
    tm_leak_probe(&own->table, own->text.hash, own->text.count, gather, own);
    close_spans(own);
    join_spans(own);
    if (own->spans.n && !own->spans.failed) place_spans(own, text);
    TM_TRY(tm_buf_ok(&own->places, err));
    TM_TRY(tm_buf_ok(&own->splices, err));
    return tm_buf_ok(&own->spans, err);
}

/* A place in the text as it is now, in the text as read. */
static uint32_t as_read(const tm_batch *b, uint32_t p, size_t now)
{
    int64_t grown = 0;
    for (uint32_t e = b->part[p].first_edit; e != TM_NONE; e = b->edit[e].next) {
        const tm_edit *edit = &b->edit[e];
        int64_t at = edit->at + grown;
        if ((int64_t)now < at) break;
        if ((int64_t)now < at + (int64_t)edit->put.n) return edit->at;
        grown += (int64_t)edit->put.n - edit->cut;
    }
    return (uint32_t)((int64_t)now - grown);
}

static tm_status report(tm_leak_search *own, tm_batch *b, uint32_t p, bool cut, tm_err *err)
{
    size_t spans;
    const span *s = list_of(&own->spans, &spans);
    for (size_t i = 0; i < spans; i++) {
        const tm_leak_item *item = &own->table.item[s[i].item];
        uint32_t from = as_read(b, p, s[i].from), to = as_read(b, p, s[i].to);
        uint16_t code = cut ? TM_LEAK_CUT : item->is_short ? TM_LEAK_SHORT : TM_LEAK_NGRAMS;
        TM_TRY(tm_find(b, b->part[p].record, p, from, to - from, own->step->step, code,
                       share_of(own, s[i].item), err));
        b->finding[b->findings - 1].other = own->table.item[s[i].names].rid;
    }
    return TM_OK;
}

/* Takes the spans of one part out; *cut = whether the text changed. */
static tm_status cut_spans(tm_leak_search *own, tm_batch *b, uint32_t p, bool *cut, tm_err *err)
{
    size_t spans;
    const span *s = list_of(&own->spans, &spans);
    uint32_t version = b->part[p].version;
    *cut = false;
    if (b->part[p].kind == TM_CALL) return TM_OK;
    tm_buf_clear(&own->splices);
    for (size_t i = 0, next; i < spans; i = next) { /* those of files overlap */
        size_t to = s[i].to;
        for (next = i + 1; next < spans && s[next].from <= to; next++) to = TM_MAX(to, s[next].to);
        tm_splice splice = {.at = (uint32_t)s[i].from, .cut = (uint32_t)(to - s[i].from)};
        tm_buf_add(&own->splices, &splice, sizeof splice);
    }
    TM_TRY(tm_buf_ok(&own->splices, err));
    TM_TRY(tm_part_edit(b, p, (const tm_splice *)(const void *)own->splices.p,
                        (uint32_t)(own->splices.n / sizeof(tm_splice)), own->step->step,
                        TM_LEAK_CUT, err));
    *cut = b->part[p].version != version;
    return TM_OK;
}

static void forget(tm_leak_search *own)
{
    uint32_t at;
    for (size_t i = 0; i < own->grams.n; i += sizeof at) {
        memcpy(&at, own->grams.p + i, sizeof at);
        own->seen[at >> 3] = 0;
    }
    for (size_t i = 0; i < own->items.n; i += sizeof at) {
        memcpy(&at, own->items.p + i, sizeof at);
        own->found[at] = 0;
    }
    tm_buf_clear(&own->grams);
    tm_buf_clear(&own->items);
}

/* First probe of all parts of a record. */
static tm_status count_found(tm_leak_search *own, tm_batch *b, uint32_t r, tm_err *err)
{
    tm_str text;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        if (!tm_part_in(&b->part[p], own->on)) continue;
        if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
        if (!tm_leak_hashes(text, &own->text)) return tm_fail_memory(err, "decontaminate", text.n);
        tm_leak_probe(&own->table, own->text.hash, own->text.count, mark, own);
    }
    TM_TRY(tm_buf_ok(&own->grams, err));
    return tm_buf_ok(&own->items, err);
}

static bool any_enough(const tm_leak_search *own)
{
    uint32_t item;
    for (size_t i = 0; i < own->items.n; i += sizeof item) {
        memcpy(&item, own->items.p + i, sizeof item);
        if (enough(own, item)) return true;
    }
    return false;
}

/* What is found in one part: cut (false in *cut: impossible, and nothing is said), or told. */
static tm_status treat_part(tm_leak_search *own, tm_batch *b, uint32_t p, bool *cut, tm_err *err)
{
    bool wanted = *cut;
    uint32_t first = b->findings;
    *cut = false;
    TM_TRY(find_spans(own, b, p, err));
    if (!own->spans.n) return TM_OK;
    TM_TRY(report(own, b, p, wanted, err)); /* in coordinates from before the cut */
    if (!wanted) return TM_OK;
    TM_TRY(cut_spans(own, b, p, cut, err));
    if (!*cut) b->findings = first;
    return TM_OK;
}

/* One round over a record; *again: something was cut, so it must be looked at once more. */
static tm_status examine(tm_leak_search *own, tm_batch *b, uint32_t r, bool cut, bool *again,
                         tm_err *err)
{
    *again = false;
    forget(own);
    TM_TRY(count_found(own, b, r, err));
    if (!any_enough(own)) return TM_OK;
    for (uint32_t p = b->first_part[r]; p < b->first_part[r + 1]; p++) {
        bool done = cut;
        if (!tm_part_in(&b->part[p], own->on)) continue;
        TM_TRY(treat_part(own, b, p, &done, err));
        *again |= done;
    }
    return TM_OK;
}

tm_status tm_leak_search_record(tm_leak_search *own, tm_batch *b, uint32_t r, tm_err *err)
{
    bool again = own->cut;
    if (!own->table.head.items) return TM_OK;
    for (unsigned cuts = 0; again && cuts < CUTS; cuts++)
        TM_TRY(examine(own, b, r, true, &again, err));
    return examine(own, b, r, false, &again, err); /* what there is, or is left */
}

tm_status tm_leak_search_open(tm_leak_search *own, const tm_step_view *step, tm_err *err)
{
    own->step = step;
    tm_leak_open(step->told, &own->table);
    if (own->found || !own->table.head.items) return TM_OK;
    const tm_leak_item *last = &own->table.item[own->table.head.items - 1];
    size_t grams = (size_t)last->first + last->grams;
    own->seen = tm_alloc_zero(grams / 8 + 1, 1);
    own->found = tm_alloc_zero(own->table.head.items, sizeof *own->found);
    own->open = tm_alloc(own->table.head.files * sizeof *own->open);
    if (!own->seen || !own->found || !own->open) return tm_fail_memory(err, "decontaminate", grams);
    for (uint32_t f = 0; f < own->table.head.files; f++) own->open[f].item = TM_NONE;
    return TM_OK;
}

void tm_leak_search_close(tm_leak_search *own)
{
    tm_buf *bufs[] = {&own->grams, &own->items, &own->spans, &own->splices, &own->places};
    for (size_t i = 0; i < TM_COUNT(bufs); i++) tm_buf_release(bufs[i]);
    tm_leak_text_release(&own->text);
    tm_free(own->seen);
    tm_free(own->found);
    tm_free(own->open);
}
