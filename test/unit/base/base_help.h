/* What the tests of base/ and flow/ share: cmocka, chance with a seed, and a folder of their own
 * that is gone afterwards.
 *
 *   cmocka_run_group_tests(tests, make_room, leave_room)
 *   room("name")                       the path of a file in it, good for the next eight calls */
#ifndef TEST_UNIT_BASE_HELP_H
#define TEST_UNIT_BASE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/fs.h"

#define HELP static inline __attribute__((unused))

static uint64_t chance_state = 1;
static char room_path[200];

HELP uint64_t chance(uint64_t below)
{
    uint64_t z = (chance_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % below;
}

HELP int make_room(void **state)
{
    TM_UNUSED(state);
    const char *base = getenv("TAMIS_TMP");
    snprintf(room_path, sizeof room_path, "%s/unit-XXXXXX", base ? base : "/tmp");
    return mkdtemp(room_path) ? 0 : -1;
}

HELP int leave_room(void **state)
{
    TM_UNUSED(state);
    return tm_folder_remove(room_path, NULL) == TM_OK ? 0 : -1;
}

HELP const char *room(const char *name)
{
    static char path[8][300];
    static unsigned next;
    char *to = path[next++ % 8];
    snprintf(to, sizeof path[0], "%s/%s", room_path, name);
    return to;
}

HELP uint32_t names_in(const char *path)
{
    tm_arena mem = {0};
    tm_str *names;
    uint32_t count = 0;
    assert_int_equal(tm_folder_list(&mem, path, &names, &count, NULL), TM_OK);
    tm_arena_release(&mem);
    return count;
}

HELP void put_file(const char *path, tm_str bytes)
{
    unlink(path); /* some file systems flush a file that is truncated and written again */
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    if (bytes.n) assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

HELP void file_is(const char *path, tm_str want)
{
    tm_buf got = {0};
    assert_int_equal(tm_file_load(path, 1 << 30, &got, NULL), TM_OK);
    assert_int_equal(got.n, want.n);
    if (want.n) assert_memory_equal(got.p, want.p, want.n);
    tm_buf_release(&got);
}

HELP void says(const char *message, const char *part)
{
    if (!strstr(message, part)) fail_msg("\"%s\" does not say \"%s\"", message, part);
}

#endif
