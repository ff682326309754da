/* The linker against a loop over all pairs: who is merged into whom, with which value, who is
 * flagged, and whose cluster is named (link_say.c), for both ways of linking, both measures, every
 * scope and any limit; in memory and with so little of it that a group takes many goes and its sets
 * lie in a file. */
#include "unit/op/link_oracle.h"

/* ---- the linker ---- */

typedef struct facts_group {
    tm_group group;
    const tm_facts *facts;
    size_t at;
} facts_group;

static bool next_fact(tm_group *self, tm_fact *out)
{
    facts_group *g = (facts_group *)self;
    return tm_facts_next(g->facts, &g->at, out);
}

static void add_record(tm_facts *to, const record *r, bool limited, tm_err *err)
{
    char order[TM_RANK_BYTES + 1];
    tm_scope_rank_put(r->rank, order);
    order[TM_RANK_BYTES] = (char)r->key;
    tm_str set = {(const char *)r->set, r->count * sizeof *r->set};
    assert_int_equal(tm_link_fact(TM_STR("group"), (tm_str){order, sizeof order}, r->rid, r->kind,
                                  set, limited, to, err),
                     TM_OK);
}

static void make_facts(tm_facts *to, tm_err *err)
{
    for (size_t i = 0; i < count; i++) add_record(to, &records[i], false, err);
}

/* What the round of components and the join of decisions do: the chain of each record, and who was
 * said to be limited. */
typedef struct found {
    size_t of[ROOM], edges;
    bool any[ROOM], limited[ROOM];
} found;

static size_t index_of(tm_rid rid)
{
    size_t i = 0;
    while (i < count && tm_rid_cmp(records[i].rid, rid) != 0) i++;
    assert_true(i < count);
    return i;
}

static size_t chain_of(const found *c, size_t i)
{
    while (c->of[i] != i) i = c->of[i];
    return i;
}

static void take_edges(found *c, const tm_facts *edges)
{
    tm_fact f;
    for (size_t at = 0; tm_facts_next(edges, &at, &f); c->edges++) {
        tm_rid other;
        assert_int_equal(f.data.n, sizeof other);
        memcpy(&other, f.data.p, sizeof other);
        size_t i = index_of(f.rid), k = index_of(other), a = chain_of(c, i), b = chain_of(c, k);
        assert_int_not_equal(i, k);
        c->any[i] = c->any[k] = true;
        c->of[TM_MAX(a, b)] = TM_MIN(a, b);
    }
}

static void take_limited(const tm_link_rules *rules, found *c, const tm_decisions *out)
{
    tm_decision d;
    for (size_t at = 0; tm_decisions_next(tm_buf_view(&out->bytes), &at, &d);) {
        bool *limited = &c->limited[index_of(d.rid)];
        assert_true(d.verdict == TM_V_FLAG && d.rule == rules->rule_limited && !*limited);
        *limited = true;
    }
}

static tm_status merge_chains(const tm_link_rules *rules, const tm_step_view *step, const found *c,
                              tm_decisions *out, tm_err *err)
{
    tm_status status = TM_OK;
    for (size_t first = 0; first < count && status == TM_OK; first++) {
        tm_facts facts = {0};
        for (size_t i = first; i < count && c->of[first] == first; i++)
            if (chain_of(c, i) == first && (c->any[i] || c->limited[i]))
                add_record(&facts, &records[i], c->limited[i], err);
        facts_group g = {{TM_STR_INIT("group"), next_fact}, &facts, 0};
        status = tm_chain_group(rules, step, &g.group, out, err);
        tm_buf_release(&facts.bytes);
    }
    return status;
}

static answer answer_of(const tm_link_rules *rules, const tm_decision *d)
{
    bool flagged = d->verdict == TM_V_FLAG, merged = d->verdict == rules->verdict;
    answer a = {.rid = d->rid, .flagged = flagged, .value = flagged || merged ? d->value : 0};
    assert_int_equal(d->step, 3);
    assert_true(flagged || merged || d->verdict == TM_V_NONE);
    if (flagged) assert_int_equal(d->rule, rules->rule_limited);
    if (merged) assert_int_equal(d->rule, rules->rule);
    assert_int_equal((d->set & TM_D_OTHER) != 0, merged);
    if (merged) a.other = d->other;
    if (!(d->set & TM_D_DATA)) return a;
    assert_int_equal(d->data.n, sizeof a.cluster);
    memcpy(&a.cluster, d->data.p, sizeof a.cluster);
    return a;
}

static tm_status link_with(const tm_link_rules *rules, uint64_t memory, answers *to,
                           uint64_t *spilled, tm_err *err)
{
    static found c;
    tm_spill spill = {.folder = room("spill")};
    tm_step_view step = {.step = 3, .memory = memory, .spill = &spill};
    tm_facts facts = {0}, edges = {0};
    tm_decisions out = {0};
    tm_decision d;
    make_facts(&facts, err);
    facts_group g = {{TM_STR_INIT("group"), next_fact}, &facts, 0};
    tm_status status = tm_link_group(rules, &step, &g.group, &edges, &out, err);
    if (status == TM_OK && rules->link == TM_LINK_CHAIN) {
        c = (found){.edges = 0};
        for (size_t i = 0; i < count; i++) c.of[i] = i;
        take_edges(&c, &edges);
        assert_true(memory < 1 << 24 || c.edges < 2 * count); /* in one go: trees of the table */
        take_limited(rules, &c, &out);
        tm_buf_clear(&out.bytes);
        status = merge_chains(rules, &step, &c, &out, err);
    } else {
        assert_int_equal(edges.count, 0);
    }
    for (size_t at = 0; status == TM_OK && tm_decisions_next(tm_buf_view(&out.bytes), &at, &d);) {
        to->of[to->count++] = answer_of(rules, &d);
    }
    *spilled = spill.ever;
    assert_int_equal(spill.held, 0);
    tm_buf_release(&facts.bytes);
    tm_buf_release(&edges.bytes);
    tm_buf_release(&out.bytes);
    return status;
}

static int by_rid(const void *a, const void *b)
{
    const answer *x = a, *y = b;
    int c = tm_rid_cmp(x->rid, y->rid);
    return c ? c : (int)x->flagged - (int)y->flagged;
}

static void assert_same(answers *got, answers *want, uint64_t memory)
{
    qsort(got->of, got->count, sizeof *got->of, by_rid);
    qsort(want->of, want->count, sizeof *want->of, by_rid);
    for (size_t i = 0; i < TM_MIN(got->count, want->count); i++) {
        const answer *g = &got->of[i], *w = &want->of[i];
        if (by_rid(g, w) || tm_rid_cmp(g->other, w->other) || g->value != w->value ||
            tm_rid_cmp(g->cluster, w->cluster))
            fail_msg("with %u bytes: %u of %u%s into %u (%f) of %u, not %u%s into %u (%f) of %u",
                     (unsigned)memory, (unsigned)g->rid.place, (unsigned)count,
                     g->flagged ? " flagged" : "", (unsigned)g->other.place, g->value,
                     (unsigned)g->cluster.place, (unsigned)w->rid.place,
                     w->flagged ? " flagged" : "", (unsigned)w->other.place, w->value,
                     (unsigned)w->cluster.place);
    }
    assert_int_equal(got->count, want->count);
    for (size_t i = 1; i < got->count;
         i++) /* of several decisions about one only one would count */
        assert_int_not_equal(tm_rid_cmp(got->of[i - 1].rid, got->of[i].rid), 0);
}

typedef struct seen { /* that the tests are about something */
    uint64_t merged, flagged, named, both;
} seen;

static void check(tm_link_rules *rules, seen *sum)
{
    static const uint64_t memory[] = {1 << 24, 64 << 10, 24 << 10, 9 << 10, 1};
    answers want = {.count = 0};
    bool chain = rules->link == TM_LINK_CHAIN;
    make_bands(&rules->sketch);
    (chain ? naive_chain : naive_representative)(rules, &want);
    for (size_t i = 0; i < want.count; i++) {
        sum->merged += want.of[i].other.place > 0;
        sum->flagged += want.of[i].flagged;
        sum->named += want.of[i].cluster.place > 0;
        sum->both += want.of[i].flagged && want.of[i].cluster.place;
    }
    for (size_t i = 0; i < TM_COUNT(memory); i++) {
        answers got = {.count = 0};
        tm_err err = {0};
        uint64_t spilled;
        tm_status status = link_with(rules, memory[i], &got, &spilled, &err);
        if (status != TM_OK) fail_msg("%s", err.msg);
        assert_same(&got, &want, memory[i]);
    }
}

static uint32_t mul[BANDS_MOST * ROWS_MOST], add[BANDS_MOST * ROWS_MOST];

static tm_link_rules random_rules(uint8_t link)
{
    tm_link_rules r = {.threshold = (double)(1 + chance(20)) / 20,
                       .compare_most = chance(2) ? 1000 : 1 + chance(3),
                       .measure = (uint8_t)chance(2),
                       .link = link,
                       .none = !chance(4),
                       .verdict = TM_V_MERGE,
                       .rule = 4,
                       .rule_limited = 5};
    r.sketch = (tm_sketch){.bands = 1 + (uint32_t)chance(BANDS_MOST),
                           .rows = 1 + (uint32_t)chance(ROWS_MOST),
                           .seed = chance(100),
                           .kind = (uint8_t)chance(2),
                           .mul = mul,
                           .add = add};
    tm_sketch_seed(&r.sketch);
    r.scope.across = (uint8_t)chance(3);
    r.scope.against = r.scope.across == TM_ACROSS_NONE || !chance(2);
    return r;
}

static void check_many(uint8_t link)
{
    seen sum = {0};
    for (int turn = 0; turn < 1200; turn++) {
        tm_link_rules rules = random_rules(link);
        make_records(1 + chance(turn % 4 ? 40 : MOST), &rules.scope);
        check(&rules, &sum);
    }
    assert_true(sum.merged > 5000);
    assert_true(sum.flagged > 500);
    assert_true(sum.named > 2000);
    assert_true(sum.both > 3);
}

static void representatives_are_those_of_a_loop_over_all_pairs(void **state)
{
    TM_UNUSED(state);
    check_many(TM_LINK_REPRESENTATIVE);
}

static void chains_are_those_of_a_loop_over_all_pairs(void **state)
{
    TM_UNUSED(state);
    check_many(TM_LINK_CHAIN);
}

/* ---- cases that are rare by chance ---- */

static tm_link_rules rules_of(double threshold, uint8_t measure, uint8_t link)
{
    tm_link_rules r = {.threshold = threshold,
                       .compare_most = 1000,
                       .measure = measure,
                       .link = link,
                       .verdict = TM_V_MERGE,
                       .rule = 4,
                       .rule_limited = 5,
                       .sketch = {.bands = BANDS_MOST, .rows = 1, .mul = mul, .add = add}};
    tm_sketch_seed(&r.sketch);
    return r;
}

/* The set of from, from + 1 ... to - 1, as record i. */
static void put_range(size_t i, uint32_t rank, uint64_t from, uint64_t to)
{
    uint64_t spare[ELEMENTS];
    record *r = &records[i];
    *r = (record){.rid = {TM_PLACE(1, i * 100), 0}, .rank = rank, .kind = TM_GRAM_WORDS};
    for (uint64_t e = from; e < to; e++) r->set[r->count++] = tm_mix64(e);
    r->count = tm_grams_sort(r->set, r->count, spare);
    count = i + 1;
}

/* 0.55 * 20 is a little more than 11 in doubles, and 11 / 20 is 0.55. */
static void a_pair_right_at_the_threshold_is_merged(void **state)
{
    seen sum = {0};
    TM_UNUSED(state);
    for (uint64_t all = 2; all <= ELEMENTS; all++) {
        for (uint64_t part = all / 2 + 1; part < all; part++) {
            tm_link_rules rules =
                rules_of((double)part / (double)all, TM_MEASURE_JACCARD, TM_LINK_REPRESENTATIVE);
            put_range(0, 1, 0, all);
            put_range(1, 1, 0, part);
            check(&rules, &sum);
        }
    }
    for (int percent = 1; percent <= 100; percent++) {
        for (uint64_t all = 1; all <= ELEMENTS; all++) {
            if ((uint64_t)percent * all % 100) continue;
            tm_link_rules rules =
                rules_of(percent / 100.0, TM_MEASURE_JACCARD, TM_LINK_REPRESENTATIVE);
            put_range(0, 1, 0, all);
            put_range(1, 1, 0, (uint64_t)percent * all / 100);
            check(&rules, &sum);
        }
    }
}

/* What is near to the second reference is merged into it, though the first is near to both: two of
 * a reference never stand for each other. */
static void every_record_of_a_reference_is_looked_at(void **state)
{
    tm_link_rules rules = rules_of(0.7, TM_MEASURE_JACCARD, TM_LINK_REPRESENTATIVE);
    answers got = {.count = 0};
    tm_err err = {0};
    uint64_t spilled;
    TM_UNUSED(state);
    rules.scope = (tm_scope){.across = TM_ACROSS_NONE, .against = 1};
    put_range(0, 0, 0, 40);
    put_range(1, 0, 5, 45);
    put_range(2, 1, 10, 50);
    assert_int_equal(link_with(&rules, 1 << 20, &got, &spilled, &err), TM_OK);
    assert_int_equal(got.count, 2);
    assert_int_equal(got.of[0].other.place, records[1].rid.place);
    assert_int_equal(got.of[1].cluster.place, records[1].rid.place);
    seen sum = {0};
    check(&rules, &sum);
}

/* One that lies wholly within another does not stand for it in a chain: what is near to the small
 * one alone is still linked. */
static void a_part_of_a_text_goes_on_with_the_chain(void **state)
{
    tm_link_rules rules = rules_of(0.9, TM_MEASURE_CONTAINMENT, TM_LINK_CHAIN);
    seen sum = {0};
    TM_UNUSED(state);
    put_range(0, 1, 0, 60);
    put_range(1, 1, 40, 60);
    put_range(2, 1, 42, 80);
    check(&rules, &sum);
    assert_int_equal(sum.merged, 2);
}

/* The flag says that something was left out, so not when the limit is just reached. */
static void only_what_was_not_compared_with_all_is_flagged(void **state)
{
    tm_link_rules rules = rules_of(0.99, TM_MEASURE_JACCARD, TM_LINK_REPRESENTATIVE);
    seen sum = {0};
    TM_UNUSED(state);
    for (size_t i = 0; i < 9; i++) put_range(i, 1, i, i + 50);
    for (rules.compare_most = 7; rules.compare_most < 10; rules.compare_most++) {
        sum.flagged = 0;
        check(&rules, &sum);
        assert_int_equal(sum.flagged, rules.compare_most == 7);
    }
}

static void a_drift_is_one_chain_and_several_representatives(void **state)
{
    tm_link_rules rules = rules_of(0.8, TM_MEASURE_JACCARD, TM_LINK_CHAIN);
    seen chains = {0}, representatives = {0};
    TM_UNUSED(state);
    for (size_t i = 0; i < 100; i++) put_range(i, 1, 3 * i, 3 * i + 60);
    check(&rules, &chains);
    rules.link = TM_LINK_REPRESENTATIVE;
    check(&rules, &representatives);
    assert_int_equal(chains.merged, 99);
    assert_int_equal(representatives.merged, 66); /* 60 of 66 are common with two, 54 of 69 not */
}

/* Sets of half a kilobyte by the thousand lie in a file. */
static void check_large(uint8_t link)
{
    enum { DISTINCT = 700 };
    static answers want, got;
    tm_link_rules rules = rules_of(0.95, TM_MEASURE_JACCARD, link);
    uint64_t spilled;
    tm_err err = {0};
    want.count = 0;
    for (size_t i = 0; i < ROOM; i++) {
        uint64_t from = 1000 * (i % DISTINCT);
        put_range(i, 1, from, from + 60 - (i >= DISTINCT));
        if (i < DISTINCT)
            want.of[want.count++] = (answer){.rid = records[i].rid, .cluster = records[i].rid};
        else
            say(&want, &records[i], &records[i % DISTINCT], false, 59.0 / 60);
    }
    for (uint64_t memory = 1 << 26; memory >= 1 << 18; memory >>= 8) {
        got.count = 0;
        tm_status status = link_with(&rules, memory, &got, &spilled, &err);
        if (status != TM_OK) fail_msg("%s", err.msg);
        assert_same(&got, &want, memory);
        assert_int_equal(spilled > 100000, memory == 1 << 18);
    }
    assert_int_equal(names_in(room("spill")), 0);
}

static void a_group_larger_than_memory_spills(void **state)
{
    TM_UNUSED(state);
    check_large(TM_LINK_REPRESENTATIVE);
    check_large(TM_LINK_CHAIN);
}

/* Each text is near to the next and to no other, and there are copies of all: with room for one
 * text at a time it is a chain all the same. */
static void a_chain_is_found_with_room_for_one_record(void **state)
{
    static answers want, got;
    tm_link_rules rules = rules_of(0.5, TM_MEASURE_JACCARD, TM_LINK_CHAIN);
    uint64_t spilled;
    tm_err err = {0};
    TM_UNUSED(state);
    want.count = got.count = 0;
    for (size_t i = 0; i < 600; i++) put_range(i, 1, 12 * (i % 200), 12 * (i % 200) + 40);
    for (size_t i = 1; i < count; i++) {
        size_t apart = 12 * (i % 200), both = apart < 40 ? 40 - apart : 0;
        say(&want, &records[i], &records[0], false, (double)both / (double)(80 - both));
    }
    want.of[want.count++] = (answer){.rid = records[0].rid, .cluster = records[0].rid};
    assert_int_equal(link_with(&rules, 1, &got, &spilled, &err), TM_OK);
    assert_same(&got, &want, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(representatives_are_those_of_a_loop_over_all_pairs),
        cmocka_unit_test(chains_are_those_of_a_loop_over_all_pairs),
        cmocka_unit_test(a_pair_right_at_the_threshold_is_merged),
        cmocka_unit_test(every_record_of_a_reference_is_looked_at),
        cmocka_unit_test(a_part_of_a_text_goes_on_with_the_chain),
        cmocka_unit_test(only_what_was_not_compared_with_all_is_flagged),
        cmocka_unit_test(a_drift_is_one_chain_and_several_representatives),
        cmocka_unit_test(a_group_larger_than_memory_spills),
        cmocka_unit_test(a_chain_is_found_with_room_for_one_record),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
