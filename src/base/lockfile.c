/* A lock that dies with its holder: flock on a file that says who holds it. A process that was
 * killed leaves the file but not the lock, so the next one takes it over without asking.
 *
 * A holder that ends well removes the file first and lets go of the lock then. Whoever had opened
 * that file meanwhile gets a lock on a file without a name, which keeps nobody out; so a lock
 * counts only if the name still leads to the file that is locked, else it is asked for again.
 *
 * A file that says anything else than who holds it is no lock of ours: it is left as it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
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

/* "process 123\n", or nothing: its holder may have died before it wrote. */
static tm_status refuse_stranger(const char *path, int f, tm_err *err)
{
    static const char WORD[] = "process ";
    char said[64];
    size_t n;
    TM_TRY(tm_file_read(f, path, said, sizeof said, &n, err));
    TM_TRY(tm_file_seek(f, path, 0, err));
    size_t digits = TM_MIN(n, sizeof WORD - 1);
    bool ours = memcmp(said, WORD, digits) == 0;
    for (size_t i = digits; i + 1 < n; i++) ours = ours && said[i] >= '0' && said[i] <= '9';
    if (n && said[n - 1] != '\n') ours = false;
    if (ours) return TM_OK;
    return tm_fail(err, TM_EEXISTS,
                   "%s is there and is no lock of a run: move it away, or use another folder",
                   path);
}

tm_status tm_lock_file(const char *path, int *file, tm_err *err)
{
    char holder[64];
    int f = -1;
    TM_TRY(take(path, &f, err));
    tm_status strange = refuse_stranger(path, f, err);
    if (strange != TM_OK) {
        close(f);
        return strange;
    }
    int n = snprintf(holder, sizeof holder, "process %ld\n", (long)getpid());
    tm_status status = ftruncate(f, 0) != 0 ? tm_fail_errno(err, "write the lock", path, errno)
                                            : tm_file_write(f, path, holder, (size_t)n, err);
    if (status == TM_OK)
        *file = f;
    else
        tm_lock_release(f, path);
    return status;
}

bool tm_lock_left(const char *path, int *file)
{
    int f = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (f < 0) return false;
    if (flock(f, LOCK_EX | LOCK_NB) == 0 && refuse_stranger(path, f, NULL) == TM_OK) {
        *file = f;
        return true;
    }
    close(f);
    return false;
}

void tm_lock_release(int file, const char *path)
{
    unlink(path);
    close(file);
}
