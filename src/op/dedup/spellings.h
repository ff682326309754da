/* The ways in which one normalised text is spelled by the records of a group: each with the first
 * record that has it. One is told from another by 128 bits of its SHA-256: no two texts that share
 * them are known, or can be made. */
#ifndef TM_OP_DEDUP_SPELLINGS_H
#define TM_OP_DEDUP_SPELLINGS_H

#include "op/seam.h"

enum { TM_SPELLING_BYTES = 32 }; /* a digest, in hex */
/* Later ones are not remembered, so records that share one of them are not merged: each is told to
 * be spelled otherwise than the first of all. It bounds the table to a megabyte. */
enum { TM_SPELLINGS_MOST = 8192 };

typedef struct tm_spelling {
    char digest[TM_SPELLING_BYTES];
    tm_rid rid;      /* the first record that has it */
    uint32_t rank;   /* of the scope (scope.h) */
    uint32_t fields; /* where the caller has its list of fields, or TM_NONE */
} tm_spelling;

typedef struct tm_spellings { /* an open-addressing table; zero is empty */
    tm_spelling *at;
    size_t count, room;
} tm_spellings;

/* *first: what has this spelling already; `record` itself when nothing does. *kept, if wanted:
 * where `record` is remembered now, or NULL when it is not. */
tm_status tm_spellings_of(tm_spellings *s, const tm_spelling *record, tm_spelling *first,
                          tm_spelling **kept, tm_err *err);
void tm_spellings_release(tm_spellings *s);

#endif
