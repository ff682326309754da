/* tm_op: the description of one operator, and what its functions may call.
 *
 * An operator measures (signals), finds (findings), edits, fans out, or decides over the whole set.
 * It never acts: each finding's code has a verdict (the rule), the engine carries it out and writes
 * the fate. An operator never sees a thread, a file or a clock.
 *
 * To add one: a file src/op/<group>/<name>.c that defines `const tm_op tm_op_<name>` and a line in
 * ops.def. Help, docs, recipe checks, completions and the law harness come from the descriptor. */
#ifndef TM_OP_OP_H
#define TM_OP_OP_H

#include "base/param.h"
#include "expr/expr.h"
#include "op/seam.h"
#include "record/batch.h"
#include "record/identity.h"
#include "record/layout.h"
#include "record/writer.h"

/* Of TM_SET: what the other record is that its findings name. */
typedef enum tm_finds {
    TM_FINDS_NOTHING,
    TM_FINDS_EQUAL,        /* the same again */
    TM_FINDS_SIMILAR,      /* or nearly so */
    TM_FINDS_CONTAMINATION /* of a reference, and the record holds text of it */
} tm_finds;

typedef enum tm_shape { TM_MEASURE, TM_EDIT, TM_FANOUT, TM_SET, TM_HEAD } tm_shape;

/* A thing an operator can notice. Its verdict is what happens unless the step's `then:` says
 * otherwise; TM_V_NONE codes are signals' companions and never act. */
typedef struct tm_code {
    const char *code;     /* "T1204" */
    const char *name;     /* "call-arguments-not-object": stable, in ledgers as the rule */
    const char *sentence; /* without full stop */
    const char *help;     /* why it matters and what to do: the page in docs/reference */
    /* What stands behind `tamis` in the command that mends it, with INPUT for the inputs; NULL:
     * there is none, and help says what to do. */
    const char *cure;
    uint8_t verdict;    /* tm_verdict */
    bool fixed_verdict; /* `then:` does not change it */
    /* Put behind the cure where records have labels or scores, which it must not merge away. */
    const char *cure_of_labels;
} tm_code;
#define TM_CURE_INPUT "INPUT"

typedef struct tm_example { /* run as a test and shown in docs */
    const char *title;
    const char
        *recipe;     /* the step's parameters as in a recipe: "{keep: \"words(response) >= 3\"}" */
    const char *in;  /* JSONL */
    const char *out; /* JSONL that is written */
    const char *fates;     /* "kept dropped kept": by record in */
    const char *reference; /* JSONL of the one reference, or NULL */
} tm_example;

typedef struct tm_input_facts { /* what is known of the inputs before a run */
    uint64_t bytes, records;    /* decoded bytes, estimated records */
    uint64_t text_bytes;
    uint64_t reference_bytes; /* decoded bytes of the recipe's references */
} tm_input_facts;

typedef struct tm_cost {
    uint64_t memory;            /* bytes a worker needs besides its batch */
    uint64_t shared;            /* bytes once a run */
    uint64_t facts, fact_bytes; /* that go through the exchange, over all rounds */
} tm_cost;

typedef struct tm_prep { /* given to prepare(): everything made here lives as long as the plan */
    tm_arena *mem;
    uint64_t seed;
    uint16_t step;                /* this step's index */
    bool last;                    /* no step comes behind it */
    tm_expr_env env;              /* signals of earlier steps */
    const tm_layout_set *layouts; /* of all inputs together, for identity; never NULL */
    uint32_t then;                /* tm_verdict of `then:`, TM_V_NONE = each code's own */
    const tm_str *reference;      /* names, in recipe order: batch->reference - 1 */
    uint32_t references;
    uint32_t inputs; /* of the stream */
} tm_prep;

/* The references that a step names, as bits of batch->reference - 1; fails with a suggestion when
 * the recipe has no such reference. No names: no bits. */
tm_status tm_prep_references(const tm_prep *prep, const tm_texts *names, uint64_t *bits,
                             tm_err *err);

typedef struct tm_children { /* where a fan-out puts new records */
    tm_status (*add)(struct tm_children *self, tm_batch *parent_batch, uint32_t parent, tm_str raw,
                     tm_err *err); /* raw is copied; ordinals count up by themselves */
} tm_children;
#define TM_CHILDREN_MAX 65535 /* of one record in one step: a rid has no room for more */

enum { /* tm_op.flags */
       TM_PRIVACY = 1,
       TM_REORDERS = 2,
       TM_ASKS = 4,              /* texts leave the machine */
       TM_STABLE = 64,           /* REORDERS: equals stay in the order that an earlier step gave */
       TM_EACH_MEASURES = 32,    /* SET: `each` makes signals and nothing else */
       TM_EACH_OF_DECIDED = 256, /* and only of records that were decided about */
       TM_REFERENCES = 16, /* its rounds look at the recipe's references, too: batch->reference */
       TM_ANY_RECORD = 8,  /* looks at fields only, but for its expressions: needs no layout */
       TM_BY_ID = 128      /* decides by ids: layouts are bound where there are some */
};

typedef struct tm_route { /* where kept records go; the index in the list is a decision's route */
    tm_str name;          /* beginning of the files' names */
    tm_str asked;         /* "2%", "500", or empty: the rest */
    double share;         /* as a number; < 0: none was asked */
    int64_t count;
} tm_route;

/* What became of the texts of a file of the references. */
typedef struct tm_item_count {
    const char *name;     /* "too_short": in manifests */
    const char *sentence; /* "too short: fewer terms than least" */
} tm_item_count;
enum { /* how a list of them begins; behind these, why the others were left out */
       TM_ITEM_RECORDS,
       TM_ITEM_LOOKED_FOR,
       TM_ITEM_REASONS
};

typedef struct tm_preview { /* what --dry-run says of a step beside its parameters and cost */
    tm_buf text;            /* lines */
    tm_buf json;            /* one object */
    tm_verdict verdict;     /* of records that it would find, where it compares pairs */
    bool compares;          /* with a threshold: a lower one would find more */
} tm_preview;

typedef struct tm_elsewhere { /* a parameter that a user looks for in vain, and what to use */
    const char *name;
    const char *instead; /* a sentence without full stop */
} tm_elsewhere;

typedef struct tm_op {
    const char *name, *group, *summary;
    const char *why;    /* a paragraph: when to use it, what it does not do */
    const char *source; /* paper or standard, or NULL */
    uint16_t rev;       /* raised when results change: voids caches and resumes */
    tm_shape shape;
    uint32_t flags;
    uint8_t finds;                 /* tm_finds */
    const tm_param *params;        /* ends with {0} */
    const tm_elsewhere *elsewhere; /* ends with {0}; or NULL */
    const tm_signal *signals;      /* ends with {0}; or NULL */
    const tm_code *codes;          /* ends with {0}; or NULL */
    const tm_example *examples;    /* ends with {0} */
    size_t args_bytes;
    size_t scratch_bytes; /* one a worker, zeroed before `begin` */
    tm_status (*cost)(const void *args, const tm_input_facts *facts, tm_cost *out, tm_err *err);
    /* Checks args against each other, compiles expressions; *shared is read-only afterwards. NULL:
     * shared = args. */
    tm_status (*prepare)(tm_prep *prep, const void *args, const void **shared, tm_err *err);
    void (*release)(const void *shared);
    tm_status (*begin)(const void *shared, void *scratch, tm_err *err); /* a worker's scratch */
    void (*end)(void *scratch);
    /* One batch. Looks at live records only. For TM_SET it is called in the writing pass with
     * batch->decision set, for what decisions alone cannot say (cuts, signals); may be NULL
     * there. */
    tm_status (*each)(const tm_step_view *step, tm_batch *b, tm_children *out, tm_err *err);
    /* TM_FANOUT, in the place of `each`. How many children live record r has, at most
     * TM_CHILDREN_MAX; with none it goes on as it is. May find something of it only then. */
    tm_status (*children)(const tm_step_view *step, tm_batch *b, uint32_t r, uint32_t *count,
                          tm_err *err);
    /* Those children, in order. Called later, when the other records of the batch have been through
     * all steps, and r is as it was. */
    tm_status (*fan_out)(const tm_step_view *step, tm_batch *b, uint32_t r, tm_children *out,
                         tm_err *err);
    const tm_round *rounds; /* TM_SET; ends with {0} */
    /* TM_SET: of a decision that lets a record fall for another, which of its own fields that one
     * does not have so: bit i is the i-th of its object. NULL: it does not look. The engine finds
     * `lost_code` at the first of them and counts them by name. */
    uint64_t (*lost)(const tm_decision *decision);
    uint16_t lost_code;
    uint64_t (*head)(const void *shared); /* TM_HEAD: how many live records pass */
    /* A step that routes: the routes, at least one; the first takes whoever has no decision. */
    const tm_route *(*routes)(const void *shared, uint32_t *count);
    /* TM_REFERENCES with a last round that is a TABLE: names of counts, ends with {0}; and the
     * counts of one source, from what was told. Both or neither. */
    const tm_item_count *items;
    void (*count_items)(const void *told, uint32_t source, uint64_t *counts);
    /* What a user has to know to choose the parameters, worked out from them alone; or NULL. Sticky
     * failure in out. */
    tm_status (*preview)(const void *shared, tm_preview *out, tm_err *err);
} tm_op;

extern const tm_op *const tm_ops[]; /* NULL-terminated, in the order of ops.def */
const tm_op *tm_op_named(tm_str name);
/* Fails with the sentence when `name` is a parameter that stands elsewhere. */
tm_status tm_op_elsewhere(const tm_op *op, tm_str name, tm_err *err);

#endif
