/* The table of a linker: sets that later records are compared with, found by their keys.
 *
 * A set's keys are its bands and its digest. It fills up to a budget; tm_link_table_fits says
 * whether one more has room. Candidates come in the order in which sets were added, of each key the
 * first `most` and no more: a key that many share (a template's) takes no time from the others, by
 * which the truly near are found.
 *
 *   tm_link_table_open; for each record: _look, then _next until it is false, then perhaps _add */
#ifndef TM_OP_DEDUP_LINK_TABLE_H
#define TM_OP_DEDUP_LINK_TABLE_H

#include "op/minhash/grams.h"
#include "op/minhash/sketch.h"

typedef struct tm_link_set { /* one record's set, and what linking has to know of it */
    tm_rid rid;
    tm_str set; /* sorted hashes (aligned), or bytes that are compared exactly */
    uint64_t digest;
    uint32_t rank;
    uint8_t kind; /* tm_gram_kind */
    bool limited; /* others were left out */
    bool leads;   /* it stands for others */
    bool fallen;  /* with the first that it stood for: nobody is kept */
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
    uint32_t parent; /* chains: of its tree; a root is its own */
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
    uint32_t *walked;             /* candidates met by each key, in earlier tables too */
    uint32_t *open, opens;        /* keys whose list is not at its end, in any order */
    uint32_t keys, most;
    uint32_t at; /* node of the candidate that was given last */
} tm_link_table;

typedef enum tm_candidate {
    TM_CANDIDATE_NONE,     /* no more */
    TM_CANDIDATE_MET,      /* to be compared */
    TM_CANDIDATE_LEFT_OUT, /* all keys that lead to it have met their most; said once a key */
    TM_CANDIDATE_BOTH      /* to be compared; one of its keys has met its most */
} tm_candidate;

tm_status tm_link_table_open(tm_link_table *t, const tm_sketch *sketch, uint64_t most,
                             uint64_t memory, tm_err *err);
/* How many keys a set of this kind has. */
uint32_t tm_link_table_keys(const tm_link_table *t, uint8_t kind);
/* Makes the record the one at hand: its keys are made, its candidates can be walked. walked: what
 * t->walked was for it in an earlier table, or NULL. */
void tm_link_table_look(tm_link_table *t, const tm_link_set *record, const uint32_t *walked);
bool tm_link_is_equal(const tm_link_set *a, const tm_link_set *b);
/* A set in the table that is equal, of the same rank; does not move the walk. */
bool tm_link_table_equal(tm_link_table *t, const tm_link_set *record, tm_link_set *out);
/* The next candidate: a set in the table that shares a key. Each once. */
tm_candidate tm_link_table_next(tm_link_table *t, tm_link_set *out);
bool tm_link_table_fits(const tm_link_table *t, const tm_link_set *record);
tm_status tm_link_table_add(tm_link_table *t, const tm_link_set *record, tm_err *err);
/* Chains: the tree of a node, by its root; and two trees as one. */
uint32_t tm_link_table_tree(tm_link_table *t, uint32_t node);
uint32_t tm_link_table_join(tm_link_table *t, uint32_t a, uint32_t b);
void tm_link_table_empty(tm_link_table *t);
void tm_link_table_close(tm_link_table *t);

#endif
