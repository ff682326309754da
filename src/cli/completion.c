/* Completions for bash, zsh and fish, from the tables: verbs, then each verb's options, then
 * files. */
#include "cli/command.h"

static void flag(tm_buf *out, const tm_param *p)
{
    tm_buf_z(out, "--");
    for (const char *c = p->name; *c; c++) tm_buf_char(out, *c == '_' ? '-' : *c);
}

static void flags(tm_buf *out, const tm_param *p)
{
    for (; p && p->type != TM_P_END; p++) {
        flag(out, p);
        tm_buf_char(out, ' ');
    }
}

static void verbs(tm_buf *out)
{
    for (size_t i = 0; tm_commands[i]; i++) tm_buf_print(out, "%s ", tm_commands[i]->name);
    for (size_t i = 0; tm_ops[i]; i++) tm_buf_print(out, "%s ", tm_ops[i]->name);
}

static void cases(tm_buf *out)
{
    for (size_t i = 0; tm_commands[i]; i++) {
        tm_buf_print(out, "    %s) words=\"", tm_commands[i]->name);
        flags(out, tm_commands[i]->params);
        if (tm_commands[i]->runs) flags(out, tm_common_params);
        tm_buf_z(out, "\" ;;\n");
    }
    for (size_t i = 0; tm_ops[i]; i++) {
        tm_buf_print(out, "    %s) words=\"", tm_ops[i]->name);
        flags(out, tm_ops[i]->params);
        flags(out, tm_common_params);
        tm_buf_z(out, "\" ;;\n");
    }
}

static void bash(tm_buf *out)
{
    tm_buf_z(out, "_tamis() {\n  local word=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
                  "  if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"");
    verbs(out);
    tm_buf_z(out, "--help --version\"\n  else case \"${COMP_WORDS[1]}\" in\n");
    cases(out);
    tm_buf_z(out,
             "  esac; fi\n  case \"$word\" in -*) ;; *) [ \"$COMP_CWORD\" -gt 1 ] && words=\"\" ;; "
             "esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
             "  [ \"${#COMPREPLY[@]}\" -eq 0 ] && COMPREPLY=($(compgen -f -- \"$word\"))\n}\n"
             "complete -o filenames -F _tamis tamis\n");
}

static void zsh(tm_buf *out)
{
    tm_buf_z(out, "#compdef tamis\n_tamis() {\n  local list=\"\" verb=\"${words[2]}\"\n"
                  "  if (( CURRENT == 2 )); then list=\"");
    verbs(out);
    tm_buf_z(out, "--help --version\"\n  else local words=\"\"; case \"$verb\" in\n");
    cases(out);
    tm_buf_z(out, "  esac; list=\"$words\"; fi\n  if [[ $PREFIX == -* || CURRENT -eq 2 ]]; then "
                  "compadd -- ${=list}; else _files; fi\n}\ncompdef _tamis tamis\n");
}

static void fish_params(tm_buf *out, const char *verb, const tm_param *p)
{
    for (; p && p->type != TM_P_END; p++) {
        tm_buf_print(out, "complete -c tamis -n '__fish_seen_subcommand_from %s' -l ", verb);
        for (const char *c = p->name; *c; c++) tm_buf_char(out, *c == '_' ? '-' : *c);
        if (p->type != TM_P_BOOL) tm_buf_z(out, " -r");
        tm_buf_z(out, " -d '");
        for (const char *c = p->help; *c; c++) {
            if (*c == '\'' || *c == '\\') tm_buf_char(out, '\\');
            tm_buf_char(out, *c);
        }
        tm_buf_z(out, "'\n");
    }
}

static void fish(tm_buf *out)
{
    for (size_t i = 0; tm_commands[i]; i++) {
        tm_buf_print(out, "complete -c tamis -n __fish_use_subcommand -a %s -d '%s'\n",
                     tm_commands[i]->name, tm_commands[i]->summary);
        fish_params(out, tm_commands[i]->name, tm_commands[i]->params);
        if (tm_commands[i]->runs) fish_params(out, tm_commands[i]->name, tm_common_params);
    }
    for (size_t i = 0; tm_ops[i]; i++) {
        tm_buf_print(out, "complete -c tamis -n __fish_use_subcommand -a %s -d '%s'\n",
                     tm_ops[i]->name, tm_ops[i]->summary);
        fish_params(out, tm_ops[i]->name, tm_ops[i]->params);
        fish_params(out, tm_ops[i]->name, tm_common_params);
    }
}

tm_status tm_completion(tm_str shell, tm_buf *out, tm_err *err)
{
    if (tm_str_is(shell, "bash")) return bash(out), TM_OK;
    if (tm_str_is(shell, "zsh")) return zsh(out), TM_OK;
    if (tm_str_is(shell, "fish")) return fish(out), TM_OK;
    return tm_fail(err, TM_EUSAGE, "completions are there for bash, zsh and fish, not \"%.*s\"",
                   TM_FMT(shell));
}
