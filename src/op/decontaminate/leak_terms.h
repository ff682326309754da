/* Terms of a text as decontamination compares them, and where they stand.
 *
 * Terms are those of text/terms.h over the text in Unicode NFC without zero-width marks, so neither
 * case, punctuation, markup, line ends nor invisible characters hide anything. Every character of a
 * script written without spaces (Han, kana, Thai ...) is a term of its own.
 *
 *   tm_leak_hashes(text, &work)                        work.hash[0, work.count)
 *   while (tm_leak_next_term(text, &at, &from, &to))   the i-th call gives the i-th term's place
 */
#ifndef TM_OP_DECONTAMINATE_LEAK_TERMS_H
#define TM_OP_DECONTAMINATE_LEAK_TERMS_H

#include "base/buf.h"
#include "base/str.h"

typedef struct tm_leak_text { /* one text's terms; reused */
    tm_buf plain, form, joined, apart;
    uint64_t *hash;
    size_t count, room;
} tm_leak_text;

bool tm_leak_hashes(tm_str text, tm_leak_text *out); /* false: out of memory */
void tm_leak_text_release(tm_leak_text *t);

/* The next term behind *at: [*from, *to) in the text as it stands; false at the end. */
bool tm_leak_next_term(tm_str text, size_t *at, size_t *from, size_t *to);

#endif
