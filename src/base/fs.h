/* The file system behind one table, so that tests can make any call fail (and so that nothing else
 * includes POSIX headers). Paths are NUL-terminated at this edge and only here.
 *
 * A result file is written with tm_out: to a temporary name in the same folder, then fsync, rename,
 * fsync of the folder. It is the old file or the complete new one, never a half (law 6). A failed
 * fsync or close is final.
 *
 * Files in a folder that is locked need no more. One that stands by itself is *claimed*: a lock
 * lies beside it while it is written, and the hidden copy of a writer who died goes with the next
 * claim. */
#ifndef TM_BASE_FS_H
#define TM_BASE_FS_H

#include "base/arena.h"
#include "base/buf.h"

typedef struct tm_file_info {
    uint64_t bytes, modified_ns, device, inode;
    bool is_folder, is_regular;
    bool only_owner; /* nobody else may read, write or search it */
} tm_file_info;

/* The calls, as a table. Each returns -1 and sets errno on failure, as POSIX does. */
typedef struct tm_fs {
    int (*open_read)(const char *path);
    int (*open_write)(const char *path, bool only_new, bool only_owner); /* truncates */
    int (*open_pipe)(const char *path); /* to write to it; ENXIO while nobody reads a named pipe */
    int64_t (*read)(int file, void *p, size_t n);
    int64_t (*read_at)(int file, void *p, size_t n, uint64_t at);
    int (*seek)(int file, uint64_t at);
    int64_t (*write)(int file, const void *p, size_t n);
    int64_t (*write_at)(int file, const void *p, size_t n, uint64_t at);
    int (*sync)(int file);
    int (*close)(int file);
    int (*rename)(const char *from, const char *to);
    int (*rename_new)(const char *from, const char *to); /* EEXIST where `to` is there */
    int (*remove)(const char *path);
    int (*make_folder)(const char *path, bool only_owner);
    int (*remove_folder)(const char *path);
    int (*info)(const char *path, tm_file_info *out);
    bool (*dangles)(const char *path); /* a link that leads to nothing: info fails with ENOENT */
    bool (*stopped)(void); /* NULL, or asked while a read waits for a pipe or a terminal */
} tm_fs;

extern tm_fs tm_fs_now; /* POSIX unless a test put another table here */

tm_status tm_file_open(const char *path, int *file, tm_err *err);
/* Reads up to n bytes, fewer only at the end; retries EINTR and short reads. TM_ECANCELLED when
 * there is nothing to read yet and tm_fs_now.stopped says not to wait for it. */
tm_status tm_file_read(int file, const char *path, void *p, size_t n, size_t *got, tm_err *err);
tm_status tm_file_seek(int file, const char *path, uint64_t at, tm_err *err);
tm_status tm_file_read_at(int file, const char *path, void *p, size_t n, uint64_t at, tm_err *err);
/* A new file for writing (truncates unless only_new). */
tm_status tm_file_create(const char *path, bool only_new, bool only_owner, int *file, tm_err *err);
/* What is no regular file, to write to it. A named pipe is waited for until somebody reads it, or
 * tm_fs_now.stopped. */
tm_status tm_file_open_pipe(const char *path, int *file, tm_err *err);
tm_status tm_file_close(int file, const char *path, tm_err *err);
void tm_file_remove(const char *path); /* whether it was there or not */
/* TM_ECANCELLED when it is a pipe whose reader has gone. */
tm_status tm_file_write(int file, const char *path, const void *p, size_t n, tm_err *err);
tm_status tm_file_info_of(const char *path, tm_file_info *out, tm_err *err);
/* The same where absence is an answer (*there = false). Anything else that goes wrong is a failure:
 * a file that cannot be looked at must not be taken for one that is not there. */
tm_status tm_file_look(const char *path, tm_file_info *out, bool *there, tm_err *err);
tm_status tm_file_there(const char *path, bool *there, tm_err *err);
bool tm_file_exists(const char *path); /* false as well when nobody can tell */
tm_status tm_file_load(const char *path, uint64_t limit, tm_buf *out, tm_err *err); /* whole */
/* Writes a whole small file through tm_out. only_owner: mode 0600, for raw text (law 7). */
tm_status tm_file_save(const char *path, tm_str bytes, bool only_owner, tm_err *err);

tm_status tm_folder_make(const char *path, tm_err *err); /* with its parents; existing is fine */
/* The same, mode 0700. *made: it was not there before. */
tm_status tm_folder_make_private(const char *path, bool *made, tm_err *err);
/* Names in a folder (not "." and ".."), sorted by bytes; arrays from the arena. */
tm_status tm_folder_list(tm_arena *mem, const char *path, tm_str **names, uint32_t *count,
                         tm_err *err);
/* The folders a walk is in, innermost first. What lies behind a link that leads back to one of them
 * is walked already: such a link is passed over, or the walk would never end. */
typedef struct tm_folder_chain {
    const struct tm_folder_chain *up;
    uint64_t device, inode;
} tm_folder_chain;
bool tm_folder_circles(const tm_folder_chain *chain, const tm_file_info *folder);
tm_status tm_folder_sync(const char *path, tm_err *err);
tm_status tm_folder_remove(const char *path, tm_err *err); /* with all below it */

/* Takes a lock that dies with this process; TM_EBUSY says who holds it. TM_EEXISTS when the file is
 * there and is no lock. */
tm_status tm_lock_file(const char *path, int *file, tm_err *err);
void tm_lock_release(int file, const char *path); /* and removes the file */
/* Whether the file is a lock whose holder is dead; then it is held now, and *file is to be
 * closed. */
bool tm_lock_left(const char *path, int *file);

/* Expands ~ nothing, * ? [..] and ** within one pattern, sorted by bytes; a pattern without them
 * gives itself. Zero matches is TM_EUSAGE. */
tm_status tm_glob(tm_arena *mem, const char *pattern, tm_str **paths, uint32_t *count, tm_err *err);

const char *tm_path_z(tm_arena *mem,
                      tm_str path); /* NUL-terminated copy; NULL: memory or NUL in it */
const char *tm_path_join(tm_arena *mem, const char *folder, const char *name);

typedef struct tm_file_sum { /* what a file is known by */
    uint64_t bytes;
    char sha256[65]; /* empty: nobody asked */
} tm_file_sum;

typedef struct tm_out {
    int file;
    int lock_file; /* of a claim; 0: none */
    bool open, only_new;
    bool only_owner; /* so was the file that it takes the place of, or it was asked for */
    uint64_t bytes;
    struct tm_sha256 *digest; /* of what has been written; NULL: nobody asked */
    char path[4096], temp[4096], lock[4096];
} tm_out;

/* Begins a file that appears under `path` only at tm_out_commit. */
tm_status tm_out_begin(tm_out *o, const char *path, bool only_owner, tm_err *err);
/* The same for a file of a private folder that goes with the process: it is there at once, under
 * its own name, and nothing waits for a disk. */
tm_status tm_out_begin_scratch(tm_out *o, const char *path, tm_err *err);
/* The same for a file that others may want to write at the same time: TM_EBUSY when one does. With
 * only_new tm_out_commit is TM_EEXISTS, and overwrites nothing, when the file is there by then. */
tm_status tm_out_claim(tm_out *o, const char *path, bool only_new, tm_err *err);
/* The name of its hidden copy. */
tm_status tm_out_copy(const char *path, char copy[4096], tm_err *err);
/* Before the first write: tm_out_sum shall tell a digest. Nothing of such a file is overwritten. */
tm_status tm_out_digest(tm_out *o, tm_err *err);
tm_status tm_out_write(tm_out *o, const void *p, size_t n, tm_err *err);
tm_file_sum tm_out_sum(const tm_out *o); /* of all that was written; while it is open */
/* Overwrites bytes already written (a head that is known only at the end); regular files only. */
tm_status tm_out_rewrite(tm_out *o, uint64_t at, const void *p, size_t n, tm_err *err);
tm_status tm_out_commit(tm_out *o, tm_err *err); /* fsync, close, rename, fsync of the folder */
void tm_out_abandon(tm_out *o); /* removes the temporary file; fine when not open */

#endif
