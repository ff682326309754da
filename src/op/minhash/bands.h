/* Bands and rows: how likely a pair of a given similarity becomes a candidate.
 *
 * With b bands of r rows a pair of Jaccard s is caught with 1 - (1 - s^r)^b (Leskovec, Rajaraman
 * and Ullman, Mining of Massive Datasets, chapter 3). */
#ifndef TM_OP_MINHASH_BANDS_H
#define TM_OP_MINHASH_BANDS_H

#include "base/buf.h"
#include "op/minhash/sketch.h"

/* The curve of independent rows. */
double tm_bands_caught(double similarity, uint32_t bands, uint32_t rows);
/* Chooses for a threshold: of all b x r <= slots, least 20 x (area of duplicates missed above it) +
 * (area of false candidates below it). */
void tm_bands_choose(double threshold, uint32_t slots, uint32_t *bands, uint32_t *rows);
/* The same by experiment, for the sketch as it is: of `trials` pairs of random sets of `grams`
 * elements each with that Jaccard, the share that became candidates. < 0: memory. */
double tm_bands_simulate(const tm_sketch *sketch, double similarity, uint32_t grams,
                         uint32_t trials);
/* What a user has to know of the sketch: that share for the threshold and some similarities round
 * it, as lines and as a JSON object. Sticky failure in both. */
tm_status tm_bands_preview(const tm_sketch *sketch, double threshold, tm_buf *text, tm_buf *json,
                           tm_err *err);

#endif
