/* Duplicates as inspect counts them: three levels, each a step of its own over all records. */
#ifndef TM_REPORT_INSPECTION_LEVELS_H
#define TM_REPORT_INSPECTION_LEVELS_H

#include "flow/run.h"

/* Names of the steps that find them. */
#define TM_LEVEL_EQUAL "equal"   /* in every text */
#define TM_LEVEL_FOLDED "folded" /* but for case, spacing and forms of characters */
#define TM_LEVEL_NEAR "near"     /* by n-grams */

enum { TM_LEVELS = 3 };

typedef struct tm_levels {
    uint64_t records[TM_LEVELS]; /* that repeat another */
    uint64_t chars[TM_LEVELS];   /* of their texts */
} tm_levels;

unsigned tm_level_of(tm_str step); /* TM_LEVELS: it is none */
/* A batch behind all steps; chars: of the texts of each record. */
void tm_levels_count(tm_levels *l, const tm_batch_view *view, const uint64_t *chars);
typedef struct tm_level_view { /* what one run counted */
    const tm_levels *levels;
    const tm_run *run;
    uint64_t records, chars; /* that it looked at */
} tm_level_view;

/* sample: a run over the first records, for the levels that `all` has no step for; or NULL. */
tm_status tm_levels_text(const tm_level_view *all, const tm_level_view *sample, tm_buf *out,
                         tm_err *err);
/* [{"level":..,"whole":..,"of_records":..,"records":..,"chars":..,"duplicates":{..}}], the last as
 * in the manifest */
void tm_levels_json(const tm_level_view *all, const tm_level_view *sample, tm_buf *out);

#endif
