/* Pieces of text that people count: characters, words, lines, and classes of characters.
 *
 * A character is a code point. A word is a maximal run of characters that are not White_Space
 * (Unicode), as Python's str.split() counts. Nothing here depends on a locale. */
#ifndef TM_TEXT_WORDS_H
#define TM_TEXT_WORDS_H

#include "base/buf.h"
#include "base/str.h"

size_t tm_text_chars(tm_str s);
typedef struct tm_text_size {
    size_t chars, words;
} tm_text_size;
tm_text_size tm_text_sizes(tm_str s); /* both in one go */
size_t tm_text_words(tm_str s);
size_t tm_text_lines(tm_str s);        /* newlines plus one; 0 for the empty text */
bool tm_is_space(uint32_t code_point); /* White_Space and U+001C..U+001F, as Python's str.isspace */
bool tm_is_zero_width(
    uint32_t code_point);                /* U+200B-D, U+2060, U+FEFF, U+00AD, U+180E, bidi marks */
bool tm_is_control(uint32_t code_point); /* C0 and C1 but tab, LF, CR; and U+007F */

/* The next word at or behind *at; false, and *word as it was, at the end. */
bool tm_text_next_word(tm_str s, size_t *at, tm_str *word);

/* Unicode simple-free case folding and normal forms, through utf8proc with an ASCII fast path.
 * Sticky failure in out. s must be UTF-8 (WTF-8 surrogates are passed through). */
typedef enum tm_unicode_form {
    TM_FORM_NONE,
    TM_FORM_NFC,
    TM_FORM_NFKC,
    TM_FORM_NFD,
    TM_FORM_NFKD
} tm_unicode_form;
bool tm_text_is_form(tm_str s, tm_unicode_form form); /* already in it? (quick check, exact) */
void tm_text_to_form(tm_str s, tm_unicode_form form, tm_buf *out);
void tm_text_lower(tm_str s, tm_buf *out); /* full Unicode lower case, as Python's str.lower() but
                                              without the final-sigma rule */
void tm_text_fold(tm_str s, tm_buf *out);  /* case folding, as Python's str.casefold() */

#endif
