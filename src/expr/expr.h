/* The expression language of filter, tag, keep lists and --where.
 *
 *   language.code in ('en', 'fr') and words(response) >= 3 and $.meta.consent = true
 *
 * Typed, three-valued like SQL (true, false, unknown), checked against the signals that exist at
 * that step; a misspelt name is an error with a suggestion and a column. Evaluated by column over a
 * batch. No side effects, no loops: cost is linear in the text. Grammar: docs/guide/expressions.md.
 *
 *   tm_expr_compile    once, in prepare()
 *   tm_expr_scratch_new    one a worker, in begin()
 *   tm_expr_truth, tm_expr_values    a batch, in each()
 *   tm_expr_scratch_free, tm_expr_release */
#ifndef TM_EXPR_EXPR_H
#define TM_EXPR_EXPR_H

#include "base/arena.h"
#include "record/batch.h"
#include "record/layout.h"

typedef enum tm_etype { TM_E_TRUTH, TM_E_NUMBER, TM_E_TEXT, TM_E_DATE, TM_E_ANY } tm_etype;

typedef struct tm_expr_env { /* what names may mean here */
    const char *const *name; /* "language.code": signals of earlier steps */
    const tm_signal *const *signal;
    const uint32_t *column; /* index into batch->column */
    uint32_t signals;
    uint8_t *used; /* by index: set to 1 when an expression names that signal; or NULL */
    bool *binds;   /* set when an expression asks for roles, texts, layout or kind; or NULL */
    const tm_layout_set *layouts; /* what batch->layout counts; NULL: no `layout` in expressions */
} tm_expr_env;

typedef struct tm_expr tm_expr;                 /* compiled; immutable, shared by threads */
typedef struct tm_expr_scratch tm_expr_scratch; /* one a worker */

/* err: column = where in the text. want: TM_E_TRUTH for conditions, TM_E_ANY for sort keys. */
tm_status tm_expr_compile(tm_arena *mem, tm_str text, const tm_expr_env *env, tm_etype want,
                          tm_expr **out, tm_err *err);
void tm_expr_release(tm_expr *e); /* frees what is not in the arena (regular expressions) */
tm_etype tm_expr_type(const tm_expr *e);
/* Canonical text: what the compiler understood. */
void tm_expr_print(const tm_expr *e, tm_buf *out);

TM_MUST_USE tm_expr_scratch *tm_expr_scratch_new(const tm_expr *e); /* NULL: memory */
void tm_expr_scratch_free(tm_expr_scratch *s);

enum { TM_FALSE = 0, TM_TRUE = 1, TM_UNKNOWN = 2 };
/* truth[r] for every live record of the batch (others: TM_UNKNOWN). */
tm_status tm_expr_truth(const tm_expr *e, tm_expr_scratch *s, tm_batch *b, uint8_t *truth,
                        tm_err *err);

typedef struct tm_evalue { /* type: what this record's value is; TM_E_ANY = unknown */
    uint8_t type, truth;
    double number; /* DATE: seconds since 1970 UTC */
    tm_str text;
} tm_evalue;
/* values[r] for every live record (others: unknown). Their texts live as long as the batch. */
tm_status tm_expr_values(const tm_expr *e, tm_expr_scratch *s, tm_batch *b, tm_evalue *values,
                         tm_err *err);
/* The key of a value, appended: equal for equal values, and hashed for groups, so its bytes never
 * change. */
void tm_evalue_key(const tm_evalue *v, tm_buf *out);
/* The same to be ordered by memcmp: numbers, dates, texts, truths, and unknown last; descending
 * inverts the order within a type, so that a number wins over what stands where one belongs. */
void tm_evalue_rank(const tm_evalue *v, bool descending, tm_buf *out);

/* The functions, for docs: name, arguments, sentence. NULL-name terminated. */
typedef struct tm_efunction {
    const char *name, *arguments, *gives, *help, *example;
} tm_efunction;
extern const tm_efunction tm_efunctions[];

#endif
