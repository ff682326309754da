/* Threads by pthreads and time by the monotonic clock.
 *
 * A thread that cannot be had is not an error: the others take its share, the caller at worst
 * all. */
#include "base/thread.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

typedef struct start {
    void (*body)(void *arg, unsigned worker);
    void *arg;
    unsigned worker;
} start;

static void *begin(void *of)
{
    start *s = of;
    s->body(s->arg, s->worker);
    return NULL;
}

void tm_parallel(unsigned threads, void (*body)(void *arg, unsigned worker), void *arg)
{
    enum { MOST = 1024 };
    pthread_t thread[MOST];
    start list[MOST];
    unsigned made = 0;
    if (threads > MOST) threads = MOST;
    for (unsigned i = 1; i < threads; i++) {
        list[made] = (start){body, arg, i};
        if (pthread_create(&thread[made], NULL, begin, &list[made]) != 0) break;
        made++;
    }
    body(arg, 0);
    for (unsigned i = 0; i < made; i++) pthread_join(thread[i], NULL);
}

unsigned tm_cores(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? (unsigned)n : 1;
}

void tm_wait_for(tm_signalled *s, tm_lock *l, double seconds)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long long end = t.tv_nsec + (long long)(seconds * 1e9);
    t.tv_sec += (time_t)(end / 1000000000);
    t.tv_nsec = (long)(end % 1000000000);
    pthread_cond_clockwait(s, l, CLOCK_MONOTONIC, &t);
}

double tm_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What getrusage says of a process began with that of the one that started it, which may be larger;
 * the kernel's own account of this program is not. */
uint64_t tm_peak_rss(void)
{
    struct rusage usage;
    unsigned long long kib = 0;
    char line[256];
    FILE *status = fopen("/proc/self/status", "re");
    while (status && !kib && fgets(line, sizeof line, status))
        (void)sscanf(line, "VmHWM: %llu kB", &kib);
    if (status) (void)fclose(status);
    if (kib) return kib * 1024;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}
