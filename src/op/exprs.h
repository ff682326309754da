/* A list of expressions whose values are made for a whole batch: the fields of groups, the keys of
 * an order. */
#ifndef TM_OP_EXPRS_H
#define TM_OP_EXPRS_H

#include "base/param.h"
#include "expr/expr.h"

enum { TM_EXPRS_MAX = 16 };

typedef struct tm_exprs {
    tm_expr *expr[TM_EXPRS_MAX];
    uint32_t count;
} tm_exprs;

typedef struct tm_exprs_scratch {
    tm_expr_scratch *expr[TM_EXPRS_MAX];
    uint32_t count;
} tm_exprs_scratch;

tm_status tm_exprs_add(tm_arena *mem, tm_str text, const tm_expr_env *env, tm_exprs *out,
                       tm_err *err);
tm_status tm_exprs_compile(tm_arena *mem, const tm_texts *texts, const tm_expr_env *env,
                           tm_exprs *out, tm_err *err);
void tm_exprs_release(const tm_exprs *e);
tm_status tm_exprs_begin(const tm_exprs *e, tm_exprs_scratch *s, tm_err *err);
void tm_exprs_end(tm_exprs_scratch *s);
/* (*values)[i * records + r]: expression i of live record r; in batch->mem. */
tm_status tm_exprs_values(const tm_exprs *e, tm_exprs_scratch *s, tm_batch *b, tm_evalue **values,
                          tm_err *err);
/* The key of all values of record r, appended; of one expression that value's own. */
void tm_exprs_key(const tm_exprs *e, const tm_evalue *values, const tm_batch *b, uint32_t r,
                  tm_buf *out);

#endif
