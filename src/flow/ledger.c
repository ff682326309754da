/* The ledger: one row a record, in rid order. Thirteen fixed columns, then one a signal, named as
 * the signal; flat, so that DuckDB, polars and pandas open it as it is. */
#include "flow/emit.h"

static const tm_pq_column FIXED[] = {
    {"place", TM_PQ_U64, false},     {"path", TM_PQ_U64, false},
    {"source", TM_PQ_TEXT, false},   {"line", TM_PQ_U64, false},
    {"id", TM_PQ_TEXT, false},       {"fate", TM_PQ_TEXT, false},
    {"step", TM_PQ_TEXT, true},      {"rule", TM_PQ_TEXT, true},
    {"value", TM_PQ_F64, true},      {"other_place", TM_PQ_U64, true},
    {"other_path", TM_PQ_U64, true}, {"route", TM_PQ_TEXT, true},
    {"copies", TM_PQ_U64, false},
};

void tm_pq_f64_or_null(tm_pq_writer *w, double value)
{
    if (isnan(value))
        tm_pq_null(w);
    else
        tm_pq_f64(w, value);
}

void tm_pq_rid_or_null(tm_pq_writer *w, tm_rid rid)
{
    if (!rid.place) {
        tm_pq_null(w);
        tm_pq_null(w);
        return;
    }
    tm_pq_u64(w, rid.place);
    tm_pq_u64(w, rid.path);
}

tm_status tm_ledger_open(tm_emitter *e, tm_err *err)
{
    const tm_run *run = e->run;
    char path[4096];
    uint32_t signals = run->recipe->output.ledger >= 3 ? run->plan->columns : 0;
    uint32_t count = (uint32_t)TM_COUNT(FIXED) + signals;
    tm_pq_column *columns = TM_NEW(&e->run->mem, tm_pq_column, count);
    if (!columns) return tm_fail_memory(err, "the ledger", count * sizeof *columns);
    memcpy(columns, FIXED, sizeof FIXED);
    for (uint32_t c = 0; c < signals; c++) {
        bool number = run->plan->signal[c]->type == TM_NUMBER;
        tm_str name = tm_arena_str(&e->run->mem, run->plan->signal_name[c]);
        if (!name.p) return tm_fail_memory(err, "the ledger", name.n);
        columns[TM_COUNT(FIXED) + c] =
            (tm_pq_column){name.p, number ? TM_PQ_F64 : TM_PQ_TEXT, true};
    }
    snprintf(path, sizeof path, "%s/ledger.parquet", run->folder);
    return tm_pq_create(&e->ledger, path, columns, count, false, err);
}

/* The names that go with a reason: the step's, and the rule's within it. */
static void write_reason(tm_pq_writer *w, const tm_run *run, const tm_row *row)
{
    if (row->step == TM_NO_STEP) {
        tm_pq_null(w);
        row->fate == TM_UNREADABLE ? tm_pq_text(w, TM_STR("unreadable")) : tm_pq_null(w);
        return;
    }
    const tm_plan_step *step = &run->plan->step[row->step];
    tm_pq_text(w, step->name);
    if (row->fate == TM_REPLACED || !step->op->codes)
        tm_pq_null(w);
    else
        tm_pq_text(w, tm_str_of(step->op->codes[row->rule].name));
}

static void write_signals(tm_pq_writer *w, const tm_run *run, tm_str signals)
{
    size_t at = 0;
    for (uint32_t c = 0; c < run->plan->columns; c++) {
        if (!signals.n) { /* damage: no record, no signals */
            tm_pq_null(w);
        } else if (run->plan->signal[c]->type == TM_NUMBER) {
            double value;
            memcpy(&value, signals.p + at, sizeof value);
            at += sizeof value;
            tm_pq_f64_or_null(w, value);
        } else {
            uint32_t n;
            memcpy(&n, signals.p + at, sizeof n);
            at += sizeof n;
            if (n == TM_NONE)
                tm_pq_null(w);
            else
                tm_pq_text(w, (tm_str){signals.p + at, n}), at += n;
        }
    }
}

tm_status tm_ledger_add(tm_emitter *e, const tm_row *row, tm_str signals, tm_err *err)
{
    tm_pq_writer *w = e->ledger;
    char id[33];
    bool kept = row->fate == TM_LIVE || row->fate == TM_KEPT;
    bool written = kept && !e->run->options.measure_only;
    tm_shown_place place;
    TM_TRY(tm_emit_place(e, e->lines + row->line, 0, &place, err));
    tm_hash_hex(row->id, id);
    tm_pq_u64(w, row->rid.place);
    tm_pq_u64(w, row->rid.path);
    tm_pq_text(w, place.path);
    tm_pq_u64(w, place.line);
    tm_pq_text(w, (tm_str){id, 32});
    tm_pq_text(w, tm_str_of(tm_fate_name((tm_fate)row->fate)));
    write_reason(w, e->run, row);
    kept ? tm_pq_null(w) : tm_pq_f64_or_null(w, row->value);
    tm_pq_rid_or_null(w, row->other);
    tm_str route = e->run->routes ? e->run->route[row->route].name : TM_STR("data");
    written ? tm_pq_text(w, route) : tm_pq_null(w);
    tm_pq_u64(w, written ? row->copies : 0);
    if (e->run->recipe->output.ledger >= 3) write_signals(w, e->run, signals);
    return tm_pq_row(w, err);
}
