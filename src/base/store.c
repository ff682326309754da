/* Offsets count on from memory through the file to its unwritten tail. A piece never lies across
 * two of them: the first that does not fit into memory begins the file, and the tail is written as
 * a whole. */
#include "base/store.h"

enum { TAIL_BYTES = 256 << 10 };

static tm_status open_file(tm_store *s, tm_err *err)
{
    char path[4096];
    TM_TRY(tm_spill_create(s->spill, path, &s->out, err));
    size_t n = strlen(path) + 1;
    s->path = tm_alloc(n);
    tm_status status = s->path ? TM_OK : tm_fail_memory(err, "spilling", n);
    if (status == TM_OK) memcpy(s->path, path, n);
    if (status == TM_OK) status = tm_file_open(path, &s->in, err);
    if (status == TM_OK) return TM_OK;
    (void)tm_file_close(s->out, path, NULL);
    tm_spill_drop(s->spill, path, 0);
    tm_free(s->path);
    s->path = NULL;
    return status;
}

static tm_status write_tail(tm_store *s, tm_err *err)
{
    if (!s->path) TM_TRY(open_file(s, err));
    TM_TRY(tm_spill_take(s->spill, s->tail.n, err));
    TM_TRY(tm_file_write(s->out, s->path, s->tail.p, s->tail.n, err));
    s->filed += s->tail.n;
    tm_buf_clear(&s->tail);
    return TM_OK;
}

/* Every piece begins at a multiple of eight. */
static tm_status add_piece(tm_buf *to, tm_str bytes, tm_err *err)
{
    static const char zeros[8];
    tm_buf_str(to, bytes);
    tm_buf_add(to, zeros, -bytes.n & 7);
    return tm_buf_ok(to, err);
}

tm_status tm_store_put(tm_store *s, tm_str bytes, uint64_t *at, tm_err *err)
{
    bool fits = !s->tail.n && !s->filed && s->memory.n + bytes.n <= s->budget;
    if (fits || !s->spill) {
        *at = s->memory.n;
        return add_piece(&s->memory, bytes, err);
    }
    *at = s->memory.n + s->filed + s->tail.n;
    TM_TRY(add_piece(&s->tail, bytes, err));
    return s->tail.n >= TAIL_BYTES ? write_tail(s, err) : TM_OK;
}

tm_status tm_store_get(tm_store *s, uint64_t at, size_t n, tm_buf *scratch, tm_str *out,
                       tm_err *err)
{
    if (at < s->memory.n || !n) {
        *out = (tm_str){s->memory.p + at, n};
        return TM_OK;
    }
    at -= s->memory.n;
    if (at >= s->filed) {
        *out = (tm_str){s->tail.p + (at - s->filed), n};
        return TM_OK;
    }
    tm_buf_clear(scratch);
    if (!tm_buf_grow(scratch, n)) return tm_buf_ok(scratch, err);
    *out = (tm_str){scratch->p, n};
    return tm_file_read_at(s->in, s->path, scratch->p, n, at, err);
}

void tm_store_release(tm_store *s)
{
    if (s->path) {
        (void)tm_file_close(s->in, s->path, NULL);
        (void)tm_file_close(s->out, s->path, NULL);
        tm_spill_drop(s->spill, s->path, s->filed);
    }
    tm_free(s->path);
    tm_buf_release(&s->memory);
    tm_buf_release(&s->tail);
    *s = (tm_store){0};
}
