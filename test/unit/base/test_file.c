/* Files: whole reads and writes over short and interrupted calls, and results that are the old file
 * or the new one whatever call fails. */
#include "base_help.h"

#include <errno.h>
#include <signal.h>

/* Wrappers around the real calls: pieces of at most `piece` bytes, every third call interrupted;
 * the fail_at-th call (from 1) fails for good. */
static tm_fs real;
static size_t piece;
static bool interrupts;
static long calls, fail_at;
static bool renamed;

static bool fails(bool may_interrupt)
{
    calls++;
    if (calls == fail_at) return errno = ENOSPC, true;
    if (may_interrupt && interrupts && calls % 3 == 0) return errno = EINTR, true;
    return false;
}

static size_t part(size_t n)
{
    return piece && n > piece ? piece : n;
}

static int64_t slow_read(int file, void *p, size_t n)
{
    return fails(true) ? -1 : real.read(file, p, part(n));
}
static int64_t slow_read_at(int file, void *p, size_t n, uint64_t at)
{
    return fails(true) ? -1 : real.read_at(file, p, part(n), at);
}
static int64_t slow_write(int file, const void *p, size_t n)
{
    return fails(true) ? -1 : real.write(file, p, part(n));
}
static int64_t slow_write_at(int file, const void *p, size_t n, uint64_t at)
{
    return fails(true) ? -1 : real.write_at(file, p, part(n), at);
}
static int failing_open(const char *path, bool only_new, bool only_owner)
{
    return fails(false) ? -1 : real.open_write(path, only_new, only_owner);
}
static int failing_sync(int file)
{
    return fails(false) ? -1 : real.sync(file);
}
static int failing_close(int file)
{
    int result = real.close(file);
    return fails(false) ? -1 : result;
}
static int failing_rename(const char *from, const char *to)
{
    if (fails(false)) return -1;
    int result = real.rename(from, to);
    renamed = result == 0;
    return result;
}

static int begin(void **state)
{
    TM_UNUSED(state);
    real = tm_fs_now;
    piece = 0, interrupts = false, calls = fail_at = 0;
    tm_fs_now.read = slow_read;
    tm_fs_now.read_at = slow_read_at;
    tm_fs_now.write = slow_write;
    tm_fs_now.write_at = slow_write_at;
    tm_fs_now.open_write = failing_open;
    tm_fs_now.sync = failing_sync;
    tm_fs_now.close = failing_close;
    tm_fs_now.rename = failing_rename;
    return 0;
}

static int end(void **state)
{
    TM_UNUSED(state);
    tm_fs_now = real;
    return tm_alloc_live() ? -1 : 0;
}

static char bytes[200000];

static void make_bytes(void)
{
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)chance(256);
}

static void short_and_interrupted_calls_make_whole_files(void **state)
{
    TM_UNUSED(state);
    make_bytes();
    static const size_t pieces[] = {0, 1, 7, 4096, 65536};
    static const size_t sizes[] = {0, 1, 5000, 65535, 65536, 65537, sizeof bytes};
    for (size_t k = 0; k < TM_COUNT(pieces); k++)
        for (size_t i = 0; i < TM_COUNT(sizes); i++) {
            tm_str all = {bytes, sizes[i]};
            piece = pieces[k], interrupts = k % 2;
            if (piece == 1 && all.n > 70000) continue;
            assert_int_equal(tm_file_save(room("whole"), all, false, NULL), TM_OK);
            file_is(room("whole"), all);
        }
}

static void reading_at_a_place_wants_every_byte(void **state)
{
    TM_UNUSED(state);
    int file;
    char got[100];
    tm_err err = {0};
    put_file(room("at"), TM_STR("0123456789"));
    assert_int_equal(tm_file_open(room("at"), &file, NULL), TM_OK);
    piece = 2, interrupts = true;
    assert_int_equal(tm_file_read_at(file, "at", got, 5, 4, NULL), TM_OK);
    assert_memory_equal(got, "45678", 5);
    assert_int_equal(tm_file_read_at(file, "at", got, 0, 99, NULL), TM_OK);
    assert_int_equal(tm_file_read_at(file, "at", got, 5, 6, &err), TM_EIO);
    assert_string_equal(err.msg, "cannot read at: it is shorter than it was");
    assert_int_equal(tm_file_close(file, "at", NULL), TM_OK);
}

static void loading_has_a_limit(void **state)
{
    TM_UNUSED(state);
    tm_buf got = {0};
    tm_err err = {0};
    put_file(room("limit"), (tm_str){bytes, 100000});
    assert_int_equal(tm_file_load(room("limit"), 100000, &got, NULL), TM_OK);
    assert_int_equal(got.n, 100000);
    tm_buf_clear(&got);
    assert_int_equal(tm_file_load(room("limit"), 99999, &got, &err), TM_ELIMIT);
    says(err.msg, "is larger than 99999 bytes");
    tm_buf_release(&got);
    assert_int_equal(tm_file_load("/dev/zero", 1000, &got, &err), TM_ELIMIT); /* comes back */
    tm_buf_release(&got);
    assert_int_equal(tm_file_load(room("absent"), 10, &got, &err), TM_EUSAGE);
    says(err.msg, "No such file");
    assert_int_not_equal(tm_file_load(room_path, 10, &got, &err), TM_OK); /* a folder */
    tm_buf_release(&got);
}

static void absence_is_an_answer_and_trouble_is_not(void **state)
{
    TM_UNUSED(state);
    bool there = true;
    tm_file_info info;
    put_file(room("plain"), TM_STR("12345"));
    assert_int_equal(tm_file_look(room("plain"), &info, &there, NULL), TM_OK);
    assert_true(there && info.bytes == 5 && info.is_regular && !info.is_folder);
    assert_int_equal(tm_file_there(room("absent"), &there, NULL), TM_OK);
    assert_false(there);
    assert_int_equal(tm_file_there(room("plain/below"), &there, NULL), TM_OK);
    assert_false(there);
    assert_int_equal(symlink("circle", room("circle")), 0);
    assert_int_equal(tm_file_there(room("circle"), &there, NULL), TM_EUSAGE);
    assert_false(tm_file_exists(room("circle")));
    assert_int_equal(tm_file_info_of(room("absent"), &info, NULL), TM_EUSAGE);
    assert_int_equal(unlink(room("circle")), 0);
}

/* Fails each call in turn: the file is the old one, or whole and new; nothing lies beside it. */
static void a_result_is_the_old_file_or_the_new_one(void **state)
{
    TM_UNUSED(state);
    const char *folder = room("out"), *path = room("out/result");
    tm_str old = TM_STR("old"), new = {bytes, 50000};
    assert_int_equal(tm_folder_make(folder, NULL), TM_OK);
    for (int with_old = 0; with_old < 2; with_old++) {
        tm_status status = TM_EIO;
        for (long n = 1; status != TM_OK; n++) {
            assert_true(n < 100);
            tm_file_remove(path);
            if (with_old) put_file(path, old);
            piece = 10000, calls = 0, fail_at = n, renamed = false;
            status = tm_file_save(path, new, false, NULL);
            fail_at = 0;
            if (status == TM_OK) assert_true(renamed);
            assert_int_equal(names_in(folder), with_old || renamed);
            if (with_old || renamed) file_is(path, renamed ? new : old);
        }
    }
}

static void a_result_that_is_left_undone_was_never_there(void **state)
{
    TM_UNUSED(state);
    tm_out out = {0};
    const char *folder = room("undone"), *path = room("undone/result");
    assert_int_equal(tm_folder_make(folder, NULL), TM_OK);
    put_file(path, TM_STR("old"));
    assert_int_equal(tm_out_begin(&out, path, false, NULL), TM_OK);
    assert_int_equal(tm_out_write(&out, "half", 4, NULL), TM_OK);
    assert_int_equal(names_in(folder), 2);
    file_is(path, TM_STR("old"));
    tm_out_abandon(&out);
    tm_out_abandon(&out);
    assert_int_equal(names_in(folder), 1);
    assert_int_equal(tm_out_begin(&out, path, false, NULL), TM_OK);
    piece = 3, interrupts = true;
    assert_int_equal(tm_out_write(&out, "????written", 11, NULL), TM_OK);
    assert_int_equal(tm_out_rewrite(&out, 0, "re-w", 4, NULL), TM_OK);
    assert_int_equal(out.bytes, 11);
    assert_int_equal(tm_out_commit(&out, NULL), TM_OK);
    tm_out_abandon(&out); /* fine after a commit */
    file_is(path, TM_STR("re-wwritten"));
    assert_int_equal(names_in(folder), 1);
}

static void a_digest_is_of_all_that_was_written(void **state)
{
    TM_UNUSED(state);
    tm_out out = {0};
    const char *path = room("digested");
    assert_int_equal(tm_out_begin(&out, path, false, NULL), TM_OK);
    assert_string_equal(tm_out_sum(&out).sha256, "");
    assert_int_equal(tm_out_digest(&out, NULL), TM_OK);
    piece = 1, interrupts = true;
    assert_int_equal(tm_out_write(&out, "ab", 2, NULL), TM_OK);
    assert_int_equal(tm_out_write(&out, "", 0, NULL), TM_OK);
    assert_int_equal(tm_out_write(&out, "c", 1, NULL), TM_OK);
    tm_file_sum sum = tm_out_sum(&out);
    assert_int_equal(sum.bytes, 3);
    assert_string_equal(sum.sha256, /* FIPS 180-2, appendix B.1 */
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(tm_out_commit(&out, NULL), TM_OK);
    file_is(path, TM_STR("abc"));
}

static void modes_are_what_was_asked(void **state)
{
    TM_UNUSED(state);
    struct stat s;
    mode_t was = umask(022);
    for (int owner = 0; owner < 2; owner++) {
        put_file(room("mode"), TM_STR("before"));
        assert_int_equal(tm_file_save(room("mode"), TM_STR("x"), owner, NULL), TM_OK);
        assert_int_equal(stat(room("mode"), &s), 0);
        assert_int_equal(s.st_mode & 0777, owner ? 0600 : 0644);
    }
    umask(was);
}

static void what_is_no_file_is_refused_or_written_straight(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    static char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    assert_int_equal(tm_file_save(room_path, TM_STR("x"), false, &err), TM_EUSAGE);
    says(err.msg, "is a folder, not a file");
    assert_int_equal(tm_file_save(longer, TM_STR("x"), false, &err), TM_EUSAGE);
    says(err.msg, "the path is too long");
    assert_int_equal(tm_file_save(room("no/such"), TM_STR("x"), false, &err), TM_EUSAGE);
    assert_int_equal(tm_file_save("/dev/null", TM_STR("x"), false, &err), TM_OK);
    assert_int_equal(tm_file_save("/dev/full", TM_STR("x"), false, &err), TM_EIO);
    says(err.msg, "No space left");
}

static void a_pipe_whose_reader_has_gone_is_no_error_of_ours(void **state)
{
    TM_UNUSED(state);
    int ends[2];
    tm_err err = {0};
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(tm_file_write(ends[1], "pipe", "x", 1, &err), TM_ECANCELLED);
    close(ends[1]);
}

static bool stop_now(void)
{
    return true;
}

static void waiting_for_a_pipe_can_be_stopped(void **state)
{
    TM_UNUSED(state);
    int ends[2];
    char got[4];
    size_t n;
    assert_int_equal(pipe(ends), 0);
    tm_fs_now.stopped = stop_now;
    assert_int_equal(tm_file_read(ends[0], "pipe", got, 4, &n, NULL), TM_ECANCELLED);
    assert_int_equal(write(ends[1], "ab", 2), 2);
    close(ends[1]);
    assert_int_equal(tm_file_read(ends[0], "pipe", got, 4, &n, NULL), TM_OK);
    assert_int_equal(n, 2);
    close(ends[0]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(short_and_interrupted_calls_make_whole_files),
        TEST(reading_at_a_place_wants_every_byte),
        TEST(loading_has_a_limit),
        TEST(absence_is_an_answer_and_trouble_is_not),
        TEST(a_result_is_the_old_file_or_the_new_one),
        TEST(a_result_that_is_left_undone_was_never_there),
        TEST(a_digest_is_of_all_that_was_written),
        TEST(modes_are_what_was_asked),
        TEST(what_is_no_file_is_refused_or_written_straight),
        TEST(a_pipe_whose_reader_has_gone_is_no_error_of_ours),
        TEST(waiting_for_a_pipe_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
