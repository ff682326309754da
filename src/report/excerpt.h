/* Two records one under the other on a terminal, from a little before the first difference: what
 * they share at their heads says nothing of why they are two. */
#ifndef TM_REPORT_EXCERPT_H
#define TM_REPORT_EXCERPT_H

#include "base/buf.h"

typedef struct tm_excerpt {
    tm_str source, text; /* text.p NULL: only the place is shown */
    uint64_t line;       /* 0: unknown */
    uint64_t column;     /* where records do not have a line each; else 0 */
} tm_excerpt;

/* A line each, behind `indent`; b may be NULL. */
void tm_excerpt_print(const tm_excerpt *a, const tm_excerpt *b, const char *indent, tm_buf *out);
/* Where a stretch of at most `most` bytes begins that holds the first difference of two texts, at
 * the first byte of a character: 0 if the head does. */
size_t tm_excerpt_from(tm_str a, tm_str b, size_t most);
/* Back to the beginning of a word, if that is near; else of a character. */
size_t tm_excerpt_word(tm_str s, size_t from);
/* The stretch itself; ends between two characters. */
tm_str tm_excerpt_cut(tm_str text, size_t from, size_t most);

#endif
