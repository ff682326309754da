/* Three charts. Coordinates are integers, so the same data give the same bytes everywhere. */
#include "report/chart.h"

#include "report/html.h"

enum { WIDTH = 720, NAME = 170, BAR = 22, GAP = 8 };
/* Charts of bars: the bars' room, and what stands left, above and below of it. */
enum { HEIGHT = 120, LEFT = 64, ABOVE = 34, BELOW = 40, TICKS = 4 };

static void open_svg(tm_buf *out, int width, int height, const char *title)
{
    tm_buf_print(out, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\"><title>%s</title>",
                 width, height, width, title);
}

static unsigned long long scaled(uint64_t n, uint64_t most, uint64_t width)
{
    return most ? (unsigned long long)((double)n / (double)most * (double)width + 0.5) : 0;
}

void tm_chart_waterfall(tm_buf *out, const tm_fall *bars, uint32_t count, const char *title)
{
    uint64_t most = 1, room = WIDTH - NAME - 100;
    for (uint32_t i = 0; i < count; i++) most = TM_MAX(most, bars[i].left + bars[i].fell);
    open_svg(out, WIDTH, (int)count * (BAR + GAP), title);
    for (uint32_t i = 0; i < count; i++) {
        int y = (int)i * (BAR + GAP);
        unsigned long long left = scaled(bars[i].left, most, room),
                           fell = scaled(bars[i].fell, most, room);
        if (bars[i].fell && !fell) fell = 1;
        tm_buf_print(out, "<text x=\"%d\" y=\"%d\" class=\"name\">", NAME - 10, y + 16);
        tm_html_text(out, bars[i].name);
        tm_buf_print(out,
                     "</text><rect x=\"%d\" y=\"%d\" width=\"%llu\" height=\"%d\" class=\"left\"/>",
                     NAME, y, left, BAR);
        if (fell)
            tm_buf_print(out,
                         "<rect x=\"%llu\" y=\"%d\" width=\"%llu\" height=\"%d\" class=\"fell\"/>",
                         NAME + left, y, fell, BAR);
        tm_buf_print(out, "<text x=\"%llu\" y=\"%d\" class=\"value\">", NAME + left + fell + 8,
                     y + 16);
        tm_html_number(out, bars[i].left);
        tm_buf_z(out, "</text>");
    }
    tm_buf_z(out, "</svg>");
}

/* The least of 1, 2, 5, 10, 20 .. of which few reach to the top. */
static uint64_t tick_step(uint64_t most)
{
    static const unsigned TIMES[] = {1, 2, 5};
    for (uint64_t ten = 1; ten <= UINT64_MAX / 100; ten *= 10)
        for (size_t i = 0; i < TM_COUNT(TIMES); i++)
            if (most / (ten * TIMES[i]) <= TICKS) return ten * TIMES[i];
    return TM_MAX(most, 1);
}

/* The axes of a plot `width` wide; gives the number at its top, a tick's. */
static uint64_t open_plot(tm_buf *out, unsigned width, uint64_t most, const tm_axes *axes)
{
    uint64_t step = tick_step(most), top = (most + step - 1) / step * step;
    open_svg(out, (int)width + LEFT + 24, ABOVE + HEIGHT + BELOW, axes->title);
    for (uint64_t at = 0; at <= top; at += step) {
        unsigned long long y = ABOVE + HEIGHT - scaled(at, top, HEIGHT);
        tm_buf_print(out,
                     "<line x1=\"%d\" x2=\"%u\" y1=\"%llu\" y2=\"%llu\" class=\"axis\"/><text "
                     "x=\"%d\" y=\"%llu\" class=\"up\">",
                     LEFT, LEFT + width, y, y, LEFT - 6, y + 4);
        tm_html_number(out, at);
        tm_buf_z(out, "</text>");
    }
    tm_buf_print(out, "<text x=\"%d\" y=\"12\" class=\"up\">", LEFT - 6);
    tm_html_text(out, axes->up);
    tm_buf_print(out, "</text><text x=\"%u\" y=\"%d\" class=\"tick\">", LEFT + width / 2,
                 ABOVE + HEIGHT + BELOW - 6);
    tm_html_text(out, axes->across);
    tm_buf_z(out, "</text>");
    return top;
}

/* One bar; gives the height where its number would stand. */
static unsigned long long bar(tm_buf *out, unsigned x, unsigned width, uint64_t n, uint64_t top)
{
    unsigned long long h = scaled(n, top, HEIGHT);
    if (n && !h) h = 1;
    tm_buf_print(out, "<rect x=\"%u\" y=\"%llu\" width=\"%u\" height=\"%llu\" class=\"left\"/>", x,
                 ABOVE + HEIGHT - h, width, h);
    return ABOVE + HEIGHT - h - 4;
}

static void tick(tm_buf *out, unsigned x, const char *label)
{
    tm_buf_print(out, "<text x=\"%u\" y=\"%d\" class=\"tick\">%s</text>", x, ABOVE + HEIGHT + 16,
                 label);
}

/* A bin's least number stands at its left edge, and at the right end what is more than all. */
void tm_chart_histogram(tm_buf *out, const uint64_t bins[TM_BINS], const tm_axes *axes)
{
    enum { COLUMN = 16, APART = 4 };
    uint64_t most = 1;
    unsigned last = 8;
    for (unsigned b = 0; b < TM_BINS; b++) {
        most = TM_MAX(most, bins[b]);
        if (bins[b]) last = TM_MAX(last, b);
    }
    uint64_t top = open_plot(out, (last + 1) * COLUMN, most, axes);
    for (unsigned b = 0; b <= last + 1; b++) {
        unsigned x = LEFT + b * COLUMN;
        bool end = b > last, near_end = b + 2 > last;
        if (!end) bar(out, x + 1, COLUMN - 3, bins[b], top);
        if (end ? b == TM_BINS : b && (b % APART != 1 || near_end)) continue;
        tm_buf_print(out, "<text x=\"%u\" y=\"%d\" class=\"tick\">", x, ABOVE + HEIGHT + 16);
        tm_html_number(out, tm_bin_floor(b));
        tm_buf_z(out, "</text>");
    }
    tm_buf_z(out, "</svg>");
}

void tm_chart_bars(tm_buf *out, const tm_bar *bars, uint32_t count, const tm_axes *axes)
{
    enum { COLUMN = 48 };
    uint64_t most = 1;
    for (uint32_t i = 0; i < count; i++) most = TM_MAX(most, bars[i].n);
    uint64_t top = open_plot(out, TM_MAX(count, 4u) * COLUMN, most, axes);
    for (uint32_t i = 0; i < count; i++) {
        unsigned x = LEFT + i * COLUMN;
        unsigned long long y = bar(out, x + 4, COLUMN - 8, bars[i].n, top);
        tm_buf_print(out, "<text x=\"%u\" y=\"%llu\" class=\"tick\">", x + COLUMN / 2, y);
        tm_html_number(out, bars[i].n);
        tm_buf_z(out, "</text>");
        tick(out, axes->end ? x : x + COLUMN / 2, bars[i].label);
    }
    if (axes->end) tick(out, LEFT + count * COLUMN, axes->end);
    tm_buf_z(out, "</svg>");
}
