/* A run cut up, for machines that bring a shuffle of their own: splits of the input, and stages
 * with an exchange between one and the next. Pure functions over bytes, so any scheduler can call
 * them, in any order, twice, in processes that share nothing but the files.
 *
 *   one process      tm_stages_open, tm_ticket_write (what the others open their run with),
 *                    tm_stages_begin (takes the run folder); at the end tm_stages_join in any
 *                    process, and here tm_stages_end
 *   many processes   tm_run_open with options.ticket, tm_stages_open, tm_stages_tell for what is
 *                    known so far, then tm_stage_map_* over a split or tm_stage_reduce
 *
 *   stage    what map does over each split                what its facts are brought together for
 *   GROUP    a round observes                             reduce: decisions, facts for the next
 *   SORT     a round observes                             ranks, in the order of (order, rid)
 *   COMPONENTS  a round observes edges                    lowest rid of each component
 *   FOLD     a round's state                              the merged state is told to later stages
 *   TABLE    a round observes, facts of one key           all of them become bytes, told as well
 *   HEAD     how many live records; with a number told,   the cut is told to all later stages
 *            the rid of the live record of that number
 *   WRITE    RUN/.tamis/part-N: data, parked, pieces        reordering runs: kept records by rank
 *   PUT      (nothing)                                    RUN/.tamis/sorted-N: data in their order
 *   DIGEST   RUN/.tamis/digest-N of a source that was cut   (nothing)
 *
 * A stage that does not observe gets the facts that the stage before left. What map is shown of
 * decisions is what `joins` names, those of its split only, sorted by rid and then by bytes. */
#ifndef TM_FLOW_STAGE_H
#define TM_FLOW_STAGE_H

#include "flow/engine.h"

#define TM_SPLIT_BYTES (64u << 20) /* unless asked for otherwise */

typedef enum tm_stage_how {
    TM_STAGE_GROUP,
    TM_STAGE_SORT,
    TM_STAGE_COMPONENTS,
    TM_STAGE_FOLD,
    TM_STAGE_TABLE,
    TM_STAGE_HEAD,
    TM_STAGE_WRITE,
    TM_STAGE_PUT,
    TM_STAGE_DIGEST
} tm_stage_how;
const char *tm_stage_how_name(tm_stage_how how);

typedef struct tm_split { /* number = index */
    uint32_t source;      /* from 1 */
    uint64_t from, to;    /* of the decoded stream; to 0: the whole source */
} tm_split;

typedef struct tm_stage { /* number = index */
    tm_stage_how how;
    uint32_t step;         /* TM_NONE: of no step */
    const tm_round *round; /* NULL: of none */
    bool observes;         /* map over splits */
    bool references;       /* those of references too */
    bool references_only;  /* and no others; without `references`: none at all */
    bool decides;          /* its decisions are those of its step */
    bool leaves;           /* facts for the stage behind it */
    uint32_t earlier;      /* the stage whose decisions the round sees, or TM_NONE */
    uint32_t before;       /* the one to whose decisions `earlier` adds, or TM_NONE */
    tm_buf told;           /* FOLD: the state; TABLE: what it made; HEAD: tm_head_told */
} tm_stage;

typedef struct tm_head_told {
    uint64_t known; /* 0: no record is behind the head */
    tm_rid cut;
} tm_head_told;

typedef struct tm_stages {
    tm_run *run;
    uint64_t split_bytes;
    tm_split *split;
    uint32_t splits, split_room, of_stream; /* those of the stream come first */
    tm_stage *stage;
    uint32_t count;
} tm_stages;

/* split_bytes 0: TM_SPLIT_BYTES. With a ticket: as the ticket says. */
tm_status tm_stages_open(tm_stages *s, tm_run *run, uint64_t split_bytes, tm_err *err);
void tm_stages_close(tm_stages *s);
/* Whose split a record is in. */
uint32_t tm_stages_split_of(const tm_stages *s, uint64_t place);
/* What is told of a step in its stages before `end`. */
tm_str tm_stages_told(const tm_stages *s, uint32_t step, uint32_t end);
/* Whether stage `at` joins the decisions of stage `of`. */
bool tm_stages_joins(const tm_stages *s, uint32_t at, uint32_t of);
tm_status tm_stages_tell(tm_stages *s, uint32_t stage, tm_str told, tm_err *err);
void tm_stages_json(const tm_stages *s, tm_buf *out);

/* What another process needs to open the same run: recipe, sources, layouts, the plan's name. */
tm_status tm_ticket_write(const tm_stages *s, tm_buf *out, tm_err *err);
typedef struct tm_ticket {
    tm_str name, recipe, folder; /* slices of the ticket */
    uint64_t split_bytes;
} tm_ticket;
/* TM_EUSAGE when it is another version's or damaged. */
tm_status tm_ticket_read(tm_str ticket, tm_ticket *out, tm_err *err);
/* After tm_run_open: the plan made here is the one the ticket was written for, or TM_EDIFFERS. */
tm_status tm_ticket_check(const tm_run *run, tm_err *err);

/* stage_map.c: one split. Facts lie in map->facts until the next call. */
typedef struct tm_stage_map {
    tm_stages *stages;
    uint32_t stage, split;
    tm_buf *rows; /* decisions, by stage */
    tm_verdicts *earlier;
    tm_buf told; /* HEAD: the number */
    tm_pass pass;
    tm_worker worker;
    tm_piece piece;
    tm_reader *reader;
    tm_facts facts;
    tm_buf state; /* at the end: FOLD: the state; HEAD: count, or a rid */
    uint64_t seen;
    struct tm_part_writer *part; /* WRITE */
    bool begun, ended;
} tm_stage_map;
tm_status tm_stage_map_open(tm_stage_map *m, tm_stages *s, uint32_t stage, uint32_t split,
                            tm_err *err);
/* Before the first tm_stage_map_next; the row as a reducer gave it. */
tm_status tm_stage_map_decision(tm_stage_map *m, uint32_t stage, tm_str row, tm_err *err);
/* A block; *more = false when the split is done. */
tm_status tm_stage_map_next(tm_stage_map *m, bool *more, tm_err *err);
void tm_stage_map_close(tm_stage_map *m);

/* stage_reduce.c: sorted facts. `first`: SORT: rank of the first; PUT: number of the part. */
typedef struct tm_stage_taker {
    tm_status (*take)(void *arg, tm_facts *next, tm_decisions *out, tm_err *err);
    void *arg;
    tm_buf told; /* TABLE: what is to be told */
} tm_stage_taker;
tm_status tm_stage_reduce(tm_stages *s, uint32_t stage, uint64_t first, tm_pull pull, void *from,
                          tm_stage_taker *taker, tm_err *err);
tm_status tm_stage_fold(const tm_stages *s, uint32_t stage, void *into, tm_str from, tm_err *err);

/* stage_part.c: what one split or one stretch of sorted records leaves in RUN/.tamis. */
typedef struct tm_part_writer tm_part_writer;
tm_status tm_part_begin(tm_part_writer **out, tm_stages *s, const char *kind, uint32_t number,
                        tm_err *err);
tm_status tm_part_add(tm_part_writer *w, tm_piece *piece, tm_err *err);
tm_status tm_part_source(tm_part_writer *w, const tm_source_result *source, tm_err *err);
tm_status tm_part_commit(tm_part_writer **w, tm_err *err); /* frees, as abandoning does */
void tm_part_abandon(tm_part_writer **w);

/* Reads parts back: pieces without their data, then what was written. */
typedef struct tm_part_reader {
    tm_run *run;
    char folder[4096];
    int file;
    uint64_t bytes, at;
    tm_buf packed, frame;
    char damage_code[8];     /* of the piece at hand */
    tm_source_result source; /* at the end: of a source that was not cut */
    tm_sink_info *output;    /* in run->mem; paths are names in the part's folder */
    tm_str *route;
    uint32_t outputs;
} tm_part_reader;
tm_status tm_part_open(tm_part_reader *r, tm_stages *s, const char *kind, uint32_t number,
                       bool *there, tm_err *err);
tm_status tm_part_next(tm_part_reader *r, tm_piece *piece, bool *more, tm_err *err);
void tm_part_close(tm_part_reader *r);

/* stage_join.c */
tm_status tm_stages_begin(tm_stages *s, tm_err *err);
tm_status tm_stages_join(tm_stages *s, tm_err *err);
tm_status tm_stages_end(tm_stages *s, tm_err *err);
tm_status tm_stages_digest(tm_stages *s, uint32_t split, tm_err *err);

#endif
