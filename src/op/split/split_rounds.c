/* The rounds of split: who hangs together (split_bonds.c), then what sides the groups have.
 *
 * `members` brings each group together: its name is the least draw of its members (a hash of the
 * seed and the value) and its chance a hash of that, its stratum the one that most of them are of,
 * so none depends on who stands first; references of an earlier split fix its side. `sides`
 * decides: by the chance alone where shares are asked; where quotas are (sides.h), all members meet
 * under one key, behind the sizes of all groups.
 *
 * A record without any group value is a group of its own, by its content. */
#include "op/split/split.h"

typedef tm_split_shared shared;
typedef tm_split_scratch scratch;

/* Orders of `members`: which strata a group is of, then whose side it stands on, then the stream's
 * records by chance, so that the first has the group's. */
enum { VOTE, REFERENCE, STREAM };
/* Orders of `sides` with quotas: sizes of groups by stratum and chance, twice; groups and their
 * members by the same; members of groups that bridge two sides. */
enum { SIZE, LINE, GROUP, BRIDGE };
enum { HEAD, MEMBER };
/* Records without a side of their own: one holds values of two sides; of a group each holds values
 * of one at most, but together they do. */
enum { HAS_BRIDGE = UINT8_MAX - 1, IS_BRIDGE = UINT8_MAX };
/* Keys of groups: a record's first value or its content, a component, a bridge by itself. */
enum { BY_VALUE, BY_COMPONENT, BY_BRIDGE };
enum { STRATUM_BYTES = 16, PLACE_BYTES = 1 + STRATUM_BYTES + 8 + 8 + 1 };

typedef struct member { /* what a member's fact carries to the last round */
    uint64_t chance;
    uint8_t fixed; /* side + 1; 0: free; IS_BRIDGE, HAS_BRIDGE: parked */
    uint8_t unused[7];
} member;

typedef struct size { /* of a group */
    uint64_t records, fixed;
} size;

/* ---- members --------------------------------------------------------------------------------- */

typedef struct draw { /* of one record */
    uint64_t chance;  /* the least of its values', or its content's when none of them decides */
    tm_hash first;    /* what it is grouped by: its first value's hash, or its content's */
    bool binds;       /* it has a value */
} draw;

static tm_status draw_of(const tm_step_view *step, tm_batch *b, uint32_t r, const tm_evalue *values,
                         draw *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    bool decides = false;
    tm_hash content;
    *out = (draw){.chance = UINT64_MAX};
    for (uint32_t i = 0; i < s->group.count; i++) {
        tm_hash h;
        bool any = tm_split_value(own, &values[(size_t)i * b->records + r], i, &h);
        TM_TRY(tm_buf_ok(&own->key, err));
        if (!any) continue;
        if (!out->binds) out->first = h;
        out->binds = true;
        if (s->of_run[i]) continue;
        out->chance = TM_MIN(out->chance, tm_chance(s->seed, h, 0));
        decides = true;
    }
    if (decides) return TM_OK;
    if (!tm_record_id(b, step->layouts, r, &content)) return tm_fail_memory(err, "split", 0);
    if (!out->binds) out->first = content;
    out->chance = tm_chance(s->seed, content, 0);
    return TM_OK;
}

/* The key that its group meets by. Whoever is bound has a component, itself at least, but bridges
 * (split_bonds.c). */
static void group_of(const shared *s, const tm_batch *b, uint32_t r, const draw *own, char key[17])
{
    const tm_decision *d = b->decision ? b->decision[r] : NULL;
    bool bridges = !d && own->binds && s->bound && s->group.count > 1 && !b->reference;
    key[0] = d ? BY_COMPONENT : bridges ? BY_BRIDGE : BY_VALUE;
    if (d || bridges)
        tm_rid_put(d ? d->other : b->rid[r], key + 1);
    else
        tm_hash_put(own->first, key + 1);
}

/* A reference, or a value that one holds, says what side the group is on. */
static tm_status add_side(uint8_t side, tm_rid rid, tm_str key, tm_facts *out, tm_err *err)
{
    char order[2] = {REFERENCE, (char)side};
    tm_fact f = {.key = key, .order = {order, sizeof order}, .rid = rid};
    return tm_facts_add(out, &f, err);
}

static tm_status add_member(const tm_batch *b, uint32_t r, tm_str key, uint64_t chance,
                            tm_facts *out, tm_err *err)
{
    char order[10] = {STREAM};
    const tm_decision *d = b->decision ? b->decision[r] : NULL;
    if (d && d->set & TM_D_VALUE) TM_TRY(add_side((uint8_t)d->value, b->rid[r], key, out, err));
    tm_be64_put(chance, order + 2);
    tm_fact f = {.key = key, .order = {order, sizeof order}, .rid = b->rid[r]};
    return tm_facts_add(out, &f, err);
}

/* A stratum's name is drawn, too: which part of it is rounded up is a matter of the seed. */
static tm_status add_vote(const tm_step_view *step, const tm_batch *b, uint32_t r,
                          const tm_evalue *strata, tm_str key, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    char order[1 + STRATUM_BYTES] = {VOTE};
    tm_buf_clear(&own->key);
    tm_exprs_key(&s->stratum, strata, b, r, &own->key);
    TM_TRY(tm_buf_ok(&own->key, err));
    tm_hash name = tm_hash128(own->key.p, own->key.n);
    name.hi = tm_chance(s->seed, name, 1);
    tm_hash_put(name, order + 1);
    tm_fact f = {.key = key, .order = {order, sizeof order}, .rid = b->rid[r]};
    return tm_facts_add(out, &f, err);
}

static tm_status observe_members(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *values, *strata;
    if (!tm_split_sees(s, b)) return TM_OK;
    TM_TRY(tm_exprs_values(&s->group, &own->group, b, &values, err));
    TM_TRY(tm_exprs_values(&s->stratum, &own->stratum, b, &strata, err));
    for (uint32_t r = 0; r < b->records; r++) {
        char key[17];
        draw at_hand;
        if (!tm_live(b, r)) continue;
        TM_TRY(draw_of(step, b, r, values, &at_hand, err));
        group_of(s, b, r, &at_hand, key);
        tm_str of_group = {key, sizeof key};
        if (b->reference) {
            TM_TRY(add_side(s->side_of[b->reference], b->rid[r], of_group, out, err));
            continue;
        }
        if (s->stratum.count) TM_TRY(add_vote(step, b, r, strata, of_group, out, err));
        TM_TRY(add_member(b, r, of_group, at_hand.chance, out, err));
    }
    return TM_OK;
}

/* The stratum that most of a group's records are of; of several the first by its hash. */
typedef struct election {
    char most[STRATUM_BYTES], at_hand[STRATUM_BYTES];
    uint64_t votes, votes_at_hand;
} election;

static void take_vote(election *e, const char *stratum)
{
    if (!e->votes_at_hand || memcmp(e->at_hand, stratum, STRATUM_BYTES) != 0) {
        memcpy(e->at_hand, stratum, STRATUM_BYTES);
        e->votes_at_hand = 0;
    }
    if (++e->votes_at_hand <= e->votes) return;
    e->votes = e->votes_at_hand;
    memcpy(e->most, e->at_hand, STRATUM_BYTES);
}

static bool is_parked(const member *m)
{
    return m->fixed >= HAS_BRIDGE;
}

/* Where a group's facts stand in the last round. */
typedef struct place {
    char order[PLACE_BYTES];
} place;

static place place_of(const tm_group *group, const election *e, const member *m)
{
    place p = {{is_parked(m) ? BRIDGE : GROUP}};
    memcpy(p.order + 1, e->most, STRATUM_BYTES);
    tm_be64_put(m->chance, p.order + 1 + STRATUM_BYTES);
    tm_be64_put(tm_hash64(group->key.p, group->key.n, 0), p.order + 9 + STRATUM_BYTES);
    p.order[PLACE_BYTES - 1] = MEMBER;
    return p;
}

static tm_status leave(tm_str key, tm_str order, tm_str data, tm_rid rid, tm_facts *next,
                       tm_err *err)
{
    tm_fact f = {.key = key, .order = order, .data = data, .rid = rid};
    return tm_facts_add(next, &f, err);
}

/* For each time that quotas look at it: the last one is before its members. */
static tm_status leave_size(uint64_t records, const member *m, place p, tm_rid rid, tm_facts *next,
                            tm_err *err)
{
    size of = {records, m->fixed};
    tm_str none = {"", 0}, data = {(const char *)&of, sizeof of};
    p.order[PLACE_BYTES - 1] = HEAD;
    for (int when = SIZE; when <= GROUP; when++) {
        p.order[0] = (char)when;
        if (when == LINE && m->fixed) continue;
        TM_TRY(leave(none, (tm_str){p.order, PLACE_BYTES}, data, rid, next, err));
    }
    return TM_OK;
}

/* The least draw of many is low, so it only names the group. */
static uint64_t chance_of_group(const shared *s, uint64_t least)
{
    return tm_chance(s->seed, (tm_hash){.hi = least}, 2);
}

static tm_status reduce_members(const tm_step_view *step, tm_group *group, tm_facts *next,
                                tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    bool quotas = s->sides.quotas;
    tm_fact f;
    place p = {{0}};
    tm_rid first = {0, 0};
    uint64_t records = 0;
    election e = {.votes = 0};
    member m = {.fixed = group->key.p[0] == BY_BRIDGE ? IS_BRIDGE : 0};
    uint8_t torn = group->key.p[0] == BY_VALUE ? IS_BRIDGE : HAS_BRIDGE;
    TM_UNUSED(out);
    while (group->next(group, &f)) {
        uint8_t side = (uint8_t)f.order.p[1];
        if (f.order.p[0] == VOTE) {
            take_vote(&e, f.order.p + 1);
            continue;
        }
        if (f.order.p[0] == REFERENCE) {
            m.fixed = !m.fixed || m.fixed == side ? side : torn;
            continue;
        }
        if (!records++) {
            m.chance = chance_of_group(s, tm_be64_get(f.order.p + 2));
            first = f.rid;
            p = place_of(group, &e, &m);
        }
        tm_str key = quotas ? (tm_str){"", 0} : group->key;
        tm_str order = {p.order, quotas ? PLACE_BYTES : 0};
        TM_TRY(leave(key, order, (tm_str){(const char *)&m, sizeof m}, f.rid, next, err));
    }
    if (!quotas || !records || is_parked(&m)) return TM_OK;
    return leave_size(records, &m, p, first, next, err);
}

/* ---- sides ----------------------------------------------------------------------------------- */

/* group: how many records the group has, told once a group that has several (largest group of a
 * run), or 0. */
static tm_status decide(const tm_step_view *step, tm_rid rid, const member *m, uint32_t side,
                        uint64_t group, tm_decisions *out, tm_err *err)
{
    bool parks = is_parked(m), tells = group > 1 && !parks;
    tm_decision d = {.rid = rid,
                     .step = step->step,
                     .rule = m->fixed == IS_BRIDGE ? TM_SPLIT_BRIDGES : TM_SPLIT_BRIDGED,
                     .verdict = parks ? TM_V_PARK : TM_V_NONE,
                     .set = TM_D_ROUTE | (tells ? TM_D_VALUE : 0),
                     .route = (uint16_t)(parks ? 0 : side),
                     .value = tells ? (double)group : TM_NO_VALUE};
    return side || parks || tells ? tm_decide(out, &d, err) : TM_OK; /* the rest needs no word */
}

typedef struct walk { /* over all groups, in the order of their places */
    tm_quotas quotas;
    uint32_t side;    /* of the group at hand */
    uint64_t records; /* of it; 0 once a member has told them */
    char when;
} walk;

static void begin_next(walk *w, char when)
{
    if (w->when == SIZE && when > SIZE) tm_quotas_settle(&w->quotas);
    if (w->when <= LINE && when > LINE) tm_quotas_close(&w->quotas);
    w->when = when;
}

static tm_status take_group(walk *w, const tm_fact *f, tm_err *err)
{
    size of;
    char when = f->order.p[0];
    tm_hash stratum = tm_hash_get(f->order.p + 1);
    memcpy(&of, f->data.p, sizeof of);
    begin_next(w, when);
    if (when == SIZE)
        return tm_quotas_add(&w->quotas, stratum, of.records, (uint32_t)of.fixed, err);
    if (when == LINE) return tm_quotas_line(&w->quotas, stratum, of.records, err);
    w->records = of.records;
    w->side = of.fixed ? (uint32_t)of.fixed - 1 : tm_quotas_side(&w->quotas, stratum, of.records);
    return TM_OK;
}

static tm_status reduce_quotas(const tm_step_view *step, tm_group *group, tm_decisions *out,
                               tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    walk w = {.quotas = {.sides = &s->sides}};
    tm_status status = TM_OK;
    while (status == TM_OK && group->next(group, &f)) {
        member m;
        if (f.order.p[PLACE_BYTES - 1] == HEAD) {
            status = take_group(&w, &f, err);
            continue;
        }
        memcpy(&m, f.data.p, sizeof m);
        status = decide(step, f.rid, &m, w.side, w.records, out, err);
        w.records = 0;
    }
    tm_quotas_release(&w.quotas);
    return status;
}

static tm_status reduce_sides(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    TM_UNUSED(next);
    if (s->sides.quotas) return reduce_quotas(step, group, out, err);
    member m = {.chance = 0};
    tm_rid last = {0, 0};
    uint64_t records = 0;
    uint32_t side = 0;
    while (group->next(group, &f)) {
        if (records++) TM_TRY(decide(step, last, &m, side, 0, out, err));
        memcpy(&m, f.data.p, sizeof m);
        side = m.fixed ? m.fixed - 1u : tm_side_of_chance(&s->sides, m.chance);
        last = f.rid;
    }
    return records ? decide(step, last, &m, side, records, out, err) : TM_OK;
}

const tm_round tm_split_rounds[] = {
    {
        .name = "anchors",
        .how = TM_GROUP,
        .idle = tm_split_unbound,
        .observe = tm_split_observe,
        .reduce = tm_split_anchors,
    },
    {.name = "bridges", .how = TM_GROUP, .reduce = tm_split_bridges},
    {
        .name = "values",
        .how = TM_GROUP,
        .idle = tm_split_binds_by_one,
        .observe = tm_split_observe,
        .reduce = tm_split_edges,
    },
    {.name = "groups", .how = TM_COMPONENTS, .adds = true},
    {.name = "members", .how = TM_GROUP, .observe = observe_members, .reduce = reduce_members},
    {.name = "sides", .how = TM_GROUP, .reduce = reduce_sides},
    {0},
};
