/* The sides of a split, and how groups come to them.
 *
 * A group's chance is a number in [0, 2^64) of (seed, its key). Shares without strata take the
 * groups whose chance lies in their stretch: no other record matters. Counts, and shares within
 * strata, are quotas: stratum by stratum, groups come in the order of their chance and go to the
 * first side that they bring nearer to its quota, so a stratum's is met to within half a group.
 * What it gave too much or too little is made up for in the next stratum, so what is asked of a
 * side in all is met to within half of the largest group, however many strata there are. */
#ifndef TM_OP_SELECT_SIDES_H
#define TM_OP_SELECT_SIDES_H

#include "op/op.h"

enum { TM_SIDES_MAX = 32, TM_STRATA_MAX = 65536 };

typedef struct tm_sides {
    tm_route route[TM_SIDES_MAX]; /* [0]: the rest */
    uint32_t sides;
    bool quotas; /* some side has a count, or there are strata */
} tm_sides;

tm_status tm_sides_make(tm_arena *mem, const tm_pairs *into, tm_str rest, bool strata,
                        tm_sides *out, tm_err *err);
/* "2%" and "0.02" are shares, "500" is a count; the other one is -1. It has no name yet. */
tm_status tm_size_read(tm_str text, tm_route *to);
/* By shares alone. */
uint32_t tm_side_of_chance(const tm_sides *s, uint64_t chance);

/* Quotas: add all groups, those of one stratum behind one another; settle; then enter the strata in
 * the same order and ask for each of their groups, in the order of chances. */
typedef struct tm_stratum {
    tm_hash key;
    uint64_t records;
} tm_stratum;
typedef struct tm_quotas {
    const tm_sides *sides;
    tm_stratum *stratum;
    int64_t *want; /* [stratum][side]: what is wanted yet; while adding, less what is fixed */
    uint32_t strata, room, want_room, at;
} tm_quotas;
/* fixed: side + 1 of a group that stands on a side already, or 0. */
tm_status tm_quotas_add(tm_quotas *q, tm_hash stratum, uint64_t records, uint32_t fixed,
                        tm_err *err);
tm_status tm_quotas_settle(tm_quotas *q, tm_err *err);
void tm_quotas_enter(tm_quotas *q, tm_hash stratum);
/* The first side that a group of so many records brings nearer to its quota, and takes it; else the
 * rest. */
uint32_t tm_quotas_side(tm_quotas *q, uint64_t records);
void tm_quotas_release(tm_quotas *q);

#endif
