/* How large the sides of a split have become, beside what was asked of them. A share is one of all
 * records written to any side, whatever became of them behind the split; parked ones are on
 * none. */
#include "flow/engine.h"

static uint64_t records_of(const tm_run_result *result, tm_str route)
{
    uint64_t records = 0;
    for (uint32_t o = 0; o < result->outputs; o++)
        if (tm_str_eq(result->output_route[o], route)) records += result->output[o].records;
    return records;
}

uint32_t tm_run_router(const tm_run *run)
{
    return run->routes ? run->router : TM_NONE;
}

bool tm_run_route(const tm_run *run, uint32_t i, tm_route_size *out)
{
    if (i >= run->routes) return false;
    const tm_route *route = &run->route[i];
    *out = (tm_route_size){.name = route->name, .asked = route->asked};
    out->records = records_of(&run->result, route->name);
    out->share = route->share >= 0;
    out->sized = out->share || route->count >= 0;
    if (!out->sized) return true;
    uint64_t all = 0;
    for (uint32_t k = 0; k < run->routes; k++) all += records_of(&run->result, run->route[k].name);
    out->wanted =
        out->share ? (uint64_t)(route->share * (double)all + 0.5) : (uint64_t)route->count;
    out->off = (int64_t)(out->records - out->wanted);
    return true;
}
