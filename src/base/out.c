/* A file that is the old one or the complete new one: temporary name in the same folder, fsync,
 * rename, fsync of the folder. After a failed fsync the kernel may have dropped the pages and say
 * "well" the next time (Rebello et al., ATC 2020), so it is final: the temporary file goes.
 * What is not a regular file (a pipe, /dev/null, a terminal) is written straight. */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"

static _Atomic unsigned names;

static tm_status temp_name(tm_out *o, tm_err *err)
{
    const char *slash = strrchr(o->path, '/');
    int folder = slash ? (int)(slash - o->path) + 1 : 0;
    int n = snprintf(o->temp, sizeof o->temp, "%.*s.%s.tmp-%ld-%u", folder, o->path,
                     o->path + folder, (long)getpid(), atomic_fetch_add(&names, 1));
    return n > 0 && (size_t)n < sizeof o->temp
               ? TM_OK
               : tm_fail(err, TM_EUSAGE, "the path is too long: %s", o->path);
}

tm_status tm_out_begin(tm_out *o, const char *path, bool only_owner, tm_err *err)
{
    tm_file_info info;
    *o = (tm_out){.file = -1};
    if (strlen(path) >= sizeof o->path)
        return tm_fail(err, TM_EUSAGE, "the path is too long: %s", path);
    memcpy(o->path, path, strlen(path) + 1);
    bool there;
    TM_TRY(tm_file_look(path, &info, &there, err));
    bool special = there && !info.is_regular;
    if (special && info.is_folder)
        return tm_fail(err, TM_EUSAGE, "%s is a folder, not a file", path);
    if (special) {
        TM_TRY(tm_file_create(path, false, only_owner, &o->file, err));
    } else {
        TM_TRY(temp_name(o, err));
        TM_TRY(tm_file_create(o->temp, true, only_owner, &o->file, err));
    }
    o->open = true;
    return TM_OK;
}

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
    if (status == TM_OK && tm_fs_now.rename(o->temp, o->path) != 0)
        status = tm_fail_errno(err, "rename the new file to", o->path, errno);
    if (status != TM_OK) {
        tm_out_abandon(o);
        return status;
    }
    o->open = false;
    return sync_folder_of(o, err);
}

void tm_out_abandon(tm_out *o)
{
    if (!o->open) return;
    forget_digest(o);
    if (o->file >= 0) (void)tm_fs_now.close(o->file);
    if (o->temp[0]) tm_fs_now.remove(o->temp);
    o->open = false;
    o->file = -1;
}
