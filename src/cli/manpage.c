/* The man page (mdoc), from the same tables as the help, so that both always say the same. */
#include <string.h>

#include "cli/command.h"

/* mdoc wants a line of its own for every sentence. */
static bool ends_sentence(const char *text, const char *c)
{
    return c > text && *c == ' ' && strchr(".?!", c[-1]) && c[1];
}

static void escaped(tm_buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (ends_sentence(text, c))
            tm_buf_char(out, '\n');
        else if (*c == '\\')
            tm_buf_z(out, "\\e");
        else if (*c == '-')
            tm_buf_z(out, "\\-");
        else if (*c == '.' && (c == text || c[-1] == '\n'))
            tm_buf_z(out, "\\&.");
        else
            tm_buf_char(out, *c);
    }
}

static void one_param(tm_buf *out, const tm_param *p)
{
    tm_buf_z(out, ".It ");
    if (p->letter) tm_buf_print(out, "Fl %c , ", p->letter);
    tm_buf_z(out, "Fl \\-");
    for (const char *c = p->name; *c; c++) tm_buf_z(out, *c == '_' ? "\\-" : (char[]){*c, 0});
    if (p->type != TM_P_BOOL) tm_buf_print(out, " Ar %s", tm_ptype_name(p->type));
    tm_buf_char(out, '\n');
    escaped(out, p->help);
    if (p->fallback && tm_str_is(tm_str_of(p->fallback), "true")) {
        tm_buf_z(out, " (the default;\n.Fl \\-no\\-");
        escaped(out, p->name);
        tm_buf_z(out, " )");
    }
    tm_buf_char(out, '\n');
}

static void params(tm_buf *out, const tm_param *p)
{
    if (!p || p->type == TM_P_END) return;
    tm_buf_z(out, ".Bl -tag -width Ds\n");
    for (; p->type != TM_P_END; p++) one_param(out, p);
    tm_buf_z(out, ".El\n");
}

/* The options of a verb; those of verbs that run have a section of their own. */
static void options(tm_buf *out, const tm_command *c)
{
    tm_option_walk walk = {.command = c};
    bool open = false;
    while (tm_option_next(&walk)) {
        if (c->runs && walk.kind == TM_OPTION_COMMON) break;
        if (!open) tm_buf_z(out, ".Bl -tag -width Ds\n");
        open = true;
        one_param(out, walk.option);
    }
    if (open) tm_buf_z(out, ".El\n");
    if (!c->without) return;
    tm_buf_z(out, "Of the options of every verb that runs it has no\n");
    for (const char *const *name = c->without; *name; name++)
        tm_buf_print(out, ".Fl \\-%s%s\n", *name, name[1] ? " ," : " .");
}

void tm_man_page(tm_buf *out)
{
    tm_buf_z(out, ".Dd November 23, 2026\n.Dt TAMIS 1\n.Os\n.Sh NAME\n.Nm tamis\n"
                  ".Nd a workbench for post\\-training datasets\n.Sh SYNOPSIS\n.Nm\n"
                  ".Ar verb\n.Op Ar input ...\n.Op Fl o Ar out\n.Op Ar options\n.Sh VERBS\n");
    tm_buf_z(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; tm_commands[i]; i++) {
        tm_buf_print(out, ".It Cm %s Ar %s\n", tm_commands[i]->name, tm_commands[i]->words);
        escaped(out, tm_commands[i]->why);
        tm_buf_char(out, '\n');
        options(out, tm_commands[i]);
    }
    tm_buf_z(out, ".El\n.Sh OPERATORS\nEach is a verb and a step of a recipe.\nBesides its own "
                  "options it takes\n");
    params(out, tm_step_params);
    tm_buf_z(out, ".Bl -tag -width Ds\n");
    for (size_t i = 0; tm_ops[i]; i++) {
        tm_buf_print(out, ".It Cm %s\n", tm_ops[i]->name);
        escaped(out, tm_ops[i]->why);
        tm_buf_char(out, '\n');
        params(out, tm_ops[i]->params);
    }
    tm_buf_z(out, ".El\n.Sh OPTIONS\nOf every verb that runs.\n");
    params(out, tm_common_params);
    tm_buf_z(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev TAMIS_SIMD\n"
                  "scalar, avx2 or avx512 forces a processor kernel.\n.El\n.Sh EXIT STATUS\n"
                  "0 well, 1 findings above the limit, 2 usage, 3 input unreadable,\n"
                  "4 interrupted but resumable, 5 internal.\n");
}
