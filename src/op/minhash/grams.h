/* What near duplicates are compared by: the set of n-grams of a record's chosen texts.
 *
 * Words are terms (text/terms.h). A record most of whose letters are of scripts without spaces is
 * compared by n-grams of characters. One with fewer than n words is compared by its terms exactly,
 * one without any word by its text as it stands; so short records are neither lost nor lumped
 * together. Sets of different kinds never match, nor do those of records that carry different
 * pictures or call different functions.
 *
 * The n-grams of a second answer (rejected ones, and all behind the first of several) are others
 * than those of the same words in a first: a preference and the same one with its answers swapped
 * say the opposite, and have nothing but their prompt in common. */
#ifndef TM_OP_MINHASH_GRAMS_H
#define TM_OP_MINHASH_GRAMS_H

#include "op/chosen.h"
#include "op/op.h"

typedef enum tm_gram_kind {
    TM_GRAM_NONE, /* nothing to compare: never a duplicate */
    TM_GRAM_WORDS,
    TM_GRAM_CHARS,
    TM_GRAM_TERMS, /* fewer than n: one hash of the terms */
    TM_GRAM_TEXT   /* no words at all: one hash of the text */
} tm_gram_kind;

enum { TM_UNITS_AUTO, TM_UNITS_WORDS, TM_UNITS_CHARS };
extern const char *const tm_unit_names[]; /* NULL-terminated */

typedef struct tm_gram_rules {
    tm_choice choice;
    uint32_t words, chars;
    uint8_t units;
} tm_gram_rules;

typedef struct tm_stretch { /* of the terms, from byte `at` on: of which answer but the first */
    uint32_t at, alternative;
} tm_stretch;

typedef struct tm_grams { /* a worker's scratch */
    tm_gram_kind kind;
    uint64_t *gram; /* a hash each, in the text's order, repeated as they are there */
    size_t count;
    uint64_t *spare;
    size_t room, spare_room;
    uint64_t carries; /* beside the texts: equal in near duplicates (chosen.h) */
    tm_buf terms;     /* the terms, or the text when there are none */
    tm_buf text;
    tm_stretch *stretch; /* none: all terms are of prompts and first answers */
    uint32_t stretches, stretch_room;
} tm_grams;

/* Whether a record is compared by characters: they were asked for, or most of its letters are of
 * scripts without spaces. */
tm_status tm_grams_by_chars(const tm_gram_rules *rules, tm_batch *b, uint32_t record,
                            tm_grams *scratch, bool *chars, tm_err *err);
tm_status tm_grams_of(const tm_gram_rules *rules, tm_batch *b, uint32_t record, tm_grams *out,
                      tm_err *err);
/* The same in two: the texts of a record, as terms and what it carries; and the n-grams of terms
 * that are all that is left of a record. */
tm_status tm_grams_gather(const tm_choice *choice, tm_batch *b, uint32_t record, tm_grams *out,
                          tm_err *err);
tm_status tm_grams_of_terms(const tm_gram_rules *rules, tm_grams *g, tm_err *err);
/* The stretches as an index writes them behind what is carried (" AT:ALTERNATIVE" each). */
void tm_grams_write_stretches(const tm_grams *g, tm_buf *out);
/* Sorts and leaves each once: a set. `spare` has room for count. */
size_t tm_grams_sort(uint64_t *gram, size_t count, uint64_t *spare);
/* What tm_grams_of gave as bytes that are compared: a sorted set, or the text that is compared
 * exactly. Lives until the next record. */
tm_status tm_grams_set(tm_grams *g, tm_str *set, tm_err *err);
void tm_grams_release(tm_grams *g);

/* Of two sorted sets. */
size_t tm_grams_common(const uint64_t *a, size_t n, const uint64_t *b, size_t m);

#endif
