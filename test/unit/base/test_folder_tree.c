/* Folders: made with their parents, listed in byte order, removed with all below and nothing else,
 * and paths put together. */
#include "base_help.h"

#include <errno.h>

static void folders_are_made_with_their_parents(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    tm_file_info info;
    for (int again = 0; again < 2; again++)
        assert_int_equal(tm_folder_make(room("a/b//c/"), &err), TM_OK);
    assert_int_equal(tm_file_info_of(room("a/b/c"), &info, NULL), TM_OK);
    assert_true(info.is_folder && !info.is_regular);
    put_file(room("a/file"), TM_STR("x"));
    assert_int_equal(tm_folder_make(room("a/file"), &err), TM_EUSAGE);
    says(err.msg, "is there and is not a folder");
    assert_int_equal(tm_folder_make(room("a/file/below"), &err), TM_EUSAGE);
    static char longer[5000];
    memset(longer, 'x', sizeof longer - 1);
    assert_int_equal(tm_folder_make(longer, &err), TM_EUSAGE);
    says(err.msg, "too long");
    assert_int_equal(symlink("b", room("a/link")), 0);
    assert_int_equal(tm_folder_make(room("a/link/d"), &err), TM_OK); /* through a link too */
    assert_true(tm_file_exists(room("a/b/d")));
}

static void names_come_in_byte_order(void **state)
{
    TM_UNUSED(state);
    enum { FILES = 300 };
    tm_arena mem = {0};
    tm_str *names;
    uint32_t count = 7;
    assert_int_equal(tm_folder_make(room("list"), NULL), TM_OK);
    assert_int_equal(tm_folder_list(&mem, room("list"), &names, &count, NULL), TM_OK);
    assert_int_equal(count, 0);
    for (int i = 0; i < FILES; i++) {
        char name[40];
        snprintf(name, sizeof name, "list/%s%d", i % 3 ? "a" : "\xC3\xA9", i * 7 % FILES);
        put_file(room(name), TM_STR(""));
    }
    put_file(room("list/.hidden"), TM_STR(""));
    assert_int_equal(tm_folder_list(&mem, room("list"), &names, &count, NULL), TM_OK);
    assert_int_equal(count, FILES + 1);
    assert_true(tm_str_is(names[0], ".hidden"));
    for (uint32_t i = 1; i < count; i++) {
        assert_true(tm_str_cmp(names[i - 1], names[i]) < 0);
        assert_int_equal(names[i].p[names[i].n], 0);
    }
    tm_err err = {0};
    assert_int_equal(tm_folder_list(&mem, room("absent"), &names, &count, &err), TM_EUSAGE);
    assert_int_equal(count, 0);
    assert_int_equal(tm_folder_list(&mem, room("list/.hidden"), &names, &count, &err), TM_EUSAGE);
    tm_arena_release(&mem);
    tm_arena_init(&mem, 500);
    assert_int_equal(tm_folder_list(&mem, room("list"), &names, &count, &err), TM_EMEMORY);
    tm_arena_release(&mem);
}

static void removing_takes_all_below_and_no_link_leads_out(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(tm_folder_make(room("kept"), NULL), TM_OK);
    put_file(room("kept/file"), TM_STR("kept"));
    assert_int_equal(tm_folder_make(room("gone/x/y/z"), NULL), TM_OK);
    put_file(room("gone/.hidden"), TM_STR(""));
    put_file(room("gone/x/y/file"), TM_STR(""));
    assert_int_equal(symlink(room("kept"), room("gone/x/link")), 0);
    assert_int_equal(symlink("nowhere", room("gone/broken")), 0);
    assert_int_equal(tm_folder_remove(room("gone"), NULL), TM_OK);
    assert_false(tm_file_exists(room("gone")));
    file_is(room("kept/file"), TM_STR("kept"));
    assert_int_equal(tm_folder_remove(room("gone"), NULL), TM_EUSAGE);
}

static int (*real_remove)(const char *path);

static int stubborn(const char *path)
{
    if (strstr(path, "stay")) return errno = EIO, -1;
    return real_remove(path);
}

static void a_file_that_cannot_be_removed_is_named(void **state)
{
    TM_UNUSED(state);
    tm_err err = {0};
    assert_int_equal(tm_folder_make(room("stuck/in"), NULL), TM_OK);
    put_file(room("stuck/in/stay"), TM_STR(""));
    real_remove = tm_fs_now.remove;
    tm_fs_now.remove = stubborn;
    tm_status status = tm_folder_remove(room("stuck"), &err);
    tm_fs_now.remove = real_remove;
    assert_int_not_equal(status, TM_OK);
    says(err.msg, "stuck/in/stay");
    assert_true(tm_file_exists(room("stuck/in/stay")));
}

static void a_folder_can_be_synced(void **state)
{
    TM_UNUSED(state);
    assert_int_equal(tm_folder_sync(room_path, NULL), TM_OK);
    assert_int_equal(tm_folder_sync(room("absent"), NULL), TM_EUSAGE);
}

static void circles_are_seen_along_the_whole_chain(void **state)
{
    TM_UNUSED(state);
    tm_file_info info = {.device = 1, .inode = 2};
    const tm_folder_chain top = {NULL, 1, 2}, middle = {&top, 1, 3}, low = {&middle, 2, 2};
    assert_false(tm_folder_circles(NULL, &info));
    assert_true(tm_folder_circles(&low, &info));
    info.inode = 4;
    assert_false(tm_folder_circles(&low, &info));
    info = (tm_file_info){.device = 2, .inode = 3}; /* the same number on another device */
    assert_false(tm_folder_circles(&low, &info));
}

static void paths_are_put_together(void **state)
{
    TM_UNUSED(state);
    tm_arena mem = {0};
    assert_string_equal(tm_path_join(&mem, "a", "b"), "a/b");
    assert_string_equal(tm_path_join(&mem, "a/", "b"), "a/b");
    assert_string_equal(tm_path_join(&mem, "/", "b"), "/b");
    assert_string_equal(tm_path_z(&mem, TM_STR("a/b")), "a/b");
    assert_null(tm_path_z(&mem, TM_STR("a\0b"))); /* would name another file */
    tm_arena_release(&mem);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(names_come_in_byte_order),
        cmocka_unit_test(removing_takes_all_below_and_no_link_leads_out),
        cmocka_unit_test(a_file_that_cannot_be_removed_is_named),
        cmocka_unit_test(a_folder_can_be_synced),
        cmocka_unit_test(circles_are_seen_along_the_whole_chain),
        cmocka_unit_test(paths_are_put_together),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
