/* Folders: made with their parents, listed in byte order, removed with all below. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/vec.h"

static tm_status make(const char *path, bool only_owner, bool *made, tm_err *err)
{
    char part[4096];
    size_t n = strlen(path);
    tm_file_info info;
    *made = false;
    if (n >= sizeof part) return tm_fail(err, TM_EUSAGE, "the path is too long: %s", path);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = 0;
        *made = tm_fs_now.make_folder(part, only_owner && i == n) == 0;
        if (*made) continue;
        int number = errno;
        bool there;
        TM_TRY(tm_file_look(part, &info, &there, err));
        if (there && info.is_folder) continue;
        if (number == EEXIST)
            return tm_fail(err, TM_EUSAGE, "%s is there and is not a folder", part);
        return tm_fail_errno(err, "make the folder", part, number);
    }
    return TM_OK;
}

tm_status tm_folder_make(const char *path, tm_err *err)
{
    bool made;
    return make(path, false, &made, err);
}

tm_status tm_folder_make_private(const char *path, bool *made, tm_err *err)
{
    return make(path, true, made, err);
}

static int by_bytes(const void *a, const void *b)
{
    return tm_str_cmp(*(const tm_str *)a, *(const tm_str *)b);
}

/* NULL at the end with errno 0, or with the number of what went wrong: half a list is no list. */
static struct dirent *next_entry(DIR *dir)
{
    struct dirent *entry;
    do {
        errno = 0;
        entry = tm_fault_io(false) ? NULL : readdir(dir);
    } while (!entry && errno == EINTR);
    return entry;
}

tm_status tm_folder_list(tm_arena *mem, const char *path, tm_str **names, uint32_t *count,
                         tm_err *err)
{
    uint32_t room = 0;
    *names = NULL;
    *count = 0;
    DIR *dir = tm_fault_io(false) ? NULL : opendir(path);
    while (!dir && errno == EINTR) dir = opendir(path);
    if (!dir) return tm_fail_errno(err, "list the folder", path, errno);
    tm_status status = TM_OK;
    for (struct dirent *entry; status == TM_OK && (entry = next_entry(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        tm_str name = tm_arena_str(mem, tm_str_of(entry->d_name));
        if (!name.p || !TM_ROOM(mem, *names, *count, room, 1))
            status = tm_fail_memory(err, "a list of files", 0);
        else
            (*names)[(*count)++] = name;
    }
    if (status == TM_OK && errno) status = tm_fail_errno(err, "list the folder", path, errno);
    closedir(dir);
    if (status == TM_OK && *count) qsort(*names, *count, sizeof **names, by_bytes);
    return status;
}

bool tm_folder_circles(const tm_folder_chain *chain, const tm_file_info *folder)
{
    for (; chain; chain = chain->up)
        if (chain->device == folder->device && chain->inode == folder->inode) return true;
    return false;
}

tm_status tm_folder_sync(const char *path, tm_err *err)
{
    int file = tm_fs_now.open_read(path);
    if (file < 0) return tm_fail_errno(err, "open the folder", path, errno);
    tm_status status = TM_OK;
    if (tm_fs_now.sync(file) != 0 && errno != EINVAL)
        status = tm_fail_errno(err, "sync", path, errno);
    (void)tm_fs_now.close(file);
    return status;
}

/* Below path[0, n), which is a folder. */
static tm_status remove_all(char path[4096], size_t n, tm_err *err)
{
    DIR *dir = opendir(path);
    if (!dir) return tm_fail_errno(err, "list the folder", path, errno);
    tm_status status = TM_OK;
    for (struct dirent *entry; status == TM_OK && (entry = next_entry(dir));) {
        const char *name = entry->d_name;
        size_t more = strlen(name);
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (n + more + 2 > 4096) {
            status = tm_fail(err, TM_EUSAGE, "the path is too long: %s", path);
            break;
        }
        path[n] = '/';
        memcpy(path + n + 1, name, more + 1);
        if (tm_fs_now.remove(path) != 0) status = remove_all(path, n + 1 + more, err);
        path[n] = 0;
    }
    if (status == TM_OK && errno) status = tm_fail_errno(err, "list the folder", path, errno);
    closedir(dir);
    if (status == TM_OK && tm_fs_now.remove_folder(path) != 0)
        status = tm_fail_errno(err, "remove the folder", path, errno);
    return status;
}

/* Takes no memory of ours: it cleans up behind runs that had none left. */
tm_status tm_folder_remove(const char *path, tm_err *err)
{
    char own[4096];
    size_t n = strlen(path);
    if (n >= sizeof own) return tm_fail(err, TM_EUSAGE, "the path is too long: %s", path);
    memcpy(own, path, n + 1);
    while (n > 1 && own[n - 1] == '/') own[--n] = 0;
    return remove_all(own, n, err);
}

const char *tm_path_z(tm_arena *mem, tm_str path)
{
    if (tm_str_find_char(path, 0) < path.n) return NULL;
    return tm_arena_str(mem, path).p;
}

const char *tm_path_join(tm_arena *mem, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    bool slash = n && folder[n - 1] == '/';
    return tm_arena_printf(mem, "%s%s%s", folder, slash ? "" : "/", name);
}
