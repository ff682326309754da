/* Keep lists: who comes first. The first item in which two records differ decides: who survives a
 * merge, and the order that `sort` gives.
 *
 *   max EXPR   min EXPR   newest EXPR   longest   shortest   source_order   first
 *
 * Compiled once; per batch every record gets a byte string, and the smallest by memcmp comes first;
 * what is unknown comes last, whichever way. Ties are decided by chance, of (seed, id): so who
 * survives does not depend on the order of the records, unless the list ends in `first`, which is
 * the lowest rid. Longest is whose texts, all of them, have the most characters. Of `source_order`
 * the earlier source wins; records of one source are for the next item. Orders (bare lists) leave
 * ties to their caller.
 *
 * The list `none` keeps nobody: whoever is alike falls, those that would have been kept too. There
 * is nobody to merge them into, so they are dropped. */
#ifndef TM_OP_KEEP_H
#define TM_OP_KEEP_H

#include "base/param.h"
#include "expr/expr.h"
#include "op/seam.h"

/* The parameter keep; args.keep is a tm_texts. */
#define TM_KEEP_PARAM                                                                          \
    {                                                                                          \
        .name = "keep", .type = TM_P_EXPRS, .at = offsetof(args, keep), .flags = TM_P_KEEP,    \
        .fallback = "first",                                                                   \
        .help = "who survives, first difference decides: max EXPR, min EXPR, newest EXPR, "    \
                "longest, shortest (in all texts), source_order (the earlier source), first; " \
                "or none: all that are alike are dropped",                                     \
    }

typedef struct tm_keep tm_keep;
typedef struct tm_keep_scratch tm_keep_scratch;

/* An item taken apart. False: it is none. bare: of an order, where EXPR alone means min EXPR. */
typedef struct tm_keep_item {
    tm_str expr; /* empty: of lengths, source_order, first and none */
    bool lengths, descending, source, first, none;
} tm_keep_item;
bool tm_keep_parse(tm_str text, bool bare, tm_keep_item *out);

tm_status tm_keep_compile(tm_arena *mem, const tm_texts *list, const tm_expr_env *env, bool bare,
                          tm_keep **out, tm_err *err);
bool tm_keep_measures(const tm_keep *k); /* longest or shortest is in it: it needs parts */
void tm_keep_release(const tm_keep *k);
bool tm_keep_is_none(const tm_keep *k);
/* Of those that fall: `then:`, or what suits the list. */
uint8_t tm_keep_verdict(const tm_keep *k, uint32_t then);
TM_MUST_USE tm_keep_scratch *tm_keep_scratch_new(const tm_keep *k); /* NULL: memory */
void tm_keep_scratch_free(tm_keep_scratch *s);
/* keys[r] for live records; bytes in batch->mem. `step`: whose seed and stream decide ties. */
tm_status tm_keep_keys(const tm_keep *k, tm_keep_scratch *s, const tm_step_view *step, tm_batch *b,
                       tm_str *keys, tm_err *err);

#endif
