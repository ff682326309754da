/* The repairs of clean.text on one text, as splices: the operator is in text.c.
 *
 * A text is gone through once, line by line, and what a repair looks at is the line as the others
 * leave it: a blank that a removed mark uncovers at the end of a line is trimmed, letters that it
 * parted are composed, a line that is blank without it counts as blank. So a second pass finds
 * nothing to do. */
#ifndef TM_OP_CLEAN_REPAIR_H
#define TM_OP_CLEAN_REPAIR_H

#include "op/op.h"
#include "text/fence.h"

enum {
    TM_FIX_UNICODE,
    TM_FIX_CONTROL,
    TM_FIX_ZERO_WIDTH,
    TM_FIX_LINE_ENDS,
    TM_FIX_TRAILING_SPACE,
    TM_FIX_BLANK_RUNS,
    TM_FIXES
};

typedef struct tm_repair { /* the first four are given, the rest is zero */
    tm_arena *mem;         /* for the splices and what they put */
    uint64_t fix;          /* bits of the fixes asked for */
    tm_str text;
    bool runs_on;      /* another text follows: blanks at the very end part words */
    tm_splice *splice; /* the result: sorted, disjoint */
    uint32_t splices, room;
    uint32_t count[TM_FIXES], first[TM_FIXES]; /* how often, and where first */
    tm_fence fence;                            /* of the text as it will be, up to this line */
    uint32_t blank_lines;
    size_t raw_end, raw_next; /* of the line as it stands: without its line end, and behind it */
    size_t newline;           /* the next one, at or behind raw_end, or the end of the text */
    tm_buf kept, form;
} tm_repair;

tm_status tm_repair_text(tm_repair *r, tm_err *err);
void tm_repair_release(tm_repair *r); /* scratch memory; the splices are the arena's */

#endif
