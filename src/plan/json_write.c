/* The pen that writes JSON: it knows one thing, whether the next value needs a comma before it. A
 * key takes the comma away for the value behind it; a bracket takes it away inside and leaves it
 * behind. Nesting is the caller's, who opens and closes in pairs. */
#include "plan/json_write.h"

static void value_begins(tm_jw *w)
{
    if (w->comma) tm_buf_char(w->out, ',');
    w->comma = true;
}

void tm_jw_open(tm_jw *w, char bracket)
{
    value_begins(w);
    tm_buf_char(w->out, bracket);
    w->comma = false;
}

void tm_jw_close(tm_jw *w, char bracket)
{
    tm_buf_char(w->out, bracket);
    w->comma = true;
}

void tm_jw_key_text(tm_jw *w, tm_str key)
{
    value_begins(w);
    tm_buf_json(w->out, key);
    tm_buf_char(w->out, ':');
    w->comma = false;
}

void tm_jw_key(tm_jw *w, const char *key)
{
    tm_jw_key_text(w, tm_str_of(key));
}

void tm_jw_text(tm_jw *w, tm_str text)
{
    value_begins(w);
    tm_buf_json(w->out, text);
}

void tm_jw_z(tm_jw *w, const char *text)
{
    value_begins(w);
    if (text)
        tm_buf_json(w->out, tm_str_of(text));
    else
        tm_buf_z(w->out, "null");
}

void tm_jw_u64(tm_jw *w, uint64_t value)
{
    value_begins(w);
    tm_buf_u64(w->out, value);
}

void tm_jw_f64(tm_jw *w, double value)
{
    value_begins(w);
    tm_buf_f64(w->out, value);
}

void tm_jw_bool(tm_jw *w, bool value)
{
    value_begins(w);
    tm_buf_z(w->out, value ? "true" : "false");
}

void tm_jw_raw(tm_jw *w, tm_str json)
{
    value_begins(w);
    tm_buf_str(w->out, json);
}
