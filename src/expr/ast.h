/* The tree of an expression, and what its parts are to each other. Internal to expr/.
 *
 *   parse.c      text -> tree; names are still names
 *   typecheck.c  names -> signals, selectors, facts, functions; every node gets its type
 *   evaluate.c   tree + batch -> one column of values a node (evaluate.h)
 *
 * The tree lives in the arena it was compiled into and is never changed afterwards. Chains of the
 * same rank (a and b and c, a + b - c) are one node with many children, so depth is bounded by the
 * brackets a person wrote and not by the length of the text. */
#ifndef TM_EXPR_AST_H
#define TM_EXPR_AST_H

#include "base/vec.h"
#include "expr/expr.h"
#include "expr/lex.h"
#include "record/fieldpath.h"

#define TM_EXPR_MAX_DEPTH 200  /* brackets, calls and signs inside each other */
#define TM_EXPR_MAX_LIST 10000 /* members of one list */
#define TM_EXPR_MAX_ARGS 16

typedef enum tm_nkind {
    TM_N_LITERAL, /* value */
    TM_N_NULL,    /* the word null, where it may not stand (only behind `is`) */
    TM_N_NAME,    /* name, until it is resolved */
    TM_N_FIELD,   /* path */
    TM_N_SIGNAL,  /* name, column */
    TM_N_FACT,    /* op: tm_fact_kind */
    TM_N_PARTS,   /* selectors: only as an argument */
    TM_N_CALL,    /* name, function, kid; regex for matches() */
    TM_N_NOT,
    TM_N_NEGATE,
    TM_N_AND, /* kid, two or more */
    TM_N_OR,
    TM_N_SUM,     /* kid; sign[i]: how kid[i] joins the chain (TM_T_PLUS, TM_T_MINUS) */
    TM_N_PRODUCT, /* likewise: TM_T_TIMES, TM_T_OVER, TM_T_REST */
    TM_N_COMPARE, /* kid[0] op kid[1], op: TM_T_EQ .. TM_T_GE */
    TM_N_IN,      /* kid[0] in list, or in the array field kid[1] */
    TM_N_BETWEEN, /* kid[0] between kid[1] and kid[2] */
    TM_N_IS       /* kid[0] is op: tm_is_kind */
} tm_nkind;

typedef enum tm_is_kind { TM_IS_UNKNOWN, TM_IS_TRUE, TM_IS_FALSE } tm_is_kind;
typedef enum tm_fact_kind { TM_FACT_LAYOUT, TM_FACT_KIND, TM_FACT_LABEL } tm_fact_kind;

/* Types only the checker knows, behind those of tm_etype. */
enum { TM_E_PARTS = TM_E_ANY + 1, TM_E_NULL };

typedef struct tm_regex tm_regex; /* regex.h */

/* The members of `in (...)`: texts sorted by bytes, numbers by value, dates by time. */
typedef struct tm_elist {
    const tm_evalue *text, *number, *date;
    uint32_t texts, numbers, dates;
    bool has_true, has_false;
} tm_elist;

typedef struct tm_node {
    uint8_t kind, type, op;
    bool negated;     /* not in, not between, is not */
    uint32_t at, end; /* bytes in the expression */
    uint32_t kids;
    struct tm_node **kid;
    const uint8_t *sign;
    tm_evalue value; /* of a literal; a number's text is its digits as written */
    tm_str name;
    const tm_fieldpath *path;
    const tm_elist *list;
    const struct tm_efunction_impl *function;
    const tm_regex *regex;
    uint32_t column;    /* of a signal: index into batch->column */
    bool count;         /* of a signal: it is never below zero */
    uint32_t selectors; /* of parts */
} tm_node;

struct tm_expr {
    tm_node *root;
    tm_str text;       /* as written, a copy */
    tm_regex *regexes; /* list: what tm_expr_release frees */
    const tm_layout_set *layouts;
    uint8_t type;
};

/* Names of the tm_is_kind that no other header gives: what facts are called. */
extern const char *const tm_fact_names[]; /* NULL-terminated, by tm_fact_kind */

/* The tree of `text`, in mem. */
tm_status tm_eparse(tm_arena *mem, tm_str text, tm_node **out, tm_err *err);

/* Resolves, types and completes the tree below *root (which may be replaced). Regular expressions
 * it compiles go to e->regexes. */
tm_status tm_echeck(tm_expr *e, tm_arena *mem, const tm_expr_env *env, tm_node **root,
                    tm_etype want, tm_err *err);

/* "a number", "a text": for messages. */
const char *tm_etype_name(unsigned type);

#endif
