/* Evaluation by column: what a node yields for the records that matter. Internal to expr/.
 *
 * A node is evaluated over `rows`, the records whose value is wanted (live ones; and within and/or
 * only those not decided yet), and yields a tm_evec: an array by record of the batch, written at
 * those records and nowhere else. Signals and literals yield a view of what is there already.
 *
 * Columns come from scratch->columns, an arena used as a stack: a node takes room for its result,
 * evaluates its children, combines them and gives the children's room back. So memory is bounded by
 * depth, not by the size of the expression. Texts that are made (lower, trim of joined parts) come
 * from `texts`, which lives longer. */
#ifndef TM_EXPR_EVALUATE_H
#define TM_EXPR_EVALUATE_H

#include "expr/ast.h"

struct tm_expr_scratch {
    tm_arena columns;
    tm_arena texts; /* what conditions make; values are made in batch->mem instead */
    tm_buf buf;
    tm_json json;
    struct tm_regex_state *regex; /* NULL when the expression has none */
};

typedef struct tm_eval { /* one call of tm_expr_truth or tm_expr_values */
    const tm_expr *e;
    tm_expr_scratch *s;
    tm_batch *b;
    tm_arena *texts;
    tm_err *err;
} tm_eval;

typedef struct tm_rows { /* indices of records, ascending */
    const uint32_t *at;
    uint32_t count;
} tm_rows;

typedef struct tm_evec {       /* values by record; which array is set follows from type */
    uint8_t type;              /* tm_etype */
    const tm_evalue *constant; /* the same value for every record, or NULL */
    uint8_t *truth;
    double *number; /* NUMBER, DATE: NAN = unknown */
    tm_str *text;   /* .p NULL = unknown */
    tm_evalue *any; /* a field: type TM_E_ANY = unknown */
} tm_evec;

/* Room for a column of `type`. False when memory is exhausted. */
bool tm_evec_room(tm_eval *x, unsigned type, tm_evec *out);

/* Evaluates n over rows. */
tm_status tm_enode_eval(tm_eval *x, const tm_node *n, tm_rows rows, tm_evec *out);

tm_status tm_eval_memory(tm_eval *x);

/* Record r's value, whatever the column holds. */
static inline tm_evalue tm_evec_get(const tm_evec *v, uint32_t r)
{
    if (v->constant) return *v->constant;
    tm_evalue value = {.type = v->type};
    switch (v->type) {
    case TM_E_TRUTH: value.truth = v->truth[r]; break;
    case TM_E_NUMBER:
    case TM_E_DATE: value.number = v->number[r]; break;
    case TM_E_TEXT: value.text = v->text[r]; break;
    default: return v->any[r];
    }
    return value;
}

bool tm_evalue_known(const tm_evalue *v);

/* A JSON value as the language sees it: null, arrays and objects are unknown. */
tm_evalue tm_evalue_of_field(const tm_field *field);

/* A date from a date, an ISO text or seconds since 1970; NAN. */
double tm_evalue_date(const tm_evalue *v);

/* -1, 0, 1 into *order. False: unknown (one is unknown, or they are of different types). */
bool tm_evalue_order(const tm_evalue *a, const tm_evalue *b, int *order);
/* a op b (TM_T_EQ .. TM_T_GE) as a truth. */
uint8_t tm_evalue_compare(const tm_evalue *a, const tm_evalue *b, unsigned op);

/* Whether v is in the list, as a chain of = joined by or would say. */
uint8_t tm_elist_has(const tm_elist *list, const tm_evalue *v);
/* Makes a list of `count` literal nodes. NULL: memory. */
const tm_elist *tm_elist_new(tm_arena *mem, tm_node *const *member, uint32_t count);

#endif
