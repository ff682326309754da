/* ops: the registry of operators, for people as a table or a page, for machines as JSON. */
#include "cli/command.h"

typedef struct args {
    bool layouts, schema;
} args;

static void list_ops(tm_buf *out)
{
    const char *group = "";
    for (size_t i = 0; tm_ops[i]; i++) {
        const tm_op *op = tm_ops[i];
        if (!tm_str_is(tm_str_of(group), op->group))
            tm_buf_print(out, "%s%s\n", i ? "\n" : "", op->group);
        group = op->group;
        tm_buf_print(out, "  %-16s %s\n", op->name, op->summary);
    }
}

static void list_layouts(tm_buf *out)
{
    for (size_t i = 0; tm_layouts[i]; i++)
        tm_buf_print(out, "%-20s %-10s %s\n", tm_layouts[i]->name,
                     tm_example_kind_name(tm_layouts[i]->kind), tm_layouts[i]->keys);
}

static tm_status fill(tm_cli *cli, tm_buf *out, tm_err *err)
{
    const args *a = cli->args;
    if (a->schema) return tm_recipe_schema(out), TM_OK;
    if (a->layouts) return list_layouts(out), TM_OK;
    if (!cli->words) {
        if (cli->common.json)
            tm_ops_json(out), tm_buf_char(out, '\n');
        else
            list_ops(out);
        return TM_OK;
    }
    const tm_op *op = tm_op_named(cli->word[0]);
    if (!op)
        return tm_fail(err, TM_EUSAGE, "there is no operator \"%.*s\": tamis ops lists them",
                       TM_FMT(cli->word[0]));
    if (cli->common.json)
        tm_op_json(op, out), tm_buf_char(out, '\n');
    else
        tm_help_op(op, out);
    return TM_OK;
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_buf out = {0};
    tm_status status = fill(cli, &out, err);
    if (status == TM_OK) status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static const tm_param PARAMS[] = {
    {.name = "layouts",
     .type = TM_P_BOOL,
     .at = offsetof(args, layouts),
     .help = "list the layouts instead"},
    {.name = "schema",
     .type = TM_P_BOOL,
     .at = offsetof(args, schema),
     .help = "print the JSON Schema of recipes instead"},
    {0},
};

const tm_command tm_command_ops = {
    .name = "ops",
    .words = "[NAME]",
    .summary = "list the operators, or say all about one",
    .why = "The same table that help, docs and recipe checks are made of; --json for machines.",
    .example = "tamis ops dedup.exact",
    .params = PARAMS,
    .args_bytes = sizeof(args),
    .run = run,
};
