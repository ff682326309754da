/* The sides of a split, once a run has written its ledger: on which of them a record came to lie,
 * and which records read the same on two of them.
 *
 *   tm_ledger_side   looks rids up in the ledger, in their order: one walk over it
 *   tm_same_sides    counts records by their identity: the one thing that tells of equal records on
 *                    two sides whether or not a step has looked for duplicates. Equal means as
 *                    read: what a later step makes equal is not seen. */
#ifndef TM_FLOW_CROSSINGS_H
#define TM_FLOW_CROSSINGS_H

#include "flow/ledger_read.h"
#include "flow/sorter.h"

struct tm_run;

typedef struct tm_ledger_sides {
    const struct tm_run *run;
    tm_ledger ledger;
    bool open, more;
} tm_ledger_sides;

tm_status tm_ledger_sides_open(tm_ledger_sides *s, const struct tm_run *run, const char *ledger,
                               tm_err *err);
/* The route that the record was written to, or TM_NONE if it was not kept. Rids must not fall. */
tm_status tm_ledger_side(tm_ledger_sides *s, tm_rid rid, uint32_t *route, tm_err *err);
void tm_ledger_sides_close(tm_ledger_sides *s);

typedef struct tm_same_sides {
    tm_sorter *sorter;
    const struct tm_run *run;
} tm_same_sides;

tm_status tm_same_sides_open(tm_same_sides *s, struct tm_run *run, tm_err *err);
tm_status tm_same_sides_add(tm_same_sides *s, tm_id id, uint32_t route, tm_err *err);
/* `same`: by two routes, records of the first that read the same as one of the other. */
tm_status tm_same_sides_finish(tm_same_sides *s, uint64_t *same, tm_err *err);
void tm_same_sides_close(tm_same_sides *s);

#endif
