/* The one parser of command lines.
 *
 * --name value, --name=value, --flag, --no-flag, -n 5 and -n5 for what has a letter, and -- to end
 * options. A name is looked for among the verb's own options, then the operator's, then the common
 * ones; a misspelt one is an error with a suggestion. Values go through tm_param_set, as in a
 * recipe. */
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "cli/command.h"

static const char *const COLORS[] = {"auto", "always", "never", NULL};
static const char *const UTF8[] = {"strict", "replace", NULL};
static const char *const LEDGERS[] = {"none", "fates", "reasons", "signals", NULL};

#define AT(field) offsetof(tm_common, field)
const tm_param tm_common_params[] = {
    {"output", TM_P_TEXT, AT(output), .flags = TM_P_PATH,
     .help = "-o DIR/ makes a run folder, -o FILE writes just the data, -o - is standard output",
     .letter = 'o'},
    {"run", TM_P_TEXT, AT(run), .flags = TM_P_PATH,
     .help = "keep a run folder here beside a file or a pipe"},
    {"threads", TM_P_INT, AT(threads), .min = 0, .max = 1024,
     .help = "worker threads; without it, one a processor", .letter = 'j'},
    {"memory", TM_P_SIZE, AT(memory), .help = "the most memory a run may take; the rest spills"},
    {"seed", TM_P_U64, AT(seed),
     .help = "decides every draw and shuffle: 0 to 18446744073709551615, as in a recipe"},
    {"max_line", TM_P_SIZE, AT(max_line), .min = 1, .max = 1e15,
     .help = "a longer record is unreadable"},
    {"limit_unreadable", TM_P_TEXT, AT(unreadable),
     .help = "exit 1 above so many unreadable records: a count (100) or a share (0.1%)"},
    {"layout", TM_P_TEXT, AT(layout),
     .help = "the layout of the records, or several (messages,alpaca), when a sample misleads"},
    {"map", TM_P_PAIRS, AT(map),
     .help = "bind other JSON, once a name: --map prompt=in.q --map response=out[0].text"},
    {"utf8", TM_P_CHOICE, AT(utf8), .choices = UTF8,
     .help = "bytes that are not UTF-8: strict (unreadable) or replace (read as U+FFFD)"},
    {"container", TM_P_TEXT, AT(container), .help = "the container, when the content misleads"},
    {"codec", TM_P_TEXT, AT(codec), .help = "the compression, when the content misleads"},
    {"format", TM_P_TEXT, AT(format), .choices = tm_format_choices,
     .help = "container and compression of the output: jsonl, jsonl.zst, jsonl.gz, json, json.zst, "
             "json.gz"},
    {"level", TM_P_INT, AT(level), .min = 0, .max = 22, .help = "compression level of the output"},
    {"shard", TM_P_SIZE, AT(shard),
     .help = "the most decoded bytes of one data file; a longer record has one to itself"},
    {"ledger", TM_P_CHOICE, AT(ledger), .choices = LEDGERS, .fallback = "signals",
     .help = "how much the ledger says of each record"},
    {"max_parts", TM_P_INT, AT(max_parts), .min = 1, .max = 16777216,
     .help = "a record of more texts is unreadable"},
    {"max_depth", TM_P_INT, AT(max_depth), .min = 1, .max = 65000,
     .help = "a record nested deeper is unreadable"},
    {"spill_dir", TM_P_TEXT, AT(spill_dir), .flags = TM_P_PATH, .help = "where spill files go"},
    {"max_disk", TM_P_SIZE, AT(max_disk), .help = "the most disk that spilling may take"},
    {"resume", TM_P_BOOL, AT(resume), .fallback = "true",
     .help =
         "take up an unfinished run of the same plan, as is done without it; said, a run is not "
         "begun"},
    {"overwrite", TM_P_BOOL, AT(overwrite),
     .help = "replace an existing result, or an unfinished run of another plan"},
    {"dry_run", TM_P_BOOL, AT(dry_run), .help = "print the plan with its cost and stop"},
    {"print_recipe", TM_P_BOOL, AT(print_recipe), .help = "print the recipe and stop"},
    {"json", TM_P_BOOL, AT(json), .help = "one JSON object on standard output"},
    {"quiet", TM_P_BOOL, AT(quiet), .help = "say only what went wrong", .letter = 'q'},
    {"color", TM_P_CHOICE, AT(color), .choices = COLORS, .fallback = "auto",
     .help = "colours in messages"},
    {"batch_records", TM_P_INT, AT(batch_records), .min = 0, .max = 1e6,
     .help = "records a batch; changes no result (for tests)"},
    {"help", TM_P_BOOL, AT(help), .help = "this text", .letter = 'h'},
    {0},
};

static tm_str underscored(tm_cli *cli, tm_str name)
{
    char *copy = tm_arena_alloc(cli->mem, name.n + 1, 1);
    if (!copy) return (tm_str){0};
    for (size_t i = 0; i < name.n; i++) copy[i] = name.p[i] == '-' ? '_' : name.p[i];
    copy[name.n] = 0;
    return (tm_str){copy, name.n};
}

static const tm_param *find(const tm_cli *cli, const tm_command *command, const tm_op *op,
                            tm_str name, bool *common, bool *own)
{
    const tm_param *param = command ? tm_params_find(command->params, name) : NULL;
    *common = *own = false;
    if (param) return *own = true, param;
    if (op && (param = tm_params_find(op->params, name))) return param;
    TM_UNUSED(cli);
    param = tm_params_find(tm_common_params, name);
    if (param && !tm_command_takes(command, param)) return NULL;
    *common = param != NULL;
    return param || !op ? param : tm_params_rest(op->params);
}

static tm_status unknown(const tm_command *command, const tm_op *op, tm_str given, tm_err *err)
{
    const char *names[256];
    size_t count = 0;
    tm_option_walk walk = {.command = command, .op = op};
    while (count < TM_COUNT(names) && tm_option_next(&walk)) names[count++] = walk.option->name;
    if (op) TM_TRY(tm_op_elsewhere(op, given, err));
    char shown[96];
    const char *near = tm_str_suggest(given, names, count);
    snprintf(shown, sizeof shown, "%s", near ? near : "");
    for (char *c = shown; *c; c++)
        if (*c == '_') *c = '-';
    return tm_fail(err, TM_EUSAGE, "there is no option --%.*s%s%s%s", TM_FMT(given),
                   near ? "; did you mean --" : "", shown, near ? "?" : ": see --help");
}

/* An operator that takes names of its own (split) would take a misspelt option for one. */
static tm_status refuse_slip(const tm_op *op, const tm_param *rest, tm_str name, tm_str given,
                             tm_err *err)
{
    const char *near = tm_params_slip(op->params, name);
    if (!near) near = tm_params_slip(tm_common_params, name);
    if (!near) return TM_OK;
    return tm_fail(err, TM_EUSAGE,
                   "there is no option --%.*s; did you mean --%s? If it is meant as a name, "
                   "write --%s %.*s=...",
                   TM_FMT(given), near, rest->name, TM_FMT(given));
}

static tm_status note_option(tm_cli *cli, tm_str name, tm_str value, tm_err *err)
{
    if (!TM_ROOM(cli->mem, cli->option, cli->options, cli->option_room, 1))
        return tm_fail_memory(err, "the options", 0);
    cli->option[cli->options++] = (tm_pair){.name = name, .value = value};
    return TM_OK;
}

static tm_status set(tm_cli *cli, const tm_param *param, void *args, tm_str value, tm_err *err)
{
    tm_pvalue v = {.form = TM_PV_SCALAR, .scalar = value};
    tm_status status = tm_param_set(param, args, &v, cli->mem, err);
    return status == TM_ERECIPE ? TM_EUSAGE : status;
}

typedef struct line { /* where the parser is */
    int count, at;
    char **word;
} line;

/* --no-flag; *name becomes the flag's. */
static bool is_negated(const tm_command *command, const tm_op *op, tm_str *name)
{
    bool common, own;
    tm_str flag = tm_str_slice(*name, 3, name->n);
    if (!tm_str_starts(*name, TM_STR("no_"))) return false;
    const tm_param *param = find(NULL, command, op, flag, &common, &own);
    if (!param || param->type != TM_P_BOOL) return false;
    *name = flag;
    return true;
}

static tm_status parse_option(tm_cli *cli, const tm_command *command, const tm_op *op, line *l,
                              tm_str text, tm_err *err)
{
    tm_str given, value, name;
    bool common, own, has_value = tm_str_cut(text, '=', &given, &value);
    name = underscored(cli, given);
    if (!name.p) return tm_fail_memory(err, "the options", 0);
    bool reserved = op && tm_params_find(tm_step_params, name);
    bool negated = is_negated(command, op, &name);
    const tm_param *param = find(cli, command, op, name, &common, &own);
    if (!param && !reserved) return unknown(command, op, given, err);
    if (param && param->flags & TM_P_REST && !tm_str_is(name, param->name) && !reserved)
        TM_TRY(refuse_slip(op, param, name, given, err));
    bool flag = param && param->type == TM_P_BOOL;
    if (flag && !has_value) value = negated ? TM_STR("false") : TM_STR("true");
    if (!flag && !has_value) {
        if (l->at >= l->count)
            return tm_fail(err, TM_EUSAGE, "%s needs a value", l->word[l->at - 1]);
        value = tm_str_of(l->word[l->at++]);
    }
    if (own) return set(cli, param, cli->args, value, err);
    if (!common) return note_option(cli, name, value, err);
    uint64_t bit = (uint64_t)1 << (param - tm_common_params);
    if (param->flags & TM_P_PATH) {
        if (!value.n) return tm_fail(err, TM_EUSAGE, "--%.*s needs a name", TM_FMT(given));
        if (cli->given & bit)
            return tm_fail(err, TM_EUSAGE, "--%.*s is given twice: once is all it takes",
                           TM_FMT(given));
    }
    cli->given |= bit;
    return set(cli, param, &cli->common, value, err);
}

/* "records" of -n, "records=5" of -n5; empty: no letter of this verb's. */
static tm_status spell_out(tm_cli *cli, const tm_command *command, const tm_op *op, tm_str word,
                           tm_str *longer, tm_err *err)
{
    if (word.n < 2 || word.p[0] != '-') return TM_OK;
    tm_option_walk walk = {.command = command, .op = op};
    bool found = false;
    while (!found && tm_option_next(&walk)) found = walk.option->letter == word.p[1];
    const tm_param *param = walk.option;
    if (!found || (word.n > 2 && param->type == TM_P_BOOL)) return TM_OK;
    *longer = tm_str_of(param->name);
    if (word.n == 2) return TM_OK;
    char *both = tm_arena_printf(cli->mem, "%s=%s", param->name, word.p + 2);
    if (!both) return tm_fail_memory(err, "the options", word.n);
    return *longer = tm_str_of(both), TM_OK;
}

/* -:3 and -@120 are places in standard input, for explain. */
static bool is_stdin_place(tm_str word)
{
    return word.n > 2 && (word.p[1] == ':' || word.p[1] == '@');
}

tm_status tm_cli_parse(tm_cli *cli, const tm_command *command, const tm_op *op, int count,
                       char **words, tm_err *err)
{
    line l = {.count = count, .word = words};
    bool ended = false;
    TM_TRY(tm_params_default(tm_common_params, &cli->common, cli->mem, err));
    if (command && command->args_bytes) {
        cli->args = tm_arena_zero(cli->mem, 1, command->args_bytes);
        if (!cli->args) return tm_fail_memory(err, "the options", command->args_bytes);
        TM_TRY(tm_params_default(command->params, cli->args, cli->mem, err));
    }
    while (l.at < l.count) {
        tm_str word = tm_str_of(l.word[l.at++]), longer = {0};
        if (!ended) TM_TRY(spell_out(cli, command, op, word, &longer, err));
        if (!ended && tm_str_is(word, "--")) {
            ended = true;
        } else if (longer.n || (!ended && tm_str_starts(word, TM_STR("--")))) {
            tm_str text = longer.n ? longer : tm_str_slice(word, 2, word.n);
            TM_TRY(parse_option(cli, command, op, &l, text, err));
        } else if (!ended && word.n > 1 && word.p[0] == '-' && !is_stdin_place(word)) {
            return tm_fail(err, TM_EUSAGE, "there is no option %.*s: see --help", TM_FMT(word));
        } else {
            if (!TM_ROOM(cli->mem, cli->word, cli->words, cli->word_room, 1))
                return tm_fail_memory(err, "the command line", 0);
            cli->word[cli->words++] = word;
        }
    }
    return TM_OK;
}

bool tm_cli_given(const tm_cli *cli, const char *common_name)
{
    for (uint32_t i = 0; tm_common_params[i].type != TM_P_END; i++)
        if (tm_str_is(tm_str_of(common_name), tm_common_params[i].name)) return cli->given >> i & 1;
    return false;
}
