/* Hashes, each with its one use.
 *
 *   tm_hash128   XXH3-128: identity, dedup keys, cache names (fast, not secret)
 *   tm_hash64    XXH3-64 with a seed: tables
 *   tm_sha1, tm_xxh32, tm_xxh64    to make again what other tools hashed so, for nothing else
 *   tm_sha256    manifests: digests that leave the machine (libcrypto)
 *   tm_chance    a counter-based generator: the same (seed, id, stream) gives the same number
 *                anywhere, so samples do not depend on order, threads or batches */
#ifndef TM_BASE_HASH_H
#define TM_BASE_HASH_H

#include "base/str.h"

typedef struct tm_hash {
    uint64_t hi, lo;
} tm_hash;

tm_hash tm_hash128(const void *p, size_t n);
tm_hash tm_hash128_seeded(const void *p, size_t n, uint64_t seed);
uint64_t tm_hash64(const void *p, size_t n, uint64_t seed);
void tm_hash_hex(tm_hash h, char out[33]); /* lower case, NUL-terminated */
int tm_hash_cmp(tm_hash a, tm_hash b);

typedef struct tm_hasher tm_hasher;         /* XXH3-128 over pieces */
TM_MUST_USE tm_hasher *tm_hasher_new(void); /* NULL when out of memory */
void tm_hasher_reset(tm_hasher *h);
void tm_hasher_add(tm_hasher *h, const void *p, size_t n);
tm_hash tm_hasher_done(const tm_hasher *h);
void tm_hasher_free(tm_hasher *h);

void tm_sha1(const void *p, size_t n, uint8_t out[20]);
uint32_t tm_xxh32(const void *p, size_t n);
uint64_t tm_xxh64(const void *p, size_t n);

typedef struct tm_sha256 tm_sha256;
TM_MUST_USE tm_sha256 *tm_sha256_new(void); /* NULL when out of memory */
void tm_sha256_add(tm_sha256 *s, const void *p, size_t n);
void tm_sha256_hex(tm_sha256 *s, char out[65]); /* of all so far; may be added to afterwards */
void tm_sha256_free(tm_sha256 *s);

uint64_t tm_chance(uint64_t seed, tm_hash id, uint64_t stream); /* uniform in [0, 2^64) */
static inline double tm_chance_share(uint64_t chance)           /* the same in [0, 1) */
{
    return (double)(chance >> 11) * 0x1p-53;
}

#endif
