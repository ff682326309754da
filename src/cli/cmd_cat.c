/* cat: any input to JSONL on standard output, byte for byte. Records are validated and passed on;
 * layouts are looked for only when --where asks for texts. */
#include "cli/command.h"
#include "expr/expr.h"

typedef struct args {
    tm_str where;
} args;

/* Checks the condition, and whether it looks at texts. */
static tm_status look_at(tm_cli *cli, tm_str where, bool *parts, tm_err *err)
{
    static const tm_layout_set none;
    tm_expr_env env = {.layouts = &none, .binds = parts};
    tm_expr *e = NULL;
    tm_err wrong = {0};
    tm_status status = tm_expr_compile(cli->mem, where, &env, TM_E_TRUTH, &e, &wrong);
    if (status != TM_OK)
        return tm_fail(err, status == TM_EMEMORY ? status : TM_EUSAGE, "--where, column %llu: %s",
                       (unsigned long long)wrong.column, wrong.msg);
    tm_expr_release(e);
    return TM_OK;
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    const args *a = cli->args;
    tm_recipe recipe;
    bool parts = false;
    if (a->where.n) TM_TRY(look_at(cli, a->where, &parts, err));
    if (a->where.n) {
        tm_pair keep = {.name = TM_STR("keep"), .value = a->where};
        TM_TRY(tm_recipe_verb(&recipe, cli->mem, tm_op_named(TM_STR("filter")), &keep, 1, err));
        recipe.name = TM_STR("cat");
    } else {
        TM_TRY(tm_recipe_begin(&recipe, cli->mem, TM_STR("cat"), err));
    }
    if (!tm_cli_given(cli, "output")) cli->common.output = TM_STR("-");
    tm_execution e = {.recipe = &recipe,
                      .options.scan_only = !cli->common.layout.n && !cli->common.map.count &&
                                           !parts && !cli->common.dry_run,
                      .quiet_end = !cli->common.json};
    return tm_cli_execute(cli, &e, err);
}

static const tm_param PARAMS[] = {
    {
        .name = "where",
        .type = TM_P_EXPR,
        .at = offsetof(args, where),
        .help = "only records for which this is true: an expression over fields and texts, such "
                "as \"$.lang = 'en'\" or \"words(response) > 9\"",
    },
    {0},
};

const tm_command tm_command_cat = {
    .name = "cat",
    .words = "INPUT...",
    .summary = "any input to JSONL on standard output, verbatim",
    .why =
        "Decompresses, validates and prints each record's own bytes and a newline. Elements of a "
        "JSON array come one a line. Records that cannot be read are named on standard error. "
        "Where --where asks for texts (words(response) > 9) a record must fit a layout; fields "
        "($.a.b) need none.",
    .example = "tamis cat logs/*.jsonl.zst --where \"$.model = 'm1'\" | head -3",
    .params = PARAMS,
    .args_bytes = sizeof(args),
    .runs = true,
    .run = run,
};
