/* Band keys: what a record is found by in the first round of dedup.near, and what an index holds of
 * it (op/dedup/index.c), so that later sets are held against the index without sketching it again.
 *
 * Keys belong to the parameters they were made with and to the record they stand in: a check of
 * both stands before them, and keys that it does not fit are not read. Results are the same with
 * them and without; only time differs. */
#ifndef TM_OP_MINHASH_BAND_KEYS_H
#define TM_OP_MINHASH_BAND_KEYS_H

#include "op/minhash/grams.h"
#include "op/minhash/sketch.h"

typedef struct tm_band_args {
    double threshold;
    uint8_t units, sketch;
    int64_t ngram, char_ngram, hashes, bands, rows;
} tm_band_args;

typedef struct tm_band_rules {
    tm_gram_rules grams;
    tm_sketch sketch;
    uint64_t digest; /* of all that decides about keys */
} tm_band_rules;

typedef struct tm_band_scratch { /* a worker's */
    tm_grams grams;
    uint64_t *work, *key;
    uint32_t *slot;
} tm_band_scratch;

enum { TM_BAND_HASHES = 128, TM_BAND_NGRAM = 5, TM_BAND_CHAR_NGRAM = 5 }; /* if nothing is given */

/* Bands and rows: those given, or the best for the threshold; as_given leaves them 0 instead. */
tm_status tm_band_choose(const tm_band_args *a, bool as_given, tm_sketch *s, tm_err *err);
/* The gram rules and the rest of the sketch, whose bands and rows stand. */
tm_status tm_band_rules_make(tm_arena *mem, const tm_band_args *a, tm_choice choice,
                             tm_band_rules *rules, tm_err *err);

tm_status tm_band_begin(const tm_band_rules *rules, tm_band_scratch *own, tm_err *err);
void tm_band_end(tm_band_scratch *own);

/* own->key[0..*keys) of the grams in own->grams. */
void tm_band_keys(const tm_band_rules *rules, tm_band_scratch *own, uint32_t *keys);
/* The field that holds them, behind what stands in *json of the record: `text_at` is where the
 * compared text begins in it. Nothing when there are no keys. */
void tm_band_write(const tm_band_rules *rules, const uint64_t *key, uint32_t keys, size_t text_at,
                   tm_buf *json);
/* Reads them from a record of an index into own->key; false: it has none of these rules. */
bool tm_band_read(const tm_band_rules *rules, const tm_batch *b, uint32_t record,
                  tm_band_scratch *own, uint32_t *keys);

/* Parameters of operators whose args have a member `band`; help says what they are there for. */
#define TM_BAND_THRESHOLD_FALLBACK 0.8
#define TM_BAND_THRESHOLD(says)                                                        \
    {                                                                                  \
        .name = "threshold", .type = TM_P_SHARE, .at = offsetof(args, band.threshold), \
        .fallback = "0.8", .min = 0.01, .max = 1, .help = (says),                      \
    }
#define TM_BAND_GRAMS                                                                              \
    {                                                                                              \
        .name = "ngram",                                                                           \
        .type = TM_P_INT,                                                                          \
        .at = offsetof(args, band.ngram),                                                          \
        .fallback = "5",                                                                           \
        .unit = "words",                                                                           \
        .min = 1,                                                                                  \
        .max = 64,                                                                                 \
        .help = "how many words in a row are one element; shorter texts are compared exactly",     \
    },                                                                                             \
        {                                                                                          \
            .name = "char_ngram",                                                                  \
            .type = TM_P_INT,                                                                      \
            .at = offsetof(args, band.char_ngram),                                                 \
            .fallback = "5",                                                                       \
            .unit = "characters",                                                                  \
            .min = 1,                                                                              \
            .max = 64,                                                                             \
            .help = "the same for records that are compared by characters",                        \
        },                                                                                         \
    {                                                                                              \
        .name = "units", .type = TM_P_CHOICE, .at = offsetof(args, band.units),                    \
        .choices = tm_unit_names, .fallback = "auto",                                              \
        .help = "n-grams of words, of characters, or (auto) of characters where most letters are " \
                "of scripts without spaces",                                                       \
    }
#define TM_BAND_BANDS                                                                       \
    {                                                                                       \
        .name = "hashes",                                                                   \
        .type = TM_P_INT,                                                                   \
        .at = offsetof(args, band.hashes),                                                  \
        .fallback = "0",                                                                    \
        .min = 0,                                                                           \
        .max = TM_SKETCH_SLOTS_MAX,                                                         \
        .help = "most values of a sketch, within which the threshold chooses bands and "    \
                "rows (0: 128, or as many as the tool that sketch: names has)",             \
    },                                                                                      \
        {                                                                                   \
            .name = "bands",                                                                \
            .type = TM_P_INT,                                                               \
            .at = offsetof(args, band.bands),                                               \
            .fallback = "0",                                                                \
            .min = 0,                                                                       \
            .max = TM_SKETCH_SLOTS_MAX,                                                     \
            .help = "bands of the sketch, of which one must agree (0: chosen)",             \
        },                                                                                  \
    {                                                                                       \
        .name = "rows", .type = TM_P_INT, .at = offsetof(args, band.rows), .fallback = "0", \
        .min = 0, .max = 256, .help = "values a band (0: chosen)",                          \
    }

#endif
