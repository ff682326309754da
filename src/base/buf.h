/* tm_buf: a growing byte buffer on the heap. Failure is sticky: when memory runs out, `failed` is
 * set, further appends do nothing, and the owner checks once at the end (tm_buf_ok). */
#ifndef TM_BASE_BUF_H
#define TM_BASE_BUF_H

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

typedef struct tm_buf {
    char *p;
    size_t n, room;
    bool failed;
} tm_buf;

bool tm_buf_grow(tm_buf *b, size_t more); /* room for `more` bytes behind n; false = failed */
void tm_buf_add_slow(tm_buf *b, const void *p, size_t n);
void tm_buf_print(tm_buf *b, const char *format, ...) TM_PRINTF(2, 3);
void tm_buf_u64(tm_buf *b, uint64_t value); /* decimal */
void tm_buf_i64(tm_buf *b, int64_t value);
/* Shortest decimal that reads back the same double; "null" for what is not finite. */
void tm_buf_f64(tm_buf *b, double value);
/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD; WTF-8 surrogates become
 * \udXXX escapes. Escapes only what JSON demands (and U+007F stays as it is). */
void tm_buf_json(tm_buf *b, tm_str text);
void tm_buf_release(tm_buf *b);
tm_status tm_buf_ok(const tm_buf *b, tm_err *err); /* TM_EMEMORY if an append failed */

static inline void tm_buf_add(tm_buf *b, const void *p, size_t n)
{
    if (TM_LIKELY(b->room - b->n >= n && !b->failed)) {
        if (n) memcpy(b->p + b->n, p, n);
        b->n += n;
    } else {
        tm_buf_add_slow(b, p, n);
    }
}
static inline void tm_buf_str(tm_buf *b, tm_str s)
{
    tm_buf_add(b, s.p, s.n);
}
static inline void tm_buf_char(tm_buf *b, char c)
{
    tm_buf_add(b, &c, 1);
}
static inline void tm_buf_z(tm_buf *b, const char *zero_terminated)
{
    tm_buf_add(b, zero_terminated, strlen(zero_terminated));
}
static inline tm_str tm_buf_view(const tm_buf *b)
{
    return (tm_str){b->p, b->n};
}
static inline void tm_buf_clear(tm_buf *b)
{
    b->n = 0, b->failed = false;
}

#endif
