/* tm_run: one execution of a plan.
 *
 *   tm_run_open(&run, recipe, options)    probes inputs, makes the plan, takes the folder
 *   tm_run_plan(run)                      for --dry-run: stop here
 *   tm_run_go(run)                        the passes; tm_run_progress from any other thread
 *   tm_run_result(run)                    counts, files; also what manifest.json holds
 *   tm_run_end(run)                       when its report is written
 *   tm_run_close(run)
 *
 * A run reads its sources once for every round of a set step that must look at records, and once
 * more to write: record steps are pure, so replaying them is cheaper than spooling what they made.
 * What is kept between passes are decisions, named by the plan prefix that made them: resume after
 * a kill and "I changed step 7, keep 1-6" are this one mechanism. tm_run_cancel may be called from
 * any thread or a signal handler; it is looked at once a batch, and the run then ends with
 * TM_ECANCELLED, resumable when it has a folder. */
#ifndef TM_FLOW_RUN_H
#define TM_FLOW_RUN_H

#include "io/sink.h"
#include "io/source.h"
#include "plan/plan.h"
#include "record/locator.h"

typedef struct tm_run tm_run;
struct tm_reducer;
struct tm_exchange;

typedef struct tm_finding_view { /* one finding as people see it */
    tm_str source;               /* file */
    uint64_t line, column;       /* from 1; column 0 = unknown */
    uint64_t offset;             /* of the record in the decoded stream */
    tm_rid rid, other;
    const char *code, *name; /* "T1204", "call-arguments-not-object" */
    tm_str sentence;
    tm_str step; /* empty: the reader */
    tm_str path; /* "messages[3].content" */
    double value;
    uint8_t verdict; /* tm_verdict; unreadable: TM_V_DROP and step empty */
} tm_finding_view;

typedef struct tm_batch_view { /* a batch at the end of the writing pass */
    tm_batch *batch;
    const tm_source *source;
    const tm_layout_set *layouts;
    const tm_plan *plan;
} tm_batch_view;

typedef struct tm_kept_view { /* a record that comes through, as it is written */
    tm_batch *batch;
    uint32_t record;
    tm_str text; /* JSON, one line without its end */
    const tm_source *source;
    const tm_layout_set *layouts;
    tm_locator *locator; /* at this record */
} tm_kept_view;

typedef struct tm_shown { /* who looks at the kept records, beside the files they are written to */
    bool binds;           /* wants layouts and parts, also where no step does */
    /* Called by the worker that read the record, so by several at once: appends to *rows what is
     * wanted of it. Lines are counted from 0 within its block. NULL: nobody looks. */
    tm_status (*on_kept)(void *arg, const tm_kept_view *kept, tm_buf *rows, tm_err *err);
    /* The rows of records of one block, in the order of the output (that of rids, unless a step
     * makes another: then all come at the end of the run), one call at a time. `lines`: how many
     * stand before the block in its source. May be NULL. */
    tm_status (*on_rows)(void *arg, tm_str rows, uint64_t lines, tm_err *err);
    /* In the place of on_kept for `count` records from `place` on that are kept as they were, and
     * of which no step says anything. NULL: on_kept is called for each. */
    tm_status (*on_same)(void *arg, uint64_t place, uint32_t count, tm_buf *rows, tm_err *err);
    void *arg;
} tm_shown;

typedef enum tm_emits {
    TM_EMITS_ALL,
    TM_EMITS_FILES, /* data and parked records */
    TM_EMITS_BOOKS  /* the rest: ledger, findings, unreadable records, counts */
} tm_emits;

typedef struct tm_run_options {
    unsigned threads; /* 0 = cores */
    tm_str folder;    /* run folder, or empty: no ledger, no manifest, no resume */
    tm_str file;      /* data to this file or "-"; may stand beside a folder; or empty */
    /* For law 6: the file the recipe was read from, and files that the front end writes from the
     * result when the run is done. NULL = none. */
    const char *recipe_file, *writes[2];
    bool resume;            /* take up an unfinished run of the same plan in the folder */
    bool must_resume;       /* and refuse to begin one: with nothing to take up it fails */
    bool overwrite;         /* replace an existing result */
    bool scan_only;         /* no layouts: validate and pass on (cat) */
    bool refine;            /* the built-in recipe for the example kind found in the input */
    const tm_op *also;      /* a step behind the recipe's where the inputs hold `also_kinds` */
    uint32_t also_kinds;    /* 1 << tm_example_kind */
    bool measure_only;      /* write no data: inspect, check (findings and ledger as asked) */
    bool clusters;          /* gather clusters of duplicates without a folder, too */
    uint32_t batch_records; /* at most so many records a batch; 0 = by bytes (tests) */
    /* Called in order for every unreadable record, and for every finding and unreadable record, of
     * the writing pass, on one thread at a time; NULL = none. Findings cost: each one's place is
     * worked out. For messages on the terminal; for check and inspect. */
    void (*on_unreadable)(void *arg, const tm_finding_view *record);
    void *unreadable_arg;
    void (*on_finding)(void *arg, const tm_finding_view *finding);
    void *finding_arg;
    /* Called for every batch of the writing pass, one at a time but in any order: what it collects
     * must commute (integer counts, smallest rid). */
    tm_status (*on_batch)(void *arg, const tm_batch_view *view, tm_err *err);
    void *batch_arg;
    tm_shown shown;
    tm_table *const *table; /* of the calling program: an input's path may be the name of one */
    uint32_t tables;
    tm_str ticket;  /* what another process found behind the inputs (stage.h): nothing is probed */
    tm_emits emits; /* of a stage: what the emitter writes */
    /* Another exchange in the place of the local one (a cluster's; tests put a hostile one here):
     * must bring the facts together by key, sorted, and run the reducer over them. */
    tm_status (*reduce)(void *arg, const struct tm_reducer *reducer, struct tm_exchange *facts,
                        tm_err *err);
    void *reduce_arg;
} tm_run_options;

typedef struct tm_counts {
    uint64_t read, made, kept, dropped, merged, parked, replaced, unreadable, written;
} tm_counts;
/* read + made = kept + dropped + merged + parked + replaced + unreadable */
bool tm_counts_close(const tm_counts *c);

typedef struct tm_step_result {
    tm_counts counts;
    const uint64_t *found;              /* by code index of the step's operator */
    const struct tm_clusters *clusters; /* of a step that finds duplicates; NULL: not gathered */
    const uint64_t
        *items;     /* by file of the references and item count (flow/reference_items.h), or NULL */
    double seconds; /* busy time over all workers */
} tm_step_result;

typedef struct tm_code_count {
    char code[8]; /* "T1013" */
    uint64_t count;
} tm_code_count;

typedef struct tm_source_result {
    uint64_t records, unreadable, file_bytes, decoded_bytes;
    char sha256[65];
    uint64_t layouts[17]; /* records by index in its input's layout set */
} tm_source_result;

typedef struct tm_kept_file { /* what a run wrote beside its data */
    const char *name;         /* in the run folder */
    tm_file_sum sum;
} tm_kept_file;

typedef struct tm_run_result {
    tm_counts counts;
    const char *builtin;          /* with options->refine: the recipe that was chosen; else NULL */
    tm_step_result *step;         /* plan->steps of them */
    const uint64_t *reader_found; /* by index in tm_reader_codes */
    const uint64_t *matches;      /* flow/matches.h */
    tm_buf lost_fields;           /* flow/lost_fields.h */
    const uint64_t *same_sides;   /* by two routes (flow/crossings.h); NULL: not looked at */
    tm_code_count lost[40];       /* unreadable records by code, in order of codes */
    uint32_t lost_codes;
    tm_err lost_first; /* of these in the order of the sources: its place, code and sentence */
    const tm_source *source;
    tm_source_result *source_result;
    uint32_t sources;
    uint64_t largest_group; /* of a split, in records; 0: no group has two */
    const bool *empty;      /* by file of the references: it holds no record */
    uint32_t references;    /* files of references, if a step looks at them */
    tm_sink_info *output;   /* data and parked files; route beside */
    tm_str *output_route;
    uint32_t outputs;
    tm_kept_file file[4]; /* ledger, findings, unreadable records, as far as there are some */
    uint32_t files;
    tm_str *note; /* what is left out of the inputs, from tm_run_open on; what is taken up */
    uint32_t notes;
    double seconds;
    uint64_t peak_memory, spilled_bytes;
    bool damaged;  /* a source could not be decoded to its end */
    bool resumed;  /* decisions of an earlier attempt were used */
    tm_str folder; /* where it is, or empty */
} tm_run_result;

typedef struct tm_progress {     /* a snapshot; cheap, any thread */
    uint64_t bytes, bytes_total; /* of input files, this pass; total 0 = unknown */
    uint64_t records, kept, fallen, unreadable;
    uint64_t memory;
    unsigned pass, passes;
    const char *doing; /* "dedup.exact: observe", "writing" */
    double seconds;
} tm_progress;

/* With options->refine the recipe gets the steps of the built-in one. It must outlive the run. */
tm_status tm_run_open(tm_run **out, tm_recipe *recipe, const tm_run_options *options, tm_err *err);
const tm_plan *tm_run_plan(const tm_run *run);
/* Takes the place of options->shown; before tm_run_go. */
void tm_run_show(tm_run *run, const tm_shown *shown);
tm_status tm_run_go(tm_run *run, tm_err *err);
/* After its report: takes away what a run that was killed before that would go on from. */
tm_status tm_run_end(tm_run *run, tm_err *err);
void tm_run_progress(const tm_run *run, tm_progress *out);
void tm_run_cancel(tm_run *run);
/* After it was cancelled: its folder holds decisions that the same plan would go on from. */
bool tm_run_keeps(tm_run *run);
const tm_run_result *tm_run_result_of(const tm_run *run);
/* After tm_run_go: what a side of a split was to hold, and holds. False: there are no more. */
typedef struct tm_route_size {
    tm_str name, asked; /* asked: "2%", "500", or empty: the rest */
    uint64_t records;   /* written to its files */
    bool sized, share;  /* a size was asked of it; as a share of all */
    uint64_t wanted;    /* that size, in records */
    int64_t off;        /* records more than that */
} tm_route_size;
uint32_t tm_run_router(const tm_run *run); /* the step that names routes; TM_NONE: none does */
bool tm_run_route(const tm_run *run, uint32_t number, tm_route_size *out);
/* After tm_run_go: TM_OK; TM_EFINDINGS when unreadable records pass the limit or a source is
 * damaged; TM_EINPUT when nothing was readable; TM_EDIFFERS when the sums do not close. */
tm_status tm_run_verdict(const tm_run *run, tm_err *err);
void tm_run_close(tm_run *run);

#endif
