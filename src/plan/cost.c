/* What a plan needs: memory below which it cannot run, and disk it may fill.
 *
 * Memory is shared + one worker's share + the least the exchange can sort with. More workers need
 * more, and whoever starts them lowers their number or a batch's size before he refuses; so the
 * figure is the smallest --memory that would do at all. Steps run one behind another over one
 * batch, but their scratch lives as long as the worker, so it is added up and not maximised. Only
 * one set step exchanges at a time: of these the largest counts.
 *
 * Half of what is left beyond that is for long records, half for the exchange. A long record has a
 * block of its own, and what its worker would need for a block of others; it is read, copied,
 * packed, and given to whoever writes, who copies it where it goes to another place in the output.
 * What else is made of it (an index, decoded and edited texts) depends on what it says, and is
 * measured while that is done (flow/long.c).
 *
 * Disk is a bound from the bytes of the inputs: spilled facts, once as runs and once merged; every
 * record as it was read, in whichever file it ends (packed text is mostly a third of that, but
 * nothing says so beforehand); and a ledger row for each. What a fan-out makes is not in it: how
 * many turns a record has is known when it is read. An estimate that is too high annoys, one that
 * is too low kills a run. */
#include "plan/plan_parts.h"

#define FACT_OVERHEAD 48 /* frame and index of a fact */

enum { MOVED = 3, GROWS = 48, LEDGER_ROW = 24, LEDGER_SIGNAL = 4 };
#define BLOCK_BYTES TM_MIB /* what a record may have in any plan */

static uint64_t add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

tm_status tm_plan_add_cost(tm_plan *plan, tm_plan_step *step, const tm_input_facts *facts,
                           tm_err *err)
{
    step->cost = (tm_cost){0};
    if (step->op->cost) TM_TRY(step->op->cost(step->args, facts, &step->cost, err));
    step->cost.memory = add(step->cost.memory, step->op->scratch_bytes);
    plan->cost.memory = add(plan->cost.memory, step->cost.memory);
    plan->cost.shared = add(plan->cost.shared, step->cost.shared);
    plan->cost.facts = add(plan->cost.facts, step->cost.facts);
    plan->cost.fact_bytes = add(plan->cost.fact_bytes, step->cost.fact_bytes);
    return TM_OK;
}

static uint64_t largest_spill(const tm_plan *plan)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < plan->steps; i++) {
        const tm_cost *c = &plan->step[i].cost;
        uint64_t frames =
            c->facts > UINT64_MAX / FACT_OVERHEAD ? UINT64_MAX : c->facts * FACT_OVERHEAD;
        most = TM_MAX(most, add(c->fact_bytes, frames));
    }
    return add(most, most);
}

tm_room tm_room_of(const tm_limits *limits, uint64_t steps, bool moves, bool packs)
{
    tm_room room = {.memory = limits->memory, .after = moves ? MOVED : 1};
    room.copies = 2 + room.after + (packs && !moves);
    uint64_t least = add(steps, TM_BASE_BYTES + TM_WORKER_BYTES + TM_EXCHANGE_BYTES);
    uint64_t left = room.memory > least ? room.memory - least : 0;
    room.bytes = left / 2 + TM_WORKER_BYTES;
    room.longest = TM_MIN(limits->max_line, TM_MAX(room.bytes / room.copies, BLOCK_BYTES));
    return room;
}

uint64_t tm_room_grown(uint64_t bytes)
{
    return GROWS * bytes;
}

uint64_t tm_room_share(const tm_room *room, uint64_t bytes)
{
    return TM_MIN(room->bytes, TM_MAX(tm_room_grown(bytes), room->bytes / TM_SIDE_BY_SIDE));
}

uint64_t tm_room_memory(const tm_room *room, uint64_t bytes)
{
    return bytes > room->bytes ? add(room->memory, 2 * (bytes - room->bytes)) : room->memory;
}

static bool moves_records(const tm_plan *plan)
{
    bool moves = false;
    for (uint32_t i = 0; i < plan->steps; i++)
        moves |= plan->step[i].op->flags & TM_REORDERS || plan->step[i].op->routes;
    return moves;
}

void tm_plan_charge(tm_plan *plan, uint64_t more)
{
    uint64_t steps = add(more, add(plan->cost.shared, plan->cost.memory));
    tm_str format = plan->recipe->output.format;
    bool packed = tm_str_find_char(format, '.') < format.n;
    plan->room = tm_room_of(&plan->recipe->limits, steps, moves_records(plan), packed);
}

void tm_plan_sum_cost(tm_plan *plan, const tm_input_facts *facts)
{
    uint64_t row = LEDGER_ROW + (uint64_t)plan->columns * LEDGER_SIGNAL;
    uint64_t engine = TM_BASE_BYTES + TM_WORKER_BYTES + TM_EXCHANGE_BYTES;
    uint64_t steps = add(plan->cost.shared, plan->cost.memory);
    plan->memory_needed = add(engine, steps);
    tm_plan_charge(plan, 0);
    plan->disk_needed = add(largest_spill(plan), add(facts->bytes, facts->records * row));
}

tm_input_facts tm_plan_facts(const tm_plan_input *inputs, uint32_t count)
{
    tm_input_facts all = {0};
    for (uint32_t i = 0; i < count; i++) {
        all.bytes = add(all.bytes, inputs[i].facts.bytes);
        all.records = add(all.records, inputs[i].facts.records);
        all.text_bytes = add(all.text_bytes, inputs[i].facts.text_bytes);
        all.reference_bytes = add(all.reference_bytes, inputs[i].facts.reference_bytes);
    }
    return all;
}
