/* Long records: those that are longer than a block, and so a block and a batch of their own.
 *
 * What a record is made into depends on what it says: a line of 20 MB may be one text or ten
 * million numbers, whose index is larger than they are. No factor holds for both and leaves texts
 * readable. So it is measured. A worker begins a long record with nothing left over from the one
 * before, and a meter (base/alloc.h) over what it takes from there on; what the share of the record
 * (plan/cost.c) has no room for fails as memory does, the work on the record is forgotten, and it
 * goes on as an unreadable one (T1014): its bytes are kept and the run goes on. Neither threads nor
 * the records before it change what it takes, so the same records are readable in every run with
 * that --memory.
 *
 * Before a record is observed there must be room to write it, or others would be merged into one
 * that is refused when it is written. A record that was refused in one pass is refused in all that
 * follow, which know it from the run's list or, when it is resumed, from the decisions of its set
 * steps. Processes of a cluster share no list: there a set step that has no room for a record ends
 * the run.
 *
 * How many long records there are at a time is up to the pass (pass.c): their shares fit into the
 * room together.
 *
 * Limits: what compressors and the libraries take for themselves is not measured, it has its place
 * in the fixed part of the ceiling. What has been handed on of a record cannot be taken back: the
 * meter ends there, and what a fan-out gives behind it are batches of ordinary size. */
#include "base/vec.h"
#include "flow/piece.h"

enum { OWN_BYTES = 4 << 20 /* a batch has that in any plan */ };

uint64_t tm_block_long(const tm_block *block)
{
    uint64_t bytes = block->bytes.n;
    if (block->of_rows)
        bytes = block->rows == 1 ? TM_MIN(TM_ROW_LONGER * block->weight, block->max_line) : 0;
    return bytes > TM_BLOCK_BYTES ? bytes : 0;
}

uint64_t tm_long_share(const tm_run *run, const tm_block *block)
{
    uint64_t bytes = tm_block_long(block);
    return bytes ? tm_room_share(&run->plan->room, bytes) : 0;
}

tm_read_limits tm_long_limits(const tm_run *run)
{
    const tm_room *room = &run->plan->room;
    tm_read_limits limits = {.max_line = room->longest};
    if (room->longest >= run->recipe->limits.max_line) return limits;
    limits.memory = room->memory;
    limits.line_limit = run->recipe->limits.max_line;
    limits.memory_a_byte = 2 * room->copies; /* half of what is more is more room */
    return limits;
}

/* What may be made of the record besides its block and what whoever writes makes of it. */
static uint64_t own_room(const tm_run *run, uint64_t bytes)
{
    const tm_room *room = &run->plan->room;
    uint64_t share = tm_room_share(room, bytes), others = (1 + room->after) * bytes;
    return OWN_BYTES + run->plan->cost.memory + run->over_worker +
           (share > others ? share - others : 0);
}

/* As if the worker had just begun, but for its block. */
static tm_status refresh(tm_worker *w, tm_err *err)
{
    const tm_run *run = w->run;
    for (size_t k = 0; k < TM_COUNT(w->level); k++) {
        tm_batch_release(&w->level[k].batch);
        tm_arena_release(&w->level[k].mem);
        w->level[k].open = false;
    }
    tm_buf_release(&w->facts.bytes);
    w->facts.count = 0;
    tm_buf_release(&w->line);
    tm_buf_release(&w->path);
    tm_locator_release(&w->locator);
    w->text_place = (tm_text_place){0};
    for (uint32_t s = 0; s <= w->pass->steps && s < run->plan->steps; s++) {
        const tm_plan_step *step = &run->plan->step[s];
        if (step->op->end) step->op->end(w->scratch[s]);
        memset(w->scratch[s], 0, step->op->scratch_bytes);
        if (step->op->begin) TM_TRY(step->op->begin(step->shared, w->scratch[s], err));
    }
    return TM_OK;
}

static unsigned long long memory_for(const tm_room *room, uint64_t share)
{
    uint64_t memory = tm_room_memory(room, share);
    if (share < room->bytes) memory = tm_room_memory(room, TM_SIDE_BY_SIDE * share);
    return memory / TM_MIB + 1;
}

/* share: what the record was known to need when it met the limit: what would have come behind that
 * nobody knows, but it is in the share that no record is denied for what it holds. */
static tm_status say_refused(tm_worker *w, uint64_t share, tm_err *err)
{
    const tm_room *room = &w->run->plan->room;
    uint64_t bytes = w->block.spans ? w->block.span->bytes : 0;
    uint64_t had = tm_long_share(w->run, &w->block);
    uint64_t enough = TM_MAX(tm_room_grown(w->block.bytes.n), 2 * share);
    tm_buf_clear(&w->refused);
    tm_buf_print(&w->refused,
                 "what is made of this record of %llu bytes takes more than the %llu MiB that "
                 "--memory %lluMiB has for it; it needs --memory %lluMiB at least, and %lluMiB "
                 "is enough",
                 (unsigned long long)bytes, (unsigned long long)(had / TM_MIB),
                 (unsigned long long)(room->memory / TM_MIB), memory_for(room, share),
                 memory_for(room, enough));
    return tm_buf_ok(&w->refused, err);
}

static uint64_t place_of(const tm_worker *w)
{
    uint64_t at = w->block.spans ? tm_span_offset(&w->block, w->block.span) : w->block.at;
    return TM_PLACE(w->block.source, at);
}

/* What an earlier pass, or the run that this one resumes, has found it needs; 0: it was not
 * refused. A record has one fate in all passes. */
static uint64_t known_share(tm_worker *w)
{
    tm_run *run = w->run;
    uint64_t place = place_of(w), share = 0;
    tm_lock_take(&run->batch_lock);
    for (uint32_t i = 0; i < run->refusals; i++)
        if (run->refused[i].place == place) share = run->refused[i].share;
    tm_lock_drop(&run->batch_lock);
    for (uint32_t s = 0; s < w->pass->steps; s++) {
        const tm_decision *d =
            run->state[s].verdicts ? tm_verdict_of(&w->range[s], (tm_rid){place, 0}) : NULL;
        if (d && d->set & TM_D_REFUSED) share = (uint64_t)d->value;
    }
    return share;
}

static tm_status note_refused(tm_worker *w, uint64_t share, tm_err *err)
{
    tm_run *run = w->run;
    tm_lock_take(&run->batch_lock);
    bool room = TM_ROOM_HEAP(run->refused, run->refusals, run->refused_room, 1);
    if (room) run->refused[run->refusals++] = (tm_refused){place_of(w), share};
    tm_lock_drop(&run->batch_lock);
    return room ? TM_OK : tm_fail_memory(err, "a record", sizeof(tm_refused));
}

tm_status tm_long_decisions(tm_run *run, uint16_t step, tm_decisions *out, tm_err *err)
{
    for (uint32_t i = 0; i < run->refusals; i++) {
        tm_decision d = {.rid = {run->refused[i].place, 0},
                         .step = step,
                         .set = TM_D_REFUSED,
                         .value = (double)run->refused[i].share};
        TM_TRY(tm_decide(out, &d, err));
    }
    return TM_OK;
}

static tm_status refuse(tm_worker *w, tm_piece *piece, uint64_t share, tm_fill *fill, tm_err *err)
{
    TM_TRY(say_refused(w, share, err));
    if (w->run->options.ticket.n && w->pass->kind != TM_PASS_WRITE)
        return tm_fail(err, TM_ELIMIT, "at byte %llu: %.*s", (unsigned long long)w->block.at,
                       TM_FMT(tm_buf_view(&w->refused)));
    tm_status status = fill(w, piece, err);
    tm_buf_clear(&w->refused);
    return status;
}

tm_status tm_long_work(tm_worker *w, tm_piece *piece, tm_fill *fill, tm_err *err)
{
    uint64_t bytes = tm_block_long(&w->block), own = own_room(w->run, bytes);
    uint64_t share = known_share(w);
    TM_TRY(refresh(w, err));
    tm_piece_give_back(piece);
    if (share) return refuse(w, piece, share, fill, err);
    tm_alloc_meter(own);
    tm_status status = fill(w, piece, err);
    uint64_t needed = tm_alloc_meter_end();
    if (status != TM_OK && needed) {
        share = tm_room_share(&w->run->plan->room, bytes) + (needed > own ? needed - own : 0);
        tm_worker_empty(w, piece);
        TM_TRY(refresh(w, err));
        TM_TRY(note_refused(w, share, err));
        status = refuse(w, piece, share, fill, err);
    }
    return status == TM_OK ? refresh(w, err) : status;
}

tm_status tm_long_observed(const tm_worker *w, tm_err *err)
{
    const tm_room *room = &w->run->plan->room;
    uint64_t bytes = (room->copies - 1 - room->after) * tm_block_long(&w->block);
    return tm_alloc_meter_has(bytes) ? TM_OK : tm_fail_memory(err, "a record as written", bytes);
}

tm_status tm_long_facts(const tm_worker *w, tm_err *err)
{
    uint64_t bytes = w->facts.bytes.n;
    bool fits = bytes <= TM_BLOCK_BYTES || tm_alloc_meter_has(TM_FACT_COPIES * bytes);
    if (!fits) return tm_fail_memory(err, "the facts of a record", bytes);
    tm_alloc_meter_end(); /* the exchange has memory of its own */
    return TM_OK;
}
