/* tm_tally: how many values of each size there were, for medians and the like of any number of
 * values in a few KiB. What is below 1,024 is counted exactly; above, a power of two is 128 classes
 * of equal width, so a quantile is at most 0.8 % too high and never too low (the log-linear
 * histogram of HdrHistogram). Integers only: two tallies add up, in any order. */
#ifndef TM_BASE_TALLY_H
#define TM_BASE_TALLY_H

#include "base/def.h"

enum {
    TM_TALLY_EXACT = 1024,                               /* smaller ones are counted one by one */
    TM_TALLY_FINE = 128,                                 /* classes a power of two */
    TM_TALLY_SLOTS = TM_TALLY_EXACT + 22 * TM_TALLY_FINE /* up to 2^32; larger: the last one */
};

typedef struct tm_tally {
    uint64_t count, sum, least, most;
    uint64_t slot[TM_TALLY_SLOTS];
} tm_tally;

typedef struct tm_quantile {
    uint64_t value; /* `percent` of the values are not larger; never too low */
    bool exact;     /* and that of no smaller number can be said */
} tm_quantile;

void tm_tally_add(tm_tally *t, uint64_t value);
/* The smallest number that at least `percent` (1 to 100) of the values do not exceed. */
tm_quantile tm_tally_quantile(const tm_tally *t, unsigned percent);

#endif
