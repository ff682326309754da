/* The waterfall of a run as text: what came in, what each step took and why, what is left. The sums
 * close, line by line. */
#include "report/report.h"

enum { NAME_WIDTH = 18 };

static void grouped(tm_buf *out, uint64_t n, unsigned width)
{
    char text[32];
    unsigned at = sizeof text, digits = 0;
    do {
        if (digits && digits % 3 == 0) text[--at] = ',';
        text[--at] = (char)('0' + n % 10);
        digits++;
    } while (n /= 10);
    for (unsigned i = (unsigned)sizeof text - at; i < width; i++) tm_buf_char(out, ' ');
    tm_buf_add(out, text + at, sizeof text - at);
}

static void label(tm_buf *out, tm_str name)
{
    tm_buf_z(out, "  ");
    tm_buf_str(out, name);
    for (size_t i = name.n; i < NAME_WIDTH; i++) tm_buf_char(out, ' ');
}

static void amount(tm_buf *out, const char *what, uint64_t n, bool *first)
{
    if (!n) return;
    tm_buf_z(out, *first ? "" : ", ");
    grouped(out, n, 0);
    tm_buf_print(out, " %s", what);
    *first = false;
}

/* The commonest findings of a step: " (T1202 empty-response 12, ...)". */
static void reasons(tm_buf *out, const tm_plan_step *step, const tm_step_result *result)
{
    uint64_t below = UINT64_MAX;
    unsigned shown = 0;
    for (; shown < 3; shown++) {
        const tm_code *best = NULL;
        uint64_t most = 0;
        for (uint32_t c = 0; step->op->codes && step->op->codes[c].code; c++)
            if (result->found[c] > most && result->found[c] < below)
                most = result->found[c], best = &step->op->codes[c];
        if (!best) break;
        tm_buf_print(out, "%s%s ", shown ? ", " : "  [", best->name);
        grouped(out, most, 0);
        below = most;
    }
    if (shown) tm_buf_char(out, ']');
}

static void step_line(tm_buf *out, const tm_plan_step *step, const tm_step_result *result)
{
    const tm_counts *c = &result->counts;
    bool first = true;
    label(out, step->name);
    grouped(out, c->kept, 12);
    tm_buf_z(out, "  ");
    amount(out, "dropped", c->dropped, &first);
    amount(out, "merged", c->merged, &first);
    amount(out, "parked", c->parked, &first);
    amount(out, "replaced", c->replaced, &first);
    amount(out, "made", c->made, &first);
    amount(out, "unreadable", c->unreadable, &first);
    reasons(out, step, result);
    tm_buf_char(out, '\n');
}

void tm_report_waterfall(const tm_run *run, tm_buf *out)
{
    const tm_run_result *result = tm_run_result_of(run);
    const tm_plan *plan = tm_run_plan(run);
    const tm_counts *c = &result->counts;
    uint64_t bytes = 0, lost = 0;
    for (uint32_t s = 0; s < result->sources; s++) bytes += result->source_result[s].decoded_bytes;
    for (uint32_t s = 0; s < result->sources; s++) lost += result->source_result[s].unreadable;
    label(out, TM_STR("read"));
    grouped(out, c->read, 12);
    tm_buf_print(out, "  from %u file%s\n", result->sources, result->sources == 1 ? "" : "s");
    if (lost) {
        label(out, TM_STR("readable"));
        grouped(out, c->read - lost, 12);
        tm_buf_z(out, "  ");
        grouped(out, lost, 0);
        tm_buf_z(out, " unreadable\n");
    }
    for (uint32_t s = 0; s < plan->steps; s++) step_line(out, &plan->step[s], &result->step[s]);
    label(out, TM_STR("kept"));
    grouped(out, c->kept, 12);
    tm_buf_z(out, "  ");
    grouped(out, c->written, 0);
    tm_buf_print(out, " written; %.2f s, %.0f MB/s, peak memory %.0f MB\n", result->seconds,
                 result->seconds > 0 ? (double)bytes / 1e6 / result->seconds : 0.0,
                 (double)result->peak_memory / 1e6);
}
