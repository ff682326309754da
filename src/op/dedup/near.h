/* What the two files of dedup.near share: near.c (parameters, codes, help) and near_rounds.c (how
 * near duplicates are found and who stands for them). */
#ifndef TM_OP_DEDUP_NEAR_H
#define TM_OP_DEDUP_NEAR_H

#include "op/dedup/like.h"
#include "op/dedup/link.h"
#include "op/dedup/within.h"
#include "op/keep.h"

enum { TM_NEAR_DUPLICATE, TM_NOT_ALL_COMPARED }; /* codes */

typedef struct tm_near_args {
    uint32_t by;
    tm_band_args band;
    uint8_t measure, link, across;
    tm_like_args as;
    int64_t turn, compare_most;
    tm_texts keep, against, within;
} tm_near_args;

typedef struct tm_near_shared {
    const tm_near_args *args;
    const tm_conform *like; /* as another tool; NULL: our own sketches */
    tm_band_rules rules;
    tm_link_rules link; /* its sketch is that of the rules */
    tm_exprs within;
    tm_keep *keep;
} tm_near_shared;

typedef struct tm_near_scratch {
    tm_keep_scratch *keep;
    tm_band_scratch band;
    tm_like_scratch like;
    tm_exprs_scratch within;
    tm_buf order, value;
} tm_near_scratch;

extern const tm_round tm_near_rounds[];

#endif
