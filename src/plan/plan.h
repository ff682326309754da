/* tm_plan: a recipe resolved against its inputs: typed, linted, costed, serialisable to JSON.
 *
 *   tm_recipe r;  tm_recipe_read(&r, ...) or tm_recipe_verb(&r, op, ...)   what the user wants
 *   flow probes the inputs and fills tm_plan_input                          what is there
 *   tm_plan_make(&plan, &r, inputs, ...)                                    what will be done
 *
 * plan/ touches no data: containers, layouts, sizes and digests are handed to it. */
#ifndef TM_PLAN_PLAN_H
#define TM_PLAN_PLAN_H

#include "op/op.h"
#include "plan/recipe.h"

typedef struct tm_recipe_input {
    tm_str name;        /* "logs"; "input" when the recipe gives none */
    const tm_str *path; /* patterns, as written */
    uint32_t paths;
    tm_pairs map;            /* field mapping, or none */
    tm_pairs tags;           /* constant fields set on each record */
    tm_str layout;           /* forced layout name, or empty */
    tm_str container, codec; /* forced, or empty */
    bool replace_utf8;
    uint32_t line, column;
} tm_recipe_input;

typedef struct tm_input_args { /* tm_input_params: what an input may say of itself */
    tm_texts path;
    tm_pairs map, tags;
    tm_str layout, container, codec;
    uint8_t utf8; /* 0 strict, 1 replace */
} tm_input_args;
extern const tm_param tm_input_params[];

typedef struct tm_place { /* where a value stands in the recipe; line 0 = it does not */
    uint32_t line, column;
    bool quoted;
} tm_place;

typedef struct tm_recipe_step {
    const tm_op *op;
    tm_str name;   /* the step's: given, or the operator's */
    void *args;    /* typed, defaults filled */
    tm_place *at;  /* by index in op->params */
    uint32_t then; /* tm_verdict; TM_V_NONE = each code's own */
    uint32_t line, column;
} tm_recipe_step;

typedef struct tm_output { /* tm_output_params */
    tm_str path;           /* folder or file; empty = by the front end */
    tm_str format;         /* "jsonl.zst" */
    uint8_t ledger;        /* 0 none, 1 fates, 2 reasons, 3 signals */
    uint64_t shard_bytes;  /* decoded; 0 = one shard a route */
    int64_t level;         /* compression level, 0 = default */
} tm_output;
extern const tm_param tm_output_params[];
extern const char *const tm_format_choices[]; /* what format may be; NULL-terminated */

typedef struct tm_limits { /* tm_limit_params */
    uint64_t memory, max_line, max_disk;
    double unreadable_share;  /* of all records; judged at the end */
    int64_t unreadable_count; /* -1 = the share decides */
    int64_t max_depth, max_parts;
    tm_str spill_dir;
    tm_str unreadable; /* as written: "100" or "0.1%" */
} tm_limits;
extern const tm_param tm_limit_params[];
/* Fills unreadable_share and unreadable_count from `unreadable`. Call it whenever that was set. */
tm_status tm_limits_resolve(tm_limits *limits, tm_err *err);

typedef struct tm_recipe {
    tm_arena *mem;
    tm_str name; /* file name for messages, or "refine", "dedup.exact" */
    tm_str text; /* as YAML, for the manifest */
    uint64_t seed;
    uint32_t input_room, reference_room, step_room;
    tm_recipe_input *input;
    uint32_t inputs;
    uint32_t inputs_written; /* how many it names, when fewer are read; 0: all are */
    tm_recipe_input *reference;
    uint32_t references;
    tm_recipe_step *step;
    uint32_t steps;
    bool builtin; /* the steps are those of refine or inspect: nobody wrote them */
    tm_output output;
    tm_place output_at[8]; /* by index in tm_output_params: what the recipe says itself */
    tm_limits limits;
} tm_recipe;

tm_status tm_recipe_read(tm_recipe *out, tm_arena *mem, tm_str name, tm_str bytes, tm_err *err);
/* An empty recipe with the default output and limits, for front ends that fill it themselves. */
tm_status tm_recipe_begin(tm_recipe *out, tm_arena *mem, tm_str name, tm_err *err);
/* Adds an input, as if the recipe had it; what hangs off args must live as long as the recipe. */
tm_status tm_recipe_add_input(tm_recipe *r, tm_str name, const tm_input_args *args, tm_err *err);
/* A recipe of one step: `op` with name=value options (the verbs). Hyphens in names count as
 * underscores; a repeated option of list or map type adds to it; `name` and `then` work too. */
tm_status tm_recipe_verb(tm_recipe *out, tm_arena *mem, const tm_op *op, const tm_pair *option,
                         uint32_t options, tm_err *err);
/* Adds a step named as the operator, with args of zeros; the caller sets the rest. NULL: memory. */
tm_recipe_step *tm_recipe_new_step(tm_recipe *r, const tm_op *op);
/* The recipe as YAML that tm_recipe_read reads back to the same. */
void tm_recipe_print(const tm_recipe *r, tm_buf *out);

typedef struct tm_builtin { /* a recipe of refine */
    const char *name;
    uint32_t kinds;   /* 1 << tm_example_kind: what it is for */
    const char *text; /* the file recipes/NAME.yaml */
} tm_builtin;
extern const tm_builtin tm_builtins[]; /* ends with a nameless one */
/* The one for inputs that hold these kinds; for none, that of sft. */
const tm_builtin *tm_builtin_for(uint32_t kinds);

typedef struct tm_seen_keys { /* of objects, in all sampled records together */
    const char *const *name;
    uint32_t count;
    bool open; /* there may be others: they are too many, or in texts that hold JSON */
} tm_seen_keys;

typedef struct tm_seen {             /* what the sampled records of an input have */
    uint32_t records;                /* that could be read; 0: nothing is known */
    uint32_t bound;                  /* that fit a layout, of those that were asked for texts */
    uint32_t looked;                 /* the selectors of which messages is right */
    uint32_t messages[TM_SELECTORS]; /* with a text of that selector, in the record with most */
    tm_seen_keys top;                /* of records themselves */
    const tm_seen_keys *inside;      /* by key of top: of the objects that are its values */
} tm_seen;

typedef struct tm_plan_input { /* what flow found behind one recipe input */
    const tm_recipe_input *from;
    uint32_t first_source, sources; /* numbers of its sources: [first, first + sources) */
    tm_layout_set layouts;
    uint16_t layout_at[16]; /* tm_plan_make: where its layouts stand in plan->layouts */
    tm_example_kind kind;
    const char *container; /* name, for the JSON */
    tm_str unreached;      /* paths of its mapping that lead nowhere in the sample, or empty */
    tm_seen seen;
    const struct tm_plan_input *reference; /* of the first input: those of references, or NULL */
    const char *runner_up; /* the layout that fits next best in the sample, or NULL */
    tm_input_facts facts;
} tm_plan_input;

typedef struct tm_plan_step {
    const tm_op *op;
    tm_str name;
    const void *args, *shared;
    const tm_round *rounds; /* of a set step: those that its parameters need; ends with {0} */
    uint32_t then;
    uint16_t index;
    uint64_t stream;          /* of its chances: of its name */
    uint32_t column, columns; /* its signals in batch->column */
    tm_cost cost;
    bool binds;     /* it asks for roles or texts, so its records need a layout */
    uint8_t *reads; /* by column of the plan: 1 if its expressions name that signal */
    tm_hash prefix; /* of the plan up to and with this step: names its decisions */
} tm_plan_step;

/* What the engine takes besides the steps; memory_needed counts one worker. */
#define TM_BASE_BYTES (24 * TM_MIB)    /* once: sources, writers, the ledger */
#define TM_WORKER_BYTES (24 * TM_MIB)  /* a worker: blocks, batches, compressors */
#define TM_EXCHANGE_BYTES (8 * TM_MIB) /* the least a set step sorts with */

/* Long records: those that are longer than a block. Of all of them together so much may be in
 * memory, with all that is made of them. It follows from the plan and --memory, and not from how
 * many workers there are, so that the same records are readable whoever reads them. */
typedef struct tm_room {
    uint64_t bytes;
    uint64_t longest; /* a longer record is unreadable: max_line, or what memory has room for */
    uint64_t copies;  /* of a record, for which there must be room at least */
    uint64_t after;   /* those of them that are made when its worker is done */
    uint64_t memory;  /* the ceiling it follows from */
} tm_room;
enum { TM_SIDE_BY_SIDE = 6 }; /* so many of the shortest long records may be worked on at once */
/* Of it a record of `bytes` may take that much, so that shorter ones may go side by side. */
uint64_t tm_room_share(const tm_room *room, uint64_t bytes);
/* What is made of it may be so much at most: where the room is larger, no step is known to need
 * more. */
uint64_t tm_room_grown(uint64_t bytes);
/* The --memory at which the room is so large. */
uint64_t tm_room_memory(const tm_room *room, uint64_t bytes);
/* steps: what they take by themselves. moves: records are written elsewhere than where they were
 * read; packs: so is not what is written. */
tm_room tm_room_of(const tm_limits *limits, uint64_t steps, bool moves, bool packs);

typedef struct tm_lint_rule { /* the table behind the remarks, for docs */
    const char *code, *name;
    bool stops;
    const char *sentence; /* what it is about */
    const char *help;     /* why it matters and what to do */
} tm_lint_rule;
extern const tm_lint_rule tm_lint_rules[]; /* NULL-code terminated */

typedef struct tm_lint { /* a remark that does not stop the plan, or one that does */
    const char *code;
    bool stops;
    tm_str sentence;
    uint32_t line, column;
} tm_lint;

typedef struct tm_plan {
    tm_arena *mem;
    const tm_recipe *recipe;
    tm_plan_input *input;
    uint32_t inputs;
    tm_layout_set layouts; /* of all inputs together */
    tm_plan_step *step;
    uint32_t steps, prepared; /* prepared: how many of them release() must see */
    const tm_signal **signal; /* all columns, in order */
    tm_str *signal_name;      /* "length.words" */
    const char **env_name;    /* the same as tm_expr_env wants it */
    uint32_t *env_column;
    uint32_t columns;
    tm_lint *lint;
    uint32_t lints;
    tm_cost cost;
    uint64_t memory_needed; /* the smallest --memory that would do */
    tm_room room;           /* for long records */
    uint64_t disk_needed;   /* estimate of spill and output */
    bool binds;             /* some step asks for roles or texts; else any JSON passes */
    bool by_id;             /* some step decides by the ids of records */
    tm_hash identity;       /* of all that decides results: not threads, memory, paths of output */
} tm_plan;

/* prepare()s every step. A stopping lint is TM_ERECIPE with its place. */
tm_status tm_plan_make(tm_plan **out, tm_arena *mem, const tm_recipe *recipe, tm_plan_input *inputs,
                       uint32_t input_count, tm_hash input_identity, tm_err *err);
/* Its steps take `more` bytes than was known when it was made: so much less room is there. */
void tm_plan_charge(tm_plan *plan, uint64_t more);
void tm_plan_release(tm_plan *plan); /* release()s every step */
void tm_plan_json(const tm_plan *plan, tm_buf *out);
/* With what the operators have to say before a run: costs some time. `more` (may be NULL) adds keys
 * to those of a step that has something to say. */
struct tm_jw;
typedef tm_status tm_plan_more(void *arg, const tm_plan_step *step, const tm_preview *told,
                               struct tm_jw *w, tm_err *err);
tm_status tm_plan_preview_json(const tm_plan *plan, tm_plan_more *more, void *arg, tm_buf *out,
                               tm_err *err);

/* What `then:` may say for this operator: bit (1 << tm_verdict); 0 = it takes none. */
uint32_t tm_op_then(const tm_op *op);

/* Machine form of the registry, for `tamis ops --json`, docs, completions, schema. */
void tm_ops_json(tm_buf *out);
void tm_op_json(const tm_op *op, tm_buf *out);
void tm_params_json(const tm_param *params, tm_buf *out); /* a table, as in tm_op_json */
const char *tm_shape_name(tm_shape shape);                /* "measure", "fan-out" ... */
/* JSON Schema (2020-12) of a recipe. */
void tm_recipe_schema(tm_buf *out);

#endif
