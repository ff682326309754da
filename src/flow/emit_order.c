/* Runs that put records into another order: what is written of a record, and what is shown of it,
 * goes into a sorter by its rank, and from there to the files and to whoever looks, when all
 * records have been seen.
 *
 * Records of one rank stay in the order they came in. Two sorters and not one, since most runs
 * either write or show, and a run that does both gives them away one after the other: what is shown
 * may differ from what is written, and is asked for at the pace of its reader. They share the
 * memory for sorting. */
#include "flow/emit.h"

tm_status tm_order_open(tm_emitter *e, tm_err *err)
{
    tm_run *run = e->run;
    bool writes = !run->options.measure_only, shows = run->options.shown.on_rows != NULL;
    uint64_t budget = run->exchange_budget / (writes && shows ? 2 : 1);
    if (writes) e->sorter = tm_sorter_new(&run->spill, budget);
    if (shows) e->shown = tm_sorter_new(&run->spill, budget);
    bool made = (e->sorter || !writes) && (e->shown || !shows);
    return made ? TM_OK : tm_fail_memory(err, "reordering", 0);
}

void tm_order_close(tm_emitter *e)
{
    tm_sorter_free(e->sorter);
    tm_sorter_free(e->shown);
}

/* `order` says what of `bytes` is which record's. *lines goes with what is shown, as tm_order_rid
 * goes with data; neither decides the order, since no two facts have the same number. */
static tm_status keep(tm_sorter *to, const tm_buf *order, const tm_buf *bytes,
                      const uint64_t *lines, tm_err *err)
{
    size_t at = 0;
    tm_piece_order entry;
    for (size_t i = 0; i + sizeof entry <= order->n; i += sizeof entry) {
        char rank[16];
        memcpy(&entry, order->p + i, sizeof entry);
        tm_be64_put(entry.rank, rank);
        tm_be64_put(tm_sorter_count(to), rank + 8);
        tm_fact f = {.order = {rank, sizeof rank},
                     .data = {bytes->p + at, (size_t)entry.bytes},
                     .rid = lines ? (tm_rid){*lines, 0} : tm_order_rid(0, 0, &entry)};
        TM_TRY(tm_sorter_add(to, &f, err));
        at += (size_t)entry.bytes;
    }
    TM_ASSERT(at == bytes->n);
    return TM_OK;
}

tm_status tm_order_data(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    return keep(e->sorter, &p->order, &p->data, NULL, err);
}

tm_status tm_order_shown(tm_emitter *e, const tm_piece *p, tm_err *err)
{
    return keep(e->shown, &p->shown_order, &p->shown, &e->lines, err);
}

static tm_status write_sorted(tm_emitter *e, tm_err *err)
{
    tm_fact f;
    bool more = true;
    uint64_t bytes = 0;
    tm_status status = tm_sorter_finish(e->sorter, err);
    while (status == TM_OK && more) {
        status = tm_sorter_next(e->sorter, &f, &more, err);
        if (status == TM_OK && more) {
            tm_piece_order entry = tm_order_of(&f);
            tm_emit_to_lane(e, &entry, f.data);
            bytes += f.data.n;
        }
        if (status == TM_OK && (bytes >= TM_BLOCK_BYTES || !more)) {
            status = tm_emit_lanes(e, err);
            bytes = 0;
        }
        if (tm_cancelled(e->run)) return tm_fail(err, TM_ECANCELLED, "interrupted");
    }
    return status;
}

static tm_status show_sorted(tm_emitter *e, tm_err *err)
{
    tm_fact f;
    bool more = true;
    const tm_shown *shown = &e->run->options.shown;
    TM_TRY(tm_sorter_finish(e->shown, err));
    for (;;) {
        TM_TRY(tm_sorter_next(e->shown, &f, &more, err));
        if (!more) return TM_OK;
        if (tm_cancelled(e->run)) return tm_fail(err, TM_ECANCELLED, "interrupted");
        TM_TRY(shown->on_rows(shown->arg, f.data, f.rid.place, err));
    }
}

tm_status tm_order_finish(tm_emitter *e, tm_err *err)
{
    if (e->sorter) TM_TRY(write_sorted(e, err));
    tm_sorter_free(e->sorter);
    e->sorter = NULL;
    return e->shown ? show_sorted(e, err) : TM_OK;
}
