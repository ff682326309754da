/* Writing JSON without counting commas. A tm_jw is a pen over a tm_buf; failure is the buffer's.
 *
 *   tm_jw w = {.out = buf};
 *   tm_jw_open(&w, '{');
 *   tm_jw_key(&w, "name");  tm_jw_text(&w, name);
 *   tm_jw_close(&w, '}'); */
#ifndef TM_PLAN_JSON_WRITE_H
#define TM_PLAN_JSON_WRITE_H

#include "base/buf.h"

typedef struct tm_jw {
    tm_buf *out;
    bool comma; /* a value stands before the next one */
} tm_jw;

void tm_jw_open(tm_jw *w, char bracket);
void tm_jw_close(tm_jw *w, char bracket);
void tm_jw_key(tm_jw *w, const char *key);
void tm_jw_key_text(tm_jw *w, tm_str key);
void tm_jw_text(tm_jw *w, tm_str text);
void tm_jw_z(tm_jw *w, const char *text); /* NULL: null */
void tm_jw_u64(tm_jw *w, uint64_t value);
void tm_jw_f64(tm_jw *w, double value);
void tm_jw_bool(tm_jw *w, bool value);
void tm_jw_raw(tm_jw *w, tm_str json); /* valid JSON */

#endif
