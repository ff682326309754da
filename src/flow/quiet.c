/* Entries are written under a lock when a block has been looked at, and copied under it when one is
 * read again: of two blocks that want the same entry the later one has it. */
#include "flow/quiet.h"

#include "base/alloc.h"
#include "text/terms.h"

enum { ENTRIES = 1 << 13, BYTES_MOST = 2 << 20 };

typedef struct entry {
    uint64_t place, length; /* of the block */
    uint64_t *bit;          /* by span; NULL: nothing is known */
    uint32_t spans, steps;  /* it went through steps [0, steps) */
    uint64_t spared;        /* looks that it spares: quiet records, times steps */
} entry;

struct tm_quiet {
    tm_lock lock;
    size_t bytes; /* of all bits */
    entry entry[ENTRIES];
};

tm_quiet *tm_quiet_new(void)
{
    tm_quiet *q = tm_alloc_zero(1, sizeof *q);
    if (q) pthread_mutex_init(&q->lock, NULL);
    return q;
}

void tm_quiet_free(tm_quiet *q)
{
    if (!q) return;
    for (size_t i = 0; i < ENTRIES; i++) tm_free(q->entry[i].bit);
    pthread_mutex_destroy(&q->lock);
    tm_free(q);
}

static size_t bytes_for(uint32_t spans)
{
    return ((size_t)spans + 63) / 64 * sizeof(uint64_t);
}

static entry *entry_of(tm_quiet *q, const tm_block *b)
{
    return &q->entry[tm_mix64(tm_block_place(b)) % ENTRIES];
}

static bool is_of(const entry *e, const tm_block *b)
{
    return e->place == tm_block_place(b) && e->length == tm_block_length(b) && e->spans == b->spans;
}

static void set(tm_buf *bits, uint32_t at, bool on)
{
    uint8_t one = (uint8_t)(1u << at % 8), *byte = (uint8_t *)bits->p + at / 8;
    *byte = on ? *byte | one : *byte & (uint8_t)~one;
}

/* ---- a block --------------------------------------------------------------------------------- */

/* Long records have a block and the memory for themselves. */
static bool is_usual(const tm_worker *w)
{
    return w->block.source <= w->run->sources && !tm_block_long(&w->block) && w->block.spans;
}

static void recall(tm_worker *w)
{
    tm_quiet *q = w->run->quiet;
    tm_lock_take(&q->lock);
    const entry *e = entry_of(q, &w->block);
    if (e->bit && is_of(e, &w->block)) {
        tm_buf_add(&w->quiet.known, e->bit, bytes_for(e->spans));
        w->quiet.steps = e->steps;
    }
    tm_lock_drop(&q->lock);
}

tm_status tm_quiet_begin(tm_worker *w, tm_err *err)
{
    tm_buf_clear(&w->quiet.known);
    tm_buf_clear(&w->quiet.bits);
    w->quiet.steps = 0;
    w->quiet.looks = false;
    if (!is_usual(w)) return TM_OK;
    recall(w);
    TM_TRY(tm_buf_ok(&w->quiet.known, err));
    if (!tm_pass_sees_all(w->pass) || w->pass->steps <= w->quiet.steps) return TM_OK;
    size_t bytes = bytes_for(w->block.spans);
    if (!tm_buf_grow(&w->quiet.bits, bytes)) return tm_buf_ok(&w->quiet.bits, err);
    memset(w->quiet.bits.p, 0, bytes);
    w->quiet.bits.n = bytes;
    w->quiet.looks = true;
    return TM_OK;
}

bool tm_quiet_is(const tm_worker *w, uint32_t span)
{
    return w->quiet.steps && (w->quiet.known.p[span / 8] >> span % 8 & 1);
}

void tm_quiet_read(tm_worker *w, uint32_t span)
{
    w->quiet.span[w->level[0].batch.records - 1] = span;
}

void tm_quiet_look(tm_worker *w, const tm_batch *b)
{
    const uint32_t *span = w->quiet.span;
    tm_buf *bits = &w->quiet.bits;
    if (!w->quiet.looks || b != &w->level[0].batch) return;
    for (uint32_t r = 0; r < b->records; r++)
        set(bits, span[r], tm_live(b, r) && b->first_patch[r] == TM_NONE);
    for (uint32_t i = 0; i < b->findings; i++) set(bits, span[b->finding[i].record], false);
    for (uint32_t p = 0; b->edits && p < b->parts; p++)
        if (b->part[p].version) set(bits, span[b->part[p].record], false);
}

static uint64_t spared_by(const tm_worker *w)
{
    uint64_t count = 0, word;
    for (size_t at = 0; at < w->quiet.bits.n; at += sizeof word) {
        memcpy(&word, w->quiet.bits.p + at, sizeof word);
        count += (uint64_t)__builtin_popcountll(word);
    }
    return count * w->pass->steps;
}

/* Under the lock. Nothing is remembered where there is no room, nor what spares less than what is
 * known of the block. */
static void remember(tm_quiet *q, const tm_worker *w)
{
    const tm_block *b = &w->block;
    size_t bytes = bytes_for(b->spans);
    uint64_t spared = spared_by(w);
    entry *e = entry_of(q, b);
    if (e->bit && is_of(e, b) && e->spared >= spared) return;
    size_t held = e->bit ? bytes_for(e->spans) : 0;
    if (q->bytes - held + bytes > BYTES_MOST) return;
    uint64_t *bit = tm_alloc(bytes);
    if (!bit) return;
    memcpy(bit, w->quiet.bits.p, bytes);
    tm_free(e->bit);
    *e = (entry){.place = tm_block_place(b),
                 .length = tm_block_length(b),
                 .bit = bit,
                 .spans = b->spans,
                 .steps = w->pass->steps,
                 .spared = spared};
    q->bytes += bytes - held;
}

void tm_quiet_end(tm_worker *w)
{
    tm_quiet *q = w->run->quiet;
    if (!w->quiet.looks) return;
    tm_lock_take(&q->lock);
    remember(q, w);
    tm_lock_drop(&q->lock);
}

/* ---- a step ---------------------------------------------------------------------------------- */

static bool may_be_spared(const tm_worker *w, const tm_plan_step *step)
{
    const tm_op *op = step->op;
    bool of_records = op->shape == TM_MEASURE || op->shape == TM_EDIT;
    return step->index < w->quiet.steps && of_records && !step->columns;
}

bool tm_quiet_hide(const tm_worker *w, const tm_plan_step *step, tm_batch *b)
{
    if (b != &w->level[0].batch || !may_be_spared(w, step)) return false;
    for (uint32_t r = 0; r < b->records; r++)
        if (tm_live(b, r) && tm_quiet_is(w, w->quiet.span[r])) b->fate[r] = TM_KEPT;
    return true;
}

void tm_quiet_show(const tm_worker *w, tm_batch *b)
{
    for (uint32_t r = 0; r < b->records; r++)
        if (b->fate[r] == TM_KEPT && tm_quiet_is(w, w->quiet.span[r])) b->fate[r] = TM_LIVE;
}
