/* Goes once through what tamis.h has for runs on many machines, for tests that fail one allocation
 * or one file call after the other: use_stages OUT INPUT. Four workers stand one behind another,
 * each reading what the one before gives: map, reduce, write, put. A shuffle between them would
 * sort; here the order of the draws is of no interest. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tamis.h"

enum { SORT, WRITE, PUT, WORKERS = 4 };

static tamis_status drain(struct ArrowArrayStream *stream, tamis_error *error)
{
    int failed;
    struct ArrowArray batch;
    while ((failed = stream->get_next(stream, &batch)) == 0 && batch.release) batch.release(&batch);
    if (failed)
        snprintf(error->message, sizeof error->message, "%s", stream->get_last_error(stream));
    stream->release(stream);
    return failed ? TAMIS_INTERNAL : TAMIS_OK;
}

static tamis_status work(tamis_plan **worker, tamis_error *error)
{
    struct ArrowArrayStream facts, decisions, records, done;
    tamis_status status = tamis_stage_map(worker[0], SORT, 0, NULL, &facts, error);
    if (status != TAMIS_OK) return status;
    status = tamis_stage_reduce(worker[1], SORT, 0, &facts, &decisions, error);
    if (status != TAMIS_OK) return status;
    status = tamis_stage_map(worker[2], WRITE, 0, &decisions, &records, error);
    if (status != TAMIS_OK) return status;
    status = tamis_stage_reduce(worker[3], PUT, 0, &records, &done, error);
    return status == TAMIS_OK ? drain(&done, error) : status;
}

static tamis_status run(tamis_plan *plan, tamis_error *error)
{
    const void *ticket;
    size_t bytes;
    tamis_plan *worker[WORKERS] = {0};
    tamis_status status = tamis_ticket(plan, 0, &ticket, &bytes, error);
    if (status == TAMIS_OK && !tamis_stages_json(plan)) {
        status = TAMIS_INTERNAL;
        snprintf(error->message, sizeof error->message, "no memory left for JSON");
    }
    if (status == TAMIS_OK) status = tamis_stages_begin(plan, error);
    for (int i = 0; status == TAMIS_OK && i < WORKERS; i++)
        status = tamis_open_ticket(&worker[i], ticket, bytes, error);
    if (status == TAMIS_OK) status = work(worker, error);
    for (int i = 0; i < WORKERS; i++) tamis_close(worker[i]);
    if (status == TAMIS_OK) status = tamis_stages_join(plan, error);
    return status == TAMIS_OK ? tamis_stages_end(plan, error) : status;
}

int main(int count, char **word)
{
    tamis_plan *plan = NULL;
    tamis_error error;
    tamis_options options = TAMIS_OPTIONS;
    const char *const inputs[] = {count > 2 ? word[2] : NULL, NULL};
    const char *const settings[] = {"limits.unreadable=50%", "output.format=jsonl", NULL};
    if (count != 3) return TAMIS_USAGE;
    options.recipe = "steps: [clean.text, length, shuffle]";
    options.inputs = inputs;
    options.settings = settings;
    options.threads = 1;
    options.folder = word[1];
    tamis_status status = tamis_open(&plan, &options, &error);
    if (status == TAMIS_OK) status = run(plan, &error);
    if (status == TAMIS_OK) {
        const char *result = tamis_result_json(plan);
        const char *read = result ? strstr(result, "\"read\":") : NULL;
        if (read) printf("%.9s\n", read);
        if (!read) status = TAMIS_INTERNAL;
        if (!read) snprintf(error.message, sizeof error.message, "no memory left for JSON");
    }
    if (status != TAMIS_OK) fprintf(stderr, "%s\n", error.message);
    tamis_close(plan);
    return (int)status;
}
