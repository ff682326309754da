/* What the files of split share: split.c (parameters, codes, help), split_bonds.c (who hangs
 * together) and split_rounds.c (what side each group has). */
#ifndef TM_OP_SPLIT_SPLIT_H
#define TM_OP_SPLIT_SPLIT_H

#include "op/exprs.h"
#include "op/share/quotas.h"

enum { TM_SPLIT_BRIDGES, TM_SPLIT_NO_VALUE, TM_SPLIT_NO_STRATUM, TM_SPLIT_BRIDGED }; /* codes */
#define TM_SPLIT_FIRST "none" /* earlier: there is no earlier split */

typedef struct tm_split_shared {
    tm_sides sides;
    tm_exprs group, stratum;
    bool of_run[TM_EXPRS_MAX]; /* by group field: its values are names that hold for one run only,
                                * so they bind records and decide no chance */
    uint8_t side_of[65];       /* by reference from 1: side + 1 of an earlier split, or 0 */
    bool bound;                /* there is an earlier split */
    uint64_t seed;
} tm_split_shared;

typedef struct tm_split_scratch {
    tm_exprs_scratch group, stratum;
    tm_buf key;
} tm_split_scratch;

extern const tm_round tm_split_rounds[];

/* The stream's records and those of an earlier split are looked at, no other references. */
bool tm_split_sees(const tm_split_shared *s, const tm_batch *b);
/* The hash of a value with the number of its field; false: there is no value. Look at own->key
 * with tm_buf_ok. */
bool tm_split_value(tm_split_scratch *own, const tm_evalue *value, uint32_t field, tm_hash *out);

/* The rounds `anchors`, `bridges` and `values`. */
bool tm_split_unbound(const void *shared);
bool tm_split_binds_by_one(const void *shared);
tm_status tm_split_observe(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err);
tm_status tm_split_anchors(const tm_step_view *step, tm_group *group, tm_facts *next,
                           tm_decisions *out, tm_err *err);
tm_status tm_split_bridges(const tm_step_view *step, tm_group *group, tm_facts *next,
                           tm_decisions *out, tm_err *err);
tm_status tm_split_edges(const tm_step_view *step, tm_group *group, tm_facts *next,
                         tm_decisions *out, tm_err *err);

#endif
