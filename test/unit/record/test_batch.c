/* Batches: how they grow and are used again, how children are numbered, which parts a selector
 * names, and the names of the small enums. */
#include "record_help.h"

#include <math.h>

static void children_are_numbered_by_level(void **state)
{
    tm_rid root = {TM_PLACE(3, 77), 0}, a, b, c;
    (void)state;
    assert_true(tm_rid_child(root, 1, &a));
    assert_true(tm_rid_child(root, 2, &b));
    assert_true(tm_rid_child(a, 65535, &c));
    assert_int_equal(a.path, (uint64_t)1 << 48);
    assert_int_equal(c.path, (uint64_t)1 << 48 | (uint64_t)65535 << 32);
    assert_true(tm_rid_cmp(root, a) < 0 && tm_rid_cmp(a, c) < 0 && tm_rid_cmp(c, b) < 0);
    assert_false(tm_rid_child(root, 0, &a));
    assert_false(tm_rid_child(root, 65536, &a));
    assert_true(tm_rid_child(c, 1, &c) && tm_rid_child(c, 1, &c));
    assert_false(tm_rid_child(c, 1, &c));
    assert_int_equal(TM_PLACE_SOURCE(c.place), 3);
    assert_int_equal(TM_PLACE_OFFSET(c.place), 77);
}

static void a_batch_grows_and_is_used_again(void **state)
{
    static const tm_signal number = {.name = "n"}, word = {.name = "w", .type = TM_WORD};
    const tm_signal *signals[] = {&number, &word};
    fixture f;
    tm_buf out = {0};
    (void)state;
    fx_open(&f, NULL);
    for (int round = 0; round < 3; round++) {
        tm_arena_reset(&f.mem);
        assert_int_equal(tm_batch_reset(&f.b, 2, signals, 2, &f.err), TM_OK);
        assert_int_equal(f.b.records, 0);
        f.b.column[0].number[0] = 7;
        for (uint32_t i = 0; i < 1000; i++) {
            uint32_t r =
                fx_add(&f, i % 3 ? "{\"text\":\"a\"}" : "{\"prompt\":\"p\",\"completion\":\"c\"}");
            assert_int_equal(r, i);
            assert_true(tm_live(&f.b, r));
            assert_null(f.b.decision[r]);
        }
        assert_true(f.b.column[0].number[0] == 7.0);
        for (uint32_t i = 1; i < 1000; i++) {
            assert_true(isnan(f.b.column[0].number[i]));
            assert_null(f.b.column[1].word[i].p);
        }
        assert_string_equal(fx_parts(&f, 999, &out), "u0:p|a1*:c");
        assert_string_equal(fx_parts(&f, 1, &out), "d0*:a");
        assert_int_equal(f.b.parts, 1334);
        assert_int_equal(f.b.copies[5], 1);
    }
    fx_close(&f);
    tm_buf_release(&out);
}

static void selectors_name_parts(void **state)
{
    tm_part p = {.role = TM_ASSISTANT, .kind = TM_CONTENT, .flags = TM_PART_RESPONSE};
    (void)state;
    assert_true(tm_part_in(&p, TM_SEL_ASSISTANT) && tm_part_in(&p, TM_SEL_RESPONSE));
    assert_true(tm_part_in(&p, TM_SEL_ALL) && tm_part_in(&p, TM_SEL_EVERYTHING));
    assert_false(tm_part_in(&p, TM_SEL_PROMPT | TM_SEL_CHOSEN | TM_SEL_USER | TM_SEL_CALL));
    p = (tm_part){.role = TM_TOOL, .kind = TM_RESULT};
    assert_true(tm_part_in(&p, TM_SEL_TOOL) && tm_part_in(&p, TM_SEL_PROMPT));
    p = (tm_part){.role = TM_ASSISTANT, .kind = TM_REASONING, .answer = 1};
    assert_true(tm_part_in(&p, TM_SEL_REASONING) && tm_part_in(&p, TM_SEL_CHOSEN));
    p = (tm_part){.role = TM_ASSISTANT, .kind = TM_CALL, .answer = 3};
    assert_true(tm_part_in(&p, TM_SEL_CALL) && tm_part_in(&p, TM_SEL_REJECTED));
    p = (tm_part){.role = TM_ROLE_OTHER};
    assert_false(tm_part_in(&p, TM_SEL_SYSTEM | TM_SEL_USER | TM_SEL_ASSISTANT | TM_SEL_DOCUMENT));
    p.flags = TM_PART_COPY;
    assert_false(tm_part_in(&p, UINT32_MAX));
}

static void findings_are_noted(void **state)
{
    fixture f;
    (void)state;
    fx_open(&f, NULL);
    for (uint16_t i = 0; i < 100; i++)
        assert_int_equal(tm_find(&f.b, i, TM_NONE, 1, 2, i, 4, 0.5, &f.err), TM_OK);
    assert_int_equal(f.b.findings, 100);
    assert_int_equal(f.b.finding[99].step, 99);
    fx_close(&f);
}

static void names_are_what_the_docs_say(void **state)
{
    (void)state;
    assert_string_equal(tm_role_name(TM_TOOL), "tool");
    assert_string_equal(tm_part_kind_name(TM_RESULT), "result");
    assert_string_equal(tm_fate_name(TM_LIVE), "kept");
    assert_string_equal(tm_fate_name(TM_UNREADABLE), "unreadable");
    assert_string_equal(tm_example_kind_name(TM_PROMPT), "prompt");
    assert_string_equal(tm_verdict_name(TM_V_MERGE), "merge");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_are_numbered_by_level),
        cmocka_unit_test(a_batch_grows_and_is_used_again),
        cmocka_unit_test(selectors_name_parts),
        cmocka_unit_test(findings_are_noted),
        cmocka_unit_test(names_are_what_the_docs_say),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
