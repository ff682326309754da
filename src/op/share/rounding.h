/* Rounding the entries of a table up or down so that the sums of its columns stay (controlled
 * rounding: L. Cox 1987, A constructive procedure for unbiased controlled rounding).
 *
 * Rows come one by one. An entry lies between 0 and its row's `cap`, and the sum of a row is a
 * multiple of cap, so a row can be rounded to entries that are 0 or cap each. Entries in between
 * are the edges of a graph of rows and columns. Along a cycle of it the same amount can be put to
 * every second entry and taken from the others: no sum changes, and the amount is chosen so that an
 * entry becomes 0 or cap and leaves the graph. What is left without cycles is a forest in which
 * every row has two edges or more, so it has fewer rows than columns: memory does not grow with the
 * table.
 *
 * When the sums of the columns are multiples of one cap that all rows have, nothing is left at the
 * end; else at most columns - 1 rows are, and the caller decides about them. */
#ifndef TM_OP_SHARE_ROUNDING_H
#define TM_OP_SHARE_ROUNDING_H

#include "base/def.h"

enum { TM_ROUNDING_COLUMNS = 32 };

typedef struct tm_rounding_row {
    int64_t cap, entry[TM_ROUNDING_COLUMNS];
    uint32_t name;
    uint32_t open; /* bits of the columns whose entry is neither 0 nor cap */
} tm_rounding_row;

typedef struct tm_rounding {
    uint32_t columns;
    /* A row is rounded: the columns where it has cap. */
    void (*done)(void *to, uint32_t name, uint32_t up);
    void *to;
    tm_rounding_row row[TM_ROUNDING_COLUMNS]; /* those that are open */
    uint32_t rows;
} tm_rounding;

void tm_rounding_add(tm_rounding *r, uint32_t name, int64_t cap, const int64_t *entry);

#endif
