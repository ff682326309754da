/* Terms: texts as comparisons see them. A term is a maximal run of letters, marks, numbers and "_"
 * (Unicode general categories L, M, N), case-folded; everything else only separates. That is
 * Python's \w+ of the case-folded text, but that combining marks belong to their word.
 *
 * Near duplicates and contamination are found over n-grams of terms, or of characters for scripts
 * that are written without spaces. All hashes are the same on every CPU.
 *
 *   tm_text_terms(text, &buf)                      "The  cat's" -> "the cat s"
 *   n = tm_term_hashes(terms, hash)                three hashes
 *   n = tm_ngram_hashes(hash, n, 2, gram)          two of them
 *
 * tm_text_next_term is the definition of where terms lie; the rest is made fast from it. */
#ifndef TM_TEXT_TERMS_H
#define TM_TEXT_TERMS_H

#include "base/buf.h"
#include "base/str.h"

bool tm_is_term(uint32_t code_point);

/* The next term at or behind *at, as it stands (not folded); false, and *term as it was, at the
 * end. */
bool tm_text_next_term(tm_str text, size_t *at, tm_str *term);

/* Appends the text's terms, folded, one space between two; sticky failure in out. Does not begin
 * with a space, even when *out ends in a term. */
void tm_text_terms(tm_str text, tm_buf *out);

/* Scripts written without spaces between words: Han, kana, Thai, Lao, Khmer, Myanmar, Tibetan,
 * Yi; and how many code points of a text are theirs, and belong to terms at all. */
bool tm_is_unspaced(uint32_t code_point);
typedef struct tm_script_count {
    size_t unspaced, all;
} tm_script_count;
void tm_text_scripts(tm_str text, tm_script_count *into); /* adds */

/* A 64-bit hash of each term of a joined text, in order; room for terms.n / 2 + 1. */
size_t tm_term_hashes(tm_str terms, uint64_t *out);
/* A 64-bit hash of each run of n hashes: count - n + 1 of them, none when count < n. 1 <= n <= 64.
 * out may be `hash`. Order counts. Cyclic polynomials: Cohen 1997, Recursive hashing functions for
 * n-grams, ACM TOIS 15(3). */
size_t tm_ngram_hashes(const uint64_t *hash, size_t count, unsigned n, uint64_t *out);
/* A hash of each code point of a text, for n-grams of characters; room for text.n. */
size_t tm_char_hashes(tm_str text, uint64_t *out);

/* A good mixer: every bit of the answer depends on all of x (a bijection). */
static inline uint64_t tm_mix64(uint64_t x)
{
    x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
    x = (x ^ x >> 32) * 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

#endif
