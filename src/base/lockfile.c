/* A lock that dies with its holder: flock on a file that says who holds it. A process that was
 * killed leaves the file but not the lock, so the next one takes it over without asking.
 *
 * A holder that ends well removes the file first and lets go of the lock then. Whoever had opened
 * that file meanwhile gets a lock on a file without a name, which keeps nobody out; so a lock
 * counts only if the name still leads to the file that is locked, else it is asked for again. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"

static tm_status refused(const char *path, int f, int number, tm_err *err)
{
    char holder[64] = "";
    if (number != EWOULDBLOCK) return tm_fail_errno(err, "lock", path, number);
    ssize_t n = read(f, holder, sizeof holder - 1);
    holder[n > 0 ? n : 0] = 0;
    for (char *p = holder; *p; p++)
        if (*p == '\n') *p = 0;
    return tm_fail(err, TM_EBUSY, "%s is held by %s: wait for it, or use another folder", path,
                   holder[0] ? holder : "another process");
}

static bool still_named(const char *path, int f)
{
    struct stat open_one, named;
    return fstat(f, &open_one) == 0 && stat(path, &named) == 0 && open_one.st_ino == named.st_ino &&
           open_one.st_dev == named.st_dev;
}

static int open_lock(const char *path)
{
    int f;
    do {
        f = tm_fault_io(true) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    } while (f < 0 && errno == EINTR);
    return f;
}

static tm_status take(const char *path, int *file, tm_err *err)
{
    for (;;) {
        int f = open_lock(path);
        if (f < 0) return tm_fail_errno(err, "open the lock", path, errno);
        if (flock(f, LOCK_EX | LOCK_NB) != 0) {
            tm_status status = refused(path, f, errno, err);
            close(f);
            return status;
        }
        *file = f;
        if (still_named(path, f)) return TM_OK;
        close(f);
    }
}

tm_status tm_lock_file(const char *path, int *file, tm_err *err)
{
    char holder[64];
    int f = -1;
    TM_TRY(take(path, &f, err));
    int n = snprintf(holder, sizeof holder, "process %ld\n", (long)getpid());
    tm_status status = ftruncate(f, 0) != 0 ? tm_fail_errno(err, "write the lock", path, errno)
                                            : tm_file_write(f, path, holder, (size_t)n, err);
    if (status == TM_OK)
        *file = f;
    else
        tm_lock_release(f, path);
    return status;
}

void tm_lock_release(int file, const char *path)
{
    unlink(path);
    close(file);
}
