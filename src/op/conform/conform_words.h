/* Texts as other MinHash tools cut them into words, to hash the same n-grams.
 *
 *   tm_conform_words_begin(w); tm_words_...(text, w)       fill
 *   tm_conform_gram(w, i, n)                               words i .. i + n - 1, joined by a space
 *
 * Failure to get memory is sticky and said by tm_conform_words_ok. */
#ifndef TM_OP_CONFORM_CONFORM_WORDS_H
#define TM_OP_CONFORM_CONFORM_WORDS_H

#include "base/buf.h"

typedef struct tm_conform_words {
    tm_buf joined;   /* all words, one space between two; a word may be empty */
    uint32_t *start; /* of each, in joined */
    uint32_t count, room;
    bool failed;
    tm_buf work[3]; /* the text on its way */
} tm_conform_words;

void tm_conform_words_begin(tm_conform_words *w);
void tm_conform_word(tm_conform_words *w, tm_str word);
/* Empties w->work[i] and gives it; that it had failed is not forgotten. */
tm_buf *tm_conform_work(tm_conform_words *w, unsigned i);
tm_status tm_conform_words_ok(const tm_conform_words *w, tm_err *err);
void tm_conform_words_release(tm_conform_words *w);

static inline tm_str tm_conform_gram(const tm_conform_words *w, uint32_t first, uint32_t n)
{
    size_t end = first + n < w->count ? w->start[first + n] - 1 : w->joined.n;
    return (tm_str){w->joined.p + w->start[first], end - w->start[first]};
}

/* re.findall(r"\w+", text.lower()) */
void tm_words_found(tm_str text, tm_conform_words *w);
/* re.split(r"\W", text.lower()): every other character ends a word, so words may be empty. */
void tm_words_split(tm_str text, tm_conform_words *w);
/* datatrove's text simplification and the words of spaCy's tokenizer, English, or of no language
 * in particular ("xx"). Text that spaCy sees has no punctuation left, so few of its rules can
 * apply; those are here. What is not: an "=", "<" or ">" between letters, which can only come of
 * the decomposition of a crossed one (U+2260, U+226E, U+226F). */
void tm_words_datatrove(tm_str text, bool english, tm_conform_words *w);
/* The parts of it: simplified text into *out, by w->work; and one word between spaces. */
void tm_simplify_datatrove(tm_str text, tm_conform_words *w, tm_buf *out);
void tm_words_spacy(tm_str chunk, bool english, tm_conform_words *w);

#endif
