/* Conformance modes: the MinHash signatures and band keys of datasketch, datatrove and text-dedup,
 * bit for bit, so that a set that was deduplicated with one of them can be made again.
 *
 *   tm_conform_rules r = tm_conform_defaults(tool)            as the tool would without options
 *   tm_conform_make(mem, &r, &mode, err)                      draws its hash functions
 *   tm_conform_signature(mode, &scratch, text, sig, &n, err)  n = 0: the tool leaves the text out
 *   tm_conform_band(mode, sig, band, key)                     what the tool looks up
 *
 * A mode is read-only and may be shared; a scratch is a worker's own. What is the same and what is
 * not:
 *
 *   datasketch 2.0    schemes affine32 (its default), affine64 and legacy (before 2.0). It leaves
 *                     words to its user: here they are runs of \w of the lower-cased text, n of
 *                     them joined by a space, in UTF-8; a text with fewer is one n-gram, one
 *                     without any is left out.
 *   datatrove 0.10    precision 64 and 32; text simplification with its defaults (not those for
 *                     names of days and months); words of English and of "xx", which it also takes
 *                     for most languages it has no tokenizer for. Words of its other tokenizers
 *                     (spaCy's for other languages, Stanza, Kiwi, jieba ...) are not. A text with
 *                     fewer than n words is left out: it is never a duplicate.
 *   text-dedup 0.4    its local minhash, hash_bits 64 (and 128, which is the same) and 32, sha1
 *                     and xxh3; and its Spark program, which is something else: xxh32, a prime of
 *                     32 bits. Both ignore their option seed: it is always 42. A text of fewer than
 *                     `least` tokens is left out: the tool drops it.
 *
 * Who is kept is not part of this: each has its own way. */
#ifndef TM_OP_CONFORM_CONFORM_H
#define TM_OP_CONFORM_CONFORM_H

#include "base/arena.h"
#include "op/conform/conform_words.h"

#define TM_CONFORM_MODES(X)                              \
    X(TM_CONFORM_DATASKETCH, "datasketch")               \
    X(TM_CONFORM_DATASKETCH_64, "datasketch-64")         \
    X(TM_CONFORM_DATASKETCH_LEGACY, "datasketch-legacy") \
    X(TM_CONFORM_DATATROVE, "datatrove")                 \
    X(TM_CONFORM_DATATROVE_32, "datatrove-32")           \
    X(TM_CONFORM_TEXT_DEDUP, "text-dedup")               \
    X(TM_CONFORM_TEXT_DEDUP_32, "text-dedup-32")         \
    X(TM_CONFORM_TEXT_DEDUP_SPARK, "text-dedup-spark")
typedef enum tm_conform_tool {
#define X(tool, name) tool,
    TM_CONFORM_MODES(X)
#undef X
        TM_CONFORM_TOOLS
} tm_conform_tool;
extern const char *const tm_conform_names[]; /* NULL-terminated */

enum { TM_CONFORM_HASH_OWN, TM_CONFORM_SHA1, TM_CONFORM_XXH };
extern const char *const tm_conform_hash_names[];     /* own sha1 xxhash, NULL-terminated */
extern const char *const tm_conform_language_names[]; /* english any, NULL-terminated */

enum { TM_CONFORM_HASHES_MAX = 65536 };

typedef struct tm_conform_rules {
    uint8_t tool, hash;
    bool any_language; /* datatrove: words of "xx" instead of English */
    uint32_t ngram, bands, rows;
    uint32_t hashes; /* of a signature, at least bands x rows; 0 = that */
    uint32_t least;  /* text-dedup's min_length, in tokens */
    uint32_t seed;
} tm_conform_rules;

typedef struct tm_conform {
    tm_conform_rules rules;
    uint64_t *mul, *add;     /* of each hash function */
    uint32_t *mul32, *add32; /* the same for those that count with 32 bits, else NULL */
} tm_conform;

typedef struct tm_conform_scratch {
    tm_conform_words words;
    uint64_t *gram;
    uint32_t *least;
    uint32_t room, least_room;
} tm_conform_scratch;

tm_conform_rules tm_conform_defaults(tm_conform_tool tool);
tm_status tm_conform_make(tm_arena *mem, const tm_conform_rules *rules, const tm_conform **out,
                          tm_err *err);
/* signature: room for rules.hashes of the mode. */
tm_status tm_conform_signature(const tm_conform *mode, tm_conform_scratch *scratch, tm_str text,
                               uint64_t *signature, size_t *count, tm_err *err);
/* The key's bytes, at most 8 a row, into key; how many. */
size_t tm_conform_band(const tm_conform *mode, const uint64_t *signature, uint32_t band, char *key);
void tm_conform_scratch_release(tm_conform_scratch *scratch);

#endif
