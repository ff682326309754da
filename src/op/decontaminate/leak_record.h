/* One record held against a table of items: what is found, where, and taking it out.
 *
 *   tm_leak_search_open(&search, ...)     once a batch
 *   tm_leak_search_record(&search, b, r)  findings, and edits when spans are cut
 *   tm_leak_search_close(&search)
 *
 * Findings carry the item's record as `other` and the share of its n-grams that was found. Each
 * file of the references has its own, so what stands in two benchmarks is found twice. */
#ifndef TM_OP_DECONTAMINATE_LEAK_RECORD_H
#define TM_OP_DECONTAMINATE_LEAK_RECORD_H

#include "op/decontaminate/leak_table.h"
#include "op/decontaminate/leak_terms.h"
#include "op/op.h"

enum { TM_LEAK_NGRAMS, TM_LEAK_SHORT, TM_LEAK_CUT }; /* codes of findings */

typedef struct tm_leak_search { /* a worker's; zeroed at first */
    const tm_step_view *step;
    uint32_t on;    /* selectors */
    double overlap; /* the share of an item's n-grams that counts */
    bool cut;
    tm_leak_table table;
    tm_leak_text text;
    uint8_t *seen;       /* a bit an n-gram of the table: found in this record */
    uint32_t *found;     /* by item: how many of its n-grams were */
    tm_buf grams, items; /* uint32_t: what must be cleared again */
    tm_buf spans, splices, places;
    struct tm_leak_span *open; /* by file: the span that goes on */
    bool in_shorts;            /* hits of short items come by now */
} tm_leak_search;

/* Takes the table of the step; makes room for it when it is first seen. */
tm_status tm_leak_search_open(tm_leak_search *own, const tm_step_view *step, tm_err *err);
tm_status tm_leak_search_record(tm_leak_search *own, tm_batch *b, uint32_t r, tm_err *err);
void tm_leak_search_close(tm_leak_search *own);

#endif
