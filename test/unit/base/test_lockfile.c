/* The lock of a run folder: one process has it, another is told who, it dies with its holder. */
#include "base_help.h"

#include <signal.h>
#include <sys/wait.h>

/* A child that takes the lock, says so through the pipe, and waits to be killed or told to end. */
static pid_t holder(const char *path, int *ready_end)
{
    int ready[2];
    char said;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int lock;
        char answer = tm_lock_file(path, &lock, NULL) == TM_OK ? 'y' : 'n';
        if (write(ready[1], &answer, 1) != 1) _exit(2);
        for (;;) pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &said, 1), 1);
    assert_int_equal(said, 'y');
    *ready_end = ready[0];
    return child;
}

static void one_lock_after_another(void **state)
{
    TM_UNUSED(state);
    for (int i = 0; i < 3; i++) {
        int lock = -1;
        char want[64];
        assert_int_equal(tm_lock_file(room("lock"), &lock, NULL), TM_OK);
        assert_true(lock >= 0);
        int n = snprintf(want, sizeof want, "process %ld\n", (long)getpid());
        file_is(room("lock"), (tm_str){want, (size_t)n});
        tm_lock_release(lock, room("lock"));
        assert_false(tm_file_exists(room("lock")));
    }
}

static void a_second_holder_is_refused_and_told_who_has_it(void **state)
{
    TM_UNUSED(state);
    int end, lock = -1, status;
    char who[64];
    tm_err err = {0};
    pid_t child = holder(room("held"), &end);
    assert_int_equal(tm_lock_file(room("held"), &lock, &err), TM_EBUSY);
    snprintf(who, sizeof who, "is held by process %ld: wait", (long)child);
    says(err.msg, who);
    assert_int_equal(tm_status_exit(TM_EBUSY), 2);
    assert_true(tm_file_exists(room("held"))); /* a refusal takes nothing away */
    assert_int_equal(tm_lock_file(room("held"), &lock, NULL), TM_EBUSY);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(end);
    assert_int_equal(tm_lock_file(room("held"), &lock, &err), TM_OK); /* left by the dead */
    tm_lock_release(lock, room("held"));
    assert_int_equal(names_in(room_path), 0);
}

static void one_process_does_not_get_it_twice(void **state)
{
    TM_UNUSED(state);
    int first, second = -1;
    assert_int_equal(tm_lock_file(room("twice"), &first, NULL), TM_OK);
    assert_int_equal(tm_lock_file(room("twice"), &second, NULL), TM_EBUSY);
    tm_lock_release(first, room("twice"));
    assert_int_equal(tm_lock_file(room("twice"), &second, NULL), TM_OK);
    tm_lock_release(second, room("twice"));
}

static void a_file_that_is_no_lock_stays_as_it_is(void **state)
{
    TM_UNUSED(state);
    int lock;
    char want[64];
    tm_err err = {0};
    int n = snprintf(want, sizeof want, "process %ld\n", (long)getpid());
    static const char *const NONE[] = {"l\n",
                                       "process 1 and a great deal more than a lock ever holds\n",
                                       "process 1", "\n", "process 1\nprocess 2\n"};
    for (size_t i = 0; i < TM_COUNT(NONE); i++) {
        put_file(room("mine"), tm_str_of(NONE[i]));
        assert_int_equal(tm_lock_file(room("mine"), &lock, &err), TM_EEXISTS);
        says(err.msg, "is no lock of a run");
        file_is(room("mine"), tm_str_of(NONE[i]));
    }
    tm_file_remove(room("mine"));
    put_file(room("old"), TM_STR("process 123456\n"));
    assert_int_equal(tm_lock_file(room("old"), &lock, NULL), TM_OK);
    file_is(room("old"), (tm_str){want, (size_t)n});
    tm_lock_release(lock, room("old"));
}

static void a_place_that_cannot_hold_a_lock_says_so(void **state)
{
    TM_UNUSED(state);
    int lock;
    tm_err err = {0};
    assert_int_equal(tm_lock_file(room("no/such/lock"), &lock, &err), TM_EUSAGE);
    says(err.msg, "cannot open the lock");
    assert_int_equal(tm_lock_file(room_path, &lock, &err), TM_EUSAGE);
}

/* Many take and give it back without pause: a counter beside the lock is never touched by two. */
static void two_never_have_it_at_once(void **state)
{
    TM_UNUSED(state);
    enum { CHILDREN = 4, TURNS = 150 };
    pid_t child[CHILDREN];
    char path[300], mark[300];
    snprintf(path, sizeof path, "%s", room("race"));
    snprintf(mark, sizeof mark, "%s", room("mark"));
    for (int c = 0; c < CHILDREN; c++) {
        child[c] = fork();
        assert_true(child[c] >= 0);
        if (child[c]) continue;
        for (int had = 0; had < TURNS;) {
            int lock, alone;
            tm_status status = tm_lock_file(path, &lock, NULL);
            if (status == TM_EBUSY) continue;
            if (status != TM_OK) _exit(2);
            if (tm_file_create(mark, true, true, &alone, NULL) != TM_OK) _exit(3); /* two inside */
            close(alone);
            unlink(mark);
            tm_lock_release(lock, path);
            had++;
        }
        _exit(0);
    }
    for (int c = 0; c < CHILDREN; c++) {
        int status = -1;
        assert_int_equal(waitpid(child[c], &status, 0), child[c]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(names_in(room_path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_lock_after_another),
        cmocka_unit_test(a_second_holder_is_refused_and_told_who_has_it),
        cmocka_unit_test(one_process_does_not_get_it_twice),
        cmocka_unit_test(a_file_that_is_no_lock_stays_as_it_is),
        cmocka_unit_test(a_place_that_cannot_hold_a_lock_says_so),
        cmocka_unit_test(two_never_have_it_at_once),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
