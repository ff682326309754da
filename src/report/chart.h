/* Charts as SVG: plain shapes and text, colours by CSS classes of the page, a title for readers
 * that cannot see. */
#ifndef TM_REPORT_CHART_H
#define TM_REPORT_CHART_H

#include "base/buf.h"

typedef struct tm_fall { /* one bar of a waterfall: what is left, and what fell just before it */
    tm_str name;
    uint64_t left, fell;
} tm_fall;
void tm_chart_waterfall(tm_buf *out, const tm_fall *bars, uint32_t count, const char *title);

#define TM_CHART_BINS 40
/* Bin b of a length histogram: 0, then half powers of two. */
unsigned tm_chart_bin(uint64_t n);
uint64_t tm_chart_bin_floor(unsigned bin);
void tm_chart_histogram(tm_buf *out, const uint64_t bins[TM_CHART_BINS], const char *title);

#endif
