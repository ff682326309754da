/* Plain batches: nobody wants more of their records than the bytes of those that are kept. No
 * ledger has a row for each, nobody is shown a finding or a record, nothing is put into another
 * order, and no finding speaks of another record. That is every run into a pipe or a file.
 *
 * Then records need not be taken one by one. What is kept and stands line behind line in the block,
 * unchanged, is copied as one; of what is dropped a number is left. Whatever else there is in such
 * a batch (a changed record, an unreadable one, one written several times) goes the ordinary way,
 * tm_piece_add, in its order: that way is the definition, and this one must give the same. */
#include "flow/engine.h"
#include "record/writer.h"

static bool nobody_asks(const tm_worker *w)
{
    const tm_run *run = w->run;
    const tm_run_options *o = &run->options;
    bool looked_at = o->on_finding || o->shown.on_kept || o->measure_only ||
                     (run->folder && run->recipe->output.ledger);
    return !looked_at && !run->reorders && !run->routes;
}

bool tm_plain(const tm_worker *w, const tm_batch *b)
{
    if (w->block.span_lines || w->sound.passes || !nobody_asks(w)) return false;
    for (uint32_t i = 0; i < b->findings; i++)
        if (b->finding[i].step == TM_NO_STEP || b->finding[i].other.place) return false;
    return true;
}

static bool is_dropped(const tm_batch *b, uint32_t r)
{
    return b->fate[r] == TM_DROPPED && !b->reason[r].other.place;
}

static bool is_kept(const tm_batch *b, uint32_t r)
{
    return b->fate[r] == TM_LIVE && b->copies[r] == 1 && b->raw[r].n <= TM_BLOCK_BYTES &&
           !((b->patches || b->edits) && tm_record_changed(b, r));
}

/* Line s stands right behind line r. */
static bool is_next(tm_str r, tm_str s)
{
    return r.p + r.n + 1 == s.p && r.p[r.n] == '\n';
}

static void count(tm_piece *p, const tm_batch *b, uint32_t from, uint32_t to)
{
    p->counts.read += to - from;
    p->records += to - from;
    for (uint32_t r = from; r < to; r++)
        if (b->layout[r] < TM_COUNT(p->layouts)) p->layouts[b->layout[r]]++;
}

/* The kept records from r on that stand together, at most up to `end`; returns which is next. */
static uint32_t take_kept(tm_piece *p, const tm_batch *b, uint32_t r, uint32_t end)
{
    uint32_t next = r + 1;
    while (next < end && is_next(b->raw[next - 1], b->raw[next]) && is_kept(b, next)) next++;
    const char *stop = b->raw[next - 1].p + b->raw[next - 1].n;
    tm_buf_add(&p->data, b->raw[r].p, (size_t)(stop - b->raw[r].p));
    tm_buf_char(&p->data, '\n');
    p->counts.kept += next - r;
    p->written += next - r;
    return next;
}

tm_status tm_plain_take(tm_worker *w, tm_piece *p, tm_level *level, uint32_t r, tm_err *err)
{
    const tm_batch *b = &level->batch;
    while (level->written <= r) {
        uint32_t from = level->written, next = from;
        while (next <= r && is_dropped(b, next)) next++;
        p->counts.dropped += next - from;
        if (next <= r && is_kept(b, next)) next = take_kept(p, b, next, r + 1);
        count(p, b, from, next);
        level->written = next;
        if (next == from) TM_TRY(tm_piece_add(w, p, level, level->written++, err));
    }
    TM_TRY(tm_buf_ok(&p->data, err));
    return tm_piece_hand_on(w, p, err);
}
