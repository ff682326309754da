/* Word-level difference of two texts, as two HTML pieces side by side. */
#ifndef TM_REPORT_DIFF_H
#define TM_REPORT_DIFF_H

#include "base/arena.h"
#include "base/buf.h"

/* What stands only in `before` is <del>, only in `after` <ins>. Space characters that differ are
 * shown as symbols. Of texts of more than `most` bytes a stretch is shown that holds the first
 * difference. Falls back to plain texts when they are too long to compare. */
tm_status tm_diff_html(tm_arena *mem, tm_str before, tm_str after, uint32_t most, tm_buf *left,
                       tm_buf *right, tm_err *err);
/* One text, cut to the same length. */
void tm_diff_plain(tm_str text, uint32_t most, tm_buf *out);

#endif
