/* Sorts lean facts: a radix sort over as many leading bytes as tell n random keys apart, then
 * insertion within the few that share them. Keys that are not random make long stretches of equal
 * leading bytes; those are sorted by comparison, so nothing is ever quadratic. */
#include "flow/lean.h"

#include <stdlib.h>

enum { SHORT_STRETCH = 24 };

static int lean_cmp(const void *a, const void *b)
{
    const tm_lean *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return tm_rid_cmp(x->rid, y->rid);
}

static void radix_pass(const tm_lean *from, tm_lean *to, size_t n, unsigned shift)
{
    size_t count[256] = {0}, sum = 0;
    for (size_t i = 0; i < n; i++) count[from[i].key >> shift & 255]++;
    for (unsigned v = 0; v < 256; v++) {
        size_t c = count[v];
        count[v] = sum;
        sum += c;
    }
    for (size_t i = 0; i < n; i++) to[count[from[i].key >> shift & 255]++] = from[i];
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

void tm_lean_sort(tm_lean *list, tm_lean *spare, size_t n)
{
    unsigned bytes = 0;
    while (bytes < 8 && n >> (8 * bytes) > 4) bytes++;
    bytes += bytes & 1; /* an even number of passes ends where it began */
    for (unsigned i = 0; i < bytes; i++)
        radix_pass(i & 1 ? spare : list, i & 1 ? list : spare, n, 64 - 8 * (bytes - i));
    unsigned shift = 64 - 8 * bytes;
    for (size_t i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && bytes && list[i].key >> shift == list[j].key >> shift;) j++;
        if (!bytes) j = n;
        if (j - i <= SHORT_STRETCH)
            insert(list + i, j - i);
        else
            qsort(list + i, j - i, sizeof *list, lean_cmp);
    }
}
