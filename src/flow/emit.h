/* The emitter's inside, shared by emit.c (data files, in order), emit_order.c (in another order),
 * emit_findings.c (what was noticed) and ledger.c (rows of Parquet). */
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
    tm_sorter *sorter, *shown;      /* reordering runs: data for files, and what is shown */
    uint64_t *found;                /* by code over all steps; in run->mem */
    uint64_t *matches;              /* tm_matches_cells of them; in run->mem */
    tm_clustering *clustering;      /* NULL: nobody reads of clusters */
    tm_same_sides same;             /* with a ledger and routes */
    uint32_t source;                /* the one the last piece came from */
    uint64_t lines;                 /* newlines of that source before the next piece */
    tm_buf line, piece, path;       /* scratch */
    struct tm_folder_stream *files; /* of folder files_of, for places in it */
    uint32_t files_of;
};

/* emit.c: the path of a file in the run's folder */
tm_status tm_emit_path(const tm_emitter *e, const char *name, char out[4096], tm_err *err);
/* data of a record for the files of its route; then all of it into them */
void tm_emit_to_lane(tm_emitter *e, const tm_piece_order *entry, tm_str data);
tm_status tm_emit_lanes(tm_emitter *e, tm_err *err);

/* emit_order.c */
tm_status tm_order_open(tm_emitter *e, tm_err *err);
tm_status tm_order_data(tm_emitter *e, const tm_piece *p, tm_err *err);
tm_status tm_order_shown(tm_emitter *e, const tm_piece *p, tm_err *err);
tm_status tm_order_finish(tm_emitter *e, tm_err *err); /* writes and shows all of it */
void tm_order_close(tm_emitter *e);

/* emit_findings.c */
typedef struct tm_shown_place {
    tm_str path;   /* until the next one is asked for */
    uint64_t line; /* from 1 */
} tm_shown_place;
/* Of a line of the decoded stream at hand, from 0; `below`: see tm_found. */
tm_status tm_emit_place(tm_emitter *e, uint64_t line, uint32_t below, tm_shown_place *out,
                        tm_err *err);
tm_status tm_findings_open(tm_emitter *e, tm_err *err);
tm_status tm_findings_add(tm_emitter *e, const tm_piece *p, tm_err *err);
/* What a source could not give: one unreadable record, so that the sums tell of it. */
tm_status tm_findings_damage(tm_emitter *e, const tm_piece *p, tm_err *err);

/* ledger.c */
tm_status tm_ledger_open(tm_emitter *e, tm_err *err);
tm_status tm_ledger_add(tm_emitter *e, const tm_row *row, tm_str signals, tm_err *err);
void tm_pq_f64_or_null(tm_pq_writer *w, double value);
void tm_pq_rid_or_null(tm_pq_writer *w, tm_rid rid);

#endif
