/* tm_str: a pointer and a length, passed by value. Bytes until proven UTF-8; may hold NUL; need not
 * end in one. A tm_str owns nothing: whoever made the bytes says how long they live.
 * A zeroed tm_str is the empty string. */
#ifndef TM_BASE_STR_H
#define TM_BASE_STR_H

#include "base/def.h"

typedef struct tm_str {
    const char *p;
    size_t n;
} tm_str;

#define TM_STR(literal) ((tm_str){"" literal, sizeof(literal) - 1})
#define TM_STR_INIT(literal)            \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
#define TM_FMT(s) (int)((s).n > 1000000 ? 1000000 : (s).n), (s).p ? (s).p : "" /* for "%.*s" */

tm_str tm_str_of(const char *zero_terminated); /* NULL gives the empty string */
tm_str tm_str_from(const char *p, size_t n);

bool tm_str_eq(tm_str a, tm_str b);
bool tm_str_is(tm_str a, const char *zero_terminated);
int tm_str_cmp(tm_str a, tm_str b); /* memcmp order, then the shorter one first */
bool tm_str_starts(tm_str s, tm_str with);
bool tm_str_ends(tm_str s, tm_str with);
size_t tm_str_find(tm_str s, tm_str needle);           /* first position, or s.n */
size_t tm_str_find_char(tm_str s, char c);             /* first position, or s.n */
size_t tm_str_rfind_char(tm_str s, char c);            /* last position, or s.n */
tm_str tm_str_slice(tm_str s, size_t from, size_t to); /* clamped to s */
tm_str tm_str_trim(tm_str s); /* ASCII space, tab, CR, LF, FF, VT on both sides */

/* Splits s at the first `at`: head before it, tail after. False (head = s, tail empty) if
 * absent. */
bool tm_str_cut(tm_str s, char at, tm_str *head, tm_str *tail);

/* Whole-string numbers; false if anything is left over or it does not fit. */
bool tm_str_to_u64(tm_str s, uint64_t *out);
bool tm_str_to_i64(tm_str s, int64_t *out);
bool tm_str_to_f64(tm_str s, double *out);    /* decimal forms only, locale-free */
bool tm_str_to_size(tm_str s, uint64_t *out); /* "64MiB", "2GB", "512k", "4096" -> bytes */

/* Damerau-Levenshtein distance (adjacent swaps count one), capped at 64 bytes a side: used to
 * suggest a name. */
size_t tm_str_distance(tm_str a, tm_str b);

/* The name nearest to `given`, close enough to be a misspelling of it, or NULL. */
const char *tm_str_suggest(tm_str given, const char *const *names, size_t count);

#endif
