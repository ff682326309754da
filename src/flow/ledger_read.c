/* Columns are found by name, so a ledger of a later version with more columns reads the same. */
#include "flow/ledger_read.h"

static const char *const NAMES[TM_LEDGER_FIXED] = {
    "place", "path",  "source",      "line",       "id",    "fate",  "step",
    "rule",  "value", "other_place", "other_path", "route", "copies"};
enum {
    PLACE,
    PATH,
    SOURCE,
    LINE,
    ID,
    FATE,
    STEP,
    RULE,
    VALUE,
    OTHER_PLACE,
    OTHER_PATH,
    ROUTE,
    COPIES
};

tm_status tm_ledger_read(tm_ledger *l, const char *path, tm_err *err)
{
    *l = (tm_ledger){0};
    TM_TRY(tm_pq_open(&l->reader, path, err));
    for (uint32_t c = 0; c < TM_LEDGER_FIXED; c++) {
        l->column[c] = tm_pq_column_named(l->reader, NAMES[c]);
        if (l->column[c] != TM_NONE) continue;
        tm_ledger_close(l);
        return tm_fail(err, TM_EINPUT, "%s has no column \"%s\": it is not a ledger", path,
                       NAMES[c]);
    }
    return TM_OK;
}

static tm_str text(const tm_ledger *l, uint32_t c)
{
    if (tm_pq_is_null(l->reader, l->column[c], l->row)) return (tm_str){0};
    return tm_pq_get_text(l->reader, l->column[c], l->row);
}

static uint64_t number(const tm_ledger *l, uint32_t c)
{
    if (tm_pq_is_null(l->reader, l->column[c], l->row)) return 0;
    return tm_pq_get_u64(l->reader, l->column[c], l->row);
}

tm_status tm_ledger_step(tm_ledger *l, bool *more, tm_err *err)
{
    *more = true;
    l->row++;
    while (l->row >= l->rows) {
        l->row = 0;
        TM_TRY(tm_pq_next(l->reader, more, &l->rows, err));
        if (!*more) return TM_OK;
    }
    return TM_OK;
}

tm_rid tm_ledger_rid(const tm_ledger *l)
{
    return (tm_rid){number(l, PLACE), number(l, PATH)};
}

tm_str tm_ledger_fate(const tm_ledger *l)
{
    return text(l, FATE);
}

uint64_t tm_ledger_copies(const tm_ledger *l)
{
    return number(l, COPIES);
}

tm_str tm_ledger_route(const tm_ledger *l)
{
    return text(l, ROUTE);
}

tm_ledger_row tm_ledger_whole(const tm_ledger *l)
{
    bool valued = !tm_pq_is_null(l->reader, l->column[VALUE], l->row);
    return (tm_ledger_row){
        .rid = tm_ledger_rid(l),
        .other = {number(l, OTHER_PLACE), number(l, OTHER_PATH)},
        .source = text(l, SOURCE),
        .id = text(l, ID),
        .fate = text(l, FATE),
        .step = text(l, STEP),
        .rule = text(l, RULE),
        .route = text(l, ROUTE),
        .line = number(l, LINE),
        .copies = number(l, COPIES),
        .value = valued ? tm_pq_get_f64(l->reader, l->column[VALUE], l->row) : TM_NO_VALUE,
        .row = l->row,
    };
}

tm_status tm_ledger_next(tm_ledger *l, tm_ledger_row *row, bool *more, tm_err *err)
{
    TM_TRY(tm_ledger_step(l, more, err));
    if (*more) *row = tm_ledger_whole(l);
    return TM_OK;
}

void tm_ledger_close(tm_ledger *l)
{
    if (l->reader) tm_pq_close(l->reader);
    l->reader = NULL;
}
