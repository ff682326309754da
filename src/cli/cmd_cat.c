/* cat: any input to JSONL on standard output, byte for byte. No layout is asked for: records are
 * validated and passed on. */
#include "cli/command.h"

typedef struct args {
    tm_str where;
} args;

static tm_status run(tm_cli *cli, tm_err *err)
{
    const args *a = cli->args;
    tm_recipe recipe;
    if (a->where.n) {
        tm_pair keep = {.name = TM_STR("keep"), .value = a->where};
        TM_TRY(tm_recipe_verb(&recipe, cli->mem, tm_op_named(TM_STR("filter")), &keep, 1, err));
    } else {
        TM_TRY(tm_recipe_begin(&recipe, cli->mem, TM_STR("cat"), err));
    }
    if (!tm_cli_given(cli, "output")) cli->common.output = TM_STR("-");
    tm_execution e = {.recipe = &recipe,
                      .options.scan_only = !cli->common.layout.n && !cli->common.map.count,
                      .quiet_end = true};
    return tm_cli_execute(cli, &e, err);
}

static const tm_param PARAMS[] = {
    {
        .name = "where",
        .type = TM_P_EXPR,
        .at = offsetof(args, where),
        .help = "only records for which this is true: an expression over fields, such as "
                "\"$.lang = 'en'\"",
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
        "Selectors such as response need --layout; fields ($.a.b) do not.",
    .example = "tamis cat logs/*.jsonl.zst --where \"$.model = 'm1'\" | head -3",
    .params = PARAMS,
    .args_bytes = sizeof(args),
    .runs = true,
    .run = run,
};
