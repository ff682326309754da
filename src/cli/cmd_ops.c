/* ops: the registry of operators and codes, for people as a table or a page, for machines as
 * JSON. */
#include <string.h>

#include "cli/command.h"
#include "flow/codes.h"

typedef struct args {
    bool layouts, codes, schema, tables;
} args;

static bool is_first_of_group(size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(tm_ops[k]->group, tm_ops[i]->group) == 0) return false;
    return true;
}

static void list_ops(tm_buf *out)
{
    for (size_t i = 0; tm_ops[i]; i++) {
        if (!is_first_of_group(i)) continue;
        tm_buf_print(out, "%s%s\n", i ? "\n" : "", tm_ops[i]->group);
        for (size_t k = i; tm_ops[k]; k++)
            if (strcmp(tm_ops[k]->group, tm_ops[i]->group) == 0)
                tm_buf_print(out, "  %-16s %s\n", tm_ops[k]->name, tm_ops[k]->summary);
    }
}

static void list_codes(tm_buf *out)
{
    for (tm_code_walk at = {0}; tm_code_next(&at);)
        tm_buf_print(out, "%s %-34s %s\n", at.code->code, at.code->name, at.code->sentence);
}

static void list_layouts(tm_buf *out)
{
    for (size_t i = 0; tm_layouts[i]; i++)
        tm_buf_print(out, "%-20s %-10s %s\n", tm_layouts[i]->name,
                     tm_example_kind_name(tm_layouts[i]->kind), tm_layouts[i]->keys);
}

static tm_status unknown(tm_str name, tm_err *err)
{
    const char *names[512];
    size_t count = 0;
    for (; tm_ops[count] && count < TM_COUNT(names); count++) names[count] = tm_ops[count]->name;
    for (tm_code_walk at = {0}; count < TM_COUNT(names) && tm_code_next(&at);)
        names[count++] = at.code->name;
    const char *near = tm_str_suggest(name, names, count);
    return tm_fail(
        err, TM_EUSAGE,
        "there is no operator and no code \"%.*s\"%s%s%s: tamis ops lists the operators, "
        "tamis ops --codes the codes",
        TM_FMT(name), near ? "; did you mean \"" : "", near ? near : "", near ? "\"" : "");
}

/* By its code, or by the name that summaries, ledgers and explain show. */
static bool find_code(tm_str name, tm_code_walk *at)
{
    if (tm_code_find(name, at)) return true;
    for (*at = (tm_code_walk){0}; tm_code_next(at);)
        if (tm_str_is(name, at->code->name)) return true;
    return false;
}

static tm_status one(const tm_cli *cli, tm_str name, tm_buf *out, tm_err *err)
{
    tm_code_walk at;
    const tm_op *op = tm_op_named(name);
    if (op && cli->common.json)
        tm_op_json(op, out), tm_buf_char(out, '\n');
    else if (op)
        tm_help_op(op, out);
    else if (!find_code(name, &at))
        return unknown(name, err);
    else if (cli->common.json)
        tm_code_json(&at, out);
    else
        tm_help_code(&at, out);
    return TM_OK;
}

static tm_status fill(tm_cli *cli, tm_buf *out, tm_err *err)
{
    const args *a = cli->args;
    if (cli->words) return one(cli, cli->word[0], out, err);
    if (a->schema)
        tm_recipe_schema(out), tm_buf_char(out, '\n');
    else if (a->tables)
        tm_tables_json(out);
    else if (a->layouts && cli->common.json)
        tm_layouts_json(out);
    else if (a->layouts)
        list_layouts(out);
    else if (a->codes && cli->common.json)
        tm_codes_json(out);
    else if (a->codes)
        list_codes(out);
    else if (cli->common.json)
        tm_ops_json(out), tm_buf_char(out, '\n');
    else
        list_ops(out);
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
    {.name = "codes",
     .type = TM_P_BOOL,
     .at = offsetof(args, codes),
     .help = "list the codes of findings and errors instead"},
    {.name = "schema",
     .type = TM_P_BOOL,
     .at = offsetof(args, schema),
     .help = "print the JSON Schema of recipes instead"},
    {.name = "tables",
     .type = TM_P_BOOL,
     .at = offsetof(args, tables),
     .help = "print every table of the program as JSON: verbs, options, operators, codes ..."},
    {0},
};

const tm_command tm_command_ops = {
    .name = "ops",
    .words = "[NAME|CODE]",
    .summary = "list the operators, or say all about one, or about a code",
    .why = "The same tables that help, docs and recipe checks are made of; --json for machines. A "
           "code is what stands in round brackets behind a message: tamis ops T1701.",
    .example = "tamis ops dedup.exact",
    .params = PARAMS,
    .args_bytes = sizeof(args),
    .json = true,
    .first = TM_FIRST_OPERATOR,
    .run = run,
};
