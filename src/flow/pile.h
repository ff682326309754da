/* tm_pile: facts in memory, and in order once sorted.
 *
 *   tm_pile_add*, tm_pile_sort, tm_pile_next*, tm_pile_clear       and again
 *
 * Facts lie in chunks that never move, so a pile that grows copies nothing and touches no memory
 * that it does not keep. Lean facts (lean.h) lie as numbers; the first fact that is not lean turns
 * those that are there into frames. */
#ifndef TM_FLOW_PILE_H
#define TM_FLOW_PILE_H

#include "flow/lean.h"

typedef struct tm_pile_chunk tm_pile_chunk;
typedef struct tm_pile_entry tm_pile_entry;

typedef struct tm_pile {
    tm_pile_chunk *first, *last; /* oldest first */
    uint64_t count, bytes;       /* facts; of their chunks */
    uint64_t chunk_bytes;        /* of the next one; set by the owner */
    bool lean;                   /* what the chunks hold */
    bool by_order;               /* no fact has a key */
    /* once sorted */
    tm_lean *list; /* lean: the facts themselves, chunks are gone */
    tm_pile_entry *entry;
    uint64_t sorted, cursor;
    char key[8]; /* of the lean fact handed out */
} tm_pile;

tm_status tm_pile_add(tm_pile *p, const tm_fact *fact, tm_err *err);
/* n of them; only while nothing else lies in the pile. */
tm_status tm_pile_add_lean(tm_pile *p, const tm_lean *lean, size_t n, tm_err *err);
/* How many more lean facts there may be before the pile takes more than `most` bytes, and one. */
uint64_t tm_pile_lean_room(const tm_pile *p, uint64_t most);
/* With what sorting takes. */
uint64_t tm_pile_bytes(const tm_pile *p);
/* By (key, order, rid, data). Nothing may be added to a sorted pile. */
tm_status tm_pile_sort(tm_pile *p, tm_err *err);
/* Slices live until the next call. false at the end. pairs_only: lean facts whose key no other has
 * are left out. */
bool tm_pile_next(tm_pile *p, bool pairs_only, tm_fact *out);
void tm_pile_clear(tm_pile *p); /* gives all memory back */

/* By (key, order, rid, data). */
int tm_fact_cmp(const tm_fact *a, const tm_fact *b);
/* The first eight bytes of a fact's key (or order), as a number that sorts as they do. */
uint64_t tm_fact_prefix(const tm_fact *f, bool by_order);

#endif
