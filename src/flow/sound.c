/* A block is known by the place where it begins and its length. Entries are written under a lock,
 * one a block, in passes that look, and read in the writing pass alone. */
#include "flow/sound.h"

#include "text/terms.h"
#include "text/words.h"

enum { ENTRIES = 1 << 14 };

typedef struct entry {
    uint64_t place, length;         /* of the block; length 0: none */
    uint16_t layout;                /* of all its records */
    uint64_t row_bytes, characters; /* of a table: its rows as JSON */
} entry;

struct tm_sound {
    tm_lock lock;
    entry entry[ENTRIES];
};

tm_sound *tm_sound_new(void)
{
    tm_sound *s = tm_alloc_zero(1, sizeof *s);
    if (s) pthread_mutex_init(&s->lock, NULL);
    return s;
}

void tm_sound_free(tm_sound *s)
{
    if (!s) return;
    pthread_mutex_destroy(&s->lock);
    tm_free(s);
}

static entry *entry_of(tm_sound *s, const tm_block *b)
{
    return &s->entry[tm_mix64(tm_block_place(b)) % ENTRIES];
}

/* ---- passes that look ------------------------------------------------------------------------ */

/* Nothing between the records but the newline behind each; that of the last may be missing. */
static bool all_lines(const tm_block *b)
{
    uint64_t bytes = b->spans;
    for (uint32_t i = 0; i < b->spans; i++) bytes += b->span[i].bytes;
    return b->spans && (bytes == b->bytes.n || bytes == b->bytes.n + 1);
}

void tm_sound_begin(tm_worker *w)
{
    const tm_block *b = &w->block;
    bool lines = !b->span_lines && !b->damage.code && !tm_block_long(b);
    w->sound.is = tm_pass_sees_all(w->pass) && lines && b->source <= w->run->sources && b->spans &&
                  (b->of_rows || all_lines(b));
    w->sound.layout = TM_NOT_SOUND;
    w->sound.bytes = w->sound.characters = 0;
}

void tm_sound_look(tm_worker *w, const tm_batch *b)
{
    if (!w->sound.is || !b->records) return;
    uint16_t layout = w->sound.layout == TM_NOT_SOUND ? b->layout[0] : w->sound.layout;
    bool sound = !b->findings;
    for (uint32_t r = 0; r < b->records; r++)
        sound &= b->fate[r] == TM_LIVE && b->layout[r] == layout;
    w->sound.is = sound;
    w->sound.layout = layout;
}

void tm_sound_end(tm_worker *w)
{
    tm_sound *s = w->run->sound;
    if (!w->sound.is) return;
    tm_lock_take(&s->lock);
    *entry_of(s, &w->block) = (entry){.place = tm_block_place(&w->block),
                                      .length = tm_block_length(&w->block),
                                      .layout = w->sound.layout,
                                      .row_bytes = w->sound.bytes,
                                      .characters = w->sound.characters};
    tm_lock_drop(&s->lock);
    w->sound.is = false;
}

void tm_sound_row(tm_worker *w, uint32_t span, const tm_row_extent *extent)
{
    const tm_span *at = &w->block.span[span];
    bool counts = w->sound.is || w->sound.passes;
    uint64_t bytes = extent ? extent->bytes : at->bytes, characters = 0;
    if (counts && extent) characters = extent->characters;
    if (counts && !extent)
        characters = tm_text_chars((tm_str){w->block.bytes.p + at->at, at->bytes});
    if (w->sound.passes) {
        w->sound.characters -= characters; /* its batch counts them */
        return;
    }
    w->sound.bytes += bytes + 1;
    w->sound.characters += characters;
}

/* ---- the writing pass ------------------------------------------------------------------------ */

/* What only measures has nothing to say of records that nothing was decided about. */
static bool is_silent(const tm_worker *w, const tm_plan_step *step)
{
    if (step->op->flags & TM_EACH_OF_DECIDED) return true;
    return !step->op->each || tm_step_is_idle(w, step);
}

static bool steps_let_pass(const tm_worker *w)
{
    for (uint32_t s = 0; s < w->pass->steps; s++) {
        const tm_plan_step *step = &w->run->plan->step[s];
        bool decides = step->op->shape == TM_SET && w->run->state[s].verdicts;
        if (!decides && step->op->shape != TM_MEASURE) return false;
        if (!is_silent(w, step)) return false;
    }
    return true;
}

/* Rows are not there to be copied: what is shown of them must not need them. */
static bool rows_pass(const tm_worker *w)
{
    const tm_run_options *o = &w->run->options;
    return !w->block.written && o->measure_only && (!o->shown.on_kept || o->shown.on_same);
}

bool tm_sound_passes(tm_worker *w)
{
    tm_rid cut;
    const tm_run *run = w->run;
    const tm_run_options *o = &run->options;
    const entry *e = entry_of(run->sound, &w->block);
    w->sound.passes = false;
    w->sound.passed = 0;
    if (w->pass->kind != TM_PASS_WRITE || e->place != tm_block_place(&w->block) ||
        e->length != tm_block_length(&w->block))
        return false;
    bool looked_at = o->on_batch || (run->folder && run->recipe->output.ledger) ||
                     (w->block.of_rows ? !rows_pass(w) : o->shown.on_kept || o->measure_only);
    if (looked_at || run->reorders || run->routes || tm_run_cut(run, &cut)) return false;
    w->sound.layout = e->layout;
    w->sound.bytes = e->row_bytes;
    w->sound.characters = e->characters;
    return w->sound.passes = steps_let_pass(w);
}

bool tm_sound_passes_one(const tm_worker *w, uint64_t place)
{
    for (uint32_t s = 0; w->sound.passes && s < w->pass->steps; s++)
        if (tm_verdict_touches(&w->range[s], place)) return false;
    return w->sound.passes;
}

static void count_passed(const tm_worker *w, tm_piece *p, uint32_t records, uint64_t characters)
{
    const tm_run *run = w->run;
    p->counts.read += records;
    p->counts.kept += records;
    p->records += records;
    if (!w->block.of_rows) p->written += records;
    if (w->sound.layout < TM_COUNT(p->layouts)) p->layouts[w->sound.layout] += records;
    for (uint32_t s = 0; s < w->pass->steps; s++) {
        p->step_counts[s].read += records;
        p->step_counts[s].kept += records;
        if (run->plan->step[s].op->finds)
            tm_matches_seen(&p->matches, run, w->block.source, (uint16_t)s, records, characters);
    }
}

static tm_status pass_lines(tm_worker *w, tm_piece *p, uint32_t from, uint32_t next, tm_err *err)
{
    const tm_block *b = &w->block;
    const tm_span *last = &b->span[next - 1];
    size_t begin = b->span[from].at, end = (size_t)last->at + last->bytes;
    tm_str lines = {b->bytes.p + begin, end - begin};
    count_passed(w, p, next - from, tm_text_chars(lines) - (next - from - 1));
    tm_buf_str(&p->data, lines);
    tm_buf_char(&p->data, '\n');
    return tm_buf_ok(&p->data, err);
}

/* So many at a time, that what is shown of them fits a piece. */
enum { ROWS = 4096 };

static tm_status pass_rows(tm_worker *w, tm_piece *p, uint32_t from, uint32_t next, tm_err *err)
{
    const tm_shown *shown = &w->run->options.shown;
    for (uint32_t count; from < next; from += count) {
        uint64_t place = TM_PLACE(w->block.source, w->block.at + from);
        count = TM_MIN(next - from, (uint32_t)ROWS);
        count_passed(w, p, count, 0);
        if (shown->on_same) TM_TRY(shown->on_same(shown->arg, place, count, &p->shown, err));
        TM_TRY(tm_piece_hand_on(w, p, err));
    }
    return TM_OK;
}

tm_status tm_sound_pass_to(tm_worker *w, tm_piece *p, uint32_t next, tm_err *err)
{
    uint32_t from = w->sound.passed;
    if (!w->sound.passes) return TM_OK;
    w->sound.passed = next + 1;
    if (next > from)
        TM_TRY(w->block.of_rows ? pass_rows(w, p, from, next, err)
                                : pass_lines(w, p, from, next, err));
    if (w->block.of_rows && next == w->block.spans) count_passed(w, p, 0, w->sound.characters);
    return TM_OK;
}
