/* Time-forward processing (Chiang, Goodrich, Grove, Tamassia, Vengroff and Vitter: External-memory
 * graph algorithms, SODA 1995) in two sweeps, each over a priority queue.
 *
 * Down, from the highest rid: a record takes the lowest of its neighbours for its parent and links
 * its other neighbours, which are all lower than itself, to that one instead. What is connected
 * stays so, every record but the lowest of a component has got one parent, and there is an edge
 * less for each. Up, from the lowest: whom nobody has told a name is the lowest of its component;
 * each tells its name to those whose parent it is. Records come in order, so answers need no sort.
 *
 * Edges of duplicates are stars around the first of a group: few are passed on, and none far. */
#include "flow/sweep.h"

struct tm_sweep {
    tm_spill *spill;
    uint64_t budget;
    tm_queue *down;     /* (not higher, lower or the same), the highest first */
    tm_queue *children; /* (parent, child); whom nobody is parent of, its own */
    tm_queue *names;    /* (record, lowest of its component) */
};

tm_sweep *tm_sweep_new(tm_spill *spill, uint64_t budget_bytes)
{
    tm_sweep *s = tm_alloc_zero(1, sizeof *s);
    if (!s) return NULL;
    s->spill = spill;
    s->budget = budget_bytes / TM_SWEEP_QUEUES;
    s->down = tm_queue_new(spill, s->budget);
    if (s->down) return s;
    tm_free(s);
    return NULL;
}

/* Turns the order round. */
static tm_rid opposite(tm_rid rid)
{
    return (tm_rid){~rid.place, ~rid.path};
}

tm_status tm_sweep_edge(tm_sweep *s, tm_rid a, tm_rid b, tm_err *err)
{
    bool a_first = tm_rid_cmp(a, b) < 0;
    return tm_queue_put(s->down, opposite(a_first ? b : a), a_first ? a : b, err);
}

static tm_status begin(tm_sweep *s, tm_queue **q, tm_err *err)
{
    if (!*q) *q = tm_queue_new(s->spill, s->budget);
    return *q ? TM_OK : tm_fail_memory(err, "components", 0);
}

static tm_status take(tm_queue *q, tm_pair *out, bool *more, tm_err *err)
{
    *more = tm_queue_look(q, out);
    return *more ? tm_queue_drop(q, err) : TM_OK;
}

/* A neighbour that was not met before, and not the record itself. */
static bool is_another(const tm_pair *now, const tm_pair *last)
{
    return tm_rid_cmp(now->value, last->value) != 0 &&
           tm_rid_cmp(now->value, opposite(now->key)) != 0;
}

static tm_status sweep_down(tm_sweep *s, tm_err *err)
{
    tm_pair now, last = {{0, 0}, {0, 0}}; /* of last: its value is what was passed on last */
    tm_rid parent = {0, 0};
    for (bool more, any = false;; any = true) {
        TM_TRY(take(s->down, &now, &more, err));
        if (!more) return TM_OK;
        if (!any || tm_rid_cmp(now.key, last.key) != 0) {
            parent = now.value;
            TM_TRY(tm_queue_put(s->children, parent, opposite(now.key), err));
        } else if (is_another(&now, &last)) {
            TM_TRY(tm_queue_put(s->down, opposite(now.value), parent, err));
        }
        last = now;
    }
}

/* The lowest of two queues' keys; false: both are at their end. */
static bool lowest_key(const tm_sweep *s, tm_rid *out)
{
    tm_pair child, name;
    bool a = tm_queue_look(s->children, &child), b = tm_queue_look(s->names, &name);
    if (a) *out = child.key;
    if (b && (!a || tm_rid_cmp(name.key, *out) < 0)) *out = name.key;
    return a || b;
}

static bool begins_with(const tm_queue *q, tm_rid key, tm_pair *out)
{
    return tm_queue_look(q, out) && tm_rid_cmp(out->key, key) == 0;
}

static tm_status tell_children(tm_sweep *s, tm_rid parent, tm_rid name, tm_err *err)
{
    tm_pair child;
    while (begins_with(s->children, parent, &child)) {
        TM_TRY(tm_queue_drop(s->children, err));
        if (tm_rid_cmp(child.value, parent) == 0) continue; /* an edge to itself */
        TM_TRY(tm_queue_put(s->names, child.value, name, err));
    }
    return TM_OK;
}

tm_status tm_sweep_solve(tm_sweep *s,
                         tm_status (*tell)(void *arg, tm_rid rid, tm_rid lowest, tm_err *err),
                         void *arg, tm_err *err)
{
    tm_rid record;
    tm_pair name;
    TM_TRY(begin(s, &s->children, err));
    TM_TRY(tm_queue_begin(s->down, err));
    TM_TRY(sweep_down(s, err));
    tm_queue_free(s->down);
    s->down = NULL;
    TM_TRY(begin(s, &s->names, err));
    TM_TRY(tm_queue_begin(s->children, err));
    TM_TRY(tm_queue_begin(s->names, err));
    while (lowest_key(s, &record)) {
        tm_rid lowest = record;
        if (begins_with(s->names, record, &name)) {
            lowest = name.value;
            TM_TRY(tm_queue_drop(s->names, err));
        }
        TM_TRY(tell(arg, record, lowest, err));
        TM_TRY(tell_children(s, record, lowest, err));
    }
    return TM_OK;
}

void tm_sweep_free(tm_sweep *s)
{
    if (!s) return;
    tm_queue_free(s->down);
    tm_queue_free(s->children);
    tm_queue_free(s->names);
    tm_free(s);
}
