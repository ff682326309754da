/* split: gives every record a side (train, eval ...), whole groups at a time.
 *
 * Four rounds. `values` and `groups` find the connected components of records that share a value of
 * any group field (with one field or none they have nothing to do). `members` brings each group
 * together: its chance is the least of its members' (a hash of the seed and the value), so it does
 * not depend on who stands first; references of an earlier split fix its side. `sides` decides:
 * by the chance alone where shares are asked, in the order of the chances where quotas are
 * (op/select/sides.h).
 *
 * A record without any group value is a group of its own, by its content. */
#include "base/vec.h"
#include "op/exprs.h"
#include "op/select/sides.h"

enum { BRIDGES_SIDES };

typedef struct args {
    tm_pairs into;
    tm_str rest, stratify;
    tm_texts group, earlier;
} args;

typedef struct shared {
    tm_sides sides;
    tm_exprs group, stratum;
    uint8_t side_of[65]; /* by reference from 1: side + 1 of an earlier split, or 0 */
    uint64_t seed;
} shared;

typedef struct scratch {
    tm_exprs_scratch group, stratum;
    tm_buf key;
} scratch;

/* What a member's fact carries to the last round. */
typedef struct member {
    uint64_t chance, group;
    uint8_t fixed; /* side + 1; 0: free; UINT8_MAX: the group is on two sides */
    uint8_t unused[7];
} member;

static tm_status name_earlier(tm_prep *prep, const args *a, shared *s, tm_err *err)
{
    uint64_t bits;
    TM_TRY(tm_prep_references(prep, &a->earlier, &bits, err));
    for (uint32_t i = 0; i < prep->references && i < 64; i++) {
        uint32_t side = 0;
        if (!(bits >> i & 1)) continue;
        while (side < s->sides.sides && !tm_str_eq(s->sides.route[side].name, prep->reference[i]))
            side++;
        if (side == s->sides.sides)
            return tm_fail(err, TM_ERECIPE,
                           "earlier: names references that are named as the sides are; \"%.*s\" "
                           "is no side",
                           TM_FMT(prep->reference[i]));
        s->side_of[i + 1] = (uint8_t)(side + 1);
    }
    return TM_OK;
}

static tm_status prepare(tm_prep *prep, const void *given, const void **out, tm_err *err)
{
    const args *a = given;
    shared *s = TM_NEW(prep->mem, shared, 1);
    if (!s) return tm_fail_memory(err, "split", sizeof *s);
    s->seed = prep->seed;
    TM_TRY(tm_sides_make(prep->mem, &a->into, a->rest, a->stratify.n > 0, &s->sides, err));
    TM_TRY(name_earlier(prep, a, s, err));
    TM_TRY(tm_exprs_compile(prep->mem, &a->group, &prep->env, &s->group, err));
    if (a->stratify.n) {
        tm_status status = tm_exprs_add(prep->mem, a->stratify, &prep->env, &s->stratum, err);
        if (status != TM_OK) return tm_exprs_release(&s->group), status;
    }
    *out = s;
    return TM_OK;
}

static void release(const void *of)
{
    const shared *s = of;
    tm_exprs_release(&s->group);
    tm_exprs_release(&s->stratum);
}

static tm_status begin(const void *of, void *mine, tm_err *err)
{
    const shared *s = of;
    scratch *own = mine;
    TM_TRY(tm_exprs_begin(&s->group, &own->group, err));
    return tm_exprs_begin(&s->stratum, &own->stratum, err);
}

static void end(void *mine)
{
    scratch *own = mine;
    tm_exprs_end(&own->group);
    tm_exprs_end(&own->stratum);
    tm_buf_release(&own->key);
}

static const tm_route *routes(const void *of, uint32_t *count)
{
    const shared *s = of;
    *count = s->sides.sides;
    return s->sides.route;
}

static bool sees(const shared *s, const tm_batch *b)
{
    return !b->reference || (b->reference <= 64 && s->side_of[b->reference]);
}

/* The key of a value with the number of its field; false: there is no value. */
static bool value_key(scratch *own, const tm_evalue *v, uint32_t field)
{
    tm_buf_clear(&own->key);
    tm_buf_char(&own->key, (char)field);
    tm_evalue_key(v, false, &own->key);
    return own->key.n > 1 && (uint8_t)own->key.p[1] != 0xFF;
}

static tm_status observe_values(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *values;
    if (s->group.count < 2 || !sees(s, b)) return TM_OK;
    TM_TRY(tm_exprs_values(&s->group, &own->group, b, &values, err));
    for (uint32_t r = 0; r < b->records; r++) {
        for (uint32_t i = 0; tm_live(b, r) && i < s->group.count; i++) {
            char key[16];
            if (!value_key(own, &values[(size_t)i * b->records + r], i)) continue;
            TM_TRY(tm_buf_ok(&own->key, err));
            tm_hash h = tm_hash128(own->key.p, own->key.n);
            tm_be64_put(h.hi, key);
            tm_be64_put(h.lo, key + 8);
            tm_fact f = {.key = {key, sizeof key}, .rid = b->rid[r]};
            TM_TRY(tm_facts_add(out, &f, err));
        }
    }
    return TM_OK;
}

static tm_status reduce_values(const tm_step_view *step, tm_group *group, tm_facts *next,
                               tm_decisions *out, tm_err *err)
{
    tm_fact f;
    TM_UNUSED(step);
    TM_UNUSED(out);
    if (!group->next(group, &f)) return TM_OK;
    tm_rid first = f.rid;
    while (group->next(group, &f)) {
        tm_fact edge = {.rid = f.rid, .data = {(const char *)&first, sizeof first}};
        TM_TRY(tm_facts_add(next, &edge, err));
    }
    return TM_OK;
}

/* The least chance of the record's values, and the hash of its first value; of its content when it
 * has none. */
static tm_status chance_of(const tm_step_view *step, scratch *own, tm_batch *b, uint32_t r,
                           const tm_evalue *values, uint64_t *chance, tm_hash *first, tm_err *err)
{
    const shared *s = step->shared;
    bool any = false;
    *chance = UINT64_MAX;
    for (uint32_t i = 0; i < s->group.count; i++) {
        if (!value_key(own, &values[(size_t)i * b->records + r], i)) continue;
        TM_TRY(tm_buf_ok(&own->key, err));
        tm_hash h = tm_hash128(own->key.p, own->key.n);
        *chance = TM_MIN(*chance, tm_chance(s->seed, h, 0));
        if (!any) *first = h;
        any = true;
    }
    if (any) return TM_OK;
    if (!tm_record_id(b, step->layouts, r, first)) return tm_fail_memory(err, "split", 0);
    *chance = tm_chance(s->seed, *first, 0);
    return TM_OK;
}

/* Order: members of an earlier split first, by their side; then by chance, so that the first of the
 * stream has the group's. */
static tm_status observe_members(const tm_step_view *step, tm_batch *b, tm_facts *out, tm_err *err)
{
    const shared *s = step->shared;
    scratch *own = step->scratch;
    tm_evalue *values, *strata;
    if (!sees(s, b)) return TM_OK;
    TM_TRY(tm_exprs_values(&s->group, &own->group, b, &values, err));
    TM_TRY(tm_exprs_values(&s->stratum, &own->stratum, b, &strata, err));
    for (uint32_t r = 0; r < b->records; r++) {
        char key[17] = {0}, order[10] = {0};
        uint64_t chance;
        tm_hash first;
        const tm_decision *d = b->decision ? b->decision[r] : NULL;
        if (!tm_live(b, r)) continue;
        TM_TRY(chance_of(step, own, b, r, values, &chance, &first, err));
        key[0] = d != NULL;
        if (d)
            tm_rid_put(d->other, key + 1);
        else
            tm_be64_put(first.hi, key + 1), tm_be64_put(first.lo, key + 9);
        order[0] = !b->reference;
        order[1] = b->reference ? (char)s->side_of[b->reference] : 0;
        tm_be64_put(chance, order + 2);
        tm_buf_clear(&own->key);
        if (s->stratum.count) tm_evalue_key(&strata[r], false, &own->key);
        TM_TRY(tm_buf_ok(&own->key, err));
        tm_fact f = {.key = {key, sizeof key},
                     .order = {order, sizeof order},
                     .data = tm_buf_view(&own->key),
                     .rid = b->rid[r]};
        TM_TRY(tm_facts_add(out, &f, err));
    }
    return TM_OK;
}

/* For quotas all members meet under one key, behind the sizes of all groups. */
static tm_status leave_member(const shared *s, const tm_group *group, const member *m,
                              const tm_fact *f, tm_facts *next, tm_err *err)
{
    char order[17] = {1};
    tm_be64_put(m->chance, order + 1);
    tm_be64_put(m->group, order + 9);
    tm_fact out = {.key = s->sides.quotas ? (tm_str){"", 0} : group->key,
                   .order = {order, sizeof order},
                   .data = {(const char *)m, sizeof *m},
                   .rid = f->rid};
    return tm_facts_add(next, &out, err);
}

/* In the order of the members, before all of them. */
static tm_status leave_size(uint64_t records, const member *m, tm_str stratum, tm_rid rid,
                            tm_facts *next, tm_err *err)
{
    char order[17] = {0};
    tm_buf data = {0};
    tm_be64_put(m->chance, order + 1);
    tm_be64_put(m->group, order + 9);
    tm_buf_add(&data, &records, sizeof records);
    tm_buf_str(&data, stratum);
    tm_status status = tm_buf_ok(&data, err);
    tm_fact f = {.order = {order, sizeof order}, .data = tm_buf_view(&data), .rid = rid};
    if (status == TM_OK) status = tm_facts_add(next, &f, err);
    tm_buf_release(&data);
    return status;
}

static tm_status reduce_members(const tm_step_view *step, tm_group *group, tm_facts *next,
                                tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    tm_rid rid = {0, 0};
    tm_buf stratum = {0};
    uint64_t records = 0;
    tm_status status = TM_OK;
    member m = {.group = tm_hash64(group->key.p, group->key.n, 0)};
    TM_UNUSED(out);
    while (status == TM_OK && group->next(group, &f)) {
        uint8_t side = (uint8_t)f.order.p[1];
        if (!f.order.p[0]) {
            m.fixed = !m.fixed || m.fixed == side ? side : UINT8_MAX;
            continue;
        }
        if (!records++) {
            for (int i = 0; i < 8; i++) m.chance = m.chance << 8 | (uint8_t)f.order.p[2 + i];
            tm_buf_str(&stratum, f.data);
            rid = f.rid;
        }
        status = leave_member(s, group, &m, &f, next, err);
    }
    if (status == TM_OK) status = tm_buf_ok(&stratum, err);
    if (status == TM_OK && s->sides.quotas && records)
        status = leave_size(records, &m, tm_buf_view(&stratum), rid, next, err);
    tm_buf_release(&stratum);
    return status;
}

static tm_status decide(const tm_step_view *step, tm_rid rid, uint32_t side, bool bridges,
                        tm_decisions *out, tm_err *err)
{
    tm_decision d = {.rid = rid,
                     .step = step->step,
                     .rule = BRIDGES_SIDES,
                     .verdict = bridges ? TM_V_PARK : TM_V_NONE,
                     .set = TM_D_ROUTE,
                     .route = (uint16_t)side,
                     .value = TM_NO_VALUE};
    return side || bridges ? tm_decide(out, &d, err) : TM_OK; /* the rest needs no word */
}

/* Sizes come first, in the order of chances; then the members, in the same order of groups. So a
 * list of strata, one a group, is walked along with them. */
typedef struct told { /* of one group */
    uint64_t records;
    uint32_t stratum;
} told;

typedef struct walk {
    tm_quotas quotas;
    told *told; /* by group, in order */
    uint32_t groups, room, at;
    uint64_t group; /* the one at hand */
    uint32_t side;
    bool begun, settled;
} walk;

static tm_status take_size(walk *w, const tm_fact *f, tm_err *err)
{
    uint64_t records;
    uint32_t k;
    memcpy(&records, f->data.p, sizeof records);
    tm_str key = tm_str_slice(f->data, sizeof records, f->data.n);
    TM_TRY(tm_quotas_stratum(&w->quotas, key, &k, err));
    w->quotas.stratum[k].records += records;
    if (!TM_ROOM_HEAP(w->told, w->groups, w->room, 1))
        return tm_fail_memory(err, "groups", w->groups);
    w->told[w->groups++] = (told){records, k};
    return TM_OK;
}

static tm_status take_member(walk *w, const tm_step_view *step, const tm_fact *f, tm_decisions *out,
                             tm_err *err)
{
    member m;
    memcpy(&m, f->data.p, sizeof m);
    if (!w->settled) tm_quotas_settle(&w->quotas);
    w->settled = true;
    bool fresh = !w->begun || w->group != m.group;
    if (fresh && w->begun) w->at++;
    w->begun = true;
    w->group = m.group;
    TM_ASSERT(w->at < w->groups);
    uint32_t k = w->told[w->at].stratum;
    bool bridges = m.fixed == UINT8_MAX;
    if (fresh)
        w->side = m.fixed && !bridges ? m.fixed - 1u
                                      : tm_quotas_side(&w->quotas, k, w->told[w->at].records);
    if (!bridges) w->quotas.stratum[k].taken[w->side]++;
    return decide(step, f->rid, bridges ? 0 : w->side, bridges, out, err);
}

static tm_status reduce_quotas(const tm_step_view *step, tm_group *group, tm_decisions *out,
                               tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    walk w = {.quotas = {.sides = &s->sides}};
    tm_status status = TM_OK;
    while (status == TM_OK && group->next(group, &f))
        status = f.order.p[0] ? take_member(&w, step, &f, out, err) : take_size(&w, &f, err);
    tm_arena_release(&w.quotas.mem);
    tm_free(w.told);
    return status;
}

static tm_status reduce_sides(const tm_step_view *step, tm_group *group, tm_facts *next,
                              tm_decisions *out, tm_err *err)
{
    const shared *s = step->shared;
    tm_fact f;
    TM_UNUSED(next);
    if (s->sides.quotas) return reduce_quotas(step, group, out, err);
    while (group->next(group, &f)) {
        member m;
        memcpy(&m, f.data.p, sizeof m);
        bool bridges = m.fixed == UINT8_MAX;
        uint32_t side = m.fixed && !bridges ? m.fixed - 1u : tm_side_of_chance(&s->sides, m.chance);
        TM_TRY(decide(step, f.rid, bridges ? 0 : side, bridges, out, err));
    }
    return TM_OK;
}

static tm_status cost(const void *given, const tm_input_facts *facts, tm_cost *out, tm_err *err)
{
    TM_UNUSED(given);
    TM_UNUSED(err);
    *out = (tm_cost){
        .memory = 1 << 20, .facts = facts->records * 2, .fact_bytes = facts->records * 96};
    return TM_OK;
}

/* Records that share the value of one field meet in `members` anyway. */
static bool binds_by_one(const void *of)
{
    return ((const shared *)of)->group.count < 2;
}

static const tm_round ROUNDS[] = {
    {
        .name = "values",
        .idle = binds_by_one,
        .how = TM_GROUP,
        .pairs_only = true,
        .observe = observe_values,
        .reduce = reduce_values,
    },
    {.name = "groups", .how = TM_COMPONENTS},
    {.name = "members", .how = TM_GROUP, .observe = observe_members, .reduce = reduce_members},
    {.name = "sides", .how = TM_GROUP, .reduce = reduce_sides},
    {0},
};

static const tm_param PARAMS[] = {
    {
        .name = "into",
        .type = TM_P_PAIRS,
        .at = offsetof(args, into),
        .flags = TM_P_REST,
        .help = "sides and their sizes, shares or numbers of records; may be written as parameters "
                "of their own: eval: 2%, test: 500",
    },
    {
        .name = "rest",
        .type = TM_P_TEXT,
        .at = offsetof(args, rest),
        .fallback = "train",
        .help = "the side of all others",
    },
    {
        .name = "group",
        .type = TM_P_EXPRS,
        .at = offsetof(args, group),
        .help = "fields or signals whose equal values stay on one side; of several, any that two "
                "records share binds them",
    },
    {
        .name = "stratify",
        .type = TM_P_EXPR,
        .at = offsetof(args, stratify),
        .help = "a field or signal: each of its values has its part of every side",
    },
    {
        .name = "earlier",
        .type = TM_P_TEXTS,
        .at = offsetof(args, earlier),
        .help = "references named as sides are, with the records of an earlier split: groups that "
                "are there already stay where they are",
    },
    {0},
};

static const tm_code CODES[] = {
    {
        .code = "T1541",
        .name = "bridges-sides",
        .sentence = "the record's group stands on two sides of an earlier split",
        .help = "The record shares group values with records of two sides: whichever it joined, "
                "the sides would touch. It was parked. Leave it out, or split anew without "
                "earlier:.",
        .verdict = TM_V_PARK,
        .fixed_verdict = true,
    },
    {0},
};

static const tm_example EXAMPLES[] = {
    {
        .title = "Groups stay together",
        .recipe = "{eval: 3, group: [$.user]}",
        .in = "{\"text\":\"a\",\"user\":1}\n{\"text\":\"b\",\"user\":1}\n{\"text\":\"c\",\"user\":"
              "1}\n",
        .out = "{\"text\":\"a\",\"user\":1}\n{\"text\":\"b\",\"user\":1}\n{\"text\":\"c\",\"user\":"
               "1}\n",
        .fates = "kept kept kept",
    },
    {0},
};

const tm_op tm_op_split = {
    .name = "split",
    .group = "select",
    .summary = "give every record a side, such as train and eval, groups whole",
    .why = "An evaluation set that shares users, documents or prompts with the training set "
           "measures memory. Groups never stand on two sides. Shares are stable: a group's side is "
           "a hash of the seed and its value, so records added later move nobody (with several "
           "group fields new records can join groups; earlier: keeps those where they were). "
           "Counts, and shares within strata, are met to within the last group. Each side becomes "
           "the beginning of its files' names.",
    .rev = 2,
    .shape = TM_SET,
    .flags = TM_REFERENCES,
    .params = PARAMS,
    .codes = CODES,
    .examples = EXAMPLES,
    .args_bytes = sizeof(args),
    .scratch_bytes = sizeof(scratch),
    .cost = cost,
    .prepare = prepare,
    .release = release,
    .begin = begin,
    .end = end,
    .rounds = ROUNDS,
    .routes = routes,
};
