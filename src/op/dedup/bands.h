/* Bands and rows: how likely a pair of a given similarity becomes a candidate.
 *
 * With b bands of r rows a pair of Jaccard s is caught with 1 - (1 - s^r)^b (Leskovec, Rajaraman
 * and Ullman, Mining of Massive Datasets, chapter 3). */
#ifndef TM_OP_DEDUP_BANDS_H
#define TM_OP_DEDUP_BANDS_H

#include "op/dedup/sketch.h"

/* The curve of independent rows. */
double tm_bands_caught(double similarity, uint32_t bands, uint32_t rows);
/* Chooses for a threshold: of all b x r <= slots, least 20 x (area of duplicates missed above it) +
 * (area of false candidates below it). */
void tm_bands_choose(double threshold, uint32_t slots, uint32_t *bands, uint32_t *rows);
/* The same by experiment, for the sketch as it is: of `trials` pairs of random sets of `grams`
 * elements each with that Jaccard, the share that became candidates. < 0: memory. */
double tm_bands_simulate(const tm_sketch *sketch, double similarity, uint32_t grams,
                         uint32_t trials);

#endif
