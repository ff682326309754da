/* The progress line: a thread that pulls a snapshot five times a second and rewrites one line of
 * standard error. It exists only when that is a terminal. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/thread.h"
#include "cli/command.h"

struct tm_ticker {
    tm_run *run;
    pthread_t thread;
    _Atomic bool stop;
};

static void size_text(double bytes, char out[32])
{
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB"};
    unsigned unit = 0;
    while (bytes >= 1000 && unit + 1 < TM_COUNT(UNITS)) bytes /= 1000, unit++;
    snprintf(out, 32, "%.*f %s", unit && bytes < 100 ? 1 : 0, bytes, UNITS[unit]);
}

static void draw(const tm_progress *now, double rate)
{
    char speed[32], memory[32], left[48] = "", counts[96] = "";
    size_text(rate, speed);
    size_text((double)now->memory, memory);
    if (now->bytes_total && rate > 0 && now->bytes <= now->bytes_total)
        snprintf(left, sizeof left, "  %.0f%%  %.0f s left",
                 100.0 * (double)now->bytes / (double)now->bytes_total,
                 (double)(now->bytes_total - now->bytes) / rate);
    if (now->records) /* counted in the writing pass */
        snprintf(counts, sizeof counts, "  %llu records  %llu fell  %llu unreadable",
                 (unsigned long long)now->records, (unsigned long long)now->fallen,
                 (unsigned long long)now->unreadable);
    fprintf(stderr, "\r\033[K%u/%u %s%s  %s/s%s  memory %s", now->pass, now->passes, now->doing,
            counts, speed, left, memory);
    fflush(stderr);
}

static void *tick(void *of)
{
    tm_ticker *t = of;
    uint64_t last = 0;
    double rate = 0, when = tm_now();
    while (!atomic_load(&t->stop)) {
        struct timespec pause = {0, 200000000};
        nanosleep(&pause, NULL);
        tm_progress now;
        tm_run_progress(t->run, &now);
        double seconds = tm_now() - when,
               fresh = (double)(now.bytes - TM_MIN(last, now.bytes)) / seconds;
        rate = rate > 0 ? rate * 0.7 + fresh * 0.3 : fresh;
        when += seconds;
        last = now.bytes;
        draw(&now, rate);
    }
    fprintf(stderr, "\r\033[K");
    return NULL;
}

tm_ticker *tm_ticker_start(tm_run *run)
{
    tm_ticker *t = tm_alloc_zero(1, sizeof *t);
    if (!t) return NULL;
    t->run = run;
    if (pthread_create(&t->thread, NULL, tick, t) == 0) return t;
    tm_free(t);
    return NULL;
}

void tm_ticker_stop(tm_ticker *t)
{
    if (!t) return;
    atomic_store(&t->stop, true);
    pthread_join(t->thread, NULL);
    tm_free(t);
}
