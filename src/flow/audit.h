/* What the parts of audit share: what is looked at, and how it is told. For src/flow alone. */
#ifndef TM_FLOW_AUDIT_H
#define TM_FLOW_AUDIT_H

#include "flow/runfolder.h"

typedef struct tm_auditing {
    tm_arena *mem;
    tm_str folder, started; /* started: started.h */
    const tm_yaml *manifest;
    bool json;
    tm_buf *out;
    unsigned looked, wrong;
} tm_auditing;

/* One line of the answer; detail may be "". */
void tm_audit_say(tm_auditing *a, bool good, const char *what, tm_str name, const char *detail);
/* audit_books.c: the manifest's counts against the rows of the ledger and of the findings. */
tm_status tm_audit_books(tm_auditing *a, tm_err *err);

#endif
