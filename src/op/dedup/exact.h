/* What the two files of dedup.exact share: exact.c (parameters, codes, help) and exact_rounds.c
 * (how duplicates are found and who stands for them). */
#ifndef TM_OP_DEDUP_EXACT_H
#define TM_OP_DEDUP_EXACT_H

#include "op/dedup/exact_fields.h"
#include "op/dedup/exact_key.h"
#include "op/dedup/scope.h"
#include "op/keep.h"

enum { TM_EXACT_DUPLICATE, TM_SPELLED_OTHERWISE, TM_FIELDS_DIFFER }; /* codes */
enum { TM_ALIKE_MERGE, TM_ALIKE_FLAG };

typedef struct tm_exact_args {
    uint32_t by;
    int64_t turn;
    uint64_t normalise;
    tm_texts keep, against, within;
    uint8_t across, alike;
    bool prefix;
} tm_exact_args;

typedef struct tm_exact_shared {
    const tm_exact_args *args;
    tm_exact_rules rules, plain; /* plain: texts as they stand */
    bool spelled;                /* how a text is spelled makes a difference */
    tm_scope scope;
    tm_keep *keep;
    uint8_t verdict;
} tm_exact_shared;

typedef struct tm_exact_scratch {
    tm_keep_scratch *keep;
    tm_exprs_scratch within;
    tm_exact_key key, plain;
    tm_buf order, data;
    tm_buf fields; /* of the record at hand */
} tm_exact_scratch;

extern const tm_round tm_exact_rounds[];

#endif
