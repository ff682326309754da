/* tm_store: bytes put behind one another, to be read back at will. They stay in memory up to a
 * budget; what comes later goes into a spill file. One owner. */
#ifndef TM_BASE_STORE_H
#define TM_BASE_STORE_H

#include "base/buf.h"
#include "base/spill.h"

typedef struct tm_store {
    tm_spill *spill; /* NULL: everything stays in memory */
    uint64_t budget;
    tm_buf memory; /* the first bytes */
    tm_buf tail;   /* those that are not in the file yet */
    uint64_t filed;
    int out, in; /* of the file, once there is a path */
    char *path;
} tm_store;

/* *at: where, for tm_store_get. */
tm_status tm_store_put(tm_store *s, tm_str bytes, uint64_t *at, tm_err *err);
/* The n bytes at `at`. They lie in `scratch` or in the store, aligned to 8, and live
 * until the next call of either function. */
tm_status tm_store_get(tm_store *s, uint64_t at, size_t n, tm_buf *scratch, tm_str *out,
                       tm_err *err);
void tm_store_release(tm_store *s); /* deletes the file */

#endif
