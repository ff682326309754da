/* What the checker and the evaluator know of a function, beside what docs print. Internal to
 * expr/. */
#ifndef TM_EXPR_FUNCTIONS_H
#define TM_EXPR_FUNCTIONS_H

#include "expr/evaluate.h"

enum {                   /* what an argument may be */
       TM_ARG_PARTS = 1, /* a selector; several count as one where the function joins them */
       TM_ARG_FIELD = 2, /* $.path: its type shows at run time */
       TM_ARG_TEXT = 4,
       TM_ARG_NUMBER = 8,
       TM_ARG_DATE = 16,
       TM_ARG_TRUTH = 32,
       TM_ARG_LITERAL = 64 /* only a constant: a pattern, a number of digits */
};

typedef struct tm_efunction_impl {
    uint8_t least, most;  /* arguments; selectors that are joined count as one */
    uint8_t first, other; /* TM_ARG_ bits of the first argument and of those behind it */
    uint8_t gives;        /* tm_etype; TM_E_ANY: the type of its arguments, a number if open */
    tm_status (*run)(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out);
} tm_efunction_impl;

/* In the order of tm_efunctions. */
extern const tm_efunction_impl tm_efunction_impls[];

/* Index in tm_efunctions, or -1. */
int tm_efunction_find(tm_str name);

/* The implementations, by what they work on. */
typedef tm_status tm_efunction_run(tm_eval *x, const tm_node *call, tm_rows rows, tm_evec *out);
extern tm_efunction_run tm_ef_words, tm_ef_chars, tm_ef_lines, tm_ef_turns, tm_ef_text, tm_ef_lower,
    tm_ef_trim, tm_ef_contains, tm_ef_starts, tm_ef_ends, tm_ef_matches; /* functions_text.c */
extern tm_efunction_run tm_ef_has, tm_ef_count, tm_ef_length, tm_ef_date, tm_ef_number, tm_ef_abs,
    tm_ef_min, tm_ef_max, tm_ef_round, tm_ef_coalesce; /* functions_value.c */

#endif
