/* A lock that dies with its holder: flock on a file that says who holds it. A process that was
 * killed leaves the file but not the lock, so the next one takes it over without asking. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs.h"

tm_status tm_lock_file(const char *path, int *file, tm_err *err)
{
    char holder[64] = "";
    int f = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (f < 0) return tm_fail_errno(err, "open the lock", path, errno);
    if (flock(f, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = read(f, holder, sizeof holder - 1);
        holder[n > 0 ? n : 0] = 0;
        for (char *p = holder; *p; p++)
            if (*p == '\n') *p = 0;
        close(f);
        return tm_fail(err, TM_EBUSY, "%s is held by %s: wait for it, or use another folder", path,
                       holder[0] ? holder : "another process");
    }
    int n = snprintf(holder, sizeof holder, "process %ld\n", (long)getpid());
    if (ftruncate(f, 0) != 0 || write(f, holder, (size_t)n) != n) {
        int number = errno;
        close(f);
        return tm_fail_errno(err, "write the lock", path, number);
    }
    *file = f;
    return TM_OK;
}

void tm_lock_release(int file, const char *path)
{
    unlink(path);
    close(file);
}
