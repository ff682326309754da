/* Sorts lean facts: they are dealt out by as many leading bits of the key as tell n random keys
 * apart, at most twice, and insertion puts the few of a bucket right. Leading bits first, so that
 * from the second time on what is sorted lies in cache. Keys that are not random make full buckets;
 * those are sorted by comparison, so nothing is ever quadratic. */
#include "flow/lean.h"

#include <stdlib.h>

enum { FEW = 24, DEAL_BITS = 11 };

static int lean_cmp(const void *a, const void *b)
{
    const tm_lean *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return tm_rid_cmp(x->rid, y->rid);
}

/* Buckets of one on average, and as many as a cache takes at most. */
static unsigned bits_for(size_t n)
{
    unsigned bits = 1;
    while (bits < DEAL_BITS && n >> bits > 1) bits++;
    return bits;
}

/* From one array into another, by the `bits` of the key behind its first `known`; end: of every
 * bucket, when done. */
static void deal(const tm_lean *from, tm_lean *to, size_t n, unsigned known, unsigned bits,
                 uint64_t *end)
{
    uint64_t count[1 << DEAL_BITS], sum = 0;
    memset(count, 0, sizeof *count << bits);
    for (size_t i = 0; i < n; i++) count[from[i].key << known >> (64 - bits)]++;
    for (size_t v = 0; v < (size_t)1 << bits; v++) {
        end[v] = sum;
        sum += count[v];
    }
    for (size_t i = 0; i < n; i++) to[end[from[i].key << known >> (64 - bits)]++] = from[i];
}

static void sort_few(tm_lean *list, size_t n)
{
    if (n > FEW) qsort(list, n, sizeof *list, lean_cmp);
    if (n > FEW) return;
    for (size_t i = 1; i < n; i++) {
        tm_lean one = list[i];
        size_t k = i;
        for (; k && lean_cmp(&one, &list[k - 1]) < 0; k--) list[k] = list[k - 1];
        list[k] = one;
    }
}

/* `from` into `to`; they share the first `known` bits. */
static void sort_bucket(const tm_lean *from, tm_lean *to, size_t n, unsigned known)
{
    uint64_t end[1 << DEAL_BITS];
    unsigned bits = bits_for(n);
    deal(from, to, n, known, bits, end);
    for (size_t v = 0, at = 0; v < (size_t)1 << bits; at = end[v++])
        sort_few(to + at, end[v] - at);
}

void tm_lean_sort(tm_lean *list, tm_lean *spare, size_t n)
{
    uint64_t end[1 << DEAL_BITS];
    if (n <= FEW) {
        sort_few(list, n);
        return;
    }
    unsigned bits = bits_for(n);
    deal(list, spare, n, 0, bits, end);
    for (size_t v = 0, at = 0; v < (size_t)1 << bits; at = end[v++]) {
        size_t m = end[v] - at;
        if (m > FEW) {
            sort_bucket(spare + at, list + at, m, bits);
            continue;
        }
        memcpy(list + at, spare + at, m * sizeof *list);
        sort_few(list + at, m);
    }
}
