/* One pass over the sources: blocks are read in order under one lock, worked on by any thread, and
 * what they leave behind is taken up in order again.
 *
 * Order comes back through a ring of pieces: block n uses slot n % ring, and is not read before the
 * piece that used the slot last has been taken up. So memory is bounded by the ring, a slow block
 * holds nobody up until the ring is full, and whoever finishes the block that is due becomes the
 * emitter until no due piece is ready.
 *
 * A long record (long.c) begins when its share of the room for them is free: its worker waits, with
 * the right to read, for those before it, and they wait for nobody. The share is free again when
 * the piece has been taken up. Nothing is read, either, while there is no room for one more. */
#include "flow/cache.h"

typedef struct pass_run {
    tm_pass *pass;
    tm_run *run;
    tm_lock reading; /* guards what follows */
    uint32_t source; /* index of the open one */
    tm_reader *reader;
    uint32_t index; /* of the block that comes next, in its source */
    uint64_t next_block;
    uint32_t end;         /* sources read in this pass: with or without references */
    _Atomic bool no_more; /* set by the reader and by whoever takes up the head */
    tm_lock lock;         /* guards what follows */
    tm_signalled moved;
    tm_piece *ring;
    bool *ready;
    uint64_t *share; /* by slot: of a long record; else 0 */
    uint64_t shared; /* all of them */
    unsigned slots;
    uint64_t due; /* number of the piece to take up next */
    bool emitting, stop;
    tm_status status;
    tm_err *err;
} pass_run;

static void pass_stop(pass_run *p, tm_status status, const tm_err *err)
{
    tm_lock_take(&p->lock);
    if (p->status == TM_OK) {
        p->status = status;
        if (p->err && err) *p->err = *err;
    }
    p->stop = true;
    tm_wake_all(&p->moved);
    tm_lock_drop(&p->lock);
}

static bool wait_for_slot(pass_run *p, uint64_t number)
{
    tm_lock_take(&p->lock);
    while (!p->stop && number >= p->due + p->slots) tm_wait(&p->moved, &p->lock);
    bool go = !p->stop;
    tm_lock_drop(&p->lock);
    return go;
}

/* Long records together keep to their room; one alone always may begin. */
static bool wait_for_room(pass_run *p, uint64_t more)
{
    const tm_room *room = &p->run->plan->room;
    tm_lock_take(&p->lock);
    while (!p->stop && p->shared && p->shared + more > room->bytes) tm_wait(&p->moved, &p->lock);
    bool go = !p->stop;
    tm_lock_drop(&p->lock);
    return go;
}

/* *go = false: the pass has ended. Facts of edges may have taken the room until now (rounds.c). */
static tm_status take_room(pass_run *p, const tm_block *block, bool *go, tm_err *err)
{
    uint64_t share = tm_long_share(p->run, block);
    if (!share) return TM_OK;
    tm_cache_end(p->run);
    if (p->pass->exchange)
        TM_TRY(tm_exchange_limit(p->pass->exchange, p->run->exchange_budget, err));
    if (!(*go = wait_for_room(p, share))) return TM_OK;
    tm_lock_take(&p->lock);
    p->share[block->number % p->slots] = share;
    p->shared += share;
    tm_lock_drop(&p->lock);
    return TM_OK;
}

/* Not behind a head's cut, where little is read, nor where references are read once. */
static bool uses_cache(const pass_run *p)
{
    tm_rid cut;
    const tm_round *round = p->pass->round;
    return !(round && round->references_only) && !tm_run_cut(p->run, &cut);
}

/* What is known of the source in the cache, or NULL: this pass has nothing to do with that. */
static tm_source_sum *in_cache(const pass_run *p)
{
    return uses_cache(p) ? tm_cache_sum(p->run, p->source) : NULL;
}

/* The writing pass tells what is known of sources: before it does without reading one, that is. */
static bool next_held(pass_run *p, tm_block *block)
{
    const tm_source_sum *sum = p->reader ? NULL : in_cache(p);
    if (!sum || (p->pass->kind == TM_PASS_WRITE && !sum->known)) return false;
    return tm_cache_take(p->run, p->source, p->index, block);
}

/* If the cache had its first blocks but has given them back, they are passed over. */
static tm_status open_next(pass_run *p, tm_block *block, tm_err *err)
{
    tm_run *run = p->run;
    const tm_source_sum *sum = in_cache(p);
    tm_read_limits read = tm_long_limits(run);
    bool tells = sum ? !sum->known : p->pass->kind == TM_PASS_WRITE;
    read.digest = tells && run->folder;
    TM_TRY(tm_reader_open(&p->reader, &run->source[p->source], &read, (tm_str){0}, err));
    for (uint32_t i = 0; i < p->index; i++) TM_TRY(tm_reader_next(p->reader, block, err));
    return TM_OK;
}

/* whole: read to its end. A source that a head cut short has no digest. */
static tm_source_sum sum_of(const pass_run *p, bool whole)
{
    tm_source_sum sum = {.known = whole}, *cached = in_cache(p);
    if (cached && cached->known) return *cached;
    if (p->reader) tm_reader_summary(p->reader, sum.sha256, &sum.file_bytes, &sum.decoded_bytes);
    if (!whole) sum.sha256[0] = 0;
    if (cached) *cached = sum;
    return sum;
}

static tm_status end_source(pass_run *p, bool whole, tm_err *err)
{
    tm_source_sum sum = sum_of(p, whole);
    tm_reader_close(p->reader);
    p->reader = NULL;
    tm_status status = TM_OK;
    if (p->pass->emitter)
        status = tm_emitter_source(p->pass->emitter, p->source, sum.sha256, sum.file_bytes,
                                   sum.decoded_bytes, err);
    p->source++;
    p->index = 0;
    return status;
}

/* A head's cut has been reached: of the stream nothing is read any more, references are. */
static void end_of_stream(pass_run *p)
{
    p->source = TM_MAX(p->source, p->run->sources);
}

/* Under p->reading. *more = false when there is nothing left to read. */
static tm_status read_block(pass_run *p, tm_block *block, bool *more, tm_err *err)
{
    tm_rid cut;
    tm_run *run = p->run;
    *more = false;
    if (p->no_more) return TM_OK;
    if (p->source >= p->end) return TM_OK;
    tm_cache_fit(run);
    if (!next_held(p, block)) {
        if (!p->reader) TM_TRY(open_next(p, block, err));
        TM_TRY(tm_reader_next(p->reader, block, err));
    }
    block->source = run->source[p->source].number;
    block->index = p->index++;
    block->number = p->next_block++;
    *more = true;
    atomic_fetch_add(&run->bytes_read, block->of_rows ? block->weight : block->bytes.n);
    uint64_t end = TM_PLACE(block->source, tm_block_end(block));
    bool cut_off = p->source < run->sources && tm_run_cut(run, &cut) && end > cut.place;
    if (block->last || cut_off) TM_TRY(end_source(p, block->last, err));
    if (cut_off) end_of_stream(p);
    return TM_OK;
}

static tm_status take_head(tm_pass *pass, const tm_piece *piece)
{
    uint64_t live = piece->heads.n / sizeof(tm_rid);
    if (pass->head_found) return TM_OK;
    if (pass->head_seen + live >= pass->head_limit) {
        uint64_t at = pass->head_limit - pass->head_seen - 1;
        memcpy(&pass->head_cut, piece->heads.p + at * sizeof(tm_rid), sizeof(tm_rid));
        pass->head_found = true;
    }
    pass->head_seen += live;
    return TM_OK;
}

static tm_status take_up(pass_run *p, tm_piece *piece, tm_err *err)
{
    if (p->pass->kind == TM_PASS_WRITE) return tm_emit(p->pass->emitter, piece, err);
    if (p->pass->kind == TM_PASS_HEAD) return take_head(p->pass, piece);
    return TM_OK;
}

/* Puts a finished piece into the ring; takes up all that is due if nobody else is at it. */
static void hand_in(pass_run *p, uint64_t number)
{
    tm_lock_take(&p->lock);
    p->ready[number % p->slots] = true;
    while (!p->emitting && !p->stop && p->ready[p->due % p->slots]) {
        unsigned slot = (unsigned)(p->due % p->slots);
        tm_err err = {0};
        p->emitting = true;
        tm_lock_drop(&p->lock);
        tm_status status = take_up(p, &p->ring[slot], &err);
        if (p->share[slot]) tm_piece_clear(&p->ring[slot], p->run);
        tm_lock_take(&p->lock);
        p->shared -= p->share[slot];
        p->share[slot] = 0;
        p->emitting = false;
        p->ready[slot] = false;
        p->due++;
        if (status != TM_OK && p->status == TM_OK) {
            p->status = status;
            if (p->err) *p->err = err;
            p->stop = true;
        }
        if (p->pass->head_found) p->no_more = true;
        tm_wake_all(&p->moved);
    }
    tm_lock_drop(&p->lock);
}

/* A piece that is large before its block is done: waits until it is due, takes up what there is of
 * it and goes on. Whoever works on the block that is due waits for nobody, so this ends. */
static tm_status hand_on(void *arg, tm_worker *w, tm_piece *piece, tm_err *err)
{
    pass_run *p = arg;
    TM_TRY(tm_worker_seal(w, piece, err));
    tm_lock_take(&p->lock);
    while (!p->stop && (p->due != piece->number || p->emitting)) tm_wait(&p->moved, &p->lock);
    bool go = !p->stop;
    p->emitting |= go;
    tm_lock_drop(&p->lock);
    if (!go) return tm_fail(err, TM_ECANCELLED, "interrupted");
    tm_status status = take_up(p, piece, err);
    tm_worker_empty(w, piece);
    tm_lock_take(&p->lock);
    p->emitting = false;
    tm_wake_all(&p->moved);
    tm_lock_drop(&p->lock);
    return status;
}

static tm_status work(pass_run *p, tm_worker *w, tm_err *err)
{
    for (;;) {
        bool more = false;
        tm_status status = TM_OK;
        if (tm_cancelled(p->run)) return tm_fail(err, TM_ECANCELLED, "interrupted");
        tm_lock_take(&p->reading);
        bool go = wait_for_slot(p, p->next_block) && wait_for_room(p, p->run->plan->room.longest);
        if (go) status = read_block(p, &w->block, &more, err);
        if (more && status == TM_OK) status = take_room(p, &w->block, &go, err);
        tm_lock_drop(&p->reading);
        TM_TRY(status);
        if (!go || !more) return TM_OK;
        tm_piece *piece = &p->ring[w->block.number % p->slots];
        tm_piece_clear(piece, p->run);
        TM_TRY(tm_worker_block(w, piece, err));
        if (tm_block_long(&w->block)) tm_buf_release(&w->block.bytes);
        tm_cache_let_go(p->run, &w->block);
        hand_in(p, w->block.number);
    }
}

static void pass_body(void *arg, unsigned number)
{
    pass_run *p = arg;
    tm_err err = {0};
    tm_worker w = {0};
    tm_status status = tm_worker_init(&w, p->run, p->pass, number, &err);
    w.keeps = p->pass->kind != TM_PASS_WRITE && uses_cache(p);
    w.hand_on = hand_on;
    w.hand_on_arg = p;
    if (status == TM_OK) status = work(p, &w, &err);
    tm_worker_release(&w);
    if (status != TM_OK) pass_stop(p, status, &err);
}

static tm_status ring_make(pass_run *p, tm_err *err)
{
    p->slots = p->run->threads * 2 + 1;
    p->ring = tm_alloc_zero(p->slots, sizeof *p->ring);
    p->ready = tm_alloc_zero(p->slots, sizeof *p->ready);
    p->share = tm_alloc_zero(p->slots, sizeof *p->share);
    if (!p->ring || !p->ready || !p->share)
        return tm_fail_memory(err, "a pass", p->slots * sizeof *p->ring);
    for (unsigned i = 0; i < p->slots; i++) TM_TRY(tm_piece_init(&p->ring[i], p->run, err));
    return TM_OK;
}

static void ring_release(pass_run *p)
{
    for (unsigned i = 0; p->ring && i < p->slots; i++) tm_piece_release(&p->ring[i]);
    tm_free(p->ring);
    tm_free(p->ready);
    tm_free(p->share);
}

tm_status tm_pass_run(tm_pass *pass, tm_err *err)
{
    tm_rid cut;
    tm_run *run = pass->run;
    pass_run p = {.pass = pass,
                  .run = run,
                  .reading = TM_LOCK_INIT,
                  .lock = TM_LOCK_INIT,
                  .moved = TM_SIGNALLED_INIT,
                  .err = err};
    atomic_store(&run->doing, pass->doing);
    atomic_fetch_add(&run->pass, 1);
    atomic_store(&run->bytes_read, 0);
    bool observes = pass->kind == TM_PASS_OBSERVE || pass->kind == TM_PASS_FOLD;
    bool both = observes && run->plan->step[pass->step].op->flags & TM_REFERENCES;
    p.end = both ? run->every_source : run->sources;
    if (both && pass->round->references_only) p.source = run->sources;
    if (tm_run_cut(run, &cut) && cut.place == 0) end_of_stream(&p);
    tm_status status = ring_make(&p, err);
    if (status == TM_OK) {
        tm_parallel(run->threads, pass_body, &p);
        status = p.status;
    }
    if ((p.reader || p.index) && status == TM_OK) status = end_source(&p, false, err);
    if (p.reader) tm_reader_close(p.reader);
    ring_release(&p);
    return status;
}
