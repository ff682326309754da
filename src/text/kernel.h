/* Text kernels: the inner loops that have a faster form on some CPUs, as one const table per CPU.
 *
 * The scalar table is the definition: every other one gives the same answers (tests compare them on
 * random and hostile input). TAMIS_SIMD=scalar|avx2|avx512 forces one; else the best the CPU has.
 * Kernels read nothing outside [p, p + n) but where it says so. */
#ifndef TM_TEXT_KERNEL_H
#define TM_TEXT_KERNEL_H

#include "base/def.h"

struct tm_json;

/* What a fast JSON scanner says (json_scan.h). */
typedef enum tm_json_fast {
    TM_FAST_UNSURE, /* not accepted: the definition decides */
    TM_FAST_YES,    /* valid, and its nodes are there */
    TM_FAST_MEMORY  /* no room for the nodes */
} tm_json_fast;

enum { TM_FOLD_CASE = 1, TM_FOLD_SPACE = 2 };

typedef struct tm_kernel {
    const char *name; /* "scalar", "avx2", "avx512" */
    /* First invalid byte of p[0..n) as UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing
     * above U+10FFFF), or n. The first byte of the ill-formed sequence is meant. */
    size_t (*utf8_valid)(const char *p, size_t n);
    /* Number of code points (bytes that do not continue one). */
    size_t (*utf8_count)(const char *p, size_t n);
    /* Cuts at newlines: writes the offset behind each '\n' and whether the line before it holds a
     * byte >= 0x80 (bit 63 of the offset), at most `room`; returns how many. *eaten: where it
     * stopped (behind the last newline written, when room ran out; else n). */
    size_t (*lines)(const char *p, size_t n, uint64_t *ends, size_t room, size_t *eaten);
    size_t (*count_newlines)(const char *p, size_t n);
    /* First byte that is '"', '\\' , < 0x20 or >= 0x80, or n. */
    size_t (*string_plain)(const char *p, size_t n);
    /* First byte that is '\\', or n. (JSON unescaping copies what lies before it.) */
    size_t (*find_backslash)(const char *p, size_t n);
    /* First byte that must be escaped in JSON ('"', '\\', < 0x20) or is >= 0x80, or n. */
    size_t (*escape_plain)(const char *p, size_t n);
    /* Escapes what goes into a JSON string ('"', '\\', < 0x20, the last by short names where they
     * have one) and copies the rest, whatever it is; returns how many bytes were written. `to` has
     * room for 6 * n: those behind them are undefined. */
    size_t (*escape)(const char *p, size_t n, char *to);
    /* How many bytes longer than n that is. */
    size_t (*escape_more)(const char *p, size_t n);
    /* Unescapes the inside of a valid JSON string up to its first \u: writes at most as many bytes
     * as it eats, to[0..*written), and returns how many bytes of p it ate. `to` has room for n
     * bytes: those behind *written are undefined. */
    size_t (*unescape)(const char *p, size_t n, char *to, size_t *written);
    /* Whether p[0..n) is ASCII that no repair of white space and controls would change: no
     * control but \n and \t, no DEL, no blank (space, tab) before a \n or at the end, no three \n
     * in a row and no two at the beginning. */
    bool (*is_tidy)(const char *p, size_t n);
    /* Copies ASCII to to[0..n) up to the first byte that needs care, and returns its place (or n):
     * >= 0x80, and with TM_FOLD_SPACE every white space but a single ' ' (after_space: one stands
     * before p). With TM_FOLD_CASE, A-Z become a-z. Bytes behind that place in `to` are
     * undefined. */
    size_t (*fold)(const char *p, size_t n, char *to, unsigned how, bool after_space);
    /* Words (words.h) that begin before the first byte >= 0x80, whose place (or n) is returned:
     * adds them to *words. *inside: the byte before was of a word; set for what
     * follows. */
    size_t (*words)(const char *p, size_t n, bool *inside, size_t *words);
    /* Terms (terms.h) of ASCII text up to its first byte >= 0x80, whose place (or n) is returned:
     * folded, and a space behind each when what separates it is met. *inside: the byte before was
     * of a term; set for what follows. `to` has room for n bytes. */
    size_t (*terms)(const char *p, size_t n, char *to, bool *inside, size_t *wrote);
    /* A hash of each stretch between spaces (terms_hash.h); returns how many. */
    size_t (*term_hashes)(const char *p, size_t n, uint64_t *out);
    /* The buckets of fast similarity sketching (op/minhash/sketch.c): each element, hashed with the
     * salt, falls into one slot, which keeps the least 32 bits of them and of what it was. */
    void (*sketch_buckets)(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                           uint32_t *least);
    /* least[i] = the least of what it is and (upper half of an element) * mul[i] + add[i]. */
    void (*minhash)(const uint64_t *gram, size_t count, const uint32_t *mul, const uint32_t *add,
                    uint32_t slots, uint32_t *least);
    /* A fast JSON scanner, or NULL: the definition alone is used. May read, and ignores, so many
     * bytes behind n as are said to be readable. */
    tm_json_fast (*json_accept)(struct tm_json *json, const char *p, size_t n,
                                size_t readable_after, uint32_t depth, bool known_ascii);
} tm_kernel;

extern const tm_kernel tm_kernel_scalar;
void tm_sketch_buckets_scalar(const uint64_t *gram, size_t count, uint64_t salt, uint32_t slots,
                              uint32_t *least);
void tm_minhash_scalar(const uint64_t *gram, size_t count, const uint32_t *mul, const uint32_t *add,
                       uint32_t slots, uint32_t *least);
unsigned tm_json_escape_put(char c, char *to); /* one that must be escaped; bytes written, 2 or 6 */
size_t tm_terms_scalar(const char *p, size_t n, char *to, bool *inside, size_t *wrote);
size_t tm_term_hashes_scalar(const char *p, size_t n, uint64_t *out);
/* The table in use: chosen once, thread-safe. */
const tm_kernel *tm_kernel_now(void);
/* What TAMIS_SIMD names though it is no kernel of this processor; NULL: nothing of the kind. */
const char *tm_kernel_missed(void);
/* The table by name if this CPU can run it, else NULL. */
const tm_kernel *tm_kernel_named(const char *name);

#endif
