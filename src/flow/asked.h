/* The place that `explain` was asked for, and which rows of a ledger stand there.
 *
 *   tm_asked_parse, then tm_asked_is for each row
 *
 * Every place that the program prints is one of these: "file:line:column", "file:line",
 * "file@offset", and the ledger's own "place" and "place/path". */
#ifndef TM_FLOW_ASKED_H
#define TM_FLOW_ASKED_H

#include "flow/ledger_read.h"
#include "plan/recipe.h"

typedef struct tm_asked { /* which record */
    tm_str file;
    uint64_t line, column, offset; /* line 0: by offset; column 0: none was given */
    tm_rid rid;                    /* place 0: by file */
    tm_str folder;                 /* of texts, in which the file lies: any of its lines is meant */
    tm_str started;                /* started.h */
} tm_asked;

tm_status tm_asked_parse(tm_str text, tm_asked *out, tm_err *err);
/* The same, read otherwise: "a:1:2" as line 2 of the file "a:1". False: there is no other way. */
bool tm_asked_otherwise(tm_str text, tm_asked *out);

bool tm_asked_is(const tm_asked *asked, const tm_ledger_row *row);

/* Of a source whose records do not have a line each: a question for the record that holds the line,
 * and the column if one was given. *found: there may be one. *searched: it is the source that was
 * asked for, and could be read again, so nobody else knows better. */
tm_status tm_asked_inside(tm_arena *mem, const tm_yaml *input, const tm_asked *asked,
                          tm_asked *inside, bool *found, bool *searched, tm_err *err);

#endif
