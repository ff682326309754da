/* The hash of one term: one multiplication of its first sixteen bytes, loaded whole and masked, so
 * no branch depends on its length; longer ones (few) go through XXH3. The two constants hold bytes
 * that no UTF-8 text holds, so neither factor can be zero, and terms hold no zero byte, so masking
 * loses nothing. Only the kernels of terms include this. */
#ifndef TM_TEXT_TERMS_HASH_H
#define TM_TEXT_TERMS_HASH_H

#include <string.h>

#include "base/hash.h"

enum { TM_LONG_TERM = 16 };

__extension__ typedef unsigned __int128 tm_wide;

static inline uint64_t tm_load64(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    x = __builtin_bswap64(x);
#endif
    return x;
}

/* By length: masks of the bytes 0..7 and 8..15. */
extern const uint64_t tm_term_masks[TM_LONG_TERM + 1][2];

/* p[0, 16) can be read; n <= 16. */
static inline uint64_t tm_hash_short_term(const char *p, size_t n)
{
    uint64_t low = tm_load64(p) & tm_term_masks[n][0];
    uint64_t high = tm_load64(p + 8) & tm_term_masks[n][1];
    tm_wide product = (tm_wide)(low ^ 0xF9FBFDFFFAFCFEF8u) * (high ^ 0xFEF9FCFAFFF8FDFBu);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* readable: bytes that may be read from p on. */
static inline uint64_t tm_hash_term(const char *p, size_t n, size_t readable)
{
    char copy[TM_LONG_TERM] = {0};
    if (n > TM_LONG_TERM) return tm_hash64(p, n, 0);
    if (readable >= TM_LONG_TERM) return tm_hash_short_term(p, n);
    memcpy(copy, p, n);
    return tm_hash_short_term(copy, n);
}

#endif
