/* The table of a linker: sets that later records are compared with, found by their keys.
 *
 * A set's keys are its bands and its digest. It fills up to a budget; tm_link_table_fits says
 * whether one more has room. Candidates come in the order in which sets were added.
 *
 *   tm_link_table_open; for each record: _look, then _next until it is false, then perhaps _add */
#ifndef TM_OP_DEDUP_LINK_TABLE_H
#define TM_OP_DEDUP_LINK_TABLE_H

#include "op/dedup/grams.h"
#include "op/dedup/sketch.h"

typedef struct tm_link_set { /* one record's set, and what linking has to know of it */
    tm_rid rid;
    tm_str set; /* sorted hashes (aligned), or bytes that are compared exactly */
    uint64_t digest;
    uint32_t rank;
    uint32_t number;   /* chains: which record; else unused */
    uint32_t compared; /* with how many it was compared so far */
    uint8_t kind;      /* tm_gram_kind */
    bool limited;      /* others were left out */
    bool leads;        /* it stands for others */
    bool fallen;       /* with the first that it stood for: nobody is kept */
} tm_link_set;

typedef struct tm_link_key { /* sets that have this key: a list, in the order of adding */
    uint64_t key;
    uint32_t first, last; /* entry + 1; first 0: the slot is free */
} tm_link_key;

typedef struct tm_link_entry {
    uint32_t node, next; /* next: entry + 1 */
} tm_link_entry;

typedef struct tm_link_node {
    tm_link_set of; /* of.set.p is not used: the bytes lie at `at` of the table's sets */
    size_t at;
} tm_link_node;

typedef struct tm_link_table {
    const tm_sketch *sketch;
    uint64_t memory;
    tm_buf sets;
    tm_link_node *node;
    tm_link_entry *entry;
    tm_link_key *slot;
    uint32_t nodes, node_room, entries, entry_room, slots, slots_used;
    uint64_t *key, *work;         /* keys of the record at hand */
    uint32_t *slot_values, *head; /* head: entry + 1 of each key's list, as far as it was walked */
    uint32_t keys;
    uint32_t at; /* node of the candidate that _next gave last */
} tm_link_table;

tm_status tm_link_table_open(tm_link_table *t, const tm_sketch *sketch, uint64_t memory,
                             tm_err *err);
/* Makes the record the one at hand: its keys are made, its candidates can be walked. */
void tm_link_table_look(tm_link_table *t, const tm_link_set *record);
/* The next candidate: a set in the table that shares a key. Each once. */
bool tm_link_table_next(tm_link_table *t, tm_link_set *out);
bool tm_link_table_fits(const tm_link_table *t, const tm_link_set *record);
tm_status tm_link_table_add(tm_link_table *t, const tm_link_set *record, tm_err *err);
void tm_link_table_empty(tm_link_table *t);
void tm_link_table_close(tm_link_table *t);

#endif
