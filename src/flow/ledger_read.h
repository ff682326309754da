/* A ledger read back row by row, by the names of its columns.
 *
 *   tm_ledger_read, then tm_ledger_next until it gives no more, tm_ledger_close
 *
 * Who looks at every row but needs few of them whole calls tm_ledger_step and asks for the rest. */
#ifndef TM_FLOW_LEDGER_READ_H
#define TM_FLOW_LEDGER_READ_H

#include "io/parquet.h"
#include "record/batch.h"

typedef struct tm_ledger_row { /* slices live until the next row group */
    tm_rid rid, other;
    tm_str source, id, fate, step, rule, route;
    uint64_t line, copies;
    double value; /* NAN = none */
    uint32_t row; /* in the loaded group, for tm_pq_get_... of signal columns */
} tm_ledger_row;

typedef struct tm_ledger {
    tm_pq_reader *reader;
    uint32_t column[13]; /* of the fixed columns, in the order of the contract */
    uint32_t row, rows;
} tm_ledger;

#define TM_LEDGER_FIXED 13 /* signal columns follow */

tm_status tm_ledger_read(tm_ledger *l, const char *path, tm_err *err);
tm_status tm_ledger_step(tm_ledger *l, bool *more, tm_err *err); /* to the next row */
tm_rid tm_ledger_rid(const tm_ledger *l);                        /* of the row it stands at */
tm_str tm_ledger_fate(const tm_ledger *l);
uint64_t tm_ledger_copies(const tm_ledger *l);
tm_str tm_ledger_route(const tm_ledger *l); /* empty unless it was kept */
tm_ledger_row tm_ledger_whole(const tm_ledger *l);
tm_status tm_ledger_next(tm_ledger *l, tm_ledger_row *row, bool *more, tm_err *err);
void tm_ledger_close(tm_ledger *l);

#endif
