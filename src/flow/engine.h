/* Inside of a run: shared by the files of flow/, seen by nobody else.
 *
 *   run.c       opens, plans, closes                inputs.c    globs, probes, layouts
 *   rounds.c    the passes of each set step         pass.c      workers, sequence window
 *   work.c      one block through the steps         steps.c     one step on one batch
 *   long.c      one that is a long record          bad_reference.c   one that ends the run
 *   sound.c     what need not be parsed twice    quiet.c     what need not be checked twice
 *   levels.c    children of fan-outs, in order      emit.c      pieces in order, into files
 *   emit_order.c      or in another order           emit_findings.c   what was noticed
 *   cache.c     what need not be read twice
 *   piece.c     what a block leaves behind  plain.c     when that is no more than lines
 *   texts.c     rows of tables as texts alone   lost_fields.c   what merges lose beside texts
 *   manifest.c  manifest.json, run.json             runfolder.c lock, names, `last`
 *   results.c   which files there are a run's
 *   stage.h     the same cut up, for a cluster */
#ifndef TM_FLOW_ENGINE_H
#define TM_FLOW_ENGINE_H

#include "base/thread.h"
#include "flow/clusters.h"
#include "flow/exchange.h"
#include "flow/lost_fields.h"
#include "flow/matches.h"
#include "flow/reference_items.h"
#include "flow/run.h"
#include "flow/verdicts.h"
#include "io/parquet.h"
#include "record/locator.h"
#include "record/row_model.h"

/* The reader's own findings (step empty) and the codes of unreadable records. */
extern const tm_code tm_reader_codes[];
enum {
    TM_READER_UTF8_REPLACED,
    TM_READER_DUPLICATE_KEY,
    TM_READER_TAG_BLOCKED,
    TM_READER_NOT_FINITE,
    TM_READER_TAG_SET,
    TM_READER_TAG_REPLACED,
    TM_READER_CODES
};

typedef struct tm_step_state { /* of a set step or a head, once its rounds are done */
    tm_verdicts *verdicts;     /* NULL: not decided yet, or a record step */
    bool has_cut;              /* HEAD: records behind cut are not read */
    tm_rid cut;
} tm_step_state;

typedef enum tm_pass_kind {
    TM_PASS_OBSERVE,
    TM_PASS_FOLD,
    TM_PASS_HEAD,
    TM_PASS_WRITE
} tm_pass_kind;

typedef struct tm_emitter tm_emitter;
typedef struct tm_sound tm_sound; /* sound.h */
typedef struct tm_quiet tm_quiet; /* quiet.h */
typedef struct tm_cache tm_cache; /* cache.h */
typedef struct tm_cache_chunk tm_cache_chunk;

typedef struct tm_pass {
    tm_run *run;
    tm_pass_kind kind;
    const char *doing; /* for the progress line; lives as long as the run */
    uint32_t steps;    /* steps [0, steps) are applied */
    uint32_t step;     /* the one observed */
    const tm_round *round;
    const tm_verdicts *earlier; /* decisions of the round before */
    tm_str told;                /* of the last fold */
    tm_exchange *exchange;      /* OBSERVE: where facts go */
    tm_sorter *sorter;          /* or one sorter, for SORT rounds */
    tm_facts *facts;            /* or all of them one behind another, for an exchange elsewhere */
    tm_lock lock;               /* guards sorter and fold_state */
    tm_buf fold_state;
    uint64_t head_limit, head_seen;
    bool head_found;
    tm_rid head_cut;
    tm_emitter *emitter; /* WRITE */
} tm_pass;

/* What one block leaves behind; recycled. Rows are in rid order. */
typedef struct tm_piece {
    uint64_t number;
    uint32_t source;
    uint64_t lines;     /* newlines in the block */
    uint64_t row_bytes; /* of a block of a table: what its rows are as JSON */
    bool last;          /* of its source */
    tm_damage damage;
    tm_buf torn;                 /* the first bytes of what it stands for */
    tm_buf data, packed;         /* kept records, one a line; the same as a frame */
    tm_buf order;                /* tm_piece_order, when the run reorders or routes */
    bool deferred;               /* another stage puts the data into files */
    tm_buf shown;                /* what options.shown wants of kept records */
    tm_buf shown_order;          /* tm_piece_order of it, when the run reorders */
    tm_buf parked;               /* raw records, one a line */
    tm_buf unreadable;           /* raw bytes one behind another */
    tm_buf rows, findings, lost; /* framed: ledger rows, findings, unreadable records (piece.h) */
    tm_buf heads;                /* HEAD pass: rids of live records */
    uint64_t records, written, parked_records;
    uint64_t largest_group; /* records of it, of those that the step that routes told here */
    tm_counts *step_counts; /* plan->steps */
    uint64_t *found;        /* by code over all steps: run->code_at */
    double *step_seconds;
    uint64_t layouts[17];
    tm_matches matches;
    tm_buf lost_fields; /* of merged records, by name (lost_fields.h) */
    tm_buf repeats;     /* tm_repeat of records that repeat others */
    tm_counts counts;
} tm_piece;

typedef struct tm_refused { /* a long record that takes too much memory (long.c) */
    uint64_t place;
    uint64_t share; /* what it would need */
} tm_refused;

typedef struct tm_input_tag { /* a constant field that an input's records get */
    tm_fieldpath *path;
    tm_str json;
} tm_input_tag;

typedef struct tm_level { /* a batch on its way through the steps (levels.c) */
    tm_arena mem;         /* the batch's */
    tm_batch batch;
    uint32_t *first, *next;        /* WRITE: findings by record; NULL: not yet linked */
    bool plain;                    /* WRITE: tm_plain, of level 0 */
    uint32_t written;              /* WRITE: records that the piece has taken */
    uint32_t *parent, parent_room; /* of children: index in the batch before */
    uint32_t from;                 /* of children: the first step they go through */
    uint64_t bytes;                /* of children: raw */
    bool open;                     /* of children: there are some */
} tm_level;

typedef struct tm_text_place { /* in a file of a folder of texts: line and column of byte `at` */
    const char *raw;           /* of the record */
    size_t at;
    uint32_t below;
    uint64_t column;
} tm_text_place;

typedef struct tm_worker {
    tm_run *run;
    tm_pass *pass;
    unsigned number;
    tm_level level[TM_PATH_LEVELS + 1]; /* [0] as read; [k] children of a fan-out of [k - 1] */
    void **scratch;                     /* by step */
    tm_step_view *view;                 /* by step */
    tm_block block;
    bool keeps; /* the next pass will read it again: the cache may keep it */
    tm_packer *packer;
    tm_facts facts;
    tm_verdict_range *range; /* by step, of the block at hand */
    tm_verdict_range earlier;
    tm_buf line, path;
    tm_locator locator; /* of the record that the piece takes */
    tm_text_place text_place;
    tm_part_place part_place;
    void *fold_state;
    struct {
        bool is, passes; /* looked at: the block is sound so far; written: its records may pass */
        uint16_t layout;
        uint32_t passed; /* spans whose records the piece has taken */
        /* Of a table: what its rows are as JSON; of those not taken yet, when the block passes. */
        uint64_t bytes, characters;
    } sound;
    struct {
        uint32_t *span; /* by record of the batch as read */
        tm_buf known;   /* of the block at hand, a bit a span */
        tm_buf bits;    /* of the block at hand, being found out */
        uint32_t steps; /* known: behind steps [0, steps) */
        bool looks;
    } quiet;
    tm_buf picked; /* spans of the batch at hand; of a row as texts alone, with TM_PICKED_TEXTS */
    struct {       /* texts.c */
        bool on;
        uint32_t source; /* that the model is of; 0: none */
        tm_row_model model;
        tm_str *text; /* by part of the model */
    } texts;
    tm_buf refused; /* why the long record at hand is unreadable; empty: it is not */
    /* WRITE: takes up a piece that has grown large before its block is done, so that it is empty
     * again; NULL: it may grow. */
    tm_status (*hand_on)(void *arg, struct tm_worker *w, tm_piece *p, tm_err *err);
    void *hand_on_arg;
} tm_worker;

struct tm_run {
    tm_arena mem;
    tm_recipe *recipe;
    tm_run_options options;
    unsigned threads;
    tm_source *source; /* those of the stream, then those of references */
    uint32_t sources, every_source, source_room, note_room;
    tm_err nothing;       /* why the first folder that gives no source gives none */
    tm_buf head;          /* first decoded bytes of standard input */
    tm_plan_input *input; /* of the stream, then references */
    uint32_t inputs, references;
    uint32_t *input_of;  /* by source index */
    tm_input_tag **tags; /* by input; ended by a NULL path */
    tm_plan *plan;
    tm_step_state *state; /* by step */
    uint32_t *code_at;    /* first code of a step in `found`; [steps] = how many in all */
    size_t *cell_at;      /* likewise of its tables in `matches` */
    tm_rows rows;         /* which sources have a row of their own in them */
    bool wants_repeats;   /* somebody reads of clusters */
    bool reorders;
    tm_binding binding;      /* what layouts are looked for, in all passes alike */
    const tm_route *route;   /* of the step that routes, or NULL */
    uint32_t routes, router; /* router: the step that routes */
    tm_spill spill;
    uint64_t exchange_budget;
    uint64_t least_memory; /* that the plan needs with so many threads, whatever comes */
    uint64_t over_shared, over_worker; /* what tables took beyond what was estimated */
    char *folder;                      /* NUL-terminated, or NULL */
    tm_str *shard_name;                /* prefixes of data that may lie there (results.c) */
    uint32_t shard_names, shard_name_room;
    char *work; /* where decisions are kept: RUN/.tamis, or the spill folder */
    int lock_file;
    bool made_folder, fresh_folder; /* it was not there before; or nothing was in it */
    bool failed;
    unsigned passes;
    _Atomic unsigned pass;
    tm_lock batch_lock; /* on_batch: one at a time; guards `refused` too */
    tm_sound *sound;
    tm_quiet *quiet;
    tm_cache *cache; /* NULL: every pass reads the sources */
    tm_refused *refused;
    uint32_t refusals, refused_room;
    _Atomic bool cancel;
    _Atomic uint64_t bytes_read, records, kept, fallen, unreadable;
    const char *_Atomic doing;
    double began;
    tm_run_result result;
};

static inline bool tm_cancelled(const tm_run *run)
{
    return atomic_load_explicit(&run->cancel, memory_order_relaxed);
}
/* The rid behind which nothing is read any more, if a head has been decided. */
bool tm_run_cut(const tm_run *run, tm_rid *cut);

/* run.c */
tm_status tm_sources_unchanged(const tm_run *run, tm_err *err);
/* Bytes that the table of a step may take while it is made, when no worker is at work. */
uint64_t tm_run_table_room(const tm_run *run, const tm_plan_step *step);
/* A table of so many bytes is there until the end, and what a worker marks in it (an eighth at
 * most). What the plan had not reckoned with is taken from the exchange and from the threads. */
tm_status tm_run_charge_table(tm_run *run, const tm_plan_step *step, uint64_t bytes, tm_err *err);

/* A sentence for whoever runs it; text is released. */
tm_status tm_run_note(tm_run *run, tm_buf *text, tm_err *err);

/* input_folder.c: the sources that a folder stands for, and notes of what it does not */
tm_status tm_inputs_folder(tm_run *run, tm_source_wish wish, const char *folder, tm_err *err);

/* inputs.c */
tm_status tm_inputs_keep(tm_run *run, tm_source source, tm_err *err);
tm_status tm_inputs_open(tm_run *run, tm_err *err);
/* Constant fields of input i. */
/* Its layouts, and what it will come to, by looking into its sources. */
tm_status tm_sample_input(tm_run *run, tm_plan_input *input, tm_err *err);
tm_status tm_inputs_tags(tm_run *run, const tm_recipe_input *from, uint32_t i, tm_err *err);
tm_status tm_inputs_restore(tm_run *run, tm_err *err); /* stage_ticket.c: from options.ticket */
tm_status tm_inputs_spool(tm_run *run, tm_err *err);   /* pipes, so that they can be read twice */
tm_hash tm_inputs_identity(const tm_run *run);

/* pass.c */
tm_status tm_pass_run(tm_pass *pass, tm_err *err);

/* rounds.c */
tm_status tm_rounds_run(tm_run *run, tm_err *err); /* decides every set step and head */
/* Where the decisions of a step are kept: tail ".bin" when they are complete. NULL: memory */
char *tm_decisions_path(const tm_run *run, const tm_plan_step *step, const char *tail, tm_err *err);

/* work.c: one block; WRITE and HEAD fill the piece */
tm_status tm_worker_init(tm_worker *w, tm_run *run, tm_pass *pass, unsigned number, tm_err *err);
tm_status tm_worker_block(tm_worker *w, tm_piece *piece, tm_err *err);
/* Where byte `at` of record r of a batch at hand stands: its line within the block, from 0. */
void tm_worker_position(tm_worker *w, const tm_batch *b, uint32_t r, size_t at, uint64_t *line,
                        uint64_t *column);
/* bad_reference.c: `at`: the record's place. r: its number in the batch at hand, or TM_NONE where
 * the source itself is damaged. */
tm_status tm_bad_reference(tm_worker *w, uint64_t at, const tm_trouble *why, uint32_t r,
                           tm_err *err);
/* For hand_on: makes the piece ready to be taken up as it is; makes it empty for the rest of its
 * block. */
tm_status tm_worker_seal(tm_worker *w, tm_piece *piece, tm_err *err);
void tm_worker_empty(const tm_worker *w, tm_piece *piece);
void tm_worker_release(tm_worker *w);

/* long.c: blocks that are one record, longer than TM_BLOCK_BYTES. */
enum { TM_FACT_COPIES = 2 /* of the facts of such a record, on their way into the exchange */ };
uint64_t tm_block_long(const tm_block *block); /* bytes of the record; 0: an ordinary block */
/* What it may take of the room for long records; 0: an ordinary block. */
uint64_t tm_long_share(const tm_run *run, const tm_block *block);
/* How records are read, with the longest that there is room for. */
tm_read_limits tm_long_limits(const tm_run *run);
/* Works on the block by `fill`; once more, with the record refused, when it takes too much. */
typedef tm_status tm_fill(tm_worker *w, tm_piece *piece, tm_err *err);
tm_status tm_long_work(tm_worker *w, tm_piece *piece, tm_fill *fill, tm_err *err);
/* The records refused so far, as decisions of `step`, so that a resumed run knows them, too. */
tm_status tm_long_decisions(tm_run *run, uint16_t step, tm_decisions *out, tm_err *err);
/* Before a record is observed: is there room to write it? */
tm_status tm_long_observed(const tm_worker *w, tm_err *err);
/* Before facts go into the exchange: is there room for that? */
tm_status tm_long_facts(const tm_worker *w, tm_err *err);

/* A batch: what there is room for in a cache. */
enum { TM_BATCH_BYTES = 64 << 10, TM_BATCH_RECORDS = 4096 };
static inline uint32_t tm_batch_most(const tm_run *run)
{
    return run->options.batch_records ? run->options.batch_records : TM_BATCH_RECORDS;
}

/* Of so many files every how manieth is looked at, so that it is `most` of them at most. */
static inline uint32_t tm_apart(uint32_t files, uint32_t most)
{
    return TM_MAX((files + most - 1) / most, 1u);
}

/* What one pass learned of a block is kept for the next by where it begins and how long it is. */
static inline uint64_t tm_block_place(const tm_block *b)
{
    return TM_PLACE(b->source, b->at);
}
static inline uint64_t tm_block_length(const tm_block *b)
{
    return tm_block_end(b) - b->at; /* of a table: rows */
}
/* work.c: whether the pass reads all records of its blocks and only looks at them, so that what it
 * finds out about one holds for the passes behind it. */
bool tm_pass_sees_all(const tm_pass *pass);

/* steps.c: steps [from, pass->steps) on one batch. Parents are marked, children not yet made. */
tm_status tm_steps_apply(tm_worker *w, tm_piece *piece, tm_batch *b, uint32_t from, tm_err *err);

/* It measures, and nobody asks for that in this pass. */
bool tm_step_is_idle(const tm_worker *w, const tm_plan_step *step);
/* A batch of a reference: signals of set steps that looked at references, and nothing else. */
tm_status tm_steps_measure(tm_worker *w, tm_batch *b, tm_err *err);

/* levels.c: the batch as read through all steps, and all that it gives; `look` is for observing
 * passes. */
typedef tm_status tm_look(tm_worker *w, tm_batch *b, tm_err *err);
tm_status tm_levels_work(tm_worker *w, tm_piece *piece, tm_look *look, tm_err *err);

/* piece.c */
tm_status tm_piece_init(tm_piece *p, const tm_run *run, tm_err *err);
void tm_piece_clear(tm_piece *p, const tm_run *run);
void tm_piece_give_back(tm_piece *p); /* the room of an empty one */
void tm_piece_release(tm_piece *p);
/* The batch of a level is about to be taken; shows it to whoever wants to see batches. */
tm_status tm_piece_begin(tm_worker *w, tm_level *level, tm_err *err);
/* Takes one record of a level; the caller keeps them in rid order. */
tm_status tm_piece_add(tm_worker *w, tm_piece *p, tm_level *level, uint32_t r, tm_err *err);
tm_status tm_piece_hand_on(tm_worker *w, tm_piece *p, tm_err *err); /* when it has grown large */

/* plain.c: records as read of which nobody wants more than their bytes */
bool tm_plain(const tm_worker *w, const tm_batch *b);
/* Takes those of level 0 up to r. */
tm_status tm_plain_take(tm_worker *w, tm_piece *p, tm_level *level, uint32_t r, tm_err *err);

/* emit.c */
tm_status tm_emitter_open(tm_emitter **out, tm_run *run, tm_err *err);
tm_status tm_emit(tm_emitter *e, tm_piece *piece, tm_err *err); /* in order, one at a time */
tm_status tm_emitter_source(tm_emitter *e, uint32_t source, const char *sha256, uint64_t file_bytes,
                            uint64_t decoded_bytes, tm_err *err);
tm_status tm_emitter_commit(tm_emitter *e, tm_err *err); /* closes and frees */
void tm_emitter_abandon(tm_emitter *e);

/* manifest.c */
tm_status tm_manifest_write(tm_run *run, tm_err *err);

/* results.c */
/* Learns the names of data files in the folder: of this run, of the finished one there, and of an
 * unfinished one (plan: what .tamis/plan holds: the plan's name, then a route a line). */
tm_status tm_results_know(tm_run *run, bool finished, tm_str plan, tm_err *err);
bool tm_is_result(const tm_run *run, tm_str name);
/* PREFIX-00000.FORMAT, as data are named. */
bool tm_is_shard_of(tm_str name, tm_str prefix);
tm_str tm_without_temporary(tm_str name); /* NAME of .NAME.tmp-PROCESS-NUMBER; else itself */

/* runfolder.c */
tm_status tm_run_folder_take(tm_run *run, tm_err *err); /* make, lock, look for an unfinished run */
bool tm_run_resumes(const tm_run *run);                 /* whether its inputs can be read again */
tm_status tm_run_folder_clear(tm_run *run, tm_err *err); /* results of an earlier run go */
/* No file that is written, beside those of the run folder, is one that is read. */
tm_status tm_run_refuse_originals(tm_run *run, tm_err *err);
tm_status tm_run_folder_done(tm_run *run, tm_err *err); /* removes what was kept for a resume */
/* After a failure: what was made for a run that got nowhere goes again. */
void tm_run_folder_undo(tm_run *run);
void tm_run_folder_drop(tm_run *run);

#endif
