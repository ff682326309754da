/* The batch's arrays: made from one arena, grown there, given back with it.
 *
 * The arrays by record grow together; a batch remembers how many parts and turns the last one had
 * and makes room for as many at once, so that in a steady stream nothing is copied and nothing goes
 * to the heap: the nodes of the JSON index and the scratch buffer are the only heap memory, and
 * they stay. */
#include "record/batch_room.h"

#include <math.h>

#include "base/vec.h"

void tm_batch_init(tm_batch *b, tm_arena *mem)
{
    *b = (tm_batch){.mem = mem};
}

void tm_batch_release(tm_batch *b)
{
    tm_json_release(&b->json);
    tm_buf_release(&b->scratch);
    *b = (tm_batch){.mem = b->mem};
}

/* One array by record: a copy with room for `room` elements. */
static bool regrow(tm_batch *b, void *array, size_t element, uint32_t room)
{
    void *old, *new = tm_arena_alloc(b->mem, element * room, 16);
    if (!new) return false;
    memcpy(&old, array, sizeof old);
    if (b->records) memcpy(new, old, element * b->records);
    memcpy(array, &new, sizeof new);
    return true;
}

static bool regrow_columns(tm_batch *b, uint32_t room)
{
    for (uint32_t c = 0; c < b->columns; c++) {
        tm_column *column = &b->column[c];
        if (column->signal->type == TM_WORD) {
            if (!regrow(b, &column->word, sizeof *column->word, room)) return false;
            memset(column->word + b->records, 0, sizeof *column->word * (room - b->records));
            continue;
        }
        if (!regrow(b, &column->number, sizeof *column->number, room)) return false;
        for (uint32_t r = b->records; r < room; r++) column->number[r] = (double)NAN;
    }
    return true;
}

bool tm_batch_room(tm_batch *b, uint32_t room)
{
#define GROW(field, more) regrow(b, &b->field, sizeof *b->field, room + (more))
    bool well = GROW(rid, 0) && GROW(id, 0) && GROW(raw, 0) && GROW(line, 0) && GROW(top, 0) &&
                GROW(layout, 0) && GROW(kind, 0) && GROW(label, 0) && GROW(first_patch, 0) &&
                GROW(fate, 0) && GROW(reason, 0) && GROW(route, 0) && GROW(copies, 0) &&
                GROW(order, 0) && GROW(trouble, 0) && GROW(decision, 0) && regrow_columns(b, room);
    if (!well) return false;
    uint32_t *first_part = b->first_part, *first_turn = b->first_turn;
    b->first_part = tm_arena_alloc(b->mem, (room + 1) * sizeof *first_part, 16);
    b->first_turn = tm_arena_alloc(b->mem, (room + 1) * sizeof *first_turn, 16);
#undef GROW
    if (!b->first_part || !b->first_turn) return false;
    for (uint32_t r = 0; b->records && r <= b->records; r++) {
        b->first_part[r] = first_part[r];
        b->first_turn[r] = first_turn[r];
    }
    if (!b->records) b->first_part[0] = b->first_turn[0] = 0;
    b->record_room = room;
    return true;
}

tm_status tm_batch_reset(tm_batch *b, uint32_t records, const tm_signal *const *signals,
                         uint32_t columns, tm_err *err)
{
    tm_arena *mem = b->mem;
    tm_json json = b->json;
    tm_buf scratch = b->scratch;
    uint32_t parts = b->parts, turns = b->turns;
    json.nodes = 0;
    tm_buf_clear(&scratch);
    *b = (tm_batch){.mem = mem, .json = json, .scratch = scratch};
    b->column = TM_NEW(mem, tm_column, columns + 1);
    if (!b->column) return tm_fail_memory(err, "the columns of a batch", columns);
    b->columns = columns;
    for (uint32_t c = 0; c < columns; c++) b->column[c].signal = signals[c];
    if (!tm_batch_room(b, TM_MAX(records, 1)) ||
        !TM_ROOM(mem, b->part, 0, b->part_room, TM_MAX(parts, 64)) ||
        !TM_ROOM(mem, b->turn, 0, b->turn_room, TM_MAX(turns, 64)))
        return tm_fail_memory(err, "a batch", records);
    return TM_OK;
}

tm_status tm_find(tm_batch *b, uint32_t record, uint32_t part, uint32_t at, uint32_t bytes,
                  uint16_t step, uint16_t code, double value, tm_err *err)
{
    if (!TM_ROOM(b->mem, b->finding, b->findings, b->finding_room, 1))
        return tm_fail_memory(err, "a finding", sizeof(tm_finding));
    b->finding[b->findings++] = (tm_finding){.record = record,
                                             .part = part,
                                             .at = at,
                                             .bytes = bytes,
                                             .step = step,
                                             .code = code,
                                             .value = value};
    return TM_OK;
}
