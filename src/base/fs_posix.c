/* The POSIX side of the file table, with the fault hooks of test builds in front of every call.
 *
 * A signal (a first Ctrl-C, say) can interrupt a call on a slow device or a network file system.
 * Reads and writes report it to their loops; all others are simply made again. A close that was
 * interrupted has closed: on Linux it must not be repeated, another thread may have the number. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"

#define AGAIN(result, writes, call)                   \
    do {                                              \
        (result) = tm_fault_io(writes) ? -1 : (call); \
    } while ((result) < 0 && errno == EINTR)

static int posix_open_read(const char *path)
{
    int file;
    AGAIN(file, false, open(path, O_RDONLY | O_CLOEXEC));
    return file;
}

static int posix_open_write(const char *path, bool only_new, bool only_owner)
{
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | (only_new ? O_EXCL | O_NOFOLLOW : O_TRUNC);
    int file;
    AGAIN(file, true, open(path, flags, only_owner ? 0600 : 0666));
    return file;
}

/* For writing alone: who may read from a pipe itself is never told that its reader has left. */
static int posix_open_pipe(const char *path)
{
    int file;
    AGAIN(file, true, open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file < 0) return file;
    int flags = fcntl(file, F_GETFL);
    if (flags >= 0 && fcntl(file, F_SETFL, flags & ~O_NONBLOCK) == 0) return file;
    close(file);
    return -1;
}

static int64_t posix_read(int file, void *p, size_t n)
{
    return tm_fault_io(false) || tm_fault_eintr() ? -1 : read(file, p, tm_fault_short(n));
}

static int64_t posix_read_at(int file, void *p, size_t n, uint64_t at)
{
    return tm_fault_io(false) || tm_fault_eintr() ? -1
                                                  : pread(file, p, tm_fault_short(n), (off_t)at);
}

static int posix_seek(int file, uint64_t at)
{
    return lseek(file, (off_t)at, SEEK_SET) < 0 ? -1 : 0;
}

static int64_t posix_write(int file, const void *p, size_t n)
{
    return tm_fault_io(true) || tm_fault_eintr() ? -1 : write(file, p, tm_fault_short(n));
}

static int64_t posix_write_at(int file, const void *p, size_t n, uint64_t at)
{
    return tm_fault_io(true) || tm_fault_eintr() ? -1
                                                 : pwrite(file, p, tm_fault_short(n), (off_t)at);
}

static int posix_sync(int file)
{
    int result;
    AGAIN(result, true, fsync(file));
    return result;
}

static int posix_close(int file)
{
    int result = close(file);
    if (tm_fault_io(true)) result = -1;
    return result < 0 && errno == EINTR ? 0 : result;
}

static int posix_rename(const char *from, const char *to)
{
    int result;
    AGAIN(result, true, rename(from, to));
    return result;
}

/* Where a file system knows no second names of a file, there is a moment between looking and
 * renaming. */
static int posix_rename_new(const char *from, const char *to)
{
    struct stat there;
    int result;
    AGAIN(result, true, link(from, to));
    if (result == 0) {
        (void)unlink(from); /* it has its name: that is what was asked for */
        return 0;
    }
    if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS) return -1;
    if (lstat(to, &there) != 0) return posix_rename(from, to);
    errno = EEXIST;
    return -1;
}

static int posix_remove(const char *path)
{
    return unlink(path);
}
static int posix_make_folder(const char *path, bool only_owner)
{
    int result;
    AGAIN(result, true, mkdir(path, only_owner ? 0700 : 0777));
    return result;
}
static int posix_remove_folder(const char *path)
{
    return rmdir(path);
}

static int posix_info(const char *path, tm_file_info *out)
{
    struct stat s;
    int result;
    AGAIN(result, false, stat(path, &s));
    if (result != 0) return -1;
    *out = (tm_file_info){.bytes = (uint64_t)s.st_size,
                          .modified_ns = (uint64_t)s.st_mtim.tv_sec * 1000000000u +
                                         (uint64_t)s.st_mtim.tv_nsec,
                          .device = (uint64_t)s.st_dev,
                          .inode = (uint64_t)s.st_ino,
                          .is_folder = S_ISDIR(s.st_mode),
                          .is_regular = S_ISREG(s.st_mode),
                          .only_owner = !(s.st_mode & (S_IRWXG | S_IRWXO))};
    return 0;
}

static bool posix_dangles(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0 && S_ISLNK(s.st_mode) && stat(path, &s) != 0 && errno == ENOENT;
}

tm_fs tm_fs_now = {
    .open_read = posix_open_read,
    .open_write = posix_open_write,
    .open_pipe = posix_open_pipe,
    .read = posix_read,
    .read_at = posix_read_at,
    .seek = posix_seek,
    .write = posix_write,
    .write_at = posix_write_at,
    .sync = posix_sync,
    .close = posix_close,
    .rename = posix_rename,
    .rename_new = posix_rename_new,
    .remove = posix_remove,
    .make_folder = posix_make_folder,
    .remove_folder = posix_remove_folder,
    .info = posix_info,
    .dangles = posix_dangles,
};
