/* XXH3 (xxHash, Yann Collet) for speed, SHA-256 (libcrypto) where a digest leaves the machine, and
 * a counter-based generator from the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA
 * 2014). */
#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define OPENSSL_API_COMPAT \
    0x10100000L /* SHA1_* and SHA256_* are not the newest, and are here to stay */
#include <openssl/sha.h>

#include "base/alloc.h"

static tm_hash of_xxh(XXH128_hash_t h)
{
    return (tm_hash){h.high64, h.low64};
}

tm_hash tm_hash128(const void *p, size_t n)
{
    return of_xxh(XXH3_128bits(p, n));
}

tm_hash tm_hash128_seeded(const void *p, size_t n, uint64_t seed)
{
    return of_xxh(XXH3_128bits_withSeed(p, n, seed));
}

uint64_t tm_hash64(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

uint32_t tm_xxh32(const void *p, size_t n)
{
    return XXH32(p, n, 0);
}

uint64_t tm_xxh64(const void *p, size_t n)
{
    return XXH64(p, n, 0);
}

/* Not SHA1(): that looks its method up by name each time, which takes longer than the hash. */
void tm_sha1(const void *p, size_t n, uint8_t out[20])
{
    SHA_CTX state;
    SHA1_Init(&state);
    SHA1_Update(&state, p, n);
    SHA1_Final(out, &state);
}

void tm_hash_hex(tm_hash h, char out[33])
{
    static const char DIGITS[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        out[i] = DIGITS[h.hi >> (60 - 4 * i) & 15];
        out[16 + i] = DIGITS[h.lo >> (60 - 4 * i) & 15];
    }
    out[32] = 0;
}

int tm_hash_cmp(tm_hash a, tm_hash b)
{
    if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
    return a.lo == b.lo ? 0 : a.lo < b.lo ? -1 : 1;
}

struct tm_hasher {
    XXH3_state_t *state;
};

tm_hasher *tm_hasher_new(void)
{
    tm_hasher *h = tm_alloc(sizeof *h);
    if (!h) return NULL;
    h->state = XXH3_createState();
    if (!h->state) {
        tm_free(h);
        return NULL;
    }
    tm_hasher_reset(h);
    return h;
}

void tm_hasher_reset(tm_hasher *h)
{
    XXH3_128bits_reset(h->state);
}

void tm_hasher_add(tm_hasher *h, const void *p, size_t n)
{
    if (n) XXH3_128bits_update(h->state, p, n);
}

tm_hash tm_hasher_done(const tm_hasher *h)
{
    return of_xxh(XXH3_128bits_digest(h->state));
}

void tm_hasher_free(tm_hasher *h)
{
    if (!h) return;
    XXH3_freeState(h->state);
    tm_free(h);
}

/* The plain functions and not EVP: those allocate at every copy and at their first use, where
 * OpenSSL 3 crashes when memory is short, and start more slowly. The code beneath is the same. */
struct tm_sha256 {
    SHA256_CTX context;
};

tm_sha256 *tm_sha256_new(void)
{
    tm_sha256 *s = tm_alloc_zero(1, sizeof *s);
    if (s) SHA256_Init(&s->context);
    return s;
}

void tm_sha256_add(tm_sha256 *s, const void *p, size_t n)
{
    if (n) SHA256_Update(&s->context, p, n);
}

void tm_sha256_hex(tm_sha256 *s, char out[65])
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX copy = s->context;
    SHA256_Final(digest, &copy);
    for (int i = 0; i < SHA256_DIGEST_LENGTH; i++) {
        out[2 * i] = DIGITS[digest[i] >> 4];
        out[2 * i + 1] = DIGITS[digest[i] & 15];
    }
    out[64] = 0;
}

void tm_sha256_free(tm_sha256 *s)
{
    tm_free(s);
}

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t tm_chance(uint64_t seed, tm_hash id, uint64_t stream)
{
    uint64_t z = mix(seed + 0x9E3779B97F4A7C15u);
    z = mix(z ^ id.hi);
    z = mix(z + 0x9E3779B97F4A7C15u + id.lo);
    return mix(z ^ (stream + 1) * 0x9E3779B97F4A7C15u);
}
