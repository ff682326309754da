/* Regular expressions (PCRE2): compiled once with an expression, matched by many. Internal to
 * expr/.
 *
 *   tm_regex_compile    at compile time: the pattern is constant
 *   tm_regex_match      a text, with the state a worker owns */
#ifndef TM_EXPR_REGEX_H
#define TM_EXPR_REGEX_H

#include "base/arena.h"
#include "base/err.h"

typedef struct tm_regex tm_regex;
typedef struct tm_regex_state tm_regex_state;

/* Adds a pattern to *list. On a wrong pattern: TM_ERECIPE, *wrong_at is the byte in the pattern and
 * the sentence says what is wrong there. */
tm_status tm_regex_compile(tm_arena *mem, tm_str pattern, tm_regex **list, const tm_regex **out,
                           size_t *wrong_at, tm_err *err);
void tm_regex_release(tm_regex *list);

TM_MUST_USE tm_regex_state *tm_regex_state_new(void); /* NULL: memory */
void tm_regex_state_free(tm_regex_state *s);

/* 1 it matches somewhere, 0 nowhere, 2 unknown (a limit was reached), -1 memory is exhausted. */
int tm_regex_match(const tm_regex *r, tm_regex_state *s, tm_str text);

#endif
