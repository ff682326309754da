/* Fenced code in Markdown, line by line, as CommonMark 0.31 (section 4.5) has it.
 *
 * A fence opens with three or more ` or ~, indented by at most three columns from where it may
 * stand; nothing behind a row of ` may hold another one. It closes with a row of the same
 * character, at least as long, with nothing behind it; one that never closes runs to the end of
 * the text. Where it may stand is the left margin, or in a list item ("1. ", "- ") the column in
 * which the item's text begins: there code is usually indented by four and more.
 *
 * More lenient than the specification in one thing: a fence in a list item is closed by its closing
 * row alone, however the lines between are indented, since texts that get the indentation wrong
 * mean it so. Limits: fences in quotes (">") are not seen, and lists more than 16 deep count as
 * that deep. */
#ifndef TM_TEXT_FENCE_H
#define TM_TEXT_FENCE_H

#include "base/str.h"

enum { TM_FENCE_DEPTH = 16 };

typedef struct tm_fence {            /* all zeros before the first line */
    char mark;                       /* ` or ~ inside a fence, else 0 */
    uint8_t depth;                   /* of the list items that the next line may belong to */
    uint32_t length;                 /* of the opening row */
    uint32_t margin;                 /* the column that the open fence may stand in */
    uint32_t column[TM_FENCE_DEPTH]; /* where the text of each item begins */
} tm_fence;

/* The next line, without its line end; true if it is code or a fence's first or last line. */
bool tm_fence_next(tm_fence *f, tm_str line);

#endif
