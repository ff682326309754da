/* What the rows of a stream hold.
 *
 * Workers pack the rows of a record while it is in cache, field by field in the order of the
 * columns: 8 bytes of a number, or a length and a text (UINT64_MAX: null). The reader's side needs
 * nothing but the types of the columns to unpack them. Only lines are changed there: a worker
 * counts them from the beginning of its block. */
#include <math.h>
#include <string.h>

#include "api/api.h"

enum { LINE = 3 };

static const tm_arrow_column RECORDS[] = {
    {"place", TM_ARROW_U64, false},   {"path", TM_ARROW_U64, false},
    {"source", TM_ARROW_TEXT, false}, {"line", TM_ARROW_U64, false},
    {"layout", TM_ARROW_TEXT, true},  {"record", TM_ARROW_LARGE_TEXT, false}};
static const tm_arrow_column PARTS[] = {
    {"place", TM_ARROW_U64, false},     {"path", TM_ARROW_U64, false},
    {"source", TM_ARROW_TEXT, false},   {"line", TM_ARROW_U64, false},
    {"layout", TM_ARROW_TEXT, false},   {"part", TM_ARROW_TEXT, false},
    {"role", TM_ARROW_TEXT, false},     {"kind", TM_ARROW_TEXT, false},
    {"turn", TM_ARROW_U64, false},      {"answer", TM_ARROW_U64, false},
    {"response", TM_ARROW_BOOL, false}, {"text", TM_ARROW_LARGE_TEXT, true}};
static const tm_arrow_column CHANGES[] = {{"place", TM_ARROW_U64, false},
                                          {"path", TM_ARROW_U64, false},
                                          {"was", TM_ARROW_LARGE_TEXT, true},
                                          {"now", TM_ARROW_LARGE_TEXT, true}};
static const tm_arrow_column ROUTE = {"route", TM_ARROW_TEXT, false};
static const struct {
    const tm_arrow_column *column;
    uint32_t columns;
} TABLES[] = {[TAMIS_RECORDS] = {RECORDS, TM_COUNT(RECORDS)},
              [TAMIS_PARTS] = {PARTS, TM_COUNT(PARTS)},
              [TAMIS_CHANGES] = {CHANGES, TM_COUNT(CHANGES)}};

static void find_routes(tm_api_rows *rows)
{
    for (uint32_t s = 0; s < rows->plan->steps && !rows->routes; s++) {
        const tm_plan_step *step = &rows->plan->step[s];
        if (step->op->routes) rows->route = step->op->routes(step->shared, &rows->routes);
    }
}

tm_status tm_api_rows_open(tm_api_rows *rows, const tm_plan *plan, tamis_table table, tm_arena *mem,
                           tm_err *err)
{
    if ((size_t)table >= TM_COUNT(TABLES))
        return tm_fail(err, TM_EUSAGE,
                       "a stream is of TAMIS_RECORDS, TAMIS_PARTS or TAMIS_CHANGES");
    uint32_t fixed = TABLES[table].columns;
    *rows = (tm_api_rows){.plan = plan, .table = table};
    rows->signals = table == TAMIS_PARTS ? 0 : plan->columns;
    if (table != TAMIS_PARTS) find_routes(rows);
    rows->columns = fixed + (rows->routes ? 1 : 0) + rows->signals;
    rows->column = TM_NEW(mem, tm_arrow_column, rows->columns);
    if (!rows->column) return tm_fail_memory(err, "a stream", rows->columns);
    memcpy(rows->column, TABLES[table].column, fixed * sizeof *rows->column);
    if (rows->routes) rows->column[fixed++] = ROUTE;
    for (uint32_t c = 0; c < rows->signals; c++) {
        bool number = plan->signal[c]->type == TM_NUMBER;
        rows->column[fixed + c] =
            (tm_arrow_column){plan->env_name[c], number ? TM_ARROW_F64 : TM_ARROW_TEXT, true};
    }
    return TM_OK;
}

/* ---- packing --------------------------------------------------------------------------------- */

static void put_number(tm_buf *out, uint64_t value)
{
    tm_buf_add(out, &value, sizeof value);
}

static void put_text(tm_buf *out, tm_str s)
{
    put_number(out, s.p ? s.n : UINT64_MAX);
    if (s.p) tm_buf_str(out, s);
}

static void put_place(const tm_kept_view *kept, tm_buf *out)
{
    const tm_batch *b = kept->batch;
    uint32_t r = kept->record;
    uint16_t layout = b->layout[r];
    bool bound = layout < kept->layouts->count && kept->layouts->layout[layout];
    put_number(out, b->rid[r].place);
    put_number(out, b->rid[r].path);
    put_text(out, kept->source->path);
    put_number(out, b->line[r]);
    put_text(out, bound ? tm_str_of(kept->layouts->layout[layout]->name) : (tm_str){0});
}

static void put_signals(const tm_api_rows *rows, const tm_kept_view *kept, tm_buf *out)
{
    const tm_batch *b = kept->batch;
    if (rows->routes) put_text(out, rows->route[b->route[kept->record]].name);
    for (uint32_t c = 0; c < rows->signals; c++) {
        const tm_column *column = &b->column[c];
        if (column->signal->type == TM_NUMBER)
            tm_buf_add(out, &column->number[kept->record], sizeof(double));
        else
            put_text(out, column->word[kept->record]);
    }
}

static void put_record(const tm_api_rows *rows, const tm_kept_view *kept, tm_buf *out)
{
    put_place(kept, out);
    put_text(out, kept->text);
    put_signals(rows, kept, out);
}

static void put_change(const tm_api_rows *rows, const tm_kept_view *kept, tm_buf *out)
{
    const tm_batch *b = kept->batch;
    uint32_t r = kept->record;
    bool made = b->rid[r].path != 0, changed = made || !tm_str_eq(kept->text, b->raw[r]);
    put_number(out, b->rid[r].place);
    put_number(out, b->rid[r].path);
    put_text(out, changed && !made ? b->raw[r] : (tm_str){0});
    put_text(out, changed ? kept->text : (tm_str){0});
    put_signals(rows, kept, out);
}

static tm_status put_part(const tm_kept_view *kept, uint32_t part, tm_buf *out, tm_err *err)
{
    tm_batch *b = kept->batch;
    const tm_part *p = &b->part[part];
    tm_buf *path = &b->scratch;
    tm_str text = {0};
    bool is_text = p->present == TM_IS_TEXT && !(p->flags & TM_PART_NOT_TEXT);
    if (is_text && !tm_part_text(b, part, &text)) return tm_fail_memory(err, "a text", 0);
    put_place(kept, out);
    tm_buf_clear(path);
    tm_locator_path(kept->locator, p->raw_at, path);
    TM_TRY(tm_buf_ok(path, err));
    put_text(out, path->n ? tm_buf_view(path) : TM_STR(""));
    put_text(out, tm_str_of(tm_role_name(p->role)));
    put_text(out, tm_str_of(tm_part_kind_name(p->kind)));
    put_number(out, p->turn);
    put_number(out, p->answer);
    put_number(out, (p->flags & TM_PART_RESPONSE) != 0);
    put_text(out, text);
    return TM_OK;
}

static tm_status put_parts(const tm_kept_view *kept, tm_buf *out, tm_err *err)
{
    const tm_batch *b = kept->batch;
    uint32_t r = kept->record;
    for (uint32_t i = b->first_part[r]; i < b->first_part[r + 1]; i++) {
        const tm_part *p = &b->part[i];
        if (p->present == TM_ABSENT || p->flags & (TM_PART_COPY | TM_PART_GONE)) continue;
        TM_TRY(put_part(kept, i, out, err));
    }
    return TM_OK;
}

tm_status tm_api_rows_pack(const tm_api_rows *rows, const tm_kept_view *kept, tm_buf *out,
                           tm_err *err)
{
    uint16_t copies = kept->batch->copies[kept->record];
    for (uint16_t copy = 0; copy < copies; copy++) {
        if (rows->table == TAMIS_PARTS)
            TM_TRY(put_parts(kept, out, err));
        else if (rows->table == TAMIS_CHANGES)
            put_change(rows, kept, out);
        else
            put_record(rows, kept, out);
    }
    return tm_buf_ok(out, err);
}

tm_status tm_api_rows_same(const tm_api_rows *rows, uint64_t place, uint32_t count, tm_buf *out,
                           tm_err *err)
{
    TM_ASSERT(rows->table == TAMIS_CHANGES && !rows->routes);
    for (uint32_t i = 0; i < count; i++) {
        put_number(out, place + i);
        put_number(out, 0);
        put_text(out, (tm_str){0});
        put_text(out, (tm_str){0});
        for (uint32_t c = 0; c < rows->signals; c++) {
            double unknown = TM_NO_VALUE;
            if (rows->plan->signal[c]->type == TM_NUMBER)
                tm_buf_add(out, &unknown, sizeof unknown);
            else
                put_text(out, (tm_str){0});
        }
    }
    return tm_buf_ok(out, err);
}

/* ---- unpacking ------------------------------------------------------------------------------- */

static uint64_t get_number(tm_str *from)
{
    uint64_t value;
    memcpy(&value, from->p, sizeof value);
    *from = tm_str_slice(*from, sizeof value, from->n);
    return value;
}

static void get_f64(tm_str *from, tm_arrow_builder *to)
{
    uint64_t bits = get_number(from);
    double value;
    memcpy(&value, &bits, sizeof value);
    isnan(value) ? tm_arrow_null(to) : tm_arrow_f64(to, value);
}

static void get_text(tm_str *from, tm_arrow_builder *to)
{
    uint64_t bytes = get_number(from);
    if (bytes == UINT64_MAX) {
        tm_arrow_null(to);
        return;
    }
    tm_arrow_text(to, tm_str_slice(*from, 0, (size_t)bytes));
    *from = tm_str_slice(*from, (size_t)bytes, from->n);
}

static bool is_line(const tm_api_rows *rows, uint32_t column)
{
    return column == LINE && rows->table != TAMIS_CHANGES;
}

tm_status tm_api_rows_unpack(const tm_api_rows *rows, tm_str packed, uint64_t lines,
                             tm_arrow_builder *to, tm_err *err)
{
    while (packed.n) {
        for (uint32_t c = 0; c < rows->columns; c++) {
            tm_arrow_type type = rows->column[c].type;
            if (type == TM_ARROW_F64)
                get_f64(&packed, to);
            else if (type == TM_ARROW_TEXT || type == TM_ARROW_LARGE_TEXT)
                get_text(&packed, to);
            else
                tm_arrow_u64(to, get_number(&packed) + (is_line(rows, c) ? lines + 1 : 0));
        }
        TM_TRY(tm_arrow_row(to, err));
    }
    return TM_OK;
}
