/* American flag sort (McIlroy, Bostic and McIlroy 1993, Engineering radix sort): by the highest
 * byte, in place, then each part by the next one; small parts by insertion. Hashes are spread
 * evenly, so two or three levels do; equal hashes go on by the bytes of their numbers, which
 * bounds the depth at twelve whatever comes. A sort that needs no second array, because the
 * n-grams of a large benchmark are most of the memory there is. */
#include "op/decontaminate/leak_sort.h"

enum { SMALL = 32, HASH_BYTES = 8, LEVELS = 12 };

static unsigned byte_of(const tm_leak_keyed *k, unsigned level)
{
    if (level < HASH_BYTES) return (unsigned)(k->hash >> (56 - 8 * level)) & 255;
    return (unsigned)(k->value >> (24 - 8 * (level - HASH_BYTES))) & 255;
}

static bool is_before(const tm_leak_keyed *a, const tm_leak_keyed *b)
{
    return a->hash != b->hash ? a->hash < b->hash : a->value < b->value;
}

static void insert_all(tm_leak_keyed *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        tm_leak_keyed now = list[i];
        size_t at = i;
        for (; at && is_before(&now, &list[at - 1]); at--) list[at] = list[at - 1];
        list[at] = now;
    }
}

/* Into its 256 parts by one byte; ends[v] becomes the end of part v. */
static void split(tm_leak_keyed *list, size_t count, unsigned level, size_t ends[256])
{
    size_t next[256], sum = 0, counts[256] = {0};
    for (size_t i = 0; i < count; i++) counts[byte_of(&list[i], level)]++;
    for (unsigned v = 0; v < 256; v++) {
        next[v] = sum;
        sum += counts[v];
        ends[v] = sum;
    }
    for (unsigned v = 0; v < 256; v++) {
        while (next[v] < ends[v]) {
            tm_leak_keyed now = list[next[v]];
            for (unsigned to; (to = byte_of(&now, level)) != v;) {
                tm_leak_keyed other = list[next[to]];
                list[next[to]++] = now;
                now = other;
            }
            list[next[v]++] = now;
        }
    }
}

static void sort_from(tm_leak_keyed *list, size_t count, unsigned level)
{
    size_t ends[256], from = 0;
    if (count <= SMALL || level == LEVELS) {
        insert_all(list, count);
        return;
    }
    split(list, count, level, ends);
    for (unsigned v = 0; v < 256; v++) {
        if (ends[v] - from > 1) sort_from(list + from, ends[v] - from, level + 1);
        from = ends[v];
    }
}

void tm_leak_sort(tm_leak_keyed *list, size_t count)
{
    sort_from(list, count, 0);
}
