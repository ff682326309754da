/* The emitter's inside, shared by emit.c (data files, in order) and ledger.c (rows of Parquet). */
#ifndef TM_FLOW_EMIT_H
#define TM_FLOW_EMIT_H

#include <math.h>
#include <stdio.h>

#include "flow/crossings.h"
#include "flow/piece.h"

typedef struct tm_lane { /* the data files of one route */
    tm_str name;         /* "data" when no step routes */
    tm_sink *sink;
    char path[4096];
    unsigned shard;
    uint64_t shard_bytes;
    tm_buf data; /* of the piece at hand, when there are several */
    uint64_t records;
} tm_lane;

struct tm_emitter {
    tm_run *run;
    tm_format format;
    tm_lane *lane; /* a route each, or one */
    uint32_t lanes;
    tm_sink *parked;
    char parked_path[4096];
    tm_pq_writer *ledger, *findings;
    tm_out lost_bytes, lost_index;
    tm_sorter *sorter;         /* reordering runs */
    uint64_t sorted;           /* records it was given */
    uint64_t *found;           /* by code over all steps; in run->mem */
    uint64_t *matches;         /* tm_matches_cells of them; in run->mem */
    tm_clustering *clustering; /* NULL: nobody reads of clusters */
    tm_same_sides same;        /* with a ledger and routes */
    uint32_t source;           /* the one the last piece came from */
    uint64_t lines;            /* newlines of that source before the next piece */
    tm_buf line, piece;        /* scratch */
};

/* ledger.c */
tm_status tm_ledger_open(tm_emitter *e, tm_err *err);
tm_status tm_ledger_add(tm_emitter *e, const tm_row *row, tm_str signals, tm_err *err);
void tm_pq_f64_or_null(tm_pq_writer *w, double value);
void tm_pq_rid_or_null(tm_pq_writer *w, tm_rid rid);

#endif
