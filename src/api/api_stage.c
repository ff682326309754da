/* A run in stages, for callers with a shuffle of their own: tickets, and map and reduce as Arrow
 * streams that do their work while they are read.
 *
 * A stream of map runs one block a batch. A stream of reduce runs as many groups as make a chunk of
 * output, so neither holds more than a chunk but for what a single group gives. No threads: whoever
 * pulls does the work. */
#include <string.h>

#include "api/api.h"
#include "base/alloc.h"
#include "report/report.h"

enum { REDUCE_FACTS = 64 << 10, REDUCE_BYTES = 1 << 20 };

/* ---- plans ----------------------------------------------------------------------------------- */

static tm_status make_ticket(tamis_plan *plan, uint64_t split_bytes, tm_err *err)
{
    if (plan->staged) tm_stages_close(&plan->stages);
    plan->staged = false;
    TM_TRY(tm_stages_open(&plan->stages, plan->run, split_bytes, err));
    plan->staged = true;
    tm_buf_clear(&plan->ticket);
    tm_buf_clear(&plan->stages_json);
    return tm_ticket_write(&plan->stages, &plan->ticket, err);
}

tamis_status tamis_ticket(tamis_plan *plan, uint64_t split_bytes, const void **ticket,
                          size_t *bytes, tamis_error *error)
{
    tm_err err = {0};
    *ticket = NULL;
    *bytes = 0;
    tm_status status = plan->started ? tm_fail(&err, TM_EUSAGE, "a plan is run once: open it again")
                                     : make_ticket(plan, split_bytes, &err);
    if (status == TM_OK) {
        *ticket = plan->ticket.p;
        *bytes = plan->ticket.n;
    }
    return tm_api_status(status, &err, error);
}

static tm_status open_ticket(tamis_plan *plan, tm_str given, tm_err *err)
{
    tm_ticket t;
    tm_str ticket = tm_arena_str(&plan->mem, given);
    if (!ticket.p) return tm_fail_memory(err, "a ticket", given.n);
    TM_TRY(tm_ticket_read(ticket, &t, err));
    TM_TRY(tm_recipe_read(&plan->recipe, &plan->mem, t.name, t.recipe, err));
    tm_run_options options = {.threads = 1, .folder = t.folder, .ticket = ticket};
    TM_TRY(tm_run_open(&plan->run, &plan->recipe, &options, err));
    TM_TRY(tm_ticket_check(plan->run, err));
    TM_TRY(tm_stages_open(&plan->stages, plan->run, t.split_bytes, err));
    plan->staged = true;
    plan->started = true; /* in stages or not at all */
    return TM_OK;
}

tamis_status tamis_open_ticket(tamis_plan **out, const void *ticket, size_t bytes,
                               tamis_error *error)
{
    tm_err err = {0};
    *out = NULL;
    tamis_plan *plan = tm_api_plan_new(&err);
    if (!plan) return tm_api_status(err.status, &err, error);
    tm_status status = open_ticket(plan, (tm_str){ticket, bytes}, &err);
    if (status == TM_OK)
        *out = plan;
    else
        tamis_close(plan);
    return tm_api_status(status, &err, error);
}

const char *tamis_stages_json(tamis_plan *plan)
{
    if (!plan->staged || plan->stages_json.n) return plan->stages_json.p;
    tm_stages_json(&plan->stages, &plan->stages_json);
    tm_buf_char(&plan->stages_json, 0);
    if (plan->stages_json.failed) tm_buf_release(&plan->stages_json);
    return plan->stages_json.p;
}

static tm_status must_be_staged(const tamis_plan *plan, tm_err *err)
{
    return plan->staged ? TM_OK : tm_fail(err, TM_EUSAGE, "a plan in stages begins with a ticket");
}

tamis_status tamis_stage_tell(tamis_plan *plan, uint32_t stage, const void *told, size_t bytes,
                              tamis_error *error)
{
    tm_err err = {0};
    tm_status status = must_be_staged(plan, &err);
    if (status == TM_OK) status = tm_stages_tell(&plan->stages, stage, (tm_str){told, bytes}, &err);
    return tm_api_status(status, &err, error);
}

/* States come as bytes that lie anywhere; a fold wants them where a struct may lie. */
tamis_status tamis_stage_fold(tamis_plan *plan, uint32_t stage, void *into, const void *from,
                              size_t bytes, tamis_error *error)
{
    tm_err err = {0};
    tm_buf a = {0}, b = {0};
    tm_status status = must_be_staged(plan, &err);
    tm_buf_add(&a, into, bytes);
    tm_buf_add(&b, from, bytes);
    if (status == TM_OK) status = tm_buf_ok(&a, &err);
    if (status == TM_OK) status = tm_buf_ok(&b, &err);
    if (status == TM_OK) status = tm_stage_fold(&plan->stages, stage, a.p, tm_buf_view(&b), &err);
    if (status == TM_OK && bytes) memcpy(into, a.p, bytes);
    tm_buf_release(&a);
    tm_buf_release(&b);
    return tm_api_status(status, &err, error);
}

/* ---- map ------------------------------------------------------------------------------------- */

typedef struct mapping { /* behind a stream of map */
    tamis_plan *plan;
    tm_stage_map map;
    tm_seam_reader decisions;
    bool begun;
} mapping;

static tm_status take_decisions(mapping *m, tm_err *err)
{
    tm_seam_row row;
    bool more = true;
    m->begun = true;
    for (;;) {
        TM_TRY(tm_seam_next(&m->decisions, &row, &more, err));
        if (!more) return TM_OK;
        if (row.what == TM_SEAM_STATE) {
            tm_buf_clear(&m->map.told);
            tm_buf_str(&m->map.told, row.data);
            TM_TRY(tm_buf_ok(&m->map.told, err));
        } else if (row.split != m->map.split) {
            return tm_fail(err, TM_EUSAGE, "a decision of split %llu was given to split %u",
                           (unsigned long long)row.split, m->map.split);
        } else {
            TM_TRY(tm_stage_map_decision(&m->map, (uint32_t)row.stage, row.data, err));
        }
    }
}

static tm_status put_facts(const tm_facts *facts, uint64_t stage, bool edges, tm_arrow_builder *to,
                           tm_err *err)
{
    tm_fact f;
    for (size_t at = 0; tm_facts_next(facts, &at, &f);) {
        tm_seam_row row = {.what = TM_SEAM_FACT,
                           .stage = stage,
                           .rid = f.rid,
                           .key = f.key,
                           .order = f.order,
                           .data = f.data};
        char other[16];
        if (edges && f.data.n == sizeof other) { /* rids cross in big-endian */
            for (size_t i = 0; i < sizeof other; i++) other[i] = f.data.p[i / 8 * 8 + 7 - i % 8];
            row.data = (tm_str){other, sizeof other};
        }
        TM_TRY(tm_seam_put(to, &row, err));
    }
    return TM_OK;
}

static tm_status fill_map(void *arg, tm_arrow_builder *to, bool *more, tm_err *err)
{
    mapping *m = arg;
    tm_stage_map *map = &m->map;
    if (!m->begun) TM_TRY(take_decisions(m, err));
    TM_TRY(tm_stage_map_next(map, more, err));
    bool edges = map->stages->stage[map->stage].how == TM_STAGE_COMPONENTS;
    TM_TRY(put_facts(&map->facts, map->stage, edges, to, err));
    if (*more || !map->state.n) return TM_OK;
    tm_seam_row row = {.what = TM_SEAM_STATE,
                       .stage = map->stage,
                       .split = map->split,
                       .data = tm_buf_view(&map->state)};
    return tm_seam_put(to, &row, err);
}

static void done_map(void *arg)
{
    mapping *m = arg;
    tm_stage_map_close(&m->map);
    tm_seam_close(&m->decisions);
    tm_free(m);
}

static tm_status open_map(tamis_plan *plan, uint32_t stage, uint32_t split,
                          struct ArrowArrayStream *decisions, struct ArrowArrayStream *rows,
                          tm_err *err)
{
    TM_TRY(must_be_staged(plan, err));
    mapping *m = tm_alloc_zero(1, sizeof *m);
    if (!m) return tm_fail_memory(err, "a stage", sizeof *m);
    m->plan = plan;
    tm_status status = tm_stage_map_open(&m->map, &plan->stages, stage, split, err);
    if (status == TM_OK) status = tm_seam_open(&m->decisions, decisions, err);
    if (status == TM_OK)
        status = tm_arrow_stream(rows, tm_api_seam, TM_SEAM_COLUMNS, fill_map, done_map, m, err);
    if (status != TM_OK) done_map(m);
    return status;
}

tamis_status tamis_stage_map(tamis_plan *plan, uint32_t stage, uint32_t split,
                             struct ArrowArrayStream *decisions, struct ArrowArrayStream *rows,
                             tamis_error *error)
{
    tm_err err = {0};
    *rows = (struct ArrowArrayStream){0};
    tm_status status = open_map(plan, stage, split, decisions, rows, &err);
    if (decisions && decisions->release) decisions->release(decisions);
    return tm_api_status(status, &err, error);
}

/* ---- reduce ---------------------------------------------------------------------------------- */

typedef struct reducing { /* behind a stream of reduce */
    tamis_plan *plan;
    uint32_t stage;
    uint64_t first;
    tm_seam_reader facts;
    tm_seam_row row; /* pulled and not yet handed out */
    bool have, ended, stopped;
    tm_buf key; /* of the fact handed out last */
    uint64_t taken;
    tm_arrow_builder *to;
} reducing;

/* A chunk ends between two groups: the reducer sees the end of its facts there. */
static tm_status pull(void *from, tm_fact *out, bool *more, tm_err *err)
{
    reducing *r = from;
    *more = false;
    if (r->stopped) return TM_OK;
    if (!r->have && !r->ended) {
        TM_TRY(tm_seam_next(&r->facts, &r->row, &r->have, err));
        r->ended = !r->have;
    }
    bool another = r->have && r->taken && !tm_str_eq(r->row.key, tm_buf_view(&r->key));
    bool sorts = r->plan->stages.stage[r->stage].how == TM_STAGE_SORT;
    bool full = r->taken >= REDUCE_FACTS || tm_arrow_bytes(r->to) >= REDUCE_BYTES;
    r->stopped = r->ended || ((another || sorts) && full);
    if (r->stopped) return TM_OK;
    if (another || !r->taken) {
        tm_buf_clear(&r->key);
        tm_buf_str(&r->key, r->row.key);
        TM_TRY(tm_buf_ok(&r->key, err));
    }
    r->taken++;
    r->have = false;
    *out =
        (tm_fact){.key = r->row.key, .order = r->row.order, .data = r->row.data, .rid = r->row.rid};
    *more = true;
    return TM_OK;
}

static tm_status put_decisions(const reducing *r, const tm_decisions *out, tm_err *err)
{
    tm_decision d;
    tm_str bytes = tm_buf_view(&out->bytes);
    for (size_t at = 0, from = 0; tm_decisions_next(bytes, &at, &d); from = at) {
        tm_seam_row row = {.what = TM_SEAM_DECISION,
                           .stage = r->stage,
                           .split = tm_stages_split_of(&r->plan->stages, d.rid.place),
                           .rid = d.rid,
                           .data = {bytes.p + from, at - from}};
        TM_TRY(tm_seam_put(r->to, &row, err));
    }
    return TM_OK;
}

static tm_status take(void *arg, tm_facts *next, tm_decisions *out, tm_err *err)
{
    reducing *r = arg;
    const tm_stages *s = &r->plan->stages;
    bool edges = r->stage + 1 < s->count && s->stage[r->stage].leaves &&
                 s->stage[r->stage + 1].how == TM_STAGE_COMPONENTS;
    TM_TRY(put_decisions(r, out, err));
    TM_TRY(put_facts(next, r->stage, edges, r->to, err));
    tm_buf_clear(&next->bytes);
    tm_buf_clear(&out->bytes);
    next->count = out->count = 0;
    return TM_OK;
}

/* Ranks go on from chunk to chunk. */
static tm_status fill_reduce(void *arg, tm_arrow_builder *to, bool *more, tm_err *err)
{
    reducing *r = arg;
    tm_stage_taker taker = {.take = take, .arg = r};
    r->to = to;
    r->taken = 0;
    r->stopped = false;
    tm_status status = tm_stage_reduce(&r->plan->stages, r->stage, r->first, pull, r, &taker, err);
    tm_seam_row told = {.what = TM_SEAM_STATE, .stage = r->stage, .data = tm_buf_view(&taker.told)};
    if (status == TM_OK && told.data.n) status = tm_seam_put(to, &told, err);
    tm_buf_release(&taker.told);
    r->first += r->taken;
    *more = !r->ended;
    return status;
}

static void done_reduce(void *arg)
{
    reducing *r = arg;
    tm_seam_close(&r->facts);
    tm_buf_release(&r->key);
    tm_free(r);
}

static tm_status open_reduce(tamis_plan *plan, uint32_t stage, uint64_t first,
                             struct ArrowArrayStream *facts, struct ArrowArrayStream *rows,
                             tm_err *err)
{
    TM_TRY(must_be_staged(plan, err));
    reducing *r = tm_alloc_zero(1, sizeof *r);
    if (!r) return tm_fail_memory(err, "a stage", sizeof *r);
    r->plan = plan;
    r->stage = stage;
    r->first = first;
    tm_status status = tm_seam_open(&r->facts, facts, err);
    if (status == TM_OK)
        status =
            tm_arrow_stream(rows, tm_api_seam, TM_SEAM_COLUMNS, fill_reduce, done_reduce, r, err);
    if (status != TM_OK) done_reduce(r);
    return status;
}

tamis_status tamis_stage_reduce(tamis_plan *plan, uint32_t stage, uint64_t first,
                                struct ArrowArrayStream *facts, struct ArrowArrayStream *rows,
                                tamis_error *error)
{
    tm_err err = {0};
    *rows = (struct ArrowArrayStream){0};
    tm_status status = open_reduce(plan, stage, first, facts, rows, &err);
    if (facts && facts->release) facts->release(facts);
    return tm_api_status(status, &err, error);
}

/* ---- the two ends ---------------------------------------------------------------------------- */

tamis_status tamis_stages_begin(tamis_plan *plan, tamis_error *error)
{
    tm_err err = {0};
    tm_status status = must_be_staged(plan, &err);
    if (status == TM_OK && plan->started)
        status = tm_fail(&err, TM_EUSAGE, "a plan is run once: open it again");
    plan->started = true;
    if (status == TM_OK) status = tm_stages_begin(&plan->stages, &err);
    return tm_api_status(status, &err, error);
}

static tm_status join(tamis_plan *plan, tm_err *err)
{
    TM_TRY(must_be_staged(plan, err));
    TM_TRY(tm_stages_join(&plan->stages, err));
    TM_TRY(tm_report_write(tm_run_result_of(plan->run)->folder, err));
    atomic_store(&plan->complete, true);
    return tm_api_verdict(plan, err);
}

tamis_status tamis_stages_join(tamis_plan *plan, tamis_error *error)
{
    tm_err err = {0};
    return tm_api_status(join(plan, &err), &err, error);
}

tamis_status tamis_stages_end(tamis_plan *plan, tamis_error *error)
{
    tm_err err = {0};
    tm_status status = must_be_staged(plan, &err);
    if (status == TM_OK) status = tm_stages_end(&plan->stages, &err);
    return tm_api_status(status, &err, error);
}
