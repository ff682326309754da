/* Records of one source by their places, all of them in one reading of it. */
#ifndef TM_REPORT_FETCH_H
#define TM_REPORT_FETCH_H

#include "flow/run.h"
#include "report/excerpt.h"

typedef struct tm_want { /* a record to be found; what is not asked for is NULL */
    uint64_t at;         /* its offset in the decoded stream, or its number from 0 */
    tm_str *to;          /* its raw bytes, at most `most`; .p NULL stays when it is not found */
    uint64_t *line;      /* from 1 */
    uint64_t *column;    /* from 1, where records do not have a line each; else 0 */
} tm_want;

typedef struct tm_fetch {
    tm_want *list; /* put into order */
    uint32_t count, given;
    bool by_number;
    size_t most;  /* of a record */
    uint64_t far; /* decoded bytes behind which nothing is looked for; 0: to the end */
} tm_fetch;

tm_status tm_fetch_records(tm_fetch *f, tm_arena *mem, const tm_source *source,
                           const tm_read_limits *limits, tm_err *err);

/* What records of a run say in the texts that `selectors` choose, from its sources and references
 * as far as these can be read again. `out` has room for count; text.p stays NULL for what is not
 * found. */
tm_status tm_fetch_excerpts(const tm_run *run, tm_arena *mem, const tm_rid *rid, uint32_t count,
                            uint32_t selectors, tm_excerpt *out, tm_err *err);

#endif
