/* A file that is the old one or the complete new one: temporary name in the same folder, fsync,
 * rename, fsync of the folder. After a failed fsync the kernel may have dropped the pages and say
 * "well" the next time (Rebello et al., ATC 2020), so it is final: the temporary file goes.
 * What is not a regular file (a pipe, /dev/null, a terminal) is written straight.
 *
 * Whoever claims a file holds a lock beside it meanwhile (lockfile.c), so two writers meet there,
 * and the copy's name is without a process's number. A lock that was left says that its holder died
 * and that the copy is his: it is removed, not taken over, for it has the permissions of that day.
 * A copy without such a lock is a stranger's and stays. Where no lock can be had (some network file
 * systems) the copy is named after the process, and nobody is kept out before the end. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"

static _Atomic unsigned names;

/* ".NAME" and that, in the same folder. */
static tm_status beside(const char *path, const char *more, char out[4096], tm_err *err)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    int n = snprintf(out, 4096, "%.*s.%s%s", folder, path, path + folder, more);
    if (n > 0 && n < 4096) return TM_OK;
    return tm_fail(err, TM_EUSAGE, "the path is too long: %s", path);
}

tm_status tm_out_copy(const char *path, char copy[4096], tm_err *err)
{
    return beside(path, ".tmp", copy, err);
}

static tm_status temp_name(tm_out *o, tm_err *err)
{
    char more[64];
    snprintf(more, sizeof more, ".tmp-%ld-%u", (long)getpid(), atomic_fetch_add(&names, 1));
    return beside(o->path, more, o->temp, err);
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
    o->only_owner = there && info.only_owner; /* a private file stays one */
    if (*special && info.is_folder)
        return tm_fail(err, TM_EUSAGE, "%s is a folder, not a file", path);
    return TM_OK;
}

/* An error names the file that was asked for. */
static tm_status make_copy(tm_out *o, tm_err *err)
{
    o->file = tm_fs_now.open_write(o->temp, true, o->only_owner);
    return o->file >= 0 ? TM_OK : tm_fail_errno(err, "create", o->path, errno);
}

tm_status tm_out_begin(tm_out *o, const char *path, bool only_owner, tm_err *err)
{
    bool special;
    TM_TRY(take_path(o, path, &special, err));
    if (special) {
        TM_TRY(tm_file_open_pipe(path, &o->file, err));
    } else {
        TM_TRY(temp_name(o, err));
        o->only_owner |= only_owner;
        TM_TRY(make_copy(o, err));
    }
    o->open = true;
    return TM_OK;
}

tm_status tm_out_begin_scratch(tm_out *o, const char *path, tm_err *err)
{
    bool special;
    TM_TRY(take_path(o, path, &special, err));
    TM_TRY(tm_file_create(path, false, true, &o->file, err));
    o->open = true;
    return TM_OK;
}

/* ---- claims ---------------------------------------------------------------------------------- */

static void let_go(tm_out *o)
{
    if (o->lock_file > 0) tm_lock_release(o->lock_file, o->lock);
    o->lock_file = 0;
}

/* What a dead holder of the lock has left. */
static void sweep(const tm_out *o)
{
    int left;
    if (!tm_lock_left(o->lock, &left)) return;
    tm_fs_now.remove(o->temp);
    tm_lock_release(left, o->lock);
}

static tm_status take_lock(tm_out *o, tm_err *err)
{
    TM_TRY(beside(o->path, ".tamis-lock", o->lock, err));
    TM_TRY(tm_out_copy(o->path, o->temp, err));
    sweep(o);
    tm_err why = {0};
    tm_status status = tm_lock_file(o->lock, &o->lock_file, &why);
    if (status == TM_EBUSY)
        return tm_fail(err, status, "another run is writing %s: wait for it, or give another -o",
                       o->path);
    if (status == TM_EEXISTS) return tm_fail(err, status, "%s", why.msg);
    if (status != TM_OK) o->lock_file = 0; /* there are none here */
    return TM_OK;
}

tm_status tm_out_claim(tm_out *o, const char *path, bool only_new, tm_err *err)
{
    bool special, there = true;
    TM_TRY(take_path(o, path, &special, err));
    if (special) return tm_out_begin(o, path, false, err);
    TM_TRY(take_lock(o, err));
    tm_status status = TM_OK;
    if (o->lock_file) status = tm_file_there(o->temp, &there, err);
    if (status == TM_OK && there) status = temp_name(o, err);
    if (status == TM_OK) status = make_copy(o, err);
    if (status != TM_OK) return let_go(o), status;
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
