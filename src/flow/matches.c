/* Counts in flat arrays, one a piece and one for the run; a run without references has none. Each
 * cell remembers the last record it counted, so that a record with many findings counts once and
 * nothing has to be searched. */
#include "flow/matches.h"

#include "flow/engine.h"

static uint32_t files(const tm_run *run)
{
    return run->every_source - run->sources;
}

size_t tm_matches_cells(const tm_run *run)
{
    return (size_t)run->plan->steps * files(run) * run->inputs;
}

tm_status tm_matches_init(tm_matches *m, const tm_run *run, tm_err *err)
{
    size_t cells = tm_matches_cells(run);
    if (!cells) return TM_OK;
    m->count = tm_alloc_zero(cells, sizeof *m->count);
    m->last = tm_alloc_zero(cells, sizeof *m->last);
    if (m->count && m->last) return TM_OK;
    return tm_fail_memory(err, "a table of references", cells * sizeof *m->count);
}

void tm_matches_clear(tm_matches *m, const tm_run *run)
{
    size_t cells = tm_matches_cells(run);
    if (cells) memset(m->count, 0, cells * sizeof *m->count);
}

void tm_matches_release(tm_matches *m)
{
    tm_free(m->count);
    tm_free(m->last);
}

void tm_matches_next(tm_matches *m)
{
    m->record++;
}

void tm_matches_note(tm_matches *m, const tm_run *run, uint32_t input, uint16_t step, tm_rid other)
{
    uint32_t source = TM_PLACE_SOURCE(other.place);
    if (step == TM_NO_STEP || source <= run->sources) return;
    size_t cell = ((size_t)step * files(run) + source - run->sources - 1) * run->inputs + input;
    if (m->last[cell] == m->record) return;
    m->last[cell] = m->record;
    m->count[cell]++;
}

static void put_file(const tm_run *run, uint32_t source, const uint64_t *cell, tm_buf *out)
{
    bool first = true;
    tm_buf_z(out, "{\"reference\":");
    tm_buf_json(out, run->input[run->input_of[source]].from->name);
    tm_buf_z(out, ",\"path\":");
    tm_buf_json(out, run->source[source].path);
    tm_buf_z(out, ",\"records\":{");
    for (uint32_t i = 0; i < run->inputs; i++) {
        if (!cell[i]) continue;
        tm_buf_z(out, first ? "" : ",");
        tm_buf_json(out, run->input[i].from->name);
        tm_buf_print(out, ":%llu", (unsigned long long)cell[i]);
        first = false;
    }
    tm_buf_z(out, "}}");
}

void tm_matches_json(const tm_run *run, const uint64_t *step_cells, tm_buf *out)
{
    tm_buf_char(out, '[');
    for (uint32_t f = 0; f < files(run); f++) {
        if (f) tm_buf_char(out, ',');
        put_file(run, run->sources + f, step_cells + (size_t)f * run->inputs, out);
    }
    tm_buf_char(out, ']');
}
