/* Counts calls and fails the chosen ones; see fault.h. The environment is read once. What happened
 * is told when the process ends, so that a test knows when n has passed the last call. */
#include "base/fault.h"

#ifdef TM_FAULTS
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    unsigned long alloc_at, io_at, piece, interrupt;
    bool alloc_on, io_on;
    int number;
} plan;
static _Atomic unsigned long allocs, calls, transfers, fired;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int number_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } LIST[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EMFILE", EMFILE},
                {"EACCES", EACCES}, {"EROFS", EROFS},   {"EDQUOT", EDQUOT}, {"EAGAIN", EAGAIN}};
    for (size_t i = 0; i < TM_COUNT(LIST); i++)
        if (strncmp(name, LIST[i].name, strlen(LIST[i].name)) == 0) return LIST[i].number;
    return EIO;
}

static void read_plan(void)
{
    const char *at = getenv("TAMIS_FAULTS");
    while (at && *at) {
        char *end;
        bool alloc = strncmp(at, "alloc:", 6) == 0, io = strncmp(at, "io:", 3) == 0;
        const char *number = strchr(at, ':');
        if (!number) return;
        unsigned long n = strtoul(number + 1, &end, 10);
        bool on = *end == '+';
        if (on) end++;
        if (alloc)
            plan.alloc_at = n, plan.alloc_on = on;
        else if (io)
            plan.io_at = n, plan.io_on = on, plan.number = number_of(end + (*end == ':'));
        else if (strncmp(at, "short:", 6) == 0)
            plan.piece = n;
        else if (strncmp(at, "eintr:", 6) == 0)
            plan.interrupt = n;
        at = strchr(end, ',');
        if (at) at++;
    }
}

static bool fire(bool fail, int number)
{
    if (!fail) return false;
    atomic_fetch_add(&fired, 1);
    if (number) errno = number;
    return true;
}

/* Runs when the process ends by itself. */
__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("TAMIS_FAULTS_TOLD");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "allocs %lu calls %lu fired %lu\n", atomic_load(&allocs), atomic_load(&calls),
            atomic_load(&fired));
    fclose(file);
}

bool tm_fault_alloc(void)
{
    pthread_once(&once, read_plan);
    unsigned long n = atomic_fetch_add(&allocs, 1) + 1;
    if (!plan.alloc_at) return false;
    return fire(n == plan.alloc_at || (plan.alloc_on && n > plan.alloc_at), 0);
}

bool tm_fault_io(bool writes)
{
    pthread_once(&once, read_plan);
    unsigned long n = atomic_fetch_add(&calls, 1) + 1;
    if (!plan.io_at) return false;
    bool full = plan.number == ENOSPC || plan.number == EDQUOT || plan.number == EROFS;
    if (full && !writes) return false;
    return fire(n == plan.io_at || (plan.io_on && n > plan.io_at), plan.number);
}

bool tm_fault_eintr(void)
{
    pthread_once(&once, read_plan);
    if (!plan.interrupt) return false;
    return fire((atomic_fetch_add(&transfers, 1) + 1) % plan.interrupt == 0, EINTR);
}

size_t tm_fault_short(size_t n)
{
    pthread_once(&once, read_plan);
    return plan.piece && n > plan.piece ? plan.piece : n;
}
#endif
