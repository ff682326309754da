/* tm_feed: the bytes of a file as they lie there, through one window, counted and digested once.
 *
 *   tm_feed_init(&f, file, path, before)   before: bytes that come first (standard input's head)
 *   tm_feed_fill(&f, err)                  more bytes behind those left in the window
 *   tm_feed_read(&f, p, n, &got, err)      past the window, straight to where they are wanted
 *   tm_feed_drain(&f, err)                 reads on to the end, for the digest's sake
 *
 * With file -1 `before` is all there is. */
#ifndef TM_IO_FEED_H
#define TM_IO_FEED_H

#include "base/fs.h"
#include "base/hash.h"

#define TM_FEED_BYTES (256u << 10)

typedef struct tm_feed {
    int file;
    const char *path;
    tm_str before;
    char *p; /* the window: [at, n) is not yet taken */
    size_t at, n, room;
    uint64_t bytes;    /* read so far */
    bool ended;        /* nothing comes behind the window */
    tm_sha256 *digest; /* of all bytes read, or NULL; owned */
} tm_feed;

void tm_feed_init(tm_feed *f, int file, const char *path, tm_str before);
/* Makes the window at least `room` bytes; before the first fill. */
tm_status tm_feed_reserve(tm_feed *f, size_t room, tm_err *err);
/* Moves what is left to the front and reads until the window is full or the file ends. */
tm_status tm_feed_fill(tm_feed *f, tm_err *err);
tm_status tm_feed_read(tm_feed *f, char *to, size_t room, size_t *got, tm_err *err);
tm_status tm_feed_drain(tm_feed *f, tm_err *err);
void tm_feed_release(tm_feed *f); /* closes the file */

#endif
