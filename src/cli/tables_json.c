/* Every table a user can meet, as one JSON object: what the reference pages are written from.
 *
 * Nothing is said here: verbs, options, operators, codes, layouts, what may stand in a recipe,
 * functions of expressions, containers and codecs each come from the table that the program itself
 * works with. */
#include "base/err.h"
#include "cli/command.h"
#include "expr/expr.h"
#include "flow/codes.h"
#include "plan/json_write.h"

static void key_text(tm_jw *w, const char *key, const char *text)
{
    tm_jw_key(w, key);
    tm_jw_z(w, text);
}

static void key_bool(tm_jw *w, const char *key, bool value)
{
    tm_jw_key(w, key);
    tm_jw_bool(w, value);
}

/* A value that another function of ours appends: the pen must know that something stands there. */
static void params(tm_jw *w, const char *key, const tm_param *table)
{
    static const tm_param none[] = {{0}};
    tm_buf json = {0};
    tm_params_json(table ? table : none, &json);
    tm_jw_key(w, key);
    if (json.failed) w->out->failed = true;
    tm_jw_raw(w, tm_buf_view(&json));
    tm_buf_release(&json);
}

static void commands(tm_jw *w)
{
    tm_jw_key(w, "commands");
    tm_jw_open(w, '[');
    for (size_t i = 0; tm_commands[i]; i++) {
        const tm_command *c = tm_commands[i];
        tm_jw_open(w, '{');
        key_text(w, "name", c->name);
        key_text(w, "words", c->words);
        key_text(w, "summary", c->summary);
        key_text(w, "why", c->why);
        key_text(w, "example", c->example);
        key_bool(w, "runs", c->runs);
        key_bool(w, "json", c->json);
        tm_jw_key(w, "without");
        tm_jw_open(w, '[');
        for (const char *const *name = c->without; name && *name; name++)
            tm_jw_text(w, tm_str_of(*name));
        tm_jw_close(w, ']');
        params(w, "params", c->params);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void one_code(tm_jw *w, const tm_code_walk *at)
{
    tm_jw_open(w, '{');
    key_text(w, "code", at->code->code);
    key_text(w, "name", at->code->name);
    key_text(w, "where", at->where);
    key_text(w, "verdict",
             at->code->verdict ? tm_verdict_name((tm_verdict)at->code->verdict) : NULL);
    key_bool(w, "fixed_verdict", at->code->fixed_verdict);
    key_text(w, "sentence", at->code->sentence);
    key_text(w, "help", at->code->help);
    key_text(w, "cure", at->code->cure);
    tm_jw_close(w, '}');
}

static void codes(tm_jw *w)
{
    tm_jw_open(w, '[');
    for (tm_code_walk at = {0}; tm_code_next(&at);) one_code(w, &at);
    tm_jw_close(w, ']');
}

static void layouts(tm_jw *w)
{
    tm_jw_open(w, '[');
    for (size_t i = 0; tm_layouts[i]; i++) {
        tm_jw_open(w, '{');
        key_text(w, "name", tm_layouts[i]->name);
        key_text(w, "kind", tm_example_kind_name(tm_layouts[i]->kind));
        key_text(w, "summary", tm_layouts[i]->summary);
        key_text(w, "keys", tm_layouts[i]->keys);
        key_text(w, "example", tm_layouts[i]->example);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void functions(tm_jw *w)
{
    tm_jw_key(w, "functions");
    tm_jw_open(w, '[');
    for (const tm_efunction *f = tm_efunctions; f->name; f++) {
        tm_jw_open(w, '{');
        key_text(w, "name", f->name);
        key_text(w, "arguments", f->arguments);
        key_text(w, "gives", f->gives);
        key_text(w, "help", f->help);
        key_text(w, "example", f->example);
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

static void kind_of_file(tm_jw *w, const char *name, const char *extensions, const char *summary,
                         bool reads, bool writes)
{
    tm_jw_open(w, '{');
    key_text(w, "name", name);
    key_text(w, "extensions", extensions);
    key_text(w, "summary", summary);
    key_bool(w, "reads", reads);
    key_bool(w, "writes", writes);
    tm_jw_close(w, '}');
}

static void kinds_of_files(tm_jw *w)
{
    tm_jw_key(w, "containers");
    tm_jw_open(w, '[');
    for (size_t i = 0; i < TM_CONTAINER_COUNT; i++) {
        const tm_container *c = &tm_containers[i];
        kind_of_file(w, c->name, c->extensions, c->summary, c->reads, c->writes);
    }
    tm_jw_close(w, ']');
    tm_jw_key(w, "codecs");
    tm_jw_open(w, '[');
    for (size_t i = 0; i < TM_CODEC_COUNT; i++) {
        const tm_codec_info *c = &tm_codecs[i];
        kind_of_file(w, c->name, c->extensions, c->summary, c->reads, c->writes);
    }
    tm_jw_close(w, ']');
}

static void exits(tm_jw *w)
{
    static const tm_status all[] = {
#define X(name, exit, text) name,
        TM_STATUSES(X)
#undef X
    };
    tm_jw_key(w, "exits");
    tm_jw_open(w, '[');
    for (size_t i = 0; i < TM_COUNT(all); i++) {
        tm_jw_open(w, '{');
        tm_jw_key(w, "exit");
        tm_jw_u64(w, (uint64_t)tm_status_exit(all[i]));
        key_text(w, "meaning", tm_status_text(all[i]));
        tm_jw_close(w, '}');
    }
    tm_jw_close(w, ']');
}

void tm_tables_json(tm_buf *out)
{
    tm_buf ops = {0};
    tm_jw w = {.out = out};
    tm_jw_open(&w, '{');
    key_text(&w, "version", TM_VERSION);
    commands(&w);
    params(&w, "options", tm_common_params);
    params(&w, "step", tm_step_params);
    tm_ops_json(&ops);
    if (ops.failed) out->failed = true;
    tm_jw_key(&w, "operators");
    tm_jw_raw(&w, tm_buf_view(&ops));
    tm_buf_release(&ops);
    tm_jw_key(&w, "codes");
    codes(&w);
    tm_jw_key(&w, "layouts");
    layouts(&w);
    params(&w, "input", tm_input_params);
    params(&w, "output", tm_output_params);
    params(&w, "limits", tm_limit_params);
    functions(&w);
    kinds_of_files(&w);
    exits(&w);
    tm_jw_close(&w, '}');
    tm_buf_char(out, '\n');
}

void tm_layouts_json(tm_buf *out)
{
    tm_jw w = {.out = out};
    layouts(&w);
    tm_buf_char(out, '\n');
}

void tm_codes_json(tm_buf *out)
{
    tm_jw w = {.out = out};
    codes(&w);
    tm_buf_char(out, '\n');
}

void tm_code_json(const tm_code_walk *at, tm_buf *out)
{
    tm_jw w = {.out = out};
    one_code(&w, at);
    tm_buf_char(out, '\n');
}
