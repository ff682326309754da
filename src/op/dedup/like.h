/* dedup.near as another tool would do it: its signatures and bands (conform.h), no comparison, and
 * whoever shares a band is merged. */
#ifndef TM_OP_DEDUP_LIKE_H
#define TM_OP_DEDUP_LIKE_H

#include "op/chosen.h"
#include "op/conform/conform.h"
#include "op/dedup/link.h"
#include "op/minhash/band_keys.h"

typedef struct tm_like_scratch { /* a worker's */
    tm_conform_scratch conform;
    tm_buf text;
    uint64_t *signature;
    char *key;
} tm_like_scratch;

/* What sketch: may be: our own kinds, then the tools of tm_conform_names. */
extern const char *const tm_like_sketch_names[]; /* NULL-terminated */
enum { TM_LIKE_FIRST = TM_SKETCH_KINDS };

typedef struct tm_like_args { /* what the tool was given beside n-grams, bands and rows */
    uint8_t hash, language;   /* TM_CONFORM_HASH_OWN ...; 1: any */
    int64_t seed, least;      /* < 0: the tool's own */
} tm_like_args;

/* Fails when one of them is given that `sketch` does not look at. */
tm_status tm_like_check(uint8_t sketch, const tm_like_args *as, tm_err *err);
/* Of args ngram and hashes (0: the tool's own number). bands and rows: 0 for the tool's own. They
 * are filled in. */
tm_status tm_like_make(tm_arena *mem, tm_conform_tool tool, const tm_band_args *args,
                       const tm_like_args *as, tm_sketch *bands, const tm_conform **out,
                       tm_err *err);
tm_status tm_like_begin(const tm_conform *mode, tm_like_scratch *s, tm_err *err);
void tm_like_end(tm_like_scratch *s);
/* A lean fact a band. A text that the tool leaves out has none: it is kept. Records for which
 * `apart` differs share none (within.h). */
tm_status tm_like_observe(const tm_conform *mode, const tm_choice *choice, tm_like_scratch *s,
                          tm_batch *b, uint32_t record, uint64_t apart, tm_facts *out, tm_err *err);

/* Parameters of an operator whose args have a member `as`. */
#define TM_LIKE_PARAMS                                                                            \
    {                                                                                             \
        .name = "sketch_hash",                                                                    \
        .type = TM_P_CHOICE,                                                                      \
        .at = offsetof(args, as.hash),                                                            \
        .choices = tm_conform_hash_names,                                                         \
        .fallback = "own",                                                                        \
        .help = "the hash of n-grams that the tool of sketch: was given: its own, sha1 "          \
                "(datatrove) or xxhash (text-dedup)",                                             \
    },                                                                                            \
        {                                                                                         \
            .name = "sketch_language",                                                            \
            .type = TM_P_CHOICE,                                                                  \
            .at = offsetof(args, as.language),                                                    \
            .choices = tm_conform_language_names,                                                 \
            .fallback = "english",                                                                \
            .help = "whose words datatrove was told to cut: of English, or of any language that " \
                    "it has no tokenizer for (xx)",                                               \
        },                                                                                        \
        {                                                                                         \
            .name = "sketch_least",                                                               \
            .type = TM_P_INT,                                                                     \
            .at = offsetof(args, as.least),                                                       \
            .fallback = "-1",                                                                     \
            .unit = "tokens",                                                                     \
            .min = -1,                                                                            \
            .max = UINT32_MAX,                                                                    \
            .help = "text-dedup's min_length, below which a text is kept whatever it says (-1: "  \
                    "its own, 5)",                                                                \
        },                                                                                        \
    {                                                                                             \
        .name = "sketch_seed", .type = TM_P_INT, .at = offsetof(args, as.seed), .fallback = "-1", \
        .min = -1, .max = UINT32_MAX,                                                             \
        .help = "the seed the tool of sketch: was given (-1: its own; text-dedup takes none)",    \
    }

#endif
