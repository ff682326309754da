/* The spill folder: names, accounting, deletion.
 *
 * It lies inside a run folder, whose lock keeps others out and who takes a run up again cleans it;
 * or *apart*, under --spill-dir, in TMPDIR or /tmp, where nobody looks after it. A run that is
 * killed there would leave the text of its records for good. So a folder apart holds a lock that
 * dies with its holder, and whoever makes one sweeps away first those beside it whose holders are
 * dead. What is swept has a name like ours, is a folder and no link to one, belongs to this user
 * and has a lock in it that nobody holds: a folder without a lock is one that is being made just
 * now.
 *
 * Between the making of a lock and the taking of it another run may take it for a dead one's; then
 * the folder is gone, and is made again. That a sweep fails is no failure of the run. */
#include "base/spill.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_our_name(const char *name)
{
    size_t n = strlen(TM_SPILL_NAME);
    if (strncmp(name, TM_SPILL_NAME, n) != 0 || name[n] < '0' || name[n] > '9') return false;
    return name[n + strspn(name + n, "0123456789abcdefx-")] == 0;
}

static bool is_our_folder(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == geteuid();
}

static void sweep_one(const char *path)
{
    char lock[4096];
    int file;
    int n = snprintf(lock, sizeof lock, "%s/lock", path);
    if (n < 0 || n >= (int)sizeof lock || !is_our_folder(path)) return;
    if (!tm_lock_left(lock, &file)) return;
    (void)tm_folder_remove(path, NULL);
    close(file);
}

static void sweep(const char *folder)
{
    char parent[4096];
    const char *slash = strrchr(folder, '/');
    size_t n = slash ? (size_t)(slash - folder) : 0;
    if (!slash || n + 1 >= sizeof parent) return;
    memcpy(parent, folder, n);
    parent[n] = 0;
    DIR *dir = opendir(n ? parent : "/");
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t more = strlen(entry->d_name);
        if (!has_our_name(entry->d_name) || n + more + 2 > sizeof parent) continue;
        parent[n] = '/';
        memcpy(parent + n + 1, entry->d_name, more + 1);
        sweep_one(parent);
    }
    closedir(dir);
}

static tm_status make_apart(tm_spill *s, tm_err *err)
{
    enum { TIMES = 100 };
    char lock[4096];
    bool made, there = true;
    tm_status status = TM_OK;
    int n = snprintf(lock, sizeof lock, "%s/lock", s->folder);
    if (n < 0 || n >= (int)sizeof lock)
        return tm_fail(err, TM_EUSAGE, "the spill folder's path is too long");
    sweep(s->folder);
    for (int i = 0; i < TIMES; i++) {
        TM_TRY(tm_folder_make_private(s->folder, &made, err));
        if (!made)
            return tm_fail(err, TM_EEXISTS, "%s is there already: give another --spill-dir",
                           s->folder);
        status = tm_lock_file(lock, &s->lock, err);
        if (status == TM_OK) return TM_OK;
        if (tm_file_there(s->folder, &there, NULL) != TM_OK || there) break;
    }
    (void)tm_folder_remove(s->folder, NULL);
    return status;
}

tm_status tm_spill_open(tm_spill *s, tm_err *err)
{
    bool made;
    if (atomic_load(&s->made)) return TM_OK;
    tm_lock_take(&s->making);
    tm_status status = TM_OK;
    if (!atomic_load(&s->made))
        status = s->apart ? make_apart(s, err) : tm_folder_make_private(s->folder, &made, err);
    if (status == TM_OK) atomic_store(&s->made, true);
    tm_lock_drop(&s->making);
    return status;
}

/* Text of records shall not stay for a failure that has passed: it is tried once more. */
void tm_spill_close(tm_spill *s)
{
    if (!atomic_load(&s->made)) return;
    if (tm_folder_remove(s->folder, NULL) != TM_OK) (void)tm_folder_remove(s->folder, NULL);
    if (s->apart) close(s->lock);
    atomic_store(&s->made, false);
}

tm_status tm_spill_create(tm_spill *s, char path[4096], int *file, tm_err *err)
{
    TM_TRY(tm_spill_open(s, err));
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
