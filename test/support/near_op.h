/* near.test: a small scalar near-duplicate step that proves the seam before the real one is built
 * on it. Three rounds: bands of MinHash over word 3-grams (group, pairs verified by exact Jaccard),
 * connected components, and the survivor of each (group, over decided records only; records of a
 * reference win). Not shipped. */
#ifndef TEST_SUPPORT_NEAR_OP_H
#define TEST_SUPPORT_NEAR_OP_H

#include "op/op.h"

enum { NEAR_BANDS = 8, NEAR_ROWS = 2 };

extern const tm_op near_op;

/* For the oracle: sorted distinct shingles of a text into out (room: its words), how many. */
uint32_t near_shingles(tm_str text, uint64_t *out);
double near_jaccard(const uint64_t *a, uint32_t n, const uint64_t *b, uint32_t m);
uint64_t near_band(const uint64_t *shingle, uint32_t count, unsigned band);

#endif
