/* A list of words in one buffer, and the two ways that Python programs cut them with a regular
 * expression. Both look at each character of the lower-cased text once. */
#include "op/conform/conform_words.h"

#include "base/vec.h"
#include "text/python.h"
#include "text/utf8.h"

void tm_conform_words_begin(tm_conform_words *w)
{
    tm_buf_clear(&w->joined);
    for (size_t i = 0; i < TM_COUNT(w->work); i++) tm_buf_clear(&w->work[i]);
    w->count = 0;
    w->failed = !tm_buf_grow(&w->joined, 1); /* never NULL */
}

void tm_conform_word(tm_conform_words *w, tm_str word)
{
    if (w->joined.n + word.n >= UINT32_MAX || w->count == UINT32_MAX - 1) w->failed = true;
    if (w->failed || !TM_ROOM_HEAP(w->start, w->count, w->room, 1)) {
        w->failed = true;
        return;
    }
    if (w->count) tm_buf_char(&w->joined, ' ');
    w->start[w->count++] = (uint32_t)w->joined.n;
    tm_buf_str(&w->joined, word);
}

tm_buf *tm_conform_work(tm_conform_words *w, unsigned i)
{
    w->failed |= w->work[i].failed;
    tm_buf_clear(&w->work[i]);
    return &w->work[i];
}

tm_status tm_conform_words_ok(const tm_conform_words *w, tm_err *err)
{
    bool failed = w->failed || w->joined.failed;
    for (size_t i = 0; i < TM_COUNT(w->work); i++) failed |= w->work[i].failed;
    return failed ? tm_fail_memory(err, "words", w->joined.n) : TM_OK;
}

void tm_conform_words_release(tm_conform_words *w)
{
    tm_buf_release(&w->joined);
    for (size_t i = 0; i < TM_COUNT(w->work); i++) tm_buf_release(&w->work[i]);
    tm_free(w->start);
    *w = (tm_conform_words){0};
}

/* The end of the run of word characters at `at`; *behind = where the next may begin. */
static size_t run_end(tm_str s, size_t at, size_t *behind)
{
    size_t end = at;
    while (at < s.n) {
        uint32_t c = tm_utf8_next(s, &at);
        if (!tm_python_is_word(c)) break;
        end = at;
    }
    *behind = at;
    return end;
}

void tm_words_found(tm_str text, tm_conform_words *w)
{
    tm_buf *lower = tm_conform_work(w, 0);
    tm_python_lower(text, lower);
    tm_str s = tm_buf_view(lower);
    for (size_t at = 0, behind; at < s.n; at = behind) {
        size_t end = run_end(s, at, &behind);
        if (end > at) tm_conform_word(w, (tm_str){s.p + at, end - at});
    }
}

void tm_words_split(tm_str text, tm_conform_words *w)
{
    tm_buf *lower = tm_conform_work(w, 0);
    tm_python_lower(text, lower);
    tm_str s = tm_buf_view(lower);
    size_t at = 0, end;
    do {
        size_t begin = at;
        end = run_end(s, at, &at);
        tm_conform_word(w, tm_str_slice(s, begin, end));
    } while (end < s.n);
}
