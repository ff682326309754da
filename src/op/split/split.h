/* What the two files of split share: split.c (parameters, codes, help) and split_rounds.c (how
 * groups are found and given their sides). */
#ifndef TM_OP_SPLIT_SPLIT_H
#define TM_OP_SPLIT_SPLIT_H

#include "op/exprs.h"
#include "op/share/quotas.h"

enum { TM_SPLIT_BRIDGES, TM_SPLIT_NO_VALUE, TM_SPLIT_NO_STRATUM }; /* codes */
#define TM_SPLIT_FIRST "none" /* earlier: there is no earlier split */

typedef struct tm_split_shared {
    tm_sides sides;
    tm_exprs group, stratum;
    bool of_run[TM_EXPRS_MAX]; /* by group field: its values are names that hold for one run only,
                                * so they bind records and decide no chance */
    uint8_t side_of[65];       /* by reference from 1: side + 1 of an earlier split, or 0 */
    uint64_t seed;
} tm_split_shared;

typedef struct tm_split_scratch {
    tm_exprs_scratch group, stratum;
    tm_buf key;
} tm_split_scratch;

extern const tm_round tm_split_rounds[];

#endif
