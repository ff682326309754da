/* A run behind an Arrow stream.
 *
 * The run goes on in a thread of its own, with as many workers as it is given. Workers pack the
 * rows of their blocks (api_rows.c), which come here in order, block by block (record by record
 * when a step makes another order), and are gathered into chunks of about a MiB; these go into a
 * ring of RING, and the reader of the stream unpacks one a batch. A full ring stops the run, an
 * empty one the reader. Releasing the stream cancels the run, wakes all who wait, and waits for the
 * thread of the run. */
#include "api/api.h"
#include "base/alloc.h"

enum { RING = 4, CHUNK = 1 << 20 };

typedef struct section { /* of a chunk, before the rows of one block */
    uint64_t bytes, lines;
} section;

typedef struct tm_behind { /* a run behind a stream */
    tamis_plan *plan;
    tm_api_rows rows;
    tm_thread thread;
    tm_buf chunk;      /* being gathered by the run */
    tm_buf ring[RING]; /* guarded by the plan's handover */
} behind;

static void set(tm_handover *handover, bool *what, bool to)
{
    tm_lock_take(&handover->lock);
    *what = to;
    tm_wake_all(&handover->moved);
    tm_lock_drop(&handover->lock);
}

/* ---- the run's side -------------------------------------------------------------------------- */

static tm_status put_chunk(void *arg, tm_err *err)
{
    behind *o = arg;
    tm_handover *handover = &o->plan->handover;
    if (!o->chunk.n) return TM_OK;
    tm_lock_take(&handover->lock);
    while (!handover->closed && handover->put - handover->taken == RING)
        tm_wait(&handover->moved, &handover->lock);
    bool closed = handover->closed;
    if (!closed) {
        tm_buf *to = &o->ring[handover->put++ % RING], empty = *to;
        *to = o->chunk;
        o->chunk = empty;
    }
    tm_wake_all(&handover->moved);
    tm_lock_drop(&handover->lock);
    tm_buf_clear(&o->chunk);
    return closed ? tm_fail(err, TM_ECANCELLED, "the stream was released") : TM_OK;
}

static tm_status on_kept(void *arg, const tm_kept_view *kept, tm_buf *rows, tm_err *err)
{
    const behind *o = arg;
    return tm_api_rows_pack(&o->rows, kept, rows, err);
}

static tm_status on_same(void *arg, uint64_t place, uint32_t count, tm_buf *rows, tm_err *err)
{
    const behind *o = arg;
    return tm_api_rows_same(&o->rows, place, count, rows, err);
}

static tm_status on_rows(void *arg, tm_str rows, uint64_t lines, tm_err *err)
{
    behind *o = arg;
    section head = {rows.n, lines};
    tm_buf_add(&o->chunk, &head, sizeof head);
    tm_buf_str(&o->chunk, rows);
    TM_TRY(tm_buf_ok(&o->chunk, err));
    return o->chunk.n < CHUNK ? TM_OK : put_chunk(o, err);
}

static void *run_behind(void *arg)
{
    behind *o = arg;
    tm_err err = {0};
    err.status = tm_api_go(o->plan, put_chunk, o, &err);
    o->plan->verdict = err;
    atomic_store(&o->plan->judged, true);
    set(&o->plan->handover, &o->plan->handover.ended, true);
    return NULL;
}

/* ---- the reader's side ----------------------------------------------------------------------- */

static tm_status unpack(const behind *o, const tm_buf *chunk, tm_arrow_builder *to, tm_err *err)
{
    for (size_t at = 0; at < chunk->n;) {
        section head;
        memcpy(&head, chunk->p + at, sizeof head);
        at += sizeof head;
        tm_str rows = {chunk->p + at, (size_t)head.bytes};
        TM_TRY(tm_api_rows_unpack(&o->rows, rows, head.lines, to, err));
        at += (size_t)head.bytes;
    }
    return TM_OK;
}

static tm_status fill(void *arg, tm_arrow_builder *to, bool *more, tm_err *err)
{
    behind *o = arg;
    tm_handover *handover = &o->plan->handover;
    tm_lock_take(&handover->lock);
    while (!handover->ended && handover->put == handover->taken)
        tm_wait(&handover->moved, &handover->lock);
    bool there = handover->put != handover->taken;
    tm_lock_drop(&handover->lock);
    *more = there;
    if (!there) {
        if (err) *err = o->plan->verdict;
        return o->plan->verdict.status;
    }
    tm_buf *chunk = &o->ring[handover->taken % RING]; /* nobody else touches it until it is taken */
    tm_status status = unpack(o, chunk, to, err);
    tm_lock_take(&handover->lock);
    tm_buf_clear(chunk);
    handover->taken++;
    tm_wake_all(&handover->moved);
    tm_lock_drop(&handover->lock);
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
    set(&o->plan->handover, &o->plan->handover.closed, true);
    tm_thread_join(o->thread);
    release(o);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The thread begins last: before it, failing is simple. A stream whose thread cannot be had is
 * taken apart by hand, since its release would wait for it. */
static tm_status begin(behind *o, tamis_table table, struct ArrowArrayStream *stream, tm_err *err)
{
    tamis_plan *plan = o->plan;
    tm_shown shown = {
        .binds = table == TAMIS_PARTS, .on_kept = on_kept, .on_rows = on_rows, .arg = o};
    if (table == TAMIS_CHANGES) shown.on_same = on_same;
    struct ArrowArrayStream made;
    TM_TRY(tm_api_rows_open(&o->rows, tm_run_plan(plan->run), table, &plan->mem, err));
    TM_TRY(tm_arrow_stream(&made, o->rows.column, o->rows.columns, fill, done, o, err));
    tm_run_show(plan->run, &shown);
    set(&plan->handover, &plan->handover.closed, false);
    if (tm_thread_start(&o->thread, run_behind, o)) {
        plan->started = true;
        *stream = made;
        return TM_OK;
    }
    set(&plan->handover, &plan->handover.closed, true);
    tm_run_show(plan->run, &(tm_shown){0});
    tm_arrow_stream_forget(&made);
    return tm_fail(err, TM_EMEMORY, "the system gives no thread for a stream");
}

tamis_status tamis_stream(tamis_plan *plan, tamis_table table, struct ArrowArrayStream *stream,
                          tamis_error *error)
{
    tm_err err = {0};
    *stream = (struct ArrowArrayStream){0};
    if (plan->started) {
        tm_fail(&err, TM_EUSAGE, "a plan is run once: open it again");
        return tm_api_status(err.status, &err, error);
    }
    behind *o = tm_alloc_zero(1, sizeof *o);
    if (!o) return tm_api_status(tm_fail_memory(&err, "a stream", sizeof *o), &err, error);
    o->plan = plan;
    atomic_fetch_add(&plan->held, 1);
    tm_status status = begin(o, table, stream, &err);
    if (status != TM_OK) release(o);
    return tm_api_status(status, &err, error);
}

static bool may_go_on(const tm_handover *handover)
{
    return handover->closed || handover->ended || handover->put != handover->taken;
}

int tamis_stream_wait(tamis_plan *plan, double seconds)
{
    tm_handover *handover = &plan->handover;
    double until = tm_now() + seconds;
    tm_lock_take(&handover->lock);
    for (double left = seconds; left > 0 && !may_go_on(handover); left = until - tm_now())
        tm_wait_for(&handover->moved, &handover->lock, left);
    bool ready = may_go_on(handover);
    tm_lock_drop(&handover->lock);
    return ready;
}

tamis_status tamis_stream_verdict(tamis_plan *plan, tamis_error *error)
{
    bool judged = atomic_load(&plan->judged);
    return tm_api_status(judged ? plan->verdict.status : TM_OK, &plan->verdict, error);
}
