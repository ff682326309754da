/* man: prints the manual page, so that it can be read before anything is installed. */
#include "cli/command.h"

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_buf out = {0};
    TM_UNUSED(cli);
    tm_man_page(&out);
    tm_status status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_man = {
    .name = "man",
    .words = "",
    .summary = "print the manual page (make install puts it in its place)",
    .why = "In mdoc, for man -l: made from the same tables as the help.",
    .example = "tamis man | man -l -",
    .params = PARAMS,
    .run = run,
};
