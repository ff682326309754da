/* Every code there is, from the tables that define them: for `tamis ops T1204`, the reference pages
 * and whoever shows a code to people.
 *
 *   for (tm_code_walk w = {0}; tm_code_next(&w);) ... w.code, w.where ... */
#ifndef TM_FLOW_CODES_H
#define TM_FLOW_CODES_H

#include "op/op.h"

typedef struct tm_code_walk {
    const tm_code *code; /* the one at hand */
    const char *where;   /* "record", "source", "reader", "recipe", or the operator's name */
    tm_code made;        /* codes of other tables, put into this form */
    size_t table, row;
} tm_code_walk;

/* The next code: those of records, sources, the reader, recipes, then operator by operator. */
bool tm_code_next(tm_code_walk *walk);
/* T1204 in any case; false if there is none. A code of two tables is found in the first. */
bool tm_code_find(tm_str name, tm_code_walk *walk);

#endif
