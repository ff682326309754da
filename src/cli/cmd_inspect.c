/* inspect: a first look at data: what it is, how long, how often the same, and what is wrong.
 *
 * A run that writes nothing: check.record, length and dedup.exact, all flagging, over the input.
 * What it counts is integers and smallest places, so the answer is the same for any number of
 * threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/inspection.h"
#include "report/report.h"

static tm_status make_recipe(tm_cli *cli, tm_recipe *recipe, tm_err *err)
{
    static const char TEXT[] = "steps:\n"
                               "  - check.record: {then: flag}\n"
                               "  - length\n"
                               "  - dedup.exact: {by: all, then: flag}\n";
    return tm_recipe_read(recipe, cli->mem, TM_STR("inspect"), tm_str_of(TEXT), err);
}

typedef struct inspecting {
    tm_cli *cli;
    tm_inspection *seen;
} inspecting;

static tm_status after(tm_run *run, void *arg, tm_err *err)
{
    inspecting *i = arg;
    tm_buf out = {0};
    if (i->cli->common.json)
        tm_inspection_json(i->seen, run, &out);
    else
        tm_inspection_text(i->seen, run, &out);
    tm_status status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_recipe recipe;
    tm_inspection *seen = tm_inspection_new();
    if (!seen) return tm_fail_memory(err, "inspect", 0);
    inspecting i = {cli, seen};
    tm_execution e = {.recipe = &recipe,
                      .options.measure_only = true,
                      .options.on_batch = tm_inspection_batch,
                      .options.batch_arg = seen,
                      .options.on_finding = tm_inspection_finding,
                      .options.finding_arg = seen,
                      .quiet_end = true,
                      .after = after,
                      .arg = &i};
    if (cli->common.output.n) { /* -o DIR/: a run folder with report.html, without data */
        cli->common.run = cli->common.output;
        cli->common.output = (tm_str){0};
    }
    tm_status status = make_recipe(cli, &recipe, err);
    if (status == TM_OK) status = tm_cli_execute(cli, &e, err);
    tm_inspection_free(seen);
    return status;
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_inspect = {
    .name = "inspect",
    .words = "INPUT...",
    .summary = "look at data: container, layout, roles, lengths, duplicates, the worst findings",
    .why = "The first thing to do with a new file. Says what it is and what was the runner-up, how "
           "many records can be read and where the first is that cannot, who speaks how often and "
           "how long, how much is there twice, and the five commonest findings, each with a place "
           "and the command that mends it. -o DIR/ keeps a run folder with report.html.",
    .example = "tamis inspect train.jsonl",
    .params = PARAMS,
    .runs = true,
    .run = run,
};
