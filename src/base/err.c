/* Sentences with places. The first failure wins: a place is added only where none is known yet. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef tm_fail
#undef tm_fail_memory
#undef tm_fail_errno

static const struct {
    const char *name, *text;
    int exit;
} STATUSES[] = {
#define X(name, exit, text) {#name, text, exit},
    TM_STATUSES(X)
#undef X
};

int tm_status_exit(tm_status status)
{
    return STATUSES[status].exit;
}
const char *tm_status_text(tm_status status)
{
    return STATUSES[status].text;
}
const char *tm_status_name(tm_status status)
{
    return STATUSES[status].name;
}

tm_status tm_fail(tm_err *err, tm_status status, const char *format, ...)
{
    va_list args;
    if (!err) return status;
    *err = (tm_err){.status = status, .byte = UINT64_MAX};
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    return status;
}

tm_status tm_fail_memory(tm_err *err, const char *what, uint64_t bytes)
{
    if (!bytes) return tm_fail(err, TM_EMEMORY, "no memory left for %s", what);
    return tm_fail(err, TM_EMEMORY, "no memory left for %s (%llu bytes)", what,
                   (unsigned long long)bytes);
}

/* A name that leads nowhere or a permission that lacks is for the user to mend, not for us. */
static tm_status status_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP: /* a link that leads to itself */
    case ENAMETOOLONG: return TM_EUSAGE;
    default: return TM_EIO;
    }
}

/* The next thing to do, where there is one. */
static const char *advice(int number)
{
    switch (number) {
    case ENOENT: return " (is the name right?)";
    case EACCES:
    case EPERM:
    case EROFS: return " (look at its permissions, or choose another place)";
    case ENOSPC:
    case EDQUOT: return " (make room, and run the same command again)";
    case EMFILE: return " (raise the limit: ulimit -n)";
    default: return "";
    }
}

tm_status tm_fail_errno(tm_err *err, const char *doing, const char *path, int number)
{
    char text[128] = "";
    const char *why = strerror_r(number, text, sizeof text);
    return tm_fail(err, status_of(number), "cannot %s %s: %s%s", doing, path, why, advice(number));
}

tm_status tm_err_at(tm_err *err, tm_str source, uint64_t line, uint64_t column, uint64_t byte)
{
    if (!err) return TM_OK;
    if (!err->source[0]) snprintf(err->source, sizeof err->source, "%.*s", TM_FMT(source));
    if (!err->line) err->line = line, err->column = column;
    if (err->byte == UINT64_MAX) err->byte = byte;
    return err->status;
}

size_t tm_err_print(const tm_err *err, char *out, size_t out_bytes)
{
    char place[320] = "";
    const char *source = err->source;
    unsigned long long line = err->line, column = err->column;
    if (source[0] && line && column)
        snprintf(place, sizeof place, "%s:%llu:%llu: ", source, line, column);
    else if (source[0] && line)
        snprintf(place, sizeof place, "%s:%llu: ", source, line);
    else if (source[0])
        snprintf(place, sizeof place, "%s: ", source);
    else if (line)
        snprintf(place, sizeof place, "%llu:%llu: ", line, column);
    const char *code = err->code;
    int n = snprintf(out, out_bytes, "%serror: %s%s%s%s", place, err->msg, code[0] ? " (" : "",
                     code, code[0] ? ")" : "");
    if (n < 0) return 0;
    return TM_MIN((size_t)n, out_bytes ? out_bytes - 1 : 0);
}
