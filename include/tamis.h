/* SPDX-License-Identifier: Apache-2.0 */
/* Tamis as a library: open a plan, look at it, run it, watch it, read its records.
 *
 *   tamis_options options = TAMIS_OPTIONS;
 *   options.recipe = "steps: [check.record, dedup.exact]";
 *   options.inputs = (const char *const[]){"train.jsonl", NULL};
 *   options.folder = "clean";
 *   tamis_plan *plan;
 *   tamis_error error;
 *   tamis_status status = tamis_open(&plan, &options, &error);
 *   if (status == TAMIS_OK) status = tamis_run(plan, &error);
 *   tamis_close(plan);
 *
 * Call order: tamis_open; then tamis_plan_json as often as wanted; then tamis_run or tamis_stream,
 * one of them and once; then tamis_result_json; tamis_close.
 *
 * Units. Sizes are bytes, times seconds, lines and columns count from 1. Texts are UTF-8 and end
 * with a zero byte; lists of texts end with NULL.
 *
 * Ownership. What a function takes is copied before it returns and stays the caller's, but for the
 * tables of the options and the streams of stages, which are taken over. What a plan gives (its
 * JSON texts) is the plan's and goes with tamis_close. A stream and its batches are the
 * caller's, who calls their `release`; they outlive the plan if need be.
 *
 * Errors. Every function that can fail returns a status and fills *error, which may be NULL. After
 * a failure nothing has to be freed but what was open before. A bad record is not an error: it is
 * counted, and in a run folder it is kept with its place and the reason.
 *
 * Threads. One plan is used by one thread at a time, but for tamis_cancel, tamis_watch and what
 * asks after its stream, which any thread may call while the plan is open. Different plans are
 * independent of each other. The library starts threads for a run and none remains behind it.
 *
 * Nothing is printed, no signal is caught and no process is ended. */
#ifndef TAMIS_H
#define TAMIS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TAMIS_API __attribute__((visibility("default")))
#else
#define TAMIS_API
#endif

/* The same numbers as the program's exit codes. */
typedef enum tamis_status {
    TAMIS_OK = 0,
    TAMIS_FINDINGS = 1,  /* done, but more records are unreadable than the limit allows */
    TAMIS_USAGE = 2,     /* options or recipe are wrong, or a result is there already */
    TAMIS_INPUT = 3,     /* no input could be read */
    TAMIS_CANCELLED = 4, /* stopped by tamis_cancel; a run with a folder can be taken up again */
    TAMIS_INTERNAL = 5   /* memory, disk, or a fault of the library */
} tamis_status;

/* What went wrong and where. Empty text and 0 mean: not known, or not of this kind. */
typedef struct tamis_error {
    tamis_status status;
    uint64_t line, column; /* from 1; columns count characters */
    char code[8];          /* "T1013": `tamis ops T1013` says all about it */
    char source[256];      /* the file or recipe that line and column are of */
    char message[768];     /* a sentence, with what to do next */
} tamis_error;

struct ArrowArrayStream; /* below */

/* A table of the caller: rows to read records from, by the Arrow C stream interface. */
typedef struct tamis_input_table {
    const char *name; /* what messages, the ledger and the manifest call it: "table" */
    struct ArrowArrayStream *stream;
} tamis_input_table;

/* What to do. Begin with TAMIS_OPTIONS, so that members added later have their defaults; all may
 * stay 0 but the inputs, and those when the recipe names its own. */
typedef struct tamis_options {
    size_t bytes; /* sizeof(tamis_options) as the caller knows it */
    /* One of three: a recipe as text, a recipe in a file (YAML, or JSON), or one operator with its
     * parameters as "name=value". With none of them the built-in recipe runs for the kind of
     * examples that is found, as with `tamis refine`. "steps: []" reads and changes nothing. A
     * recipe's output.path is not looked at: `folder` and `file` are. */
    const char *recipe;
    const char *recipe_name; /* of `recipe`, for messages; NULL: "recipe" */
    const char *recipe_file;
    const char *op;
    const char *const *params;
    /* What a recipe may say beside its steps, as "name=value", over what it says: seed=7,
     * limits.memory=2GiB, limits.unreadable=1%, output.format=json.gz, output.ledger=fates; and of
     * `inputs`: input.layout=sharegpt, input.utf8=replace, input.map=prompt=request.text (once a
     * name). Names and values are those of docs/reference/recipe.md. */
    const char *const *settings;
    /* Files, patterns, folders, or "-" for standard input. They take the place of the recipe's
     * inputs; NULL: those. Relative paths begin in the working folder. */
    const char *const *inputs;
    const char *folder; /* of the run: data, ledger, manifest, report; NULL: none */
    const char *file;   /* the data to this one file, or "-" for standard output; its name decides
                         * the format; NULL: into the folder, if there is one */
    unsigned threads;   /* 0: one a processor. Decides no result */
    int overwrite;      /* not 0: an existing result, or an unfinished run of another plan, is
                         * replaced; 0: it is refused */
    int no_resume;      /* not 0: an unfinished run of the same plan is begun anew; 0: it goes on */
    /* Tables, ended by one without a name; NULL: none. A path that is the name of one means it,
     * before any file: in `inputs`, and among the inputs and references of a recipe. With `inputs`
     * NULL and a recipe that names no inputs, the inputs are all tables that no reference names.
     *
     * tamis_open reads each stream to its end and releases it, also when it fails. The arrays are
     * kept as they are, nothing is copied, and released with the plan or its stream, whichever goes
     * last, by the thread that lets it go. They must not change meanwhile.
     *
     * A row is a record: a JSON object of the columns in their order, null where they are null
     * (docs/guide/library.md says how each type is written). Its place counts rows from 0, its line
     * from 1; `sha256` in the manifest is that of these objects, one a line. A run over a table can
     * not be resumed. TAMIS_USAGE: a column of a type that has no such form, by its name. */
    const tamis_input_table *tables;
} tamis_options;
/* Every member by its place, which is C and C++ and warns nowhere. */
#define TAMIS_OPTIONS                                                \
    {                                                                \
        sizeof(tamis_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 \
    }

typedef struct tamis_plan tamis_plan;

TAMIS_API const char *tamis_version(void); /* "0.1.0"; never freed. From any thread */

/* Reads the recipe, samples the inputs and makes the plan; writes nothing. With TAMIS_OK *plan has
 * to be closed, else it is NULL. TAMIS_USAGE: options or recipe are wrong (error says where in the
 * recipe), the file is there already, or the plan does not fit into the memory it may take;
 * TAMIS_INPUT: an input is missing or cannot be read; TAMIS_INTERNAL: memory. */
TAMIS_API tamis_status tamis_open(tamis_plan **plan, const tamis_options *options,
                                  tamis_error *error);

/* The plan as one JSON object: inputs with their layouts, steps with all parameters, cost in bytes,
 * remarks (what `tamis run --dry-run --json` prints). The plan's; NULL: no memory. */
TAMIS_API const char *tamis_plan_json(tamis_plan *plan);

/* Carries the plan out and blocks until it is done. With a folder: takes it (TAMIS_USAGE when a
 * result or an unfinished run of another plan is there, or another process holds it), goes on with
 * what an earlier attempt left, and writes data, ledger, manifest and report. With a file: the
 * data. With neither: counts only. Results take their names when they are complete. TAMIS_FINDINGS
 * and TAMIS_INPUT are said at the end of a run that is otherwise complete: too many or all records
 * could not be read, or an input broke off. TAMIS_CANCELLED: tamis_cancel was called; with a
 * folder, opening the same plan anew and running it goes on. TAMIS_INTERNAL: memory, disk. A second
 * call: TAMIS_USAGE. */
TAMIS_API tamis_status tamis_run(tamis_plan *plan, tamis_error *error);

/* What a complete run came to, as one JSON object: counts, steps, inputs, outputs, folder, seconds
 * (what `tamis run --json` prints; with a folder, manifest.json says the same and more). The counts
 * close: read + made = kept + dropped + merged + parked + replaced + unreadable. The plan's; NULL
 * before a run is complete, after one that failed, or for want of memory. */
TAMIS_API const char *tamis_result_json(tamis_plan *plan);

/* Asks a run to stop after the batches at hand (about 64 KiB each); returns at once. A run that
 * has not begun will stop at its beginning, one that is done is not changed. From any thread, and
 * from a signal handler. Cannot fail. A run that waits for a pipe or for the reader of its stream
 * notices when that goes on. */
TAMIS_API void tamis_cancel(tamis_plan *plan);

/* Frees the plan and what it gave. NULL is fine. Not while tamis_run is at it; while a stream is
 * there it may be called, and the stream goes on. */
TAMIS_API void tamis_close(tamis_plan *plan);

typedef struct tamis_progress {
    uint64_t bytes, bytes_total; /* of input, decoded, in this pass; total is an estimate for
                                  * compressed inputs, 0: not known */
    uint64_t records, kept, fallen, unreadable; /* so far, in this pass; fallen: dropped, merged or
                                                 * parked */
    uint64_t memory;                            /* bytes the library has allocated now, all plans */
    unsigned pass, passes;                      /* from 1; pass 0: not begun */
    double seconds;                             /* since tamis_open */
    char doing[96];                             /* "dedup.exact: hash", "writing" */
} tamis_progress;

/* How far a run is. Cheap: a few atomic reads, so as often as wanted. From any thread while the
 * plan is open. Cannot fail. Numbers are of one moment each, not all of the same. */
TAMIS_API void tamis_watch(const tamis_plan *plan, tamis_progress *progress);

/* The Arrow C data and stream interfaces (arrow.apache.org/docs/format/CDataInterface.html), which
 * ask for their structs to be copied under these names and guards. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

typedef enum tamis_table {
    /* A row a kept record (as many as it has copies):
     *   place, path  uint64       which record, as in the ledger
     *   source       utf8         its file
     *   line         uint64       where it begins there
     *   layout       utf8, null   "messages" ...; null where it fits none, or none was wanted
     *   record       large_utf8   the JSON text as the plan leaves it, without a line's end
     *   route        utf8         where it goes ("train"); only if a step routes
     * then one column a signal of the plan's steps (float64 or utf8, null: not known), named as in
     * the ledger. */
    TAMIS_RECORDS,
    /* A row a text of a kept record, in the record's order. Every record is bound to a layout, and
     * those that fit none are unreadable:
     *   place, path, source, line  as above
     *   layout       utf8
     *   part         utf8               where it stands: "messages[3].content"
     *   role         utf8               system, user, assistant, tool, document, other
     *   kind         utf8               content, reasoning, call, result
     *   turn         uint64             number of the message, from 0
     *   answer       uint64             0: shared context, 1: chosen or only answer, 2..: others
     *   response     bool               what a trainer trains on
     *   text         large_utf8, null   as the plan leaves it; null: null, or an image or such */
    TAMIS_PARTS,
    /* The records as differences, for who has them: a row a kept record.
     *   place, path  uint64       of a table's row, its number from 0 in the low 40 bits of place
     *   was          large_utf8, null   the JSON text as read; null where no step changed it, and
     *                                   where a step made the record (path is not 0)
     *   now          large_utf8, null   as the plan leaves it; null where no step changed it
     *   route and signals as above. */
    TAMIS_CHANGES
} tamis_table;

/* Runs the plan as tamis_run does and gives what it keeps as an Arrow stream, in the order of the
 * inputs, while the run goes on behind the stream. Where a step makes another order (shuffle,
 * sort), rows come in that one, and none before all records have been seen; they wait in the memory
 * that the run has for sorting, and what does not fit is spilled. Files are written too when the
 * options name some. To read any input, stream the plan of "steps: []".
 *
 * The stream is the caller's, who releases it once; releasing it early cancels the run. A batch
 * holds about 1 MiB and is the caller's too. At most five wait behind the stream, beside the run's
 * own memory; a slow reader stops the run, not the other way round. One thread at a time may use
 * the stream; it need not be the one that opened it.
 *
 * What a run would return comes at the end of the stream: get_next gives 0 and a released array
 * when it is well, else a number of errno, and get_last_error the sentence, which lives until the
 * stream's next call. That a broken input gives all rows before the break, and then the error, is
 * on purpose. TAMIS_USAGE at once: the plan was run before. *stream is released then. */
TAMIS_API tamis_status tamis_stream(tamis_plan *plan, tamis_table table,
                                    struct ArrowArrayStream *stream, tamis_error *error);

/* For a reader that has something else to look at meanwhile (signals, a button): waits until the
 * plan's stream has a batch, its end or an error to give, for `seconds` at most. 1: it has, and
 * get_next does not wait, or there is no stream, or it was released meanwhile; 0: not yet. While
 * the plan is there, from any thread. Cannot fail. */
TAMIS_API int tamis_stream_wait(tamis_plan *plan, double seconds);
/* What the run behind the plan's stream came to: get_last_error has the sentence alone. TAMIS_OK
 * while it goes on. As long as the plan is there, also behind the stream; from any thread. */
TAMIS_API tamis_status tamis_stream_verdict(tamis_plan *plan, tamis_error *error);

/* ---- One run on many machines ------------------------------------------------------------------
 *
 * A plan cut into splits (stretches of the input) and stages with a shuffle between one and the
 * next. The shuffle is the caller's (Apache Spark's: python/tamis/spark.py is such a caller); what
 * stands on either side of it is here: pure functions of a stage, a split and Arrow streams, which
 * any process on any machine of the same kind can call, in any order and again. Data and ledger are
 * those of tamis_run, byte for byte and value for value.
 *
 *   the driver    tamis_open with a folder that every machine sees under the same path, and files
 *                 likewise; tamis_ticket; tamis_stages_json; tamis_stages_begin; stages in their
 *                 order; tamis_stages_join, here or anywhere; tamis_stages_end; tamis_close
 *   a worker      tamis_open_ticket once; for each task tamis_stage_tell what is told so far, then
 *                 tamis_stage_map or tamis_stage_reduce; tamis_close
 *
 * Rows. Streams on both sides have these columns; of those given, absent ones count as empty:
 *   what   int64    0 a fact, 1 a decision, 2 a state (data: of a fold, or a head's)
 *   stage  int64    that made it
 *   split  int64    decision: whose it is to be shown to
 *   key    binary   fact: those of one key are reduced together
 *   order  binary
 *   rid    binary   which record: 16 bytes, big-endian
 *   data   binary
 * All binary columns are compared byte by byte, a shorter one before those it begins.
 *
 * Stages, by `how` in tamis_stages_json. Those that say "observes" are mapped over splits: the
 * first "of_stream" of the list, with "references" all, with "references_only" the others alone,
 * or none without "references". The rest get the facts that the stage before "leaves":
 *   group       facts sorted by (key, order, rid, data), all of a key in one stream, to
 *               tamis_stage_reduce: decisions, and facts for the next stage
 *   components  facts are edges from rid to the rid in data; the caller finds for each rid the
 *               lowest of its component, as the key of a fact with that rid, and reduces these
 *   sort        facts sorted by (order, rid) over all streams; reduced with `first` = how many
 *               stand in the streams before
 *   fold        map gives a state; all of them, merged by tamis_stage_fold, are told
 *   table       facts, sorted as for group, all in one stream, to tamis_stage_reduce: a state, or
 *               none, which is told
 *   head        map gives the number of live records (8 bytes, of this machine's order); the split
 *               where the one numbered "head" of all lies is mapped again with its number in the
 *               split as a row of `what` 2 among the decisions, and gives a rid; told are 24 bytes:
 *               1, place and path of it, or zeroes when there are fewer records
 *   write       map writes the split's part of the result into the folder; when the stage leaves
 *               facts, they are the kept records, for put
 *   put         facts sorted as for sort, reduced with `first` = number of the stream, from 0
 *   digest      map, over splits that begin at 0 and have an end: SHA-256 of their source, for the
 *               manifest; may be left out
 * "joins" names the stages whose decisions map wants: those with the split's number, sorted by
 * (stage, rid, data). */

/* What others open the same plan from. split_bytes 0: 64 MiB. The plan's. TAMIS_USAGE: an input
 * gives its bytes once (a pipe). */
TAMIS_API tamis_status tamis_ticket(tamis_plan *plan, uint64_t split_bytes, const void **ticket,
                                    size_t *bytes, tamis_error *error);
/* Looks at no input. TAMIS_USAGE: not a ticket, or of another version; TAMIS_INTERNAL: another plan
 * comes of it here. */
TAMIS_API tamis_status tamis_open_ticket(tamis_plan **plan, const void *ticket, size_t bytes,
                                         tamis_error *error);
/* Stages and splits as one JSON object. After either of the two above. The plan's; NULL: memory. */
TAMIS_API const char *tamis_stages_json(tamis_plan *plan);
/* What is known of a fold or head from now on. */
TAMIS_API tamis_status tamis_stage_tell(tamis_plan *plan, uint32_t stage, const void *told,
                                        size_t bytes, tamis_error *error);
/* Takes `decisions` over (NULL or released: none) and releases it with *rows, which does the work
 * while it is read: at most one map or reduce of a plan at a time. */
TAMIS_API tamis_status tamis_stage_map(tamis_plan *plan, uint32_t stage, uint32_t split,
                                       struct ArrowArrayStream *decisions,
                                       struct ArrowArrayStream *rows, tamis_error *error);
TAMIS_API tamis_status tamis_stage_reduce(tamis_plan *plan, uint32_t stage, uint64_t first,
                                          struct ArrowArrayStream *facts,
                                          struct ArrowArrayStream *rows, tamis_error *error);
/* Merges a state into another of the same bytes. */
TAMIS_API tamis_status tamis_stage_fold(tamis_plan *plan, uint32_t stage, void *into,
                                        const void *from, size_t bytes, tamis_error *error);
/* Takes the folder, as tamis_run does. */
TAMIS_API tamis_status tamis_stages_begin(tamis_plan *plan, tamis_error *error);
/* Puts the run folder together from what the stages wrote, once this plan, too, was told what there
 * is to tell (tamis_stage_tell): the manifest counts what tables left out. What tamis_run would say
 * of the result is said here, and tamis_result_json holds it. */
TAMIS_API tamis_status tamis_stages_join(tamis_plan *plan, tamis_error *error);
/* The last call: no input changed meanwhile (TAMIS_INPUT), and what only the stages needed goes. */
TAMIS_API tamis_status tamis_stages_end(tamis_plan *plan, tamis_error *error);

#ifdef __cplusplus
}
#endif
#endif
