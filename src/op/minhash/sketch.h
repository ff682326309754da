/* Sketches: a fixed number of 32-bit values that agree, between two sets, about as often as the
 * sets overlap (Jaccard). Bands are runs of them; two sets become candidates when a whole band
 * agrees.
 *
 *   fast      Fast similarity sketching: Dahlgaard, Knudsen and Thorup 2017 (arXiv 1704.04370).
 *             Each element is hashed once, and again only until every slot is filled. Sharper than
 *             the classic for small sets.
 *   classic   MinHash: Broder 1997; one hash function a slot, 32-bit multiply and add. */
#ifndef TM_OP_MINHASH_SKETCH_H
#define TM_OP_MINHASH_SKETCH_H

#include "base/err.h"

#define TM_SKETCHES(X)        \
    X(TM_SKETCH_FAST, "fast") \
    X(TM_SKETCH_CLASSIC, "classic")
enum {
#define X(kind, name) kind,
    TM_SKETCHES(X)
#undef X
        TM_SKETCH_KINDS
};
extern const char *const tm_sketch_names[]; /* NULL-terminated */

enum { TM_SKETCH_SLOTS_MAX = 16384 };

typedef struct tm_sketch {
    uint32_t bands, rows;
    uint64_t seed;
    uint8_t kind;
    uint32_t *mul, *add; /* classic: by slot */
} tm_sketch;

static inline uint32_t tm_sketch_slots(const tm_sketch *s)
{
    return s->bands * s->rows;
}

/* Fills mul and add, which have room for all slots, from the seed. */
void tm_sketch_seed(tm_sketch *s);
/* gram: hashes of the set's elements, in any order, repeated or not; count > 0. `slot` has room for
 * all slots, `work` for twice as many. */
void tm_sketch_make(const tm_sketch *s, const uint64_t *gram, size_t count, uint64_t *work,
                    uint32_t *slot);
/* A key a band, of the sketch in `slot`; `salt` keeps sets of different kinds apart. */
void tm_sketch_bands(const tm_sketch *s, const uint32_t *slot, uint64_t salt, uint64_t *band);

#endif
