/* Charts as SVG: plain shapes and text, colours by CSS classes of the page, a title for readers
 * that cannot see. */
#ifndef TM_REPORT_CHART_H
#define TM_REPORT_CHART_H

#include "base/bins.h"
#include "base/buf.h"

typedef struct tm_fall { /* one bar of a waterfall: what is left, and what fell just before it */
    tm_str name;
    uint64_t left, fell;
} tm_fall;
void tm_chart_waterfall(tm_buf *out, const tm_fall *bars, uint32_t count, const char *title);

typedef struct tm_axes { /* what a chart of bars counts, and along what */
    const char *title;   /* for readers that cannot see */
    tm_str across, up;   /* with their units: "characters", "records" */
    const char *end;     /* labels stand at the left edges of bars, and this behind the last one;
                          * NULL: each in the middle of its bar */
} tm_axes;

/* Bars over the bins of base/bins.h. */
void tm_chart_histogram(tm_buf *out, const uint64_t bins[TM_BINS], const tm_axes *axes);

typedef struct tm_bar {
    char label[32];
    uint64_t n;
} tm_bar;
/* Few bars, each with its label and its number. */
void tm_chart_bars(tm_buf *out, const tm_bar *bars, uint32_t count, const tm_axes *axes);

#endif
