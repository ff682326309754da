/* completions: prints the completion script of a shell, made from the same tables as the help. */
#include "cli/command.h"

static tm_status run(tm_cli *cli, tm_err *err)
{
    tm_buf out = {0};
    if (cli->words != 1)
        return tm_fail(err, TM_EUSAGE, "tamis completions takes bash, zsh or fish");
    tm_status status = tm_completion(cli->word[0], &out, err);
    if (status == TM_OK) status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static const tm_param PARAMS[] = {{0}};

const tm_command tm_command_completions = {
    .name = "completions",
    .words = "SHELL",
    .summary = "print the completions of bash, zsh or fish (make install puts them in place)",
    .why = "Made from the same tables as the help, so they know every option of every verb.",
    .example = "tamis completions bash > ~/.local/share/bash-completion/completions/tamis",
    .params = PARAMS,
    .first = TM_FIRST_SHELL,
    .run = run,
};
