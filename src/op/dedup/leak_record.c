/* Looks into one record; see leak_record.h.
 *
 * A record is probed part by part. In most nothing is found and nothing else happens. Where
 * something is, the share of each item's n-grams is counted over the whole record (an item may be
 * split over turns), and a second probe of the parts turns what belongs to items of enough share
 * into spans: maximal runs of covered terms, each a finding at its place. Counting marks positions
 * of the table, not of the text, so memory is bounded by the table however often a text repeats an
 * item.
 *
 * When spans are cut, what then stands together may hold an item again, so the record is probed
 * until nothing is found. After CUTS times, and where a cut is impossible (tool calls, whose text
 * is a program's), what is left is contamination like any other. */
#include "op/dedup/leak_record.h"

enum { CUTS = 16 };

typedef struct span { /* [from, to) in terms, then in bytes */
    size_t from, to;
    uint32_t item;
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

/* The item of the higher share; of equal ones the first. */
static bool better(const tm_leak_search *own, uint32_t item, uint32_t than)
{
    double x = share_of(own, item), y = than == TM_NONE ? -1 : share_of(own, than);
    return x > y || (!(x < y) && item < than);
}

/* Second probe: hits of items that have enough become spans, those of short items in a list of
 * their own, because both come by place. */
static void gather(void *arg, const tm_leak_hit *hit)
{
    tm_leak_search *own = arg;
    span s = {hit->from, hit->from + hit->terms, TM_NONE};
    for (uint32_t i = 0; i < hit->entries; i++) {
        uint32_t item = item_index(own, hit->entry[i].gram);
        if (enough(own, item) && better(own, item, s.item)) s.item = item;
    }
    if (s.item == TM_NONE) return;
    bool brief = own->table.item[s.item].is_short;
    tm_buf_add(brief ? &own->shorts : &own->spans, &s, sizeof s);
}

static span *list_of(tm_buf *b, size_t *count)
{
    *count = b->n / sizeof(span);
    return (span *)(void *)b->p;
}

/* Both lists together, what overlaps or touches joined; the result replaces `spans`. */
static bool join_spans(tm_leak_search *own)
{
    size_t longs, shorts, i = 0, k = 0;
    const span *x = list_of(&own->spans, &longs), *y = list_of(&own->shorts, &shorts);
    tm_buf *out = &own->splices;
    tm_buf_clear(out);
    span now = {0, 0, TM_NONE};
    while (i < longs || k < shorts) {
        bool take = k == shorts || (i < longs && x[i].from <= y[k].from);
        const span *next = take ? &x[i++] : &y[k++];
        if (now.item != TM_NONE && next->from <= now.to) {
            now.to = TM_MAX(now.to, next->to);
            if (better(own, next->item, now.item)) now.item = next->item;
            continue;
        }
        if (now.item != TM_NONE) tm_buf_add(out, &now, sizeof now);
        now = *next;
    }
    if (now.item != TM_NONE) tm_buf_add(out, &now, sizeof now);
    tm_buf swap = own->spans;
    own->spans = *out;
    own->splices = swap;
    return !own->spans.failed && !own->shorts.failed && !own->splices.failed;
}

/* Spans of terms become spans of bytes. A text in which the terms are not as many as were hashed
 * (characters that only together are one) is one span. */
static void place_spans(tm_leak_search *own, tm_str text)
{
    size_t spans, at = 0, from, to, term = 0, i = 0, begin = 0;
    span *s = list_of(&own->spans, &spans);
    uint32_t best = s[0].item;
    for (; tm_leak_next_term(text, &at, &from, &to); term++) {
        if (i == spans) continue;
        if (term == s[i].from) begin = from;
        if (term + 1 == s[i].to) s[i] = (span){begin, to, s[i].item}, i++;
    }
    if (term == own->text.count) return;
    for (i = 1; i < spans; i++)
        if (better(own, s[i].item, best)) best = s[i].item;
    s[0] = (span){0, text.n, best};
    own->spans.n = sizeof *s;
}

static tm_status find_spans(tm_leak_search *own, tm_batch *b, uint32_t p, tm_err *err)
{
    tm_str text;
    tm_buf_clear(&own->spans);
    tm_buf_clear(&own->shorts);
    if (!tm_part_text(b, p, &text)) return tm_fail_memory(err, "a part's text", 0);
    if (!tm_leak_hashes(text, &own->text)) return tm_fail_memory(err, "decontaminate", text.n);
    tm_leak_probe(&own->table, own->text.hash, own->text.count, gather, own);
    if (!join_spans(own)) return tm_fail_memory(err, "decontaminate", text.n);
    if (own->spans.n) place_spans(own, text);
    return TM_OK;
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
        b->finding[b->findings - 1].other = item->rid;
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
    for (size_t i = 0; i < spans; i++) {
        tm_splice splice = {.at = (uint32_t)s[i].from, .cut = (uint32_t)(s[i].to - s[i].from)};
        tm_buf_add(&own->splices, &splice, sizeof splice);
    }
    TM_TRY(tm_buf_ok(&own->splices, err));
    TM_TRY(tm_part_edit(b, p, (const tm_splice *)(const void *)own->splices.p, (uint32_t)spans,
                        own->step->step, TM_LEAK_CUT, err));
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
    return own->seen && own->found ? TM_OK : tm_fail_memory(err, "decontaminate", grams);
}

void tm_leak_search_close(tm_leak_search *own)
{
    tm_buf *bufs[] = {&own->grams, &own->items, &own->spans, &own->shorts, &own->splices};
    for (size_t i = 0; i < TM_COUNT(bufs); i++) tm_buf_release(bufs[i]);
    tm_leak_text_release(&own->text);
    tm_free(own->seen);
    tm_free(own->found);
}
