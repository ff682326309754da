/* Whole reads and writes over the table: short ones go on, interrupted ones are tried again, all
 * other failures are sentences. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/fs.h"

tm_status tm_file_open(const char *path, int *file, tm_err *err)
{
    *file = tm_fs_now.open_read(path);
    return *file >= 0 ? TM_OK : tm_fail_errno(err, "open", path, errno);
}

tm_status tm_file_create(const char *path, bool only_new, bool only_owner, int *file, tm_err *err)
{
    *file = tm_fs_now.open_write(path, only_new, only_owner);
    return *file >= 0 ? TM_OK : tm_fail_errno(err, "create", path, errno);
}

enum { LOOK_UP_MS = 50 }; /* between two looks at whether to go on waiting */

tm_status tm_file_open_pipe(const char *path, int *file, tm_err *err)
{
    while ((*file = tm_fs_now.open_pipe(path)) < 0) {
        if (errno != ENXIO) return tm_fail_errno(err, "open", path, errno);
        if (tm_fs_now.stopped && tm_fs_now.stopped())
            return tm_fail(err, TM_ECANCELLED, "interrupted");
        poll(NULL, 0, LOOK_UP_MS);
    }
    return TM_OK;
}

tm_status tm_file_close(int file, const char *path, tm_err *err)
{
    return tm_fs_now.close(file) == 0 ? TM_OK : tm_fail_errno(err, "close", path, errno);
}

void tm_file_remove(const char *path)
{
    tm_fs_now.remove(path);
}

/* A signal may reach any thread, so the one that waits for a pipe looks up from time to time. */
static tm_status wait_for_bytes(int file, tm_err *err)
{
    struct pollfd wait = {.fd = file, .events = POLLIN};
    while (poll(&wait, 1, LOOK_UP_MS) <= 0)
        if (tm_fs_now.stopped()) return tm_fail(err, TM_ECANCELLED, "interrupted");
    return TM_OK;
}

tm_status tm_file_read(int file, const char *path, void *p, size_t n, size_t *got, tm_err *err)
{
    *got = 0;
    while (*got < n) {
        if (tm_fs_now.stopped) TM_TRY(wait_for_bytes(file, err));
        int64_t r = tm_fs_now.read(file, (char *)p + *got, n - *got);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return tm_fail_errno(err, "read", path, errno);
        if (r == 0) break;
        *got += (size_t)r;
    }
    return TM_OK;
}

tm_status tm_file_seek(int file, const char *path, uint64_t at, tm_err *err)
{
    return tm_fs_now.seek(file, at) == 0 ? TM_OK : tm_fail_errno(err, "seek", path, errno);
}

tm_status tm_file_read_at(int file, const char *path, void *p, size_t n, uint64_t at, tm_err *err)
{
    for (size_t got = 0; got < n;) {
        int64_t r = tm_fs_now.read_at(file, (char *)p + got, n - got, at + got);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return tm_fail_errno(err, "read", path, errno);
        if (r == 0) return tm_fail(err, TM_EIO, "cannot read %s: it is shorter than it was", path);
        got += (size_t)r;
    }
    return TM_OK;
}

tm_status tm_file_write(int file, const char *path, const void *p, size_t n, tm_err *err)
{
    for (size_t done = 0; done < n;) {
        int64_t r = tm_fs_now.write(file, (const char *)p + done, n - done);
        if (r < 0 && errno == EINTR) continue;
        if (r < 0 && errno == EPIPE) return tm_fail(err, TM_ECANCELLED, "%s was closed", path);
        if (r < 0) return tm_fail_errno(err, "write", path, errno);
        done += (size_t)r;
    }
    return TM_OK;
}

tm_status tm_file_info_of(const char *path, tm_file_info *out, tm_err *err)
{
    if (tm_fs_now.info(path, out) == 0) return TM_OK;
    int number = errno;
    if (number == ENOENT && tm_fs_now.dangles(path))
        return tm_fail(err, TM_EUSAGE,
                       "%s is a link that leads nowhere: take it away, or name the files by a "
                       "pattern, which passes it over",
                       path);
    return tm_fail_errno(err, "look at", path, number);
}

tm_status tm_file_look(const char *path, tm_file_info *out, bool *there, tm_err *err)
{
    *out = (tm_file_info){0};
    *there = tm_fs_now.info(path, out) == 0;
    if (*there || errno == ENOENT || errno == ENOTDIR) return TM_OK;
    return tm_fail_errno(err, "look at", path, errno);
}

tm_status tm_file_there(const char *path, bool *there, tm_err *err)
{
    tm_file_info info;
    return tm_file_look(path, &info, there, err);
}

bool tm_file_exists(const char *path)
{
    tm_file_info info;
    return tm_fs_now.info(path, &info) == 0;
}

tm_status tm_file_load(const char *path, uint64_t limit, tm_buf *out, tm_err *err)
{
    int file;
    TM_TRY(tm_file_open(path, &file, err));
    tm_status status = TM_OK;
    for (size_t got = 1; status == TM_OK && got;) {
        size_t piece = 64 << 10;
        if (!tm_buf_grow(out, piece)) status = tm_fail_memory(err, path, out->n);
        if (status == TM_OK) status = tm_file_read(file, path, out->p + out->n, piece, &got, err);
        if (status == TM_OK) out->n += got;
        if (status == TM_OK && out->n > limit)
            status = tm_fail(err, TM_ELIMIT, "%s is larger than %llu bytes", path,
                             (unsigned long long)limit);
    }
    (void)tm_file_close(file, path, NULL);
    return status;
}

tm_status tm_file_save(const char *path, tm_str bytes, bool only_owner, tm_err *err)
{
    tm_out out = {0};
    TM_TRY(tm_out_begin(&out, path, only_owner, err));
    tm_status status = tm_out_write(&out, bytes.p, bytes.n, err);
    if (status == TM_OK) status = tm_out_commit(&out, err);
    tm_out_abandon(&out);
    return status;
}
