/* Threads: every worker runs once, the caller among them, whatever number is asked for or had; and
 * the clock and the counts of the machine are sane. */
#include "base_help.h"

#include <sched.h>
#include <sys/resource.h>

#include "base/thread.h"

enum { MOST = 1024 };

typedef struct crowd {
    _Atomic unsigned ran[MOST], all;
    tm_lock lock;
    pthread_t caller;
    _Atomic bool caller_ran;
    uint64_t sum;
} crowd;

static void join_in(void *arg, unsigned worker)
{
    crowd *c = arg;
    atomic_fetch_add(&c->ran[worker], 1);
    atomic_fetch_add(&c->all, 1);
    if (pthread_equal(pthread_self(), c->caller)) atomic_store(&c->caller_ran, true);
    for (int i = 0; i < 100; i++) {
        tm_lock_take(&c->lock);
        c->sum++;
        tm_lock_drop(&c->lock);
    }
}

static unsigned runs(unsigned threads)
{
    static crowd c;
    memset(&c, 0, sizeof c);
    pthread_mutex_init(&c.lock, NULL);
    c.caller = pthread_self();
    tm_parallel(threads, join_in, &c);
    unsigned all = atomic_load(&c.all);
    for (unsigned w = 0; w < MOST; w++) assert_int_equal(atomic_load(&c.ran[w]), w < all);
    assert_true(atomic_load(&c.caller_ran));
    assert_int_equal(c.sum, 100 * (uint64_t)all);
    return all;
}

static void every_worker_runs_once(void **state)
{
    TM_UNUSED(state);
    for (unsigned threads = 1; threads < 20; threads++) assert_int_equal(runs(threads), threads);
}

static void never_fewer_than_one_nor_more_than_1024(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(runs(0), 1);
    unsigned got = runs(5000);
    assert_in_range(got, 1, MOST);
}

/* With stacks so large that the address space has room for few of them, fewer threads do it. */
static void fewer_threads_do_it_when_there_are_no_more(void **state)
{
    TM_UNUSED(state);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* sanitisers need the address space themselves */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    skip();
#endif
#endif
    struct rlimit was, now;
    pthread_attr_t attributes, before;
    assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
    assert_int_equal(pthread_getattr_default_np(&before), 0);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, (size_t)256 << 20), 0);
    assert_int_equal(pthread_setattr_default_np(&attributes), 0);
    now = was;
    now.rlim_cur = (rlim_t)1 << 30;
    assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
    unsigned got = runs(16);
    assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
    assert_int_equal(pthread_setattr_default_np(&before), 0);
    pthread_attr_destroy(&attributes);
    pthread_attr_destroy(&before);
    assert_in_range(got, 1, 4);
}

typedef struct ping {
    tm_lock lock;
    tm_signalled turned;
    int turn, rounds;
} ping;

static void *answer(void *arg)
{
    ping *p = arg;
    tm_lock_take(&p->lock);
    for (int i = 0; i < p->rounds; i++) {
        while (p->turn != 1) tm_wait(&p->turned, &p->lock);
        p->turn = 0;
        tm_wake_all(&p->turned);
    }
    tm_lock_drop(&p->lock);
    return NULL;
}

static void a_thread_of_its_own_can_be_woken_and_joined(void **state)
{
    TM_UNUSED(state);
    ping p = {TM_LOCK_INIT, TM_SIGNALLED_INIT, 0, 200};
    tm_thread t;
    assert_true(tm_thread_start(&t, answer, &p));
    tm_lock_take(&p.lock);
    for (int i = 0; i < p.rounds; i++) {
        while (p.turn != 0) tm_wait(&p.turned, &p.lock);
        p.turn = 1;
        tm_wake_all(&p.turned);
    }
    while (p.turn != 0) tm_wait(&p.turned, &p.lock);
    tm_lock_drop(&p.lock);
    tm_thread_join(t);
}

static void the_number_of_cores_is_what_this_process_may_use(void **state)
{
    TM_UNUSED(state);
    cpu_set_t was, one;
    unsigned cores = tm_cores();
    assert_true(cores >= 1 && cores <= (unsigned)sysconf(_SC_NPROCESSORS_CONF));
    assert_int_equal(sched_getaffinity(0, sizeof was, &was), 0);
    CPU_ZERO(&one);
    for (unsigned c = 0; c < CPU_SETSIZE; c++)
        if (CPU_ISSET(c, &was) && !CPU_COUNT(&one)) CPU_SET(c, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(tm_cores(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof was, &was), 0);
    assert_int_equal(tm_cores(), cores);
}

static void time_goes_forward_and_memory_is_counted_in_bytes(void **state)
{
    TM_UNUSED(state);
    double last = tm_now();
    for (int i = 0; i < 1000; i++) {
        double now = tm_now();
        assert_true(now >= last);
        last = now;
    }
    assert_true(tm_peak_rss() > 100 << 10); /* not KiB */
}

static void count_memory(void *arg, unsigned worker)
{
    TM_UNUSED(arg);
    for (size_t i = 0; i < 2000; i++) {
        char *p = tm_alloc(1 + (i * 37 + worker) % 3000);
        assert_non_null(p);
        char *larger = tm_realloc(p, 5000);
        assert_non_null(larger);
        tm_free(larger);
    }
}

static void memory_is_counted_over_all_threads(void **state)
{
    TM_UNUSED(state);
    tm_parallel(8, count_memory, NULL);
    assert_int_equal(tm_alloc_live(), 0);
    assert_true(tm_alloc_peak() >= 5000);
    assert_null(tm_alloc_zero(SIZE_MAX, 2));
    tm_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_worker_runs_once),
        cmocka_unit_test(never_fewer_than_one_nor_more_than_1024),
        cmocka_unit_test(fewer_threads_do_it_when_there_are_no_more),
        cmocka_unit_test(a_thread_of_its_own_can_be_woken_and_joined),
        cmocka_unit_test(the_number_of_cores_is_what_this_process_may_use),
        cmocka_unit_test(time_goes_forward_and_memory_is_counted_in_bytes),
        cmocka_unit_test(memory_is_counted_over_all_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
