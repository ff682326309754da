/* The fault hooks themselves, compiled in here whatever the build: what a plan says fails, exactly
 * that fails, and what happened is told at the end. Every plan runs in a process of its own: the
 * environment is read once. */
#ifndef TM_FAULTS
#define TM_FAULTS
#endif
#include "base_help.h"

#include <sys/wait.h>

/* Names of their own: a library built with faults has the others. */
#define tm_fault_alloc own_fault_alloc
#define tm_fault_io own_fault_io
#define tm_fault_eintr own_fault_eintr
#define tm_fault_short own_fault_short
#include "base/fault.c"

enum { CALLS = 20 };

typedef void (*body)(char *out);

/* Runs in a child under the plan; what it noted and what was told come back. */
static void under(const char *faults, body run, const char *want, const char *want_told)
{
    int ends[2], status;
    char noted[200] = "";
    setenv("TAMIS_FAULTS", faults, 1);
    setenv("TAMIS_FAULTS_TOLD", room("told"), 1);
    tm_file_remove(room("told"));
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char out[200] = "";
        run(out);
        if (write(ends[1], out, strlen(out)) < 0) _exit(2);
        tell();
        _exit(0);
    }
    close(ends[1]);
    assert_true(read(ends[0], noted, sizeof noted - 1) >= 0);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    unsetenv("TAMIS_FAULTS");
    unsetenv("TAMIS_FAULTS_TOLD");
    assert_string_equal(noted, want);
    file_is(room("told"), tm_str_of(want_told));
}

static void allocate(char *out)
{
    for (int i = 0; i < CALLS; i++) out[i] = tm_fault_alloc() ? 'F' : '.';
}

static void chosen_allocations_fail(void **state)
{
    TM_UNUSED(state);
    under("alloc:3", allocate, "..F.................", "allocs 20 calls 0 fired 1\n");
    under("alloc:18+", allocate, ".................FFF", "allocs 20 calls 0 fired 3\n");
    under("alloc:1+", allocate, "FFFFFFFFFFFFFFFFFFFF", "allocs 20 calls 0 fired 20\n");
    under("alloc:21", allocate, "....................", "allocs 20 calls 0 fired 0\n");
    under("alloc:0", allocate, "....................", "allocs 20 calls 0 fired 0\n");
    under("", allocate, "....................", "allocs 20 calls 0 fired 0\n");
}

/* Every second call writes. */
static void call(char *out)
{
    for (int i = 0; i < CALLS; i++) {
        errno = 0;
        bool fails = tm_fault_io(i % 2);
        out[i] = !fails            ? '.'
                 : errno == EIO    ? 'i'
                 : errno == ENOSPC ? 's'
                 : errno == EMFILE ? 'm'
                 : errno == EINTR  ? 'r'
                                   : '?';
    }
}

static void chosen_calls_fail_with_their_number(void **state)
{
    TM_UNUSED(state);
    under("io:4:EIO", call, "...i................", "allocs 0 calls 20 fired 1\n");
    under("io:4", call, "...i................", "allocs 0 calls 20 fired 1\n");
    under("io:17+:EMFILE", call, "................mmmm", "allocs 0 calls 20 fired 4\n");
    under("io:2:EINTR", call, ".r..................", "allocs 0 calls 20 fired 1\n");
}

static void a_full_disk_is_for_calls_that_write(void **state)
{
    TM_UNUSED(state);
    under("io:4:ENOSPC", call, "...s................", "allocs 0 calls 20 fired 1\n");
    under("io:15+:ENOSPC", call, "...............s.s.s", "allocs 0 calls 20 fired 3\n");
}

static void transfer(char *out)
{
    size_t n = 0;
    for (int i = 0; i < 8; i++) {
        errno = 0;
        out[n++] = tm_fault_eintr() ? errno == EINTR ? 'r' : '?' : '.';
        out[n++] = (char)('0' + tm_fault_short((size_t)i));
    }
}

static void transfers_are_short_and_interrupted(void **state)
{
    TM_UNUSED(state);
    under("short:3", transfer, ".0.1.2.3.3.3.3.3", "allocs 0 calls 0 fired 0\n");
    under("eintr:2", transfer, ".0r1.2r3.4r5.6r7", "allocs 0 calls 0 fired 4\n");
    under("short:1,eintr:4", transfer, ".0.1.1r1.1.1.1r1", "allocs 0 calls 0 fired 2\n");
}

static void both(char *out)
{
    for (int i = 0; i < 4; i++) {
        *out++ = tm_fault_alloc() ? 'A' : '.';
        *out++ = tm_fault_io(true) ? 'I' : '.';
    }
}

static void several_plans_stand_beside_each_other(void **state)
{
    TM_UNUSED(state);
    under("alloc:2,io:3:EIO", both, "..A..I..", "allocs 4 calls 4 fired 2\n");
    under("io:3+:EIO,alloc:4+", both, ".....IAI", "allocs 4 calls 4 fired 3\n");
    under("nonsense,alloc:1", both, "........", "allocs 4 calls 4 fired 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chosen_allocations_fail),
        cmocka_unit_test(chosen_calls_fail_with_their_number),
        cmocka_unit_test(a_full_disk_is_for_calls_that_write),
        cmocka_unit_test(transfers_are_short_and_interrupted),
        cmocka_unit_test(several_plans_stand_beside_each_other),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
