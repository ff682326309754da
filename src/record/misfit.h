/* What is to blame when a record fits no layout: a value of the wrong type under a layout's keys,
 * or records that lie one level deeper. Internal to record/. */
#ifndef TM_RECORD_MISFIT_H
#define TM_RECORD_MISFIT_H

#include "record/layout_bind.h"

typedef struct tm_misfit { /* the layout would fit if these keys had values of another type */
    const tm_layout *layout;
    tm_key key[2];
    uint32_t keys;
    bool of_text; /* texts or messages belong there; if not, a number or a verdict */
} tm_misfit;

/* doc has its keys collected, and none of the layouts fits it. plain: a value that is to blame is
 * no list and no object, which could hold what belongs there. */
bool tm_misfit_find(const tm_doc *doc, const tm_layout *const *layout, uint32_t layouts, bool plain,
                    tm_misfit *out);
/* "output is a number where a text belongs" */
void tm_misfit_say(const tm_doc *doc, const tm_misfit *m, tm_buf *out);
/* Lists and objects lie in the value of its first key. */
bool tm_misfit_holds_more(const tm_doc *doc, const tm_misfit *m);

/* Appends what list of records lies in the record, and the command that makes a file of it. False,
 * and nothing appended, when there is none. */
bool tm_inner_list(const tm_doc *doc, tm_buf *out);

/* A key that can stand in a sentence on a terminal. */
bool tm_key_is_word(tm_str key);

#endif
