/* Which sources have a row of their own in tables that people read: the largest files, and one row
 * for all others together, so that a table is bounded whatever the number of sources. What decides
 * is known before a run begins, so every worker of a cluster has the same rows. */
#ifndef TM_FLOW_ROWS_H
#define TM_FLOW_ROWS_H

#include "base/arena.h"
#include "io/source.h"

enum { TM_OWN_ROWS = 12, TM_ROWS = TM_OWN_ROWS + 1 };

typedef struct tm_rows {
    uint8_t *of;                  /* by source index from 0 */
    uint32_t source[TM_OWN_ROWS]; /* its index, by row: in the order of the sources */
    uint32_t own, count;          /* count: with the one of all others, if there are some */
} tm_rows;

tm_status tm_rows_choose(tm_rows *rows, tm_arena *mem, const tm_source *source, uint32_t sources,
                         tm_err *err);

#endif
