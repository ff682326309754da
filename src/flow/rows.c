/* Insertion into a short list, twice: by size, the sooner of equal ones; then by number. */
#include "flow/rows.h"

static bool is_larger(const tm_source *source, uint32_t a, uint32_t b)
{
    return source[a].bytes != source[b].bytes ? source[a].bytes > source[b].bytes : a < b;
}

static void offer(tm_rows *rows, const tm_source *source, uint32_t s)
{
    uint32_t at = rows->own;
    while (at && is_larger(source, s, rows->source[at - 1])) at--;
    if (at == TM_OWN_ROWS) return;
    if (rows->own < TM_OWN_ROWS) rows->own++;
    for (uint32_t i = rows->own - 1; i > at; i--) rows->source[i] = rows->source[i - 1];
    rows->source[at] = s;
}

static void put_in_order(tm_rows *rows)
{
    for (uint32_t i = 1; i < rows->own; i++) {
        uint32_t s = rows->source[i], at = i;
        for (; at && rows->source[at - 1] > s; at--) rows->source[at] = rows->source[at - 1];
        rows->source[at] = s;
    }
}

tm_status tm_rows_choose(tm_rows *rows, tm_arena *mem, const tm_source *source, uint32_t sources,
                         tm_err *err)
{
    *rows = (tm_rows){.of = TM_NEW(mem, uint8_t, sources + 1)};
    if (!rows->of) return tm_fail_memory(err, "the list of sources", sources);
    for (uint32_t s = 0; s < sources; s++) offer(rows, source, s);
    put_in_order(rows);
    rows->count = rows->own + (sources > rows->own);
    for (uint32_t s = 0; s < sources; s++) rows->of[s] = (uint8_t)rows->own;
    for (uint32_t row = 0; row < rows->own; row++) rows->of[rows->source[row]] = (uint8_t)row;
    return TM_OK;
}
