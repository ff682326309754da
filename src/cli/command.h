/* tm_command: the description of one verb that is not an operator, and what every verb shares.
 *
 *   main.c      finds the verb, parses, runs, turns the status into an exit code
 *   options.c   the one parser of command lines and the table of common options
 *   execute.c   runs a recipe: where output goes, progress, Ctrl-C, the last lines
 *   cmd_*.c     one verb each, a line in commands.def
 *
 * Help, the man page and the completions come from these tables. */
#ifndef TM_CLI_COMMAND_H
#define TM_CLI_COMMAND_H

#include "flow/run.h"

typedef enum tm_color { TM_COLOR_AUTO, TM_COLOR_ALWAYS, TM_COLOR_NEVER } tm_color;

typedef struct tm_common { /* tm_common_params: options of every verb that runs */
    int64_t threads, batch_records;
    uint64_t seed, memory, max_line, max_disk, shard;
    int64_t max_parts, max_depth, level;
    tm_str unreadable, output, run, layout, container, codec, format, spill_dir;
    tm_pairs map;
    uint8_t color, utf8, ledger;
    bool json, quiet, resume, overwrite, dry_run, print_recipe, help;
} tm_common;
extern const tm_param tm_common_params[];

typedef struct tm_cli { /* one command line, parsed */
    tm_arena *mem;
    const char *verb;
    tm_common common;
    uint64_t given; /* bit i: tm_common_params[i] stood on the command line */
    tm_str *word;   /* what is not an option */
    uint32_t words, word_room;
    tm_pair *option; /* options of the operator, for tm_recipe_verb */
    uint32_t options, option_room;
    void *args; /* of the command, filled through its params */
    bool out_is_terminal, err_is_terminal;
} tm_cli;

typedef enum tm_first { /* what the first word behind a verb is */
                        TM_FIRST_FILE,
                        TM_FIRST_RUN, /* a run folder, or last */
                        TM_FIRST_OPERATOR,
                        TM_FIRST_SHELL,
} tm_first;

typedef struct tm_command {
    const char *name, *words, *summary, *why, *example;
    const tm_param *params; /* its own options; ends with {0} */
    size_t args_bytes;
    bool runs;                  /* takes the common options of runs */
    const char *const *without; /* but for these, which it has no use for; NULL: none */
    bool json;                  /* does not run, and takes --json */
    tm_first first;             /* what its first word is, for completions */
    tm_status (*run)(tm_cli *cli, tm_err *err);
} tm_command;
extern const tm_command *const tm_commands[]; /* NULL-terminated */
const tm_command *tm_command_named(tm_str name);

/* option_walk.c */
typedef enum tm_option_kind {
    TM_OPTION_OWN,    /* of the command or the operator */
    TM_OPTION_STEP,   /* tm_step_params, of operators as verbs */
    TM_OPTION_COMMON, /* tm_common_params */
    TM_OPTION_END,
} tm_option_kind;
typedef struct tm_option_walk {
    const tm_command *command; /* one of the two is set by the caller, and all else 0 */
    const tm_op *op;
    const tm_param *option; /* where the walk is; good until the next step of it */
    tm_option_kind kind;    /* of that option */
    size_t at;              /* private from here on */
    tm_param made;
    const char *word[TM_V_MERGE + 2];
} tm_option_walk;
extern const tm_param tm_step_params[];    /* then: has other words for each operator */
bool tm_option_next(tm_option_walk *walk); /* false at the end */
/* Whether a common option is one of the command's: not if it has its own of that name. */
bool tm_command_takes(const tm_command *command, const tm_param *common);

/* options.c */
tm_status tm_cli_parse(tm_cli *cli, const tm_command *command, const tm_op *op, int count,
                       char **words, tm_err *err);
bool tm_cli_given(const tm_cli *cli, const char *common_name);

/* recipes.c: what the common options say, into a recipe */
tm_status tm_cli_recipe(tm_cli *cli, tm_recipe *recipe, tm_err *err);
tm_status tm_cli_add_inputs(tm_cli *cli, tm_recipe *recipe, tm_err *err);

/* How a write ends its sentence when the reader of the pipe has gone (tm_file_write). */
#define TM_OUTPUT_CLOSED " was closed"

/* execute.c */
typedef struct tm_execution {
    tm_recipe *recipe;
    tm_run_options options;
    bool quiet_end; /* no waterfall: the verb prints its own */
    bool passing;   /* its run folder goes when the verb is done: never the `last` one */
    /* Once it is known what the inputs are, unless they can be read only once: true when the recipe
     * was changed for it, and is to be taken up anew. May be NULL. */
    bool (*reconsider)(const tm_run *run, tm_recipe *recipe, void *arg);
    /* After a run that was not interrupted, before it is closed; may be NULL. */
    tm_status (*after)(tm_run *run, void *arg, tm_err *err);
    void *arg;
} tm_execution;
tm_status tm_cli_execute(tm_cli *cli, tm_execution *e, tm_err *err);
tm_status tm_cli_print(tm_str text, tm_err *err); /* to standard output, whole */

/* progress.c */
typedef struct tm_ticker tm_ticker;
tm_ticker *tm_ticker_start(tm_run *run); /* NULL when there is no thread or memory for it */
void tm_ticker_stop(tm_ticker *t);

/* help.c, manpage.c, completion.c, tables_json.c */
struct tm_code_walk;
void tm_help_all(tm_buf *out);
void tm_help_command(const tm_command *c, tm_buf *out);
void tm_help_op(const tm_op *op, tm_buf *out);
void tm_help_code(const struct tm_code_walk *at, tm_buf *out);
void tm_man_page(tm_buf *out);
void tm_tables_json(tm_buf *out); /* every table there is: what docs/reference is made of */
void tm_layouts_json(tm_buf *out);
void tm_codes_json(tm_buf *out);
void tm_code_json(const struct tm_code_walk *at, tm_buf *out);
tm_status tm_completion(tm_str shell, tm_buf *out, tm_err *err);

#endif
