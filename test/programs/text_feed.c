/* The pure functions on text, for tests that ask Python the same: each call changes or counts one
 * text, and what came out stays readable until the next call. Built as a shared library and loaded
 * by test/oracle/test_unicode.py. */
#include <string.h>
#include <utf8proc.h>

#include "op/normalise.h"
#include "text/json.h"
#include "text/utf8.h"
#include "text/words.h"

const char *text_change(const char *how, const char *p, size_t n, size_t *bytes);
uint64_t text_count(const char *what, const char *p, size_t n);
const char *text_unicode_version(void);
int text_is_assigned(uint32_t code_point);

static tm_buf out;

static const char *const form_names[] = {"", "NFC", "NFKC", "NFD", "NFKD"};

static tm_encoding encoding_named(const char *name)
{
    tm_encoding e = TM_UTF16LE;
    while (e < TM_UTF32BE && strcmp(tm_encoding_name(e), name) != 0) e++;
    return e;
}

/* The changed text, NULL if there was no memory. */
const char *text_change(const char *how, const char *p, size_t n, size_t *bytes)
{
    tm_str s = {p, n};
    tm_buf_clear(&out);
    tm_buf_grow(&out, 1); /* never NULL */
    if (!strcmp(how, "lower")) tm_text_lower(s, &out);
    if (!strcmp(how, "fold")) tm_text_fold(s, &out);
    if (!strcmp(how, "repair")) tm_utf8_repair(s, &out);
    if (!strcmp(how, "escape")) tm_json_escape(s, &out);
    if (!strcmp(how, "unescape")) tm_json_unescape(s, &out);
    for (unsigned form = TM_FORM_NFC; form <= TM_FORM_NFKD; form++)
        if (!strcmp(how, form_names[form])) tm_text_to_form(s, (tm_unicode_form)form, &out);
    if (!strncmp(how, "normalise ", 10)) {
        tm_buf scratch = {0};
        uint64_t steps = 0;
        for (unsigned i = 0; tm_norm_names[i]; i++)
            if (strstr(how + 10, tm_norm_names[i])) steps |= (uint64_t)1 << i;
        tm_normalise(s, steps, &scratch, &out);
        tm_buf_release(&scratch);
    }
    if (!strncmp(how, "UTF-", 4)) {
        tm_transcoder t = {.from = encoding_named(how)};
        tm_transcode(&t, p, n, true, &out);
    }
    *bytes = out.n;
    return out.failed ? NULL : out.p;
}

uint64_t text_count(const char *what, const char *p, size_t n)
{
    tm_str s = {p, n};
    if (!strcmp(what, "words")) return tm_text_words(s);
    if (!strcmp(what, "chars")) return tm_text_chars(s);
    for (unsigned form = TM_FORM_NFC; form <= TM_FORM_NFKD; form++)
        if (!strcmp(what, form_names[form])) return tm_text_is_form(s, (tm_unicode_form)form);
    return UINT64_MAX;
}

const char *text_unicode_version(void)
{
    return utf8proc_unicode_version();
}

int text_is_assigned(uint32_t code_point)
{
    return utf8proc_category((utf8proc_int32_t)code_point) != UTF8PROC_CATEGORY_CN;
}
