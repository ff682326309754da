/* Who hangs together in a split by several group fields (with one field or none, records that share
 * its value meet anyway, and there is nothing to do here).
 *
 * Records that share a value of any field are bound; groups are the connected components of that.
 * An earlier split makes it harder: its records are references, each on a side, and a value that
 * one of them holds is *anchored* there. A new record that holds values anchored on two sides is a
 * *bridge*: whichever side it joined, the two would touch. It is parked, and it alone: so it must
 * not bind the others first. Hence three rounds:
 *
 *   anchors   the sides of each value; who holds an anchored value is told which
 *   bridges   by record: more than one side is a bridge
 *   values    all but bridges, by value again: who holds an anchored one is told its side; the
 *             others have edges to the first of them, for the components
 *
 * An anchored value binds nobody: all who hold it are told one side already, and through it a
 * conflict of two of them would reach all the rest. References are in no component for the same
 * reason. References of two sides can share a value, too, when a field is added to group:; new
 * records that hold it are bridges. What is told two sides after that is a chain of new records
 * none of which is a bridge by itself, and parked whole (split_rounds.c).
 *
 * With an earlier split every bound record has an edge, to itself at least: so a record that has
 * values and yet no component is a bridge, and nobody else is. */
#include "op/split/split.h"

typedef tm_split_shared shared;
typedef tm_split_scratch scratch;

enum { REFERENCE, STREAM }; /* orders of both rounds: references first, by side */
enum { TORN = UINT8_MAX };  /* anchored on two sides */

bool tm_split_unbound(const void *of)
{
    return !((const shared *)of)->bound || tm_split_binds_by_one(of);
}

bool tm_split_binds_by_one(const void *of)
{
    return ((const shared *)of)->group.count < 2;
}

bool tm_split_sees(const shared *s, const tm_batch *b)
{
    return !b->reference || (b->reference <= 64 && s->side_of[b->reference]);
}

bool tm_split_value(scratch *own, const tm_evalue *value, uint32_t field, tm_hash *out)
{
    tm_buf_clear(&own->key);
    tm_buf_char(&own->key, (char)field);
    tm_evalue_key(value, &own->key);
    if (own->key.n < 2 || (uint8_t)own->key.p[1] == 0xFF) return false;
    *out = tm_hash128(own->key.p, own->key.n);
    return true;
}

/* Every value of every record but of bridges, which only the round after they were found knows. */
tm_status tm_split_observe(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *values;
    if (!tm_split_sees(s, b)) return TM_OK;
    TM_TRY(tm_exprs_values(&s->group, &own->group, b, &values, err));
    char order[2] = {STREAM, 0};
    if (b->reference) order[0] = REFERENCE, order[1] = (char)s->side_of[b->reference];
    for (uint32_t r = 0; r < b->records; r++) {
        bool is_bridge = b->decision && b->decision[r];
        for (uint32_t i = 0; tm_live(b, r) && !is_bridge && i < s->group.count; i++) {
            char key[16];
            tm_hash h;
            bool any = tm_split_value(own, &values[(size_t)i * b->records + r], i, &h);
            TM_TRY(tm_buf_ok(&own->key, err));
            if (!any) continue;
            tm_hash_put(h, key);
            tm_fact f = {
                .key = {key, sizeof key}, .order = {order, sizeof order}, .rid = b->rid[r]};
            TM_TRY(tm_facts_add(out, &f, err));
        }
    }
    return TM_OK;
}

static uint8_t side_with(uint8_t side, uint8_t other)
{
    return !side || side == other ? other : TORN;
}

tm_status tm_split_anchors(const tm_step_view *step, tm_group *group, tm_facts *next,
                           tm_decisions *out, tm_err *err)
{
    tm_fact f;
    uint8_t side = 0;
    TM_UNUSED(step);
    TM_UNUSED(out);
    while (group->next(group, &f)) {
        char key[16];
        if (f.order.p[0] == REFERENCE) {
            side = side_with(side, (uint8_t)f.order.p[1]);
            continue;
        }
        if (!side) return TM_OK; /* no reference holds it */
        tm_rid_put(f.rid, key);
        tm_fact told = {.key = {key, sizeof key}, .data = {(const char *)&side, 1}, .rid = f.rid};
        TM_TRY(tm_facts_add(next, &told, err));
    }
    return TM_OK;
}

tm_status tm_split_bridges(const tm_step_view *step, tm_group *group, tm_facts *next,
                           tm_decisions *out, tm_err *err)
{
    tm_fact f;
    uint8_t side = 0;
    tm_rid rid = {0, 0};
    TM_UNUSED(next);
    while (group->next(group, &f)) side = side_with(side, (uint8_t)f.data.p[0]), rid = f.rid;
    tm_decision d = {.rid = rid, .step = step->step, .value = TM_NO_VALUE};
    return side == TORN ? tm_decide(out, &d, err) : TM_OK;
}

/* The side that an anchored value gives a record: of several they are one, or it is a bridge. */
static tm_status tell_side(const tm_step_view *step, tm_rid rid, uint8_t side, tm_decisions *out,
                           tm_err *err)
{
    tm_decision d = {.rid = rid, .step = step->step, .set = TM_D_VALUE, .value = side};
    return tm_decide(out, &d, err);
}

tm_status tm_split_edges(const tm_step_view *step, tm_group *group, tm_facts *next,
                         tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    tm_rid first = {0, 0};
    uint8_t side = 0;
    for (bool any = false; group->next(group, &f);) {
        if (f.order.p[0] == REFERENCE) {
            side = (uint8_t)f.order.p[1];
            continue;
        }
        bool begins = !any || side;
        any = true;
        if (begins) first = f.rid;
        if (side) TM_TRY(tell_side(step, f.rid, side, out, err));
        if (begins && !s->bound) continue;
        tm_fact edge = {.rid = f.rid, .data = {(const char *)&first, sizeof first}};
        TM_TRY(tm_facts_add(next, &edge, err));
    }
    return TM_OK;
}
