/* Lean facts: a key of eight bytes and a rid, nothing else. What LSH bands, sets of hashes and
 * joins by hash are made of, many a record; as numbers in an array they cost a third of a framed
 * fact and sort without a pointer. */
#ifndef TM_FLOW_LEAN_H
#define TM_FLOW_LEAN_H

#include "op/seam.h"

typedef struct tm_lean {
    uint64_t key; /* the eight bytes, the first one highest: numbers sort as bytes do */
    tm_rid rid;
} tm_lean;

static inline bool tm_fact_is_lean(const tm_fact *f)
{
    return f->key.n == 8 && !f->order.n && !f->data.n;
}

static inline uint64_t tm_lean_swap(uint64_t key)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return key;
#else
    return __builtin_bswap64(key);
#endif
}

static inline tm_lean tm_lean_of(const tm_fact *f)
{
    uint64_t key;
    memcpy(&key, f->key.p, sizeof key);
    return (tm_lean){tm_lean_swap(key), f->rid};
}

/* The fact again; its key lies in `bytes`. */
static inline tm_fact tm_lean_fact(const tm_lean *of, char bytes[8])
{
    uint64_t key = tm_lean_swap(of->key);
    memcpy(bytes, &key, sizeof key);
    return (tm_fact){.key = {bytes, sizeof key}, .rid = of->rid};
}

/* Sorting n lean facts by key, then rid, out of stretches into one list:
 *   begin, count (every stretch), place, out (every stretch), end
 * `spare` has room for tm_lean_spare(n). */
enum { TM_LEAN_DEAL_BITS = 11 };
typedef struct tm_lean_deal {
    unsigned bits;
    uint64_t end[1 << TM_LEAN_DEAL_BITS]; /* of each bucket in the list, when all are dealt out */
} tm_lean_deal;
size_t tm_lean_spare(uint64_t n);
void tm_lean_deal_begin(tm_lean_deal *d, uint64_t n);
void tm_lean_deal_count(tm_lean_deal *d, tm_str leans);
void tm_lean_deal_place(tm_lean_deal *d);
void tm_lean_deal_out(tm_lean_deal *d, tm_str leans, tm_lean *list);
void tm_lean_deal_end(const tm_lean_deal *d, tm_lean *list, tm_lean *spare);

#endif
