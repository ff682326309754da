/* Lean facts are dealt out by as many leading bits of the key as tell n random keys apart, at most
 * twice, and insertion puts the few of a bucket right. Leading bits first, so that from the second
 * time on what is sorted lies in cache. Keys that are not random make full buckets; those are
 * sorted by comparison, so nothing is ever quadratic. */
#include "flow/lean.h"

#include <stdlib.h>

enum { FEW = 24, SPARE_LEAST = 4096, SPARE_SHARE = 64 };

static int lean_cmp(const void *a, const void *b)
{
    const tm_lean *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->rid == y->rid ? 0 : x->rid < y->rid ? -1 : 1;
}

static tm_lean lean_at(tm_str leans, size_t at)
{
    tm_lean one;
    memcpy(&one, leans.p + at, sizeof one);
    return one;
}

/* Which bucket: by the bits of the key behind its first `known`. */
static size_t bucket_of(uint64_t key, unsigned known, unsigned bits)
{
    return (size_t)(key << known >> (64 - bits));
}

static void begin(tm_lean_deal *d, uint64_t n)
{
    d->bits = 1;
    while (d->bits < TM_LEAN_DEAL_BITS && n >> d->bits > 1) d->bits++;
    memset(d->end, 0, sizeof *d->end << d->bits);
}

void tm_lean_deal_begin(tm_lean_deal *d, uint64_t n)
{
    begin(d, n);
}

void tm_lean_deal_count(tm_lean_deal *d, tm_str leans)
{
    for (size_t at = 0; at < leans.n; at += sizeof(tm_lean))
        d->end[bucket_of(lean_at(leans, at).key, 0, d->bits)]++;
}

/* Counts become where each bucket begins; dealing out moves that to where it ends. */
void tm_lean_deal_place(tm_lean_deal *d)
{
    uint64_t sum = 0;
    for (size_t v = 0; v < (size_t)1 << d->bits; v++) {
        uint64_t count = d->end[v];
        d->end[v] = sum;
        sum += count;
    }
}

void tm_lean_deal_out(tm_lean_deal *d, tm_str leans, tm_lean *list)
{
    for (size_t at = 0; at < leans.n; at += sizeof(tm_lean)) {
        tm_lean one = lean_at(leans, at);
        list[d->end[bucket_of(one.key, 0, d->bits)]++] = one;
    }
}

static void insert(tm_lean *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        tm_lean one = list[i];
        size_t k = i;
        for (; k && lean_cmp(&one, &list[k - 1]) < 0; k--) list[k] = list[k - 1];
        list[k] = one;
    }
}

static void sort_few(tm_lean *list, size_t n)
{
    if (n <= FEW)
        insert(list, n);
    else
        qsort(list, n, sizeof *list, lean_cmp);
}

/* A bucket of many, which share the first `known` bits. */
static void deal_again(tm_lean *list, size_t n, unsigned known, tm_lean *spare)
{
    tm_lean_deal d;
    begin(&d, n);
    memcpy(spare, list, n * sizeof *list);
    for (size_t i = 0; i < n; i++) d.end[bucket_of(spare[i].key, known, d.bits)]++;
    tm_lean_deal_place(&d);
    for (size_t i = 0; i < n; i++) list[d.end[bucket_of(spare[i].key, known, d.bits)]++] = spare[i];
    for (size_t v = 0, at = 0; v < (size_t)1 << d.bits; at = d.end[v++])
        sort_few(list + at, d.end[v] - at);
}

size_t tm_lean_spare(uint64_t n)
{
    return SPARE_LEAST + (size_t)(n / SPARE_SHARE);
}

void tm_lean_deal_end(const tm_lean_deal *d, tm_lean *list, tm_lean *spare)
{
    size_t buckets = (size_t)1 << d->bits, room = tm_lean_spare(d->end[buckets - 1]);
    for (size_t v = 0, at = 0; v < buckets; at = d->end[v++]) {
        size_t n = d->end[v] - at;
        if (n > FEW && n <= room)
            deal_again(list + at, n, d->bits, spare);
        else
            sort_few(list + at, n);
    }
}
