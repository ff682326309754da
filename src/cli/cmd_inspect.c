/* inspect: a first look at data: what it is, how long, how often the same, and what is wrong.
 *
 * A run that writes nothing: check.record, length and dedup.exact, all flagging, over the input.
 * What it counts is integers and smallest places, so the answer is the same for any number of
 * threads. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/system.h"
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

/* -o PAGE.html: the run folder stands beside it while it is made, under a name of its own. */
static tm_status folder_beside(tm_cli *cli, tm_str page, tm_str *folder, tm_err *err)
{
    const char *path = tm_path_z(cli->mem, page);
    if (!path) return tm_fail_memory(err, "a path", page.n);
    if (tm_file_exists(path) && !cli->common.overwrite)
        return tm_fail(err, TM_EEXISTS, "%s is there already: give --overwrite or another -o",
                       path);
    *folder = tm_str_of(
        tm_arena_printf(cli->mem, "%s.tmp-%llu", path, (unsigned long long)tm_process_id()));
    return folder->p ? TM_OK : tm_fail_memory(err, "a path", page.n);
}

static tm_status take_page(tm_cli *cli, tm_str folder, tm_str page, tm_err *err)
{
    tm_buf html = {0};
    const char *from = tm_path_join(cli->mem, folder.p, "report.html");
    const char *to = tm_path_z(cli->mem, page);
    if (!from || !to) return tm_fail_memory(err, "a path", page.n);
    tm_status status = tm_file_load(from, UINT32_MAX, &html, err);
    if (status == TM_OK) status = tm_file_save(to, tm_buf_view(&html), true, err);
    tm_buf_release(&html);
    return status;
}

/* -o DIR/: a run folder with report.html, without data. */
static tm_status execute(tm_cli *cli, tm_execution *e, tm_err *err)
{
    tm_str output = cli->common.output;
    bool page = tm_str_ends(output, TM_STR(".html"));
    cli->common.output = (tm_str){0};
    if (output.n) cli->common.run = output;
    if (!page) return tm_cli_execute(cli, e, err);
    TM_TRY(folder_beside(cli, output, &cli->common.run, err));
    e->passing = true;
    e->options.writes[0] = tm_path_z(cli->mem, output);
    if (!e->options.writes[0]) return tm_fail_memory(err, "a path", output.n);
    tm_status status = tm_cli_execute(cli, e, err);
    bool done = status == TM_OK || status == TM_EFINDINGS || status == TM_EINPUT;
    tm_err why = {0};
    if (done && tm_file_exists(cli->common.run.p)) {
        tm_status taken = take_page(cli, cli->common.run, output, &why);
        if (taken != TM_OK && err) *err = why; /* a page that is missing outweighs a finding */
        if (taken != TM_OK) status = taken;
    }
    tm_status removed = tm_folder_remove(cli->common.run.p, &why);
    if (removed == TM_OK || tm_status_exit(status) == 5 || !tm_file_exists(cli->common.run.p))
        return status;
    if (err) *err = why; /* a folder of raw text that stays is not to be passed over */
    return removed;
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
    tm_status status = make_recipe(cli, &recipe, err);
    if (status == TM_OK) status = execute(cli, &e, err);
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
           "and the command that mends it. -o report.html writes that page, -o DIR/ keeps a "
           "run folder with it.",
    .example = "tamis inspect train.jsonl",
    .params = PARAMS,
    .runs = true,
    .run = run,
};
