/* A decision names its record's cluster in its data, or by the record that it was merged into. Who
 * stands for others has a decision too, which says nothing else: without one nobody would know of
 * it in the place where records are measured. */
#include "op/dedup/cluster.h"

/* Data: the name, if there is one, and what is lost, if something is. */
void tm_cluster_put(tm_decision *d, const tm_rid *name, uint64_t lost, char data[TM_CLUSTER_DATA])
{
    size_t n = 0;
    if (name) memcpy(data, name, n = sizeof *name);
    if (lost) memcpy(data + n, &lost, sizeof lost);
    if (lost) n += sizeof lost;
    if (n) d->set |= TM_D_DATA;
    d->data = (tm_str){data, n};
}

bool tm_cluster_stays(uint32_t rank, bool none)
{
    return !rank || !none;
}

tm_status tm_cluster_fall(const tm_decision *second, tm_decisions *out, tm_err *err)
{
    tm_decision d = *second;
    d.rid = second->other;
    d.other = second->rid;
    d.set = (uint8_t)((d.set & ~TM_D_DATA) | TM_D_FIRST);
    d.data = (tm_str){0};
    return tm_decide(out, &d, err);
}

uint64_t tm_cluster_lost(const tm_decision *d)
{
    uint64_t lost = 0;
    if (d->set & TM_D_DATA && d->data.n % sizeof(tm_rid) == sizeof lost)
        memcpy(&lost, d->data.p + d->data.n - sizeof lost, sizeof lost);
    return lost;
}

tm_status tm_cluster_join(const tm_step_view *step, tm_rid rid, tm_rid name, tm_decisions *out,
                          tm_err *err)
{
    tm_decision d = {.rid = rid, .step = step->step, .value = TM_NO_VALUE};
    char data[TM_CLUSTER_DATA];
    tm_cluster_put(&d, &name, 0, data);
    return tm_decide(out, &d, err);
}

/* False: nothing is like it. */
static bool name_of(const tm_decision *d, tm_rid *name)
{
    if (!d) return false;
    if (d->set & TM_D_DATA && d->data.n >= sizeof *name) {
        memcpy(name, d->data.p, sizeof *name);
        return true;
    }
    *name = d->set & TM_D_FIRST ? d->rid : d->other;
    return d->set & TM_D_OTHER;
}

tm_status tm_cluster_names(tm_batch *b, uint32_t column, tm_err *err)
{
    for (uint32_t r = 0; b->decision && r < b->records; r++) {
        tm_rid name;
        if (b->fate[r] == TM_UNREADABLE || !name_of(b->decision[r], &name)) continue;
        unsigned long long place = name.place, path = name.path;
        char *word = path ? tm_arena_printf(b->mem, "%llu/%llu", place, path)
                          : tm_arena_printf(b->mem, "%llu", place);
        if (!word) return tm_fail_memory(err, "a cluster's name", 0);
        b->column[column].word[r] = tm_str_of(word);
    }
    return TM_OK;
}
