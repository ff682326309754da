/* Three charts. Coordinates are integers, so the same data give the same bytes everywhere. */
#include "report/chart.h"

#include "report/html.h"

enum { WIDTH = 720, NAME = 170, BAR = 22, GAP = 8, HEIGHT = 120 };

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

void tm_chart_histogram(tm_buf *out, const uint64_t bins[TM_BINS], const char *title)
{
    uint64_t most = 1;
    unsigned last = 8, step = 16;
    for (unsigned b = 0; b < TM_BINS; b++) {
        most = TM_MAX(most, bins[b]);
        if (bins[b]) last = TM_MAX(last, b);
    }
    open_svg(out, (int)((last + 1) * step + 40), HEIGHT + 24, title);
    for (unsigned b = 0; b <= last; b++) {
        unsigned long long h = scaled(bins[b], most, HEIGHT);
        if (bins[b] && !h) h = 1;
        tm_buf_print(out, "<rect x=\"%u\" y=\"%llu\" width=\"%u\" height=\"%llu\" class=\"left\"/>",
                     b * step, HEIGHT - h, step - 3, h);
        if (b % 6 == 1 || b == 0) {
            tm_buf_print(out, "<text x=\"%u\" y=\"%d\" class=\"tick\">", b * step + 6, HEIGHT + 16);
            tm_html_number(out, tm_bin_floor(b));
            tm_buf_z(out, "</text>");
        }
    }
    tm_buf_print(out, "<line x1=\"0\" x2=\"%u\" y1=\"%d\" y2=\"%d\" class=\"axis\"/></svg>",
                 (last + 1) * step, HEIGHT, HEIGHT);
}

void tm_chart_bars(tm_buf *out, const tm_bar *bars, uint32_t count, const char *title)
{
    enum { COLUMN = 48, TOP = 18 };
    uint64_t most = 1;
    for (uint32_t i = 0; i < count; i++) most = TM_MAX(most, bars[i].n);
    open_svg(out, (int)TM_MAX(count, 4u) * COLUMN, HEIGHT + TOP + 24, title);
    for (uint32_t i = 0; i < count; i++) {
        unsigned long long h = scaled(bars[i].n, most, HEIGHT);
        if (bars[i].n && !h) h = 1;
        unsigned long long y = TOP + HEIGHT - h;
        unsigned x = i * COLUMN;
        tm_buf_print(out, "<rect x=\"%u\" y=\"%llu\" width=\"%d\" height=\"%llu\" class=\"left\"/>",
                     x + 4, y, COLUMN - 8, h);
        tm_buf_print(out, "<text x=\"%u\" y=\"%llu\" class=\"tick\">", x + COLUMN / 2, y - 4);
        tm_html_number(out, bars[i].n);
        tm_buf_print(out, "</text><text x=\"%u\" y=\"%d\" class=\"tick\">%s</text>", x + COLUMN / 2,
                     TOP + HEIGHT + 16, bars[i].label);
    }
    tm_buf_print(out, "<line x1=\"0\" x2=\"%u\" y1=\"%d\" y2=\"%d\" class=\"axis\"/></svg>",
                 TM_MAX(count, 4u) * COLUMN, TOP + HEIGHT, TOP + HEIGHT);
}
