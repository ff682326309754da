/* Quotas: how many records each stratum gives to each side, and which groups those are.
 *
 * Every side has a whole number of records, and all of them are shared out at once: a stratum's
 * part of a side is its exact part rounded up or down, and the parts of each side add up to what
 * the side has (rounding.h), however many strata and sides there are.
 *
 * The groups of a stratum stand in a line, in the order of their chances, and each goes to the
 * first side that has room for all of it. One that fits nowhere is parted at first; it fills a side
 * at least, so fewer than there are sides are. Then they are rounded, too: a parted group goes to
 * one of the sides it lies on, and what one side gains in this stratum it loses in another. At most
 * sides - 1 groups are left over in all; they stand in a line once more, and each goes where its
 * middle lies. So a side has what was asked to within the largest group, exactly that when no group
 * holds two records, and its part of a stratum is met to within two groups.
 *
 * Groups that an earlier split has put on a side count there. The others fill up what is left: a
 * side that has too much already takes nothing, and what it has too much is less elsewhere.
 *
 * All groups are shown three times in one order, stratum by stratum: for tm_quotas_add, behind
 * which tm_quotas_settle is called; for tm_quotas_line (not the fixed ones), behind which
 * tm_quotas_close is; for tm_quotas_side (not the fixed ones). */
#ifndef TM_OP_SHARE_QUOTAS_H
#define TM_OP_SHARE_QUOTAS_H

#include "op/share/rounding.h"
#include "op/share/sides.h"

enum { TM_STRATA_MAX = 65536 };

typedef struct tm_stratum {
    tm_hash key;
    uint64_t records;
} tm_stratum;

typedef struct tm_quotas {
    const tm_sides *sides;
    tm_stratum *stratum;
    int64_t *want; /* [stratum][side]: of groups that are free; while adding, less what is fixed */
    uint32_t strata, room, want_room;
    struct { /* the place in the line */
        uint32_t stratum, side, parted;
        int64_t left[TM_SIDES_MAX]; /* of each side, in the stratum */
        bool begun;
    } at;
    uint8_t *parted; /* the sides of parted groups, in the order of the line */
    uint32_t parted_room;
    tm_rounding rounding;
} tm_quotas;

/* fixed: side + 1 of a group that stands on a side already, or 0. */
tm_status tm_quotas_add(tm_quotas *q, tm_hash stratum, uint64_t records, uint32_t fixed,
                        tm_err *err);
void tm_quotas_settle(tm_quotas *q);
tm_status tm_quotas_line(tm_quotas *q, tm_hash stratum, uint64_t records, tm_err *err);
void tm_quotas_close(tm_quotas *q);
uint32_t tm_quotas_side(tm_quotas *q, tm_hash stratum, uint64_t records);
void tm_quotas_release(tm_quotas *q);

#endif
