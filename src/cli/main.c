/* tamis: finds the verb, parses the command line, runs, and turns the status into an exit code.
 *
 * Every operator is a verb; the others are in commands.def. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

#define TM_COMMAND(name) extern const tm_command tm_command_##name;
#include "cli/commands.def"
#undef TM_COMMAND

const tm_command *const tm_commands[] = {
#define TM_COMMAND(name) &tm_command_##name,
#include "cli/commands.def"
#undef TM_COMMAND
    NULL,
};

const tm_command *tm_command_named(tm_str name)
{
    for (size_t i = 0; tm_commands[i]; i++)
        if (tm_str_is(name, tm_commands[i]->name)) return tm_commands[i];
    return NULL;
}

tm_status tm_cli_print(tm_str text, tm_err *err)
{
    return tm_file_write(STDOUT_FILENO, "standard output", text.p, text.n, err);
}

static tm_status print_help(const tm_command *command, const tm_op *op, tm_err *err)
{
    tm_buf out = {0};
    if (op)
        tm_help_op(op, &out);
    else if (command)
        tm_help_command(command, &out);
    else
        tm_help_all(&out);
    tm_status status = tm_buf_ok(&out, err);
    if (status == TM_OK) status = tm_cli_print(tm_buf_view(&out), err);
    tm_buf_release(&out);
    return status;
}

static tm_status unknown_verb(tm_str given, tm_err *err)
{
    const char *names[256];
    size_t count = 0;
    for (size_t i = 0; tm_commands[i]; i++) names[count++] = tm_commands[i]->name;
    for (size_t i = 0; tm_ops[i] && count < TM_COUNT(names); i++) names[count++] = tm_ops[i]->name;
    const char *near = tm_str_suggest(given, names, count);
    return tm_fail(err, TM_EUSAGE, "there is no verb \"%.*s\"%s%s%s", TM_FMT(given),
                   near ? "; did you mean \"" : "", near ? near : "",
                   near ? "\"?" : ": tamis --help lists them");
}

/* An operator as a verb: a recipe of one step. */
static tm_status run_op(tm_cli *cli, const tm_op *op, tm_err *err)
{
    tm_recipe recipe;
    TM_TRY(tm_recipe_verb(&recipe, cli->mem, op, cli->option, cli->options, err));
    tm_execution e = {.recipe = &recipe};
    return tm_cli_execute(cli, &e, err);
}

static tm_status run_verb(tm_cli *cli, int count, char **words, tm_err *err)
{
    if (count < 1) return print_help(NULL, NULL, err);
    tm_str verb = tm_str_of(words[0]);
    if (tm_str_is(verb, "--version")) return tm_cli_print(TM_STR("tamis " TM_VERSION "\n"), err);
    if (tm_str_is(verb, "--help") || tm_str_is(verb, "-h") || tm_str_is(verb, "help"))
        return print_help(count > 1 ? tm_command_named(tm_str_of(words[1])) : NULL,
                          count > 1 ? tm_op_named(tm_str_of(words[1])) : NULL, err);
    const tm_command *command = tm_command_named(verb);
    const tm_op *op = command ? NULL : tm_op_named(verb);
    if (!command && !op) return unknown_verb(verb, err);
    cli->verb = words[0];
    TM_TRY(tm_cli_parse(cli, command, op, count - 1, words + 1, err));
    if (cli->common.help) return print_help(command, op, err);
    if (command && !command->words[0] && cli->words)
        return tm_fail(err, TM_EUSAGE, "tamis %s takes no \"%.*s\": see tamis %s --help", words[0],
                       TM_FMT(cli->word[0]), words[0]);
    return command ? command->run(cli, err) : run_op(cli, op, err);
}

static bool colored(const tm_cli *cli)
{
    if (cli->common.color == TM_COLOR_AUTO) return cli->err_is_terminal;
    return cli->common.color == TM_COLOR_ALWAYS;
}

static void print_error(const tm_cli *cli, const tm_err *err)
{
    char text[1400];
    tm_err_print(err, text, sizeof text);
    bool bare = !err->source[0] && !err->line;
    const char *mark = strstr(text, "error: ");
    int before = mark ? (int)(mark - text) : 0;
    if (mark && colored(cli))
        fprintf(stderr, "%s%.*s\033[1;31merror:\033[0m %s\n", bare ? "tamis: " : "", before, text,
                mark + 7);
    else
        fprintf(stderr, "%s%s\n", bare ? "tamis: " : "", text);
}

/* A program started with a standard stream closed would get its number for the next file it opens,
 * and what is printed would end in that file. Reading and writing fail as they do on a closed
 * stream. */
static void hold_standard_streams(void)
{
    for (int f = 0; f <= STDERR_FILENO; f++)
        if (fcntl(f, F_GETFD) < 0) (void)open("/dev/null", f == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int count, char **words)
{
    tm_arena mem = {0};
    tm_err err = {0};
    tm_cli cli = {.mem = &mem,
                  .out_is_terminal = isatty(STDOUT_FILENO),
                  .err_is_terminal = isatty(STDERR_FILENO)};
    tm_alloc_settle();
    hold_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is a failed write, not a death */
    tm_status status = run_verb(&cli, count - 1, words + 1, &err);
    /* The recipe of a verb has no file: what is wrong with it has no place to name. */
    if (cli.verb && !err.line && tm_str_is(tm_str_of(cli.verb), err.source)) err.source[0] = 0;
    bool closed_pipe =
        status == TM_ECANCELLED && tm_str_ends(tm_str_of(err.msg), TM_STR(TM_OUTPUT_CLOSED));
    if (status != TM_OK && !closed_pipe) print_error(&cli, &err);
    tm_arena_release(&mem);
    return closed_pipe ? 0 : tm_status_exit(status); /* it has what it wants, as with rg or ruff */
}
