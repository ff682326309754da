/* Dictionaries for one column of a row group: the distinct values in the order they first appear,
 * and for every value its index. A zeroed tm_pq_dict is ready and is used for column after
 * column. */
#ifndef TM_IO_PARQUET_DICT_H
#define TM_IO_PARQUET_DICT_H

#include "io/parquet_column.h"

#define TM_PQ_DICT_NUMBERS 16384 /* distinct values at most */
#define TM_PQ_DICT_TEXTS 32768
#define TM_PQ_DICT_BYTES TM_PQ_PAGE_BYTES /* of text in a dictionary at most */

typedef struct tm_pq_dict {
    uint32_t *index;  /* per value; room for TM_PARQUET_ROWS */
    uint32_t *slot;   /* open addressing: entry + 1, or 0 */
    uint64_t *number; /* entries: numbers, */
    tm_str *text;     /* or slices of the column */
    uint32_t *head;   /* of text: the low half of its hash, so that few comparisons are needed */
    uint32_t count;
    uint64_t bytes; /* of the entries' text */
} tm_pq_dict;

/* Fills *d from a column. *pays is false when the column has too many distinct values: more than
 * half of those seen so far (and 1,024), or more than the limits above. */
tm_status tm_pq_dict_make(tm_pq_dict *d, const tm_pq_build *c, bool *pays, tm_err *err);
void tm_pq_dict_release(tm_pq_dict *d);

#endif
