/* Lean facts: a key of eight bytes and a rid, nothing else. What LSH bands, sets of hashes and
 * joins by hash are made of, many a record; as numbers in an array they cost a fifth of a framed
 * fact and sort without a pointer.
 *
 * A rid takes 64 bits of its 128 here, which sort as rids do:
 *
 *   sources 1 to 254       source:8    offset:40                ordinal:16
 *   those behind them      255:8       source - 255:16   offset:32   ordinal:8
 *
 * where the ordinal is that of the first fan-out. A rid that goes beyond (a child of a child; more
 * than 65,000 sources; beyond 4 GiB in one of more than 254) makes a fact like any other. */
#ifndef TM_FLOW_LEAN_H
#define TM_FLOW_LEAN_H

#include "op/seam.h"

typedef struct tm_lean {
    uint64_t key; /* the eight bytes, the first one highest: numbers sort as bytes do */
    uint64_t rid; /* as above */
} tm_lean;

enum { TM_LEAN_SOURCES = 255 }; /* from here on the second form */

static inline bool tm_lean_holds(tm_rid rid)
{
    uint64_t source = TM_PLACE_SOURCE(rid.place), ordinal = rid.path >> 48;
    if (rid.path << 16) return false;
    return source < TM_LEAN_SOURCES || (source - TM_LEAN_SOURCES <= UINT16_MAX &&
                                        TM_PLACE_OFFSET(rid.place) <= UINT32_MAX && ordinal < 256);
}

static inline uint64_t tm_lean_rid_put(tm_rid rid)
{
    uint64_t source = TM_PLACE_SOURCE(rid.place), ordinal = rid.path >> 48;
    if (source < TM_LEAN_SOURCES) return rid.place << 16 | ordinal;
    return (uint64_t)TM_LEAN_SOURCES << 56 | (source - TM_LEAN_SOURCES) << 40 |
           TM_PLACE_OFFSET(rid.place) << 8 | ordinal;
}

static inline tm_rid tm_lean_rid(uint64_t n)
{
    if (n >> 56 < TM_LEAN_SOURCES) return (tm_rid){n >> 16, n << 48};
    return (tm_rid){TM_PLACE((n >> 40 & UINT16_MAX) + TM_LEAN_SOURCES, n >> 8 & UINT32_MAX),
                    n << 56 >> 8};
}

static inline bool tm_fact_is_lean(const tm_fact *f)
{
    return f->key.n == 8 && !f->order.n && !f->data.n && tm_lean_holds(f->rid);
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
    return (tm_lean){tm_lean_swap(key), tm_lean_rid_put(f->rid)};
}

/* The fact again; its key lies in `bytes`. */
static inline tm_fact tm_lean_fact(const tm_lean *of, char bytes[8])
{
    uint64_t key = tm_lean_swap(of->key);
    memcpy(bytes, &key, sizeof key);
    return (tm_fact){.key = {bytes, sizeof key}, .rid = tm_lean_rid(of->rid)};
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
