/* Counts in flat arrays, one a piece and one for the run. Each cell remembers the last record it
 * counted, so that a record with many findings counts once and nothing has to be searched. */
#include "flow/matches.h"

#include "flow/engine.h"
#include "text/words.h"

enum { INPUTS_SHOWN = 64, FILES_SHOWN = 1024 };
enum { MASS_CELLS = sizeof(tm_mass) / sizeof(uint64_t) };

/* Of the cells of a step. */
typedef struct places {
    uint32_t inputs, files, rows;            /* rows: of sources */
    size_t between, file, mass, merged, all; /* where they begin */
} places;

static places places_of(const tm_run *run)
{
    uint32_t files = run->every_source - run->sources;
    places p = {.inputs = TM_MIN(run->inputs, (uint32_t)INPUTS_SHOWN),
                .files = TM_MIN(files, (uint32_t)FILES_SHOWN),
                .rows = run->rows.count};
    p.file = p.between + (size_t)p.inputs * p.inputs;
    p.mass = p.file + (size_t)p.files * (p.inputs + p.rows);
    p.merged = p.mass + (size_t)p.rows * MASS_CELLS;
    p.all = p.merged + 1;
    return p;
}

static bool has_table(const tm_op *op)
{
    return op->finds || op->flags & TM_REFERENCES;
}

tm_status tm_matches_plan(tm_run *run, tm_err *err)
{
    uint32_t steps = run->plan->steps;
    run->cell_at = TM_NEW(&run->mem, size_t, steps + 1);
    if (!run->cell_at) return tm_fail_memory(err, "the run", steps);
    places p = places_of(run);
    for (uint32_t s = 0; s < steps; s++)
        run->cell_at[s + 1] = run->cell_at[s] + (has_table(run->plan->step[s].op) ? p.all : 0);
    return TM_OK;
}

size_t tm_matches_cells(const tm_run *run)
{
    return run->cell_at[run->plan->steps];
}

tm_status tm_matches_init(tm_matches *m, const tm_run *run, tm_err *err)
{
    size_t cells = tm_matches_cells(run);
    if (!cells) return TM_OK;
    m->count = tm_alloc_zero(cells, sizeof *m->count);
    m->last = tm_alloc_zero(cells, sizeof *m->last);
    if (m->count && m->last) return TM_OK;
    return tm_fail_memory(err, "a table of duplicates", cells * sizeof *m->count);
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

/* True the first time the record at hand comes to this cell. */
static bool count_once(tm_matches *m, size_t cell)
{
    if (m->last[cell] == m->record) return false;
    m->last[cell] = m->record;
    m->count[cell]++;
    return true;
}

static uint32_t input_row(const tm_run *run, const places *p, uint32_t source)
{
    return TM_MIN(run->input_of[source - 1], p->inputs - 1);
}

/* Of one file, by input; behind them, by row of sources. */
static size_t file_cell(const places *p, uint32_t file)
{
    return p->file + (size_t)file * (p->inputs + p->rows);
}

void tm_matches_note(tm_matches *m, const tm_run *run, uint32_t source, uint16_t step, tm_rid other)
{
    uint32_t of = TM_PLACE_SOURCE(other.place);
    if (step == TM_NO_STEP || !of || of > run->every_source) return;
    if (run->cell_at[step + 1] == run->cell_at[step]) return;
    places p = places_of(run);
    size_t cell = run->cell_at[step], input = input_row(run, &p, source);
    if (of <= run->sources) {
        count_once(m, cell + p.between + (size_t)input_row(run, &p, of) * p.inputs + input);
        return;
    }
    cell += file_cell(&p, TM_MIN(of - run->sources - 1, p.files - 1));
    count_once(m, cell + input);
    count_once(m, cell + p.inputs + run->rows.of[source - 1]);
}

static size_t mass_cell(const tm_run *run, const places *p, uint32_t source, uint16_t step)
{
    return run->cell_at[step] + p->mass + (size_t)run->rows.of[source - 1] * MASS_CELLS;
}

void tm_matches_seen(tm_matches *m, const tm_run *run, uint32_t source, uint16_t step,
                     uint64_t records, uint64_t characters)
{
    places p = places_of(run);
    size_t cell = mass_cell(run, &p, source, step);
    m->count[cell] += records;
    m->count[cell + 1] += characters;
}

bool tm_matches_found(tm_matches *m, const tm_run *run, uint32_t source, uint16_t step, tm_str raw,
                      bool merged)
{
    places p = places_of(run);
    size_t cell = mass_cell(run, &p, source, step);
    if (!count_once(m, cell + 2)) return false;
    uint64_t characters = tm_text_chars(raw);
    m->count[cell + 3] += characters;
    if (merged) m->count[run->cell_at[step] + p.merged] += characters;
    return true;
}

const tm_mass *tm_matches_mass(const tm_run *run, const uint64_t *cells, uint32_t step)
{
    return (const tm_mass *)(const void *)(cells + run->cell_at[step] + places_of(run).mass);
}

uint64_t tm_matches_merged(const tm_run *run, const uint64_t *cells, uint32_t step)
{
    return cells[run->cell_at[step] + places_of(run).merged];
}

/* The name of a row, or NULL for that of all others. */
static const tm_str *input_name(const tm_run *run, const places *p, uint32_t row)
{
    return row + 1 == p->inputs && run->inputs > p->inputs ? NULL : &run->input[row].from->name;
}

static void put_name(const char *key, const tm_str *name, tm_buf *out)
{
    tm_buf_print(out, "\"%s\":", key);
    if (name)
        tm_buf_json(out, *name);
    else
        tm_buf_z(out, "null");
}

void tm_matches_between_json(const tm_run *run, const uint64_t *cells, uint32_t step, tm_buf *out)
{
    places p = places_of(run);
    const uint64_t *cell = cells + run->cell_at[step] + p.between;
    bool first = true;
    tm_buf_char(out, '[');
    for (uint32_t other = 0; other < p.inputs; other++) {
        for (uint32_t input = 0; input < p.inputs; input++) {
            uint64_t records = cell[(size_t)other * p.inputs + input];
            if (!records) continue;
            tm_buf_z(out, first ? "{" : ",{");
            put_name("input", input_name(run, &p, input), out);
            tm_buf_char(out, ',');
            put_name("other", input_name(run, &p, other), out);
            tm_buf_print(out, ",\"records\":%llu}", (unsigned long long)records);
            first = false;
        }
    }
    tm_buf_char(out, ']');
}

/* Of a step; file: NULL: of all behind the last that has a row. */
static void put_file(const tm_run *run, const places *p, const tm_source *file, tm_str reference,
                     const uint64_t *cell, tm_buf *out)
{
    bool first = true;
    tm_buf_char(out, '{');
    put_name("reference", file ? &reference : NULL, out);
    tm_buf_char(out, ',');
    put_name("path", file ? &file->path : NULL, out);
    tm_buf_z(out, ",\"records\":{");
    for (uint32_t i = 0; i < p->inputs; i++) {
        if (!cell[i]) continue;
        const tm_str *name = input_name(run, p, i);
        tm_buf_z(out, first ? "" : ",");
        tm_buf_json(out, name ? *name : (tm_str){"", 0});
        tm_buf_print(out, ":%llu", (unsigned long long)cell[i]);
        first = false;
    }
    tm_buf_z(out, "},\"sources\":[");
    for (uint32_t row = 0; row < p->rows; row++)
        tm_buf_print(out, "%s%llu", row ? "," : "", (unsigned long long)cell[p->inputs + row]);
    tm_buf_char(out, ']');
}

void tm_matches_references_json(const tm_run *run, const uint64_t *cells, uint32_t step,
                                tm_buf *out)
{
    places p = places_of(run);
    tm_buf_char(out, '[');
    for (uint32_t f = 0; f < p.files; f++) {
        uint32_t s = run->sources + f;
        bool others = f + 1 == p.files && run->every_source - run->sources > p.files;
        if (f) tm_buf_char(out, ',');
        put_file(run, &p, others ? NULL : &run->source[s], run->input[run->input_of[s]].from->name,
                 cells + run->cell_at[step] + file_cell(&p, f), out);
        if (!others) tm_references_items_json(run, step, f, out);
        tm_buf_char(out, '}');
    }
    tm_buf_char(out, ']');
}
