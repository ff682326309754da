/* Streams of the Arrow C stream interface over a function that fills a builder.
 *
 * Every get_next fills the builder once and takes what is in it; batches of no rows are passed over
 * and the end is a released array. The interface speaks errno, so statuses are translated; the
 * sentence comes out of get_last_error and lives until the next call. After a failure every
 * get_next fails the same way. */
#include "base/alloc.h"
#include "record/arrow.h"

typedef struct stream {
    tm_arrow_builder *builder;
    tm_arrow_fill fill;
    void (*done)(void *arg);
    void *arg;
    bool ended;
    tm_err failure;
} stream;

/* The numbers of errno on every system that Arrow runs on; the header itself belongs to base. */
enum { SAYS_EIO = 5, SAYS_ENOMEM = 12, SAYS_EINVAL = 22 };

static int number_of(tm_status status)
{
    switch (status) {
    case TM_OK: return 0;
    case TM_EMEMORY: return SAYS_ENOMEM;
    case TM_EIO: return SAYS_EIO;
    default: return SAYS_EINVAL;
    }
}

static int get_schema(struct ArrowArrayStream *s, struct ArrowSchema *out)
{
    stream *own = s->private_data;
    return number_of(tm_arrow_schema(own->builder, out, &own->failure));
}

static int get_next(struct ArrowArrayStream *s, struct ArrowArray *out)
{
    stream *own = s->private_data;
    tm_status status = own->failure.status;
    *out = (struct ArrowArray){0};
    while (status == TM_OK && !own->ended && tm_arrow_rows(own->builder) == 0) {
        bool more = false;
        status = own->fill(own->arg, own->builder, &more, &own->failure);
        own->ended = !more;
    }
    if (status == TM_OK && tm_arrow_rows(own->builder) > 0) {
        status = tm_arrow_take(own->builder, out, &own->failure);
    }
    own->failure.status = status;
    return number_of(status);
}

static const char *get_last_error(struct ArrowArrayStream *s)
{
    const stream *own = s->private_data;
    return own->failure.status == TM_OK ? NULL : own->failure.msg;
}

void tm_arrow_stream_forget(struct ArrowArrayStream *s)
{
    stream *own = s->private_data;
    tm_arrow_close(own->builder);
    tm_free(own);
    s->release = NULL;
}

static void release(struct ArrowArrayStream *s)
{
    stream *own = s->private_data;
    if (own->done) own->done(own->arg);
    tm_arrow_stream_forget(s);
}

tm_status tm_arrow_stream(struct ArrowArrayStream *out, const tm_arrow_column *columns,
                          uint32_t count, tm_arrow_fill fill, void (*done)(void *arg), void *arg,
                          tm_err *err)
{
    *out = (struct ArrowArrayStream){0};
    stream *own = tm_alloc_zero(1, sizeof *own);
    if (!own) return tm_fail_memory(err, "an Arrow stream", sizeof *own);
    tm_status status = tm_arrow_open(&own->builder, columns, count, err);
    if (status != TM_OK) {
        tm_free(own);
        return status;
    }
    own->fill = fill;
    own->done = done;
    own->arg = arg;
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release,
                                     .private_data = own};
    return TM_OK;
}
