/* Threads, locks and time: thin names over pthreads, so that only base/ knows the platform. */
#ifndef TM_BASE_THREAD_H
#define TM_BASE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"

typedef pthread_mutex_t tm_lock;
typedef pthread_cond_t tm_signalled;
#define TM_LOCK_INIT PTHREAD_MUTEX_INITIALIZER
#define TM_SIGNALLED_INIT PTHREAD_COND_INITIALIZER

static inline void tm_lock_take(tm_lock *l)
{
    pthread_mutex_lock(l);
}
static inline void tm_lock_drop(tm_lock *l)
{
    pthread_mutex_unlock(l);
}
static inline void tm_wait(tm_signalled *s, tm_lock *l)
{
    pthread_cond_wait(s, l);
}
/* As tm_wait, for `seconds` at most; may return early. */
void tm_wait_for(tm_signalled *s, tm_lock *l, double seconds);
static inline void tm_wake_all(tm_signalled *s)
{
    pthread_cond_broadcast(s);
}

/* One thread of its own, for what goes on behind the caller's back. false: the system has none. */
typedef pthread_t tm_thread;
static inline bool tm_thread_start(tm_thread *t, void *(*body)(void *arg), void *arg)
{
    return pthread_create(t, NULL, body, arg) == 0;
}
static inline void tm_thread_join(tm_thread t)
{
    pthread_join(t, NULL);
}

/* Runs body(arg, 0..threads-1) on `threads` threads (the caller is one of them) and waits for all.
 * Falls back to fewer threads when the system has none to give; never to zero. */
void tm_parallel(unsigned threads, void (*body)(void *arg, unsigned worker), void *arg);

unsigned tm_cores(void);    /* processors this process may use, at least 1 */
double tm_now(void);        /* seconds, monotonic */
uint64_t tm_peak_rss(void); /* bytes, of this process */

#endif
