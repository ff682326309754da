/* The kept records of a plan as an Arrow stream.
 *
 * The run goes on in a thread of its own, with one worker so that records come in order. It packs
 * rows into chunks of about a MiB and puts these into a ring of RING; the reader of the stream
 * takes one chunk a batch and fills the Arrow builder from it. A full ring stops the run, an empty
 * one the reader. Releasing the stream cancels the run, empties the ring and waits for the
 * thread. */
#include <math.h>
#include <string.h>

#include "api/api.h"
#include "base/alloc.h"
#include "base/thread.h"
#include "record/arrow.h"

enum { RING = 4, CHUNK = 1 << 20, FIXED = 6 };

typedef struct behind { /* a run behind a stream */
    tamis_plan *plan;
    tm_arrow_column *column;
    uint32_t columns;
    tm_thread thread;
    tm_buf chunk; /* being packed by the run */
    tm_lock lock; /* guards what follows */
    tm_signalled moved;
    tm_buf ring[RING];
    uint64_t put, taken;
    bool ended, closed;
    tm_err err;
} behind;

/* ---- the run's side -------------------------------------------------------------------------- */

static void pack_text(tm_buf *b, tm_str s)
{
    uint64_t n = s.p ? s.n : UINT64_MAX;
    tm_buf_add(b, &n, sizeof n);
    if (s.p) tm_buf_str(b, s);
}

static tm_status put_chunk(behind *o, tm_err *err)
{
    TM_TRY(tm_buf_ok(&o->chunk, err));
    tm_lock_take(&o->lock);
    while (!o->closed && o->put - o->taken == RING) tm_wait(&o->moved, &o->lock);
    bool closed = o->closed;
    if (!closed) {
        tm_buf *to = &o->ring[o->put++ % RING], empty = *to;
        *to = o->chunk;
        o->chunk = empty;
    }
    tm_wake_all(&o->moved);
    tm_lock_drop(&o->lock);
    tm_buf_clear(&o->chunk);
    return closed ? tm_fail(err, TM_ECANCELLED, "the stream was released") : TM_OK;
}

static tm_status on_kept(void *arg, const tm_kept_view *kept, tm_err *err)
{
    behind *o = arg;
    const tm_batch *b = kept->batch;
    uint32_t r = kept->record;
    uint64_t fixed[3] = {b->rid[r].place, b->rid[r].path, b->line[r]};
    tm_str layout = {0};
    if (b->layout[r] < kept->layouts->count && kept->layouts->layout[b->layout[r]])
        layout = tm_str_of(kept->layouts->layout[b->layout[r]]->name);
    for (uint16_t copy = 0; copy < b->copies[r]; copy++) {
        tm_buf_add(&o->chunk, fixed, sizeof fixed);
        pack_text(&o->chunk, kept->source->path);
        pack_text(&o->chunk, layout);
        pack_text(&o->chunk, kept->text);
        for (uint32_t c = 0; c + FIXED < o->columns; c++) {
            const tm_column *column = &b->column[c];
            if (column->signal->type == TM_NUMBER)
                tm_buf_add(&o->chunk, &column->number[r], sizeof(double));
            else
                pack_text(&o->chunk, column->word[r]);
        }
    }
    return o->chunk.n < CHUNK ? TM_OK : put_chunk(o, err);
}

static void *run_behind(void *arg)
{
    behind *o = arg;
    tm_err err = {0};
    tm_status status = tm_run_go(o->plan->run, &err);
    if (status == TM_OK && o->chunk.n) status = put_chunk(o, &err);
    if (status == TM_OK) status = tm_run_verdict(o->plan->run, &err);
    tm_lock_take(&o->lock);
    o->ended = true;
    o->err = err;
    o->err.status = status;
    tm_wake_all(&o->moved);
    tm_lock_drop(&o->lock);
    return NULL;
}

/* ---- the reader's side ----------------------------------------------------------------------- */

static void take(const tm_buf *chunk, size_t *at, void *to, size_t n)
{
    memcpy(to, chunk->p + *at, n);
    *at += n;
}

static void take_text(const tm_buf *chunk, size_t *at, tm_arrow_builder *to)
{
    uint64_t n;
    take(chunk, at, &n, sizeof n);
    if (n == UINT64_MAX) {
        tm_arrow_null(to);
        return;
    }
    tm_arrow_text(to, (tm_str){chunk->p + *at, (size_t)n});
    *at += (size_t)n;
}

static void take_number(const tm_buf *chunk, size_t *at, tm_arrow_builder *to)
{
    double value;
    take(chunk, at, &value, sizeof value);
    if (isnan(value))
        tm_arrow_null(to);
    else
        tm_arrow_f64(to, value);
}

static tm_status fill_rows(const behind *o, const tm_buf *chunk, tm_arrow_builder *to, tm_err *err)
{
    for (size_t at = 0; at < chunk->n;) {
        uint64_t fixed[3];
        take(chunk, &at, fixed, sizeof fixed);
        tm_arrow_u64(to, fixed[0]);
        tm_arrow_u64(to, fixed[1]);
        take_text(chunk, &at, to);
        tm_arrow_u64(to, fixed[2]);
        take_text(chunk, &at, to);
        take_text(chunk, &at, to);
        for (uint32_t c = FIXED; c < o->columns; c++)
            o->column[c].type == TM_ARROW_F64 ? take_number(chunk, &at, to)
                                              : take_text(chunk, &at, to);
        TM_TRY(tm_arrow_row(to, err));
    }
    return TM_OK;
}

static tm_status fill(void *arg, tm_arrow_builder *to, bool *more, tm_err *err)
{
    behind *o = arg;
    tm_lock_take(&o->lock);
    while (!o->ended && o->put == o->taken) tm_wait(&o->moved, &o->lock);
    bool there = o->put != o->taken;
    tm_lock_drop(&o->lock);
    *more = there;
    if (!there) {
        if (err) *err = o->err;
        return o->err.status;
    }
    tm_buf *chunk = &o->ring[o->taken % RING]; /* nobody else touches it until it is taken */
    tm_status status = fill_rows(o, chunk, to, err);
    tm_lock_take(&o->lock);
    tm_buf_clear(chunk);
    o->taken++;
    tm_wake_all(&o->moved);
    tm_lock_drop(&o->lock);
    return status;
}

static void release(behind *o)
{
    for (size_t i = 0; i < RING; i++) tm_buf_release(&o->ring[i]);
    tm_buf_release(&o->chunk);
    tamis_close(o->plan);
    tm_free(o);
}

static void done(void *arg)
{
    behind *o = arg;
    tm_run_cancel(o->plan->run);
    tm_lock_take(&o->lock);
    o->closed = true;
    tm_wake_all(&o->moved);
    tm_lock_drop(&o->lock);
    tm_thread_join(o->thread);
    release(o);
}

/* ---- opening --------------------------------------------------------------------------------- */

static tm_status describe(behind *o, tm_err *err)
{
    static const tm_arrow_column fixed[FIXED] = {
        {"place", TM_ARROW_U64, false},   {"path", TM_ARROW_U64, false},
        {"source", TM_ARROW_TEXT, false}, {"line", TM_ARROW_U64, false},
        {"layout", TM_ARROW_TEXT, true},  {"record", TM_ARROW_LARGE_TEXT, false}};
    const tm_plan *plan = tm_run_plan(o->plan->run);
    for (uint32_t s = 0; s < plan->steps; s++)
        if (plan->step[s].op->flags & TM_REORDERS)
            return tm_fail(err, TM_EUSAGE,
                           "%.*s puts records into another order, which a stream cannot: run the "
                           "plan into a folder and read that",
                           TM_FMT(plan->step[s].name));
    o->columns = FIXED + plan->columns;
    o->column = TM_NEW(&o->plan->mem, tm_arrow_column, o->columns);
    if (!o->column) return tm_fail_memory(err, "a stream", o->columns);
    memcpy(o->column, fixed, sizeof fixed);
    for (uint32_t c = 0; c < plan->columns; c++) {
        bool number = plan->signal[c]->type == TM_NUMBER;
        o->column[FIXED + c] =
            (tm_arrow_column){plan->env_name[c], number ? TM_ARROW_F64 : TM_ARROW_TEXT, true};
    }
    return TM_OK;
}

/* The thread begins last: before it, failing is simple. A stream whose thread cannot be had is
 * taken apart by hand, since its release would wait for it. */
static tm_status begin(behind *o, struct ArrowArrayStream *stream, tm_err *err)
{
    TM_TRY(describe(o, err));
    struct ArrowArrayStream made;
    TM_TRY(tm_arrow_stream(&made, o->column, o->columns, fill, done, o, err));
    if (tm_thread_start(&o->thread, run_behind, o)) {
        *stream = made;
        return TM_OK;
    }
    tm_arrow_stream_forget(&made);
    return tm_fail(err, TM_EMEMORY, "the system gives no thread for a stream");
}

tamis_status tamis_stream(struct ArrowArrayStream *stream, const tamis_options *options,
                          tamis_error *error)
{
    tm_err err = {0};
    *stream = (struct ArrowArrayStream){0};
    behind *o = tm_alloc_zero(1, sizeof *o);
    if (!o) return tm_api_status(tm_fail_memory(&err, "a stream", sizeof *o), &err, error);
    o->lock = (tm_lock)TM_LOCK_INIT;
    o->moved = (tm_signalled)TM_SIGNALLED_INIT;
    tm_run_options more = {.threads = 1, .on_kept = on_kept, .kept_arg = o};
    tamis_status said = tm_api_open(&o->plan, options, &more, error);
    if (said != TAMIS_OK) {
        tm_free(o);
        return said;
    }
    tm_status status = begin(o, stream, &err);
    if (status != TM_OK) release(o);
    return tm_api_status(status, &err, error);
}
