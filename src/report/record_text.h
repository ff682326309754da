/* What a record says, for people: its texts without the JSON around them. */
#ifndef TM_REPORT_RECORD_TEXT_H
#define TM_REPORT_RECORD_TEXT_H

#include "record/layout.h"

/* The texts that `selectors` choose, each behind its role where they are several, with runs of
 * white space as one space. `raw` itself when it has no layout of the set, or none of these
 * texts. */
tm_status tm_record_text(const tm_layout_set *layouts, tm_str raw, uint32_t selectors,
                         tm_arena *mem, tm_str *out, tm_err *err);

#endif
