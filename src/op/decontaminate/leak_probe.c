/* Holds a text against a table of items: see leak_table.h for the idea.
 *
 * The common case is a text that shares nothing: then the work is one k-gram at every (n-k+1)-th
 * term and one look into a bit map, small enough for a cache. Where the map says "maybe", the
 * n-grams of the n-k+1 places around are made and looked up; each place is made once at most, so
 * the worst case is that of looking everywhere. Sampling loses nothing: the hits are the same.
 *
 * Short items are found through one pair of their terms, looked for at every place, again with a
 * bit map in front. The pair leads to the few (offset, length) it occurs with, and the run of terms
 * there is looked up as a whole: thousands of items that share a pair cost no more than one. */
#include "op/decontaminate/leak_table.h"

#include "text/terms.h"

enum { TURN = 13 };

uint64_t tm_leak_run(const uint64_t *hash, size_t terms)
{
    uint64_t sum = hash[0];
    for (size_t i = 1; i < terms; i++) sum = (sum << TURN | sum >> (64 - TURN)) ^ hash[i];
    return tm_mix64(sum);
}

void tm_leak_open(const void *told, tm_leak_table *t)
{
    *t = (tm_leak_table){0};
    if (!told) return;
    TM_ASSERT((uintptr_t)told % sizeof(uint64_t) == 0);
    const char *p = told;
    memcpy(&t->head, p, sizeof t->head);
    const tm_leak_head *h = &t->head;
    p += sizeof *h;
    t->count = (const void *)p;
    p += h->counts * sizeof *t->count;
    t->filter = (const void *)p;
    p += sizeof *t->filter << h->filter_bits;
    t->short_filter = (const void *)p;
    p += sizeof *t->short_filter << h->short_bits;
    t->item = (const void *)p;
    p += h->items * sizeof *t->item;
    t->entry = (const void *)p;
    p += h->entries * sizeof *t->entry;
    t->way = (const void *)p;
    p += h->ways * sizeof *t->way;
    t->bucket = (const void *)p;
    p += (((size_t)1 << h->bucket_bits) + 1) * sizeof *t->bucket;
    t->way_bucket = (const void *)p;
}

const tm_leak_item *tm_leak_item_of(const tm_leak_table *t, uint32_t gram)
{
    uint32_t low = 0, high = t->head.items; /* the last item that begins at or before gram */
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->item[middle].first <= gram)
            low = middle;
        else
            high = middle;
    }
    return &t->item[low];
}

typedef struct probe {
    const tm_leak_table *t;
    const uint64_t *hash;
    size_t count;
    void (*on_hit)(void *arg, const tm_leak_hit *hit);
    void *arg;
} probe;

static void look_up(const probe *p, uint64_t hash, size_t from, size_t terms)
{
    const tm_leak_table *t = p->t;
    size_t b = tm_leak_word(hash, t->head.bucket_bits);
    uint32_t at = t->bucket[b], end = t->bucket[b + 1], tag = (uint32_t)hash;
    while (at < end && t->entry[at].tag != tag) at++;
    if (at == end) return;
    tm_leak_hit hit = {.from = from, .terms = (uint32_t)terms, .entry = &t->entry[at]};
    while (at < end && t->entry[at].tag == tag) at++, hit.entries++;
    p->on_hit(p->arg, &hit);
}

/* The n-grams that begin at [from, to). */
static void look_around(const probe *p, size_t from, size_t to)
{
    uint64_t gram[TM_LEAK_NGRAM_MAX + 1];
    unsigned n = p->t->head.ngram;
    size_t grams = tm_ngram_hashes(p->hash + from, to - from + n - 1, n, gram);
    for (size_t i = 0; i < grams; i++) look_up(p, gram[i], from + i, n);
}

static bool may_hold(const probe *p, size_t at)
{
    const tm_leak_head *h = &p->t->head;
    uint64_t hash = tm_leak_run(p->hash + at, h->kgram), mask = tm_leak_mask(hash);
    return (p->t->filter[tm_leak_word(hash, h->filter_bits)] & mask) == mask;
}

/* Where an n-gram of more than k terms is an item's, the k-gram before or behind is, too. */
static bool has_neighbour(const probe *p, size_t at, size_t k)
{
    return (at + k < p->count && may_hold(p, at + 1)) || (at && may_hold(p, at - 1));
}

static void probe_grams(const probe *p)
{
    const tm_leak_head *h = &p->t->head;
    size_t k = h->kgram, stride = h->ngram - k + 1, last = p->count - h->ngram;
    for (size_t at = 0; at + k <= p->count; at += stride) {
        if (TM_LIKELY(!may_hold(p, at))) continue;
        if (stride > 1 && !has_neighbour(p, at, k)) continue;
        size_t from = at < stride ? 0 : at - stride + 1;
        if (from <= last) look_around(p, from, TM_MIN(at, last) + 1);
    }
}

static void look_at_pair(const probe *p, uint64_t pair, size_t at)
{
    const tm_leak_table *t = p->t;
    size_t b = tm_leak_word(pair, t->head.way_bits);
    for (uint32_t i = t->way_bucket[b]; i < t->way_bucket[b + 1]; i++) {
        const tm_leak_way *way = &t->way[i];
        if (way->tag != (uint32_t)pair || way->offset > at) continue;
        size_t from = at - way->offset;
        if (from + way->terms > p->count) continue;
        uint64_t run = tm_leak_run(p->hash + from, way->terms);
        look_up(p, tm_leak_whole(run, way->terms), from, way->terms);
    }
}

static void probe_shorts(const probe *p)
{
    const uint64_t *filter = p->t->short_filter, *hash = p->hash;
    uint32_t bits = p->t->head.short_bits;
    for (size_t at = 0; at + 1 < p->count; at++) {
        uint64_t pair = tm_leak_pair(hash[at], hash[at + 1]);
        uint64_t mask = tm_leak_mask(pair);
        if (TM_UNLIKELY((filter[tm_leak_word(pair, bits)] & mask) == mask))
            look_at_pair(p, pair, at);
    }
}

void tm_leak_probe(const tm_leak_table *t, const uint64_t *hash, size_t count,
                   void (*on_hit)(void *arg, const tm_leak_hit *hit), void *arg)
{
    probe p = {t, hash, count, on_hit, arg};
    if (t->head.entries && count >= t->head.ngram) probe_grams(&p);
    if (t->head.ways) probe_shorts(&p);
}
