/* What the two files of sample share: sample.c (parameters, codes, help, shares by chance) and
 * sample_rounds.c (what needs all draws). */
#ifndef TM_OP_SELECT_SAMPLE_H
#define TM_OP_SELECT_SAMPLE_H

#include "op/exprs.h"
#include "op/op.h"

enum { TM_SUBSETS_MAX = 16, TM_SAMPLE_STRATA_MAX = 65536 };
enum { TM_NOT_DRAWN, TM_FLOOR_NOT_MET }; /* codes */

/* The sample is the last of its subsets, and each holds the one before. Without `nested:` it is the
 * only one. */
typedef struct tm_sample_shared {
    double share[TM_SUBSETS_MAX];   /* ascending, if sizes are shares */
    int64_t count[TM_SUBSETS_MAX];  /* likewise, if they are counts */
    tm_route route[TM_SUBSETS_MAX]; /* with `nested:`: what a subset holds beyond the one before */
    uint32_t subsets;
    bool counts, nested;
    int64_t floor; /* of every stratum */
    tm_exprs stratum;
    uint8_t verdict; /* of those not drawn */
} tm_sample_shared;

typedef struct tm_sample_scratch {
    tm_exprs_scratch stratum;
    tm_buf key;
} tm_sample_scratch;

/* A number in [0, 2^64) of the step's seed and the record's id; false: no memory. */
bool tm_sample_draw(const tm_step_view *step, tm_batch *b, uint32_t r, uint64_t *draw, tm_id *id);
/* The first subset whose share holds that draw; `subsets` when none does. */
uint32_t tm_subset_of_draw(const tm_sample_shared *s, uint64_t draw);

enum { TM_STRATA_ROUND, TM_DRAW_ROUND };
extern const tm_round tm_sample_rounds[];

#endif
