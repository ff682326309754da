/* tm_again_read: the bytes of a record that a ledger tells of, as they were read by its run. */
#ifndef TM_FLOW_AGAIN_H
#define TM_FLOW_AGAIN_H

#include "base/buf.h"
#include "flow/ledger_read.h"
#include "plan/recipe.h"

typedef struct tm_again {
    tm_arena *mem;
    tm_str folder;        /* of the run, ended by a NUL */
    tm_str started;       /* started.h */
    const tm_yaml *lost;  /* its row of unreadable.jsonl, or NULL */
    const tm_yaml *input; /* its source in the manifest, or NULL */
    const tm_ledger_row *row;
} tm_again;

/* Appends them to *out, or says in *why (of the arena, or constant) what is in the way: the source
 * is gone, cannot be read twice, or holds other bytes now. */
tm_status tm_again_read(const tm_again *again, tm_buf *out, tm_str *why, tm_err *err);

#endif
