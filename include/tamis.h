/* Tamis as a library: open a plan, run it, watch it, read its records.
 *
 *   tamis_options options = TAMIS_OPTIONS;
 *   options.recipe = "steps: [check.record, dedup.exact]";
 *   options.inputs = (const char *const[]){"train.jsonl", NULL};
 *   options.folder = "clean";
 *   tamis_plan *plan;
 *   tamis_error error;
 *   if (tamis_open(&plan, &options, &error) == TAMIS_OK) tamis_run(plan, &error);
 *   tamis_close(plan);
 *
 * Texts are UTF-8 and end with a zero byte. What a function takes is read before it returns and
 * stays the caller's; what it gives lives as long as the handle it came from, unless said
 * otherwise. Every function that can fail returns a status and fills *error, which may be NULL. One
 * handle is used by one thread at a time, but for tamis_cancel and tamis_watch. Nothing is printed,
 * no signal is caught, no global state is kept. */
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

/* What to do. Begin with TAMIS_OPTIONS, so that members added later have their defaults. */
typedef struct tamis_options {
    size_t bytes; /* sizeof(tamis_options) as the caller knows it */
    /* A recipe (YAML), or one operator with its parameters as "name=value" (NULL at the end). With
     * neither, the built-in recipe for the kind of examples that is found, as `tamis refine`. */
    const char *recipe;
    const char *recipe_name; /* for messages; NULL: "recipe" */
    const char *op;
    const char *const *params;
    /* Files, globs, folders, NULL at the end. They take the place of the recipe's inputs. */
    const char *const *inputs;
    const char *layout; /* NULL: found from a sample */
    const char *folder; /* of the run: data, ledger, manifest, report; NULL: none */
    const char *file;   /* the data to this one file; NULL: into the folder, if there is one */
    uint64_t memory;    /* the most bytes a run may take; 0: the recipe's, or 1 GiB */
    unsigned threads;   /* 0: one a processor */
    int overwrite;      /* not 0: an existing result is replaced */
    int no_resume;      /* not 0: an unfinished run of the same plan is begun anew */
} tamis_options;
#define TAMIS_OPTIONS                  \
    {                                  \
        .bytes = sizeof(tamis_options) \
    }

typedef struct tamis_plan tamis_plan;

TAMIS_API const char *tamis_version(void); /* "0.1.0"; never freed */

/* Reads the recipe, looks at the inputs, makes the plan, takes the folder. On success *plan has to
 * be closed. Errors: TAMIS_USAGE with the place in the recipe, TAMIS_INPUT, TAMIS_INTERNAL. */
TAMIS_API tamis_status tamis_open(tamis_plan **plan, const tamis_options *options,
                                  tamis_error *error);
/* The plan as one JSON object: inputs with their layouts, steps, cost in bytes, remarks. NULL:
 * memory. */
TAMIS_API const char *tamis_plan_json(tamis_plan *plan);
/* Carries the plan out, once. Blocks until it is done. */
TAMIS_API tamis_status tamis_run(tamis_plan *plan, tamis_error *error);
/* What a finished run came to, as one JSON object: counts, steps, inputs, outputs, seconds. The
 * counts close: read + made = kept + dropped + merged + parked + replaced + unreadable. NULL before
 * the run, or memory. */
TAMIS_API const char *tamis_result_json(tamis_plan *plan);
/* Asks a run to stop after the batches at hand. From any thread, and from a signal handler. */
TAMIS_API void tamis_cancel(tamis_plan *plan);
TAMIS_API void tamis_close(tamis_plan *plan); /* NULL is fine; not while tamis_run is at it */

typedef struct tamis_progress {
    uint64_t bytes, bytes_total; /* of input, decoded, in this pass; total 0: not known */
    uint64_t records, kept, fallen, unreadable; /* in the writing pass */
    uint64_t memory;                            /* bytes allocated now */
    unsigned pass, passes;                      /* from 1 */
    double seconds;                             /* since tamis_open */
    char doing[96];                             /* "dedup.exact: hash", "writing" */
} tamis_progress;

/* How far a run is. From any thread while the plan is open; cheap. */
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

/* Opens a plan as tamis_open does and gives the records that it keeps as an Arrow stream, in the
 * order of the inputs, while it runs behind the stream. The stream belongs to the caller, who calls
 * its release once; releasing it early stops the run. One thread decodes and works; another may
 * consume.
 *
 * Columns: place, path (uint64: which record, as in the ledger), source (utf8), line (uint64),
 * layout (utf8, null where the plan needs none), record (large_utf8: the JSON text as the plan
 * leaves it), then one column a signal (float64 or utf8, nullable), named as in the ledger.
 *
 * Errors of the run end the stream: get_next gives EIO and get_last_error the sentence. Plans that
 * reorder (shuffle) are refused with TAMIS_USAGE: run them into a folder and read that. */
TAMIS_API tamis_status tamis_stream(struct ArrowArrayStream *stream, const tamis_options *options,
                                    tamis_error *error);

#ifdef __cplusplus
}
#endif
#endif
