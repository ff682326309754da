/* The sides of a split, and how groups come to them.
 *
 * A group's chance is a number in [0, 2^64) of (seed, its key). Shares without strata take the
 * groups whose chance lies in their stretch: no other record matters. Counts, and shares within
 * strata, are quotas: groups come in the order of their chance and go to the first side that is not
 * full and that they bring nearer to its quota, so what is asked is met to within half a group. */
#ifndef TM_OP_SELECT_SIDES_H
#define TM_OP_SELECT_SIDES_H

#include "op/op.h"

enum { TM_SIDES_MAX = 32 };

typedef struct tm_sides {
    tm_route route[TM_SIDES_MAX]; /* [0]: the rest */
    double share[TM_SIDES_MAX];   /* < 0: a count */
    int64_t count[TM_SIDES_MAX];
    uint32_t sides;
    bool quotas; /* some side has a count, or there are strata */
} tm_sides;

tm_status tm_sides_make(tm_arena *mem, const tm_pairs *into, tm_str rest, bool strata,
                        tm_sides *out, tm_err *err);
/* By shares alone. */
uint32_t tm_side_of_chance(const tm_sides *s, uint64_t chance);

/* Quotas: tell of all groups first, then ask for each, in the order of their chance. */
typedef struct tm_stratum {
    tm_str key;
    uint64_t records, quota[TM_SIDES_MAX], taken[TM_SIDES_MAX];
} tm_stratum;
typedef struct tm_quotas {
    const tm_sides *sides;
    tm_arena mem;
    tm_stratum *stratum;
    uint32_t strata, room;
} tm_quotas;
tm_status tm_quotas_stratum(tm_quotas *q, tm_str key, uint32_t *out, tm_err *err);
void tm_quotas_settle(tm_quotas *q); /* all groups are told: what each stratum owes each side */
/* The first side that a group of so many records brings nearer to its quota; else the rest. */
uint32_t tm_quotas_side(const tm_quotas *q, uint32_t stratum, uint64_t records);

#endif
