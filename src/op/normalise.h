/* The normaliser of comparisons: what counts as the same text. Version 2, in this order:
 *
 *   zero_width  zero-width and direction marks removed (tm_is_zero_width)
 *   unicode     Unicode NFC: canonical equivalents, not compatibility ones
 *   case        full Unicode case folding (CaseFolding.txt, C and F); with `unicode` composed
 *               again, since folding takes some letters apart (Unicode 15.0, D145)
 *   space       runs of white space (tm_is_space) become one space, none at the ends
 *
 * Marks go first, because letters that they part compose without them. It only ever makes a key: no
 * text is changed by it. */
#ifndef TM_OP_NORMALISE_H
#define TM_OP_NORMALISE_H

#include "base/buf.h"
#include "base/str.h"

#define TM_NORMALISER_VERSION 2
enum { TM_NORM_UNICODE = 1, TM_NORM_ZERO_WIDTH = 2, TM_NORM_CASE = 4, TM_NORM_SPACE = 8 };
extern const char *const tm_norm_names[]; /* NULL-terminated, bit order */

/* Appends the normalised text; `scratch` is overwritten. Sticky failure in out. */
void tm_normalise(tm_str text, uint64_t steps, tm_buf *scratch, tm_buf *out);

#endif
