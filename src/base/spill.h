/* tm_spill: where a run puts what does not fit into memory, and how much it may put there. Folder
 * and files are owner-only; files are deleted as soon as they are merged, and all is gone when the
 * run ends. What is left of a run that was killed, the next one takes away. Shared by threads. */
#ifndef TM_BASE_SPILL_H
#define TM_BASE_SPILL_H

#include "base/fs.h"
#include "base/thread.h"

typedef struct tm_spill {
    const char *folder;          /* made at the first file */
    bool apart;                  /* no run folder is around it: it has a lock of its own */
    uint64_t max_disk;           /* bytes; 0 = none */
    uint64_t merge_most;         /* bytes in memory of the files that are merged; 0 = any */
    _Atomic uint64_t held, ever; /* bytes now and in all */
    _Atomic unsigned files;      /* names given out */
    _Atomic bool made;
    tm_lock making; /* zeroed, as all of it may be */
    int lock;       /* of a folder apart */
} tm_spill;

#define TM_SPILL_NAME \
    "tamis-" /* so begin the names of folders apart; then a number, a dash, more */

/* Makes the folder, if it is not there yet. */
tm_status tm_spill_open(tm_spill *s, tm_err *err);
void tm_spill_close(tm_spill *s); /* removes it with all in it; fine when it was never made */

/* Opens a new file for writing; its path goes to `path`. */
tm_status tm_spill_create(tm_spill *s, char path[4096], int *file, tm_err *err);
/* Counts bytes against max_disk. */
tm_status tm_spill_take(tm_spill *s, uint64_t bytes, tm_err *err);
void tm_spill_drop(tm_spill *s, const char *path, uint64_t bytes); /* deletes the file */

#endif
