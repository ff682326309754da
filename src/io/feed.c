/* The lowest step of reading: read() into a window or past it.
 *
 * Every byte of a file goes through take() exactly once, so the count and the digest are those of
 * the file whatever the decoder above does with it. Standard input's first bytes, taken by the
 * probe, are served before the file. */
#include "io/feed.h"

static tm_status take(tm_feed *f, char *to, size_t room, size_t *got, tm_err *err)
{
    size_t n = 0;
    if (f->before.n) {
        n = TM_MIN(room, f->before.n);
        memcpy(to, f->before.p, n);
        f->before.p += n;
        f->before.n -= n;
    }
    if (n < room && f->file >= 0) {
        size_t more = 0;
        TM_TRY(tm_file_read(f->file, f->path, to + n, room - n, &more, err));
        n += more;
    }
    if (f->digest && n) tm_sha256_add(f->digest, to, n);
    f->bytes += n;
    f->ended = n < room;
    *got = n;
    return TM_OK;
}

void tm_feed_init(tm_feed *f, int file, const char *path, tm_str before)
{
    *f = (tm_feed){.file = file, .path = path, .before = before};
}

tm_status tm_feed_reserve(tm_feed *f, size_t room, tm_err *err)
{
    if (f->room >= room) return TM_OK;
    char *p = tm_realloc(f->p, room);
    if (!p) return tm_fail_memory(err, "reading", room);
    f->p = p;
    f->room = room;
    return TM_OK;
}

tm_status tm_feed_fill(tm_feed *f, tm_err *err)
{
    size_t got = 0, left = f->n - f->at;
    if (f->ended) return TM_OK;
    TM_TRY(tm_feed_reserve(f, TM_FEED_BYTES, err));
    if (left && f->at) memmove(f->p, f->p + f->at, left);
    f->at = 0;
    f->n = left;
    if (left == f->room) return TM_OK;
    TM_TRY(take(f, f->p + left, f->room - left, &got, err));
    f->n += got;
    return TM_OK;
}

tm_status tm_feed_read(tm_feed *f, char *to, size_t room, size_t *got, tm_err *err)
{
    size_t n = TM_MIN(room, f->n - f->at), more = 0;
    if (n) memcpy(to, f->p + f->at, n);
    f->at += n;
    if (n < room && !f->ended) TM_TRY(take(f, to + n, room - n, &more, err));
    *got = n + more;
    return TM_OK;
}

tm_status tm_feed_drain(tm_feed *f, tm_err *err)
{
    f->at = f->n = 0;
    while (!f->ended) {
        TM_TRY(tm_feed_fill(f, err));
        f->at = f->n = 0;
    }
    return TM_OK;
}

void tm_feed_release(tm_feed *f)
{
    if (f->file > 0) tm_fs_now.close(f->file);
    tm_sha256_free(f->digest);
    tm_free(f->p);
    *f = (tm_feed){.file = -1, .ended = true};
}
