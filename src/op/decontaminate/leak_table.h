/* The table of a benchmark: what decontamination is told about its references, and how a text is
 * held against it.
 *
 *   tm_leak_build(rules, facts, &told)     once, from the items of the references, in order
 *   tm_leak_open(told, &table)             pointers into the bytes; free of cost, no allocation
 *   tm_leak_probe(&table, hash, n, on_hit) every run of terms that is an item's
 *
 * An item is one text of a reference. Of an item of `ngram` terms or more every n-gram is in the
 * table, of a shorter one the whole. The bytes hold no addresses. They are laid out for probing:
 *
 *   head | counts | filter | short filter | items | entries | ways | buckets | buckets of ways
 *
 * `entry` holds 8 bytes an n-gram (32 bits of its hash and its number among the n-grams of all
 * items), sorted by hash; `bucket` says where those of equal high bits begin. In front of it
 * stands `filter`, a blocked Bloom filter (Putze, Sanders and Singler 2007) over shorter k-grams:
 * whatever shares n terms with an item shares each of the n-k+1 k-grams in them, so it is enough to
 * look at every (n-k+1)-th place of a text, and almost all of them end there. */
#ifndef TM_OP_DECONTAMINATE_LEAK_TABLE_H
#define TM_OP_DECONTAMINATE_LEAK_TABLE_H

#include "op/op.h"

enum { TM_LEAK_NGRAM_MAX = 64 };

typedef struct tm_leak_rules {
    uint32_t ngram;
    uint32_t common;          /* an n-gram of more than so many items counts for none of them */
    uint64_t memory, ceiling; /* bytes that making it may take, and the run's limit behind them */
} tm_leak_rules;

typedef struct tm_leak_item {
    tm_rid rid;       /* of the record it stands in */
    uint32_t first;   /* number of its first n-gram: those of one item follow each other */
    uint32_t grams;   /* how many; 1 for a short one */
    uint32_t counted; /* of these, not common */
    uint32_t terms;
    uint32_t reference; /* from 1 */
    uint32_t is_short;
    uint32_t file; /* of the references, from 0 */
    uint32_t twin; /* the next file's item that equals it, whose n-grams are not there; TM_NONE */
} tm_leak_item;

typedef struct tm_leak_entry {
    uint32_t tag, gram;
} tm_leak_entry;

/* A pair of terms stands `offset` terms behind the beginning of a short item of `terms` terms. */
typedef struct tm_leak_way {
    uint32_t tag;
    uint16_t offset, terms;
} tm_leak_way;

typedef struct tm_leak_head {
    uint32_t ngram, kgram, items, entries, ways;
    uint32_t filter_bits, short_bits, bucket_bits, way_bits; /* they hold 1 << bits (+ 1) */
    uint32_t files;                                          /* that hold items */
    uint32_t counts;                                         /* rows of them */
    uint32_t nothing;                                        /* so that words follow aligned */
} tm_leak_head;

/* What became of the texts of one source; the names stand in decontaminate.c. */
enum {
    TM_LEAK_TOO_SHORT = TM_ITEM_REASONS,
    TM_LEAK_SHORT_ANSWER,
    TM_LEAK_SHORT_LEFT,
    TM_LEAK_ITEM_COUNTS
};
typedef struct tm_leak_count {
    uint64_t source, count[TM_LEAK_ITEM_COUNTS];
} tm_leak_count;

typedef struct tm_leak_table {
    tm_leak_head head;
    const tm_leak_count *count;
    const uint64_t *filter, *short_filter;
    const uint32_t *bucket, *way_bucket;
    const tm_leak_entry *entry;
    const tm_leak_way *way;
    const tm_leak_item *item;
} tm_leak_table;

/* One item as a fact: this, then a 64-bit hash a term. Or, with no terms, counts of a stretch of a
 * source: then a tm_leak_count. Facts sort by `order`: the record's place,
 * then the part's number. */
typedef struct tm_leak_fact {
    uint32_t reference, terms;
    uint32_t pair; /* of a short item: which pair of terms to look for, the most telling one */
    uint32_t is_short;
} tm_leak_fact;

tm_status tm_leak_build(const tm_leak_rules *rules, tm_group *facts, tm_buf *told, tm_err *err);
void tm_leak_open(const void *told, tm_leak_table *out); /* NULL: a table without items */
const tm_leak_item *tm_leak_item_of(const tm_leak_table *t, uint32_t gram);

/* Entries that the terms [from, from + terms) of a text are equal to: n-grams of one or more
 * items. */
typedef struct tm_leak_hit {
    size_t from;
    uint32_t terms, entries;
    const tm_leak_entry *entry;
} tm_leak_hit;
/* All hits: those of n-grams by place, then those of short items by place. */
void tm_leak_probe(const tm_leak_table *t, const uint64_t *hash, size_t count,
                   void (*on_hit)(void *arg, const tm_leak_hit *hit), void *arg);

/* ---- shared by the builder and the prober ---------------------------------------------------- */

/* The hash of a run of terms; of ngram terms it is that of tm_ngram_hashes. */
uint64_t tm_leak_run(const uint64_t *hash, size_t terms);
/* Whole short items are told from n-grams by their length. */
static inline uint64_t tm_leak_whole(uint64_t run, size_t terms)
{
    return run ^ (uint64_t)terms * 0x9E3779B97F4A7C15u;
}
static inline uint64_t tm_leak_pair(uint64_t a, uint64_t b)
{
    return ((a << 13 | a >> 51) ^ b) * 0x9E3779B97F4A7C15u;
}
static inline size_t tm_leak_word(uint64_t hash, uint32_t bits)
{
    return (size_t)(hash >> (64 - bits));
}
static inline uint64_t tm_leak_mask(uint64_t hash)
{
    return (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63);
}

#endif
