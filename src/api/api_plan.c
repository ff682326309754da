/* A plan handle: opened from options, run once, freed when nobody holds it any more.
 *
 * Two may hold a plan, its caller and the thread behind a stream, so the last of them frees it.
 * Statuses are the program's exit codes: finer differences stand in the sentence. */
#include <stdio.h>

#include "api/api.h"
#include "base/alloc.h"
#include "report/report.h"

const char *tamis_version(void)
{
    return TM_VERSION;
}

tamis_status tm_api_status(tm_status status, const tm_err *err, tamis_error *error)
{
    tamis_status said = (tamis_status)tm_status_exit(status);
    if (!error) return said;
    *error = (tamis_error){.status = said};
    if (status == TM_OK) return said;
    error->line = err->line;
    error->column = err->column;
    snprintf(error->code, sizeof error->code, "%s", err->code);
    snprintf(error->source, sizeof error->source, "%s", err->source);
    snprintf(error->message, sizeof error->message, "%s",
             err->msg[0] ? err->msg : tm_status_text(status));
    return said;
}

tamis_plan *tm_api_plan_new(tm_err *err)
{
    tamis_plan *plan = tm_alloc_zero(1, sizeof *plan);
    if (!plan) {
        tm_fail_memory(err, "a plan", sizeof *plan);
        return NULL;
    }
    plan->handover =
        (tm_handover){.lock = TM_LOCK_INIT, .moved = TM_SIGNALLED_INIT, .closed = true};
    atomic_store(&plan->held, 1);
    return plan;
}

tamis_status tamis_open(tamis_plan **out, const tamis_options *options, tamis_error *error)
{
    tm_err err = {0};
    tm_run_options run;
    *out = NULL;
    tamis_plan *plan = tm_api_plan_new(&err);
    if (!plan) {
        tm_api_release_tables(options);
        return tm_api_status(err.status, &err, error);
    }
    tm_status status = tm_api_options(plan, options, &run, &err);
    tm_api_release_tables(options);
    if (status == TM_OK) status = tm_run_open(&plan->run, &plan->recipe, &run, &err);
    if (status == TM_OK)
        *out = plan;
    else
        tamis_close(plan);
    return tm_api_status(status, &err, error);
}

/* NULL: no memory, and the next call tries again. */
static const char *text_of(tm_buf *b)
{
    tm_buf_char(b, 0);
    if (b->failed) tm_buf_release(b);
    return b->p;
}

const char *tamis_plan_json(tamis_plan *plan)
{
    if (plan->plan_json.n) return plan->plan_json.p;
    tm_plan_json(tm_run_plan(plan->run), &plan->plan_json);
    return text_of(&plan->plan_json);
}

tm_status tm_api_verdict(const tamis_plan *plan, tm_err *err)
{
    const tm_err *first = &tm_run_result_of(plan->run)->lost_first;
    tm_err said = {0};
    tm_status status = tm_run_verdict(plan->run, &said);
    bool lost = status == TM_EFINDINGS || status == TM_EINPUT;
    if (status == TM_OK || !err) return status;
    *err = said;
    if (!lost || !first->code[0]) return status;
    (void)tm_fail(err, status, "%s; the first: %s", said.msg, first->msg);
    memcpy(err->code, first->code, sizeof err->code);
    tm_err_at(err, tm_str_of(first->source), first->line, first->column, UINT64_MAX);
    return status;
}

tm_status tm_api_go(tamis_plan *plan, tm_status (*between)(void *arg, tm_err *err), void *arg,
                    tm_err *err)
{
    TM_TRY(tm_run_go(plan->run, err));
    tm_str folder = tm_run_result_of(plan->run)->folder;
    if (folder.n) TM_TRY(tm_report_write(folder, err));
    TM_TRY(tm_run_end(plan->run, err));
    atomic_store(&plan->complete, true);
    if (between) TM_TRY(between(arg, err));
    return tm_api_verdict(plan, err);
}

tamis_status tamis_run(tamis_plan *plan, tamis_error *error)
{
    tm_err err = {0};
    tm_status status = TM_OK;
    if (plan->started) status = tm_fail(&err, TM_EUSAGE, "a plan is run once: open it again");
    plan->started = true;
    if (status == TM_OK) status = tm_api_go(plan, NULL, NULL, &err);
    return tm_api_status(status, &err, error);
}

const char *tamis_result_json(tamis_plan *plan)
{
    if (!atomic_load(&plan->complete)) return NULL;
    if (plan->result_json.n) return plan->result_json.p;
    tm_report_json(plan->run, &plan->result_json);
    return text_of(&plan->result_json);
}

void tamis_cancel(tamis_plan *plan)
{
    tm_run_cancel(plan->run);
}

void tamis_watch(const tamis_plan *plan, tamis_progress *progress)
{
    tm_progress now;
    tm_run_progress(plan->run, &now);
    *progress = (tamis_progress){.bytes = now.bytes,
                                 .bytes_total = now.bytes_total,
                                 .records = now.records,
                                 .kept = now.kept,
                                 .fallen = now.fallen,
                                 .unreadable = now.unreadable,
                                 .memory = now.memory,
                                 .pass = now.pass,
                                 .passes = now.passes,
                                 .seconds = now.seconds};
    snprintf(progress->doing, sizeof progress->doing, "%s", now.doing);
}

void tamis_close(tamis_plan *plan)
{
    if (!plan || atomic_fetch_sub(&plan->held, 1) > 1) return;
    if (plan->staged) tm_stages_close(&plan->stages);
    tm_run_close(plan->run);
    tm_buf_release(&plan->ticket);
    tm_buf_release(&plan->stages_json);
    tm_buf_release(&plan->plan_json);
    tm_buf_release(&plan->result_json);
    for (uint32_t i = 0; i < plan->tables; i++) tm_table_free(plan->table[i]);
    tm_arena_release(&plan->mem);
    tm_free(plan);
}
