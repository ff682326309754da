/* A file that is the old one or the complete new one: temporary name in the same folder, fsync,
 * rename, fsync of the folder. After a failed fsync the kernel may have dropped the pages and say
 * "well" the next time (Rebello et al., ATC 2020), so it is final: the temporary file goes.
 * What is not a regular file (a pipe, /dev/null, a terminal) is written straight.
 *
 * A claimed file's hidden copy has a name without a process's number, so that two writers meet
 * there. It is locked (flock, which dies with its holder) from before the first byte until it has
 * its name; a copy that nobody holds is a dead one's and is removed, not taken over: it has the
 * permissions of that day. Whoever opened a copy that was renamed or removed meanwhile holds the
 * lock of another file, so a lock counts only while the name leads to the file (as in lockfile.c).
 * Where locks are not supported (some network file systems) the copy is named after the process,
 * and nobody is kept out before the end. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"

static _Atomic unsigned names;

static tm_status temp_name(tm_out *o, bool shared, tm_err *err)
{
    const char *slash = strrchr(o->path, '/');
    int folder = slash ? (int)(slash - o->path) + 1 : 0;
    int n = snprintf(o->temp, sizeof o->temp, "%.*s.%s.tmp", folder, o->path, o->path + folder);
    if (!shared && n > 0 && (size_t)n < sizeof o->temp)
        n += snprintf(o->temp + n, sizeof o->temp - (size_t)n, "-%ld-%u", (long)getpid(),
                      atomic_fetch_add(&names, 1));
    return n > 0 && (size_t)n < sizeof o->temp
               ? TM_OK
               : tm_fail(err, TM_EUSAGE, "the path is too long: %s", o->path);
}

/* *special: it is there and no regular file. */
static tm_status take_path(tm_out *o, const char *path, bool *special, tm_err *err)
{
    tm_file_info info;
    *o = (tm_out){.file = -1};
    if (strlen(path) >= sizeof o->path)
        return tm_fail(err, TM_EUSAGE, "the path is too long: %s", path);
    memcpy(o->path, path, strlen(path) + 1);
    bool there;
    TM_TRY(tm_file_look(path, &info, &there, err));
    *special = there && !info.is_regular;
    if (*special && info.is_folder)
        return tm_fail(err, TM_EUSAGE, "%s is a folder, not a file", path);
    return TM_OK;
}

tm_status tm_out_begin(tm_out *o, const char *path, bool only_owner, tm_err *err)
{
    bool special;
    TM_TRY(take_path(o, path, &special, err));
    if (special) {
        TM_TRY(tm_file_create(path, false, only_owner, &o->file, err));
    } else {
        TM_TRY(temp_name(o, false, err));
        TM_TRY(tm_file_create(o->temp, true, only_owner, &o->file, err));
    }
    o->open = true;
    return TM_OK;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static bool named(const tm_out *o, int file)
{
    struct stat ours, there;
    return fstat(file, &ours) == 0 && lstat(o->temp, &there) == 0 && ours.st_ino == there.st_ino &&
           ours.st_dev == there.st_dev;
}

static tm_status busy(const tm_out *o, tm_err *err)
{
    return tm_fail(err, TM_EBUSY, "another run is writing %s: wait for it, or give another -o",
                   o->path);
}

/* Removes the copy if nobody holds it. */
static tm_status sweep(const tm_out *o, tm_err *err)
{
    int file = open(o->temp, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return errno == ENOENT ? TM_OK : tm_fail_errno(err, "open", o->temp, errno);
    tm_status status = TM_OK;
    bool held = flock(file, LOCK_EX | LOCK_NB) != 0;
    if (held && errno == EWOULDBLOCK)
        status = busy(o, err);
    else if (held)
        status = tm_fail(err, TM_EBUSY,
                         "%s is there, and whether a run writes it cannot be told on this file "
                         "system: if none does, remove it",
                         o->temp);
    else if (named(o, file))
        tm_fs_now.remove(o->temp);
    close(file);
    return status;
}

/* *mine: a new copy, and its lock, are ours. False: somebody came between. */
static tm_status make(tm_out *o, bool *mine, tm_err *err)
{
    *mine = false;
    o->file = tm_fs_now.open_write(o->temp, true, false);
    if (o->file < 0) return errno == EEXIST ? TM_OK : tm_fail_errno(err, "create", o->temp, errno);
    o->claim = fcntl(o->file, F_DUPFD_CLOEXEC, 3);
    if (o->claim < 0) {
        tm_status status = tm_fail_errno(err, "open", o->temp, errno);
        tm_fs_now.remove(o->temp);
        close(o->file);
        return status;
    }
    bool swept = flock(o->claim, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    *mine = !swept && named(o, o->file);
    if (*mine) return TM_OK;
    close(o->claim);
    close(o->file);
    o->claim = 0;
    return TM_OK;
}

tm_status tm_out_claim(tm_out *o, const char *path, bool only_new, tm_err *err)
{
    enum { TIMES = 100 };
    bool special, mine = false;
    TM_TRY(take_path(o, path, &special, err));
    if (special) {
        TM_TRY(tm_file_create(path, false, false, &o->file, err));
        o->open = true;
        return TM_OK;
    }
    TM_TRY(temp_name(o, true, err));
    for (int i = 0; i < TIMES && !mine; i++) {
        TM_TRY(sweep(o, err));
        TM_TRY(make(o, &mine, err));
    }
    if (!mine) return busy(o, err);
    o->open = true;
    o->only_new = only_new;
    return TM_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

tm_status tm_out_digest(tm_out *o, tm_err *err)
{
    o->digest = tm_sha256_new();
    return o->digest ? TM_OK : tm_fail_memory(err, "a digest", 0);
}

tm_status tm_out_write(tm_out *o, const void *p, size_t n, tm_err *err)
{
    TM_TRY(tm_file_write(o->file, o->path, p, n, err));
    if (o->digest) tm_sha256_add(o->digest, p, n);
    o->bytes += n;
    return TM_OK;
}

tm_file_sum tm_out_sum(const tm_out *o)
{
    tm_file_sum sum = {.bytes = o->bytes};
    if (o->digest) tm_sha256_hex(o->digest, sum.sha256);
    return sum;
}

static void forget_digest(tm_out *o)
{
    tm_sha256_free(o->digest);
    o->digest = NULL;
}

tm_status tm_out_rewrite(tm_out *o, uint64_t at, const void *p, size_t n, tm_err *err)
{
    TM_ASSERT(!o->digest);
    for (size_t done = 0; done < n;) {
        int64_t r = tm_fs_now.write_at(o->file, (const char *)p + done, n - done, at + done);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return tm_fail_errno(err, "write", o->path, errno);
        done += (size_t)r;
    }
    return TM_OK;
}

static tm_status sync_folder_of(const tm_out *o, tm_err *err)
{
    char folder[4096];
    const char *slash = strrchr(o->path, '/');
    if (!slash) return tm_folder_sync(".", err);
    size_t n = slash == o->path ? 1 : (size_t)(slash - o->path);
    memcpy(folder, o->path, n);
    folder[n] = 0;
    return tm_folder_sync(folder, err);
}

static void let_go(tm_out *o)
{
    if (o->claim > 0) close(o->claim);
    o->claim = 0;
}

static tm_status give_name(const tm_out *o, tm_err *err)
{
    int done =
        o->only_new ? tm_fs_now.rename_new(o->temp, o->path) : tm_fs_now.rename(o->temp, o->path);
    if (done == 0) return TM_OK;
    if (o->only_new && errno == EEXIST)
        return tm_fail(err, TM_EEXISTS,
                       "%s has come to be there since this run began, and is left as it is: give "
                       "--overwrite or another -o",
                       o->path);
    return tm_fail_errno(err, "rename the new file to", o->path, errno);
}

tm_status tm_out_commit(tm_out *o, tm_err *err)
{
    tm_status status = TM_OK;
    bool special = !o->temp[0];
    forget_digest(o);
    if (!special && tm_fs_now.sync(o->file) != 0)
        status = tm_fail_errno(err, "sync", o->path, errno);
    tm_status closed = tm_file_close(o->file, o->path, status == TM_OK ? err : NULL);
    if (status == TM_OK) status = closed;
    o->file = -1;
    if (special) {
        o->open = false;
        return status;
    }
    if (status == TM_OK) status = give_name(o, err);
    if (status != TM_OK) {
        tm_out_abandon(o);
        return status;
    }
    o->open = false;
    let_go(o);
    return sync_folder_of(o, err);
}

void tm_out_abandon(tm_out *o)
{
    if (!o->open) return;
    forget_digest(o);
    if (o->file >= 0) (void)tm_fs_now.close(o->file);
    if (o->temp[0]) tm_fs_now.remove(o->temp);
    let_go(o);
    o->open = false;
    o->file = -1;
}
