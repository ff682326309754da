/* Plans: columns and names of signals, expressions checked step by step, hashes that change with
 * what decides results and with nothing else, costs, remarks, and the JSON of all of it. */
#include "toy_ops.h"

#include "text/json.h"

typedef struct fixture {
    tm_arena mem;
    tm_recipe r;
    tm_plan *plan;
    tm_plan_input input;
    tm_err err;
} fixture;

static tm_status make(fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    tm_status status = tm_recipe_read(&f->r, &f->mem, TM_STR("r.yaml"), tm_str_of(text), &f->err);
    if (status != TM_OK) return status;
    f->input = (tm_plan_input){.from = f->r.inputs ? f->r.input : NULL,
                               .first_source = 1,
                               .sources = 1,
                               .kind = TM_SFT,
                               .container = "jsonl",
                               .facts = {.bytes = 1000000, .records = 500}};
    f->input.layouts.layout[0] = tm_layout_named(TM_STR("messages"));
    f->input.layouts.count = 1;
    return tm_plan_make(&f->plan, &f->mem, &f->r, &f->input, 1, (tm_hash){1, 2}, &f->err);
}

static void done(fixture *f)
{
    tm_plan_release(f->plan);
    tm_arena_release(&f->mem);
}

static void must_make(fixture *f, const char *text)
{
    tm_status status = make(f, text);
    if (status != TM_OK)
        print_message("%s\n gave %d:%d %s\n", text, (int)f->err.line, (int)f->err.column,
                      f->err.msg);
    assert_int_equal(status, TM_OK);
}

static void refused(const char *text, uint64_t line, uint64_t column, const char *part)
{
    fixture f;
    tm_status status = make(&f, text);
    if (status == TM_OK || f.err.line != line || f.err.column != column || !strstr(f.err.msg, part))
        print_message("%s\n gave %d: %d:%d %s\n", text, (int)status, (int)f.err.line,
                      (int)f.err.column, f.err.msg);
    assert_int_equal(status, TM_ERECIPE);
    assert_int_equal(f.err.line, line);
    assert_int_equal(f.err.column, column);
    assert_non_null(strstr(f.err.msg, part));
    assert_string_equal(f.err.source, "r.yaml");
    done(&f);
}

static void signals_are_named_after_their_step(void **state)
{
    (void)state;
    fixture f;
    must_make(&f, "steps:\n  - look\n  - mix\n  - look: {name: late, least: 1}\n");
    assert_int_equal(f.plan->columns, 4);
    assert_true(tm_str_is(f.plan->signal_name[0], "look.words"));
    assert_true(tm_str_is(f.plan->signal_name[3], "late.kind"));
    assert_int_equal(f.plan->step[2].column, 2);
    assert_int_equal(f.plan->step[2].columns, 2);
    assert_int_equal(f.plan->step[1].columns, 0);
    assert_int_equal(f.plan->layouts.count, 1);
    done(&f);
}

static void every_prepared_step_is_released_once_also_after_a_failure(void **state)
{
    (void)state;
    fixture f;
    toy_prepared = toy_released = 0;
    must_make(&f, "steps: [look, {look: {name: b, least: 1}}]");
    done(&f);
    assert_int_equal(toy_prepared, 2);
    assert_int_equal(toy_released, 2);
    assert_int_equal(make(&f, "steps: [look, {look: {name: b, least: 13}}]"), TM_ERECIPE);
    assert_int_equal(toy_prepared, 3);
    assert_int_equal(toy_released, 3);
    assert_non_null(strstr(f.err.msg, "bad luck"));
    done(&f);
}

static void an_unknown_signal_stands_at_its_place_in_the_expression(void **state)
{
    (void)state;
    refused("steps:\n  - look\n  - filter: {keep: \"1 = 1 and look.wrds > 2\"}\n", 3, 31,
            "look.words");
    refused("steps:\n  - look\n  - filter:\n      drop: look.wrds > 2\n", 4, 13, "look.words");
    refused("steps:\n  - filter: {keep: \"look.words > 2\"}\n  - look\n", 2, 21,
            "move it behind that step");
    refused("steps:\n  - filter: {keep: \"(\"}\n", 2, 22, "keep of \"filter\"");
    refused("steps:\n  - look: {least: 13}\n", 2, 5, "bad luck");
}

static bool same_hash(tm_hash a, tm_hash b)
{
    return tm_hash_cmp(a, b) == 0;
}

/* Whether two recipes have the same name for the plan (and for the first step in *prefix). */
static bool same_plan(const char *one, const char *other, bool *prefix)
{
    fixture a, b;
    must_make(&a, one);
    must_make(&b, other);
    bool same = same_hash(a.plan->identity, b.plan->identity);
    *prefix = same_hash(a.plan->step[0].prefix, b.plan->step[0].prefix);
    done(&a);
    done(&b);
    return same;
}

static void a_plan_is_named_by_what_decides_results(void **state)
{
    (void)state;
    bool prefix;
    const char *base = "steps: [{look: {least: 4}}, {filter: {keep: 'look.words > 2'}}]";
    assert_true(same_plan(base,
                          "# a comment\nsteps:\n- look: {least: \"4\", how: fast}\n"
                          "- filter: {keep: \"look.words > 2\"}\n"
                          "output: {path: elsewhere}\nlimits: {memory: 3GiB, spill_dir: x}",
                          &prefix));
    assert_true(same_plan(base,
                          "steps: [{look: {least: 4, room: 9MiB}}, {filter: {keep: "
                          "'look.words > 2'}}]",
                          &prefix));
    assert_false(same_plan(base, "steps: [{look: {least: 4}}, {filter: {keep: 'look.words > 3'}}]",
                           &prefix));
    assert_true(prefix);
    assert_false(same_plan(base,
                           "seed: 1\nsteps: [{look: {least: 4}}, {filter: {keep: "
                           "'look.words > 2'}}]",
                           &prefix));
    assert_false(prefix);
    assert_false(same_plan(base,
                           "steps: [{look: {least: 4, then: flag}}, {filter: {keep: "
                           "'look.words > 2'}}]",
                           &prefix));
    assert_false(prefix);
    assert_false(same_plan(base,
                           "steps: [{look: {least: 4}}, {filter: {keep: 'look.words > 2'}}]\n"
                           "output: {ledger: none}",
                           &prefix));
    assert_true(prefix);
    assert_false(same_plan(base,
                           "steps: [{look: {least: 4}}, {filter: {keep: 'look.words > 2'}}]\n"
                           "limits: {max_line: 1MiB}",
                           &prefix));
    assert_false(prefix);
}

static void costs_add_up(void **state)
{
    (void)state;
    fixture one, two;
    must_make(&one, "steps: [look]");
    must_make(&two, "steps: [look, {look: {name: b, least: 1}}]");
    assert_int_equal(one.plan->step[0].cost.memory, 1024);
    assert_int_equal(two.plan->cost.memory, 2 * one.plan->cost.memory);
    assert_int_equal(two.plan->cost.shared, 100000);
    assert_int_equal(two.plan->cost.facts, 1000);
    assert_int_equal(two.plan->memory_needed - one.plan->memory_needed, 1024 + 50000);
    assert_true(one.plan->disk_needed >= 500000);
    done(&one);
    done(&two);
}

static void remarked(const char *text, const char *code, uint32_t line, uint32_t column)
{
    fixture f;
    must_make(&f, text);
    bool found = false;
    for (uint32_t i = 0; i < f.plan->lints; i++) {
        const tm_lint *l = &f.plan->lint[i];
        if (strcmp(l->code, code) == 0 && l->line == line && l->column == column) found = true;
    }
    if (!found) {
        print_message("%s\n", text);
        for (uint32_t i = 0; i < f.plan->lints; i++)
            print_message("  %d:%d %s %.*s\n", (int)f.plan->lint[i].line,
                          (int)f.plan->lint[i].column, f.plan->lint[i].code,
                          TM_FMT(f.plan->lint[i].sentence));
    }
    assert_true(found);
    done(&f);
}

static void plans_that_cannot_do_what_they_say_are_refused(void **state)
{
    (void)state;
    fixture f;
    refused("steps:\n  - filter: {drop: \"true\"}\n", 2, 20, "nothing is left");
    refused("steps:\n  - filter: {keep: \"false\"}\n", 2, 20, "nothing is left");
    refused("steps:\n  - filter: {keep: \"words(response) < 0\"}\n", 2, 20, "nothing is left");
    refused("steps:\n  - filter: {drop: \"words(response) >= 0\"}\n", 2, 20, "nothing is left");
    refused("steps:\n  - filter: {park: \"words(response) >= 0\"}\n", 2, 20, "nothing is left");
    refused("steps:\n  - look\n  - head: {records: 0}\n", 3, 21, "leaves nothing");
    refused("steps:\n  - ask\n  - look\n  - pii\n", 4, 5, "already sent it out");
    refused("steps:\n  - mix\n  - head: {records: 9}\n", 3, 5, "gives them another order");
    refused("steps:\n  - cut\n  - head: {records: 9}\n", 3, 5, "makes new ones");
    make(&f, "steps:\n  - head: {records: 0}\n");
    assert_string_equal(f.err.code, "T3103");
    done(&f);
}

static void steps_without_effect_are_remarked(void **state)
{
    (void)state;
    fixture f;
    remarked("steps:\n  - filter: {keep: \"true\"}\n", "T3102", 2, 20);
    remarked("steps:\n  - filter: {drop: \"false\"}\n", "T3102", 2, 20);
    remarked("steps:\n  - filter: {keep: \"words(response) >= 0\"}\n", "T3102", 2, 20);
    remarked("steps:\n  - filter: {drop: \"words(response) < 0\"}\n", "T3102", 2, 20);
    remarked("steps:\n  - filter: {park: \"words(response) < 0\"}\n", "T3102", 2, 20);
    remarked("steps:\n  - look: {then: flag}\noutput: {ledger: none}\n", "T3105", 2, 5);
    remarked("steps:\n  - mix\n  - mix: {name: again}\n", "T3106", 2, 5);
    remarked("steps:\n  - look\n  - look: {name: again}\n", "T3107", 3, 5);
    must_make(&f, "steps:\n  - pii\n  - head: {records: 3}\n  - ask\n  - look\n"
                  "  - mix\n  - filter: {keep: \"look.words > 3\", then: flag}\n"
                  "  - look: {name: c}\n");
    assert_int_equal(f.plan->lints, 0);
    done(&f);
}

static void is_json(const tm_buf *b)
{
    tm_json json = {0};
    assert_false(b->failed);
    if (!tm_json_scan(&json, b->p, b->n, 0, (tm_json_limits){0}))
        print_message("%s at %u in\n%.*s\n", tm_json_trouble_text(json.trouble), json.at, (int)b->n,
                      b->p);
    assert_int_equal(json.trouble, TM_JSON_OK);
    tm_json_release(&json);
}

static bool holds(const tm_buf *b, const char *part)
{
    return tm_str_find(tm_buf_view(b), tm_str_of(part)) < b->n;
}

static void a_plan_as_json_is_json_and_complete(void **state)
{
    (void)state;
    fixture f;
    tm_buf out = {0};
    must_make(&f, "seed: 3\ninputs: {a: {path: 'x\"y', tags: {k: v}}}\n"
                  "steps: [{look: {note: \"\\x01\\\"\", then: park}}, {filter: {keep: 'true'}}]\n");
    tm_plan_json(f.plan, &out);
    is_json(&out);
    assert_true(holds(&out, "\"look.words\""));
    assert_true(holds(&out, "\"least\":3"));
    assert_true(holds(&out, "\"then\":\"park\""));
    assert_true(holds(&out, "\"messages\""));
    assert_true(holds(&out, "\"T3102\""));
    assert_true(holds(&out, "\"memory_needed\":"));
    tm_buf_release(&out);
    done(&f);
}

static void the_registry_and_the_schema_are_json(void **state)
{
    (void)state;
    tm_buf out = {0};
    tm_ops_json(&out);
    is_json(&out);
    assert_true(holds(&out, "\"too-short\""));
    assert_true(holds(&out, "\"then\":[\"flag\",\"park\",\"drop\"]"));
    tm_buf_clear(&out);
    tm_recipe_schema(&out);
    is_json(&out);
    assert_true(holds(&out, "\"required\":[\"records\"]"));
    tm_buf_clear(&out);
    tm_params_json(tm_limit_params, &out);
    is_json(&out);
    tm_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_named_after_their_step),
        cmocka_unit_test(every_prepared_step_is_released_once_also_after_a_failure),
        cmocka_unit_test(an_unknown_signal_stands_at_its_place_in_the_expression),
        cmocka_unit_test(a_plan_is_named_by_what_decides_results),
        cmocka_unit_test(costs_add_up),
        cmocka_unit_test(plans_that_cannot_do_what_they_say_are_refused),
        cmocka_unit_test(steps_without_effect_are_remarked),
        cmocka_unit_test(a_plan_as_json_is_json_and_complete),
        cmocka_unit_test(the_registry_and_the_schema_are_json),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
