/* Field paths: the grammar and its compiled form.
 *
 *   path = ["$"] first { step }    first: a name needs no dot there; "$" alone is the record
 *   step = "." name | "." 'text' | [ integer ] | [ "text" ] | [ 'text' ]
 *   name = one or more of A-Z a-z 0-9 _ - and bytes >= 0x80
 *
 * A text in double quotes is a JSON string, one in single quotes takes everything up to the next
 * single quote ('' stands for one). Linear, no recursion, at most 64 steps. */
#include "base/buf.h"
#include "record/frame.h"
#include "record/part_codec.h"
#include "text/kernel.h"

#define STEPS_MAX 64

struct tm_fieldpath {
    tm_str text;
    uint32_t steps;
    bool indexed;
    tm_step step[STEPS_MAX];
};

typedef struct parser {
    tm_arena *mem;
    tm_str text;
    size_t at;
    tm_fieldpath *to;
    tm_err *err;
} parser;

static tm_status refuse(parser *p, size_t at, const char *why)
{
    return tm_fail(p->err, TM_ERECIPE, "%s, at sign %zu of the field path %.*s", why, at + 1,
                   TM_FMT(p->text));
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (c & 0x80);
}

static char peek(const parser *p)
{
    return p->at < p->text.n ? p->text.p[p->at] : '\0';
}

static tm_status add_step(parser *p, tm_step step)
{
    if (p->to->steps == STEPS_MAX) return refuse(p, p->at, "there are more than 64 steps");
    p->to->step[p->to->steps++] = step;
    if (!step.key.p) p->to->indexed = true;
    return TM_OK;
}

static tm_status name_step(parser *p)
{
    size_t from = p->at;
    while (p->at < p->text.n && is_name(p->text.p[p->at])) p->at++;
    if (p->at == from)
        return refuse(p, from,
                      "a key is missing here; put one with other signs in quotes, as "
                      "[\"a b\"]");
    return add_step(p, (tm_step){.key = {p->text.p + from, p->at - from}});
}

static tm_status single_quoted(parser *p)
{
    size_t from = p->at++;
    char *to = tm_arena_alloc(p->mem, p->text.n - from + 1, 1);
    size_t n = 0;
    if (!to) return tm_fail_memory(p->err, "a field path", p->text.n);
    for (; p->at < p->text.n; p->at++) {
        if (p->text.p[p->at] == '\'') {
            if (p->at + 1 >= p->text.n || p->text.p[p->at + 1] != '\'') {
                p->at++;
                return add_step(p, (tm_step){.key = {to, n}});
            }
            p->at++;
        }
        to[n++] = p->text.p[p->at];
    }
    return refuse(p, from, "this quote is never closed");
}

static tm_status double_quoted(parser *p)
{
    size_t from = p->at++;
    while (p->at < p->text.n && p->text.p[p->at] != '"') p->at += p->text.p[p->at] == '\\' ? 2 : 1;
    if (p->at >= p->text.n) return refuse(p, from, "this quote is never closed");
    p->at++;
    tm_str quoted = {p->text.p + from, p->at - from};
    tm_json json = {0};
    bool valid = tm_json_scan(&json, quoted.p, quoted.n, 0, (tm_json_limits){0});
    bool no_memory = !valid && json.trouble == TM_JSON_MEMORY;
    size_t wrong = from + json.at;
    tm_json_release(&json);
    if (no_memory) return tm_fail_memory(p->err, "a field path", quoted.n);
    if (!valid) return refuse(p, wrong, "this is not a JSON string");
    char *to = tm_arena_alloc(p->mem, quoted.n, 1);
    if (!to) return tm_fail_memory(p->err, "a field path", quoted.n);
    size_t n = tm_json_unescape_to((tm_str){quoted.p + 1, quoted.n - 2}, to);
    return add_step(p, (tm_step){.key = {to, n}});
}

static tm_status bracket_step(parser *p)
{
    size_t from = p->at++;
    if (peek(p) == '"')
        TM_TRY(double_quoted(p));
    else if (peek(p) == '\'')
        TM_TRY(single_quoted(p));
    else {
        tm_str rest = tm_str_slice(p->text, p->at, p->text.n);
        tm_str number = tm_str_slice(rest, 0, tm_str_find_char(rest, ']'));
        int64_t index;
        if (number.n == 0 || number.n > 10 || !tm_str_to_i64(number, &index))
            return refuse(p, p->at, "a number or a key in quotes belongs into brackets");
        p->at += number.n;
        TM_TRY(add_step(p, (tm_step){.index = index}));
    }
    if (peek(p) != ']') return refuse(p, from, "this bracket is never closed");
    p->at++;
    return TM_OK;
}

static tm_status dot_step(parser *p)
{
    p->at++;
    if (peek(p) == '\'') return single_quoted(p);
    if (peek(p) == '"') return double_quoted(p);
    return name_step(p);
}

static tm_status parse(parser *p)
{
    if (peek(p) == '$')
        p->at++;
    else if (peek(p) == '\'')
        TM_TRY(single_quoted(p));
    else if (peek(p) != '[')
        TM_TRY(name_step(p));
    while (p->at < p->text.n) {
        char c = p->text.p[p->at];
        if (c == '.')
            TM_TRY(dot_step(p));
        else if (c == '[')
            TM_TRY(bracket_step(p));
        else
            return refuse(p, p->at, "a dot or a bracket is missing here");
    }
    return TM_OK;
}

void tm_fieldpath_key(tm_buf *out, tm_str key)
{
    bool plain = key.n > 0;
    for (size_t i = 0; i < key.n && plain; i++) plain = is_name(key.p[i]);
    if (plain && tm_kernel_now()->utf8_valid(key.p, key.n) < key.n) plain = false; /* surrogates */
    if (plain) {
        if (out->n) tm_buf_char(out, '.');
        tm_buf_str(out, key);
        return;
    }
    tm_buf_char(out, '[');
    tm_codec_quote(out, key);
    tm_buf_char(out, ']');
}

static tm_status canonical(parser *p)
{
    tm_buf text = {0};
    for (uint32_t i = 0; i < p->to->steps; i++) {
        const tm_step *s = &p->to->step[i];
        if (s->key.p) {
            tm_fieldpath_key(&text, s->key);
        } else {
            tm_buf_char(&text, '[');
            tm_buf_i64(&text, s->index);
            tm_buf_char(&text, ']');
        }
    }
    tm_status status = tm_buf_ok(&text, p->err);
    if (status == TM_OK) {
        p->to->text = tm_arena_str(p->mem, tm_buf_view(&text));
        if (!p->to->text.p) status = tm_fail_memory(p->err, "a field path", text.n);
    }
    tm_buf_release(&text);
    return status;
}

tm_status tm_fieldpath_compile(tm_arena *mem, tm_str text, tm_fieldpath **out, tm_err *err)
{
    parser p = {.mem = mem, .err = err};
    p.to = TM_NEW(mem, tm_fieldpath, 1);
    p.text = tm_arena_str(mem, text); /* keys are slices of it */
    if (!p.to || !p.text.p) return tm_fail_memory(err, "a field path", text.n);
    size_t wrong = tm_kernel_now()->utf8_valid(p.text.p, p.text.n);
    if (wrong < p.text.n) return refuse(&p, wrong, "these bytes are not UTF-8");
    TM_TRY(parse(&p));
    TM_TRY(canonical(&p));
    *out = p.to;
    return TM_OK;
}

tm_str tm_fieldpath_text(const tm_fieldpath *p)
{
    return p->text;
}

uint32_t tm_fieldpath_steps(const tm_fieldpath *p, const tm_step **step)
{
    *step = p->step;
    return p->steps;
}

bool tm_fieldpath_indexed(const tm_fieldpath *p)
{
    return p->indexed;
}
