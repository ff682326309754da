/* How operations fail: a tm_status in the return value, and in *err a sentence with a place.
 *
 *   tm_status f(..., tm_err *err);      err may be NULL; it is untouched on TM_OK
 *   TM_TRY(f(..., err));                forward a failure
 *   return tm_fail(err, TM_EINPUT, "quote opened here is never closed");
 *
 * The deepest function that knows why writes the sentence; readers that know the place add it with
 * tm_err_at. Messages say what is wrong and what to do next, and end without a full stop. */
#ifndef TM_BASE_ERR_H
#define TM_BASE_ERR_H

#include "base/str.h"

/*          name            exit  text */
#define TM_STATUSES(X)                                   \
    X(TM_OK, 0, "well")                                  \
    X(TM_EFINDINGS, 1, "findings above the limit")       \
    X(TM_EUSAGE, 2, "wrong usage")                       \
    X(TM_ERECIPE, 2, "wrong recipe")                     \
    X(TM_EINPUT, 3, "input unreadable")                  \
    X(TM_ECANCELLED, 4, "interrupted")                   \
    X(TM_EBUSY, 2, "held by another process")            \
    X(TM_EEXISTS, 2, "already there")                    \
    X(TM_EIO, 5, "input or output failed")               \
    X(TM_EMEMORY, 5, "out of memory")                    \
    X(TM_ELIMIT, 2, "a limit is too small")              \
    X(TM_EDIFFERS, 1, "does not close")                  \
    X(TM_EUNSUPPORTED, 2, "not supported by this build") \
    X(TM_EBUG, 5, "internal error")

typedef enum tm_status {
#define X(name, exit, text) name,
    TM_STATUSES(X)
#undef X
} tm_status;

typedef struct tm_err {
    tm_status status;
    uint64_t line, column; /* from 1; 0 = unknown. Columns count characters */
    uint64_t byte;         /* offset in the decoded stream; UINT64_MAX = unknown */
    char code[8];          /* "T1004", or empty */
    char source[256];      /* file name as the user gave it, or empty */
    char msg[768];
} tm_err;

#define TM_TRY(expression)                                             \
    do {                                                               \
        tm_status tm_try_status = (expression);                        \
        if (TM_UNLIKELY(tm_try_status != TM_OK)) return tm_try_status; \
    } while (0)

int tm_status_exit(tm_status status);         /* the process exit code for it */
const char *tm_status_text(tm_status status); /* a few words */
const char *tm_status_name(tm_status status); /* "TM_EINPUT" */

/* Writes the sentence and returns `status`. */
tm_status tm_fail(tm_err *err, tm_status status, const char *format, ...) TM_PRINTF(3, 4);
tm_status tm_fail_memory(tm_err *err, const char *what, uint64_t bytes);
/* TM_EUSAGE where a name or a permission is wrong, else TM_EIO. */
tm_status tm_fail_errno(tm_err *err, const char *doing, const char *path, int number);

/* A failure is never TM_OK. Said here so that compilers and analysers, which do not see into err.c,
 * know it too and find real uninitialised values only. */
static inline tm_status tm_failed(tm_status status)
{
    if (status == TM_OK) __builtin_unreachable();
    return status;
}
#define tm_fail(...) tm_failed(tm_fail(__VA_ARGS__))
#define tm_fail_memory(...) tm_failed(tm_fail_memory(__VA_ARGS__))
#define tm_fail_errno(...) tm_failed(tm_fail_errno(__VA_ARGS__))

/* Adds a place to a failure that has none; line/column 0 = unknown. Returns err->status, which is
 * nobody's when err is NULL: a function that fails returns the status it failed with. */
tm_status tm_err_at(tm_err *err, tm_str source, uint64_t line, uint64_t column, uint64_t byte);

/* "train.jsonl:1042:17: error: ... (T1204)" into out (NUL-terminated, cut to fit); its length. */
size_t tm_err_print(const tm_err *err, char *out, size_t out_bytes);

#endif
