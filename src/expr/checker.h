/* What the files of the checker share: names.c, typecheck_call.c, typecheck.c. Internal to expr/.
 *
 * tm_echeck (ast.h) walks the tree with a tm_checker; each function here completes one node whose
 * place in the tree is *slot, so that it may put another node there. */
#ifndef TM_EXPR_CHECKER_H
#define TM_EXPR_CHECKER_H

#include "expr/functions.h"

typedef struct tm_checker {
    tm_expr *e;
    tm_arena *mem;
    const tm_expr_env *env;
    tm_str text;
    tm_err *err;
} tm_checker;

tm_status tm_echeck_memory(tm_checker *c);

/* Names: a name becomes a signal, a fact or a selector (names.c). */
tm_status tm_echeck_name(tm_checker *c, tm_node *n);
tm_status tm_echeck_no_function(tm_checker *c, const tm_node *call);

/* Types (typecheck.c). */
tm_status tm_echeck_value(tm_checker *c, tm_node **slot);
tm_status tm_echeck_to_date(tm_checker *c,
                            tm_node *literal); /* a text becomes the date it spells */
unsigned tm_echeck_bit(const tm_node *n);      /* TM_ARG_ bit of its type */

/* Calls (typecheck_call.c). */
tm_status tm_echeck_call(tm_checker *c, tm_node **slot);
tm_status tm_echeck_text(tm_checker *c, tm_node **slot); /* a selector becomes text(selector) */

#endif
