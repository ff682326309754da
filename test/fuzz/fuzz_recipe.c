/* Any bytes as a recipe: read, printed, read again, planned over two made-up inputs, and written as
 * JSON. Besides not crashing it holds that what is printed reads back and prints the same, and that
 * an error of a recipe has a place. */
#include "plan/plan.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plan_it(tm_arena *mem, const tm_recipe *r)
{
    tm_plan_input input[2] = {{.first_source = 1, .sources = 1, .container = "jsonl"},
                              {.first_source = 2, .sources = 3, .container = "json"}};
    static const char *const layout[2] = {"messages", "preference"};
    for (size_t i = 0; i < 2; i++) {
        input[i].from = i < r->inputs ? &r->input[i] : NULL;
        input[i].facts = (tm_input_facts){.bytes = 1 << 20, .records = 1000};
        input[i].layouts.layout[0] = tm_layout_named(tm_str_of(layout[i]));
        input[i].layouts.count = 1;
    }
    tm_plan *plan = NULL;
    tm_err err = {0};
    if (tm_plan_make(&plan, mem, r, input, 2, (tm_hash){1, 2}, &err) != TM_OK) {
        TM_ASSERT(err.msg[0]);
        return;
    }
    tm_buf json = {0};
    tm_plan_json(plan, &json);
    tm_json scan = {0};
    TM_ASSERT(!json.failed && tm_json_scan(&scan, json.p, json.n, 0, (tm_json_limits){0}));
    tm_json_release(&scan);
    tm_buf_release(&json);
    tm_plan_release(plan);
}

static void print_and_read_back(tm_arena *mem, const tm_recipe *r)
{
    tm_buf first = {0}, second = {0};
    tm_recipe again;
    tm_err err = {0};
    tm_recipe_print(r, &first);
    TM_ASSERT(!first.failed);
    TM_ASSERT(tm_recipe_read(&again, mem, TM_STR("printed"), tm_buf_view(&first), &err) == TM_OK);
    tm_recipe_print(&again, &second);
    TM_ASSERT(tm_str_eq(tm_buf_view(&first), tm_buf_view(&second)));
    tm_buf_release(&first);
    tm_buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tm_arena mem = {0};
    tm_recipe r;
    tm_err err = {0};
    tm_status status =
        tm_recipe_read(&r, &mem, TM_STR("fuzz"), (tm_str){(const char *)data, size}, &err);
    if (status == TM_OK) {
        print_and_read_back(&mem, &r);
        plan_it(&mem, &r);
    } else {
        TM_ASSERT(err.msg[0] && err.line && err.column);
    }
    tm_arena_release(&mem);
    return 0;
}
