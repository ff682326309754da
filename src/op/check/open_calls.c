/* Open calls: one list of all calls in order, a table of ids, and a queue for each name. Heads only
 * move forward within an answer; another answer begins them anew. */
#include "op/check/open_calls.h"

#include "base/vec.h"

static bool is_open(const tm_open_calls *calls, uint32_t c)
{
    const tm_call *call = &calls->call[c];
    bool mine = call->made == 0 || call->made == calls->answer;
    bool answered = call->answered == 1 || call->answered == calls->answer + 1U;
    return c >= calls->from && mine && !answered;
}

void tm_calls_enter(tm_open_calls *calls, uint16_t answer)
{
    if (answer == calls->answer) return;
    if (calls->answer == 0) calls->prompt = calls->from;
    calls->answer = answer;
    calls->from = calls->head = calls->prompt;
    calls->open = 0;
    for (uint32_t c = calls->from; c < calls->count; c++) calls->open += is_open(calls, c);
    for (uint32_t q = 0; q < calls->queues; q++) calls->queue[q].head = calls->queue[q].first;
}

/* Appends call c, which has no id, to the queue of its name. */
static bool queue_up(tm_open_calls *calls, uint32_t c, tm_str name)
{
    tm_set_name *known = tm_name_set_put(&calls->names, calls->mem, name.p ? name : TM_STR(""));
    if (!known) return false;
    if (known->number != TM_NONE) {
        tm_call_queue *queue = &calls->queue[known->number];
        calls->call[queue->last].next = c;
        queue->last = c;
        if (queue->head == TM_NONE) queue->head = c;
        return true;
    }
    if (!TM_ROOM(calls->mem, calls->queue, calls->queues, calls->queue_room, 1)) return false;
    known->number = calls->queues;
    calls->queue[calls->queues++] = (tm_call_queue){c, c, c};
    return true;
}

/* The open call of that id: the last one, or, where that was made by another answer or is answered,
 * the last of the prompt. TM_NONE: there is none. */
static uint32_t open_of(const tm_open_calls *calls, const tm_set_name *known)
{
    uint32_t c = known ? known->number : TM_NONE;
    if (c != TM_NONE && !is_open(calls, c)) c = calls->call[c].shared;
    return c != TM_NONE && is_open(calls, c) ? c : TM_NONE;
}

tm_call_made tm_calls_open(tm_open_calls *calls, uint32_t at, tm_str id, tm_str name)
{
    tm_set_name *known = id.p ? tm_name_set_put(&calls->ids, calls->mem, id) : NULL;
    if (id.p && !known) return TM_CALL_NO_MEMORY;
    if (open_of(calls, known) != TM_NONE) return TM_CALL_ID_TWICE;
    if (!TM_ROOM(calls->mem, calls->call, calls->count, calls->room, 1)) return TM_CALL_NO_MEMORY;
    uint32_t c = calls->count++;
    calls->call[c] = (tm_call){.at = at,
                               .shared = TM_NONE,
                               .next = TM_NONE,
                               .made = calls->answer,
                               .has_id = id.p != NULL};
    if (known && known->number != TM_NONE) {
        const tm_call *last = &calls->call[known->number];
        calls->call[c].shared = last->made == 0 ? known->number : last->shared;
    }
    if (known) known->number = c;
    calls->open++;
    return known || queue_up(calls, c, name) ? TM_CALL_OPENED : TM_CALL_NO_MEMORY;
}

static uint32_t first_named(tm_open_calls *calls, tm_str name)
{
    const tm_set_name *known = tm_name_set_get(&calls->names, name);
    if (!known) return TM_NONE;
    tm_call_queue *queue = &calls->queue[known->number];
    while (queue->head != TM_NONE && !is_open(calls, queue->head))
        queue->head = calls->call[queue->head].next;
    return queue->head;
}

static uint32_t first_of_all(tm_open_calls *calls)
{
    while (calls->head < calls->count &&
           (calls->call[calls->head].has_id || !is_open(calls, calls->head)))
        calls->head++;
    return calls->head < calls->count ? calls->head : TM_NONE;
}

bool tm_calls_answer(tm_open_calls *calls, tm_str id, tm_str name)
{
    uint32_t c;
    if (id.p) {
        c = open_of(calls, tm_name_set_get(&calls->ids, id));
    } else {
        c = name.p ? first_named(calls, name) : first_of_all(calls);
    }
    if (c == TM_NONE) return false;
    calls->call[c].answered = (uint16_t)(calls->answer + 1);
    calls->open--;
    return true;
}

uint32_t tm_calls_close(tm_open_calls *calls)
{
    uint32_t first = calls->from;
    bool open = calls->open > 0;
    while (open && !is_open(calls, first)) first++;
    calls->from = calls->head = calls->count;
    calls->open = 0;
    return open ? calls->call[first].at : TM_NONE;
}
