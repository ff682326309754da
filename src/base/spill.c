/* The spill folder: names, accounting, deletion. The folder lies inside the run folder or under
 * --spill-dir with the process number in its name, so two runs never meet. */
#include "base/spill.h"

#include <stdio.h>

tm_status tm_spill_create(tm_spill *s, char path[4096], int *file, tm_err *err)
{
    if (!atomic_load(&s->made)) {
        TM_TRY(tm_folder_make(s->folder, err));
        atomic_store(&s->made, true);
    }
    unsigned number = atomic_fetch_add(&s->files, 1);
    int n = snprintf(path, 4096, "%s/run-%06u", s->folder, number);
    if (n < 0 || n >= 4096) return tm_fail(err, TM_EUSAGE, "the spill folder's path is too long");
    return tm_file_create(path, true, true, file, err);
}

tm_status tm_spill_take(tm_spill *s, uint64_t bytes, tm_err *err)
{
    uint64_t held = atomic_fetch_add(&s->held, bytes) + bytes;
    if (s->max_disk && held > s->max_disk) {
        atomic_fetch_sub(&s->held, bytes); /* refused: it will not be written */
        return tm_fail(
            err, TM_ELIMIT,
            "the spill would pass --max-disk (%llu bytes): give more, or a larger --memory",
            (unsigned long long)s->max_disk);
    }
    atomic_fetch_add(&s->ever, bytes);
    return TM_OK;
}

void tm_spill_drop(tm_spill *s, const char *path, uint64_t bytes)
{
    tm_file_remove(path);
    atomic_fetch_sub(&s->held, bytes);
}
