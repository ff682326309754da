/* A file system of one file, in memory, for tests and fuzz targets that write or read whole files.
 * Every path is that file. memory_fs_begin puts the table in place; memory_file holds the bytes;
 * memory_fail_in = 3 makes the third call from now on fail. */
#ifndef TEST_SUPPORT_MEMORY_FS_H
#define TEST_SUPPORT_MEMORY_FS_H

#include <errno.h>

#include "base/fs.h"

static tm_buf memory_file;
static long memory_fail_in; /* 0 = never */
static tm_fs memory_saved;

static inline bool memory_fails(void)
{
    if (memory_fail_in == 0 || --memory_fail_in > 0) return false;
    errno = ENOSPC;
    return true;
}

static inline int memory_open_read(const char *path)
{
    TM_UNUSED(path);
    return memory_fails() ? -1 : 1;
}

static inline int memory_open_write(const char *path, bool only_new, bool only_owner)
{
    TM_UNUSED(path);
    TM_UNUSED(only_new);
    TM_UNUSED(only_owner);
    if (memory_fails()) return -1;
    tm_buf_clear(&memory_file);
    return 2;
}

static inline int64_t memory_read_at(int file, void *p, size_t n, uint64_t at)
{
    TM_UNUSED(file);
    if (memory_fails()) return -1;
    size_t take = at < memory_file.n ? TM_MIN(n, memory_file.n - (size_t)at) : 0;
    if (take) memcpy(p, memory_file.p + at, take);
    return (int64_t)take;
}

static inline int64_t memory_write(int file, const void *p, size_t n)
{
    TM_UNUSED(file);
    if (memory_fails()) return -1;
    tm_buf_add(&memory_file, p, n);
    return (int64_t)n;
}

static inline int memory_file_call(int file)
{
    TM_UNUSED(file);
    return memory_fails() ? -1 : 0;
}

static inline int memory_rename(const char *from, const char *to)
{
    TM_UNUSED(from);
    TM_UNUSED(to);
    return memory_fails() ? -1 : 0;
}

static inline int memory_remove(const char *path)
{
    TM_UNUSED(path);
    return 0;
}

static inline int memory_info(const char *path, tm_file_info *out)
{
    TM_UNUSED(path);
    if (memory_fails()) return -1;
    *out = (tm_file_info){.bytes = memory_file.n, .is_regular = true};
    return 0;
}

static inline void memory_fs_begin(void)
{
    memory_saved = tm_fs_now;
    memory_fail_in = 0;
    tm_fs_now.open_read = memory_open_read;
    tm_fs_now.open_write = memory_open_write;
    tm_fs_now.read_at = memory_read_at;
    tm_fs_now.write = memory_write;
    tm_fs_now.sync = memory_file_call;
    tm_fs_now.close = memory_file_call;
    tm_fs_now.rename = memory_rename;
    tm_fs_now.remove = memory_remove;
    tm_fs_now.info = memory_info;
}

static inline void memory_fs_end(void)
{
    tm_fs_now = memory_saved;
    tm_buf_release(&memory_file);
}

#endif
