/* Help, from the tables of commands, options and operators: nothing is written down twice. */
#include <string.h>

#include "cli/command.h"
#include "flow/codes.h"

enum { WIDTH = 92 };
static const char COMMON[] = "Options of every verb that runs";

/* Words of `text`, wrapped, each line behind `indent` spaces; the first is already at `at`. */
static void wrap(tm_buf *out, const char *text, size_t indent, size_t at)
{
    tm_str word, rest = tm_str_of(text);
    while (rest.n) {
        tm_str_cut(rest, ' ', &word, &rest);
        if (at + word.n > WIDTH) {
            if (out->n && out->p[out->n - 1] == ' ') out->n--;
            tm_buf_print(out, "\n%*s", (int)indent, "");
            at = indent;
        }
        tm_buf_str(out, word);
        tm_buf_char(out, ' ');
        at += word.n + 1;
    }
    while (out->n && out->p[out->n - 1] == ' ') out->n--;
    tm_buf_char(out, '\n');
}

static void name_choices(tm_buf *help, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) tm_buf_print(help, "%s%s", i ? ", " : ": ", names[i]);
}

/* What a value may be, behind the sentence: choices, range, unit, default. */
static void say_values(tm_buf *help, const tm_param *p)
{
    bool range = p->min != 0 || p->max != 0;
    bool absent = p->fallback && tm_str_is(tm_str_of(p->fallback), "-1"); /* stands for none */
    double min = absent ? 0 : p->min;
    if (p->choices && !strstr(p->help, p->choices[0])) name_choices(help, p->choices);
    if (range && p->max < 1e15) tm_buf_print(help, "; %.15g to %.15g", min, p->max);
    if (range && p->max >= 1e15) tm_buf_print(help, "; at least %.15g", min);
    if (p->unit) tm_buf_print(help, "%s%s", range ? " " : "; in ", p->unit);
    if (p->flags & TM_P_REQUIRED)
        tm_buf_z(help, " (required)");
    else if (p->fallback && p->fallback[0] && p->type != TM_P_BOOL && !absent)
        tm_buf_print(help, " (default: %s)", p->fallback);
    else if (p->fallback && tm_str_is(tm_str_of(p->fallback), "true"))
        tm_buf_print(help, " (the default; --no-%s)", p->name);
}

static void option_line(tm_buf *out, const tm_param *p)
{
    size_t from = out->n;
    tm_buf_z(out, "  ");
    if (p->letter) tm_buf_print(out, "-%c, ", p->letter);
    tm_buf_z(out, "--");
    for (const char *c = p->name; *c; c++) tm_buf_char(out, *c == '_' ? '-' : *c);
    if (p->type != TM_P_BOOL) {
        tm_buf_char(out, ' ');
        for (const char *c = tm_ptype_name(p->type); *c; c++)
            tm_buf_char(out, *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c == ' ' ? '-' : *c);
    }
    while (out->n - from < 28) tm_buf_char(out, ' ');
    if (out->n - from > 28) tm_buf_print(out, "\n%*s", 28, "");
    tm_buf help = {0};
    tm_buf_z(&help, p->help);
    say_values(&help, p);
    tm_buf_char(&help, 0);
    wrap(out, help.failed ? p->help : help.p, 28, 28);
    tm_buf_release(&help);
}

/* Options of a command or an operator that are of this kind, under a title if it has any. */
static void options(tm_buf *out, const tm_command *c, const tm_op *op, tm_option_kind kind,
                    const char *title)
{
    tm_option_walk walk = {.command = c, .op = op};
    while (tm_option_next(&walk)) {
        if (walk.kind != kind) continue;
        if (title) tm_buf_print(out, "\n%s\n", title);
        title = NULL;
        option_line(out, walk.option);
    }
}

void tm_help_command(const tm_command *c, tm_buf *out)
{
    tm_buf_print(out, "tamis %s %s%s\n\n", c->name, c->words,
                 c->words[0] ? " [options]" : "[options]");
    wrap(out, c->why, 0, 0);
    tm_buf_print(out, "\n  %s\n", c->example);
    bool own = c->params && c->params->type != TM_P_END;
    options(out, c, NULL, TM_OPTION_OWN, "Options");
    options(out, c, NULL, TM_OPTION_COMMON, c->runs ? COMMON : own ? NULL : "Options");
}

static void show_lines(tm_buf *out, const char *mark, const char *lines)
{
    tm_str line, rest = tm_str_of(lines);
    while (rest.n) {
        tm_str_cut(rest, '\n', &line, &rest);
        tm_buf_print(out, "    %s %.*s\n", mark, TM_FMT(line));
    }
}

static void show_example(tm_buf *out, const tm_op *op, const tm_example *e)
{
    tm_buf_print(out, "\n  %s\n    - %s: %s\n", e->title, op->name, e->recipe);
    show_lines(out, "reference:", e->reference);
    show_lines(out, "<", e->in);
    show_lines(out, ">", e->out);
    tm_buf_print(out, "    fates: %s\n", e->fates);
}

void tm_help_op(const tm_op *op, tm_buf *out)
{
    tm_buf_print(out, "tamis %s INPUT... [options]\n%s\n\n", op->name, op->summary);
    wrap(out, op->why, 0, 0);
    if (op->source) tm_buf_print(out, "\nSource: %s\n", op->source);
    options(out, NULL, op, TM_OPTION_OWN, "Parameters (in a recipe: the same names with _)");
    options(out, NULL, op, TM_OPTION_STEP, "Of every step");
    if (op->signals) tm_buf_z(out, "\nSignals\n");
    for (const tm_signal *s = op->signals; s && s->name; s++)
        tm_buf_print(out, "  %s.%-16s %s%s%s\n", op->name, s->name, s->help, s->unit ? ", in " : "",
                     s->unit ? s->unit : "");
    if (op->codes) tm_buf_z(out, "\nFindings\n");
    for (const tm_code *c = op->codes; c && c->code; c++)
        tm_buf_print(out, "  %s %-30s %-5s %s\n", c->code, c->name,
                     tm_verdict_name((tm_verdict)c->verdict), c->sentence);
    tm_buf_z(out, "\nExamples\n");
    for (const tm_example *e = op->examples; e && e->title; e++) show_example(out, op, e);
    options(out, NULL, op, TM_OPTION_COMMON, COMMON);
}

void tm_help_code(const tm_code_walk *at, tm_buf *out)
{
    const tm_code *c = at->code;
    tm_buf_print(out, "%s %s (%s)\n%s\n", c->code, c->name, at->where, c->sentence);
    if (c->verdict)
        tm_buf_print(out, "The record: %s%s\n", tm_verdict_name((tm_verdict)c->verdict),
                     c->fixed_verdict ? "" : ", unless then: says otherwise");
    tm_buf_char(out, '\n');
    wrap(out, c->help, 0, 0);
    if (c->cure) tm_buf_print(out, "\nTo mend it or see more: tamis %s\n", c->cure);
}

void tm_help_all(tm_buf *out)
{
    tm_buf_z(out, "tamis VERB [INPUT...] [-o OUT] [options]\n\n"
                  "A workbench for post-training datasets: every record accounted for.\n\nVerbs\n");
    for (size_t i = 0; tm_commands[i]; i++)
        tm_buf_print(out, "  %-14s %s\n", tm_commands[i]->name, tm_commands[i]->summary);
    tm_buf_z(out, "\nOperators (each is a verb, and a step of a recipe)\n");
    for (size_t i = 0; tm_ops[i]; i++)
        tm_buf_print(out, "  %-14s %s\n", tm_ops[i]->name, tm_ops[i]->summary);
    tm_buf_z(out, "\nInputs are files, globs, folders, finished runs or - . Exit codes: 0 well,\n"
                  "1 findings above the limit, 2 usage, 3 input unreadable, 4 interrupted but\n"
                  "resumable, 5 internal. tamis VERB --help says all about one.\n");
}
