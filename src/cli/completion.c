/* Completions for bash, zsh and fish, from the tables: verbs, then each verb's options with the
 * words an option takes, then files.
 *
 * bash and zsh share one `case` over the verbs that sets $options and, behind an option that takes
 * one of a few words, $values; fish has a line an option. What the tables say in prose is quoted,
 * since an apostrophe would end a word of the shell. */
#include <string.h>

#include "cli/command.h"

static const char *const *values_of(const tm_param *p)
{
    return p->type == TM_P_SELECTOR ? tm_selector_names : p->choices;
}

/* true = on by default, so what one wants to say is --no-flag. */
static bool is_on(const tm_param *p)
{
    return p->type == TM_P_BOOL && p->fallback && tm_str_is(tm_str_of(p->fallback), "true");
}

static void put_name(tm_buf *out, const tm_param *p)
{
    if (is_on(p)) tm_buf_z(out, "no-");
    for (const char *c = p->name; *c; c++) tm_buf_char(out, *c == '_' ? '-' : *c);
}

static void put_values(tm_buf *out, const tm_param *p)
{
    const char *const *value = values_of(p);
    for (size_t i = 0; value && value[i]; i++) tm_buf_print(out, i ? " %s" : "%s", value[i]);
}

/* ---- bash and zsh ---------------------------------------------------------------------------- */

typedef struct other { /* what of the common options a verb does not take: its own, those without */
    const tm_param *own;
    const char *const *without;
} other;

static bool is_taken(const tm_param *p, const other * not )
{
    if (!not ) return true;
    for (const char *const *name = not ->without; name && *name; name++)
        if (!strcmp(*name, p->name)) return false;
    return !not ->own || !tm_params_find(not ->own, tm_str_of(p->name));
}

/* Options of a table, but for others. */
static void put_options(tm_buf *out, const tm_param *p, const other * not )
{
    for (; p && p->type != TM_P_END; p++) {
        if (!is_taken(p, not )) continue;
        tm_buf_z(out, " --");
        put_name(out, p);
    }
}

static void put_choices(tm_buf *out, const tm_param *p, const other * not )
{
    for (; p && p->type != TM_P_END; p++) {
        if (!values_of(p) || !is_taken(p, not )) continue;
        tm_buf_z(out, " --");
        put_name(out, p);
        tm_buf_z(out, ") values=\"");
        put_values(out, p);
        tm_buf_z(out, "\" ;;");
    }
}

static void put_case(tm_buf *out, const char *verb, const other * not, const tm_param *common)
{
    tm_buf_print(out, "    %s) options=\"", verb);
    put_options(out, not ->own, NULL);
    put_options(out, common, not );
    tm_buf_z(out, "\"; case \"$before\" in");
    put_choices(out, not ->own, NULL);
    put_choices(out, common, not );
    tm_buf_z(out, " *) ;; esac ;;\n");
}

static void put_cases(tm_buf *out)
{
    tm_buf_z(out, "  case \"$verb\" in\n");
    for (size_t i = 0; tm_commands[i]; i++)
        put_case(out, tm_commands[i]->name,
                 &(other){tm_commands[i]->params, tm_commands[i]->without},
                 tm_commands[i]->runs ? tm_common_params : NULL);
    for (size_t i = 0; tm_ops[i]; i++)
        put_case(out, tm_ops[i]->name, &(other){tm_ops[i]->params, NULL}, tm_common_params);
    tm_buf_z(out, "  esac\n");
}

static void put_verbs(tm_buf *out)
{
    for (size_t i = 0; tm_commands[i]; i++) tm_buf_print(out, "%s ", tm_commands[i]->name);
    for (size_t i = 0; tm_ops[i]; i++) tm_buf_print(out, "%s ", tm_ops[i]->name);
    tm_buf_z(out, "--help --version");
}

static void bash(tm_buf *out)
{
    tm_buf_z(out,
             "_tamis() {\n"
             "  local word=\"${COMP_WORDS[COMP_CWORD]}\" verb=\"${COMP_WORDS[1]}\" options=\"\"\n"
             "  local before=\"${COMP_WORDS[COMP_CWORD-1]}\" values=\"\"\n");
    put_cases(out);
    tm_buf_z(out, "  if [ \"$COMP_CWORD\" -eq 1 ]; then values=\"");
    put_verbs(out);
    tm_buf_z(out, "\"; fi\n"
                  "  case \"$word\" in -*) values=\"$values $options\" ;; esac\n"
                  "  mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$word\")\n"
                  "  if [ \"${#COMPREPLY[@]}\" -eq 0 ]; then\n"
                  "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
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
                  "values=\"\"\n");
    put_cases(out);
    tm_buf_z(out, "  if (( CURRENT == 2 )); then values=\"");
    put_verbs(out);
    tm_buf_z(out, "\"; fi\n"
                  "  if [[ $PREFIX == -* ]]; then values=\"$values $options\"; fi\n"
                  "  if [[ -n $values ]]; then compadd -- ${=values}; else _files; fi\n"
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

static void fish_verb(tm_buf *out, const char *verb, const char *summary)
{
    tm_buf_print(out, "complete -c tamis -n __fish_use_subcommand -a %s -d ", verb);
    fish_quoted(out, summary);
    tm_buf_char(out, '\n');
}

static void fish_options(tm_buf *out, const char *verb, const tm_param *p, const other * not )
{
    for (; p && p->type != TM_P_END; p++) {
        if (!is_taken(p, not )) continue;
        tm_buf_print(out, "complete -c tamis -n '__fish_seen_subcommand_from %s' -l ", verb);
        put_name(out, p);
        if (values_of(p)) {
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
}

static void fish(tm_buf *out)
{
    for (size_t i = 0; tm_commands[i]; i++) {
        const tm_command *c = tm_commands[i];
        fish_verb(out, c->name, c->summary);
        fish_options(out, c->name, c->params, NULL);
        if (c->runs) fish_options(out, c->name, tm_common_params, &(other){c->params, c->without});
    }
    for (size_t i = 0; tm_ops[i]; i++) {
        const tm_op *op = tm_ops[i];
        fish_verb(out, op->name, op->summary);
        fish_options(out, op->name, op->params, NULL);
        fish_options(out, op->name, tm_common_params, &(other){op->params, NULL});
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
