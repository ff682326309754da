/* tm_spill: where a run puts what does not fit into memory, and how much it may put there. Files
 * are owner-only, deleted as soon as they are merged, and all gone when the run ends. Shared by
 * threads. */
#ifndef TM_BASE_SPILL_H
#define TM_BASE_SPILL_H

#include "base/fs.h"
#include "base/thread.h"

typedef struct tm_spill {
    const char *folder;          /* made at the first file */
    uint64_t max_disk;           /* bytes; 0 = none */
    _Atomic uint64_t held, ever; /* bytes now and in all */
    _Atomic unsigned files;      /* names given out */
    _Atomic bool made;
} tm_spill;

/* Opens a new file for writing; its path goes to `path`. */
tm_status tm_spill_create(tm_spill *s, char path[4096], int *file, tm_err *err);
/* Counts bytes against max_disk. */
tm_status tm_spill_take(tm_spill *s, uint64_t bytes, tm_err *err);
void tm_spill_drop(tm_spill *s, const char *path, uint64_t bytes); /* deletes the file */

#endif
