/* Fan-outs: a batch and all that its records give, in bounded memory and in rid order.
 *
 * Level 0 is the batch as read, level k + 1 holds children of level k. A batch goes through all its
 * steps first: a fan-out only marks its parents, and since no step looks at a fallen record they
 * stay as they were. Then the children are made, a batch at a time, each batch at the step behind
 * the fan-out; when it is full it goes through its steps, gives its own children, and is emptied.
 * So memory holds one batch a level however many children a record has.
 *
 * In a writing pass a record is taken only when all before it are: a child behind its parent, and
 * that behind whatever stands before it in its own batch. Parents come in order and give their
 * children in order, so every batch is in rid order and nothing has to be sorted. */
#include "base/system.h"
#include "base/vec.h"
#include "flow/engine.h"

static tm_status finish_level(tm_worker *w, tm_piece *piece, unsigned k, uint32_t from,
                              tm_look *look, tm_err *err);

typedef struct children { /* the engine's side of tm_children */
    tm_children face;
    tm_worker *w;
    tm_piece *piece;
    tm_look *look;
    unsigned k; /* the parents' level */
    uint32_t parent, ordinal;
    const tm_plan_step *step;
    double elsewhere; /* seconds that the steps of children took */
} children;

/* ---- in order -------------------------------------------------------------------------------- */

/* Record r of level k and all before it. */
static tm_status take(tm_worker *w, tm_piece *piece, unsigned k, uint32_t r, tm_err *err)
{
    tm_level *level = &w->level[k];
    if (level->plain) return tm_plain_take(w, piece, level, r, err);
    while (level->written <= r) {
        uint32_t now = level->written++;
        if (k) TM_TRY(take(w, piece, k - 1, level->parent[now], err));
        TM_TRY(tm_piece_add(w, piece, level, now, err));
    }
    return TM_OK;
}

/* ---- children -------------------------------------------------------------------------------- */

static tm_status flush(children *c, tm_err *err)
{
    tm_level *into = &c->w->level[c->k + 1];
    if (!into->open) return TM_OK;
    double began = tm_now();
    TM_TRY(finish_level(c->w, c->piece, c->k + 1, into->from, c->look, err));
    into->open = false;
    c->elsewhere += tm_now() - began;
    return TM_OK;
}

static tm_status open_level(children *c, tm_level *into, tm_err *err)
{
    const tm_plan *plan = c->w->run->plan;
    tm_arena_reset(&into->mem);
    TM_TRY(tm_batch_reset(&into->batch, 64, plan->signal, plan->columns, err));
    into->batch.input = c->w->level[0].batch.input;
    into->from = c->step->index + 1u;
    into->parent = NULL;
    into->parent_room = 0;
    into->bytes = 0;
    into->open = true;
    return TM_OK;
}

static tm_status copy_child(tm_level *into, tm_str raw, tm_str *copy, tm_err *err)
{
    char *p = tm_arena_alloc(&into->mem, raw.n + TM_BLOCK_SLACK, 16);
    if (!p) return tm_fail_memory(err, "a child record", raw.n);
    memcpy(p, raw.p, raw.n);
    memset(p + raw.n, 0, TM_BLOCK_SLACK);
    *copy = (tm_str){p, raw.n};
    return TM_OK;
}

/* What was said of the parent holds for it, and so does a name that binds records. */
static void inherit(const tm_batch *from, uint32_t parent, tm_batch *b, uint32_t child)
{
    b->route[child] = from->route[parent];
    b->copies[child] = from->copies[parent];
    b->order[child] = from->order[parent];
    for (uint32_t c = 0; c < b->columns; c++)
        if (b->column[c].signal->of_run) b->column[c].word[child] = from->column[c].word[parent];
}

static tm_status add_child(children *c, tm_level *into, tm_str raw, tm_rid rid, tm_err *err)
{
    const tm_run *run = c->w->run;
    const tm_batch *from = &c->w->level[c->k].batch;
    tm_batch *b = &into->batch;
    tm_read_rules rules = {.layouts = &run->input[run->input_of[c->w->block.source - 1]].layouts,
                           .max_depth = (uint32_t)run->recipe->limits.max_depth,
                           .max_parts = (uint32_t)run->recipe->limits.max_parts,
                           .binding = run->binding};
    uint32_t child = b->records;
    if (!TM_ROOM(&into->mem, into->parent, child, into->parent_room, 1))
        return tm_fail_memory(err, "a child record", raw.n);
    into->parent[child] = c->parent;
    TM_TRY(copy_child(into, raw, &raw, err));
    TM_TRY(
        tm_batch_add(b, &rules, rid, from->line[c->parent], raw, false, TM_BLOCK_SLACK, NULL, err));
    inherit(from, c->parent, b, child);
    into->bytes += raw.n;
    tm_counts *counts = &c->piece->step_counts[c->step->index];
    counts->made++;
    if (b->fate[child] == TM_UNREADABLE)
        counts->unreadable++;
    else
        counts->kept++;
    return TM_OK;
}

static tm_status children_add(tm_children *self, tm_batch *parents, uint32_t parent, tm_str raw,
                              tm_err *err)
{
    children *c = (children *)self;
    tm_level *into = &c->w->level[c->k + 1];
    tm_rid rid;
    TM_ASSERT(parent == c->parent);
    if (!tm_rid_child(parents->rid[parent], ++c->ordinal, &rid))
        return tm_fail(err, TM_EBUG, "step %.*s makes more children than it said",
                       TM_FMT(c->step->name));
    if (!into->open) TM_TRY(open_level(c, into, err));
    TM_TRY(add_child(c, into, raw, rid, err));
    bool full = into->bytes >= TM_BATCH_BYTES || into->batch.records >= tm_batch_most(c->w->run);
    return full ? flush(c, err) : TM_OK;
}

/* The children of record r of level k. */
static tm_status make_children(children *c, uint32_t r, tm_err *err)
{
    tm_batch *b = &c->w->level[c->k].batch;
    const tm_plan_step *step = &c->w->run->plan->step[b->reason[r].step];
    if (c->w->level[c->k + 1].open && step != c->step) TM_TRY(flush(c, err));
    c->step = step;
    c->parent = r;
    c->ordinal = 0;
    c->elsewhere = 0;
    double began = tm_now();
    TM_TRY(step->op->fan_out(&c->w->view[step->index], b, r, &c->face, err));
    c->piece->step_seconds[step->index] += tm_now() - began - c->elsewhere;
    if (!c->ordinal) /* it was replaced by nothing: that would be a loss */
        return tm_fail(err, TM_EBUG, "step %.*s makes no children of a record that it replaced",
                       TM_FMT(step->name));
    return TM_OK;
}

/* ---- levels ---------------------------------------------------------------------------------- */

static tm_status finish_level(tm_worker *w, tm_piece *piece, unsigned k, uint32_t from,
                              tm_look *look, tm_err *err)
{
    tm_batch *b = &w->level[k].batch;
    bool writes = w->pass->kind == TM_PASS_WRITE;
    children c = {.face.add = children_add, .w = w, .piece = piece, .look = look, .k = k};
    TM_TRY(tm_steps_apply(w, piece, b, from, err));
    if (writes)
        TM_TRY(tm_piece_begin(w, &w->level[k], err));
    else
        TM_TRY(look(w, b, err));
    for (uint32_t r = 0; r < b->records; r++)
        if (b->fate[r] == TM_REPLACED) TM_TRY(make_children(&c, r, err));
    if (k < TM_PATH_LEVELS) TM_TRY(flush(&c, err));
    return writes && b->records ? take(w, piece, k, b->records - 1, err) : TM_OK;
}

tm_status tm_levels_work(tm_worker *w, tm_piece *piece, tm_look *look, tm_err *err)
{
    return finish_level(w, piece, 0, 0, look, err);
}
