/* Recipes: every way to write one, every mistake with its place and the next thing to do, and
 * printing one so that it reads back the same. */
#include "toy_ops.h"

typedef struct fixture {
    tm_arena mem;
    tm_recipe r;
    tm_err err;
} fixture;

static tm_status read(fixture *f, const char *text)
{
    memset(f, 0, sizeof *f);
    return tm_recipe_read(&f->r, &f->mem, TM_STR("r.yaml"), tm_str_of(text), &f->err);
}

static void must_read(fixture *f, const char *text)
{
    tm_status status = read(f, text);
    if (status != TM_OK)
        print_message("%s\n gave %d:%d %s\n", text, (int)f->err.line, (int)f->err.column,
                      f->err.msg);
    assert_int_equal(status, TM_OK);
}

static void refused(const char *text, uint64_t line, uint64_t column, const char *part)
{
    fixture f;
    tm_status status = read(&f, text);
    if (status == TM_OK || f.err.line != line || f.err.column != column || !strstr(f.err.msg, part))
        print_message("%s\n gave %d: %d:%d %s\n", text, (int)status, (int)f.err.line,
                      (int)f.err.column, f.err.msg);
    assert_int_not_equal(status, TM_OK);
    assert_int_equal(tm_status_exit(status), 2);
    assert_int_equal(f.err.line, line);
    assert_int_equal(f.err.column, column);
    assert_non_null(strstr(f.err.msg, part));
    assert_string_equal(f.err.source, "r.yaml");
    tm_arena_release(&f.mem);
}

static void a_whole_recipe_is_read(void **state)
{
    (void)state;
    fixture f;
    must_read(&f, "seed: 7\n"
                  "inputs:\n"
                  "  logs:\n"
                  "    path: [a-*.jsonl, b.jsonl.gz]\n"
                  "    map: {messages: request.messages}\n"
                  "    tags: {licence: own, year: 2026}\n"
                  "    utf8: replace\n"
                  "references:\n"
                  "  evals: {path: evals.jsonl}\n"
                  "steps:\n"
                  "  - look\n"
                  "  - look: {name: again, least: 5, then: park}\n"
                  "  - filter: {keep: \"look.words > 2\"}\n"
                  "output: {path: out/x, format: jsonl, ledger: fates, shard: 64MiB, level: 5}\n"
                  "limits: {memory: 2GiB, unreadable: 0.1%, max_line: 1MiB}\n");
    assert_int_equal(f.r.seed, 7);
    assert_int_equal(f.r.inputs, 1);
    assert_true(tm_str_is(f.r.input[0].name, "logs"));
    assert_int_equal(f.r.input[0].paths, 2);
    assert_true(tm_str_is(f.r.input[0].path[1], "b.jsonl.gz"));
    assert_true(tm_str_is(f.r.input[0].map.item[0].value, "request.messages"));
    assert_int_equal(f.r.input[0].tags.count, 2);
    assert_true(f.r.input[0].replace_utf8);
    assert_int_equal(f.r.references, 1);
    assert_int_equal(f.r.steps, 3);
    assert_true(tm_str_is(f.r.step[1].name, "again"));
    assert_int_equal(f.r.step[1].then, TM_V_PARK);
    assert_int_equal(((const toy_look_args *)f.r.step[1].args)->least, 5);
    assert_int_equal(((const toy_look_args *)f.r.step[0].args)->least, 3);
    assert_int_equal(f.r.step[2].line, 13);
    assert_int_equal(f.r.step[2].at[0].line, 13);
    assert_int_equal(f.r.step[2].at[0].column, 20);
    assert_int_equal(f.r.output.ledger, 1);
    assert_int_equal(f.r.output.shard_bytes, 64 * TM_MIB);
    assert_int_equal(f.r.limits.memory, 2 * TM_GIB);
    assert_int_equal(f.r.limits.unreadable_count, -1);
    assert_true(f.r.limits.unreadable_share > 0.000999 && f.r.limits.unreadable_share < 0.001001);
    tm_arena_release(&f.mem);
}

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    fixture f;
    must_read(&f, "steps: []");
    assert_int_equal(f.r.seed, 0);
    assert_int_equal(f.r.inputs + f.r.references + f.r.steps, 0);
    assert_true(tm_str_is(f.r.output.format, "jsonl.zst"));
    assert_int_equal(f.r.output.ledger, 3);
    assert_int_equal(f.r.limits.memory, TM_GIB);
    assert_int_equal(f.r.limits.max_line, 64 * TM_MIB);
    assert_int_equal(f.r.limits.max_depth, 1024);
    assert_int_equal(f.r.limits.max_parts, 65536);
    assert_true(f.r.limits.unreadable_share == 0.05);
    tm_arena_release(&f.mem);
}

static void inputs_may_be_short_or_long_and_keep_their_order(void **state)
{
    (void)state;
    fixture f;
    must_read(&f, "inputs: a.jsonl");
    assert_true(f.r.inputs == 1 && tm_str_is(f.r.input[0].name, "input"));
    tm_arena_release(&f.mem);
    must_read(&f, "inputs: [z.jsonl, {path: a.jsonl, name: mine}, [b, c]]");
    assert_int_equal(f.r.inputs, 3);
    assert_true(tm_str_is(f.r.input[0].name, "input") &&
                tm_str_is(f.r.input[0].path[0], "z.jsonl"));
    assert_true(tm_str_is(f.r.input[1].name, "mine"));
    assert_true(tm_str_is(f.r.input[2].name, "input2") && f.r.input[2].paths == 2);
    tm_arena_release(&f.mem);
    must_read(&f, "inputs: {b: x, a: [y, z], c: {path: w, layout: messages}}");
    assert_true(tm_str_is(f.r.input[0].name, "b") && tm_str_is(f.r.input[1].name, "a"));
    assert_true(tm_str_is(f.r.input[2].layout, "messages"));
    tm_arena_release(&f.mem);
}

static void misspelt_names_get_a_suggestion_and_a_place(void **state)
{
    (void)state;
    refused("step: []\n", 1, 1, "did you mean \"steps\"?");
    refused("steps:\n  - lok\n", 2, 5, "did you mean \"look\"?");
    refused("steps:\n  - quite_different\n", 2, 5, "`tamis ops` lists them");
    refused("steps:\n  - look: {leest: 3}\n", 2, 12, "did you mean \"least\"?");
    refused("steps:\n  - look: {least: 3, nam: x}\n", 2, 22, "did you mean \"name\"?");
    refused("steps:\n  - look:\n      thenn: drop\n", 3, 7, "did you mean \"then\"?");
    refused("output: {ledgr: none}\n", 1, 10, "did you mean \"ledger\"?");
    refused("limits:\n  memry: 1GiB\n", 2, 3, "did you mean \"memory\"?");
    refused("inputs: {a: {pth: x}}\n", 1, 14, "did you mean \"path\"?");
    refused("inputs: {a: {path: x, layout: mesages}}\n", 1, 13, "did you mean \"messages\"?");
    refused("nonsense: 1\n", 1, 1, "it has seed, inputs");
}

static void bad_values_stand_at_their_own_place(void **state)
{
    (void)state;
    refused("seed: many\n", 1, 7, "seed takes a whole number");
    refused("seed: -1\n", 1, 7, "seed takes a whole number");
    refused("steps:\n  - look: {note: x, least: some}\n", 2, 28, "least");
    refused("steps:\n  - look: {least: 5000}\n", 2, 19, "least");
    refused("steps:\n  - look:\n      how: quick\n", 3, 12, "how");
    refused("steps:\n  - look: {least: [[1]]}\n", 2, 20, "a list inside a list");
    refused("output: {ledger: all}\n", 1, 18, "ledger");
    refused("limits: {unreadable: lots}\n", 1, 22, "a share in percent");
    refused("limits: {unreadable: 0.05}\n", 1, 22, "a share in percent");
    refused("limits: {unreadable: 101%}\n", 1, 22, "a share in percent");
    refused("limits: {max_depth: 0}\n", 1, 21, "max_depth");
    refused("inputs: {a: {path: x, utf8: maybe}}\n", 1, 29, "utf8");
}

static void a_step_of_the_wrong_form_says_the_right_one(void **state)
{
    (void)state;
    refused("steps:\n  - look:\n    least: 3\n", 3, 5, "indent \"least\" below \"look:\"");
    refused("steps: {look: {}}\n", 1, 8, "begin each step with \"- \"");
    refused("steps:\n  - [look]\n", 2, 5, "a step is an operator's name");
    refused("steps:\n  -\n", 2, 4, "a step is an operator's name");
    refused("steps:\n  - look: 3\n", 2, 11, "takes a map of parameters");
    refused("steps:\n  - head\n", 2, 5, "\"head\" needs \"records\"");
    refused("steps:\n  - head: {}\n", 2, 5, "\"head\" needs \"records\"");
    refused("[look]\n", 1, 1, "a recipe is a map");
    refused("just words\n", 1, 1, "a recipe is a map");
}

static void names_of_steps_and_inputs_are_unique_words(void **state)
{
    (void)state;
    refused("steps:\n  - look\n  - look\n", 3, 5, "needs a name of its own");
    refused("steps:\n  - look\n  - filter: {name: look, keep: a}\n", 3, 20,
            "the first is on line 2");
    refused("steps:\n  - look: {name: 2nd}\n", 2, 18, "cannot name a step");
    refused("steps:\n  - look: {name: a b}\n", 2, 18, "cannot name a step");
    refused("steps:\n  - look: {name: $x}\n", 2, 18, "cannot name a step");
    refused("inputs: [{path: a, name: x}, {path: b, name: x}]\n", 1, 30, "two inputs are named");
    refused("inputs: {'a b': x}\n", 1, 10, "cannot name an input");
    refused("inputs: {a: {path: []}}\n", 1, 13, "has no path");
    refused("inputs: {a: ''}\n", 1, 13, "has no path");
    refused("inputs: {a: {layout: messages}}\n", 1, 13, "needs \"path\"");
}

static void then_takes_what_the_codes_of_the_operator_allow(void **state)
{
    (void)state;
    fixture f;
    must_read(&f, "steps:\n  - look: {then: flag}\n");
    assert_int_equal(f.r.step[0].then, TM_V_FLAG);
    tm_arena_release(&f.mem);
    refused("steps:\n  - look: {then: fix}\n", 2, 18, "takes one of flag, park, drop, not \"fix\"");
    refused("steps:\n  - look: {then: [drop]}\n", 2, 18, "takes one of");
    refused("steps:\n  - mix: {then: drop}\n", 2, 17, "takes no \"then\"");
}

static void same_args(const tm_recipe_step *a, const tm_recipe_step *b)
{
    tm_buf x = {0}, y = {0};
    for (const tm_param *p = a->op->params; p && p->name; p++) {
        tm_param_print(p, a->args, &x);
        tm_param_print(p, b->args, &y);
    }
    assert_true(tm_str_eq(tm_buf_view(&x), tm_buf_view(&y)));
    tm_buf_release(&x);
    tm_buf_release(&y);
}

static void reads_back_the_same(const tm_recipe *r)
{
    tm_buf first = {0}, second = {0};
    fixture f = {0};
    tm_recipe_print(r, &first);
    assert_false(first.failed);
    tm_status status = tm_recipe_read(&f.r, &f.mem, r->name, tm_buf_view(&first), &f.err);
    if (status != TM_OK)
        print_message("%.*s\n gave %d:%d %s\n", TM_FMT(tm_buf_view(&first)), (int)f.err.line,
                      (int)f.err.column, f.err.msg);
    assert_int_equal(status, TM_OK);
    assert_int_equal(f.r.seed, r->seed);
    assert_int_equal(f.r.steps, r->steps);
    for (uint32_t i = 0; i < r->steps; i++) {
        assert_true(f.r.step[i].op == r->step[i].op && f.r.step[i].then == r->step[i].then);
        assert_true(tm_str_eq(f.r.step[i].name, r->step[i].name));
        same_args(&f.r.step[i], &r->step[i]);
    }
    assert_int_equal(f.r.limits.memory, r->limits.memory);
    assert_int_equal(f.r.limits.unreadable_count, r->limits.unreadable_count);
    tm_recipe_print(&f.r, &second);
    assert_true(tm_str_eq(tm_buf_view(&first), tm_buf_view(&second)));
    tm_buf_release(&first);
    tm_buf_release(&second);
    tm_arena_release(&f.mem);
}

static void a_printed_recipe_reads_back_to_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "steps: []",
        "seed: 18446744073709551615\nsteps: [look, {look: {name: b, least: 0, note: \"- a: 'b' # "
        "c\", deep: yes, how: slow, parts: [tail, middle], room: 3KiB, on: [prompt, response], "
        "share: 12.5%, weight: 0.1, keep: [max $.a.b, longest, \"a, b\"], set: {a: 1, b: \"1\", "
        "c.d: \"\", e: x y, f: -1.5e+3}, then: drop}}, {filter: {keep: \"a = 'b' and \\\"c\\\"\", "
        "drop: \"x\\ny\"}}, {head: {records: 0}}]",
        "inputs: {a: x, b: {path: [y, \"z *\"], map: {messages: a.b}, tags: {n: 1, s: \"1\"}, "
        "layout: messages, container: jsonl, codec: gzip, utf8: replace}}\nreferences: [q]\n"
        "output: {path: a b, format: json, ledger: none, shard: 1000, level: 19}\n"
        "limits: {memory: 77MiB, unreadable: 100, max_line: 1000, max_disk: 1TiB, max_depth: 10, "
        "max_parts: 99, spill_dir: /tmp}\n",
    };
    for (size_t i = 0; i < TM_COUNT(texts); i++) {
        fixture f;
        must_read(&f, texts[i]);
        reads_back_the_same(&f.r);
        tm_arena_release(&f.mem);
    }
}

static void a_verb_is_a_recipe_of_one_step(void **state)
{
    (void)state;
    fixture f = {0};
    tm_pair options[] = {
        {TM_STR_INIT("least"), TM_STR_INIT("9"), false},
        {TM_STR_INIT("set"), TM_STR_INIT("a=1"), false},
        {TM_STR_INIT("set"), TM_STR_INIT("b=x=y"), false},
        {TM_STR_INIT("keep"), TM_STR_INIT("longest"), false},
        {TM_STR_INIT("keep"), TM_STR_INIT("first"), false},
        {TM_STR_INIT("least"), TM_STR_INIT("8"), false},
        {TM_STR_INIT("then"), TM_STR_INIT("flag"), false},
    };
    assert_int_equal(tm_recipe_verb(&f.r, &f.mem, &toy_look, options, TM_COUNT(options), &f.err),
                     TM_OK);
    const toy_look_args *a = f.r.step[0].args;
    assert_int_equal(a->least, 8);
    assert_int_equal(a->set.count, 2);
    assert_true(tm_str_is(a->set.item[1].name, "b") && tm_str_is(a->set.item[1].value, "x=y"));
    assert_int_equal(a->keep.count, 2);
    assert_int_equal(f.r.step[0].then, TM_V_FLAG);
    assert_true(tm_str_is(f.r.text, "steps:\n  - look: {least: 8, keep: [longest, first], "
                                    "set: {a: 1, b: x=y}, then: flag}\n"));
    reads_back_the_same(&f.r);
    tm_arena_release(&f.mem);
}

static void a_verbs_wrong_option_is_refused(void **state)
{
    (void)state;
    fixture f = {0};
    tm_pair bad = {TM_STR_INIT("leest"), TM_STR_INIT("9"), false};
    assert_int_not_equal(tm_recipe_verb(&f.r, &f.mem, &toy_look, &bad, 1, &f.err), TM_OK);
    assert_non_null(strstr(f.err.msg, "did you mean \"least\"?"));
    tm_pair pair = {TM_STR_INIT("set"), TM_STR_INIT("nothing"), false};
    assert_int_not_equal(tm_recipe_verb(&f.r, &f.mem, &toy_look, &pair, 1, &f.err), TM_OK);
    assert_non_null(strstr(f.err.msg, "NAME=VALUE"));
    assert_int_not_equal(tm_recipe_verb(&f.r, &f.mem, &toy_head, NULL, 0, &f.err), TM_OK);
    assert_non_null(strstr(f.err.msg, "--records"));
    tm_arena_release(&f.mem);
}

static void an_input_can_be_added_by_a_front_end(void **state)
{
    (void)state;
    fixture f;
    must_read(&f, "steps: [look]");
    tm_str path = TM_STR("x.jsonl");
    tm_input_args args = {.path = {&path, 1}};
    assert_int_equal(tm_recipe_add_input(&f.r, (tm_str){0}, &args, &f.err), TM_OK);
    assert_int_equal(tm_recipe_add_input(&f.r, TM_STR("more"), &args, &f.err), TM_OK);
    assert_int_equal(f.r.inputs, 2);
    assert_true(tm_str_is(f.r.input[0].name, "input"));
    assert_int_not_equal(tm_recipe_add_input(&f.r, TM_STR("more"), &args, &f.err), TM_OK);
    tm_arena_release(&f.mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_recipe_is_read),
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(inputs_may_be_short_or_long_and_keep_their_order),
        cmocka_unit_test(misspelt_names_get_a_suggestion_and_a_place),
        cmocka_unit_test(bad_values_stand_at_their_own_place),
        cmocka_unit_test(a_step_of_the_wrong_form_says_the_right_one),
        cmocka_unit_test(names_of_steps_and_inputs_are_unique_words),
        cmocka_unit_test(then_takes_what_the_codes_of_the_operator_allow),
        cmocka_unit_test(a_printed_recipe_reads_back_to_the_same),
        cmocka_unit_test(a_verb_is_a_recipe_of_one_step),
        cmocka_unit_test(a_verbs_wrong_option_is_refused),
        cmocka_unit_test(an_input_can_be_added_by_a_front_end),
    };
    return cmocka_run_group_tests_name("recipe", tests, NULL, NULL);
}
