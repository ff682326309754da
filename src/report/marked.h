/* Texts with stretches of them marked, as HTML; and which stretches of a record's texts are those
 * of a text that was found elsewhere. */
#ifndef TM_REPORT_MARKED_H
#define TM_REPORT_MARKED_H

#include "base/arena.h"
#include "base/buf.h"

enum { TM_MARKS = 16 };

typedef struct tm_mark { /* bytes [at, to) of a text */
    size_t at, to;
} tm_mark;

typedef struct tm_marked {
    tm_str text; /* .p NULL: there is none */
    tm_mark mark[TM_MARKS];
    uint32_t marks;
} tm_marked;

/* Puts a mark in its place; what overlaps or touches one becomes one with it. Those behind the
 * first TM_MARKS are not marked. */
void tm_mark_add(tm_marked *m, size_t at, size_t to);
/* The text, or of a long one a stretch of `most` bytes that holds the first mark. */
void tm_marked_html(const tm_marked *m, size_t most, tm_buf *out);

/* The text of `raw`, any string in it that is no key, that has the longest run of terms in common
 * with what is marked in `as`; marked are the runs of `least` terms or more (of the longest, when
 * it is shorter). Terms are those that decontamination compares. Nothing in common: .p stays
 * NULL. */
tm_status tm_marked_find(tm_arena *mem, tm_str raw, const tm_marked *as, size_t least,
                         tm_marked *out, tm_err *err);

#endif
