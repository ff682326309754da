/* A set of names as a record spells them, each with a number: ids of calls, names of tools.
 *
 * Two names are the same when their bytes in the record are: no model writes one id in two
 * spellings. A hash table with linear probing in the batch's arena, at most half full, so a record
 * may hold as many names as it likes. Nothing is taken out: who wants that gives another number. */
#ifndef TM_OP_CHECK_NAME_SET_H
#define TM_OP_CHECK_NAME_SET_H

#include "base/arena.h"

typedef struct tm_set_name {
    tm_str name; /* .p NULL: free */
    uint32_t number;
} tm_set_name;

typedef struct tm_name_set { /* zeroed is empty */
    tm_set_name *slot;
    uint32_t slots, count;
} tm_name_set;

/* The entry of a name, made with number TM_NONE if there is none; NULL when memory is exhausted.
 * Lives until the next call. */
tm_set_name *tm_name_set_put(tm_name_set *names, tm_arena *mem, tm_str name);
/* The entry of a name, or NULL. */
tm_set_name *tm_name_set_get(const tm_name_set *names, tm_str name);

#endif
