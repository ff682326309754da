/* Completions for bash, zsh and fish, from the tables: verbs, then each verb's options with the
 * words an option takes, then what the first word of a verb may be (a run, an operator, a shell),
 * then files.
 *
 * bash and zsh share one `case` over the verbs that sets $options, $first, $files and, behind an
 * option that takes one of a few words, $values; fish has a line an option. What the tables say in
 * prose is quoted, since an apostrophe would end a word of the shell. */
#include <string.h>

#include "cli/command.h"

static void bash(tm_buf *out);
static void zsh(tm_buf *out);
static void fish(tm_buf *out);

static const struct {
    const char *name;
    void (*write)(tm_buf *out);
} SHELLS[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

typedef void verb_writer(tm_buf *out, const tm_command *c, const tm_op *op);

static void each_verb(tm_buf *out, verb_writer *write)
{
    for (size_t i = 0; tm_commands[i]; i++) write(out, tm_commands[i], NULL);
    for (size_t i = 0; tm_ops[i]; i++) write(out, NULL, tm_ops[i]);
}

static const char *verb_of(const tm_command *c, const tm_op *op)
{
    return c ? c->name : op->name;
}

/* Whether files may stand where no option does. */
static bool takes_files(const tm_command *c)
{
    return !c || (c->words[0] && (c->first == TM_FIRST_FILE || c->first == TM_FIRST_RUN));
}

/* true = on by default, so that one may want to say --no-flag. */
static bool is_on(const tm_param *p)
{
    return p->type == TM_P_BOOL && p->fallback && tm_str_is(tm_str_of(p->fallback), "true");
}

static void put_name(tm_buf *out, const char *name)
{
    for (const char *c = name; *c; c++) tm_buf_char(out, *c == '_' ? '-' : *c);
}

static void put_values(tm_buf *out, const tm_param *p)
{
    const char *const *value = p->choices;
    for (size_t i = 0; value && value[i]; i++) tm_buf_print(out, i ? " %s" : "%s", value[i]);
}

/* What the first word of the verb may be, besides a file. */
static void put_first(tm_buf *out, const tm_command *c)
{
    switch (c ? c->first : TM_FIRST_FILE) {
    case TM_FIRST_FILE: break;
    case TM_FIRST_RUN: tm_buf_z(out, "last"); break;
    case TM_FIRST_OPERATOR:
        for (size_t i = 0; tm_ops[i]; i++) tm_buf_print(out, i ? " %s" : "%s", tm_ops[i]->name);
        break;
    case TM_FIRST_SHELL:
        for (size_t i = 0; i < TM_COUNT(SHELLS); i++)
            tm_buf_print(out, i ? " %s" : "%s", SHELLS[i].name);
        break;
    }
}

/* ---- bash and zsh ---------------------------------------------------------------------------- */

static void put_options(tm_buf *out, const tm_command *c, const tm_op *op)
{
    tm_option_walk walk = {.command = c, .op = op};
    while (tm_option_next(&walk)) {
        if (walk.option->letter) tm_buf_print(out, " -%c", walk.option->letter);
        tm_buf_z(out, " --");
        put_name(out, walk.option->name);
        if (!is_on(walk.option)) continue;
        tm_buf_z(out, " --no-");
        put_name(out, walk.option->name);
    }
}

static void put_choices(tm_buf *out, const tm_command *c, const tm_op *op)
{
    tm_option_walk walk = {.command = c, .op = op};
    while (tm_option_next(&walk)) {
        if (!walk.option->choices) continue;
        tm_buf_z(out, " --");
        put_name(out, walk.option->name);
        tm_buf_z(out, ") values=\"");
        put_values(out, walk.option);
        tm_buf_z(out, "\" ;;");
    }
}

static void put_case(tm_buf *out, const tm_command *c, const tm_op *op)
{
    tm_buf_print(out, "    %s) options=\"", verb_of(c, op));
    put_options(out, c, op);
    tm_buf_z(out, "\"");
    if (c && c->first != TM_FIRST_FILE) {
        tm_buf_z(out, "; first=\"");
        put_first(out, c);
        tm_buf_z(out, "\"");
    }
    if (!takes_files(c)) tm_buf_z(out, "; files=\"\"");
    tm_buf_z(out, "; case \"$before\" in");
    put_choices(out, c, op);
    tm_buf_z(out, " *) ;; esac ;;\n");
}

static void put_cases(tm_buf *out)
{
    tm_buf_z(out, "  case \"$verb\" in\n");
    each_verb(out, put_case);
    tm_buf_z(out, "  esac\n");
}

static void put_verb(tm_buf *out, const tm_command *c, const tm_op *op)
{
    tm_buf_print(out, "%s ", verb_of(c, op));
}

static void put_verbs(tm_buf *out)
{
    each_verb(out, put_verb);
    tm_buf_z(out, "--help --version");
}

/* $nth: how many words that are no options stand between the verb and here. */
static void bash(tm_buf *out)
{
    tm_buf_z(out,
             "_tamis() {\n"
             "  local word=\"${COMP_WORDS[COMP_CWORD]}\" verb=\"${COMP_WORDS[1]}\" options=\"\"\n"
             "  local before=\"${COMP_WORDS[COMP_CWORD-1]}\" values=\"\" first=\"\" files=1\n"
             "  local nth=0 i\n"
             "  for ((i = 2; i < COMP_CWORD; i++)); do\n"
             "    case \"${COMP_WORDS[i]}\" in -*) ;; *) nth=$((nth + 1)) ;; esac\n"
             "  done\n");
    put_cases(out);
    tm_buf_z(out, "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    first=\"");
    put_verbs(out);
    tm_buf_z(out, "\"\n    files=\"\"\n  fi\n"
                  "  if [ -n \"$values\" ]; then first=\"\"; files=\"\"; fi\n"
                  "  if [ \"$nth\" -eq 0 ]; then values=\"$values $first\"; fi\n"
                  "  case \"$word\" in -*) values=\"$values $options\"; files=\"\" ;; esac\n"
                  "  mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$word\")\n"
                  "  if [ -n \"$files\" ]; then\n"
                  "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$word\")\n"
                  "    compopt -o filenames 2>/dev/null\n"
                  "  fi\n"
                  "}\n"
                  "complete -F _tamis tamis\n");
}

/* The file is loaded as the function's body the first time, and has to complete already then. */
static void zsh(tm_buf *out)
{
    tm_buf_z(out, "#compdef tamis\n_tamis() {\n"
                  "  local verb=\"${words[2]}\" before=\"${words[CURRENT-1]}\" options=\"\" "
                  "values=\"\"\n"
                  "  local first=\"\" files=1 nth=0 i\n"
                  "  for ((i = 3; i < CURRENT; i++)); do\n"
                  "    [[ ${words[i]} == -* ]] || nth=$((nth + 1))\n"
                  "  done\n");
    put_cases(out);
    tm_buf_z(out, "  if (( CURRENT == 2 )); then first=\"");
    put_verbs(out);
    tm_buf_z(out, "\"; files=\"\"; fi\n"
                  "  if [[ -n $values ]]; then first=\"\"; files=\"\"; fi\n"
                  "  if (( nth == 0 )); then values=\"$values $first\"; fi\n"
                  "  if [[ $PREFIX == -* ]]; then values=\"$values $options\"; files=\"\"; fi\n"
                  "  if [[ -n ${values// /} ]]; then compadd -- ${=values}; fi\n"
                  "  if [[ -n $files ]]; then _files; fi\n"
                  "}\n"
                  "if [[ ${funcstack[1]} == _tamis ]]; then _tamis \"$@\"; else compdef _tamis "
                  "tamis; fi\n");
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void fish_quoted(tm_buf *out, const char *text)
{
    tm_buf_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') tm_buf_char(out, '\\');
        tm_buf_char(out, *text);
    }
    tm_buf_char(out, '\'');
}

static void fish_option(tm_buf *out, const char *verb, const char *no, const tm_param *p)
{
    tm_buf_print(out, "complete -c tamis -n '__tamis_verb %s' -l %s", verb, no);
    put_name(out, p->name);
    if (p->letter && !*no) tm_buf_print(out, " -s %c", p->letter);
    if (p->choices) {
        tm_buf_z(out, " -xa '");
        put_values(out, p);
        tm_buf_char(out, '\'');
    } else if (p->type != TM_P_BOOL) {
        tm_buf_z(out, " -r");
    }
    tm_buf_z(out, " -d ");
    fish_quoted(out, p->help);
    tm_buf_char(out, '\n');
}

static void fish_verb(tm_buf *out, const tm_command *c, const tm_op *op)
{
    const char *verb = verb_of(c, op);
    tm_option_walk walk = {.command = c, .op = op};
    tm_buf_print(out, "complete -c tamis -f -n '__tamis_words 0' -a %s -d ", verb);
    fish_quoted(out, c ? c->summary : op->summary);
    tm_buf_char(out, '\n');
    if (!takes_files(c)) tm_buf_print(out, "complete -c tamis -f -n '__tamis_verb %s'\n", verb);
    if (c && c->first != TM_FIRST_FILE) {
        tm_buf_print(out, "complete -c tamis -n '__tamis_verb %s; and __tamis_words 1' -a '", verb);
        put_first(out, c);
        tm_buf_z(out, "'\n");
    }
    while (tm_option_next(&walk)) {
        fish_option(out, verb, "", walk.option);
        if (is_on(walk.option)) fish_option(out, verb, "no-", walk.option);
    }
}

static void fish(tm_buf *out)
{
    tm_buf_z(out, "function __tamis_verb\n"
                  "    set -l said (commandline -opc)\n"
                  "    test (count $said) -gt 1; and test $said[2] = $argv[1]\n"
                  "end\n"
                  "function __tamis_words\n"
                  "    set -l said (commandline -opc | string match -v -- '-*')\n"
                  "    test (count $said) -eq (math $argv[1] + 1)\n"
                  "end\n"
                  "complete -c tamis -n '__tamis_words 0' -l help -s h -d 'the verbs'\n"
                  "complete -c tamis -n '__tamis_words 0' -l version -d 'the version'\n");
    each_verb(out, fish_verb);
}

tm_status tm_completion(tm_str shell, tm_buf *out, tm_err *err)
{
    for (size_t i = 0; i < TM_COUNT(SHELLS); i++)
        if (tm_str_is(shell, SHELLS[i].name)) return SHELLS[i].write(out), TM_OK;
    return tm_fail(err, TM_EUSAGE, "completions are there for bash, zsh and fish, not \"%.*s\"",
                   TM_FMT(shell));
}
