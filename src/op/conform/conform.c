/* Signatures as three other tools make them: n-grams of the tool's words, the tool's hash of each,
 * and the least value of each of its hash functions h -> a h + b. Each tool reduces that in its own
 * way:
 *
 *   affine      modulo 2^32 or 2^64, over h mixed by the finaliser of MurmurHash3 (Appleby)
 *   mersenne    modulo 2^61 - 1 of the product modulo 2^64 (the product overflows: that is part of
 *               it), of which the low 32 bits or all are kept
 *   prime       modulo 2^32 - 5 of the product modulo 2^32
 *
 * a and b come from numpy's generator in the order in which the tool asks for them. Nothing here is
 * meant to be fast but the first, which is a kernel of ours. */
#include "op/conform/conform.h"

#include "base/hash.h"
#include "base/vec.h"
#include "op/conform/conform_random.h"
#include "text/kernel.h"

static const uint64_t MERSENNE = ((uint64_t)1 << 61) - 1;
static const uint32_t PRIME = UINT32_MAX - 4;

const char *const tm_conform_names[] = {
#define X(tool, name) name,
    TM_CONFORM_MODES(X)
#undef X
        NULL};
const char *const tm_conform_hash_names[] = {"own", "sha1", "xxhash", NULL};
const char *const tm_conform_language_names[] = {"english", "any", NULL};

tm_conform_rules tm_conform_defaults(tm_conform_tool tool)
{
    tm_conform_rules r = {.tool = (uint8_t)tool, .ngram = 5};
    switch (tool) {
    case TM_CONFORM_DATATROVE:
    case TM_CONFORM_DATATROVE_32: r.bands = 14, r.rows = 8, r.seed = 1; break;
    case TM_CONFORM_TEXT_DEDUP:
    case TM_CONFORM_TEXT_DEDUP_32:
    case TM_CONFORM_TEXT_DEDUP_SPARK:
        r.bands = 25, r.rows = 10, r.hashes = 250, r.least = 5, r.seed = 42;
        break;
    default: r.bands = 5, r.rows = 25, r.hashes = 128, r.seed = 1; break;
    }
    return r;
}

static bool is_datatrove(const tm_conform_rules *r)
{
    return r->tool == TM_CONFORM_DATATROVE || r->tool == TM_CONFORM_DATATROVE_32;
}
static bool is_text_dedup(const tm_conform_rules *r)
{
    return r->tool >= TM_CONFORM_TEXT_DEDUP && r->tool <= TM_CONFORM_TEXT_DEDUP_SPARK;
}

/* Bytes of a value where the tool stores it. */
static size_t value_bytes(const tm_conform_rules *r)
{
    bool small = r->tool == TM_CONFORM_DATASKETCH || r->tool == TM_CONFORM_DATATROVE_32 ||
                 r->tool == TM_CONFORM_TEXT_DEDUP_32 || r->tool == TM_CONFORM_TEXT_DEDUP_SPARK;
    return small ? 4 : 8;
}

/* ---- hash functions ------------------------------------------------------------------------- */

static void draw_mersenne(tm_numpy_random *r, uint32_t count, uint64_t *mul, uint64_t *add)
{
    for (uint32_t i = 0; i < count; i++) mul[i] = tm_numpy_u64(r, 1, MERSENNE - 1);
    for (uint32_t i = 0; i < count; i++) add[i] = tm_numpy_u64(r, 0, MERSENNE - 1);
}

static void draw(const tm_conform *m, tm_numpy_random *r)
{
    uint32_t count = m->rules.hashes;
    switch (m->rules.tool) {
    case TM_CONFORM_DATASKETCH:
        for (uint32_t i = 0; i < count; i++) m->mul[i] = tm_numpy_u32(r, 0, INT32_MAX) * 2u + 1;
        for (uint32_t i = 0; i < count; i++) m->add[i] = tm_numpy_u32(r, 0, UINT32_MAX);
        break;
    case TM_CONFORM_DATASKETCH_64:
        for (uint32_t i = 0; i < count; i++) m->mul[i] = tm_numpy_u64(r, 0, INT64_MAX) * 2 + 1;
        for (uint32_t i = 0; i < count; i++) m->add[i] = tm_numpy_u64(r, 0, UINT64_MAX);
        break;
    case TM_CONFORM_DATASKETCH_LEGACY:
        for (uint32_t i = 0; i < count; i++) draw_mersenne(r, 1, m->mul + i, m->add + i);
        break;
    case TM_CONFORM_TEXT_DEDUP_32:
    case TM_CONFORM_TEXT_DEDUP_SPARK:
        for (uint32_t i = 0; i < count; i++) m->mul[i] = tm_numpy_u32(r, 1, PRIME - 1);
        for (uint32_t i = 0; i < count; i++) m->add[i] = tm_numpy_u32(r, 0, PRIME - 1);
        break;
    default: draw_mersenne(r, count, m->mul, m->add); break;
    }
}

static tm_status check(const tm_conform_rules *r, tm_err *err)
{
    uint64_t used = (uint64_t)r->bands * r->rows;
    if (!r->ngram || !used || used > r->hashes || r->hashes > TM_CONFORM_HASHES_MAX)
        return tm_fail(
            err, TM_ERECIPE,
            "%u bands of %u rows do not fit %u hashes of n-grams of %u words (at most %d "
            "hashes)",
            r->bands, r->rows, r->hashes, r->ngram, TM_CONFORM_HASHES_MAX);
    if (r->hash == TM_CONFORM_XXH && !is_datatrove(r) && !is_text_dedup(r))
        return tm_fail(err, TM_ERECIPE, "datasketch hashes with sha1: leave sketch_hash out");
    if (r->hash == TM_CONFORM_SHA1 && r->tool == TM_CONFORM_TEXT_DEDUP_SPARK)
        return tm_fail(err, TM_ERECIPE,
                       "text-dedup on Spark hashes with xxh32: leave sketch_hash out");
    return TM_OK;
}

tm_status tm_conform_make(tm_arena *mem, const tm_conform_rules *rules, const tm_conform **out,
                          tm_err *err)
{
    tm_conform *m = TM_NEW(mem, tm_conform, 1);
    tm_numpy_random *r = TM_NEW(mem, tm_numpy_random, 1);
    if (!m || !r) return tm_fail_memory(err, "conformance mode", sizeof *m + sizeof *r);
    m->rules = *rules;
    if (!rules->hashes && (uint64_t)rules->bands * rules->rows <= TM_CONFORM_HASHES_MAX)
        m->rules.hashes = rules->bands * rules->rows;
    TM_TRY(check(&m->rules, err));
    uint32_t count = m->rules.hashes;
    m->mul = TM_NEW(mem, uint64_t, count);
    m->add = TM_NEW(mem, uint64_t, count);
    m->mul32 = TM_NEW(mem, uint32_t, count);
    m->add32 = TM_NEW(mem, uint32_t, count);
    if (!m->mul || !m->add || !m->mul32 || !m->add32)
        return tm_fail_memory(err, "conformance mode", count);
    tm_numpy_seed(r, rules->seed);
    draw(m, r);
    for (uint32_t i = 0; i < count; i++) {
        m->mul32[i] = (uint32_t)m->mul[i];
        m->add32[i] = (uint32_t)m->add[i];
    }
    *out = m;
    return TM_OK;
}

/* ---- n-grams -------------------------------------------------------------------------------- */

static void cut_words(const tm_conform_rules *r, tm_str text, tm_conform_words *w)
{
    tm_conform_words_begin(w);
    if (is_datatrove(r))
        tm_words_datatrove(text, !r->any_language, w);
    else if (is_text_dedup(r))
        tm_words_split(text, w);
    else
        tm_words_found(text, w);
}

static uint32_t count_grams(const tm_conform_rules *r, uint32_t words)
{
    if (is_text_dedup(r) && words < r->least) return 0;
    if (words >= r->ngram) return words - r->ngram + 1;
    return words && !is_datatrove(r);
}

static uint64_t low_bytes(const uint8_t *p, unsigned bytes)
{
    uint64_t x = 0;
    for (unsigned i = 0; i < bytes; i++) x |= (uint64_t)p[i] << 8 * i;
    return x;
}

static uint64_t hash_gram(const tm_conform_rules *r, tm_str gram)
{
    if (r->tool == TM_CONFORM_TEXT_DEDUP_SPARK) return tm_xxh32(gram.p, gram.n);
    bool wide = r->tool == TM_CONFORM_DATASKETCH_64 || r->tool == TM_CONFORM_DATATROVE;
    bool own_xxh = r->hash == TM_CONFORM_HASH_OWN && is_datatrove(r);
    if (r->hash == TM_CONFORM_XXH || own_xxh) {
        if (is_text_dedup(r)) return (uint32_t)tm_hash64(gram.p, gram.n, 0);
        return wide ? tm_xxh64(gram.p, gram.n) : tm_xxh32(gram.p, gram.n);
    }
    uint8_t digest[20];
    tm_sha1(gram.p, gram.n, digest);
    return low_bytes(digest, wide ? 8 : 4);
}

/* ---- least values --------------------------------------------------------------------------- */

/* Finalisers of MurmurHash3 (Appleby, public domain). */
static uint32_t mix32(uint32_t h)
{
    h = (h ^ h >> 16) * 0x85EBCA6Bu;
    h = (h ^ h >> 13) * 0xC2B2AE35u;
    return h ^ h >> 16;
}
static uint64_t mix64(uint64_t h)
{
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCDu;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53u;
    return h ^ h >> 33;
}

static uint64_t modulo_mersenne(uint64_t x)
{
    x = (x & MERSENNE) + (x >> 61);
    return x >= MERSENNE ? x - MERSENNE : x;
}

static void least_affine32(const tm_conform *m, tm_conform_scratch *own, uint32_t count,
                           uint64_t *out)
{
    uint32_t hashes = m->rules.hashes;
    for (uint32_t i = 0; i < hashes; i++) own->least[i] = UINT32_MAX;
    for (uint32_t k = 0; k < count; k++)
        own->gram[k] = (uint64_t)mix32((uint32_t)own->gram[k])
                       << 32; /* the kernel reads them high */
    tm_kernel_now()->minhash(own->gram, count, m->mul32, m->add32, hashes, own->least);
    for (uint32_t i = 0; i < hashes; i++) out[i] = own->least[i];
}

static void least_affine64(const tm_conform *m, const uint64_t *gram, uint32_t count, uint64_t *out)
{
    for (uint32_t k = 0; k < count; k++) {
        uint64_t h = mix64(gram[k]);
        for (uint32_t i = 0; i < m->rules.hashes; i++) {
            uint64_t x = h * m->mul[i] + m->add[i];
            out[i] = x < out[i] ? x : out[i];
        }
    }
}

static void least_mersenne(const tm_conform *m, const uint64_t *gram, uint32_t count, uint64_t *out)
{
    uint64_t kept = m->rules.tool == TM_CONFORM_DATATROVE ? UINT64_MAX : UINT32_MAX;
    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t i = 0; i < m->rules.hashes; i++) {
            uint64_t x = modulo_mersenne(gram[k] * m->mul[i] + m->add[i]) & kept;
            out[i] = x < out[i] ? x : out[i];
        }
    }
}

static void least_prime(const tm_conform *m, const uint64_t *gram, uint32_t count, uint64_t *out)
{
    for (uint32_t k = 0; k < count; k++) {
        for (uint32_t i = 0; i < m->rules.hashes; i++) {
            uint32_t x = ((uint32_t)gram[k] * m->mul32[i] + m->add32[i]) % PRIME;
            out[i] = x < out[i] ? x : out[i];
        }
    }
}

static void least_values(const tm_conform *m, tm_conform_scratch *own, uint32_t count,
                         uint64_t *out)
{
    for (uint32_t i = 0; i < m->rules.hashes; i++) out[i] = UINT64_MAX;
    switch (m->rules.tool) {
    case TM_CONFORM_DATASKETCH: least_affine32(m, own, count, out); break;
    case TM_CONFORM_DATASKETCH_64: least_affine64(m, own->gram, count, out); break;
    case TM_CONFORM_TEXT_DEDUP_32:
    case TM_CONFORM_TEXT_DEDUP_SPARK: least_prime(m, own->gram, count, out); break;
    default: least_mersenne(m, own->gram, count, out); break;
    }
}

tm_status tm_conform_signature(const tm_conform *m, tm_conform_scratch *own, tm_str text,
                               uint64_t *signature, size_t *count, tm_err *err)
{
    const tm_conform_rules *r = &m->rules;
    *count = 0;
    cut_words(r, text, &own->words);
    TM_TRY(tm_conform_words_ok(&own->words, err));
    uint32_t grams = count_grams(r, own->words.count);
    if (!grams) return TM_OK;
    if (!TM_ROOM_HEAP(own->gram, 0, own->room, grams) ||
        !TM_ROOM_HEAP(own->least, 0, own->least_room, r->hashes))
        return tm_fail_memory(err, "n-grams", (uint64_t)grams * sizeof *own->gram);
    for (uint32_t i = 0; i < grams; i++)
        own->gram[i] = hash_gram(r, tm_conform_gram(&own->words, i, r->ngram));
    least_values(m, own, grams, signature);
    *count = r->hashes;
    return TM_OK;
}

/* Low byte first; but datasketch, and text-dedup after it, turn values round, as was once
 * useful. */
size_t tm_conform_band(const tm_conform *m, const uint64_t *signature, uint32_t band, char *key)
{
    size_t width = value_bytes(&m->rules), at = 0;
    bool low_first = is_datatrove(&m->rules) || m->rules.tool == TM_CONFORM_TEXT_DEDUP_SPARK;
    for (uint32_t row = 0; row < m->rules.rows; row++) {
        uint64_t x = signature[band * m->rules.rows + row];
        for (size_t i = 0; i < width; i++)
            key[at++] = (char)(x >> 8 * (low_first ? i : width - 1 - i));
    }
    return at;
}

void tm_conform_scratch_release(tm_conform_scratch *own)
{
    tm_conform_words_release(&own->words);
    tm_free(own->gram);
    tm_free(own->least);
    *own = (tm_conform_scratch){0};
}
