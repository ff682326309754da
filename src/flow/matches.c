/* Counts in flat arrays, one a piece and one for the run. Each
 * cell remembers the last record it counted, so that a record with many findings counts once and
 * nothing has to be searched. */
#include "flow/matches.h"

#include "flow/engine.h"

static uint32_t files(const tm_run *run)
{
    return run->every_source - run->sources;
}

/* Rows of the stream: its inputs, or one for all when they are so many that nobody reads a
 * table. */
enum { INPUTS_SHOWN = 64, CHARACTERS = 2 };

static uint32_t stream_rows(const tm_run *run)
{
    return run->inputs <= INPUTS_SHOWN ? run->inputs : 1;
}

static size_t table_cells(const tm_run *run)
{
    return (size_t)(stream_rows(run) + files(run)) * run->inputs;
}

size_t tm_matches_cells(const tm_run *run)
{
    return (size_t)run->plan->steps * (table_cells(run) + CHARACTERS);
}

static size_t step_cell(const tm_run *run, uint16_t step)
{
    return step * (table_cells(run) + CHARACTERS);
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
    if (step == TM_NO_STEP || !source || source > run->every_source) return;
    uint32_t rows = stream_rows(run), row = run->input_of[source - 1];
    if (source > run->sources)
        row = rows + source - run->sources - 1;
    else if (rows < run->inputs)
        row = 0;
    size_t cell = step_cell(run, step) + (size_t)row * run->inputs + input;
    if (m->last[cell] == m->record) return;
    m->last[cell] = m->record;
    m->count[cell]++;
}

void tm_matches_characters(tm_matches *m, const tm_run *run, uint16_t step, uint64_t seen,
                           uint64_t merged)
{
    uint64_t *cell = m->count + step_cell(run, step) + table_cells(run);
    cell[0] += seen;
    cell[1] += merged;
}

static void put_name(const tm_run *run, const char *key, uint32_t input, tm_buf *out)
{
    tm_buf_print(out, "\"%s\":", key);
    tm_buf_json(out, run->input[input].from->name);
}

void tm_matches_duplicates_json(const tm_run *run, const uint64_t *cells, tm_buf *out)
{
    bool first = true;
    uint32_t rows = stream_rows(run);
    const uint64_t *characters = cells + table_cells(run);
    tm_buf_print(out, "{\"characters\":%llu,\"characters_merged\":%llu,\"between\":[",
                 (unsigned long long)characters[0], (unsigned long long)characters[1]);
    for (uint32_t other = 0; rows == run->inputs && other < rows; other++) {
        for (uint32_t input = 0; input < run->inputs; input++) {
            uint64_t records = cells[(size_t)other * run->inputs + input];
            if (!records) continue;
            tm_buf_z(out, first ? "{" : ",{");
            put_name(run, "input", input, out);
            tm_buf_char(out, ',');
            put_name(run, "other", other, out);
            tm_buf_print(out, ",\"records\":%llu}", (unsigned long long)records);
            first = false;
        }
    }
    tm_buf_z(out, "]}");
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
        put_file(run, run->sources + f, step_cells + (size_t)(stream_rows(run) + f) * run->inputs,
                 out);
    }
    tm_buf_char(out, ']');
}
