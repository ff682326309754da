/* Clusters of duplicates: a record that stands for others, and those that a step found to repeat
 * it. How many there are and how large, the biggest ones, which sources share them, and what of
 * them stands on two sides of a split.
 *
 * Whoever keeps the books of a run hands over a pair for each record that repeats another, in any
 * order. They are sorted by the record that is repeated, on disk when there are many, and read once
 * group by group: what is kept of them is bounded whatever the number of clusters and sources. */
#ifndef TM_FLOW_CLUSTERS_H
#define TM_FLOW_CLUSTERS_H

#include "base/bins.h"
#include "flow/rows.h"
#include "op/op.h"

struct tm_run;

typedef enum tm_repeat_end { /* what became of a record that repeats another */
                             TM_REPEAT_KEPT,
                             TM_REPEAT_FELL,      /* by the step that found it */
                             TM_REPEAT_FELL_LATER /* by another step behind it */
} tm_repeat_end;

typedef struct tm_repeat { /* as it lies in a piece */
    tm_rid rid, other;     /* other: the one it repeats; of the stream or of a reference */
    double value;          /* how similar they are; NAN: equal */
    uint16_t step, route;
    uint32_t end; /* tm_repeat_end */
} tm_repeat;

enum { TM_BIGGEST = 5, TM_VALUE_BINS = 20 };

typedef struct tm_cluster {
    tm_rid first;    /* the one that stands for the others */
    tm_rid least;    /* the one least similar to it; of equal ones the first of the input */
    uint64_t others; /* how many repeat it */
    double value;    /* similarity of `least`; NAN: all are equal */
    double second;   /* the least but one; NAN where there is none */
} tm_cluster;

typedef struct tm_clusters {        /* of one step */
    uint64_t count, records;        /* clusters of records of the stream; records that repeat one */
    uint64_t items, item_records;   /* the same for records of references that are repeated */
    uint64_t size[TM_BINS];         /* clusters by their number of records, `first` included */
    uint64_t value[TM_VALUE_BINS];  /* repeating records by similarity, in steps of 0.05 */
    tm_cluster biggest[TM_BIGGEST]; /* largest first; of equal ones the first of the input */
    uint32_t shown;                 /* of them */
    /* Records of the row whose cluster holds another record of the column: in the diagonal, of the
     * same source. Clusters of references are not among them but in `reference`. */
    uint64_t shared[TM_ROWS][TM_ROWS];
    uint64_t reference[TM_ROWS]; /* records of the row that repeat one of a reference */
    /* By two routes, with a ledger and a step that routes; else NULL. Records kept on the first
     * whose cluster holds one kept on the other; records that fell from the first in favour of one
     * kept on the other. */
    uint64_t *kept, *fell;
} tm_clusters;

typedef struct tm_clustering tm_clustering;
TM_MUST_USE tm_clustering *tm_clustering_new(struct tm_run *run); /* NULL: memory */
/* tm_repeat, one behind another. */
tm_status tm_clustering_add(tm_clustering *c, tm_str repeats, tm_err *err);
/* Sets result.step[].clusters. ledger: the finished one, or NULL. */
tm_status tm_clustering_finish(tm_clustering *c, struct tm_run *run, const char *ledger,
                               tm_err *err);
void tm_clustering_free(tm_clustering *c);

#endif
