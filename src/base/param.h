/* tm_param: the description of one parameter that a user can set, and the one parser for it.
 *
 * A table of tm_param fills a typed struct by offset: code reads args->min_words and never looks a
 * name up. Operators, commands, inputs, outputs, containers and limits all use it, so the recipe,
 * the command line, the page and Python say the same things about the same parameter and fail with
 * the same sentence. Defaults are strings and go through the same parser. */
#ifndef TM_BASE_PARAM_H
#define TM_BASE_PARAM_H

#include "base/arena.h"
#include "base/buf.h"

typedef enum tm_ptype {
    TM_P_END,
    TM_P_BOOL,     /* bool: true false yes no on off */
    TM_P_INT,      /* int64_t */
    TM_P_U64,      /* uint64_t, all of its range: a seed */
    TM_P_SIZE,     /* uint64_t bytes: 64MiB, 2GB, 4096 */
    TM_P_FLOAT,    /* double */
    TM_P_SHARE,    /* double in 0..1: 0.02 or 2% */
    TM_P_TEXT,     /* tm_str */
    TM_P_CHOICE,   /* uint8_t: index into choices */
    TM_P_CHOICES,  /* uint64_t: bit set over choices (list or comma-separated) */
    TM_P_SELECTOR, /* uint32_t: bit set of selectors (record/batch.h), list or comma-separated */
    TM_P_EXPR,     /* tm_str: an expression, compiled by the operator's prepare */
    TM_P_TEXTS,    /* tm_texts: list of strings */
    TM_P_EXPRS,    /* tm_texts: list of expressions, which the operator's prepare compiles */
    TM_P_PAIRS,    /* tm_pairs: map of name to scalar; on the command line NAME=VALUE, repeatable */
} tm_ptype;

typedef struct tm_texts {
    const tm_str *item;
    uint32_t count;
} tm_texts;

typedef struct tm_pair {
    tm_str name, value;
    bool
        quoted; /* the value stood in quotes in the recipe: it is a string whatever it looks like */
} tm_pair;

typedef struct tm_pairs {
    const tm_pair *item;
    uint32_t count;
} tm_pairs;

enum {
    TM_P_REQUIRED = 1,
    TM_P_PATH = 2,      /* names a file or folder */
    TM_P_REST = 16,     /* PAIRS: takes what is named as no parameter is */
    TM_P_KEEP = 32,     /* EXPRS: a keep list (op/keep.h): an expression alone is no item */
    TM_P_REFERENCE = 8, /* TEXTS: names references; as a verb's option, files that become one */
    TM_P_SIDES = 128, /* TEXTS: names references as the names of TM_P_REST are; as a verb's option,
                         * NAME=FILE, or what a run wrote; or none */
    TM_P_OF_REFERENCES = 64, /* SELECTOR: of records of references, not of the stream */
    TM_P_NO_IDENTITY = 4 /* does not change results: not part of a plan's identity (threads ...) */
};

typedef struct tm_param {
    const char *name;
    tm_ptype type;
    uint32_t at;                /* offsetof into the args struct */
    const char *fallback;       /* default, as the user would write it; NULL = zero value */
    const char *unit;           /* or NULL */
    double min, max;            /* numbers; both 0 = unbounded */
    const char *const *choices; /* NULL-terminated, for CHOICE, CHOICES and SELECTOR */
    uint32_t flags;
    const char *help; /* one sentence without a full stop */
    char letter;      /* its short name on the command line: 'n' is -n; 0: it has none */
} tm_param;

/* A value as a front end hands it over: one scalar, a list of scalars, or a map of scalars. */
typedef struct tm_pvalue {
    enum { TM_PV_SCALAR, TM_PV_LIST, TM_PV_MAP } form;
    tm_str scalar;
    const tm_pair *item; /* LIST: names empty */
    uint32_t count;
    bool quoted;
    uint32_t line, column; /* where it stands, for messages; 0 = unknown */
} tm_pvalue;

/* Sets every parameter's default. Only a bad default (a bug) or memory can fail. */
tm_status tm_params_default(const tm_param *params, void *args, tm_arena *mem, tm_err *err);
const tm_param *tm_params_find(const tm_param *params, tm_str name); /* NULL if absent */
/* Parses one value into args; the sentence names the parameter and what it takes. */
tm_status tm_param_set(const tm_param *param, void *args, const tm_pvalue *value, tm_arena *mem,
                       tm_err *err);
/* Adds one pair to a parameter of type PAIRS. */
tm_status tm_param_add_pair(const tm_param *param, void *args, tm_str name, tm_str value,
                            tm_arena *mem, tm_err *err);
const tm_param *tm_params_rest(const tm_param *params); /* that with TM_P_REST, or NULL */
/* The parameter of whose name `name` is a slip, where names of the user's own are taken, too: a
 * letter off, two of long names. Of four letters another letter makes another word (test, rest):
 * there only one left out or too many counts. NULL: none. */
const char *tm_params_slip(const tm_param *params, tm_str name);
/* The value as the user would write it (canonical), for plans and --print-recipe. JSON. */
void tm_param_print(const tm_param *param, const void *args, tm_buf *out);
/* Fails with a suggestion: `what` "filter" has no parameter "kep"; did you mean "keep"? */
tm_status tm_params_unknown(const tm_param *params, const char *what, tm_str name, tm_err *err);
/* A list as one scalar: takes what stands before the next comma off *rest, trimmed; of expressions
 * only a comma outside of brackets and quotes counts. False at the end. */
bool tm_param_list_next(tm_ptype type, tm_str *rest, tm_str *item);
const char *tm_ptype_name(tm_ptype type); /* "size", "share", ... for help and docs */

/* Selectors live here as names so that params can parse them without knowing records. Bit i of a
 * selector set is tm_selector_names[i]. The last one, everything, is the whole record: who looks at
 * texts alone takes those before it. */
extern const char *const tm_selector_names[]; /* NULL-terminated */
extern const char *const tm_text_selectors[]; /* the same without everything */

#endif
