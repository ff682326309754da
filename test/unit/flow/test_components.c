/* Connected components against a naive union-find; no order of the edges makes a difference. */
#include "unit/base/base_help.h"

#include "flow/components.h"

enum { MOST = 100001, EDGES = 100000 };

static size_t up[MOST];     /* the naive union-find: every vertex holds its component's lowest */
static size_t answer[MOST]; /* what the module says; SIZE_MAX = nothing */
static size_t decided;
static tm_spill spill;
static uint64_t budget = 64 << 20; /* what the next components may take */

static tm_rid rid_of(size_t i) /* ascending, over sources and children */
{
    return (tm_rid){TM_PLACE(1 + i / 1000, i / 2 * 3), i % 2};
}

static size_t number_of(tm_rid rid)
{
    return (size_t)TM_PLACE_OFFSET(rid.place) / 3 * 2 + (size_t)rid.path;
}

static tm_status take(void *arg, tm_decisions *out, tm_err *err)
{
    tm_decision d;
    TM_UNUSED(err);
    for (size_t at = 0; tm_decisions_next(tm_buf_view(&out->bytes), &at, &d); decided++) {
        size_t i = number_of(d.rid);
        assert_true(i < MOST && answer[i] == SIZE_MAX); /* one decision a record */
        assert_int_equal(tm_rid_cmp(d.rid, rid_of(i)), 0);
        assert_int_equal(d.set, TM_D_OTHER);
        assert_int_equal(d.step, *(uint16_t *)arg);
        answer[i] = number_of(d.other);
    }
    tm_buf_clear(&out->bytes);
    out->count = 0;
    return TM_OK;
}

static void edge(tm_components *c, size_t a, size_t b)
{
    tm_edge edge = {rid_of(a), rid_of(b)};
    assert_int_equal(tm_components_edges(c, &edge, 1, NULL), TM_OK);
}

static void edges_at_once(tm_components *c, const size_t (*list)[2], size_t edges)
{
    tm_edge *all = tm_alloc((edges + 1) * sizeof *all);
    assert_non_null(all);
    for (size_t e = 0; e < edges; e++) all[e] = (tm_edge){rid_of(list[e][0]), rid_of(list[e][1])};
    assert_int_equal(tm_components_edges(c, all, edges, NULL), TM_OK);
    tm_free(all);
}

static tm_components *begin(void)
{
    tm_components *c = tm_components_new(&spill, budget);
    assert_non_null(c);
    for (size_t i = 0; i < MOST; i++) answer[i] = SIZE_MAX;
    decided = 0;
    return c;
}

static void end(tm_components *c)
{
    uint16_t step = 11;
    assert_int_equal(tm_components_decide(c, step, take, &step, NULL), TM_OK);
    tm_components_free(c);
    assert_int_equal(tm_alloc_live(), 0);
}

/* Relabels in full at every union: slow, and plainly right. */
static void naive(const size_t (*list)[2], size_t edges, size_t vertices)
{
    for (size_t i = 0; i < vertices; i++) up[i] = i;
    for (size_t e = 0; e < edges; e++) {
        size_t a = up[list[e][0]], b = up[list[e][1]];
        for (size_t i = 0; a != b && i < vertices; i++)
            if (up[i] == TM_MAX(a, b)) up[i] = TM_MIN(a, b);
    }
}

static void random_graphs_fall_apart_as_they_should(void **state)
{
    TM_UNUSED(state);
    enum { VERTICES = 600 };
    static size_t list[VERTICES * 2][2];
    for (size_t edges = 0; edges <= VERTICES * 2; edges += 1 + edges / 2) {
        static bool linked[VERTICES];
        size_t touched = 0;
        memset(linked, 0, sizeof linked);
        for (size_t e = 0; e < edges; e++)
            for (int side = 0; side < 2; side++) {
                list[e][side] = chance(VERTICES);
                touched += !linked[list[e][side]];
                linked[list[e][side]] = true;
            }
        naive((const size_t(*)[2])list, edges, VERTICES);
        for (int turn = 0; turn < 4; turn++) { /* the same edges in other orders and directions */
            tm_components *c = begin();
            if (turn == 3) edges_at_once(c, (const size_t(*)[2])list, edges);
            for (size_t e = 0; turn < 3 && e < edges; e++) {
                size_t at = turn == 0 ? e : turn == 1 ? edges - 1 - e : (e * 7919) % edges;
                edge(c, list[at][turn % 2], list[at][!(turn % 2)]);
                if (turn == 2) edge(c, list[e][0], list[e][1]);
            }
            end(c);
            assert_int_equal(decided, touched);
            for (size_t i = 0; i < VERTICES; i++)
                assert_int_equal(answer[i], linked[i] ? up[i] : SIZE_MAX);
        }
    }
}

/* Each way of laying the chain that makes bad trees deep. */
static void a_chain_of_100000_is_one_component(void **state)
{
    TM_UNUSED(state);
    for (int way = 0; way < 4; way++) {
        tm_components *c = begin();
        for (size_t e = 0; e < EDGES; e++) {
            size_t at = way == 0 ? e : way == 1 ? EDGES - 1 - e : e * 7919 % EDGES;
            if (way == 3) at = e < EDGES / 2 ? 2 * e : 2 * (e - EDGES / 2) + 1;
            edge(c, way % 2 ? at + 1 : at, way % 2 ? at : at + 1);
        }
        end(c);
        assert_int_equal(decided, EDGES + 1);
        for (size_t i = 0; i <= EDGES; i++) assert_int_equal(answer[i], 0);
    }
}

static void a_star_is_named_by_its_lowest_not_by_its_middle(void **state)
{
    TM_UNUSED(state);
    tm_components *c = begin();
    for (size_t i = 10; i < 5000; i++) edge(c, 2500, i);
    end(c);
    for (size_t i = 10; i < 5000; i++) assert_int_equal(answer[i], 10);
    assert_int_equal(decided, 4990);
}

static void an_edge_to_itself_is_a_component_of_one(void **state)
{
    TM_UNUSED(state);
    tm_components *c = begin();
    edge(c, 5, 5);
    edge(c, 5, 5);
    end(c);
    assert_int_equal(decided, 1);
    assert_int_equal(answer[5], 5);
    end(begin());
    assert_int_equal(decided, 0); /* no edges are no components */
}

static void goes_to_disk(uint64_t little, void (*graph)(void **state), void **state)
{
    budget = little;
    spill = (tm_spill){.folder = room("spill")};
    graph(state);
    budget = 64 << 20;
    assert_true(spill.ever > 0);
    assert_int_equal(spill.held, 0);
    assert_int_equal(names_in(spill.folder), 0);
}

/* Where some, a few or none of the vertices fit into memory. */
static void what_does_not_fit_goes_to_disk_and_changes_nothing(void **state)
{
    goes_to_disk(2 << 20, a_chain_of_100000_is_one_component, state);
    goes_to_disk(40000, a_star_is_named_by_its_lowest_not_by_its_middle, state);
    goes_to_disk(10000, random_graphs_fall_apart_as_they_should, state);
}

static tm_status stop(void *arg, tm_decisions *out, tm_err *err)
{
    TM_UNUSED(arg);
    TM_UNUSED(out);
    return tm_fail(err, TM_EIO, "no more");
}

static void a_taker_that_fails_ends_it(void **state)
{
    TM_UNUSED(state);
    tm_components *c = begin();
    tm_err err = {0};
    for (size_t i = 0; i < EDGES; i++) edge(c, i, i + 1);
    assert_int_equal(tm_components_decide(c, 0, stop, NULL, &err), TM_EIO);
    assert_string_equal(err.msg, "no more");
    tm_components_free(c);
    assert_int_equal(tm_alloc_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs_fall_apart_as_they_should),
        cmocka_unit_test(a_chain_of_100000_is_one_component),
        cmocka_unit_test(a_star_is_named_by_its_lowest_not_by_its_middle),
        cmocka_unit_test(an_edge_to_itself_is_a_component_of_one),
        cmocka_unit_test(what_does_not_fit_goes_to_disk_and_changes_nothing),
        cmocka_unit_test(a_taker_that_fails_ends_it),
    };
    return cmocka_run_group_tests(tests, make_room, leave_room);
}
